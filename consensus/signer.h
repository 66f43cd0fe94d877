// The port to whatever holds the consensus key, with the vote guard on its side of the line, so
// that two processes cannot make one key contradict itself (CONSENSUS 8).
#pragma once

#include <map>
#include <optional>

#include "base/bytes.h"
#include "chain/certificate.h"
#include "consensus/messages.h"
#include "crypto/ed25519.h"

namespace timebank::consensus {

class VoteSigner {
 public:
  virtual ~VoteSigner() = default;
  // Signs the vote unless it contradicts an earlier one (I1: two Notarize in a view; two Finalize
  // in a view; I2: Nullify and Finalize of a view) or lies at or below the floor: then empty. The
  // same vote may be signed again. The guard is as durable as the signature before this returns.
  [[nodiscard]] virtual std::optional<crypto::Signature> Sign(
      const chain::VotePosition& position) = 0;
  // Everything up to `floor` is final: refuse it from now on, and forget what was signed there.
  virtual void RaiseFloor(const Position& floor) = 0;
};

// A key in this process. Its guard lives in memory: what was signed is in the node log, and is
// told again at recovery, before the first Sign.
class LocalSigner final : public VoteSigner {
 public:
  LocalSigner(const crypto::SecretKey& key, const Hash& chain_id);
  // A recovery gave the chain another id: what is signed from now on counts there only.
  void UseChain(const Hash& chain_id) { chain_id_ = chain_id; }
  // A vote of this key found in the log. False when it contradicts one told before.
  [[nodiscard]] bool Remember(const chain::VotePosition& position);
  [[nodiscard]] std::optional<crypto::Signature> Sign(const chain::VotePosition& position) override;
  void RaiseFloor(const Position& floor) override;
  [[nodiscard]] const crypto::PublicKey& public_key() const { return key_.public_key(); }

 private:
  struct Signed {
    std::optional<chain::VotePosition> notarize;
    std::optional<chain::VotePosition> nullify;
    std::optional<chain::VotePosition> finalize;
  };
  crypto::SecretKey key_;
  Hash chain_id_;
  Position floor_;
  std::map<Position, Signed> signed_;
};

}  // namespace timebank::consensus
