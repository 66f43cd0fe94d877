// A small made-up chain for tests of receipts: two epochs, a log of a few transactions, every
// header certified with real keys. The same bytes on every run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chain/certificate.h"
#include "chain/genesis.h"
#include "chain/header.h"
#include "chain/log_tree.h"
#include "chain/receipt.h"
#include "crypto/ed25519.h"

namespace timebank::chain::testing {

// The secret key whose seed is drawn from `number`.
[[nodiscard]] crypto::SecretKey KeyOf(std::uint64_t number);

// Keys of validators, in the order of their set.
struct Validators {
  explicit Validators(std::vector<std::uint64_t> numbers);
  // A certificate of all `signers` (indexes into the set) on `position`.
  [[nodiscard]] std::string Certify(const Hash& chain_id, const VotePosition& position,
                                    const std::vector<std::uint16_t>& signers) const;
  // A Finalization of `header` at `view` by a bare quorum.
  [[nodiscard]] std::string Finalize(const Header& header, View view) const;
  std::vector<crypto::SecretKey> secrets;
  ValidatorSet set;
};

struct SampleChain {
  SampleChain();
  // Receipts of what the sample log holds, under the last header of the epoch.
  [[nodiscard]] ReceiptParts Claim(Epoch epoch) const;     // one transaction, one line
  [[nodiscard]] ReceiptParts Approval(Epoch epoch) const;  // a list of five lines
  [[nodiscard]] ReceiptParts Sweep(Epoch epoch) const;     // no envelope, two lines

  Validators first{{1, 2, 3, 4}};
  Validators second{{2, 3, 4, 5, 6}};
  std::string genesis_bytes;
  Hash chain_id;
  LogTree log;
  Header boundary;  // last of epoch 0
  Header later;     // in epoch 1
  v1::EpochLink link;
  ReceiptParts claim, approval, sweep;  // without proofs

 private:
  [[nodiscard]] ReceiptParts Prove(ReceiptParts parts, Epoch epoch) const;
};

}  // namespace timebank::chain::testing
