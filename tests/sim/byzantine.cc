#include "tests/sim/byzantine.h"

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "chain/canonical.h"
#include "chain/evidence.h"
#include "chain/log_tree.h"
#include "crypto/sha256.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::sim {
namespace {

using chain::VoteKind;

constexpr std::size_t kRemembered = 64;
constexpr int kFlood = 20;
constexpr std::uint64_t kHugeView = 1'000'000'000;
constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::array<std::string_view, Byzantine::kKinds> kNames = {
    "mute",     "equivocator",      "nuller",    "nullify-only", "withholder", "stale",  "garbage",
    "bad-root", "wrong-signatures", "time-liar", "forger",       "flooder",    "accuser"};

replica::SharedMessage Encode(const consensus::Message& message) {
  return std::make_shared<const std::string>(replica::EncodePeerMessage(message));
}

// The block again with one client's signature broken; empty when it holds no transaction.
std::optional<consensus::Block> WithBrokenSignature(const consensus::Block& block) {
  v1::BlockBody body;
  TB_CHECK(body.ParseFromString(ToString(*block.body())));
  if (body.envelopes_size() == 0) return std::nullopt;
  v1::Envelope envelope;
  TB_CHECK(envelope.ParseFromString(body.envelopes(0)));
  std::string& signature = *envelope.mutable_signatures(0);
  signature[5] = static_cast<char>(signature[5] ^ 1);
  *body.mutable_envelopes(0) = chain::CanonicalBytes(envelope);
  chain::LogFrontier tree;
  for (const std::string& bytes : body.envelopes()) {
    tree.Append(chain::LogLeafHash(AsBytes(bytes)));
  }
  chain::Header header = block.header();
  header.tx_root = tree.Root();
  const std::string bytes = chain::CanonicalBytes(body);
  return consensus::Block(header, std::make_shared<const Bytes>(ToBytes(AsBytes(bytes))));
}

}  // namespace

