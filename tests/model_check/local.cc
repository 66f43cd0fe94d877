#include "tests/model_check/local.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "consensus/testing/executor.h"
#include "consensus/testing/probe.h"
#include "crypto/sha256.h"
#include "tests/model_check/violation.h"

namespace timebank::model_check {

using chain::VoteKind;
using chain::VotePosition;
using consensus::testing::CoreProbe;

namespace {

constexpr Millis kNow(1'000'000);
constexpr std::uint64_t kLongMs = 1'000'000;  // longer than any timer
constexpr std::size_t kQuorum = 3;            // of four; not taken from the code under test

// Signs what does not contradict what this validator ever signed. The production signer would
// refuse the rest, but the core must not even ask.
class StrictSigner final : public consensus::VoteSigner {
 public:
  StrictSigner(World& world, std::size_t index, const Positions& sent)
      : world_(world), index_(index), sent_(sent) {}

  std::optional<crypto::Signature> Sign(const VotePosition& p) override {
    for (std::size_t id = 0; id < world_.positions(); ++id) {
      if (!sent_.test(id)) continue;
      const VotePosition& before = world_.position(static_cast<PositionId>(id));
      if (before.view != p.view || before == p) continue;
      const bool same_kind = before.kind == p.kind;
      const bool exclusive = (before.kind == VoteKind::kNullify && p.kind == VoteKind::kFinalize) ||
                             (before.kind == VoteKind::kFinalize && p.kind == VoteKind::kNullify);
      Require(!same_kind, "I1: " + world_.Name(p) + " after " + world_.Name(before));
      Require(!exclusive, "I2: " + world_.Name(p) + " after " + world_.Name(before));
    }
    return world_.Sign(index_, p);
  }
  void RaiseFloor(const consensus::Position&) override {}

