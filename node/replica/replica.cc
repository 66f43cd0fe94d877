#include "node/replica/replica.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/check.h"
#include "chain/evidence.h"
#include "ledger/evidence.h"
#include "ledger/state.h"
#include "node/replica/receipts.h"
#include "node/replica/replica_impl.h"

namespace timebank::replica {
namespace {

// A pool that no final block empties is judged again so often: what expires in it must not keep an
// idle network turning views.
constexpr std::uint64_t kJudgeAgainMs = 2'000;

// Moves `from` behind `to`.
template <typename T>
void Append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// Replies with bodies or many certificates must not delay votes.
Lane LaneOf(const consensus::Message& message) {
  const bool bulk = std::holds_alternative<consensus::Blocks>(message) ||
                    std::holds_alternative<consensus::EpochChain>(message);
  return bulk ? Lane::kBulk : Lane::kConsensus;
}

std::string_view Describe(consensus::DivergenceReason reason) {
  switch (reason) {
    case consensus::DivergenceReason::kInvalidNotarized:
      return "a quorum stands behind a block that execution here refuses";
    case consensus::DivergenceReason::kConflictingQuorums:
      return "two certificates that cannot both exist with at most f faulty validators";
    case consensus::DivergenceReason::kConflictingFinality:
      return "two final blocks at one height";
  }
  return "unknown";
}

}  // namespace

void Replica::Impl::Step(std::span<const Event> events) {
  for (const Event& event : events) {
    if (stopped()) return;
    now_ = event.now;
    std::visit([this](const auto& what) { Take(what); }, event.what);
    TellDueWork();
  }
  const std::uint64_t unjudged_ms = now_.steady_ms.value() - judged_at_.value();
  if (PoolSize() > 0 && unjudged_ms >= kJudgeAgainMs) JudgePool();
  TellPool();
  Settle();
  if (stopped()) return;
  LetGoOfDeparted();
  admission_.AskVerifier(context());
  admission_.Flood(now_.steady_ms);
  FloodEvidence();
  ports_.storage.MaybeSync(now_.steady_ms);
  ScheduleWake();
}

// Persist, then send, then commit (CONSENSUS 8). What the core said in answer to several events is
// carried out as one: one synced write, and nothing leaves before it is through. Checking, building
// and committing may ask the core again; that goes round until nothing follows.
void Replica::Impl::Settle() {
  while (std::exchange(stepped_, false) && !stopped()) {
    consensus::Output output = std::exchange(batch_, {});
    Persist(std::move(output.persist));
    Send(output);
    Commit(output.commit);
    if (output.halt && !halted_) halted_ = std::move(output.halt);
    if (stopped()) return;
    Follow(output);
    TellPool();
    TellDueWork();
  }
}

// In a batch: bodies, certificates, EpochStart, then votes, which is the order of the variant.
void Replica::Impl::Persist(std::vector<consensus::Record> records) {
  if (records.empty()) return;
  std::stable_sort(records.begin(), records.end(),
                   [](const auto& a, const auto& b) { return a.index() < b.index(); });
  const bool sync = std::any_of(records.begin(), records.end(), [](const auto& record) {
    return !std::holds_alternative<consensus::FirstSeenRecord>(record);
  });
  ports_.storage.Append(records, sync);
}

void Replica::Impl::Send(const consensus::Output& output) {
  for (const consensus::Outbound& outbound : output.send) {
    const auto bytes = std::make_shared<const std::string>(EncodePeerMessage(outbound.message));
    const Lane lane = LaneOf(outbound.message);
    if (outbound.to) {
      const PeerKey* to = peers_.KeyOf(*outbound.to);
      if (to != nullptr) ports_.transport.Send(*to, bytes, lane);
    } else {
      ports_.transport.Broadcast(bytes, lane);
    }
  }
  for (const consensus::ServeBlocks& serve : output.serve) Serve(serve);
  for (const consensus::ServeBlock& serve : output.serve_by_digest) Serve(serve);
  for (const consensus::ServeEpochs& serve : output.serve_epochs) Serve(serve);
  for (const consensus::Disconnect& disconnect : output.disconnect) {
    const PeerKey* peer = peers_.KeyOf(disconnect.peer);
    if (peer != nullptr) ports_.transport.Disconnect(*peer, disconnect.reason);
  }
}

void Replica::Impl::Follow(consensus::Output& output) {
  for (const chain::Evidence& evidence : output.evidence) {
    const std::string bytes = chain::EncodeEvidence(evidence);
    static_cast<void>(evidence_.Add(bytes, *view_.state, now_.steady_ms));
  }
  for (const consensus::CheckBody& check : output.check) Check(check);
  if (output.build) Build(*output.build);
}

void Replica::Impl::ToCore(decltype(consensus::Event::what) what) {
  Collect(core_.Step({now_, std::move(what)}));
}

void Replica::Impl::Collect(consensus::Output output) {
  stepped_ = true;
  Append(batch_.persist, output.persist);
  Append(batch_.send, output.send);
  Append(batch_.serve, output.serve);
  Append(batch_.serve_by_digest, output.serve_by_digest);
  Append(batch_.serve_epochs, output.serve_epochs);
  Append(batch_.commit, output.commit);
  Append(batch_.check, output.check);
  Append(batch_.evidence, output.evidence);
  Append(batch_.disconnect, output.disconnect);
  if (output.build) batch_.build = std::move(output.build);
  if (output.halt && !batch_.halt) batch_.halt = std::move(output.halt);
  core_wake_at_ = output.wake_at;
}

void Replica::Impl::Take(const Started&) { ToCore(consensus::Started{}); }

void Replica::Impl::Take(const PeerConnected& event) {
  ToCore(consensus::PeerConnected{peers_.IdOf(event.peer)});
}

// What comes in the same batch from a peer that is cut off already is not worth a signature check.
void Replica::Impl::Take(const PeerMessageReceived& event) {
  const consensus::PeerId from = peers_.IdOf(event.from);
  const bool is_cut = std::any_of(batch_.disconnect.begin(), batch_.disconnect.end(),
                                  [&](const auto& cut) { return cut.peer == from; });
  if (is_cut) return;
  if (const auto* gossip = std::get_if<GossipMessage>(&event.message)) {
    // Judged against an old state, most of it would be refused, and every signature be checked: it
    // is flooded again.
    if (core_.snapshot().catching_up) return;
    admission_.Receive(event.from, *gossip, context());
    Receive(event.from, gossip->evidence);
  } else {
    ToCore(consensus::MessageReceived{from, std::get<consensus::Message>(event.message)});
  }
}

// Flooded by its sender already. A proof that proves nothing cuts the peer off: a correct one
// floods only what it has checked.
void Replica::Impl::Receive(const PeerKey& from, const std::vector<std::string>& evidence) {
  const Millis flood_at(now_.steady_ms.value() + kFloodAgainMs);
  for (const std::string& item : evidence) {
    if (evidence_.Add(item, *view_.state, flood_at) == EvidencePool::Added::kBad) {
      return ports_.transport.Disconnect(from, consensus::Misbehaviour::kBadEvidence);
    }
  }
}

void Replica::Impl::FloodEvidence() {
  auto due = evidence_.TakeFlood(now_.steady_ms, kGossipEvidenceMax);
  if (due.empty()) return;
  ports_.transport.Broadcast(
      std::make_shared<const std::string>(EncodeGossip({{}, std::move(due)})), Lane::kBulk);
}

void Replica::Impl::Take(const Submitted& event) {
  admission_.Submit(event.ticket, event.transaction, context());
}

void Replica::Impl::Take(const SignaturesVerified& event) {
  const auto transactions = desk_.Take(event.ticket, event.verdicts);
  const auto check = check_tickets_.find(event.ticket);
  if (check == check_tickets_.end()) {
    admission_.Resolve(transactions, event.verdicts, context());
    return;
  }
  const Hash digest = check->second;
  check_tickets_.erase(check);
  FinishCheck(digest, std::all_of(event.verdicts.begin(), event.verdicts.end(),
                                  [](v1::Reason r) { return r == v1::REASON_UNSPECIFIED; }));
}

void Replica::Impl::Take(const Tick&) { ToCore(consensus::Tick{}); }

void Replica::Impl::JudgePool() {
  admission_.JudgeAgain(context());
  evidence_.JudgeAgain(*view_.state);
  judged_ = true;
  judged_at_ = now_.steady_ms;
}

// Whenever the pool gained a transaction or evidence, was judged again or ran empty.
void Replica::Impl::TellPool() {
  const std::size_t size = PoolSize();
  const bool news = std::exchange(judged_, false) || size > pool_size_told_;
  pool_size_told_ = size;
  if (pool_told_ == (size > 0) && !(news && pool_told_)) return;
  pool_told_ = size > 0;
  ToCore(consensus::PoolChanged{pool_told_});
}

void Replica::Impl::TellDueWork() {
  const auto next = view_.state->next_due();
  const bool due = next && *next <= now_.ledger_ms;
  if (due == due_told_) return;
  due_told_ = due;
  ToCore(consensus::DueWork{due});
}

// The earliest of: the core's timers, the next flood or judging of the pool, the next due item.
void Replica::Impl::ScheduleWake() {
  wake_at_ = core_wake_at_;
  const auto consider = [this](Millis at) { wake_at_ = wake_at_ ? std::min(*wake_at_, at) : at; };
  if (const auto flood = admission_.pool().next_flood()) consider(*flood);
  if (const auto flood = evidence_.next_flood()) consider(*flood);
  if (PoolSize() > 0) consider(Millis(judged_at_.value() + kJudgeAgainMs));
  const auto due = view_.state->next_due();
  if (due && *due > now_.ledger_ms) {
    const std::uint64_t wait_ms = due->value() - now_.ledger_ms.value();
    consider(Millis(now_.steady_ms.value() + wait_ms));
  }
}

// Of this epoch and the one before.
std::size_t Replica::Impl::EvidenceRecorded() const {
  std::size_t recorded = 0;
  const Epoch now(view_.state->chain().epoch());
  for (const std::uint64_t back : {0U, 1U}) {
    if (back > now.value()) break;
    const auto record = ledger::EvidenceOf(*view_.state, Epoch(now.value() - back));
    if (record) recorded += static_cast<std::size_t>(record->items_size());
  }
  return recorded;
}

Status Replica::Impl::status() const {
  Status status;
  status.consensus = core_.snapshot();
  status.pool_transactions = admission_.pool().size();
  status.pool_bytes = admission_.pool().bytes();
  status.next_due_ms = view_.state->next_due();
  status.evidence_pending = evidence_.size();
  status.evidence_recorded = EvidenceRecorded();
  status.edition = ledger::NextBlockEdition(*view_.state);
  status.edition_to_come = ledger::EditionToCome(*view_.state);
  status.is_outdated = is_outdated_;
  return status;
}

std::optional<std::string> Replica::Impl::FindReceipt(const Hash& id,
                                                      std::span<const std::uint32_t> shown) const {
  return replica::FindReceipt({ports_.storage, log_, view_.epochs.get()}, id, shown);
}

std::string DumpText(const consensus::Divergence& divergence) {
  std::string text = "divergence: ";
  text += Describe(divergence.reason);
  text += "\nepoch " + std::to_string(divergence.position.epoch.value()) + " view " +
          std::to_string(divergence.position.view.value());
  text += "\nblock " + ToHex(divergence.digest.view());
  if (divergence.block) {
    const chain::Header& header = divergence.block->header();
    text += "\nheight " + std::to_string(header.height.value());
    text += "\nparent " + ToHex(header.parent.view());
    text += "\nstate_root " + ToHex(header.state_root.view());
    text += "\nlog_root " + ToHex(header.log_root.view());
    text += "\nheader " + ToHex(header.Encode());
    if (divergence.block->body() != nullptr) text += "\nbody " + ToHex(*divergence.block->body());
  }
  return text + "\n";
}

Replica::Replica(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replica::~Replica() = default;
void Replica::Step(std::span<const Event> events) { impl_->Step(events); }
std::optional<Millis> Replica::wake_at() const { return impl_->wake_at(); }
const FinalView& Replica::final_view() const { return impl_->final_view(); }
Status Replica::status() const { return impl_->status(); }
const std::optional<consensus::Divergence>& Replica::halted() const { return impl_->halted(); }
std::optional<std::string> Replica::FindReceipt(const Hash& id,
                                                std::span<const std::uint32_t> lines) const {
  return impl_->FindReceipt(id, lines);
}

}  // namespace timebank::replica
