// Receipts (FORMATS 6): proof for anyone with the genesis file, and nothing else, that a
// transaction is final and what it did. Every field is checked, so no bit of a valid receipt can be
// changed.
//
// What only the ledger could check is left out: signatures (the keys are in its state) and names of
// validators (the header covers their keys). The number of lines is told only when all are shown,
// because the effects digest does not fix it. It does not fix a line's place in a longer list
// either (several places of trees of different sizes may lead to the same sides), so the line names
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "chain/genesis.h"
#include "chain/header.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::chain {

// The step at which a receipt failed.
enum class ReceiptFault : std::uint8_t {
  kGenesis,                // the genesis file is not valid
  kNotCanonical,           // the receipt is not the canonical bytes of one Receipt
  kUnknownVersion,         // another version than 1
  kTransaction,            // not exactly one of envelope and id, or the envelope is not in order
  kSignaturesInside,       // the envelope carries signatures, which nothing could check
  kWrongChain,             // the envelope or header is of another chain than the genesis
  kEffectsLine,            // no line, or a line is not canonical
  kLineNumber,             // a line is shown at another place than the one it names
  kEffectsPath,            // lines, places and paths do not lead to one effects digest
  kHeader,                 // the header is not in form
  kLogPath,                // transaction and effects are not in the header's log
  kEpochChain,             // links are missing, superfluous, out of order or no boundary blocks
  kNextSet,                // a link's set is not the one that its header or recovery names
  kRecovery,               // a link's recovery document does not hold
  kValidators,             // a header names another set than its epoch's
  kFinalization,           // a certificate is not in form, or of another count of validators
  kFinalizationKind,       // a certificate of another kind than Finalize
  kFinalizationTarget,     // a Finalization of another epoch or block
  kTooFewSigners,          // a Finalization with less than a quorum
  kFinalizationSignature,  // a signature of a Finalization does not verify
};
[[nodiscard]] std::string_view Describe(ReceiptFault fault);

struct VerifiedReceipt {
  Hash transaction_id;
  std::optional<v1::TransactionBody> body;  // empty for a list or a sweep
  std::vector<v1::EffectsLine> lines;       // those shown
  Header header;                            // of the final block that proves it
};

[[nodiscard]] Expected<VerifiedReceipt, ReceiptFault> VerifyReceipt(ByteView receipt,
                                                                    const Genesis& genesis);
[[nodiscard]] Expected<VerifiedReceipt, ReceiptFault> VerifyReceipt(ByteView receipt,
                                                                    ByteView genesis);

using EpochLinks = google::protobuf::RepeatedPtrField<v1::EpochLink>;
// What holds in the epoch after the last link: a recovery brings a new era and chain id.
struct EpochReach {
  Epoch epoch;
  Era era;
  Hash chain_id;
  ValidatorSet validators;
};
// From genesis through the links, each final under the set before it.
[[nodiscard]] Expected<EpochReach, ReceiptFault> WalkEpochs(const EpochLinks& links,
                                                            const Genesis& genesis);
// The last certified block of the link at `index`, which carries a recovery, and up to which the
// walk has come: of this epoch, or the one that ended the epoch before, shown once more.
[[nodiscard]] Expected<Header, ReceiptFault> BlockOfRecovery(const EpochLinks& links, int index,
                                                             const EpochReach& reach);

// Leaf of the transaction log: leaf hash of transaction id || effects digest.
[[nodiscard]] Hash TransactionLeaf(const Hash& transaction_id, const Hash& effects_digest);
// RFC 9162 root over the canonical bytes of all EffectsLines of a transaction.
[[nodiscard]] Hash EffectsDigest(const std::vector<std::string>& lines);

// What a receipt is made of, as a node has it.
struct ReceiptParts {
  std::string envelope;  // as submitted; empty for a sweep
  Hash transaction_id;
  std::vector<std::string> lines;    // canonical bytes of all EffectsLines, numbered
  std::vector<std::uint32_t> shown;  // ascending indexes into lines; empty: all
  std::uint64_t log_index = 0;
  std::vector<Hash> log_path;  // for the header's log_size
  Header header;               // of the block or of a later final one
  std::string finalization;    // certificate of that header
  EpochLinks epochs;           // MakeEpochLink of every epoch before the header's
};
// Requires: the envelope, when there is one, parses; shown indexes are below lines.size(), which is
// not zero. Whether the parts fit together is for VerifyReceipt to tell.
[[nodiscard]] std::string BuildReceipt(const ReceiptParts& parts);

[[nodiscard]] v1::EpochLink MakeEpochLink(const Header& boundary, std::string_view finalization,
                                          const ValidatorSet& next);
// `recovery`: canonical bytes of a Recovery that names `last`.
[[nodiscard]] v1::EpochLink MakeRecoveryLink(const Header& last, std::string_view finalization,
                                             const ValidatorSet& next, std::string_view recovery);

}  // namespace timebank::chain
