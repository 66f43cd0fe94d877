// Counts the votes of one epoch, per view. Keeps of each validator and kind the first vote, which
// counts, and one that contradicts it, which is evidence (P10: a second vote never displaces the
// first). Signatures are checked by the caller, before Add and only for votes that are new.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/strong.h"
#include "chain/certificate.h"
#include "chain/evidence.h"
#include "consensus/messages.h"

namespace timebank::consensus {

namespace testing {
class CoreProbe;
}

enum class Standing : std::uint8_t {
  kNew,            // first of its validator, view and kind
  kContradiction,  // differs from the first; not yet held
  kKnown,          // held already: its signature needs no second check
  kFull,           // differs from both that are held: of no use
};

// Two votes of one validator that no correct one casts both (CONSENSUS 9).
struct Contradiction {
  chain::EvidenceKind kind = chain::EvidenceKind::kConflictingNotarize;
  Vote first;
  Vote second;
};

class VoteTally {
 public:
  VoteTally(std::size_t validators, std::size_t quorum) : n_(validators), quorum_(quorum) {}

  [[nodiscard]] Standing Judge(const Vote& vote) const;
  // Whether Add would prove something, were the signature good.
  [[nodiscard]] bool Contradicts(const Vote& vote) const;
  // Requires: signature verified, signer below n, Judge gave kNew or kContradiction.
  // What the vote proves together with one held before.
  [[nodiscard]] std::vector<Contradiction> Add(const Vote& vote);

  // A certificate of all first votes on exactly `position`, once they are a quorum.
  [[nodiscard]] std::optional<chain::Certificate> QuorumOn(
      const chain::VotePosition& position) const;
  // Distinct validators with any vote in `view`.
  [[nodiscard]] std::size_t Voters(View view) const;
  [[nodiscard]] bool Has(View view, ReplicaIndex signer, chain::VoteKind kind) const;
  // The first votes of `signer` above `floor`, the highest views first, at most `most`.
  [[nodiscard]] std::vector<Vote> VotesOf(ReplicaIndex signer, View floor, std::size_t most) const;
  // Forgets all views below `first_kept`.
  void DropBelow(View first_kept);
  [[nodiscard]] std::size_t views() const { return views_.size(); }

 private:
  friend class testing::CoreProbe;
  using Slot = std::pair<ReplicaIndex, chain::VoteKind>;
  using ViewVotes = std::map<Slot, std::vector<Vote>>;  // each: first, then a contradiction

  [[nodiscard]] const Vote* First(View view, ReplicaIndex signer, chain::VoteKind kind) const;

  std::size_t n_;
  std::size_t quorum_;
  std::map<View, ViewVotes> views_;
};

}  // namespace timebank::consensus
