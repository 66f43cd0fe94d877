// Blocks: judging and building them by the ledger, making final ones durable and known, serving
// them to laggards.
#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "chain/receipt.h"
#include "consensus/limits.h"
#include "ledger/state.h"
#include "node/replica/block_body.h"
#include "node/replica/index_rows.h"
#include "node/replica/replica_impl.h"

namespace timebank::replica {

using consensus::BodyVerdict;

namespace {

constexpr std::size_t kReadBudgetsMax = 256;  // peers

}  // namespace

// Known signatures are not checked again; the unknown go to the verifier first. Without the
// parent's state the parent is checked again first.
void Replica::Impl::Check(const consensus::CheckBody& check) {
  const Hash& digest = check.block.digest();
  if (checks_.contains(digest)) return;
  auto content = ReadBody(check.block, [this](const Hash& envelope_hash) {
    return admission_.pool().FindEnvelope(envelope_hash);
  });
  if (!content) return Answer(digest, content.error());
  // Only now: the digest names the header, and these may be other bytes than were executed.
  if (executions_.Find(digest) != nullptr) return Answer(digest, BodyVerdict::kValid);
  const auto parent = StateOf(check.block.header().parent);
  if (parent == nullptr) return ToCore(consensus::StateLost{check.block.header().parent});
  if (!KnowsRulesAfter(*parent)) return;
  std::vector<SharedTransaction> unknown;
  for (const SharedTransaction& transaction : content->transactions) {
    if (!desk_.Knows(transaction)) unknown.push_back(transaction);
  }
  checks_.emplace(digest, PendingCheck{check.block, std::move(*content)});
  if (unknown.empty()) {
    FinishCheck(digest, /*signatures_good=*/true);
  } else {
    check_tickets_.emplace(desk_.Ask(std::move(unknown), parent, /*urgent=*/true), digest);
  }
}

void Replica::Impl::FinishCheck(const Hash& digest, bool signatures_good) {
  const auto found = checks_.find(digest);
  if (found == checks_.end()) return;
  PendingCheck check = std::move(found->second);
  checks_.erase(found);
  const chain::Header& header = check.block.header();
  const auto parent = StateOf(header.parent);
  if (parent == nullptr) return ToCore(consensus::StateLost{header.parent});
  if (!signatures_good) return Answer(digest, BodyVerdict::kInvalid);
  SharedExecution execution =
      ExecuteBlock({*parent, header.height, header.timestamp_ms, header.parent, header.chain_id},
                   header, std::move(check.content));
  if (execution == nullptr) return Answer(digest, BodyVerdict::kInvalid);
  executions_.Add(digest, std::move(execution));
  Answer(digest, BodyVerdict::kValid);
}

void Replica::Impl::Answer(const Hash& digest, BodyVerdict verdict) {
  ToCore(consensus::BodyChecked{digest, verdict});
}

// Takes pool transactions in order of arrival, leaving out what unfinished blocks below hold.
void Replica::Impl::Build(const consensus::BuildBlock& request) {
  consensus::BlockBuilt built{request.position, request.parent, std::nullopt};
  const auto parent = StateOf(request.parent);
  if (parent == nullptr) {
    ToCore(consensus::StateLost{request.parent});
    return ToCore(std::move(built));
  }
  if (!KnowsRulesAfter(*parent)) return ToCore(std::move(built));
  std::vector<SharedTransaction> candidates;
  std::vector<std::string> evidence;
  if (!request.without_transactions) {
    evidence = evidence_.Pending();
    const std::set<Hash> taken = TakenBelow(request.parent);
    admission_.pool().ForEach([&](const SharedTransaction& transaction) {
      if (!taken.contains(transaction->transaction.id)) candidates.push_back(transaction);
      return candidates.size() < 2 * config_.block_transactions;
    });
  }
  auto at = candidates.begin();
  const Millis timestamp = std::max(now_.ledger_ms, Millis(request.parent_timestamp.value() + 1));
  SharedExecution execution = BuildExecution(
      {*parent, request.height, timestamp, request.parent, consensus_config_.chain_id}, evidence,
      [&]() -> SharedTransaction { return at == candidates.end() ? nullptr : *at++; },
      config_.block_transactions);
  const bool is_empty =
      execution->rows.empty() && !execution->swept && execution->content.evidence.empty();
  if (is_empty && !request.allow_empty) return ToCore(std::move(built));
  const auto& next_set = execution->next_set;
  const BlockBody body = MakeBody(execution->content, next_set);
  chain::Header header;
  header.era = consensus_config_.era;
  header.chain_id = consensus_config_.chain_id;
  header.epoch = request.position.epoch;
  header.height = request.height;
  header.parent = request.parent;
  header.timestamp_ms = timestamp;
  header.tx_count = static_cast<std::uint32_t>(execution->content.transactions.size());
  header.tx_root = body.tx_root;
  header.extras_root = body.extras_root;
  header.state_root = execution->state_root;
  header.log_size = execution->log.size;
  header.log_root = execution->log.root;
  header.validators = consensus_config_.validators.SetHash();
  header.next_validators = next_set ? next_set->SetHash() : header.validators;
  header.flags = next_set ? chain::kFlagEpochEnd : 0;
  header.proposer = consensus_config_.validators.key(*consensus_config_.own);
  built.block = consensus::Block(header, body.bytes);
  executions_.Add(built.block->digest(), std::move(execution));
  ToCore(std::move(built));
}

// Ids of the transactions in the block and in those below that are not final.
std::set<Hash> Replica::Impl::TakenBelow(Hash digest) const {
  std::set<Hash> taken;
  for (auto below = executions_.Find(digest); below != nullptr && digest != view_.digest;
       below = executions_.Find(digest)) {
    for (const SharedTransaction& transaction : below->content.transactions) {
      taken.insert(transaction->transaction.id);
    }
    digest = below->parent;
  }
  return taken;
}

// All blocks reach storage before anybody hears of them, so that a block can be shown together with
// the descendant that proves it.
void Replica::Impl::Commit(const std::vector<consensus::CommittedBlock>& blocks) {
  std::vector<FinalBlock> finals;
  for (const consensus::CommittedBlock& block : blocks) {
    finals.push_back(CommitOne(block));
    if (halted_) return;
    if (!KnowsRulesAfter(*view_.state)) break;
  }
  for (FinalBlock& block : finals) {
    const Hash& proven = block.block.finalization.position.digest;
    for (const FinalBlock& other : finals) {
      if (other.block.block.digest() == proven) block.proven_by = other.block.block.header();
    }
    if (block.proven_by) {
      for (const TransactionRow& row : block.rows) {
        block.log_paths.push_back(log_.InclusionPath(row.log_index, block.proven_by->log_size));
      }
    }
    block.epochs = view_.epochs;
    ports_.clients.Final(block);
  }
  if (finals.empty()) return;
  if (std::exchange(sets_changed_, false)) FollowSets();
  JudgePool();
}

FinalBlock Replica::Impl::CommitOne(const consensus::CommittedBlock& committed) {
  const consensus::Block& block = committed.block;
  TB_CHECK(block.header().height == view_.header.height.Next());
  SharedExecution execution = executions_.Find(block.digest());
  if (execution == nullptr) execution = ExecuteFinal(block);
  if (execution == nullptr) {
    halted_ = consensus::Divergence{
        consensus::DivergenceReason::kInvalidNotarized,
        {committed.finalization.position.epoch, committed.finalization.position.view},
        block.digest(),
        block};
    return {};
  }
  CommitBatch batch{committed, {}, execution->rows, {}};
  for (const TransactionRow& row : execution->rows) {
    log_.Append(row.leaf_hash);
    AppendStatementRows(row, batch.index_rows);
  }
  TB_CHECK(log_.size() == block.header().log_size);
  batch.changes = ChangesSinceStored(*execution);
  for (const StateChange& change : batch.changes) {
    if (!change.key.empty() && std::to_integer<int>(change.key[0]) == v1::TABLE_VALIDATORS) {
      sets_changed_ = true;
    }
    if (!change.value) continue;
    AppendRecordRows(change.key, stored_.Get(change.key), *change.value, batch.index_rows);
  }
  std::sort(batch.index_rows.begin(), batch.index_rows.end(),
            [](const IndexRow& a, const IndexRow& b) { return a.key < b.key; });
  ports_.storage.CommitBlock(batch);
  stored_ = execution->state->tree();
  view_ = {execution->state, block.header(), block.digest(), committed.finalization,
           links_.UpTo(*execution->state, ports_.storage)};
  executions_.Prune(block.header().height);
  admission_.Remove(execution->content.transactions);
  return {committed, execution->content.transactions, execution->rows, std::nullopt, {}, nullptr};
}

// What the block changed; with the first one of an era, all that is new to storage since it began,
// which are all records of genesis.
std::vector<StateChange> Replica::Impl::ChangesSinceStored(const Execution& execution) const {
  if (view_.finalization) return execution.changes;
  std::vector<StateChange> all;
  execution.state->tree().ForEachChangeSince(
      stored_, [&all](ByteView key, std::optional<ByteView> value) {
        all.push_back({ToBytes(key), value ? std::optional(ToBytes(*value)) : std::nullopt});
      });
  return all;
}

// A final block whose execution is no longer here: a quorum stands for its signatures.
SharedExecution Replica::Impl::ExecuteFinal(const consensus::Block& block) {
  auto content = ReadBody(block, [this](const Hash& envelope_hash) {
    return admission_.pool().FindEnvelope(envelope_hash);
  });
  if (!content) return nullptr;
  const chain::Header& header = block.header();
  return ExecuteBlock(
      {*view_.state, header.height, header.timestamp_ms, header.parent, header.chain_id}, header,
      std::move(*content));
}

// A header is read with its body, so that bytes read are bounded, not only those sent. What a peer
// has used up makes the reply shorter, and in the end empty. Of headers the highest are kept: only
// downwards from a digest that it knows can the asker use them.
void Replica::Impl::Serve(const consensus::ServeBlocks& serve) {
  consensus::Blocks reply;
  consensus::TokenBucket& budget = ReadBudget(serve.to);
  const bool headers = serve.request.headers_only;
  const std::uint64_t first = serve.request.first.value();
  const std::uint64_t end =
      std::min<std::uint64_t>(first + serve.request.count, view_.header.height.value() + 1);
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; first + i < end && bytes <= consensus::kReplyBytesMax; ++i) {
    if (!budget.Take(now_.steady_ms, 1)) break;
    auto block = ports_.storage.ReadBlock(Height(headers ? end - 1 - i : first + i));
    if (!block) break;
    const std::size_t size = block->block.body()->size() + chain::kHeaderSize;
    budget.Charge(now_.steady_ms, size);
    bytes += size;
    if (headers) {
      reply.blocks.emplace_back(block->block.header(), nullptr);
    } else if (bytes <= consensus::kReplyBytesMax || reply.blocks.empty()) {
      reply.blocks.push_back(std::move(block->block));
    }
  }
  if (headers) std::reverse(reply.blocks.begin(), reply.blocks.end());
  Reply(serve.to, std::move(reply));
}

