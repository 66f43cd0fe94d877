// Builds the tables from the schema's descriptors and walks one buffer with them.
#include "chain/canonical.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "timebank/v1/options.pb.h"

namespace timebank::chain {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr std::uint32_t kWireVarint = 0;
constexpr std::uint32_t kWireLength = 2;
constexpr int kNoOneof = -1;
constexpr int kOneofsMax = 64;

enum class Shape : std::uint8_t { kUint32, kUint64, kBool, kEnum, kBytes, kMessage };

// sint64 is any 64 bits in zigzag form; the scanner need not tell it from uint64.
Shape ShapeOf(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_UINT32) return Shape::kUint32;
  if (field.type() == FieldDescriptor::TYPE_UINT64) return Shape::kUint64;
  if (field.type() == FieldDescriptor::TYPE_SINT64) return Shape::kUint64;
  if (field.type() == FieldDescriptor::TYPE_BOOL) return Shape::kBool;
  if (field.type() == FieldDescriptor::TYPE_ENUM) return Shape::kEnum;
  if (field.type() == FieldDescriptor::TYPE_BYTES) return Shape::kBytes;
  TB_CHECK(field.type() == FieldDescriptor::TYPE_MESSAGE);
  TB_CHECK(!field.is_map());
  return Shape::kMessage;
}

