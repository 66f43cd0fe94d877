// Flags R4 to R8 of DOMAIN 7: patterns that no single entry shows. What is flagged is credited only
// after a review by the organisation above. R1 and R2 are seen where they arise (entry_confirm.cc,
// entry_checks.cc).
#pragma once

#include <cstdint>

#include "ledger/context.h"

namespace timebank::ledger {

inline constexpr std::uint32_t kWindowDays = 30;         // R4, R6: local days, today included
inline constexpr std::uint32_t kPairHelpedTimes = 4;     // R4: in each direction
inline constexpr int kEldersOfOneKey = 3;                // R5: a local day
inline constexpr std::uint32_t kApprovalsLookedAt = 20;  // R6: from so many on
inline constexpr std::uint32_t kApprovalsOfOnePercent = 30;
inline constexpr std::uint32_t kEqualRun = 6;       // R7
inline constexpr std::uint64_t kBurstMs = 600'000;  // R8
inline constexpr std::int64_t kBurstMinutes = 300;
inline constexpr int kBurstEntriesMax = 64;  // remembered

// Adds flags. An approved entry then waits for a review instead of the end of cooling-off.
void AddFlags(TxContext& tx, v1::Entry& entry, std::uint32_t flags);

// R7 and R8, when a visit is submitted or typed; R8 also flags what was submitted just before.
// Requires: the entry is complete and counted.
void NoteSubmission(TxContext& tx, v1::Entry& entry);
// R5, when the holder of a key (channel APP or PROXY) confirms.
void NoteConfirmation(TxContext& tx, const Signer& signer, v1::Entry& entry);
// R4 and R6, when a visit is approved.
void NoteApproval(TxContext& tx, const MemberId& approver, v1::Entry& entry);

}  // namespace timebank::ledger