std::string_view Byzantine::NameOf(Kind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<Byzantine::Kind> Byzantine::KindOf(std::string_view name) {
  for (std::size_t kind = 0; kind < kNames.size(); ++kind) {
    if (kNames[kind] == name) return static_cast<Kind>(kind);
  }
  return std::nullopt;
}

std::vector<Byzantine::Said> Byzantine::Say(const std::vector<NodeIndex>& to,
                                            const replica::SharedMessage& bytes,
                                            const replica::PeerMessage& message) {
  const auto* said = std::get_if<consensus::Message>(&message);
  if (kind_ == Kind::kMute) {
    Note("mute");
    return {};
  }
  if (said != nullptr) {
    if (const auto* vote = std::get_if<consensus::Vote>(said)) return SayVote(to, bytes, *vote);
    if (const auto* proposal = std::get_if<consensus::Proposal>(said)) {
      return SayProposal(to, bytes, *proposal);
    }
    if (kind_ == Kind::kWithholder && std::holds_alternative<consensus::Blocks>(*said)) {
      Note("withholder");
      return {};
    }
  }
  return SayMore(to, bytes);
}

std::vector<Byzantine::Said> Byzantine::SayVote(const std::vector<NodeIndex>& to,
                                                const replica::SharedMessage& bytes,
                                                const consensus::Vote& vote) {
  // A vote told back to the validator that cast it is not its own.
  const bool own =
      crypto::Verify(key_.public_key(), chain::VoteBytes(chain_id_, vote.position), vote.signature);
  if (!own) return SayMore(to, bytes);
  place_ = vote.signer;
  last_ = vote.position;
  consensus::Vote other = vote;
  std::vector<Said> out;
  if (kind_ == Kind::kEquivocator && vote.position.kind != VoteKind::kNullify) {
    other.position.digest = crypto::Sha256(vote.position.digest.view());
    const auto lie = Encode(Sign(other));
    for (const NodeIndex node : to) out.push_back({node, node % 2 == 0 ? bytes : lie});
    Note("equivocator");
    return out;
  }
  if (kind_ == Kind::kNuller || kind_ == Kind::kNullifyOnly) {
    other.position = {VoteKind::kNullify, vote.position.epoch, vote.position.view, View(0), Hash()};
    const auto null = Encode(Sign(other));
    for (const NodeIndex node : to) {
      if (kind_ == Kind::kNuller) out.push_back({node, bytes});
      out.push_back({node, null});
    }
    Note(kind_ == Kind::kNuller ? "nuller" : "nullify-only");
    return out;
  }
  return SayMore(to, bytes);
}

std::vector<Byzantine::Said> Byzantine::SayProposal(const std::vector<NodeIndex>& to,
                                                    const replica::SharedMessage& bytes,
                                                    const consensus::Proposal& proposal) {
  std::vector<Said> out;
  if (kind_ == Kind::kNullifyOnly) return out;
  if (kind_ == Kind::kWithholder) {
    for (const NodeIndex node : to) {
      if (node % 2 == 0) out.push_back({node, bytes});
    }
    Note("withholder");
    return out;
  }
  const bool spoils = kind_ == Kind::kEquivocator || kind_ == Kind::kBadRoot ||
                      kind_ == Kind::kWrongSignatures || kind_ == Kind::kTimeLiar;
  if (!spoils) return SayMore(to, bytes);
  const auto lie = Encode(Spoil(proposal));
  for (const NodeIndex node : to) {
    const bool honest = kind_ == Kind::kEquivocator && node % 2 == 0;
    out.push_back({node, honest ? bytes : lie});
  }
  return out;
}

// What it says as it is, with what its kind adds.
std::vector<Byzantine::Said> Byzantine::SayMore(const std::vector<NodeIndex>& to,
                                                const replica::SharedMessage& bytes) {
  std::vector<Said> out;
  for (const NodeIndex node : to) {
    const bool spoil = kind_ == Kind::kGarbage && prng_.Chance(1, 2);
    out.push_back({node, spoil ? Garbage(bytes) : bytes});
    if (kind_ == Kind::kStale && !said_.empty() && prng_.Chance(1, 3)) {
      out.push_back({node, said_[prng_.Below(said_.size())]});
      Note("stale");
    }
    if (kind_ == Kind::kForger && last_ && prng_.Chance(1, 4)) {
      out.push_back({node, Encode(Forgery())});
      Note("forger");
    }
    if (kind_ == Kind::kAccuser && last_ && prng_.Chance(1, 4)) {
      out.push_back({node, Accusation()});
      Note("accuser");
    }
    if (kind_ != Kind::kFlooder || !last_ || !prng_.Chance(1, 4)) continue;
    for (int i = 0; i < kFlood; ++i) {
      consensus::Vote vote{*last_, place_, {}};
      vote.position.view = View(kHugeView + prng_.Below(kHugeView));
      out.push_back({node, Encode(Sign(vote))});
    }
    consensus::Status status;
    status.position = {Epoch(kHugeView), View(kHugeView)};
    status.floor = {Epoch(kHugeView), View(kHugeView)};
    out.push_back({node, Encode(status)});
    Note("flooder");
  }
  said_.push_back(bytes);
  if (said_.size() > kRemembered) said_.pop_front();
  return out;
}

consensus::Vote Byzantine::Sign(consensus::Vote vote) const {
  vote.signature = key_.Sign(chain::VoteBytes(chain_id_, vote.position));
  return vote;
}

// Another block under its name, signed anew as its Notarize.
consensus::Proposal Byzantine::Spoil(consensus::Proposal proposal) {
  chain::Header header = proposal.block.header();
  std::optional<consensus::Block> block;
  if (kind_ == Kind::kBadRoot) {
    header.state_root.data[0] ^= std::byte{1};
    Note("bad-root");
  } else if (kind_ == Kind::kWrongSignatures) {
    block = WithBrokenSignature(proposal.block);
    if (block) Note("wrong-signatures");
  } else {
    const std::uint64_t ahead = kind_ == Kind::kTimeLiar ? kHourMs : 1;
    header.timestamp_ms = Millis(header.timestamp_ms.value() + ahead);
    Note(kind_ == Kind::kTimeLiar ? "time-liar" : "equivocator");
  }
  proposal.block = block ? *block : consensus::Block(header, proposal.block.body());
  consensus::Vote vote;
  vote.position = {VoteKind::kNotarize, proposal.position.epoch, proposal.position.view,
                   proposal.parent_view, proposal.block.digest()};
  proposal.signature = Sign(vote).signature;
  return proposal;
}

replica::SharedMessage Byzantine::Garbage(const replica::SharedMessage& bytes) {
  Note("garbage");
  std::string out = *bytes;
  if (prng_.Chance(1, 2) || out.empty()) {
    Bytes random(1 + prng_.Below(200));
    prng_.Fill(random);
    out = ToString(random);
  } else {
    char& at = out[prng_.Below(out.size())];
    at = static_cast<char>(at ^ (1 << prng_.Below(8)));
  }
  return std::make_shared<const std::string>(std::move(out));
}

// A Finalization of something in the next view, each signature its own.
consensus::CertificateMessage Byzantine::Forgery() const {
  chain::Certificate certificate;
  certificate.position = {VoteKind::kFinalize, last_->epoch, last_->view.Next(), View(0),
                          crypto::Sha256(last_->digest.view())};
  certificate.validator_count = 4;
  const auto signature = key_.Sign(chain::VoteBytes(chain_id_, certificate.position));
  for (std::uint16_t i = 0; i < 3; ++i) {
    certificate.votes.push_back({ReplicaIndex(i), signature});
  }
  return {certificate};
}

// Two votes that exclude each other, said to be the other's: a block that carried it would blame
// an innocent (P17).
replica::SharedMessage Byzantine::Accusation() const {
  chain::Evidence evidence{chain::EvidenceKind::kConflictingFinalize, innocent_, {}, {}};
  for (chain::EvidenceVote* vote : {&evidence.first, &evidence.second}) {
    const Hash digest =
        vote == &evidence.first ? last_->digest : crypto::Sha256(last_->digest.view());
    vote->position = {VoteKind::kFinalize, last_->epoch, last_->view, View(0), digest};
    vote->signature = key_.Sign(chain::VoteBytes(chain_id_, vote->position));
  }
  return std::make_shared<const std::string>(
      replica::EncodeGossip({{}, {chain::EncodeEvidence(evidence)}}));
}

void Byzantine::Note(const char* what) { world_.Fired(what); }

}  // namespace timebank::sim
