// Bounds of TransactionService: admission of signed transactions, one at a time or in frames, and
// receipts.
#pragma once

#include "node/rpc/backend.h"
#include "timebank/v1/query.pb.h"

namespace timebank::rpc {

inline constexpr std::size_t kSubmitFrameBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kSubmitFrameTransactionsMax = 2000;
// Of one stream, not yet final; beyond it the stream is not read.
inline constexpr std::size_t kStreamInFlightMax = 4096;
// Of one stream, made and not taken by the client; likewise.
inline constexpr std::size_t kStreamResponsesMax = 4;
// How long a call waits for the height that it depends on.
inline constexpr std::uint64_t kMinHeightWaitMs = 2000;
// Longest wait for finality or a receipt.
inline constexpr std::uint64_t kWaitMsMax = 60'000;
// A block may become final through a descendant that is not here yet: its receipt follows soon.
inline constexpr std::size_t kReceiptAttempts = 40;
inline constexpr std::uint64_t kReceiptRetryMs = 50;

// The proof of rows[row] for a stream, whose frame carries header and certificate once.
[[nodiscard]] v1::TransactionProof ProofOf(const replica::FinalBlock& block, std::size_t row);

}  // namespace timebank::rpc
