// Start: the final state from storage, checked against its own header, and the log above it handed
// to the core. No vote is signed and nothing executed here (CONSENSUS 8, P14, P15).
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "chain/canonical.h"
#include "chain/certificate.h"
#include "chain/genesis.h"
#include "chain/recovery.h"
#include "ledger/editions.h"
#include "ledger/era.h"
#include "ledger/state.h"
#include "ledger/validators.h"
#include "node/replica/replica_impl.h"

namespace timebank::replica {
namespace {

using consensus::CommittedBlock;
using std::optional;

consensus::Floor FloorOf(const FinalView& view);
optional<crypto::PublicKey> OwnKey(const Config& config);
bool IsProven(const CommittedBlock& floor, const ledger::State& state);
optional<RecoveryFault> LoadGenesis(Start& start);
optional<RecoveryFault> LoadFloor(Storage& storage, const CommittedBlock& floor, Start& start);
optional<RecoveryFault> BeginEra(const std::string& recovery, Start& start);
optional<RecoveryFault> TellVotes(const std::vector<consensus::Record>& records,
                                  consensus::LocalSigner& signer);
bool IsBodyOfAnotherChain(const consensus::Record& record, const Hash& chain_id);

}  // namespace

Expected<std::unique_ptr<Replica>, RecoveryFault> Replica::Open(const Config& config,
                                                                const Ports& ports) {
  auto genesis = chain::ParseGenesis(AsBytes(config.genesis));
  if (!genesis) return Unexpected{RecoveryFault::kBadGenesis};
  consensus::Config consensus_config{genesis->chain_id, chain::Era(0), genesis->validators,
                                     std::nullopt,      config.signer, config.delay_ms};
  consensus_config.watch_own_key = config.watch_own_key;
  const optional<CommittedBlock> floor = ports.storage.Floor();
  Start start{std::move(*genesis), std::move(consensus_config), {}, {}, {}, {}};
  const auto fault = floor ? LoadFloor(ports.storage, *floor, start) : LoadGenesis(start);
  if (fault) return Unexpected{*fault};
  start.recovered.records = ports.storage.TakeRecords();
  if (const auto refused = BeginEra(config.recovery, start)) return Unexpected{*refused};
  const ledger::State& state = *start.view.state;
  if (ledger::NextBlockEdition(state) > config.edition_known) {
    return Unexpected{RecoveryFault::kEditionUnknown};
  }
  start.consensus.chain_id = state.chain_id();
  start.consensus.era = chain::Era(state.chain().era());
  start.consensus.validators = ledger::CurrentSet(state);
  start.consensus.own = OwnPlace(config, start.consensus.validators);
  start.recovered.floor = FloorOf(start.view);
  std::erase_if(start.recovered.records, [&state](const consensus::Record& record) {
    return IsBodyOfAnotherChain(record, state.chain_id());
  });
  if (config.signer != nullptr) {
    config.signer->UseChain(state.chain_id());
    const auto told = TellVotes(start.recovered.records, *config.signer);
    if (told) return Unexpected{*told};
  }
  return std::unique_ptr<Replica>(
      new Replica(std::make_unique<Impl>(config, ports, std::move(start))));
}

Replica::Impl::Impl(const Config& config, const Ports& ports, Start start)
    : config_(config),
      ports_(ports),
      peers_(OwnKey(config)),
      consensus_config_(start.consensus),
      epoch_(start.recovered.floor.epoch),
      core_(start.consensus, std::move(start.recovered)),
      desk_(ports.verifier),
      admission_(config.pool, ports, desk_),
      log_(std::move(start.log)),
      view_(std::move(start.view)),
      stored_(std::move(start.stored)) {
  view_.epochs = links_.UpTo(*view_.state, ports_.storage);
  const bool begins = epoch_ > Epoch(0) && core_.snapshot().floor.view == View(0);
  if (begins) departing_ = ledger::SetOf(*view_.state, Epoch(epoch_.value() - 1));
  TellPeers();
}

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
    case RecoveryFault::kContradiction:
      return "node log: it holds votes of this key that exclude each other";
    case RecoveryFault::kEditionUnknown:
      return "the next block needs an edition of the rules that this release does not know";
    case RecoveryFault::kRecoveryLosesBlock:
      return "recovery: the document names a block below one that is final here, which would be "
             "lost; the ceremony is to name the highest certified block";
    case RecoveryFault::kRecoveryAhead:
      return "recovery: the document names a block that is not here yet";
    case RecoveryFault::kRecoveryRefused:
      return "recovery: the document does not hold for the last block here, or another one began "
             "this era";
  }
  return "unknown";
}

