// What the model checker needs of a core beyond its interface: two cores that behave alike must be
// found equal, and clocks, allowances and other validators' single votes must not tell them apart.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "base/strong.h"
#include "consensus/core.h"
#include "consensus/output.h"
#include "consensus/rounds.h"

namespace timebank::consensus::testing {

class CoreProbe {
 public:
  static void SetSigner(Core& core, VoteSigner* signer);
  // Makes the core a representative of all that differ from it only in when something happens:
  // sets its clock to `now` and every timer to the same distance from it, fills up allowances,
  // forgets open questions and the votes of others that are in no certificate.
  static void Normalise(Core& core, Millis now);
  // Over all that decides what a normalised core does. Not over what it only sends again: who
  // signed a certificate, and which one let it enter the view.
  [[nodiscard]] static Hash Fingerprint(const Core& core);

  [[nodiscard]] static const Rounds& rounds(const Core& core);
  [[nodiscard]] static std::set<Hash> MissingBodies(const Core& core);
  // The block that the leader waits for.
  [[nodiscard]] static std::optional<BuildBlock> Asked(const Core& core);
  // Whether a proposal of the current view is held.
  [[nodiscard]] static bool HasCandidate(const Core& core);
};

}  // namespace timebank::consensus::testing
