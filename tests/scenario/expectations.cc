// What `expect` lines, and the ends of other lines, ask of both ledgers.
#include "tests/scenario/player.h"

namespace timebank::scenario {
namespace {

const std::vector<std::pair<std::string, std::uint32_t>>& FlagNames() {
  static const std::vector<std::pair<std::string, std::uint32_t>> kNames = {
      {"R1", v1::FLAG_R1_NOT_OWN_KEY},          {"R2", v1::FLAG_R2_NO_CHECK_IN},
      {"R3", v1::FLAG_R3_SUBMITTED_LATE},       {"R4", v1::FLAG_R4_RECIPROCAL_PAIR},
      {"R5", v1::FLAG_R5_ONE_KEY_MANY_ELDERS},  {"R6", v1::FLAG_R6_APPROVER_CONCENTRATION},
      {"R7", v1::FLAG_R7_IDENTICAL_MINUTES},    {"R8", v1::FLAG_R8_BURST},
      {"NEW_VOLUNTEER", v1::FLAG_NEW_VOLUNTEER}};
  return kNames;
}

std::string NamesOfFlags(std::uint32_t flags) {
  std::string out;
  for (const auto& [name, bit] : FlagNames()) {
    if ((flags & bit) != 0) out += (out.empty() ? "" : ",") + name;
  }
  return out.empty() ? "none" : out;
}

std::string WithoutPrefix(const std::string& name, std::string_view prefix) {
  return name.substr(prefix.size());
}

}  // namespace

void Player::Expect(const Line& line) {
  const std::string what = Word(line, 0);
  if (what == "balance") return ExpectBalance(line);
  if (what == "state") return ExpectState(line);
  if (what == "flags") return ExpectFlags(line);
  if (what == "hold") return ExpectHold(line);
  Fail(line, "nothing of that name can be expected");
}

// expect balance WHO ACCOUNT[:lot] MINUTES
void Player::ExpectBalance(const Line& line) {
  const std::string who = Word(line, 1);
  const std::string account_and_lot = Word(line, 2);
  const auto colon = account_and_lot.find(':');
  v1::AccountKind account = v1::ACCOUNT_KIND_UNSPECIFIED;
  if (!v1::AccountKind_Parse("ACCOUNT_KIND_" + account_and_lot.substr(0, colon), &account)) {
    return Fail(line, "no such account");
  }
  std::uint32_t lot = 0;
  if (colon != std::string::npos) {
    lot = static_cast<std::uint32_t>(verbs_->NumberOf(account_and_lot.substr(colon + 1)));
  }
  const bool org = is_org_.contains(who);
  const std::string id = org ? model::Cast::OrgId(who) : model::Cast::MemberId(who);
  std::int64_t real = 0;
  if (org) {
    const ledger::OrgAccountId key{.owner = *OrgId::From(id), .kind = account, .lot = lot};
    const auto record = ledgers_->real().Find<v1::OrgAccount>(key);
    if (record) real = record->amount();
  } else {
    const auto record = ledgers_->real().Find<v1::Member>(*MemberId::From(id));
    if (!record) return Fail(line, "no such member");
    for (const auto& balance : record->balances()) {
      if (balance.account() == account && balance.lot() == lot) real = balance.amount();
    }
  }
  Compare(line, Word(line, 3), std::to_string(real),
          std::to_string(ledgers_->naive().BalanceOf(id, account, lot)));
}

// expect state ID STATE, of an entry or a redemption
void Player::ExpectState(const Line& line) {
  const std::string id = verbs_->IdOf(line, Word(line, 1));
  const std::string expected = Word(line, 2);
  if (const auto entry = ledgers_->real().Find<v1::Entry>(*EntryId::From(id))) {
    const auto visit = ledgers_->naive().visits().find(id);
    if (visit == ledgers_->naive().visits().end()) return Fail(line, "unknown to the naive ledger");
    const auto name = [](v1::EntryState state) {
      return WithoutPrefix(v1::EntryState_Name(state), "ENTRY_STATE_");
    };
    return Compare(line, expected, name(entry->state()), name(visit->second.state));
  }
  if (const auto redemption = ledgers_->real().Find<v1::Redemption>(*RedemptionId::From(id))) {
    const auto purchase = ledgers_->naive().purchases().find(id);
    if (purchase == ledgers_->naive().purchases().end()) {
      return Fail(line, "unknown to the naive ledger");
    }
    const auto name = [](v1::RedemptionState state) {
      return WithoutPrefix(v1::RedemptionState_Name(state), "REDEMPTION_STATE_");
    };
    return Compare(line, expected, name(redemption->state()), name(purchase->second.state));
  }
  Fail(line, "no such entry or redemption");
}

// expect flags ID R1,R2 or none
void Player::ExpectFlags(const Line& line) {
  const std::string id = verbs_->IdOf(line, Word(line, 1));
  const auto entry = ledgers_->real().Find<v1::Entry>(*EntryId::From(id));
  const auto visit = ledgers_->naive().visits().find(id);
  if (!entry || visit == ledgers_->naive().visits().end()) return Fail(line, "no such entry");
  Compare(line, Word(line, 2), NamesOfFlags(entry->flags()), NamesOfFlags(visit->second.flags));
}

// expect hold ID MINUTES or none
void Player::ExpectHold(const Line& line) {
  const std::string id = verbs_->IdOf(line, Word(line, 1));
  std::string real = "none";
  std::string naive = "none";
  if (const auto hold = ledgers_->real().Find<v1::Hold>(*ledger::HoldId::From(id))) {
    std::int64_t minutes = 0;
    for (const auto& part : hold->lines()) minutes += part.minutes();
    real = std::to_string(minutes);
  }
  const auto held = ledgers_->naive().holds().find(id);
  if (held != ledgers_->naive().holds().end()) {
    std::int64_t minutes = 0;
    for (const auto& part : held->second.lines) minutes += part.minutes;
    naive = std::to_string(minutes);
  }
  Compare(line, Word(line, 2), real, naive);
}

// Nothing: every line is done. One word: a reason, or ALREADY_DONE or ALREADY_RECORDED. `lines` and
// one word per line: what became of each. A list of one line may be expected to fail for the reason
// of that line.
void Player::ExpectAnswer(const Line& line, const model::Answers& answers) {
  const auto told = [&](const model::Verdict& verdict) {
    std::string out;
    for (const auto& part : verdict.lines) out += (out.empty() ? "" : " ") + model::NameOf(part);
    return out;
  };
  if (!line.expect.empty() && line.expect.front() == "lines") {
    std::string expected;
    for (std::size_t i = 1; i < line.expect.size(); ++i) expected += " " + line.expect[i];
    const auto full = [&](const model::Verdict& verdict) {
      return verdict.reason == v1::REASON_UNSPECIFIED ? " " + told(verdict) : Describe(verdict);
    };
    return Compare(line, expected, full(answers.real), full(answers.naive));
  }
  const std::string expected = line.expect.empty() ? "DONE" : line.expect.front();
  const auto summary = [&](const model::Verdict& verdict) {
    if (verdict.reason == v1::REASON_NO_LINE_SUCCEEDED && answers.naive.lines.size() == 1 &&
        expected != "NO_LINE_SUCCEEDED") {
      return told(answers.naive);
    }
    if (verdict.reason != v1::REASON_UNSPECIFIED) return model::NameOf(verdict.reason);
    for (const auto& part : verdict.lines) {
      if (part != verdict.lines.front()) return told(verdict);
    }
    return verdict.lines.empty() ? std::string("DONE") : model::NameOf(verdict.lines.front());
  };
  Compare(line, expected, summary(answers.real), summary(answers.naive));
}

void Player::Compare(const Line& line, const std::string& expected, const std::string& real,
                     const std::string& naive) {
  if (real != expected) Fail(line, "the ledger says " + real + ", expected " + expected);
  if (naive != expected) Fail(line, "the naive ledger says " + naive + ", expected " + expected);
}

std::string Player::Word(const Line& line, std::size_t index) {
  if (index < line.words.size()) return line.words[index];
  Fail(line, "a word is missing");
  return "";
}

}  // namespace timebank::scenario