// Bytes that may be read for the peer. Observers beyond a number are forgotten, as in the core.
consensus::TokenBucket& Replica::Impl::ReadBudget(consensus::PeerId peer) {
  if (read_budgets_.size() >= kReadBudgetsMax && !read_budgets_.contains(peer)) {
    const auto oldest = read_budgets_.lower_bound(consensus::PeerId(consensus::kFirstObserverPeer));
    if (oldest != read_budgets_.end()) read_budgets_.erase(oldest);
  }
  const consensus::TokenBucket fresh(consensus::kServedBytesPerSecond);
  return read_budgets_.try_emplace(peer, fresh).first->second;
}

void Replica::Impl::Serve(const consensus::ServeBlock& serve) {
  consensus::TokenBucket& budget = ReadBudget(serve.to);
  if (!budget.Take(now_.steady_ms, 1)) return Reply(serve.to, consensus::Blocks{});
  const auto height = ports_.storage.HeightOf(serve.digest);
  auto held = height ? ports_.storage.ReadBlock(*height) : std::nullopt;
  if (held && held->block.digest() == serve.digest) {
    budget.Charge(now_.steady_ms, held->block.body()->size());
    return Reply(serve.to, consensus::Blocks{{std::move(held->block)}});
  }
  if (serve.otherwise) return Reply(serve.to, consensus::CertificateMessage{*serve.otherwise});
  Reply(serve.to, consensus::Blocks{});
}

void Replica::Impl::Reply(consensus::PeerId to, const consensus::Message& message) {
  const PeerKey* key = peers_.KeyOf(to);
  if (key == nullptr) return;
  ports_.transport.Send(*key, std::make_shared<const std::string>(EncodePeerMessage(message)),
                        Lane::kBulk);
}

bool Replica::Impl::KnowsRulesAfter(const ledger::State& parent) {
  if (ledger::NextBlockEdition(parent) > config_.edition_known) is_outdated_ = true;
  return !is_outdated_;
}

std::shared_ptr<const ledger::State> Replica::Impl::StateOf(const Hash& digest) const {
  if (digest == view_.digest) return view_.state;
  const SharedExecution execution = executions_.Find(digest);
  return execution == nullptr ? nullptr : execution->state;
}

}  // namespace timebank::replica
