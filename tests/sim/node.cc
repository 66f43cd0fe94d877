#include "tests/sim/node.h"

#include <cstdio>
#include <utility>

#include "base/check.h"
#include "chain/genesis.h"
#include "crypto/sha256.h"
#include "ledger/signatures.h"
#include "ledger/state.h"
#include "tests/sim/community.h"

namespace timebank::sim {
namespace {

constexpr std::uint64_t kVerifyMsMax = 3;

}  // namespace

Node::Node(World& world, Prng prng, NodeOptions options, NodeHooks hooks)
    : world_(world),
      prng_(prng.Fork("node")),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      chain_id_(crypto::Sha256(AsBytes(options_.genesis))),
      public_key_(options_.key.public_key()),
      disk_(
          prng.Fork("disk"), [this] { return Operate(); }, hooks_.fail) {
  disk_.SetLie(options_.lie);
  disk_.SetFired([this](std::string_view what) { world_.Fired(what); });
}

Node::~Node() = default;

void Node::Start() {
  TB_CHECK(!alive());
  ++starts_;
  dead_ = false;
  operations_left_.reset();
  tick_at_.reset();
  disk_.Reopen();
  signer_ = std::make_unique<consensus::LocalSigner>(options_.key, chain_id_);
  replica::Config config;
  config.genesis = options_.genesis;
  config.recovery = options_.recovery;
  config.signer = signer_.get();
  config.delay_ms = options_.delay_ms;
  config.block_transactions = options_.block_transactions;
  config.watch_own_key = options_.watch_own_key;
  auto opened = replica::Replica::Open(config, {disk_, *this, *this, *this});
  if (!opened) std::fprintf(stderr, "%s\n", std::string(Describe(opened.error())).c_str());
  TB_CHECK(opened.has_value());
  replica_ = std::move(*opened);
  world_.Note("start", options_.index);
  Push(replica::Started{});
}

void Node::Crash() {
  if (!alive()) return;
  world_.Note("crash", options_.index);
  dead_ = true;
  replica_.reset();
  signer_.reset();
  inbox_.clear();
  peers_.clear();
  disk_.Crash();
}

void Node::FillDisk() {
  disk_.SetFull([this] { dead_ = true; });
}

void Node::Deliver(NodeIndex from, const replica::SharedMessage& message) {
  if (!alive()) return;
  auto decoded = replica::DecodePeerMessage(AsBytes(*message), chain_id_);
  if (!decoded) {
    hooks_.disconnect(from);
    return;
  }
  Push(replica::PeerMessageReceived{PeerKeyOf(from), std::move(*decoded)});
}

void Node::Connected(NodeIndex peer) {
  if (alive()) Push(replica::PeerConnected{PeerKeyOf(peer)});
}

void Node::Submit(std::uint64_t ticket, const replica::SharedTransaction& transaction) {
  if (alive()) Push(replica::Submitted{ticket, transaction});
}

void Node::Send(const replica::PeerKey& to, const replica::SharedMessage& message, replica::Lane) {
  if (!Operate()) return;
  CheckPersisted(message);
  hooks_.send(NodeOf(to), message);
}

void Node::Broadcast(const replica::SharedMessage& message, replica::Lane) {
  if (!Operate()) return;
  CheckPersisted(message);
  hooks_.send(std::nullopt, message);
}

void Node::Disconnect(const replica::PeerKey& peer, consensus::Misbehaviour) {
  if (Operate()) hooks_.disconnect(NodeOf(peer));
}

void Node::SetPeers(const std::vector<replica::Peer>& peers) {
  if (dead_) return;
  const std::set<NodeIndex> before = std::exchange(peers_, {});
  for (const replica::Peer& peer : peers) peers_.insert(NodeOf(peer.key));
  for (const NodeIndex peer : peers_) {
    // At the start they are linked by who starts the node.
    if (replica_ == nullptr || before.contains(peer)) continue;
    world_.After(1, [this, peer] { hooks_.linked(peer); });
  }
}

std::optional<ReplicaIndex> Node::PlaceIn(Epoch epoch) const {
  const auto set = replica_->final_view().state->Find<v1::ValidatorSetRecord>(epoch);
  if (!set) return std::nullopt;
  return chain::ValidatorsOf(set->validators())->IndexOf(public_key_);
}

// A vote never leaves before it is on disk, nor a Notarize or Finalize before the body is (P4).
void Node::CheckPersisted(const replica::SharedMessage& message) {
  const auto decoded = replica::DecodePeerMessage(AsBytes(*message), chain_id_);
  if (!decoded) return hooks_.fail("a node sent what does not decode");
  const auto* sent = std::get_if<consensus::Message>(&*decoded);
  if (sent == nullptr) return;
  chain::VotePosition position;
  if (const auto* vote = std::get_if<consensus::Vote>(sent)) {
    // One told back to the validator that cast it is not mine.
    if (vote->signer != PlaceIn(vote->position.epoch)) return;
    position = vote->position;
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(sent)) {
    position = {chain::VoteKind::kNotarize, proposal->position.epoch, proposal->position.view,
                proposal->parent_view, proposal->block.digest()};
  } else {
    return;
  }
  hooks_.cast(position);
  ++seen_on_disk_;
  if (!disk_.HasSynced(position)) hooks_.fail("a vote was sent before it was synced");
  if (position.kind != chain::VoteKind::kNullify && !disk_.HasSyncedBody(position.digest)) {
    hooks_.fail("a vote was sent before the body was synced");
  }
}

// Real signatures, checked at once; the answer comes a little later, as from other threads.
void Node::Verify(replica::VerifyJob job) {
  if (dead_) return;
  replica::SignaturesVerified answer{job.ticket, {}};
  for (const replica::SharedTransaction& transaction : job.transactions) {
    answer.verdicts.push_back(ledger::CheckSignatures(*job.state, transaction->transaction));
  }
  world_.After(prng_.Below(kVerifyMsMax + 1),
               [this, process = starts_, answer = std::move(answer)]() mutable {
                 if (alive() && process == starts_) Push(std::move(answer));
               });
}

void Node::Answer(std::uint64_t ticket, const replica::SubmitAnswer& answer) {
  if (!dead_) hooks_.answer(ticket, answer);
}

void Node::Dropped(const replica::SubmitAnswer& answer) {
  if (!dead_) hooks_.dropped(answer);
}

// No client hears of a block before it and its Finalization are on disk (P4).
void Node::Final(const replica::FinalBlock& block) {
  if (dead_) return;
  ++seen_on_disk_;
  if (!disk_.HasSyncedBody(block.block.block.digest()) ||
      !disk_.HasSyncedFinalization(block.block.finalization.position.digest)) {
    hooks_.fail("clients were told of a block before it was synced");
  }
  hooks_.final(block);
}

bool Node::Operate() {
  if (operations_left_ && (*operations_left_)-- == 0) {
    world_.Fired("crash");
    operations_left_.reset();
    dead_ = true;
  }
  return !dead_;
}

// Events of one moment are taken in one step, as from a real inbox.
void Node::Push(decltype(replica::Event::what) what) {
  inbox_.push_back({Now(), std::move(what)});
  if (std::exchange(step_scheduled_, true)) return;
  world_.At(std::max(world_.now(), busy_until_), [this] { RunStep(); });
}

void Node::RunStep() {
  if (world_.now() < busy_until_) {
    world_.At(busy_until_, [this] { RunStep(); });
    return;
  }
  step_scheduled_ = false;
  if (!alive() || inbox_.empty()) return;
  auto events = std::exchange(inbox_, {});
  // Time is what it is when the process looks, not when the event came.
  for (replica::Event& event : events) event.now = Now();
  const std::uint64_t writes_before = disk_.writes();
  replica_->Step(events);
  if (write_ms_ > 0 && disk_.writes() > writes_before) {
    world_.Fired("slow-disk");
    PauseUntil(Millis(world_.now().value() + write_ms_));
  }
  if (dead_) return Crash();
  if (replica_->halted()) {
    hooks_.halted(*replica_->halted());
    return Crash();
  }
  Schedule();
}

void Node::Schedule() {
  const auto wake = replica_->wake_at();
  if (!wake) return;
  const Millis at = std::max(*wake, world_.now().Next());
  if (tick_at_ && *tick_at_ > world_.now() && *tick_at_ <= at) return;
  tick_at_ = at;
  world_.At(at, [this, at, process = starts_] {
    if (!alive() || process != starts_ || tick_at_ != at) return;
    tick_at_.reset();
    Push(replica::Tick{});
  });
}

consensus::Now Node::Now() const {
  const std::uint64_t now = world_.now().value();
  const std::uint64_t since = clock_.since.value();
  std::uint64_t ledger = (clock_.frozen ? since : now) + options_.ledger_offset_ms;
  ledger += (now - since) * clock_.fast_per_mille / 1000;
  return {world_.now(), Millis(ledger + static_cast<std::uint64_t>(clock_.shift_ms))};
}

}  // namespace timebank::sim