namespace {

// Genesis, or a recovery: no block, so nobody voted on it.
bool BeginsEra(const FinalView& view) { return !view.finalization.has_value(); }

// The core's floor. After the last block of an epoch it is the start of the next one, and so it is
// where an era begins.
consensus::Floor FloorOf(const FinalView& view) {
  consensus::Floor floor{view.digest, view.header.height, view.header.timestamp_ms,
                         view.finalization};
  floor.epoch = Epoch(view.state->chain().epoch());
  floor.boundary = view.header.EndsEpoch() || (BeginsEra(view) && view.header.height > Height(0));
  const bool is_seed = floor.boundary || BeginsEra(view);
  const auto set = ledger::SetOf(*view.state, floor.epoch);
  floor.seed = is_seed                   ? view.digest
               : floor.epoch == Epoch(0) ? view.header.chain_id
                                         : ledger::As<Hash>(set.boundary_digest());
  return floor;
}

optional<crypto::PublicKey> OwnKey(const Config& config) {
  return config.signer == nullptr ? std::nullopt : optional(config.signer->public_key());
}

// Its own chain, and a Finalization that a quorum of its epoch's set signed.
bool IsProven(const CommittedBlock& floor, const ledger::State& state) {
  const chain::Header& header = floor.block.header();
  const chain::VotePosition& position = floor.finalization.position;
  const auto set = chain::ValidatorsOf(ledger::SetOf(state, header.epoch).validators());
  return set && header.validators == set->SetHash() && header.chain_id == state.chain_id() &&
         position.kind == chain::VoteKind::kFinalize && position.epoch == header.epoch &&
         position.view > View(0) &&
         !chain::VerifyCertificate(floor.finalization, state.chain_id(), *set);
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
  const std::uint64_t epoch = state->chain().epoch() - (header.EndsEpoch() ? 1 : 0);
  if (header.epoch != Epoch(epoch) || !IsProven(floor, *state)) {
    return RecoveryFault::kFloorNotProven;
  }
  storage.VisitLogLeaves([&start](const Hash& leaf) { start.log.Append(leaf); });
  if (start.log.size() != header.log_size || start.log.Root() != header.log_root) {
    return RecoveryFault::kLogRootMismatch;
  }
  start.stored = state->tree();
  start.view = {std::make_shared<const ledger::State>(std::move(*state)), header,
                floor.block.digest(), floor.finalization, nullptr};
  return std::nullopt;
}

// Of a block above the floor, in this epoch or a later one.
bool KnowsHigher(const std::vector<consensus::Record>& records, const FinalView& view) {
  const chain::VotePosition& floor = view.finalization->position;
  if (floor.digest != view.digest) return true;
  return std::ranges::any_of(records, [&](const consensus::Record& record) {
    const auto* held = std::get_if<consensus::CertificateRecord>(&record);
    if (held == nullptr) return false;
    const chain::VotePosition& position = held->certificate.position;
    const bool is_above =
        std::pair(position.epoch, position.view) > std::pair(floor.epoch, floor.view);
    return position.kind == chain::VoteKind::kFinalize && is_above &&
           position.digest != view.digest;
  });
}

// An era begins as a chain does: with a floor that nobody voted on, whose digest is the chain id.
// Storage keeps the state before it until the first block of the era is committed.
optional<RecoveryFault> BeginEra(const std::string& recovery, Start& start) {
  if (recovery.empty()) return std::nullopt;
  FinalView& view = start.view;
  const auto parsed = chain::ParseCanonical<v1::Recovery>(AsBytes(recovery));
  const auto document =
      parsed ? chain::ParseCanonical<v1::RecoveryDocument>(AsBytes(parsed->document()))
             : Unexpected{parsed.error()};
  const auto named = document ? chain::DecodeHeader(AsBytes(document->header()))
                              : Unexpected{chain::HeaderError::kWrongSize};
  if (!named) return RecoveryFault::kRecoveryRefused;
  if (document->era() <= view.state->chain().era()) {
    const auto began = ledger::RecoveryOf(*view.state, chain::Era(document->era()));
    return began == recovery ? std::nullopt : optional(RecoveryFault::kRecoveryRefused);
  }
  if (!view.finalization) return RecoveryFault::kRecoveryAhead;
  if (named->height > view.header.height) return RecoveryFault::kRecoveryAhead;
  if (named->height < view.header.height || KnowsHigher(start.recovered.records, view)) {
    return RecoveryFault::kRecoveryLosesBlock;
  }
  const auto next = chain::VerifyRecovery(AsBytes(recovery), view.header);
  if (!next) return RecoveryFault::kRecoveryRefused;
  auto state = ledger::BeginEra(*view.state, *next, recovery);
  chain::Header begin;
  begin.era = next->era;
  begin.chain_id = next->chain_id;
  begin.height = view.header.height;
  begin.timestamp_ms = view.header.timestamp_ms;
  begin.state_root = state.root();
  begin.log_size = view.header.log_size;
  begin.log_root = view.header.log_root;
  view = {std::make_shared<const ledger::State>(std::move(state)), begin, next->chain_id,
          std::nullopt, nullptr};
  return std::nullopt;
}

// Bodies belong to a height, not to an epoch: those above the last block of an era are of no use.
bool IsBodyOfAnotherChain(const consensus::Record& record, const Hash& chain_id) {
  const auto* body = std::get_if<consensus::BodyRecord>(&record);
  return body != nullptr && body->block.header().chain_id != chain_id;
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
