#include "node/node.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "consensus/limits.h"
#include "consensus/signer.h"
#include "crypto/self_test.h"
#include "ledger/signatures.h"
#include "node/checkpoint.h"
#include "node/identity.h"
#include "node/metrics_server.h"
#include "node/recovery.h"
#include "node/restored_mark.h"
#include "node/rpc/backend.h"
#include "node/rpc/client_server.h"
#include "node/rpc/peer_requests.h"
#include "node/rpc/rate_limit.h"
#include "node/rpc/storage_index.h"
#include "node/rpc/timed_storage.h"
#include "node/rpc/verify_pool.h"
#include "node/storage/advice.h"
#include "node/storage/node_storage.h"
#include "platform/disk.h"
#include "platform/file.h"

namespace timebank::node {

namespace {

constexpr std::uint32_t kGraceMs = 5000;
constexpr std::size_t kHealedAtOnce = 16;       // damaged blocks asked of peers a second
constexpr std::uint64_t kSameStartMs = 60'000;  // validators that begin a ledger together
constexpr char kNewer[] = "Install a newer release and start it: the data stay as they are";
constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kStartBytesMin = 3 * std::uint64_t{storage::kSegmentBytes};

Unexpected<StartFailure> Fail(Exit exit, std::string text) {
  return Unexpected{StartFailure{exit, std::move(text)}};
}

std::size_t ThreadsFor(std::uint32_t configured) {
  return configured != 0 ? configured : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

// Members in the order in which they come to life; they end in the reverse order, after Drain has
// stopped every thread.
class Node::Impl {
 public:
  Impl(Config config, const Release& release, Identity identity)
      : config_(std::move(config)),
        identity_(std::move(identity)),
        signer_(identity_.key, identity_.genesis.chain_id),
        inbox_({.clients = config_.limits.inbox}),
        desk_(&metrics_),
        verifier_(
            ThreadsFor(config_.verify_threads),
            [](const ledger::State& state, const replica::SignedTransaction& transaction) {
              return ledger::CheckSignatures(state, transaction.transaction);
            },
            &metrics_),
        limit_(config_.limits.requests_per_second),
        backend_{.name = config_.name,
                 .version = release.version,
                 .edition_known = release.edition_known,
                 .genesis_bytes = identity_.genesis_bytes,
                 .genesis = identity_.genesis,
                 .chain_id = identity_.genesis.chain_id,
                 .key = identity_.key,
                 .inbox = &inbox_,
                 .desk = &desk_,
                 .metrics = &metrics_,
                 .limit = &limit_} {
    verifier_.SetAnswer(
        [this](replica::SignaturesVerified answer) { inbox_.PutOwn(std::move(answer)); });
  }

  Expected<bool, StartFailure> Start() {
    if (auto sound = RefuseAfterHalt(); !sound) return sound;
    if (auto opened = OpenStorage(); !opened) return opened;
    if (auto recovered = Recover(); !recovered) return recovered;
    return Serve();
  }

  void Housekeep() {
    const bool low = platform::IsDiskLow(config_.data_dir, config_.disk_low_mb * kMebibyte);
    if (low != backend_.disk_low.exchange(low)) {
      if (low) {
        spdlog::warn(
            "less than {} MiB free below {}: no new transactions are accepted until there "
            "is more; voting goes on",
            config_.disk_low_mb, config_.data_dir);
      } else {
        spdlog::info("enough disk is free again: transactions are accepted");
      }
    }
    WatchClocks();
    WatchEdition();
    AnswerBackupRequest(config_.data_dir, *storage_, inbox_);
    storage_->Scrub({});
    AskForDamagedBlocks();
    WarnOfAnEarlierLife();
  }

  void Drain() {
    if (ended() == Exit::kOutdated) {
      spdlog::critical("stopped before block {}: {}. {}",
                       loop_->published()->final.header.height.value() + 1,
                       replica::Describe(replica::RecoveryFault::kEditionUnknown), kNewer);
    }
    if (server_) spdlog::info("draining: no new transactions are accepted");
    backend_.draining = true;
    if (server_) {
      server_->SetServing(false);
      server_->Stop(kGraceMs);
    }
    if (metrics_server_) metrics_server_->Stop();
    if (peers_) peers_->Stop();
    verifier_.Stop();
    if (loop_) loop_->Stop();
    desk_.Stop();
    // What was refused stays as it was found: Close would mark it as sound.
    if (!recovered_) return;
    const auto closed = storage_->Close();
    if (closed) {
      spdlog::info("stopped; everything is on disk");
    } else {
      spdlog::error("{}", closed.error());
    }
  }

  [[nodiscard]] std::optional<Exit> ended() const {
    if (halted_) return Exit::kHalted;
    if (!loop_) return std::nullopt;
    return loop_->published()->status.is_outdated ? std::optional(Exit::kOutdated) : std::nullopt;
  }

 private:
  [[nodiscard]] std::string DivergencePath() const { return config_.data_dir + "/divergence.txt"; }

  // A node that halted must not vote again because somebody, or a supervisor, started it again.
  Expected<bool, StartFailure> RefuseAfterHalt() {
    if (!platform::FileExists(DivergencePath())) return true;
    return Fail(Exit::kHalted,
                DivergencePath() +
                    " is there: this node halted because it and a quorum disagree. Keep the file "
                    "and the data directory, tell the other operators and the maintainers. Move "
                    "the file away only when they have found the cause and say so");
  }

  // Whether these data come from a backup, and may vote with this key (restored_mark.h).
  [[nodiscard]] Expected<bool, StartFailure> ReadMark() {
    const auto mark = ReadRestoredMark(config_.data_dir);
    if (!mark) return Fail(Exit::kStorage, mark.error());
    if (mark->empty()) return true;
    if (!storage::HasStarted(config_.data_dir)) {
      return Fail(Exit::kStorage, config_.data_dir +
                                      " is of a restore that was cut short; run `timebank-node "
                                      "backup restore` again");
    }
    backend_.restored = std::ranges::find(*mark, identity_.key.public_key()) != mark->end();
    if (backend_.restored) {
      spdlog::warn(
          "the data in {} were restored from a backup: this node follows the others and does not "
          "vote with this key, for it cannot know what it voted since. With a new key it will; see "
          "'A validator that lost its data' in the runbook",
          config_.data_dir);
    }
    return true;
  }

  // Said before anything is touched: a start writes the last segment of the log anew and makes the
  // next one, and a database that finds no space while it opens may take the process with it.
  [[nodiscard]] Expected<bool, StartFailure> RequireRoom() const {
    const auto space = platform::SpaceOf(config_.data_dir);
    if (!space) return Fail(Exit::kStorage, space.error());
    if (space->free_bytes >= kStartBytesMin) return true;
    return Fail(Exit::kStorage, "fewer than " + std::to_string(kStartBytesMin / kMebibyte) +
                                    " MiB are free below " + config_.data_dir +
                                    ". The data itself is not the trouble. The disk is full: give "
                                    "it space and start again");
  }

  Expected<bool, StartFailure> OpenStorage() {
    if (auto made = platform::CreateDirectories(config_.data_dir, 0700); !made) {
      return Fail(Exit::kStorage, made.error());
    }
    if (auto room = RequireRoom(); !room) return room;
    if (auto marked = ReadMark(); !marked) return marked;
    storage::NodeStorageOptions options;
    options.chain_id = identity_.genesis.chain_id;
    options.report = [](const std::string& text) { spdlog::error("{}", text); };
    auto opened = storage::NodeStorage::Open(config_.data_dir, std::move(options));
    if (!opened) return Fail(Exit::kStorage, opened.error());
    storage_ = std::move(*opened);
    timed_storage_ = std::make_unique<rpc::TimedStorage>(storage_.get(), &metrics_);
    index_ = std::make_unique<rpc::StorageIndex>(storage_.get());
    auto clock = rpc::NodeClock::Open(config_.data_dir, identity_.genesis.message.development(),
                                      config_.clock_offset_ms);
    if (!clock) return Fail(Exit::kStorage, clock.error());
    clock_ = std::move(*clock);
    return true;
  }

  Expected<bool, StartFailure> Recover() {
    peers_ = std::make_unique<rpc::PeerLinks>(
        rpc::PeerLinksConfig{.chain_id = identity_.genesis.chain_id,
                             .listen = config_.peer_listen,
                             .identity = identity_.tls,
                             .addresses = identity_.addresses,
                             .seeds = identity_.seeds,
                             .ledger_now = [this] { return clock_->LedgerNow(); },
                             .memory_bytes = config_.limits.memory_mb * kMebibyte},
        &inbox_, &metrics_);
    peers_->SetBlockTap([this](const replica::PeerKey& peer, const consensus::Blocks& blocks) {
      HealFrom(peer, blocks);
    });
    auto recovery = ReadRecovery(config_.data_dir, identity_.genesis);
    if (!recovery) return Unexpected{recovery.error()};
    replica::Config replica_config;
    replica_config.recovery = std::move(*recovery);
    replica_config.genesis = identity_.genesis_bytes;
    replica_config.signer = &signer_;
    replica_config.votes = !backend_.restored;
    replica_config.delay_ms = config_.delay_ms;
    replica_config.edition_known = backend_.edition_known;
    replica_config.pool.transactions = config_.limits.pool_transactions;
    // No clerk or approver fills the pool alone, but one stream of bulk fits (kStreamInFlightMax).
    replica_config.pool.per_member =
        std::max<std::size_t>(2000, config_.limits.pool_transactions / 4);
    auto replica = replica::Replica::Open(replica_config, {.storage = *timed_storage_,
                                                           .transport = *peers_,
                                                           .verifier = verifier_,
                                                           .clients = desk_});
    if (!replica) return CannotRecover(replica.error());
    backend_.chain_id = (*replica)->final_view().state->chain_id();
    peers_->UseChain(backend_.chain_id);
    loop_ =
        std::make_unique<rpc::ReplicaLoop>(std::move(*replica), &inbox_, clock_.get(), &metrics_,
                                           [this](const std::string& dump) { Halt(dump); });
    loop_->Recover();
    recovered_ = true;
    const auto now = loop_->published();
    desk_.Begin(now->final.header.height);
    if (now->final.header.height == Height(0)) empty_since_ = clock_->LedgerNow();
    spdlog::info("chain {}: recovered at height {}, state root {}",
                 ToHex(backend_.chain_id.view().first(8)), now->final.header.height.value(),
                 ToHex(now->final.header.state_root.view()));
    return true;
  }

  [[nodiscard]] Unexpected<StartFailure> CannotRecover(replica::RecoveryFault fault) const {
    const std::string what = config_.data_dir + ": " + std::string(replica::Describe(fault));
    switch (fault) {
      case replica::RecoveryFault::kBadGenesis:
        return Fail(Exit::kIdentity,
                    what + ". Use the genesis.bin and the key that came with this folder");
      case replica::RecoveryFault::kContradiction:
        return Fail(Exit::kStorage,
                    what +
                        ". Its key was used twice, or the log was put together from two. Tell "
                        "the other operators" +
                        std::string(storage::kKeepData));
      case replica::RecoveryFault::kEditionUnknown:
        return Fail(Exit::kOutdated, what + ". The data itself is not the trouble. " + kNewer);
      case replica::RecoveryFault::kRecoveryLosesBlock:
      case replica::RecoveryFault::kRecoveryAhead:
      case replica::RecoveryFault::kRecoveryRefused:
        return Fail(Exit::kStorage, what + ". See " + RecoveryPath(config_.data_dir) +
                                        " and RUNBOOK.md, 'More validators lost than may be'");
      case replica::RecoveryFault::kStateRootMismatch:
      case replica::RecoveryFault::kLogRootMismatch:
      case replica::RecoveryFault::kFloorNotProven:
        break;
    }
    return Fail(Exit::kStorage, what + ". The database in " + config_.data_dir + "/kv is damaged" +
                                    std::string(storage::kKeepData));
  }

  Expected<bool, StartFailure> Serve() {
    backend_.clock = clock_.get();
    backend_.loop = loop_.get();
    backend_.peers = peers_.get();
    backend_.index = index_.get();
    loop_->Start();
    if (!peers_->Start()) return PortTaken("listen.peer", config_.peer_listen);
    server_ = std::make_unique<rpc::ClientServer>(
        rpc::ClientServerConfig{.listen = config_.client_listen,
                                .identity = identity_.tls,
                                .memory_bytes = config_.limits.memory_mb * kMebibyte,
                                .streams_per_connection = config_.limits.streams_per_connection},
        &backend_);
    if (!server_->Start()) return PortTaken("listen.client", config_.client_listen);
    if (!config_.metrics_listen.empty()) {
      metrics_server_ = std::make_unique<MetricsServer>(
          [this] { return rpc::MetricsText(metrics_, backend_.SampleGauges()); });
      if (!metrics_server_->Start(config_.metrics_listen)) {
        return PortTaken("listen.metrics", config_.metrics_listen);
      }
    }
    server_->SetServing(true);
    spdlog::info("serving clients on {}, peers on {}{}", config_.client_listen, config_.peer_listen,
                 identity_.genesis.message.development() ? " (DEVELOPMENT network)" : "");
    return true;
  }

  static Unexpected<StartFailure> PortTaken(const char* setting, const std::string& address) {
    return Fail(Exit::kPort, std::string(setting) + ": cannot listen on " + address +
                                 "; is another process there?");
  }

  void Halt(const std::string& dump) {
    const std::string path = DivergencePath();
    const auto written = platform::WriteFileAtomically(path, AsBytes(dump));
    spdlog::critical(
        "HALTED: this node and a quorum disagree; it votes no more. Keep {} and the "
        "data, and tell the other operators. {}",
        path, written ? "" : written.error());
    halted_ = true;
  }

  // Said when it begins, changes and ends: with clocks too far apart nothing is recorded, and
  // nothing else would tell why. Seen twice, for a single frame may have come late.
  void WatchClocks() {
    std::vector<std::string> apart;
    for (const rpc::PeerState& peer : peers_->ClocksApart()) apart.push_back(peer.name);
    const bool same = std::exchange(clocks_seen_, apart) == apart;
    if (!same || apart == clocks_apart_) return;
    clocks_apart_ = std::move(apart);
    const std::string now = backend_.ClocksApart();
    if (now.empty()) {
      spdlog::info("clocks: those of all reachable peers are within {} s of this node's",
                   consensus::kSkewMaxMs / 1000);
      return;
    }
    spdlog::error(
        "clocks: {} of this node's. More than {} s apart, validators refuse each other's blocks, "
        "and "
        "without a quorum that agrees about the time nothing is recorded. Compare `date -u` with a "
        "clock that is right, here and there, and repair the synchronisation of the wrong one",
        now, consensus::kSkewMaxMs / 1000);
  }

  // Long before the rules change to what this release does not know.
  void WatchEdition() {
    const replica::Status& status = loop_->published()->status;
    const auto& coming = status.edition_to_come;
    const bool warns = coming && coming->edition > backend_.edition_known;
    if (std::exchange(edition_warned_, warns) == warns || !warns) return;
    spdlog::warn(
        "edition {} of the rules is in force from block {} on, and this release knows them up to "
        "edition {}: it will stop there. {}",
        coming->edition, coming->from.value(), backend_.edition_known, kNewer);
  }

  // Damaged blocks are asked of all peers; whoever has them answers, and HealFrom writes them anew.
  void AskForDamagedBlocks() {
    std::vector<Height> damaged = storage_->DamagedBlocks();
    damaged.resize(std::min(damaged.size(), kHealedAtOnce));
    asked_.Ask(damaged);
    for (const Height height : damaged) {
      const auto message = std::make_shared<const std::string>(
          replica::EncodePeerMessage(consensus::FetchBlocks{.first = height, .count = 1}));
      peers_->Broadcast(message, replica::Lane::kBulk);
    }
  }

  void HealFrom(const replica::PeerKey& peer, const consensus::Blocks& blocks) {
    for (const consensus::Block& block : blocks.blocks) {
      if (!asked_.Take(block.header().height, peer)) continue;
      (void)inbox_.PutQuery([this, block](replica::Replica& /*replica*/) {
        const auto damaged = storage_->DamagedBlocks();
        if (std::ranges::find(damaged, block.header().height) == damaged.end()) return;
        const auto healed = storage_->Heal(block);
        if (healed) spdlog::info("block {} was healed from a peer", block.header().height.value());
      });
    }
  }

  // A validator without data on a ledger that is older than its start: a new one, or one that has
  // lost what it voted, which no one but its operator can tell.
  void WarnOfAnEarlierLife() {
    if (!empty_since_) return;
    const auto now = loop_->published();
    if (now->final.header.height == Height(0)) return;
    const Millis begun = *empty_since_;
    empty_since_.reset();
    const auto first = storage_->ReadBlock(Height(1));
    if (!first) return;
    if (first->block.header().timestamp_ms.value() + kSameStartMs >= begun.value()) return;
    spdlog::warn(
        "{} started without data on a ledger that is at work already. That is right for a "
        "validator that never ran before. If it did, or its disk was lost: stop it now, for it "
        "may vote against what it voted (RUNBOOK.md, 'A validator that lost its data')",
        config_.name);
  }

  const Config config_;
  const Identity identity_;
  rpc::Metrics metrics_;
  consensus::LocalSigner signer_;
  rpc::Inbox inbox_;
  rpc::ClientDesk desk_;
  rpc::VerifyPool verifier_;
  rpc::RateLimit limit_;
  std::unique_ptr<storage::NodeStorage> storage_;
  std::unique_ptr<rpc::TimedStorage> timed_storage_;
  std::unique_ptr<rpc::StorageIndex> index_;
  std::unique_ptr<rpc::NodeClock> clock_;
  rpc::BlockRequests asked_;
  std::unique_ptr<rpc::PeerLinks> peers_;
  std::unique_ptr<rpc::ReplicaLoop> loop_;
  rpc::Backend backend_;
  std::unique_ptr<rpc::ClientServer> server_;
  std::unique_ptr<MetricsServer> metrics_server_;
  std::atomic<bool> halted_{false};
  std::vector<std::string> clocks_seen_;   // whose clocks were too far off a second ago
  std::vector<std::string> clocks_apart_;  // ... and of whom that was last said
  bool recovered_ = false;
  bool edition_warned_ = false;
  std::optional<Millis> empty_since_;  // ledger time of the start, while this node has no block
};

Expected<std::unique_ptr<Node>, StartFailure> Node::Prepare(Config config, const Release& release) {
  if (const auto failed = crypto::SelfTest()) {
    return Fail(Exit::kSelfTest, "self-test of the cryptography failed at '" +
                                     std::string(*failed) +
                                     "': this machine or its libsodium would not agree with the "
                                     "other validators. Reinstall libsodium 1.0.18 of Debian 12");
  }
  auto identity = LoadIdentity(config);
  if (!identity) return Fail(Exit::kIdentity, identity.error());
  return std::unique_ptr<Node>(
      new Node(std::make_unique<Impl>(std::move(config), release, std::move(*identity))));
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;
Expected<bool, StartFailure> Node::Start() { return impl_->Start(); }
void Node::Housekeep() { impl_->Housekeep(); }
std::optional<Exit> Node::ended() const { return impl_->ended(); }
void Node::Drain() { impl_->Drain(); }

}  // namespace timebank::node
