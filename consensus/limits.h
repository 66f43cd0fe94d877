// Every bound of the protocol in one place (CONSENSUS 10). Both ends of a fetch use the same
// constant in the same unit: a client that asks for more than a server gives would starve (P6).
#pragma once

#include <cstddef>
#include <cstdint>

#include "chain/validator_set.h"

namespace timebank::consensus {

inline constexpr std::size_t kBodyBytesMax = 1U << 20;
// Views at or below the floor whose votes are still kept, for evidence only.
inline constexpr std::uint64_t kEvidenceWindowViews = 64;
// Votes are taken up to this many views ahead of the current one.
inline constexpr std::uint64_t kVoteLookaheadViews = 1;
// Per (view, signer, kind): the first vote and one that contradicts it.
inline constexpr std::size_t kVotesPerSignerAndKindMax = 2;
// A proposal carries the highest nullifications up to this many, the rest are fetched.
inline constexpr std::size_t kProposalNullificationsMax = 64;
// Notarized but not final blocks on top of one another; above, only blocks without transactions.
inline constexpr std::uint64_t kUnfinalizedDepthMax = 16;
// A body without certificate and without my vote is forgotten this many views later.
inline constexpr std::uint64_t kIdleBodyViews = 16;

// How far a block's timestamp may be from a voter's clock.
inline constexpr std::uint64_t kSkewMaxMs = 5'000;

// Asked for and given per message; a reply may hold fewer, never more.
inline constexpr std::size_t kFetchCertificatesMax = 64;
inline constexpr std::size_t kFetchBlocksMax = 64;
inline constexpr std::size_t kFetchHeadersMax = 512;
inline constexpr std::size_t kFetchEpochsMax = 16;
// Bodies in one reply: the first block always fits, further ones only up to this sum.
inline constexpr std::size_t kReplyBytesMax = 2U << 20;
// What is held on the way to a floor that is far ahead: bodies up to so far above the last
// committed block, and digests of so many final blocks. Above, the way is asked for again later.
inline constexpr std::uint64_t kBodiesAheadMax = 2 * kFetchBlocksMax;
inline constexpr std::size_t kFinalDigestsMax = 1U << 18;
// Who knows of more final blocks than this that it has not committed is catching up.
inline constexpr std::size_t kCatchingUpBlocks = 16;
// Final blocks kept in memory to answer FetchByDigest without asking storage.
inline constexpr std::size_t kRecentBlocksMax = 64;
inline constexpr std::size_t kRecentBytesMax = 16U << 20;

// Answers given to one peer, and signatures of its certificates checked: burst and refill a second.
inline constexpr std::uint64_t kAnswersPerSecond = 128;
inline constexpr std::uint64_t kCertificateSignaturesPerSecond = 8192;
// Blocks and headers looked up for one peer, and bytes of bodies read for it, sent or not.
inline constexpr std::uint64_t kServedBlocksPerSecond = 4096;
inline constexpr std::uint64_t kServedBytesPerSecond = 16U << 20;
// Votes told to the peer that cast them, when its link comes up.
inline constexpr std::size_t kEchoedVotesMax = 256;

// The vote timers grow by 3/2 per view without finality, up to this factor.
inline constexpr std::uint64_t kBackoffMax = 16;
inline constexpr std::uint64_t kStatusBusyMs = 2000;   // while the tip is not final
inline constexpr std::uint64_t kStatusIdleMs = 10000;  // otherwise

static_assert(kFetchHeadersMax >= kFetchBlocksMax);
static_assert(kReplyBytesMax > kBodyBytesMax);
static_assert(kBodiesAheadMax >= kFetchBlocksMax + kFetchBlocksMax / 2);
static_assert(kProposalNullificationsMax <= kFetchCertificatesMax);
static_assert(kIdleBodyViews >= kUnfinalizedDepthMax);

}  // namespace timebank::consensus
