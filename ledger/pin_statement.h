// A card's PIN, checked by a PIN service and stated once (DOMAIN 8a). Nothing of the PIN itself is
// ever here. The signature is verified before execution (signatures.h).
#pragma once

#include <cstdint>

#include "ledger/context.h"

namespace timebank::ledger {

// A statement holds this long from the moment the PIN was typed.
inline constexpr std::uint64_t kPinValidityMs = 120'000;

// MISSING_FIELD, or the canonical scanner's reason for the statement's bytes.
[[nodiscard]] Reason CheckPinForm(const v1::PinProof& pin);

// BAD_PIN_STATEMENT unless `pin` says that the PIN of `holder`'s card was right for `action`, by an
// active key of a PIN_SERVICE of an ancestor of the holder's home that is not the signing terminal
// itself, and is in force at block time.
[[nodiscard]] Reason CheckPin(TxContext& tx, const v1::PinProof& pin, const v1::Member& holder,
                              ByteView action);

}  // namespace timebank::ledger