 private:
  World& world_;
  std::size_t index_;
  const Positions& sent_;
};

// What a record says; who signed a certificate does not count.
Bytes Meaning(const consensus::Record& record) {
  consensus::Record plain = record;
  if (auto* certificate = std::get_if<consensus::CertificateRecord>(&plain)) {
    certificate->certificate.votes.clear();
  }
  Bytes bytes = consensus::EncodeRecord(plain);
  if (std::holds_alternative<consensus::BodyRecord>(record)) {
    const Hash digest = std::get<consensus::BodyRecord>(record).block.digest();
    bytes.assign(digest.data.begin(), digest.data.end());
  }
  bytes.push_back(static_cast<std::byte>(consensus::TypeOf(record)));
  return bytes;
}

// Dead weight in the log. A Finalization is not: storage may be behind it.
bool IsBelow(const consensus::Record& record, View floor) {
  if (const auto* held = std::get_if<consensus::CertificateRecord>(&record)) {
    const VotePosition& p = held->certificate.position;
    return p.kind != VoteKind::kFinalize && p.view <= floor;
  }
  if (const auto* mine = std::get_if<consensus::MyVoteRecord>(&record)) {
    return mine->vote.position.view <= floor;
  }
  const auto* chosen = std::get_if<consensus::MyProposalRecord>(&record);
  return chosen != nullptr && chosen->position.view <= floor;
}

bool HoldsBody(const Kept& kept, const Hash& digest) {
  return std::any_of(kept.log.begin(), kept.log.end(), [&digest](const auto& record) {
    const auto* body = std::get_if<consensus::BodyRecord>(record.get());
    return body != nullptr && body->block.digest() == digest;
  });
}

bool HoldsVote(const Kept& kept, const VotePosition& position) {
  return std::any_of(kept.log.begin(), kept.log.end(), [&position](const auto& record) {
    const auto* mine = std::get_if<consensus::MyVoteRecord>(record.get());
    return mine != nullptr && mine->vote.position == position;
  });
}

bool HoldsCertificate(const Kept& kept, const VotePosition& position) {
  return std::any_of(kept.log.begin(), kept.log.end(), [&position](const auto& record) {
    const auto* held = std::get_if<consensus::CertificateRecord>(record.get());
    return held != nullptr && held->certificate.position == position;
  });
}

}  // namespace

Local Validator::Fresh() const { return Restarted({}, {}, {}, true); }

Local Validator::Step(const Local& from, const Stimulus& stimulus,
                      const CertificateSource& certificates) const {
  if (stimulus.kind == Kind::kCrash) {
    return Restarted(from.kept, from.sent, from.proposals, stimulus.mask == 1);
  }
  Local local = from;
  const auto position = [&] { return world_.position(stimulus.id); };
  switch (stimulus.kind) {
    case Kind::kTimer:
      Feed(local, consensus::Tick{}, kLongMs);
      break;
    case Kind::kBuilt:
      Feed(local, BlockFor(local));
      break;
    case Kind::kVotes:
      for (std::size_t i = 0; i < kValidators; ++i) {
        if ((stimulus.mask >> i & 1) == 0) continue;
        Feed(local, From(i, world_.VoteOf(i, position())));
      }
      break;
    case Kind::kCert:
      Feed(local,
           From(world_.byzantine(), consensus::CertificateMessage{*certificates(position())}));
      break;
    case Kind::kProposal:
      Feed(local, ProposalOf(stimulus, certificates));
      break;
    case Kind::kBody:
      Feed(local, From(world_.byzantine(), consensus::Blocks{{world_.block(stimulus.id)}}));
      break;
    case Kind::kCrash:
      break;
  }
  CoreProbe::Normalise(local.core, kNow);
  CheckHeldIsDurable(local);
  return local;
}

Validator::What Validator::From(std::size_t peer, consensus::Message message) const {
  const consensus::PeerId from(static_cast<std::uint32_t>(peer));
  return consensus::MessageReceived{from, std::move(message)};
}

Validator::What Validator::BlockFor(const Local& local) const {
  const consensus::BuildBlock asked = *CoreProbe::Asked(local.core);
  const BlockId built =
      world_.Make(index_, asked.position.view.value(), world_.IdOf(asked.parent), 0);
  return consensus::BlockBuilt{asked.position, asked.parent, world_.block(built)};
}

Validator::What Validator::ProposalOf(const Stimulus& stimulus,
                                      const CertificateSource& certificates) const {
  const Offer offer = world_.offer(stimulus.id);
  const consensus::Block& block = world_.block(offer.block);
  const std::size_t leader = world_.Leader(offer.view);
  consensus::Proposal proposal;
  proposal.position = {Epoch(0), View(offer.view)};
  proposal.parent_view = View(offer.parent_view);
  proposal.block = block;
  if (offer.proof != kNoPosition) {
    proposal.parent_proof = certificates(world_.position(offer.proof));
  }
  for (std::uint64_t w = offer.parent_view + 1; w < offer.view; ++w) {
    if ((stimulus.mask >> w & 1) == 0) continue;
    proposal.nullifications.push_back(*certificates(world_.Position(VoteKind::kNullify, w)));
  }
  proposal.signature = world_.Sign(
      leader, world_.Position(VoteKind::kNotarize, offer.view, offer.block, offer.parent_view));
  return From(leader, std::move(proposal));
}

Local Validator::Restarted(Kept kept, const Positions& sent, const Proposals& proposals,
                           bool behind) const {
  StrictSigner signer(world_, index_, sent);
  Local local{consensus::Core(ConfigFor(&signer), RecoveredFrom(kept, behind)), std::move(kept),
              sent, proposals};
  Feed(local, consensus::Started{});
  Feed(local, consensus::PoolChanged{true});
  CoreProbe::Normalise(local.core, kNow);
  CheckHeldIsDurable(local);
  return local;
}

consensus::Recovered Validator::RecoveredFrom(const Kept& kept, bool behind) const {
  consensus::Recovered recovered;
  recovered.floor = {.digest = world_.chain_id(),
                     .height = Height(0),
                     .timestamp_ms = Millis(0),
                     .finalization = std::nullopt,
                     .epoch = Epoch(0),
                     .seed = world_.chain_id()};
  if (!behind && !kept.chain.empty()) {
    const chain::Header& header = kept.chain.back().block.header();
    recovered.floor.digest = kept.chain.back().block.digest();
    recovered.floor.height = header.height;
    recovered.floor.timestamp_ms = header.timestamp_ms;
    recovered.floor.finalization = kept.chain.back().finalization;
  }
  for (const auto& record : kept.log) recovered.records.push_back(*record);
  return recovered;
}

consensus::Config Validator::ConfigFor(consensus::VoteSigner* signer) const {
  return {.chain_id = world_.chain_id(),
          .era = {},
          .validators = world_.validators(),
          .own = ReplicaIndex(static_cast<std::uint16_t>(index_)),
          .signer = signer,
          // One certificate stands for all that say the same: its signers may be others than those
          // who voted in this state.
          .watch_own_key = false};
}

// One event and what the driver answers to it, as far as it answers at once: checks of bodies.
void Validator::Feed(Local& local, What what, std::uint64_t after_ms) const {
  std::deque<What> waiting{std::move(what)};
  while (!waiting.empty() && !local.epoch_over) {
    const consensus::Event event{{Millis(kNow.value() + after_ms), Millis(1)},
                                 std::move(waiting.front())};
    waiting.pop_front();
    const consensus::Snapshot before = local.core.snapshot();
    const Positions sent = local.sent;
    StrictSigner signer(world_, index_, sent);
    CoreProbe::SetSigner(local.core, &signer);
    const consensus::Output out = local.core.Step(event);
    CoreProbe::SetSigner(local.core, nullptr);
    Perform(local, out, before);
    for (const consensus::CheckBody& check : out.check) {
      waiting.push_back(
          consensus::BodyChecked{check.block.digest(), consensus::testing::Judge(check.block)});
    }
  }
}

// The output contract, each part checked.
void Validator::Perform(Local& local, const consensus::Output& out,
                        const consensus::Snapshot& before) const {
  Require(!out.halt, "halted, as if more than f were faulty");
  Require(out.disconnect.empty(), "a peer punished for a message in order");
  for (const chain::Evidence& evidence : out.evidence) {
    const auto liar = static_cast<std::uint16_t>(world_.byzantine());
    Require(evidence.validator == world_.validators().key(ReplicaIndex(liar)),
            "evidence against an honest one");
  }
  for (const consensus::Record& record : out.persist) {
    // Needs no sync, so that a crash may always take it.
    if (std::holds_alternative<consensus::FirstSeenRecord>(record)) continue;
    local.kept.log.push_back(std::make_shared<const consensus::Record>(record));
    const auto* mine = std::get_if<consensus::MyVoteRecord>(&record);
    if (mine == nullptr) continue;
    NoteOwnVote(local, mine->vote.position);
    Require(mine->vote.position.view > before.floor.view, "a vote at or below the floor");
  }
  for (const consensus::Outbound& outbound : out.send) CheckSent(local, outbound.message);
  std::uint64_t height = before.committed_height.value();
  for (const consensus::CommittedBlock& committed : out.commit) {
    Require(committed.block.header().height.value() == ++height, "commits leave a height out");
    Commit(local, committed);
  }
}

void Validator::CheckSent(Local& local, const consensus::Message& message) const {
  const auto verify = [this](const chain::Certificate& certificate) {
    Require(certificate.votes.size() >= kQuorum, "a certificate of less than a quorum");
    const bool good =
        !chain::VerifyCertificate(certificate, world_.chain_id(), world_.validators());
    Require(good, "a certificate sent that does not verify");
  };
  const auto own_vote = [&](const VotePosition& position) {
    NoteOwnVote(local, position);
    Require(HoldsVote(local.kept, position), world_.Name(position) + " sent, but not durable");
    const bool names_body = position.kind != VoteKind::kNullify;
    Require(!names_body || HoldsBody(local.kept, position.digest),
            world_.Name(position) + " sent, but its body is not durable");
  };
  if (const auto* vote = std::get_if<consensus::Vote>(&message)) {
    if (vote->signer.value() == index_) own_vote(vote->position);
  } else if (const auto* sent = std::get_if<consensus::CertificateMessage>(&message)) {
    verify(sent->certificate);
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(&message)) {
    if (proposal->parent_proof) verify(*proposal->parent_proof);
    for (const auto& nullification : proposal->nullifications) verify(nullification);
    const std::uint64_t view = proposal->position.view.value();
    const std::uint64_t parent_view = proposal->parent_view.value();
    const BlockId block = world_.IdOf(proposal->block.digest());
    own_vote(world_.Position(VoteKind::kNotarize, view, block, parent_view));
    const auto& proof = proposal->parent_proof;
    const PositionId shown = proof ? world_.IdOf(proof->position) : kNoPosition;
    local.proposals.set(world_.IdOf(Offer{view, parent_view, block, shown}));
  }
}

// What was signed stays known to the adversary, whatever the validator forgets.
void Validator::NoteOwnVote(Local& local, const VotePosition& position) const {
  local.sent.set(world_.IdOf(position));
}

void Validator::Commit(Local& local, const consensus::CommittedBlock& committed) const {
  std::vector<consensus::CommittedBlock>& chain = local.kept.chain;
  const std::uint64_t height = committed.block.header().height.value();
  Require(HoldsBody(local.kept, committed.block.digest()), "committed without a durable body");
  Require(committed.finalization.votes.size() >= kQuorum, "committed without a quorum");
  Require(height <= chain.size() + 1, "a committed height left out");
  if (height <= chain.size()) {
    Require(chain[height - 1].block.digest() == committed.block.digest(),
            "two final blocks at one height");
  } else {
    chain.push_back(committed);
  }
  local.epoch_over = committed.block.header().EndsEpoch();
}

// "Every certificate that is adopted, formed, or allowed a view entry or a vote is a record."
void Validator::CheckHeldIsDurable(const Local& local) const {
  for (const auto& [view, round] : CoreProbe::rounds(local.core).all()) {
    for (const auto& held : {round.notarization, round.nullification}) {
      if (!held) continue;
      Require(HoldsCertificate(local.kept, held->position),
              "a certificate of " + world_.Name(held->position) + " is not durable");
    }
  }
}

LocalInfo Validator::InfoOf(const Local& local) const {
  LocalInfo info;
  const consensus::Snapshot snapshot = local.core.snapshot();
  const consensus::Rounds& rounds = CoreProbe::rounds(local.core);
  info.view = snapshot.position.view.value();
  info.floor_view = snapshot.floor.view.value();
  for (const auto& [view, round] : rounds.all()) {
    if (round.notarization) info.claims.set(world_.IdOf(round.notarization->position));
    if (round.nullification) info.claims.set(world_.IdOf(round.nullification->position));
  }
  if (info.floor_view > 0) {
    const BlockId floor = world_.IdOf(snapshot.floor_digest);
    info.claims.set(world_.IdOf(world_.Position(VoteKind::kFinalize, info.floor_view, floor)));
  }
  info.sent = local.sent;
  info.proposals = local.proposals;
  for (const Hash& digest : CoreProbe::MissingBodies(local.core)) {
    info.missing.push_back(world_.IdOf(digest));
  }
  info.committed =
      local.kept.chain.empty() ? BlockId{0} : world_.IdOf(local.kept.chain.back().block.digest());
  const consensus::Round& round = rounds[View(info.view)];
  info.voted = round.my_nullify || round.my_finalize;
  info.judged = round.my_nullify || round.my_notarize;
  info.candidate = CoreProbe::HasCandidate(local.core);
  info.asked = CoreProbe::Asked(local.core).has_value();
  info.fresh = local.kept.log.empty();
  info.epoch_over = local.epoch_over;
  return info;
}

Hash Validator::Fingerprint(const Local& local) const {
  std::set<Bytes> log;
  const View floor = local.core.snapshot().floor.view;
  for (const auto& record : local.kept.log) {
    if (!IsBelow(*record, floor)) log.insert(Meaning(*record));
  }
  ByteWriter out;
  out.Raw(CoreProbe::Fingerprint(local.core).view());
  for (const Bytes& record : log) out.Raw(record);
  for (const auto& committed : local.kept.chain) out.Raw(committed.block.digest().view());
  out.Raw(local.sent.to_string()).Raw(local.proposals.to_string());
  out.U8(local.epoch_over ? 1 : 0);
  return crypto::Sha256(out.bytes());
}

std::string Describe(const Stimulus& stimulus, const World& world) {
  const auto mask = [&stimulus] {
    std::string who;
    for (std::size_t i = 0; i < kValidators; ++i) {
      if ((stimulus.mask >> i & 1) != 0) who += (who.empty() ? "" : ",") + std::to_string(i);
    }
    return who;
  };
  switch (stimulus.kind) {
    case Kind::kTimer:
      return "timers expire";
    case Kind::kBuilt:
      return "block built";
    case Kind::kVotes:
      return "votes " + world.Name(world.position(stimulus.id)) + " of " + mask();
    case Kind::kCert:
      return "certificate " + world.Name(world.position(stimulus.id));
    case Kind::kProposal: {
      const Offer& offer = world.offer(stimulus.id);
      return "proposal of view " + std::to_string(offer.view) + ": " + world.Name(offer.block) +
             " on view " + std::to_string(offer.parent_view);
    }
    case Kind::kBody:
      return "body of " + world.Name(stimulus.id);
    case Kind::kCrash:
      return stimulus.mask == 1 ? "crash, storage behind" : "crash";
  }
  return "?";
}

}  // namespace timebank::model_check
