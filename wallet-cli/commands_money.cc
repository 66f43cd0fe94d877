// Minutes of a member: balance, statement, gifts.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "chain/canonical.h"
#include "platform/entropy.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

struct GiftOptions {
  std::string to;
  std::string minutes;
};

struct StatementOptions {
  std::string member;
  std::string from = "0";
  std::string to = "0";
};

Result<Exit> Transfer(Context& context, const GiftOptions& options) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  deed.body.mutable_transfer()->set_minutes(in.Minutes(options.minutes, "--minutes"));
  deed.body.mutable_transfer()->set_to(in.Member(options.to, "TO").member.str());
  if (in.failed()) return in.failure();
  return Record(context, deed);
}

Result<Exit> Donate(Context& context, const GiftOptions& options) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  v1::Donate& donate = *deed.body.mutable_donate();
  donate.set_minutes(in.Minutes(options.minutes, "--minutes"));
  if (in.failed()) return in.failure();
  donate.set_org(in.Org(options.to, "ORG").str());
  donate.set_hold(platform::NewId<EntryId>(in.Now()).str());
  if (in.failed()) return in.failure();
  deed.facts = {{"hold", ToHex(AsBytes(donate.hold()))}};
  return Record(context, deed);
}

Result<Exit> RevokeDonation(Context& context, const std::string& text) {
  const auto hold = ParseHex(text, "HOLD", EntryId::kSize);
  if (!hold) return Unexpected{hold.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  deed.body.mutable_revoke_donation()->set_hold(*hold);
  return Record(context, deed);
}

Result<MemberId> Whose(Context& context, const std::string& member) {
  if (!member.empty()) {
    const auto found = context.FindMember(member, "--member");
    if (!found) return Unexpected{found.error()};
    return found->member;
  }
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  return (*self)->member;
}

bool IsSpendable(v1::AccountKind account) {
  return account == v1::ACCOUNT_KIND_GRANT || account == v1::ACCOUNT_KIND_RECEIVED ||
         account == v1::ACCOUNT_KIND_EARNED;
}

Result<Exit> Balance(Context& context, const std::string& text) {
  const auto who = Whose(context, text);
  if (!who) return Unexpected{who.error()};
  const auto member = ReadMember(context, *who);
  if (!member) return Unexpected{member.error()};
  std::int64_t spendable = 0;
  Json accounts = Json::array();
  Table table({context.Say(Text::kAccount), context.Say(Text::kMinutes), ""});
  for (const v1::Balance& balance : member->balances()) {
    if (IsSpendable(balance.account())) spendable += balance.amount();
    const std::string lot = balance.lot() == 0 ? "" : " " + std::to_string(balance.lot());
    accounts.push_back({{"account", WordOf(balance.account())},
                        {"lot", balance.lot()},
                        {"minutes", balance.amount()}});
    table.Add({WordOf(balance.account()) + lot, std::to_string(balance.amount()),
               FormatMinutes(balance.amount(), context.language())});
  }
  if (context.json()) {
    PrintJson({{"member", ToHex(who->view())},
               {"name", context.NameOf(who->text())},
               {"spendable_minutes", spendable},
               {"balances", accounts},
               {"honours_minutes", member->honours_minutes()},
               {"entries_approved", member->entries_approved()}});
    return Exit::kOk;
  }
  table.Add({context.Say(Text::kSpendable), std::to_string(spendable),
             FormatMinutes(spendable, context.language())});
  PrintText(context.NameOf(who->text()) + "\n" + table.Text());
  return Exit::kOk;
}

// The member's postings of one line: "earned +35, cooling -35".
std::string PostingsOf(const v1::EffectsLine& line, const MemberId& member) {
  std::string out;
  for (const v1::Posting& posting : line.postings()) {
    if (posting.owner() != member.text()) continue;
    if (!out.empty()) out += ", ";
    out += WordOf(posting.account());
    if (posting.lot() != 0) out += " " + std::to_string(posting.lot());
    out += (posting.amount() < 0 ? " " : " +") + std::to_string(posting.amount());
  }
  return out;
}

Json JsonOf(Context& context, const v1::StatementLine& line, const v1::EffectsLine& effects,
            const MemberId& member) {
  Json postings = Json::array();
  for (const v1::Posting& posting : effects.postings()) {
    if (posting.owner() != member.text()) continue;
    postings.push_back({{"account", WordOf(posting.account())},
                        {"lot", posting.lot()},
                        {"amount", posting.amount()}});
  }
  return {{"transaction_id", ToHex(AsBytes(line.transaction_id()))},
          {"line", effects.line()},
          {"height", effects.height()},
          {"ledger_time", Rfc3339(effects.timestamp_ms(), context.CivilOffset())},
          {"entity", ToHex(AsBytes(effects.entity()))},
          {"postings", postings}};
}

Result<Exit> Statement(Context& context, const StatementOptions& options) {
  constexpr Range kHeights = {0, INT64_MAX};
  Inputs in(context);
  v1::GetStatementRequest request;
  request.set_from_height(
      static_cast<std::uint64_t>(in.Number(options.from, "--from-height", kHeights)));
  request.set_to_height(static_cast<std::uint64_t>(in.Number(options.to, "--to-height", kHeights)));
  if (in.failed()) return in.failure();
  const auto who = Whose(context, options.member);
  if (!who) return Unexpected{who.error()};
  request.set_member(who->str());
  Json lines = Json::array();
  Table table({context.Say(Text::kHeight), context.Say(Text::kTime), context.Say(Text::kAccount),
               context.Say(Text::kTransaction)});
  std::uint64_t count = 0;
  do {
    const auto page = Read<v1::GetStatementResponse>(context, request);
    if (!page) return Unexpected{page.error()};
    count = page->statement_count();
    for (const v1::StatementLine& line : page->lines()) {
      const auto effects = chain::ParseCanonical<v1::EffectsLine>(AsBytes(line.effects()));
      if (!effects) {
        Failure failure = LocalFailure("a node answered a line that is not in canonical form");
        failure.exit = Exit::kNotVerified;
        return Unexpected{failure};
      }
      lines.push_back(JsonOf(context, line, *effects, *who));
      table.Add({std::to_string(effects->height()),
                 LocalTime(effects->timestamp_ms(), context.CivilOffset()),
                 PostingsOf(*effects, *who), ToHex(AsBytes(line.transaction_id()))});
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (context.json()) {
    PrintJson({{"member", ToHex(who->view())}, {"statement_count", count}, {"lines", lines}});
  } else {
    PrintText(table.Text());
  }
  return Exit::kOk;
}

void AddReads(CLI::App& app, Program& program) {
  auto member = std::make_shared<std::string>();
  CLI::App* balance =
      program.Add(app, {"balance", "Minutes of a member", "timebank --as M00001 balance"},
                  [member](Context& context) { return Balance(context, *member); });
  balance->add_option("--member", *member, "whose (default: --as)");
  auto options = std::make_shared<StatementOptions>();
  CLI::App* statement = program.Add(
      app, {"statement", "Every change of a member's minutes", "timebank --as M00001 statement"},
      [options](Context& context) { return Statement(context, *options); });
  statement->add_option("--member", options->member, "whose (default: --as)");
  statement->add_option("--from-height", options->from, "first height");
  statement->add_option("--to-height", options->to, "last height; 0: up to now");
}

}  // namespace

void AddMoneyCommands(CLI::App& app, Program& program) {
  AddReads(app, program);
  auto gift = std::make_shared<GiftOptions>();
  CLI::App* transfer = program.Add(app,
                                   {"transfer", "Give earned minutes to a registered relative",
                                    "timebank --as M00001 transfer M00002 --minutes 60"},
                                   [gift](Context& context) { return Transfer(context, *gift); });
  transfer->add_option("TO", gift->to, "identity or member id")->required();
  transfer->add_option("--minutes", gift->minutes, "how many")->required();
  auto donation = std::make_shared<GiftOptions>();
  CLI::App* donate =
      program.Add(app,
                  {"donate", "Give earned minutes to an organisation's pool; revocable for a day",
                   "timebank --as M00001 donate c03 --minutes 60"},
                  [donation](Context& context) { return Donate(context, *donation); });
  donate->add_option("ORG", donation->to, "organisation")->required();
  donate->add_option("--minutes", donation->minutes, "how many")->required();
  CLI::App* family = Program::AddFamily(app, {"donation", "Donations under way", ""});
  auto hold = std::make_shared<std::string>();
  CLI::App* revoke =
      program.Add(*family,
                  {"revoke", "Take a donation back while it is held",
                   "timebank --as M00001 donation revoke 0174..."},
                  [hold](Context& context) { return RevokeDonation(context, *hold); });
  revoke->add_option("HOLD", *hold, "32 hexadecimal digits, as `donate` printed them")->required();
}

}  // namespace timebank::cli
