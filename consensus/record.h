// What the core asks to be made durable (CONSENSUS 8), and the bytes of each record in the node
// log. The order of the variant is the order inside a batch: bodies, certificates, EpochStart, then
// votes.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/strong.h"
#include "consensus/messages.h"

namespace timebank::consensus {

// Numbers on disk; never reused. kFloorMark is written and read by the replica alone.
enum class RecordType : std::uint8_t {
  kBody = 1,
  kCertificate = 2,
  kEpochStart = 3,
  kFloorMark = 4,
  kMyVote = 5,
  kMyProposal = 6,
  kFirstSeen = 7,
};

struct BodyRecord {
  Block block;
};
struct CertificateRecord {
  chain::Certificate certificate;
};
// The floor of a new epoch: (epoch, view 0, digest of the boundary block).
struct EpochStartRecord {
  Epoch epoch;
  Hash boundary;
};
struct MyVoteRecord {
  Vote vote;
};
// The block of this view was chosen: after a restart the same digest or silence.
struct MyProposalRecord {
  Position position;
  View parent_view;
  Hash digest;
};
// The leader's first proposal as signed, so that a second one is evidence after a restart too (P9).
// Needs no sync of its own.
struct FirstSeenRecord {
  Vote vote;
};

using Record = std::variant<BodyRecord, CertificateRecord, EpochStartRecord, MyVoteRecord,
                            MyProposalRecord, FirstSeenRecord>;

[[nodiscard]] RecordType TypeOf(const Record& record);
// The payload, without type and length. Body: header || body bytes (FORMATS 8).
[[nodiscard]] Bytes EncodeRecord(const Record& record);
// Strict inverse. Empty for kFloorMark and for anything EncodeRecord cannot have written.
[[nodiscard]] std::optional<Record> DecodeRecord(RecordType type, ByteView payload);

}  // namespace timebank::consensus
