// What all states of one check have in common: four validators of which one is Byzantine, the
// positions one can vote on, the blocks and the proposals that exist, each with a small number.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "chain/validator_set.h"
#include "consensus/core.h"

namespace timebank::model_check {

inline constexpr std::size_t kValidators = 4;
inline constexpr std::size_t kHonest = 3;
inline constexpr std::size_t kPositionsMax = 256;
inline constexpr std::size_t kProposalsMax = 128;

using PositionId = std::uint16_t;
inline constexpr PositionId kNoPosition = 0xFFFF;
using BlockId = std::uint16_t;  // 0: genesis
using ProposalId = std::uint16_t;
using Positions = std::bitset<kPositionsMax>;
using Proposals = std::bitset<kProposalsMax>;

struct Bounds {
  std::uint64_t views = 2;    // timers, proposals and builds happen in the views 1..views
  std::size_t crashes = 1;    // of all honest validators together
  std::size_t byzantine = 1;  // the Byzantine validator is the leader of this view
  std::uint64_t states = 0;   // stop after so many; 0: never
  std::uint64_t seconds = 0;  // stop after so long; 0: never
  std::uint64_t finish = 0;   // every so-many-th state is run on to a final block; 0: none
  bool ends_epoch = false;    // every block has EPOCH_END
};

// What a leader may propose; the certificates in it follow from what there is.
struct Offer {
  std::uint64_t view = 0;
  std::uint64_t parent_view = 0;
  BlockId block = 0;
  PositionId proof = kNoPosition;  // what shows that the parent is notarized or final
  friend auto operator<=>(const Offer&, const Offer&) = default;
};

class World {
 public:
  explicit World(const Bounds& bounds);

  [[nodiscard]] const Bounds& bounds() const { return bounds_; }
  [[nodiscard]] const Hash& chain_id() const { return chain_id_; }
  [[nodiscard]] const chain::ValidatorSet& validators() const { return validators_; }
  [[nodiscard]] std::size_t Leader(std::uint64_t view) const;
  [[nodiscard]] std::size_t byzantine() const { return byzantine_; }
  // Validator index of the k-th honest one.
  [[nodiscard]] std::size_t Honest(std::size_t k) const { return honest_[k]; }

  [[nodiscard]] PositionId IdOf(const chain::VotePosition& position);
  [[nodiscard]] const chain::VotePosition& position(PositionId id) const { return positions_[id]; }
  [[nodiscard]] std::size_t positions() const { return positions_.size(); }
  // Block `variant` of this proposer on this parent for this view.
  [[nodiscard]] BlockId Make(std::size_t proposer, std::uint64_t view, BlockId parent,
                             std::uint32_t variant);
  [[nodiscard]] BlockId IdOf(const Hash& digest) const;  // 0 for genesis
  [[nodiscard]] const consensus::Block& block(BlockId id) const { return blocks_[id].block; }
  [[nodiscard]] const Hash& digest(BlockId id) const;
  [[nodiscard]] bool IsAncestor(BlockId ancestor, BlockId block) const;
  [[nodiscard]] ProposalId IdOf(const Offer& offer);
  [[nodiscard]] const Offer& offer(ProposalId id) const { return offers_[id]; }

  // The same block with EPOCH_END.
  [[nodiscard]] static consensus::Block Ending(const consensus::Block& block);

  [[nodiscard]] const crypto::SecretKey& key(std::size_t validator) const {
    return keys_[validator];
  }
  [[nodiscard]] crypto::Signature Sign(std::size_t validator, const chain::VotePosition& p) const;
  [[nodiscard]] consensus::Vote VoteOf(std::size_t validator, const chain::VotePosition& p) const;
  // Signed by the validators of the mask.
  [[nodiscard]] chain::Certificate CertificateOf(const chain::VotePosition& p,
                                                 std::uint8_t mask) const;
  [[nodiscard]] chain::VotePosition Position(chain::VoteKind kind, std::uint64_t view,
                                             BlockId block = 0, std::uint64_t parent = 0) const;
  // Who voted in words: "Finalize(2, B1)".
  [[nodiscard]] std::string Name(const chain::VotePosition& position) const;
  [[nodiscard]] std::string Name(BlockId block) const;

 private:
  struct Made {
    consensus::Block block;
    BlockId parent = 0;
    std::uint64_t height = 0;
  };
  Bounds bounds_;
  std::vector<crypto::SecretKey> keys_;
  chain::ValidatorSet validators_;
  Hash chain_id_;
  std::size_t byzantine_ = 0;
  std::array<std::size_t, kHonest> honest_{};
  std::vector<chain::VotePosition> positions_;
  std::map<chain::VotePosition, PositionId> position_ids_;
  std::vector<Made> blocks_;
  std::map<Hash, BlockId> block_ids_;
  std::map<std::array<std::uint64_t, 4>, BlockId> made_;
  std::vector<Offer> offers_;
  std::map<Offer, ProposalId> offer_ids_;
};

}  // namespace timebank::model_check
