#include "ledger/block.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/minutes.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/genesis.h"
#include "crypto/sha256.h"
#include "ledger/authority.h"
#include "ledger/kinds.h"
#include "ledger/sweep.h"
#include "ledger/validators.h"

namespace timebank::ledger {
namespace {

// What an envelope or evidence costs in a body beyond its own bytes: field tag and length.
constexpr std::size_t kItemOverhead = 4;

std::vector<ByteView> Views(const std::vector<std::string>& lines) {
  std::vector<ByteView> views;
  for (const std::string& line : lines) views.push_back(AsBytes(line));
  return views;
}

// F7. A validity is the home organisation's of the first signer; of nobody known, the default.
Reason CheckValidity(TxContext& tx, const chain::Transaction& transaction, const Kind& kind) {
  const v1::TransactionBody& body = transaction.body;
  if (body.valid_until_ms() < tx.now_ms()) return v1::REASON_EXPIRED;
  const auto* first = tx.Find<v1::Member>(As<MemberId>(body.signers(0).member()));
  const Policy policy = tx.PolicyOf(first == nullptr ? OrgId{} : As<OrgId>(first->home_org()));
  const bool is_entry = body.kind_case() == v1::TransactionBody::kSubmitEntry;
  const std::uint64_t longest = policy.Ms(is_entry ? v1::POLICY_PARAMETER_ENTRY_VALIDITY_MS
                                                   : v1::POLICY_PARAMETER_VALIDITY_MS);
  if (body.valid_until_ms() - tx.now_ms() > longest) return v1::REASON_VALIDITY_TOO_LONG;
  const bool seen =
      kind.replay == Replay::kMarked && tx.Find<v1::TransactionMark>(transaction.id) != nullptr;
  return seen ? v1::REASON_REPLAY : kOk;
}

// The order of checks of docs/ledger.md; steps 3 to 7 are the kind's.
Reason ExecuteTransaction(TxContext& tx, const chain::Transaction& transaction) {
  if (const Reason r = CheckForm(transaction.body); r != kOk) return r;
  const Kind& kind = *FindKind(transaction.body.kind_case());
  if (const Reason r = CheckValidity(tx, transaction, kind); r != kOk) return r;
  if (const Reason r = IdentifySigners(tx, transaction.body); r != kOk) return r;
  if (const Reason r = kind.execute(tx, transaction.body); r != kOk) return r;
  if (const Reason r = tx.JudgeParties(); r != kOk) return r;
  if (kind.replay == Replay::kMarked) {
    auto& mark = tx.EditOrCreate<v1::TransactionMark>(transaction.id);
    mark.set_height(tx.height().value());
    mark.set_valid_until_ms(transaction.body.valid_until_ms());
  }
  return kOk;
}

void CheckPostingsSumToZero(const std::vector<v1::EffectsLine>& lines) {
  for (const v1::Asset asset : {v1::ASSET_TIME, v1::ASSET_VOUCHER}) {
    std::int64_t sum = 0;
    for (const v1::EffectsLine& line : lines) {
      for (const v1::Posting& posting : line.postings()) {
        if (posting.asset() != asset) continue;
        const auto next = CheckedAdd(sum, posting.amount());
        TB_CHECK(next.has_value());
        sum = *next;
      }
    }
    TB_CHECK(sum == 0);
  }
}

bool Follows(const State& parent, const BlockPlace& place) {
  return place.height == parent.height().Next() && place.timestamp > parent.time();
}

}  // namespace

Expected<BlockResult, BlockError> Apply(const State& parent, const BlockInput& input) {
  using What = BlockError::What;
  if (!Follows(parent, input.place)) return Unexpected{BlockError{.what = What::kPlace}};
  BlockExecution execution(parent, input.place);
  for (std::size_t index = 0; index < input.evidence.size(); ++index) {
    if (!execution.TryRecord(AsBytes(input.evidence[index]))) {
      return Unexpected{BlockError{What::kEvidence, index, kOk}};
    }
  }
  for (std::size_t index = 0; index < input.transactions.size(); ++index) {
    const BlockTransaction& transaction = input.transactions[index];
    if (!execution.Fits(transaction)) return Unexpected{BlockError{What::kTooLarge, index, kOk}};
    const Reason reason = execution.TryApply(transaction);
    if (reason != kOk) return Unexpected{BlockError{What::kTransaction, index, reason}};
  }
  return execution.Finish();
}

Reason Judge(const State& state, Millis now, const chain::Transaction& transaction) {
  Records records(state);
  const BlockFacts facts{state.height().Next(), std::max(now, state.time()), &state.chain()};
  TxContext tx(records, facts, transaction.id);
  return ExecuteTransaction(tx, transaction);
}

BlockExecution::BlockExecution(const State& parent, const BlockPlace& place)
    : parent_(parent),
      place_(place),
      facts_{place.height, place.timestamp, &parent.chain()},
      records_(std::make_unique<Records>(parent)) {
  TB_CHECK(Follows(parent, place));
  std::vector<Hash> peaks;
  for (const std::string& peak : parent.chain().log_peaks()) peaks.push_back(As<Hash>(peak));
  log_ = chain::LogFrontier(parent.chain().log_size(), std::move(peaks));
  Sweep();
}

BlockExecution::~BlockExecution() = default;

void BlockExecution::Sweep() {
  std::vector<v1::EffectsLine> lines;
  for (const DueItem& item : parent_.due().DueUntil(place_.timestamp, kSweepItemsMax)) {
    swept_ = true;
    TxContext tx(*records_, facts_);
    // Nothing of the sweep can be refused, however the minutes lie: the rules see to that.
    TB_CHECK(SweepItem(tx, item.key) == kOk);
    std::move(tx.lines().begin(), tx.lines().end(), std::back_inserter(lines));
  }
  if (lines.empty()) return;
  AppendLeaf(chain::SweepId(parent_.chain_id(), place_.height), /*sweep=*/true, lines);
  records_->Commit();
}

bool BlockExecution::TryRecord(ByteView evidence) {
  TB_CHECK(envelopes_.empty());
  if (evidence_count_ >= kBlockEvidenceMax) return false;
  if (RecordEvidence(*records_, parent_, place_.height, evidence)) return false;
  records_->Commit();
  ++evidence_count_;
  bytes_ += evidence.size() + kItemOverhead;
  return true;
}

bool BlockExecution::Fits(const BlockTransaction& transaction) const {
  return bytes_ + transaction.envelope.size() + kItemOverhead <= kBlockBytesMax &&
         units_ + UnitsOf(transaction.transaction->body) <= kBlockUnitsMax;
}

Reason BlockExecution::TryApply(const BlockTransaction& transaction) {
  TB_CHECK(Fits(transaction));
  const Records::Savepoint before = records_->Save();
  TxContext tx(*records_, facts_, transaction.transaction->id);
  const Reason reason = ExecuteTransaction(tx, *transaction.transaction);
  if (reason != kOk) {
    records_->RollBack(before);
    return reason;
  }
  AppendLeaf(transaction.transaction->id, /*sweep=*/false, tx.lines());
  records_->Commit();
  envelopes_.push_back(transaction.envelope);
  bytes_ += transaction.envelope.size() + kItemOverhead;
  units_ += UnitsOf(transaction.transaction->body);
  return kOk;
}

// FORMATS 6: leaf data = id || effects digest.
void BlockExecution::AppendLeaf(const Hash& id, bool sweep, std::vector<v1::EffectsLine>& lines) {
  TB_CHECK(!lines.empty());
  CheckPostingsSumToZero(lines);
  LogLeaf& leaf = leaves_.emplace_back();
  leaf.id = id;
  leaf.sweep = sweep;
  for (v1::EffectsLine& line : lines) {
    line.set_line(static_cast<std::uint32_t>(leaf.lines.size()));
    leaf.lines.push_back(chain::CanonicalBytes(line));
    AdvanceStatements(line, AsBytes(leaf.lines.back()));
  }
  const Hash digest = chain::MerkleRoot(Views(leaf.lines));
  ByteWriter data;
  data.Raw(id.view()).Raw(digest.view());
  leaf.leaf_hash = chain::LogLeafHash(data.bytes());
  log_.Append(leaf.leaf_hash);
}

// FORMATS 7: once per line that posts to the member.
void BlockExecution::AdvanceStatements(const v1::EffectsLine& line, ByteView bytes) {
  std::set<MemberId> members;
  for (const v1::Posting& posting : line.postings()) {
    if (IsMemberAccount(posting.account())) members.insert(As<MemberId>(posting.owner()));
  }
  if (members.empty()) return;
  const Hash line_hash = crypto::Sha256(bytes);
  for (const MemberId& id : members) {
    v1::Member* member = records_->Edit<v1::Member>(id);
    TB_CHECK(member != nullptr);
    const chain::StatementStep step{member->statement_count(), log_.size(), line.line(), line_hash};
    const Hash head = As<Hash>(member->statement_head());
    member->set_statement_head(chain::NextStatementHead(head, step).str());
    member->set_statement_count(member->statement_count() + 1);
  }
}

// The first block of an epoch notes which one ended that before: its digest orders the leaders.
void BlockExecution::NoteBoundary() {
  const Epoch epoch(parent_.chain().epoch());
  if (epoch == Epoch(0) || !SetOf(parent_, epoch).boundary_digest().empty()) return;
  records_->Edit<v1::ValidatorSetRecord>(epoch)->set_boundary_digest(place_.parent_digest.str());
}

// Was the last word about the next set said in this block? Then it takes over (CONSENSUS 6).
std::optional<chain::ValidatorSet> BlockExecution::DecideEpoch() {
  const Epoch epoch(parent_.chain().epoch());
  if (!EndsEpoch(*records_, epoch)) return std::nullopt;
  auto& next = *records_->Edit<v1::ValidatorSetRecord>(epoch.Next());
  next.set_boundary_height(place_.height.value());
  auto set = chain::ValidatorsOf(next.validators());
  TB_CHECK(set.has_value());
  return set;
}

BlockResult BlockExecution::Finish() {
  auto& mark = records_->EditOrCreate<v1::DigestMark>(
      DigestSlot(static_cast<std::uint16_t>(parent_.height().value() % kDigestRing)));
  mark.set_height(parent_.height().value());
  mark.set_digest(place_.parent_digest.str());
  BlockResult result{.state = parent_};
  NoteBoundary();
  result.next_set = DecideEpoch();
  WriteChainRecord(result);
  WriteChanges(result);
  result.state_root = result.state.root();
  result.tx_root = chain::MerkleRoot(envelopes_);
  result.log_size = log_.size();
  result.log_root = log_.Root();
  result.leaves = std::move(leaves_);
  result.units = units_;
  return result;
}

void BlockExecution::WriteChainRecord(BlockResult& result) {
  auto chain = std::make_shared<v1::ChainRecord>(parent_.chain());
  chain->set_height(place_.height.value());
  chain->set_timestamp_ms(place_.timestamp.value());
  if (result.next_set) chain->set_epoch(parent_.chain().epoch() + 1);
  chain->set_log_size(log_.size());
  chain->clear_log_peaks();
  for (const Hash& peak : log_.peaks()) chain->add_log_peaks(peak.str());
  Put(result, KeyOf<v1::ChainRecord>({}), *chain);
  result.state.chain_ = std::move(chain);
}

void BlockExecution::Put(BlockResult& result, const StateKey& key,
                         const google::protobuf::Message& record) {
  const std::string bytes = chain::CanonicalBytes(record);
  result.state.tree_.Put(key.view(), AsBytes(bytes));
  result.changes.push_back({ToBytes(key.view()), ToBytes(AsBytes(bytes))});
}

// Tree and due index follow the records; the books must balance (DOMAIN 2).
void BlockExecution::WriteChanges(BlockResult& result) {
  State& next = result.state;
  std::optional<std::int64_t> minutes = 0;
  std::optional<std::int64_t> fen = 0;
  records_->ForEachChange([&](const Records::Change& change) {
    const Records::Facts now = records_->FactsOf(change.key, change.now);
    minutes = CheckedAdd(*minutes, now.minutes - change.before.minutes);
    fen = CheckedAdd(*fen, now.fen - change.before.fen);
    TB_CHECK(minutes.has_value());
    TB_CHECK(fen.has_value());
    if (change.before.due != now.due) {
      if (change.before.due) next.due_.Erase({*change.before.due, change.key});
      if (now.due) next.due_.Insert({*now.due, change.key});
    }
    if (change.now != nullptr) {
      Put(result, change.key, *change.now);
    } else if (change.existed) {
      next.tree_.Erase(change.key.view());
      result.changes.push_back({ToBytes(change.key.view()), std::nullopt});
    }
  });
  TB_CHECK(*minutes == 0);
  TB_CHECK(*fen == 0);
}

}  // namespace timebank::ledger
