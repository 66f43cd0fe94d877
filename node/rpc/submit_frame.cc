#include "node/rpc/submit_frame.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "node/rpc/transaction_service.h"

namespace timebank::rpc {

std::optional<v1::SubmitStreamRequest> ReadFrame(ByteView bytes) {
  using google::protobuf::internal::WireFormatLite;
  // Room for the envelopes, one more so that "too many" can be told, and the height.
  constexpr std::size_t kFieldsMax = kSubmitFrameTransactionsMax + 2;
  const std::string_view text = AsText(bytes);
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(text.data()),
                                               static_cast<int>(text.size()));
  std::size_t fields = 0;
  while (const std::uint32_t tag = input.ReadTag()) {
    // Groups hold further fields; this schema has none.
    const bool is_group =
        WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_START_GROUP;
    if (++fields > kFieldsMax || is_group || !WireFormatLite::SkipField(&input, tag)) {
      return std::nullopt;
    }
  }
  v1::SubmitStreamRequest frame;
  if (!frame.ParseFromArray(text.data(), static_cast<int>(text.size()))) return std::nullopt;
  return frame;
}

}  // namespace timebank::rpc
