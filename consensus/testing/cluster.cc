#include "consensus/testing/cluster.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/sha256.h"

namespace timebank::consensus::testing {
namespace {

constexpr std::uint64_t kGenesisTime = 500'000;

std::vector<crypto::SecretKey> MakeKeys(std::size_t n) {
  std::vector<crypto::SecretKey> keys;
  for (std::size_t i = 0; i < n; ++i) {
    crypto::SecretKey::Seed seed;
    seed.data[0] = static_cast<std::byte>(i + 1);
    keys.emplace_back(seed);
  }
  std::sort(keys.begin(), keys.end(),
            [](const auto& a, const auto& b) { return a.public_key() < b.public_key(); });
  return keys;
}

chain::ValidatorSet MakeSet(const std::vector<crypto::SecretKey>& keys) {
  std::vector<crypto::PublicKey> publics;
  for (const auto& key : keys) publics.push_back(key.public_key());
  auto set = chain::ValidatorSet::From(std::move(publics));
  TB_CHECK(set.has_value());
  return *set;
}

Bytes VoteKey(const Vote& vote) { return EncodeRecord(MyVoteRecord{vote}); }

}  // namespace

Cluster::Cluster(const NetworkOptions& options)
    : link([](std::size_t, std::size_t, const Message&) { return true; }),
      options_(options),
      network_(Prng(options.seed).Fork("network")),
      chain_id_(crypto::Sha256(AsBytes("test chain"))),
      keys_(MakeKeys(options.n)),
      validators_(MakeSet(keys_)),
      nodes_(options.n) {
  for (std::size_t i = 0; i < options_.n; ++i) Start(i);
}

Cluster::~Cluster() = default;

void Cluster::Run(std::uint64_t ms) {
  static_cast<void>(RunUntil([] { return false; }, ms));
}

bool Cluster::RunUntil(const std::function<bool()>& done, std::uint64_t ms) {
  const std::uint64_t end = now_ + ms;
  while (!done()) {
    if (tasks_.empty() || tasks_.begin()->first.first > end) {
      now_ = end;
      return done();
    }
    auto task = tasks_.extract(tasks_.begin());
    now_ = std::max(now_, task.key().first);
    task.mapped()();
  }
  return true;
}

void Cluster::Schedule(std::uint64_t at, std::function<void()> task) {
  tasks_.emplace(std::pair(at, sequence_++), std::move(task));
}

void Cluster::Feed(std::size_t i, decltype(Event::what) what) {
  Node& node = nodes_[i];
  if (node.core == nullptr || node.halted) return;
  const Event event{{Millis(now_), Millis(now_)}, std::move(what)};
  trace_ = trace_ * 1'000'003 + now_ * 31 + i * 7 + event.what.index();
  const Snapshot before = node.core->snapshot();
  Output out = node.core->Step(event);
  std::optional<CrashPoint> crash;
  const auto plan = crash_plans_.find(i);
  if (plan != crash_plans_.end() && plan->second.when(out)) {
    crash = plan->second.point;
    crash_plans_.erase(plan);
  }
  // Nothing of such a step ever existed; of any other all records are durable.
  if (crash == CrashPoint::kBeforePersist) return Crash(i);
  Check(i, out, before);
  Perform(i, out, crash);
}

// The output contract, with the places where a crash may fall.
void Cluster::Perform(std::size_t i, const Output& out, std::optional<CrashPoint> crash) {
  Node& node = nodes_[i];
  for (const Record& record : out.persist) {
    node.log.emplace_back(TypeOf(record), EncodeRecord(record));
  }
  if (crash == CrashPoint::kBeforeSend) return Crash(i);
  const bool mid = crash == CrashPoint::kMidSend;
  SendAll(i, out, mid ? out.send.size() / 2 : out.send.size());
  if (mid || crash == CrashPoint::kBeforeCommit) return Crash(i);
  CommitAll(i, out);
  if (crash == CrashPoint::kAfterCommit) return Crash(i);
  node.halted = out.halt;
  node.evidence.insert(node.evidence.end(), out.evidence.begin(), out.evidence.end());
  node.disconnects.insert(node.disconnects.end(), out.disconnect.begin(), out.disconnect.end());
  for (const CheckBody& check : out.check) {
    const Block block = check.block;
    Schedule(now_, [this, i, block] {
      Node& me = nodes_[i];
      if (me.core == nullptr) return;
      const Hash& parent = block.header().parent;
      if (me.lost.contains(parent)) return Feed(i, StateLost{parent});
      ++me.checks;
      me.lost.erase(block.digest());
      Feed(i, BodyChecked{block.digest(), me.executor.Check(block)});
    });
  }
  if (out.build) {
    const BuildBlock ask = *out.build;
    Schedule(now_, [this, i, ask] {
      Node& me = nodes_[i];
      BlockBuilt built{ask.position, ask.parent, std::nullopt};
      if (me.core != nullptr && me.lost.contains(ask.parent)) {
        Feed(i, StateLost{ask.parent});
        return Feed(i, built);
      }
      std::vector<Tx> txs = me.executor.Pending(ask.parent);
      if (ask.without_transactions) txs.clear();
      if (!txs.empty() || ask.allow_empty || me.due) {
        const Millis time(std::max(now_, ask.parent_timestamp.value() + 1));
        built.block = MakeBlock({chain_id_, validators_, ReplicaIndex(static_cast<uint16_t>(i)),
                                 ask.parent, ask.height, time, txs});
        me.executor.NoteBuilt(*built.block);
      }
      Feed(i, built);
    });
  }
  if (out.wake_at && *out.wake_at != node.wake_at) {
    node.wake_at = *out.wake_at;
    const Millis at = node.wake_at;
    Schedule(std::max(at.value(), now_), [this, i, at] {
      if (nodes_[i].wake_at != at) return;
      nodes_[i].wake_at = Millis(0);
      Feed(i, Tick{});
    });
  }
}

void Cluster::SendAll(std::size_t i, const Output& out, std::size_t limit) {
  for (std::size_t m = 0; m < limit; ++m) {
    const Outbound& outbound = out.send[m];
    if (!std::holds_alternative<Status>(outbound.message)) ++nodes_[i].sent;
    for (std::size_t to = 0; to < options_.n; ++to) {
      if (to == i || (outbound.to && outbound.to->value() != to)) continue;
      Deliver(i, to, outbound.message);
    }
  }
  for (const ServeBlocks& serve : out.serve) {
    Deliver(i, serve.to.value(), Answer(i, serve.request));
  }
  for (const ServeBlock& serve : out.serve_by_digest) {
    Deliver(i, serve.to.value(), Answer(i, serve));
  }
}

void Cluster::Deliver(std::size_t from, std::size_t to, Message message) {
  const std::uint64_t delay = 1 + network_.Below(options_.delay_max_ms);
  if (to >= options_.n || !link(from, to, message)) return;
  if (network_.Chance(options_.loss_per_mille, 1000)) return;
  const PeerId peer(static_cast<std::uint32_t>(from));
  Schedule(now_ + delay, [this, to, peer, message = std::move(message)] {
    Feed(to, MessageReceived{peer, message});
  });
}

void Cluster::CommitAll(std::size_t i, const Output& out) {
  Node& node = nodes_[i];
  for (const CommittedBlock& block : out.commit) {
    const std::uint64_t height = block.block.header().height.value();
    if (height != node.chain.size() + 1) faults_.push_back("a commit that does not follow");
    node.chain.push_back(block);
    node.executor.Commit(block.block);
    node.lost.erase(block.block.digest());
  }
  if (!out.commit.empty()) Schedule(now_, [this, i] { PoolToCore(i); });
}

Blocks Cluster::Answer(std::size_t i, const FetchBlocks& request) const {
  Blocks reply;
  const auto& chain = nodes_[i].chain;
  std::size_t bytes = 0;
  for (std::uint64_t h = request.first.value();
       h >= 1 && h <= chain.size() && reply.blocks.size() < request.count; ++h) {
    const Block& block = chain[h - 1].block;
    bytes += block.body()->size();
    if (bytes > kReplyBytesMax && !reply.blocks.empty()) break;
    reply.blocks.emplace_back(block.header(), request.headers_only ? nullptr : block.body());
  }
  return reply;
}

Message Cluster::Answer(std::size_t i, const ServeBlock& request) const {
  for (const CommittedBlock& block : nodes_[i].chain) {
    if (block.block.digest() == request.digest) return Blocks{{block.block}};
  }
  if (request.otherwise) return CertificateMessage{*request.otherwise};
  return Blocks{};
}

void Cluster::Check(std::size_t i, const Output& out, const Snapshot& before) {
  std::uint64_t last = 0;
  for (const CommittedBlock& block : out.commit) {
    const Height height = block.block.header().height;
    if (last != 0 && height.value() != last + 1) faults_.push_back("commit heights have a gap");
    last = height.value();
    const Hash& agreed = agreed_.try_emplace(height, block.block.digest()).first->second;
    if (agreed != block.block.digest()) faults_.push_back("two final blocks at one height");
    if (chain::VerifyCertificate(block.finalization, chain_id_, validators_)) {
      faults_.push_back("a commit whose certificate does not verify");
    }
  }
  std::size_t order = 0;
  std::set<Bytes>& votes = durable_votes_[i];
  std::set<Hash>& bodies = durable_bodies_[i];
  for (const Record& record : out.persist) {
    if (record.index() < order) faults_.push_back("records out of order");
    order = record.index();
    if (const auto* body = std::get_if<BodyRecord>(&record)) bodies.insert(body->block.digest());
    const auto* mine = std::get_if<MyVoteRecord>(&record);
    if (mine == nullptr) continue;
    votes.insert(VoteKey(mine->vote));
    if (mine->vote.position.view <= before.floor.view) {
      faults_.push_back("a vote at or below the floor");
    }
    const chain::VotePosition& p = mine->vote.position;
    if (p.kind != chain::VoteKind::kNullify && !bodies.contains(p.digest)) {
      faults_.push_back("a vote for a body that is not durable");
    }
    CheckVote(i, mine->vote);
  }
  for (const Outbound& outbound : out.send) {
    const auto* vote = std::get_if<Vote>(&outbound.message);
    // Another's is told back to the validator that cast it.
    const bool mine = vote != nullptr && vote->signer.value() == i;
    if (mine && !votes.contains(VoteKey(*vote))) {
      faults_.push_back("a vote sent that is not durable");
    }
  }
}

// I1 and I2 over the life of a validator, restarts included.
void Cluster::CheckVote(std::size_t i, const Vote& vote) {
  auto& mine = cast_[{i, vote.position.view}];
  const auto [at, fresh] = mine.try_emplace(vote.position.kind, vote.position);
  if (!fresh && at->second != vote.position) faults_.push_back("I1: two votes of a kind in a view");
  if (mine.contains(chain::VoteKind::kNullify) && mine.contains(chain::VoteKind::kFinalize)) {
    faults_.push_back("I2: nullified and finalized");
  }
}

void Cluster::Start(std::size_t i) {
  Node& node = nodes_[i];
  node.signer = std::make_unique<LocalSigner>(keys_[i], chain_id_);
  node.executor.Forget();
  node.lost.clear();
  node.wake_at = Millis(0);
  Recovered recovered;
  recovered.floor = {chain_id_, Height(0), Millis(kGenesisTime), std::nullopt, Epoch(0), chain_id_};
  if (node.chain.size() > options_.storage_lag_blocks) {
    node.chain.resize(node.chain.size() - options_.storage_lag_blocks);
    const CommittedBlock& last = node.chain.back();
    const chain::Header& header = last.block.header();
    recovered.floor = {last.block.digest(), header.height, header.timestamp_ms,
                       last.finalization,   header.epoch,  chain_id_};
  } else {
    node.chain.clear();
  }
  for (const auto& [type, payload] : node.log) {
    auto record = DecodeRecord(type, payload);
    TB_CHECK(record.has_value());
    if (const auto* mine = std::get_if<MyVoteRecord>(&*record)) {
      if (!node.signer->Remember(mine->vote.position)) faults_.push_back("log contradicts itself");
    }
    recovered.records.push_back(std::move(*record));
  }
  node.core = std::make_unique<Core>(ConfigOf(i), recovered);
  Feed(i, Started{});
  PoolToCore(i);
}

void Cluster::Restart(std::size_t i) {
  Start(i);
  for (std::size_t other = 0; other < options_.n; ++other) {
    if (other == i) continue;
    Feed(i, PeerConnected{PeerId(static_cast<std::uint32_t>(other))});
    Feed(other, PeerConnected{PeerId(static_cast<std::uint32_t>(i))});
  }
}

Config Cluster::ConfigOf(std::size_t i) const {
  return Config{.chain_id = chain_id_,
                .era = chain::Era(0),
                .validators = validators_,
                .own = ReplicaIndex(static_cast<std::uint16_t>(i)),
                .signer = nodes_[i].signer.get()};
}

void Cluster::PoolToCore(std::size_t i) { Feed(i, PoolChanged{nodes_[i].executor.HasValid()}); }

void Cluster::Submit(Tx tx, const std::vector<std::size_t>& to) {
  for (std::size_t i = 0; i < options_.n; ++i) {
    if (!to.empty() && std::find(to.begin(), to.end(), i) == to.end()) continue;
    nodes_[i].executor.Admit(tx);
    PoolToCore(i);
  }
}

void Cluster::SetDue(std::size_t i, bool due) {
  nodes_[i].due = due;
  Feed(i, DueWork{due});
}

bool Cluster::AllHave(Tx tx) const {
  return std::all_of(nodes_.begin(), nodes_.end(), [tx](const Node& node) {
    if (node.core == nullptr) return true;
    return std::any_of(node.chain.begin(), node.chain.end(), [tx](const CommittedBlock& block) {
      const std::vector<Tx> txs = DecodeBody(*block.block.body());
      return std::find(txs.begin(), txs.end(), tx) != txs.end();
    });
  });
}

void Cluster::CrashWhen(std::size_t i, CrashPoint point, std::function<bool(const Output&)> when) {
  crash_plans_[i] = {point, std::move(when)};
}

std::size_t Cluster::LeaderAt(std::uint64_t view) const {
  return LeaderOf(LeaderOffset(chain_id_, options_.n), View(view), options_.n).value();
}

std::vector<std::size_t> Cluster::MakePuppetsBut(std::size_t me) {
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (i == me) continue;
    MakePuppet(i);
    others.push_back(i);
  }
  return others;
}

