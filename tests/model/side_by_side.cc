#include "tests/model/side_by_side.h"

#include "base/check.h"
#include "ledger/signatures.h"

namespace timebank::model {
namespace {

std::string Hex(const Id& id) { return ToHex(AsBytes(id)); }

ledger::State StateOf(const chain::Genesis& genesis) {
  auto state = ledger::State::FromGenesis(genesis);
  TB_CHECK(state.has_value());
  return *state;
}

std::vector<LineVerdict> LinesOf(const ledger::LogLeaf& leaf) {
  std::vector<LineVerdict> lines;
  for (const std::string& bytes : leaf.lines) {
    v1::EffectsLine line;
    TB_CHECK(line.ParseFromString(bytes));
    TB_CHECK(line.line() == lines.size());
    lines.push_back({.outcome = line.outcome(), .reason = line.reason()});
  }
  return lines;
}

std::string Sources(const std::vector<Source>& lines) {
  std::string out;
  for (const Source& line : lines) {
    out += " " + v1::AccountKind_Name(line.account) + ":" + std::to_string(line.lot) + "=" +
           std::to_string(line.minutes);
  }
  return out;
}

template <typename Lines>
std::vector<Source> SourcesOf(const Lines& lines) {
  std::vector<Source> out;
  for (const v1::HoldLine& line : lines)
    out.push_back({line.account(), line.lot(), line.minutes()});
  return out;
}

}  // namespace

SideBySide::SideBySide(const chain::Genesis& genesis)
    : parent_(StateOf(genesis)),
      now_(genesis.message.genesis_ms()),
      naive_(genesis.message, genesis.chain_id) {
  BeginBlock(now_ + 1);
}

void SideBySide::BeginBlock(Time at_ms) {
  if (result_) {
    parent_ = result_->state;
    block_.clear();
  }
  now_ = at_ms;
  Execute();
  naive_.BeginBlock(now_);
  CompareChanges(parent_);
}

void SideBySide::Execute() {
  std::vector<ledger::BlockTransaction> transactions;
  for (const Carried& carried : block_) {
    transactions.push_back({AsBytes(carried.envelope), &carried.transaction});
  }
  const ledger::BlockPlace place{.height = parent_.height().Next(),
                                 .timestamp = Millis(now_),
                                 .parent_digest = parent_.chain_id()};
  auto result = ledger::Apply(parent_, {.place = place, .transactions = transactions});
  TB_CHECK(result.has_value());
  result_ = std::move(*result);
}

Answers SideBySide::Submit(const std::string& envelope) {
  Answers answers;
  auto parsed = chain::ParseEnvelope(AsBytes(envelope), parent_.chain_id());
  if (!parsed) {
    answers.real.reason = answers.naive.reason = parsed.error();
    return answers;
  }
  v1::Envelope message;
  TB_CHECK(message.ParseFromString(envelope));
  answers.naive = naive_.Judge(message);
  answers.real.reason = ledger::CheckSignatures(real(), *parsed);
  if (answers.real.reason == v1::REASON_UNSPECIFIED) {
    block_.push_back({envelope, std::move(*parsed)});
    // The verdict comes from executing the whole block anew, as a voter does.
    const ledger::State before = real();
    const ledger::BlockPlace place{.height = parent_.height().Next(),
                                   .timestamp = Millis(now_),
                                   .parent_digest = parent_.chain_id()};
    ledger::BlockExecution execution(parent_, place);
    for (const Carried& carried : block_) {
      const ledger::BlockTransaction next{AsBytes(carried.envelope), &carried.transaction};
      answers.real.reason = execution.TryApply(next);
    }
    if (answers.real.reason != v1::REASON_UNSPECIFIED) block_.pop_back();
    Execute();
    if (answers.real.reason == v1::REASON_UNSPECIFIED) {
      answers.real.lines = LinesOf(result_->leaves.back());
    }
    CompareChanges(before);
  }
  const bool same_lines =
      answers.real.reason != v1::REASON_UNSPECIFIED || answers.real.lines == answers.naive.lines;
  if (answers.real.reason != answers.naive.reason || !same_lines) {
    differences_.push_back("the ledger says " + Describe(answers.real) + ", the naive one " +
                           Describe(answers.naive));
  }
  return answers;
}

void SideBySide::CompareChanges(const ledger::State& before) {
  const std::string broken = naive_.Audit();
  if (!broken.empty()) differences_.push_back("the naive ledger is unsound: " + broken);
  real().tree().ForEachChangeSince(before.tree(), [&](ByteView key, std::optional<ByteView> value) {
    if (value) CompareRecord(key, *value);
  });
}

void SideBySide::CompareAll() {
  std::map<v1::Table, std::size_t> counts;
  real().tree().ForEach([&](ByteView key, ByteView value) {
    ++counts[static_cast<v1::Table>(key[0])];
    CompareRecord(key, value);
  });
  const auto count = [&](v1::Table table, std::size_t size, const std::string& what) {
    Expect(counts[table] == size, "number of " + what, {},
           std::to_string(counts[table]) + ", naive " + std::to_string(size));
  };
  count(v1::TABLE_MEMBER, naive_.people().size(), "members");
  count(v1::TABLE_ORGANISATION, naive_.orgs().size(), "organisations");
  count(v1::TABLE_ENTRY, naive_.visits().size(), "entries");
  count(v1::TABLE_REDEMPTION, naive_.purchases().size(), "redemptions");
  count(v1::TABLE_HOLD, naive_.holds().size(), "holds");
  count(v1::TABLE_OFFER, naive_.offers().size(), "offers");
}

void SideBySide::CompareRecord(ByteView key, ByteView value) {
  const auto table = static_cast<v1::Table>(key[0]);
  const Id id = ToString(key.subspan(1));
  const std::string bytes = ToString(value);
  const auto parse = [&](auto record) {
    TB_CHECK(record.ParseFromString(bytes));
    return record;
  };
  if (table == v1::TABLE_MEMBER) CompareMember(id, parse(v1::Member()));
  if (table == v1::TABLE_ENTRY) CompareEntry(id, parse(v1::Entry()));
  if (table == v1::TABLE_REDEMPTION) CompareRedemption(id, parse(v1::Redemption()));
  if (table == v1::TABLE_HOLD) CompareHold(id, parse(v1::Hold()));
  if (table == v1::TABLE_OFFER) {
    const auto offer = naive_.offers().find(id);
    const bool known = offer != naive_.offers().end();
    const auto stock = parse(v1::Offer()).stock();
    Expect(known && offer->second.stock() == stock, "stock of offer", id, std::to_string(stock));
  }
  if (table == v1::TABLE_ORG_ACCOUNT) {
    ByteReader reader(key.subspan(1));
    const Id owner = ToString(reader.Raw(16));
    const auto account = static_cast<v1::AccountKind>(reader.U16());
    const auto amount = parse(v1::OrgAccount()).amount();
    const auto naive = naive_.BalanceOf(owner, account);
    Expect(amount == naive, v1::AccountKind_Name(account) + " of organisation", owner,
           std::to_string(amount) + ", naive " + std::to_string(naive));
  }
}

void SideBySide::CompareMember(const Id& id, const v1::Member& record) {
  const auto found = naive_.people().find(id);
  Expect(found != naive_.people().end(), "member", id, "unknown to the naive ledger");
  if (found == naive_.people().end()) return;
  const Person& person = found->second;
  std::map<AccountKey, std::int64_t> real_balances;
  for (const auto& balance : record.balances()) {
    real_balances[{id, balance.account(), balance.lot()}] = balance.amount();
  }
  const auto& all = naive_.balances();
  for (auto it = all.lower_bound({id, v1::ACCOUNT_KIND_UNSPECIFIED, 0});
       it != all.end() && std::get<0>(it->first) == id; ++it) {
    real_balances[it->first] -= it->second;
  }
  for (const auto& [key, surplus] : real_balances) {
    Expect(surplus == 0, v1::AccountKind_Name(std::get<1>(key)) + " of member", id,
           std::to_string(surplus) + " more than naive");
  }
  Expect(record.entries_approved() == person.entries_approved, "entries approved of", id,
         std::to_string(record.entries_approved()));
  Expect(record.honours_minutes() == person.honours_minutes, "honours of", id,
         std::to_string(record.honours_minutes()));
  Expect(static_cast<std::size_t>(record.offices_size()) == person.offices.size(), "offices of", id,
         std::to_string(record.offices_size()));
  Expect(static_cast<std::size_t>(record.kin_size()) == person.kin.size(), "kin of", id,
         std::to_string(record.kin_size()));
  Expect(static_cast<std::size_t>(record.listings_size()) == person.classes.size(), "listings of",
         id, std::to_string(record.listings_size()));
  Expect(static_cast<std::size_t>(record.keys_size()) == person.keys.size(), "keys of", id,
         std::to_string(record.keys_size()));
}

void SideBySide::CompareEntry(const Id& id, const v1::Entry& record) {
  const auto found = naive_.visits().find(id);
  Expect(found != naive_.visits().end(), "entry", id, "unknown to the naive ledger");
  if (found == naive_.visits().end()) return;
  const Visit& visit = found->second;
  Expect(record.state() == visit.state, "state of entry", id,
         v1::EntryState_Name(record.state()) + ", naive " + v1::EntryState_Name(visit.state));
  const auto same = [&](auto real, auto naive, const char* what) {
    Expect(real == naive, std::string(what) + " of entry", id,
           std::to_string(real) + ", naive " + std::to_string(naive));
  };
  same(record.flags(), visit.flags, "flags");
  same(record.served_minutes(), visit.served, "served minutes");
  same(record.credited_minutes(), visit.credited, "credited minutes");
  same(record.due_ms(), visit.due_ms, "due time");
  same(record.cooling_until_ms(), visit.cooling_until_ms, "cooling-off");
  same(record.credited_ms(), visit.credited_ms, "credit time");
  same(record.pooled_minutes(), visit.pooled, "pooled minutes");
  const std::string real_paid = Sources(SourcesOf(record.paid()));
  Expect(real_paid == Sources(visit.paid), "payment of entry", id,
         real_paid + ", naive" + Sources(visit.paid));
}

void SideBySide::CompareRedemption(const Id& id, const v1::Redemption& record) {
  const auto found = naive_.purchases().find(id);
  Expect(found != naive_.purchases().end(), "redemption", id, "unknown to the naive ledger");
  if (found == naive_.purchases().end()) return;
  const Purchase& purchase = found->second;
  Expect(record.state() == purchase.state, "state of redemption", id,
         v1::RedemptionState_Name(record.state()) + ", naive " +
             v1::RedemptionState_Name(purchase.state));
  Expect(record.price_minutes() == purchase.price, "price of redemption", id,
         std::to_string(record.price_minutes()));
  Expect(record.due_ms() == purchase.due_ms, "due time of redemption", id,
         std::to_string(record.due_ms()) + ", naive " + std::to_string(purchase.due_ms));
}

void SideBySide::CompareHold(const Id& id, const v1::Hold& record) {
  const auto found = naive_.holds().find(id);
  Expect(found != naive_.holds().end(), "hold", id, "unknown to the naive ledger");
  if (found == naive_.holds().end()) return;
  const std::string lines = Sources(SourcesOf(record.lines()));
  Expect(lines == Sources(found->second.lines), "lines of hold", id,
         lines + ", naive" + Sources(found->second.lines));
}

void SideBySide::Expect(bool same, const std::string& what, const Id& id,
                        const std::string& detail) {
  if (!same) differences_.push_back(what + " " + Hex(id) + ": " + detail);
}

std::string NameOf(v1::Reason reason) {
  if (reason == v1::REASON_UNSPECIFIED) return "OK";
  return v1::Reason_Name(reason).substr(std::string_view("REASON_").size());
}

std::string NameOf(const LineVerdict& line) {
  if (line.outcome == v1::OUTCOME_REFUSED) return NameOf(line.reason);
  return v1::Outcome_Name(line.outcome).substr(std::string_view("OUTCOME_").size());
}

std::string Describe(const Verdict& verdict) {
  std::string out = NameOf(verdict.reason);
  for (const LineVerdict& line : verdict.lines) out += " " + NameOf(line);
  return out;
}

}  // namespace timebank::model
