// Start: the final state from storage, checked against its own header, and the log above it handed
// to the core. No vote is signed and nothing executed here (CONSENSUS 8, P14, P15).
#include <memory>
#include <optional>
#include <utility>

#include "chain/certificate.h"
#include "ledger/state.h"
#include "node/replica/replica_impl.h"

namespace timebank::replica {
namespace {

using consensus::CommittedBlock;
using std::optional;

optional<RecoveryFault> CheckFloor(const CommittedBlock& floor, const chain::Genesis& genesis);
optional<RecoveryFault> LoadGenesis(Start& start);
optional<RecoveryFault> LoadFloor(Storage& storage, const CommittedBlock& floor, Start& start);
optional<RecoveryFault> TellVotes(const std::vector<consensus::Record>& records,
                                  consensus::LocalSigner& signer);

}  // namespace

Expected<std::unique_ptr<Replica>, RecoveryFault> Replica::Open(const Config& config,
                                                                const Ports& ports) {
  auto genesis = chain::ParseGenesis(AsBytes(config.genesis));
  if (!genesis) return Unexpected{RecoveryFault::kBadGenesis};
  consensus::Config consensus_config{genesis->chain_id, chain::Era(0), genesis->validators,
                                     std::nullopt,      config.signer, config.delay_ms};
  consensus_config.watch_own_key = config.watch_own_key;
  if (config.signer != nullptr) {
    consensus_config.own = genesis->validators.IndexOf(config.signer->public_key());
    if (!consensus_config.own) return Unexpected{RecoveryFault::kNotInSet};
  }
  const optional<CommittedBlock> floor = ports.storage.Floor();
  if (floor) {
    if (const auto unproven = CheckFloor(*floor, *genesis)) return Unexpected{*unproven};
  }
  Start start{std::move(*genesis), std::move(consensus_config), {}, {}, {}, {}};
  const auto fault = floor ? LoadFloor(ports.storage, *floor, start) : LoadGenesis(start);
  if (fault) return Unexpected{*fault};
  const FinalView& view = start.view;
  start.recovered.floor = {view.digest, view.header.height, view.header.timestamp_ms,
                           view.finalization};
  start.recovered.records = ports.storage.TakeRecords();
  if (config.signer != nullptr) {
    const auto told = TellVotes(start.recovered.records, *config.signer);
    if (told) return Unexpected{*told};
  }
  return std::unique_ptr<Replica>(
      new Replica(std::make_unique<Impl>(config, ports, std::move(start))));
}

Replica::Impl::Impl(const Config& config, const Ports& ports, Start start)
    : config_(config),
      ports_(ports),
      genesis_(std::move(start.genesis)),
      consensus_config_(start.consensus),
      core_(start.consensus, std::move(start.recovered)),
      desk_(ports.verifier),
      admission_(config.pool, ports, desk_),
      log_(std::move(start.log)),
      view_(std::move(start.view)),
      stored_(std::move(start.stored)) {}

std::string_view Describe(RecoveryFault fault) {
  switch (fault) {
    case RecoveryFault::kBadGenesis:
      return "the genesis file is no genesis that the ledger accepts";
    case RecoveryFault::kStateRootMismatch:
      return "live state: the stored records do not give the state root of the last block";
    case RecoveryFault::kLogRootMismatch:
      return "transaction log: the stored leaves do not give the log root of the last block";
    case RecoveryFault::kFloorNotProven:
      return "floor: the stored Finalization does not prove the last block";
    case RecoveryFault::kNotInSet:
      return "the consensus key is not in the validator set";
    case RecoveryFault::kContradiction:
      return "node log: it holds votes of this key that exclude each other";
  }
  return "unknown";
}

namespace {

// Its own header and chain, and a certificate that a quorum of the set signed.
optional<RecoveryFault> CheckFloor(const CommittedBlock& floor, const chain::Genesis& genesis) {
  const chain::Certificate& proof = floor.finalization;
  const bool fits = floor.block.header().chain_id == genesis.chain_id &&
                    proof.position.kind == chain::VoteKind::kFinalize &&
                    proof.position.view > View(0) &&
                    !chain::VerifyCertificate(proof, genesis.chain_id, genesis.validators);
  return fits ? std::nullopt : optional(RecoveryFault::kFloorNotProven);
}

// State, log and view as of genesis or of the floor, the latter compared with its header.
optional<RecoveryFault> LoadGenesis(Start& start) {
  auto state = ledger::State::FromGenesis(start.genesis);
  if (!state) return RecoveryFault::kBadGenesis;
  start.view.header.chain_id = start.genesis.chain_id;
  start.view.header.timestamp_ms = state->time();
  start.view.header.state_root = state->root();
  start.view.digest = start.genesis.chain_id;
  start.view.state = std::make_shared<const ledger::State>(std::move(*state));
  return std::nullopt;
}

optional<RecoveryFault> LoadFloor(Storage& storage, const CommittedBlock& floor, Start& start) {
  const chain::Header& header = floor.block.header();
  ledger::StateLoader loader;
  storage.VisitState([&loader](ByteView key, ByteView value) { loader.Add(key, value); });
  auto state = std::move(loader).Finish();
  if (!state || state->root() != header.state_root) return RecoveryFault::kStateRootMismatch;
  storage.VisitLogLeaves([&start](const Hash& leaf) { start.log.Append(leaf); });
  if (start.log.size() != header.log_size || start.log.Root() != header.log_root) {
    return RecoveryFault::kLogRootMismatch;
  }
  start.stored = state->tree();
  start.view = {std::make_shared<const ledger::State>(std::move(*state)), header,
                floor.block.digest(), floor.finalization};
  return std::nullopt;
}

// The signer's guard is rebuilt from the log before anything may be signed.
optional<RecoveryFault> TellVotes(const std::vector<consensus::Record>& records,
                                  consensus::LocalSigner& signer) {
  for (const consensus::Record& record : records) {
    const auto* mine = std::get_if<consensus::MyVoteRecord>(&record);
    if (mine != nullptr && !signer.Remember(mine->vote.position)) {
      return RecoveryFault::kContradiction;
    }
  }
  return std::nullopt;
}

}  // namespace
}  // namespace timebank::replica
