// Orders: what an elder asks for, and the volunteer who takes it.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "platform/entropy.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/entries.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

constexpr std::int64_t kPlannedMinutesMax = 0xFFFFFFFF;  // what the field holds

struct PlaceOptions {
  std::string elder;
  std::string community;
  std::string category;
  std::string kind = "volunteer";
  std::string start;
  std::string minutes;
};

// The elder signs, or else a dispatcher, or else a proxy.
Result<std::vector<v1::Role>> RolesFor(Context& context, const MemberId& elder) {
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  if ((*self)->member == elder) return std::vector{v1::ROLE_MEMBER};
  return std::vector{v1::ROLE_DISPATCHER, v1::ROLE_PROXY};
}

Result<Exit> Place(Context& context, const PlaceOptions& options) {
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  Inputs in(context);
  const SlipParty elder = options.elder.empty() ? SlipParty{(*self)->member, (*self)->home}
                                                : in.Member(options.elder, "--elder");
  const OrgId community =
      options.community.empty() ? elder.home : in.Org(options.community, "--community");
  in.Require(!community.IsZero(), "--community is needed: the elder's home is not known here");
  const std::int64_t minutes = in.Minutes(options.minutes, "--minutes");
  in.Require(minutes <= kPlannedMinutesMax, "--minutes is no length of a visit",
             v1::REASON_AMOUNT_OVERFLOW);
  if (in.failed()) return in.failure();
  Deed deed;
  v1::PlaceOrder& order = *deed.body.mutable_place_order();
  order.set_elder(elder.member.str());
  order.set_community(community.str());
  order.set_category(in.Word<v1::Category>(options.category, "--category"));
  order.set_kind(in.Word<v1::EntryKind>(options.kind, "--kind"));
  order.set_planned_start_ms(in.Time(options.start, "--start").value());
  order.set_planned_minutes(static_cast<std::uint32_t>(minutes));
  const EntryId id = platform::NewId<EntryId>(in.Now());
  if (in.failed()) return in.failure();
  order.set_entry(id.str());
  const auto roles = RolesFor(context, elder.member);
  if (!roles) return Unexpected{roles.error()};
  deed.roles = *roles;
  deed.facts = {{"entry", ToHex(id.view())}};
  return Record(context, deed);
}

Result<Exit> Claim(Context& context, const std::string& id) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  deed.body.mutable_claim_order()->set_entry(in.Hex(id, "ORDER", EntryId::kSize));
  if (in.failed()) return in.failure();
  return Record(context, deed);
}

// Who may end an order is who may place it; the elder is on the record.
Result<Exit> End(Context& context, const std::string& text, bool no_show) {
  const auto id = ParseHex(text, "ORDER", EntryId::kSize);
  if (!id) return Unexpected{id.error()};
  const auto entry = ReadEntry(context, *id);
  if (!entry) return Unexpected{entry.error()};
  const auto elder = MemberId::From(entry->elder());
  const auto roles = RolesFor(context, elder.value_or(MemberId{}));
  if (!roles) return Unexpected{roles.error()};
  Deed deed{.body = {}, .roles = *roles};
  if (no_show) {
    deed.body.mutable_report_no_show()->set_entry(*id);
  } else {
    deed.body.mutable_cancel_order()->set_entry(*id);
  }
  return Record(context, deed);
}

void AddPlace(CLI::App& family, Program& program) {
  auto options = std::make_shared<PlaceOptions>();
  CLI::App* place = program.Add(
      family,
      {"place", "Order help; signed by the elder, a proxy or a dispatcher",
       "timebank --as M01761 order place --category companionship --start '2020-09-01 08:10' "
       "--minutes 60"},
      [options](Context& context) { return Place(context, *options); });
  place->add_option("--elder", options->elder, "for whom (default: --as)");
  place->add_option("--community", options->community, "community (default: the elder's home)");
  place->add_option("--category", options->category, "companionship, cleaning, ...")->required();
  place->add_option("--kind", options->kind, "volunteer, neighbour, community_service");
  place->add_option("--start", options->start, "planned start")->required();
  place->add_option("--minutes", options->minutes, "planned minutes")->required();
}

}  // namespace

void AddOrderCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"order", "Ordering help", ""});
  AddPlace(*family, program);
  for (const bool no_show : {false, true}) {
    auto id = std::make_shared<std::string>();
    const std::string name = no_show ? "no-show" : "cancel";
    CLI::App* end = program.Add(
        *family,
        {name, no_show ? "The volunteer did not come" : "Cancel an order before check-in",
         "timebank --as M01761 order " + name + " 0174..."},
        [id, no_show](Context& context) { return End(context, *id, no_show); });
    end->add_option("ORDER", *id, "32 hexadecimal digits")->required();
  }
  AddEntryReads(*family, program, "order");
  auto claimed = std::make_shared<std::string>();
  CLI::App* claim = program.Add(
      app, {"claim", "Take an order as its volunteer", "timebank --as M00073 claim 0174..."},
      [claimed](Context& context) { return Claim(context, *claimed); });
  claim->add_option("ORDER", *claimed, "32 hexadecimal digits")->required();
}

}  // namespace timebank::cli
