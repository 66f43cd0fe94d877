// A restart: floor from storage, the rest from the log. Nothing is signed, sent or executed here;
// the first steps ask for checks, commit what is final and re-send what is stored.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "consensus/state.h"

namespace timebank::consensus {

using chain::Certificate;
using chain::VoteKind;

Core::State::State(const Config& config, const Recovered& recovered)
    : config_(config),
      n_(config.validators.size()),
      set_hash_(config.validators.SetHash()),
      leader_offset_(0),
      floor_digest_(recovered.floor.digest),
      floor_certificate_(recovered.floor.finalization),
      tally_(n_, config.validators.quorum()),
      activity_(n_, config.validators.quorum(), View(0)),
      tree_(recovered.floor.digest, recovered.floor.height, recovered.floor.timestamp_ms) {
  final_.target = recovered.floor.digest;
  TB_CHECK(!config_.own || config_.signer != nullptr);
  TB_CHECK(!config_.own || config_.own->value() < n_);
  floor_.epoch = recovered.floor.epoch;
  leader_offset_ = LeaderOffset(recovered.floor.seed, n_);
  turn_.start_is_logged = !recovered.floor.boundary;
  if (floor_certificate_ && !recovered.floor.boundary) {
    // Possibly of a descendant of the stored block, whose body then follows from the log or peers.
    const chain::VotePosition& p = floor_certificate_->position;
    floor_.view = p.view;
    floor_digest_ = p.digest;
    if (p.digest != tree_.base()) final_.finalizations[p.digest] = *floor_certificate_;
    EnterBehind(*floor_certificate_);
  }
  for (const Record& record : recovered.records) {
    const auto* body = std::get_if<BodyRecord>(&record);
    if (body == nullptr) continue;
    TreeBlock held;
    held.block = body->block;
    held.durable = true;
    held.seen_in = view_;
    tree_.Insert(std::move(held));
  }
  Replay(recovered.records);
}

namespace {

// The epoch that the record belongs to; empty for a body, which belongs to its height.
std::optional<Epoch> EpochOf(const Record& record) {
  if (const auto* r = std::get_if<CertificateRecord>(&record)) return r->certificate.position.epoch;
  if (const auto* r = std::get_if<EpochStartRecord>(&record)) return r->epoch;
  if (const auto* r = std::get_if<MyVoteRecord>(&record)) return r->vote.position.epoch;
  if (const auto* r = std::get_if<MyProposalRecord>(&record)) return r->position.epoch;
  if (const auto* r = std::get_if<FirstSeenRecord>(&record)) return r->vote.position.epoch;
  return std::nullopt;
}

}  // namespace

// What the log holds of the current epoch. What is of later ones waits for its turn: where there
// is an EpochStart, this epoch is over and gets no more votes, though its last blocks are yet to be
// committed again.
void Core::State::Replay(const std::vector<Record>& records) {
  for (const Record& record : records) {
    const auto epoch = EpochOf(record);
    if (!epoch || *epoch < floor_.epoch) continue;
    const bool is_start = std::holds_alternative<EpochStartRecord>(record);
    if (*epoch > floor_.epoch) turn_.later_records.push_back(record);
    if (is_start && *epoch > floor_.epoch) turn_.over = true;
    if (is_start && *epoch == floor_.epoch) turn_.start_is_logged = true;
  }
  ReplayCertificates(records);
  ReplayVotes(records);
  activity_ = Activity(n_, config_.validators.quorum(), view_);
  if (config_.signer != nullptr) config_.signer->RaiseFloor(floor_);
}

// The floor for voting is the highest Finalization in storage or log; missing bodies are fetched
// later. The view follows from the certificates alone.
void Core::State::ReplayCertificates(const std::vector<Record>& records) {
  std::vector<const Certificate*> certificates;
  for (const Record& record : records) {
    const auto* certificate = std::get_if<CertificateRecord>(&record);
    if (certificate == nullptr) continue;
    if (certificate->certificate.position.epoch != floor_.epoch) continue;
    certificates.push_back(&certificate->certificate);
  }
  const View stored_floor = floor_.view;
  for (const Certificate* certificate : certificates) {
    const chain::VotePosition& p = certificate->position;
    if (p.kind != VoteKind::kFinalize || p.view <= stored_floor) continue;
    if (p.digest != tree_.base()) final_.finalizations[p.digest] = *certificate;
    if (p.view <= floor_.view) continue;
    floor_.view = p.view;
    floor_digest_ = p.digest;
    floor_certificate_ = *certificate;
  }
  for (const Certificate* certificate : certificates) {
    if (certificate->position.view <= floor_.view && *certificate != floor_certificate_) continue;
    if (certificate->position.kind != VoteKind::kFinalize) {
      TB_CHECK(rounds_.Store(*certificate));
    }
    EnterBehind(*certificate);
  }
}

// Own votes above the floor are checked against I1 and I2 and count again (P2).
void Core::State::ReplayVotes(const std::vector<Record>& records) {
  for (const Record& record : records) {
    if (const auto* mine = std::get_if<MyVoteRecord>(&record)) {
      const Vote& vote = mine->vote;
      if (vote.position.epoch != floor_.epoch || vote.position.view <= floor_.view) continue;
      // Of another key, which this node had before: it cannot contradict what this one signs.
      if (!config_.own || vote.signer != *config_.own) continue;
      rounds_.NoteMine(vote);
      if (tally_.Judge(vote) == Standing::kNew) static_cast<void>(tally_.Add(vote));
    } else if (const auto* seen = std::get_if<FirstSeenRecord>(&record)) {
      const Vote& vote = seen->vote;
      if (vote.position.epoch != floor_.epoch || vote.signer.value() >= n_) continue;
      if (vote.position.view.value() + kEvidenceWindowViews < floor_.view.value()) continue;
      if (tally_.Judge(vote) == Standing::kNew) static_cast<void>(tally_.Add(vote));
    } else if (const auto* chosen = std::get_if<MyProposalRecord>(&record)) {
      if (chosen->position.epoch == floor_.epoch) my_proposal_ = *chosen;
    }
  }
}

}  // namespace timebank::consensus