std::vector<std::uint64_t> KnownNumbers(const EnumDescriptor& type) {
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < type.value_count(); ++i) {
    TB_CHECK(type.value(i)->number() >= 0);
    numbers.push_back(static_cast<std::uint64_t>(type.value(i)->number()));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

struct CanonicalForm::Field {
  std::uint32_t number = 0;
  Shape shape = Shape::kUint64;
  bool repeated = false;
  int oneof = kNoOneof;
  std::size_t size_max = kMessageSizeMax;
  std::size_t items_max = std::numeric_limits<std::size_t>::max();
  bool exact = false;                      // size_max is the only size: option `len`
  std::vector<std::uint64_t> enum_values;  // ascending
  std::uint64_t open_to = 0;               // enum numbers up to here need no name
  std::size_t message = 0;                 // index in types_

  [[nodiscard]] bool IsScalar() const { return shape != Shape::kBytes && shape != Shape::kMessage; }
  [[nodiscard]] std::uint32_t wire_type() const {
    return IsScalar() && !repeated ? kWireVarint : kWireLength;  // repeated scalars are packed
  }
};

struct CanonicalForm::Type {
  std::vector<Field> fields;  // ascending by number
  bool complete = false;      // all fields are known: false only while it is being added
};

// Walks one buffer. The first fault ends it; offsets count from the start of the outermost message.
class CanonicalForm::Scanner {
 public:
  Scanner(const std::vector<Type>& types, ByteView bytes) : types_(types), bytes_(bytes) {}

  [[nodiscard]] bool Message(std::size_t type, std::size_t end);
  [[nodiscard]] CanonicalError error() const { return error_; }

 private:
  [[nodiscard]] bool Varint(std::size_t end, std::uint64_t& value);
  [[nodiscard]] bool Scalar(const Field& field, std::size_t end, bool may_be_zero);
  [[nodiscard]] bool Packed(const Field& field, std::size_t end);
  [[nodiscard]] bool Value(const Field& field, std::size_t end);
  [[nodiscard]] bool Fail(CanonicalFault fault, std::size_t offset) {
    error_ = {fault, offset};
    return false;
  }

  const std::vector<Type>& types_;
  ByteView bytes_;
  std::size_t at_ = 0;
  CanonicalError error_{};
};

std::optional<CanonicalError> CanonicalForm::Check(ByteView bytes) const {
  if (bytes.size() > kMessageSizeMax) return CanonicalError{CanonicalFault::kTooLong, 0};
  Scanner scanner(types_, bytes);
  return scanner.Message(0, bytes.size()) ? std::nullopt : std::optional(scanner.error());
}

// Scans fields from at_ to `end`. The schema is not recursive, so neither is this beyond its depth.
bool CanonicalForm::Scanner::Message(std::size_t type, std::size_t end) {
  const std::vector<Field>& fields = types_[type].fields;
  auto field = fields.begin();
  std::uint32_t last_number = 0;
  std::size_t items = 0;          // of the current field
  std::uint64_t oneofs_seen = 0;  // bit per oneof
  while (at_ < end) {
    const std::size_t start = at_;
    std::uint64_t tag = 0;
    if (!Varint(end, tag)) return false;
    const std::uint64_t number = tag >> 3;
    if (number < last_number) return Fail(CanonicalFault::kFieldOrder, start);
    // Numbers ascend, so the search goes on where it stopped.
    while (field != fields.end() && field->number < number) ++field;
    if (field == fields.end() || field->number != number) {
      return Fail(CanonicalFault::kUnknownField, start);
    }
    if ((tag & 7) != field->wire_type()) return Fail(CanonicalFault::kWireType, start);
    if (number == last_number) {
      if (!field->repeated || field->IsScalar()) return Fail(CanonicalFault::kFieldOrder, start);
      if (++items > field->items_max) return Fail(CanonicalFault::kTooManyItems, start);
    } else {
      items = 1;
      if (field->oneof != kNoOneof) {
        const std::uint64_t bit = std::uint64_t{1} << field->oneof;
        if ((oneofs_seen & bit) != 0) return Fail(CanonicalFault::kSecondOfOneof, start);
        oneofs_seen |= bit;
      }
    }
    last_number = field->number;
    if (!Value(*field, end)) return false;
  }
  return true;
}

bool CanonicalForm::Scanner::Value(const Field& field, std::size_t end) {
  if (field.wire_type() == kWireVarint) return Scalar(field, end, /*may_be_zero=*/false);
  const std::size_t start = at_;
  std::uint64_t size = 0;
  if (!Varint(end, size)) return false;
  if (size > end - at_) return Fail(CanonicalFault::kTruncated, start);
  const std::size_t value_end = at_ + static_cast<std::size_t>(size);
  if (field.shape == Shape::kMessage) return Message(field.message, value_end);
  if (field.IsScalar()) return Packed(field, value_end);
  if (size == 0 && !field.repeated) return Fail(CanonicalFault::kDefaultWritten, start);
  if (field.exact && size != field.size_max) return Fail(CanonicalFault::kWrongLength, start);
  if (size > field.size_max) return Fail(CanonicalFault::kTooLong, start);
  at_ = value_end;
  return true;
}

bool CanonicalForm::Scanner::Packed(const Field& field, std::size_t end) {
  if (at_ == end) return Fail(CanonicalFault::kDefaultWritten, at_);
  for (std::size_t items = 1; at_ < end; ++items) {
    if (items > field.items_max) return Fail(CanonicalFault::kTooManyItems, at_);
    if (!Scalar(field, end, /*may_be_zero=*/true)) return false;
  }
  return true;
}

bool CanonicalForm::Scanner::Scalar(const Field& field, std::size_t end, bool may_be_zero) {
  const std::size_t start = at_;
  std::uint64_t value = 0;
  if (!Varint(end, value)) return false;
  if (value == 0 && !may_be_zero) return Fail(CanonicalFault::kDefaultWritten, start);
  switch (field.shape) {
    case Shape::kUint32:
      if (value > std::numeric_limits<std::uint32_t>::max()) {
        return Fail(CanonicalFault::kValueRange, start);
      }
      return true;
    case Shape::kBool:
      return value <= 1 || Fail(CanonicalFault::kValueRange, start);
    case Shape::kEnum:
      return value <= field.open_to ||
             std::binary_search(field.enum_values.begin(), field.enum_values.end(), value) ||
             Fail(CanonicalFault::kUnknownEnum, start);
    case Shape::kUint64:
    case Shape::kBytes:
    case Shape::kMessage:
      return true;
  }
  return true;
}

// At most ten bytes; the last one is not zero unless it is the only one.
bool CanonicalForm::Scanner::Varint(std::size_t end, std::uint64_t& value) {
  const std::size_t start = at_;
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_ == end) return Fail(CanonicalFault::kTruncated, start);
    const auto byte = std::to_integer<std::uint64_t>(bytes_[at_++]);
    if (shift == 63 && byte > 1) return Fail(CanonicalFault::kVarint, start);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return byte != 0 || shift == 0 || Fail(CanonicalFault::kVarint, start);
  }
  return Fail(CanonicalFault::kVarint, start);
}

