#include "wallet-cli/redemption_records.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

struct ListOptions {
  std::string holder;
  std::string provider;
  std::string state;
};

Json JsonOf(Context& context, const v1::Redemption& redemption) {
  Json out = {{"redemption", ToHex(AsBytes(redemption.redemption()))},
              {"state", WordOf(redemption.state())},
              {"offer", ToHex(AsBytes(redemption.offer()))},
              {"provider", ToHex(AsBytes(redemption.org()))},
              {"holder", ToHex(AsBytes(redemption.holder()))},
              {"quantity", redemption.quantity()},
              {"price_minutes", redemption.price_minutes()},
              {"captured_minutes", redemption.captured_minutes()}};
  const auto put_time = [&](const char* name, std::uint64_t at_ms) {
    if (at_ms != 0) out[name] = Rfc3339(at_ms, context.CivilOffset());
  };
  put_time("requested", redemption.requested_ms());
  put_time("accepted", redemption.accepted_ms());
  put_time("fulfilled", redemption.fulfilled_ms());
  put_time("confirmed", redemption.confirmed_ms());
  put_time("due", redemption.due_ms());
  return out;
}

Result<Exit> Show(Context& context, const std::string& text) {
  const auto id = ParseHex(text, "REDEMPTION", RedemptionId::kSize);
  if (!id) return Unexpected{id.error()};
  const auto redemption = ReadRedemption(context, *id);
  if (!redemption) return Unexpected{redemption.error()};
  const Json out = JsonOf(context, *redemption);
  if (context.json()) {
    PrintJson(out);
    return Exit::kOk;
  }
  for (const auto& [name, value] : out.items()) {
    PrintText(name + " " + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return Exit::kOk;
}

Result<Exit> List(Context& context, const ListOptions& options) {
  Inputs in(context);
  v1::ListRedemptionsRequest request;
  if (!options.provider.empty()) {
    request.set_org(in.Org(options.provider, "--provider").str());
  } else if (!options.holder.empty()) {
    request.set_holder(in.Member(options.holder, "--holder").member.str());
  } else {
    const auto self = context.Self();
    if (!self) return Unexpected{self.error()};
    request.set_holder((*self)->member.str());
  }
  if (!options.state.empty()) {
    request.set_state(in.Word<v1::RedemptionState>(options.state, "--state"));
  }
  if (in.failed()) return in.failure();
  Json all = Json::array();
  Table table({context.Say(Text::kRedemption), context.Say(Text::kState),
               context.Say(Text::kMinutes), context.Say(Text::kMember), context.Say(Text::kTime)});
  do {
    const auto page = Read<v1::ListRedemptionsResponse>(context, request);
    if (!page) return Unexpected{page.error()};
    for (const v1::Redemption& redemption : page->redemptions()) {
      all.push_back(JsonOf(context, redemption));
      table.Add({ToHex(AsBytes(redemption.redemption())), WordOf(redemption.state()),
                 std::to_string(redemption.price_minutes()), context.NameOf(redemption.holder()),
                 LocalTime(redemption.requested_ms(), context.CivilOffset())});
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (context.json()) {
    PrintJson(all);
  } else {
    PrintText(table.Text());
  }
  return Exit::kOk;
}

}  // namespace

Result<v1::Redemption> ReadRedemption(Context& context, const std::string& id) {
  v1::GetRedemptionRequest request;
  request.set_redemption(id);
  const auto response = Read<v1::GetRedemptionResponse>(context, request);
  if (!response) return Unexpected{response.error()};
  return response->redemption();
}

void AddRedemptionReads(CLI::App& family, Program& program) {
  auto id = std::make_shared<std::string>();
  CLI::App* show =
      program.Add(family, {"show", "A redemption", "timebank --as M01761 redemption show 0174..."},
                  [id](Context& context) { return Show(context, *id); });
  show->add_option("REDEMPTION", *id, "32 hexadecimal digits")->required();
  auto options = std::make_shared<ListOptions>();
  CLI::App* list =
      program.Add(family,
                  {"list", "Redemptions of a holder (default: --as) or at a provider",
                   "timebank --as merchant-p1 redemption list --provider p1 --state held"},
                  [options](Context& context) { return List(context, *options); });
  list->add_option("--holder", options->holder, "whose");
  list->add_option("--provider", options->provider, "at which provider");
  list->add_option("--state", options->state, "held, accepted, fulfilled, captured, ...");
}

}  // namespace timebank::cli