crypto::Signature Cluster::SignAs(std::size_t i, const chain::VotePosition& p) const {
  return keys_[i].Sign(chain::VoteBytes(chain_id_, p));
}

Vote Cluster::VoteOf(std::size_t i, const chain::VotePosition& p) const {
  return {p, ReplicaIndex(static_cast<std::uint16_t>(i)), SignAs(i, p)};
}

chain::Certificate Cluster::CertificateOf(const std::vector<std::size_t>& signers,
                                          const chain::VotePosition& p) const {
  chain::Certificate certificate;
  certificate.position = p;
  certificate.validator_count = static_cast<std::uint8_t>(options_.n);
  for (std::size_t i : signers) {
    certificate.votes.push_back({ReplicaIndex(static_cast<std::uint16_t>(i)), SignAs(i, p)});
  }
  return certificate;
}

Proposal Cluster::ProposalBy(std::size_t from, std::uint64_t view, const Block& block) const {
  Proposal proposal;
  proposal.position = Position{Epoch(0), View(view)};
  proposal.block = block;
  proposal.signature =
      SignAs(from, {chain::VoteKind::kNotarize, Epoch(0), View(view), View(0), block.digest()});
  return proposal;
}

Block Cluster::BlockOnGenesis(std::size_t proposer, const std::vector<Tx>& txs) const {
  return MakeBlock({chain_id_, validators_, ReplicaIndex(static_cast<std::uint16_t>(proposer)),
                    chain_id_, Height(1), Millis(now_), txs});
}

}  // namespace timebank::consensus::testing