CanonicalForm::CanonicalForm(const Descriptor& type) { AddType(type); }

CanonicalForm::~CanonicalForm() = default;

// The index of `type` in types_, which it and the types within it are added to when new.
std::size_t CanonicalForm::AddType(const Descriptor& type) {
  const auto [position, is_new] = positions_.try_emplace(type.full_name(), types_.size());
  const std::size_t index = position->second;
  if (!is_new) {
    TB_CHECK(types_[index].complete);  // otherwise the type is within itself
    return index;
  }
  types_.emplace_back();
  std::vector<Field> fields;
  for (int i = 0; i < type.field_count(); ++i) {
    fields.push_back(FieldOf(*type.field(i)));
    if (fields.back().shape == Shape::kMessage) {
      fields.back().message = AddType(*type.field(i)->message_type());
    }
  }
  std::sort(fields.begin(), fields.end(),
            [](const Field& a, const Field& b) { return a.number < b.number; });
  types_[index] = {std::move(fields), /*complete=*/true};
  return index;
}

CanonicalForm::Field CanonicalForm::FieldOf(const FieldDescriptor& field) {
  Field out;
  out.number = static_cast<std::uint32_t>(field.number());
  out.shape = ShapeOf(field);
  out.repeated = field.is_repeated();
  if (field.containing_oneof() != nullptr) out.oneof = field.containing_oneof()->index();
  TB_CHECK(out.oneof < kOneofsMax);
  if (out.shape == Shape::kEnum) out.enum_values = KnownNumbers(*field.enum_type());
  const auto& options = field.options();
  if (options.HasExtension(v1::len)) {
    out.exact = true;
    out.size_max = options.GetExtension(v1::len);
  }
  if (options.HasExtension(v1::max_len)) out.size_max = options.GetExtension(v1::max_len);
  if (options.HasExtension(v1::max_items)) out.items_max = options.GetExtension(v1::max_items);
  out.open_to = options.GetExtension(v1::open_to);
  return out;
}

std::string CanonicalBytes(const google::protobuf::Message& message) {
  return message.SerializeAsString();
}

std::string_view Describe(CanonicalFault fault) {
  switch (fault) {
    case CanonicalFault::kTruncated:
      return "the bytes end inside a field";
    case CanonicalFault::kVarint:
      return "a number is written longer than needed or beyond 64 bits";
    case CanonicalFault::kUnknownField:
      return "a field that the schema does not have";
    case CanonicalFault::kWireType:
      return "a field in another wire type than the schema's";
    case CanonicalFault::kFieldOrder:
      return "fields out of order or written twice";
    case CanonicalFault::kSecondOfOneof:
      return "two alternatives where one is allowed";
    case CanonicalFault::kDefaultWritten:
      return "a default value that should be left out";
    case CanonicalFault::kValueRange:
      return "a number out of the range of its field";
    case CanonicalFault::kUnknownEnum:
      return "a number that names nothing in the schema";
    case CanonicalFault::kWrongLength:
      return "a field of another length than it must have";
    case CanonicalFault::kTooLong:
      return "a field longer than allowed";
    case CanonicalFault::kTooManyItems:
      return "more elements than allowed";
  }
  return "unknown";
}

}  // namespace timebank::chain
