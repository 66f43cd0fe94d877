#include "tests/model_check/world.h"

#include <algorithm>

#include "consensus/pacing.h"
#include "consensus/testing/executor.h"
#include "crypto/sha256.h"
#include "tests/model_check/violation.h"

namespace timebank::model_check {
namespace {

std::vector<crypto::SecretKey> MakeKeys() {
  std::vector<crypto::SecretKey> keys;
  for (std::size_t i = 0; i < kValidators; ++i) {
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
  return *chain::ValidatorSet::From(std::move(publics));
}

}  // namespace

World::World(const Bounds& bounds)
    : bounds_(bounds),
      keys_(MakeKeys()),
      validators_(MakeSet(keys_)),
      chain_id_(crypto::Sha256(AsBytes("model check"))) {
  byzantine_ = Leader(bounds.byzantine);
  std::size_t k = 0;
  for (std::size_t i = 0; i < kValidators; ++i) {
    if (i != byzantine_) honest_[k++] = i;
  }
  blocks_.emplace_back();
}

std::size_t World::Leader(std::uint64_t view) const {
  const std::uint64_t offset = consensus::LeaderOffset(chain_id_, kValidators);
  return consensus::LeaderOf(offset, View(view), kValidators).value();
}

PositionId World::IdOf(const chain::VotePosition& position) {
  const auto [known, fresh] =
      position_ids_.try_emplace(position, static_cast<PositionId>(positions_.size()));
  if (fresh) {
    Require(positions_.size() < kPositionsMax, "more positions than kPositionsMax");
    positions_.push_back(position);
  }
  return known->second;
}

BlockId World::Make(std::size_t proposer, std::uint64_t view, BlockId parent,
                    std::uint32_t variant) {
  const std::array<std::uint64_t, 4> key{proposer, view, parent, variant};
  const auto known = made_.find(key);
  if (known != made_.end()) return known->second;
  const std::uint64_t height = blocks_[parent].height + 1;
  consensus::Block block =
      consensus::testing::MakeBlock({chain_id_,
                                     validators_,
                                     ReplicaIndex(static_cast<std::uint16_t>(proposer)),
                                     digest(parent),
                                     Height(height),
                                     Millis(height),
                                     {static_cast<std::uint32_t>(view), variant}});
  if (bounds_.ends_epoch) block = Ending(block);
  const auto id = static_cast<BlockId>(blocks_.size());
  block_ids_.emplace(block.digest(), id);
  blocks_.push_back({std::move(block), parent, height});
  made_.emplace(key, id);
  return id;
}

consensus::Block World::Ending(const consensus::Block& block) {
  chain::Header header = block.header();
  header.flags = chain::kFlagEpochEnd;
  return consensus::Block(header, block.body());
}

BlockId World::IdOf(const Hash& digest) const {
  const auto known = block_ids_.find(digest);
  if (known != block_ids_.end()) return known->second;
  Require(digest == chain_id_, "a block that nobody made");
  return 0;
}

const Hash& World::digest(BlockId id) const {
  return id == 0 ? chain_id_ : blocks_[id].block.digest();
}

bool World::IsAncestor(BlockId ancestor, BlockId block) const {
  while (blocks_[block].height > blocks_[ancestor].height) block = blocks_[block].parent;
  return block == ancestor;
}

ProposalId World::IdOf(const Offer& offer) {
  const auto [known, fresh] =
      offer_ids_.try_emplace(offer, static_cast<ProposalId>(offers_.size()));
  if (fresh) {
    Require(offers_.size() < kProposalsMax, "more proposals than kProposalsMax");
    offers_.push_back(offer);
  }
  return known->second;
}

crypto::Signature World::Sign(std::size_t validator, const chain::VotePosition& p) const {
  return keys_[validator].Sign(chain::VoteBytes(chain_id_, p));
}

consensus::Vote World::VoteOf(std::size_t validator, const chain::VotePosition& p) const {
  return {p, ReplicaIndex(static_cast<std::uint16_t>(validator)), Sign(validator, p)};
}

chain::Certificate World::CertificateOf(const chain::VotePosition& p, std::uint8_t mask) const {
  chain::Certificate certificate;
  certificate.position = p;
  certificate.validator_count = static_cast<std::uint8_t>(kValidators);
  for (std::size_t i = 0; i < kValidators; ++i) {
    if ((mask >> i & 1) == 0) continue;
    certificate.votes.push_back({ReplicaIndex(static_cast<std::uint16_t>(i)), Sign(i, p)});
  }
  return certificate;
}

chain::VotePosition World::Position(chain::VoteKind kind, std::uint64_t view, BlockId block,
                                    std::uint64_t parent) const {
  chain::VotePosition p;
  p.kind = kind;
  p.view = View(view);
  p.parent_view = View(parent);
  if (kind != chain::VoteKind::kNullify) p.digest = digest(block);
  return p;
}

std::string World::Name(const chain::VotePosition& position) const {
  const std::string view = std::to_string(position.view.value());
  switch (position.kind) {
    case chain::VoteKind::kNotarize:
      return "Notarize(" + view + ", " + Name(IdOf(position.digest)) + " on view " +
             std::to_string(position.parent_view.value()) + ")";
    case chain::VoteKind::kNullify:
      return "Nullify(" + view + ")";
    case chain::VoteKind::kFinalize:
      return "Finalize(" + view + ", " + Name(IdOf(position.digest)) + ")";
  }
  return "?";
}

std::string World::Name(BlockId block) const {
  return block == 0 ? "genesis" : "B" + std::to_string(block);
}

}  // namespace timebank::model_check
