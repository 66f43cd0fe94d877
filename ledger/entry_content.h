// What is recorded of a visit: the form of an EntryContent, its minutes, its id. Nothing here needs
// a party or a state (DOMAIN 3).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "timebank/v1/transaction.pb.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::ledger {

// No visit is longer, whatever a policy says: the search for overlaps looks one day back.
inline constexpr std::int64_t kVisitMinutesMax = 24 * 60;
// Claimed times fit the 48 bits of an id, so that sums of times never wrap.
inline constexpr std::uint64_t kTimeMsMax = (std::uint64_t{1} << 48U) - 1;
inline constexpr std::uint64_t kMinuteMs = 60'000;

struct VisitContent {
  v1::EntryContent content;
  std::string bytes;  // canonical, as signed
  Hash hash;          // what a confirmation names
};

// The content in `bytes`. Refuses an absent field, an end that is not after the start, and what the
// canonical scanner refuses. An absent category is left to the check of categories.
[[nodiscard]] Expected<VisitContent, v1::Reason> ParseContent(ByteView bytes);

// Whole minutes from start to end. Requires: start <= end.
[[nodiscard]] std::int64_t WholeMinutes(Millis start, Millis end);

// The first 48 bits of a client-made id, in milliseconds since the Unix epoch.
[[nodiscard]] Millis IdTime(ByteView id);

// The id of a paper line (FORMATS 1): start as u48 ms || first 80 bits of H(slip domain || org ||
// serial).
[[nodiscard]] EntryId SlipId(Millis start, const OrgId& org, ByteView serial);

}  // namespace timebank::ledger
