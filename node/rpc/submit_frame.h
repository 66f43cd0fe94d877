// A frame of SubmitStream as it came over the wire, measured before it is parsed: a mebibyte of
// empty envelopes, two bytes each, would become half a million strings.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "timebank/v1/query.pb.h"

namespace timebank::rpc {

// The frame; empty when the bytes are no SubmitStreamRequest, or have more fields than the largest
// frame that is taken.
[[nodiscard]] std::optional<v1::SubmitStreamRequest> ReadFrame(ByteView bytes);

}  // namespace timebank::rpc
