#include "tests/sim/disk.h"

#include <utility>

#include "base/check.h"

namespace timebank::sim {
namespace {

constexpr std::size_t kSyncBlocks = 64;
constexpr std::uint64_t kSyncMs = 2000;

// What a log that skips all it may skip still hands out: bodies above the floor's height, the rest
// above the view of its Finalization.
bool IsAbove(const consensus::Record& record, Height height, consensus::Position floor) {
  if (const auto* body = std::get_if<consensus::BodyRecord>(&record)) {
    return body->block.header().height > height;
  }
  if (const auto* certificate = std::get_if<consensus::CertificateRecord>(&record)) {
    const chain::VotePosition& p = certificate->certificate.position;
    return consensus::Position{p.epoch, p.view} > floor;
  }
  if (const auto* vote = std::get_if<consensus::MyVoteRecord>(&record)) {
    const chain::VotePosition& p = vote->vote.position;
    return consensus::Position{p.epoch, p.view} > floor;
  }
  if (const auto* proposal = std::get_if<consensus::MyProposalRecord>(&record)) {
    return proposal->position > floor;
  }
  return true;
}

}  // namespace

void Disk::Crash() {
  // Batches not synced may have reached the disk all the same, but only as a prefix.
  const std::size_t unsynced = log_.size() - log_synced_;
  const auto reached = static_cast<std::size_t>(prng_.Below(unsynced + 1));
  if (reached < unsynced) fired_("torn-tail");
  log_.resize(log_synced_ + reached);
  MarkSynced();
  const auto kept = static_cast<std::size_t>(prng_.Below(unsynced_.size() + 1));
  if (kept < unsynced_.size()) fired_("database-behind");
  for (std::size_t i = 0; i < kept; ++i) synced_.Apply(unsynced_[i]);
  unsynced_.clear();
  database_ = synced_;
}

void Disk::Wipe() {
  wiped_ = true;
  log_.clear();
  log_synced_ = 0;
  synced_ = {};
  unsynced_.clear();
  database_ = {};
  synced_votes_.clear();
  synced_bodies_.clear();
  synced_finalizations_.clear();
}

std::optional<consensus::CommittedBlock> Disk::Floor() {
  if (database_.blocks.empty()) return std::nullopt;
  return database_.blocks.back();
}

void Disk::VisitState(const std::function<void(ByteView, ByteView)>& visit) {
  for (const auto& [key, value] : database_.state) visit(key, value);
}

void Disk::VisitLogLeaves(const std::function<void(const Hash&)>& visit) {
  for (const Hash& leaf : database_.leaves) visit(leaf);
}

std::vector<consensus::Record> Disk::TakeRecords() {
  TB_CHECK(!std::exchange(taken_, true));
  const bool all = prng_.Chance(1, 2);
  const auto floor = Floor();
  std::vector<consensus::Record> records;
  for (const auto& batch : log_) {
    for (const Stored& stored : batch) {
      auto record = consensus::DecodeRecord(stored.type, stored.payload);
      TB_CHECK(record.has_value());
      const bool above = !floor || IsAbove(*record, floor->block.header().height,
                                           {floor->finalization.position.epoch,
                                            floor->finalization.position.view});
      const bool forgotten =
          lie_ == Lie::kForgetsVotes && (stored.type == consensus::RecordType::kMyVote ||
                                         stored.type == consensus::RecordType::kMyProposal);
      if ((all || above) && !forgotten) records.push_back(std::move(*record));
    }
  }
  return records;
}

void Disk::Rot() {
  const std::uint64_t old = database_.blocks.size();
  if (old > 1) rotten_.insert(Height(1 + prng_.Below(old - 1)));
}

void Disk::Heal() {
  rotten_.clear();
  die_ = nullptr;
}

void Disk::Append(std::span<const consensus::Record> records, bool sync) {
  if (!step_()) return;
  ++writes_;
  if (die_ != nullptr) {
    fired_("disk-full");
    return die_();
  }
  if (lie_ == Lie::kSyncsLate) MarkSynced();  // what came before
  std::vector<Stored> batch;
  for (const consensus::Record& record : records) {
    batch.push_back({consensus::TypeOf(record), consensus::EncodeRecord(record)});
  }
  log_.push_back(std::move(batch));
  if (!step_()) return;  // written, and the process died in the sync
  if (sync && lie_ != Lie::kSyncsLate) MarkSynced();
  step_();
}

void Disk::CommitBlock(const replica::CommitBatch& batch) {
  if (!step_()) return;
  TB_CHECK(batch.block.block.header().height.value() == database_.blocks.size() + 1);
  // The database may lag behind the log, it never leads (P5).
  if (!synced_bodies_.contains(batch.block.block.digest()) ||
      !synced_finalizations_.contains(batch.block.finalization.position.digest)) {
    fail_("a block was committed before its body and Finalization were synced");
  }
  unsynced_.push_back({batch.block, batch.changes, batch.transactions});
  database_.Apply(unsynced_.back());
  step_();
}

void Disk::MaybeSync(Millis steady_ms) {
  const bool due = unsynced_.size() >= kSyncBlocks ||
                   (!unsynced_.empty() && steady_ms.value() >= synced_at_.value() + kSyncMs);
  if (!due || !step_()) return;
  for (const Commit& commit : unsynced_) synced_.Apply(commit);
  unsynced_.clear();
  synced_at_ = steady_ms;
  step_();
}

void Disk::MarkSynced() {
  for (; log_synced_ < log_.size(); ++log_synced_) {
    for (const Stored& stored : log_[log_synced_]) {
      const auto record = consensus::DecodeRecord(stored.type, stored.payload);
      TB_CHECK(record.has_value());
      if (const auto* vote = std::get_if<consensus::MyVoteRecord>(&*record)) {
        synced_votes_.insert(vote->vote.position);
      } else if (const auto* body = std::get_if<consensus::BodyRecord>(&*record)) {
        synced_bodies_.insert(body->block.digest());
      } else if (const auto* proof = std::get_if<consensus::CertificateRecord>(&*record)) {
        const chain::VotePosition& position = proof->certificate.position;
        if (position.kind == chain::VoteKind::kFinalize) {
          synced_finalizations_.insert(position.digest);
        }
      }
    }
  }
}

std::optional<consensus::CommittedBlock> Disk::ReadBlock(Height height) {
  if (height == Height(0) || height.value() > database_.blocks.size()) return std::nullopt;
  if (rotten_.contains(height)) {
    fired_("rot");
    return std::nullopt;
  }
  return database_.blocks[height.value() - 1];
}

std::optional<Height> Disk::HeightOf(const Hash& digest) {
  const auto found = database_.heights.find(digest);
  if (found == database_.heights.end()) return std::nullopt;
  return found->second;
}

std::optional<replica::TransactionRow> Disk::FindTransaction(const Hash& id) {
  const auto found = database_.rows.find(id);
  if (found == database_.rows.end() || lie_ == Lie::kForgetsTransactions) return std::nullopt;
  return found->second;
}

void Disk::Database::Apply(const Commit& commit) {
  for (const replica::StateChange& change : commit.changes) {
    if (change.value) {
      state[change.key] = *change.value;
    } else {
      state.erase(change.key);
    }
  }
  for (const replica::TransactionRow& row : commit.rows) {
    leaves.push_back(row.leaf_hash);
    rows.emplace(row.id, row);
  }
  blocks.push_back(commit.block);
  heights.emplace(commit.block.block.digest(), commit.block.block.header().height);
}

}  // namespace timebank::sim
