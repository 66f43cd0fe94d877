// What this validator did and knows in each view above the floor: its own votes, under the two
// invariants that safety rests on, and the certificates it holds.
#pragma once

#include <map>
#include <optional>

#include "base/strong.h"
#include "chain/certificate.h"
#include "consensus/messages.h"

namespace timebank::consensus {

struct Round {
  std::optional<Vote> my_notarize;
  std::optional<Vote> my_nullify;
  std::optional<Vote> my_finalize;
  std::optional<chain::Certificate> notarization;
  std::optional<chain::Certificate> nullification;
};

class Rounds {
 public:
  // The round of `view`; an empty one where nothing happened.
  [[nodiscard]] const Round& operator[](View view) const;
  [[nodiscard]] const std::map<View, Round>& all() const { return rounds_; }

  // Notes a vote of mine, new or replayed. Checks I1 (one Notarize position per view; the same one
  // may come again) and I2 (Nullify and Finalize exclude each other).
  void NoteMine(const Vote& vote);
  // Notes a Notarization or Nullification. False when another Notarization of this view is held,
  // which takes more than f faulty validators.
  [[nodiscard]] bool Store(const chain::Certificate& certificate);
  // A held certificate with this position (any bytes: each valid one says the same).
  [[nodiscard]] bool Holds(const chain::VotePosition& position) const;

  // The highest notarized view: the tip. Empty: the tip is the floor.
  [[nodiscard]] const chain::Certificate* HighestNotarization() const;
  // Whether any held Notarization names `digest`.
  [[nodiscard]] bool IsNotarized(const Hash& digest) const;
  // Forgets every view up to `floor`.
  void DropThrough(View floor);

 private:
  std::map<View, Round> rounds_;
};

}  // namespace timebank::consensus
