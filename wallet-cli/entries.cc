#include "wallet-cli/entries.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

struct ListOptions {
  std::string member;
  std::string community;
  std::string state;
};

// Ids and times that are not there yet are left out.
void Put(Json& out, const char* name, const std::string& id) {
  if (!id.empty()) out[name] = ToHex(AsBytes(id));
}

Result<Exit> Show(Context& context, const std::string& text) {
  const auto id = ParseHex(text, "ID", EntryId::kSize);
  if (!id) return Unexpected{id.error()};
  const auto entry = ReadEntry(context, *id);
  if (!entry) return Unexpected{entry.error()};
  Json out = JsonOf(context, *entry);
  if (context.json()) {
    PrintJson(out);
    return Exit::kOk;
  }
  out["elder"] = context.NameOf(entry->elder());
  out["volunteer"] = context.NameOf(entry->volunteer());
  for (const auto& [name, value] : out.items()) {
    PrintText(name + " " + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return Exit::kOk;
}

Result<v1::ListEntriesRequest> RequestOf(Context& context, const ListOptions& options) {
  Inputs in(context);
  v1::ListEntriesRequest request;
  if (!options.community.empty()) {
    request.set_community(in.Org(options.community, "--community").str());
  } else if (!options.member.empty()) {
    request.set_member(in.Member(options.member, "--member").member.str());
  } else {
    const auto self = context.Self();
    if (!self) return Unexpected{self.error()};
    request.set_member((*self)->member.str());
  }
  if (!options.state.empty()) request.set_state(in.Word<v1::EntryState>(options.state, "--state"));
  if (in.failed()) return in.failure();
  return request;
}

Result<Exit> List(Context& context, const ListOptions& options) {
  auto request = RequestOf(context, options);
  if (!request) return Unexpected{request.error()};
  Json all = Json::array();
  Table table({context.Say(Text::kEntry), context.Say(Text::kState), context.Say(Text::kTime),
               context.Say(Text::kMinutes), context.Say(Text::kCategory), context.Say(Text::kElder),
               context.Say(Text::kVolunteer), context.Say(Text::kFlags)});
  do {
    const auto page = Read<v1::ListEntriesResponse>(context, *request);
    if (!page) return Unexpected{page.error()};
    for (const v1::Entry& entry : page->entries()) {
      if (context.json()) {
        all.push_back(JsonOf(context, entry));
        continue;
      }
      const bool visited = entry.start_ms() != 0;
      table.Add(
          {ToHex(AsBytes(entry.entry())), WordOf(entry.state()),
           LocalTime(visited ? entry.start_ms() : entry.planned_start_ms(), context.CivilOffset()),
           std::to_string(visited ? entry.credited_minutes() : entry.planned_minutes()),
           WordOf(entry.category()), context.NameOf(entry.elder()),
           context.NameOf(entry.volunteer()), FlagWords(entry.flags())});
    }
    request->set_page_token(page->next_page_token());
  } while (!request->page_token().empty());
  if (context.json()) {
    PrintJson(all);
  } else {
    PrintText(table.Text());
  }
  return Exit::kOk;
}

}  // namespace

nlohmann::json JsonOf(Context& context, const v1::Entry& entry) {
  Json out = {{"entry", ToHex(AsBytes(entry.entry()))},
              {"state", WordOf(entry.state())},
              {"community", ToHex(AsBytes(entry.community()))},
              {"community_name", context.NameOfOrg(entry.community())},
              {"kind", WordOf(entry.kind())},
              {"category", WordOf(entry.category())},
              {"ordered", entry.ordered()},
              {"flags", FlagWords(entry.flags())}};
  Put(out, "elder", entry.elder());
  Put(out, "volunteer", entry.volunteer());
  Put(out, "content_hash", entry.content_hash());
  Put(out, "submitted_by", entry.submitted_by());
  Put(out, "confirmed_by", entry.confirmed_by());
  Put(out, "approved_by", entry.approved_by());
  Put(out, "reviewed_by", entry.reviewed_by());
  Put(out, "witness", entry.witness());
  Put(out, "replaces", entry.replaces());
  Put(out, "replaced_by", entry.replaced_by());
  const auto put_time = [&](const char* name, std::uint64_t at_ms) {
    if (at_ms != 0) out[name] = Rfc3339(at_ms, context.CivilOffset());
  };
  put_time("planned_start", entry.planned_start_ms());
  put_time("check_in", entry.check_in_ms());
  put_time("check_out", entry.check_out_ms());
  put_time("start", entry.start_ms());
  put_time("end", entry.end_ms());
  put_time("submitted", entry.submitted_ms());
  put_time("confirmed", entry.confirmed_ms());
  put_time("approved", entry.approved_ms());
  put_time("cooling_until", entry.cooling_until_ms());
  put_time("reviewed", entry.reviewed_ms());
  put_time("credited", entry.credited_ms());
  put_time("due", entry.due_ms());
  if (entry.ordered()) out["planned_minutes"] = entry.planned_minutes();
  if (entry.start_ms() != 0) {
    out["served_minutes"] = entry.served_minutes();
    out["credited_minutes"] = entry.credited_minutes();
  }
  if (entry.channel() != v1::CHANNEL_UNSPECIFIED) out["channel"] = WordOf(entry.channel());
  if (entry.review() != v1::REVIEW_VERDICT_UNSPECIFIED) out["review"] = WordOf(entry.review());
  if (entry.reject_reason() != 0) out["reject_reason"] = entry.reject_reason();
  return out;
}

void AddEntryReads(CLI::App& family, Program& program, const std::string& word) {
  auto id = std::make_shared<std::string>();
  CLI::App* show = program.Add(
      family, {"show", "One of them, in full", "timebank --as M01761 " + word + " show 0174..."},
      [id](Context& context) { return Show(context, *id); });
  show->add_option("ID", *id, "32 hexadecimal digits")->required();
  auto options = std::make_shared<ListOptions>();
  CLI::App* list = program.Add(
      family,
      {"list", "Those of a member (default: --as) or of a community",
       "timebank --as approver-c03-1 " + word + " list --community c03 --state confirmed"},
      [options](Context& context) { return List(context, *options); });
  list->add_option("--member", options->member, "volunteer or elder");
  list->add_option("--community", options->community, "all of a community");
  list->add_option("--state", options->state, "ordered, submitted, confirmed, cooling, ...");
}

}  // namespace timebank::cli
