// The one strict scanner (FORMATS 2): of all encodings that a protobuf parser accepts it admits the
// single one that ours writes, so that hashed and signed bytes are unique whatever library made
// them. Table-driven: the tables come from the schema and its options len, max_len, max_items
// and open_to.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"

namespace timebank::chain {

enum class CanonicalFault : std::uint8_t {
  kTruncated,       // the bytes end inside a field
  kVarint,          // a varint longer than needed, or of more than 64 bits
  kUnknownField,    // no such field number in the schema
  kWireType,        // another wire type than the field's; also a repeated scalar not packed
  kFieldOrder,      // field numbers do not ascend, or a single field comes twice
  kSecondOfOneof,   // two fields of one oneof
  kDefaultWritten,  // a zero, false, or empty bytes that should be absent
  kValueRange,      // a uint32 above 2^32 - 1 or a bool above 1
  kUnknownEnum,     // an enum number without a name, in a field that is not open to it
  kWrongLength,     // bytes of another length than the field's `len`
  kTooLong,         // bytes longer than the field's `max_len`, or a message above kMessageSizeMax
  kTooManyItems,    // more elements than the field's `max_items`
};
[[nodiscard]] std::string_view Describe(CanonicalFault fault);

struct CanonicalError {
  CanonicalFault fault;
  std::size_t offset;  // of the field or value at fault, in the scanned bytes
};

// Larger than any message of the chain; protobuf itself counts in int.
inline constexpr std::size_t kMessageSizeMax = std::size_t{64} << 20;

// The canonical form of one message type and of those within it. Immutable once built.
class CanonicalForm {
 public:
  // Requires: the schema holds only bytes, bool, enum, uint32, uint64, sint64 and messages, no maps
  // and no message within itself.
  explicit CanonicalForm(const google::protobuf::Descriptor& type);
  CanonicalForm(const CanonicalForm&) = delete;
  CanonicalForm& operator=(const CanonicalForm&) = delete;
  ~CanonicalForm();
  // Empty when `bytes` are canonical.
  [[nodiscard]] std::optional<CanonicalError> Check(ByteView bytes) const;

 private:
  struct Field;
  struct Type;
  class Scanner;
  static Field FieldOf(const google::protobuf::FieldDescriptor& field);
  std::size_t AddType(const google::protobuf::Descriptor& type);
  std::vector<Type> types_;                       // the root first
  std::map<std::string, std::size_t> positions_;  // full name -> index in types_
};

// Empty when `bytes` are the canonical bytes of one M.
template <typename M>
[[nodiscard]] std::optional<CanonicalError> CheckCanonical(ByteView bytes) {
  static const CanonicalForm form(*M::descriptor());
  return form.Check(bytes);
}

// The message that `bytes` are the canonical bytes of: CanonicalBytes of it gives them back.
template <typename M>
[[nodiscard]] Expected<M, CanonicalError> ParseCanonical(ByteView bytes) {
  if (const auto error = CheckCanonical<M>(bytes)) return Unexpected{*error};
  M message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Unexpected{CanonicalError{CanonicalFault::kTruncated, 0}};
  }
  return message;
}

// What protobuf writes for a message of known fields, enums and lengths is canonical.
[[nodiscard]] std::string CanonicalBytes(const google::protobuf::Message& message);

}  // namespace timebank::chain
