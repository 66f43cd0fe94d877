// Generated and mutated messages of every kind, and a table of each fault.
#include "chain/canonical.h"

#include <gtest/gtest.h>

#include "base/prng.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/options.pb.h"
#include "timebank/v1/query.pb.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::chain {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A message of the schema drawn by its descriptor, within the limits of its options.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : prng_(seed) {}

  void Fill(Message& message) {
    const auto& type = *message.GetDescriptor();
    for (int i = 0; i < type.oneof_decl_count(); ++i) {
      const auto& oneof = *type.oneof_decl(i);
      const auto pick = prng_.Below(static_cast<std::uint64_t>(oneof.field_count()));
      Set(message, *oneof.field(static_cast<int>(pick)));
    }
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.containing_oneof() == nullptr && prng_.Chance(2, 3)) Set(message, field);
    }
  }

 private:
  std::string DrawBytes(const FieldDescriptor& field) {
    const auto& options = field.options();
    std::size_t size = 1 + prng_.Below(20);
    if (options.HasExtension(v1::len)) size = options.GetExtension(v1::len);
    std::string bytes(size, '\0');
    prng_.Fill(std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
    return bytes;
  }
  int DrawEnum(const FieldDescriptor& field) {
    const auto& type = *field.enum_type();
    const std::uint32_t open_to = field.options().GetExtension(v1::open_to);
    if (open_to != 0 && prng_.Chance(1, 2)) return static_cast<int>(1 + prng_.Below(open_to));
    return type.value(static_cast<int>(prng_.Below(std::uint64_t(type.value_count()))))->number();
  }
  std::uint64_t DrawInteger() { return prng_.Next() >> prng_.Below(64); }

  void Set(Message& message, const FieldDescriptor& field) {
    const auto& reflection = *message.GetReflection();
    const std::uint64_t count = field.is_repeated() ? prng_.Below(4) : 1;
    for (std::uint64_t i = 0; i < count; ++i) {
      switch (static_cast<int>(field.cpp_type())) {
        case FieldDescriptor::CPPTYPE_UINT32: {
          const auto value = static_cast<std::uint32_t>(DrawInteger());
          field.is_repeated() ? reflection.AddUInt32(&message, &field, value)
                              : reflection.SetUInt32(&message, &field, value);
          break;
        }
        case FieldDescriptor::CPPTYPE_UINT64:
          reflection.SetUInt64(&message, &field, DrawInteger());
          break;
        case FieldDescriptor::CPPTYPE_INT64:
          reflection.SetInt64(&message, &field, static_cast<std::int64_t>(DrawInteger()));
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          reflection.SetBool(&message, &field, prng_.Chance(1, 2));
          break;
        case FieldDescriptor::CPPTYPE_ENUM:
          reflection.SetEnumValue(&message, &field, DrawEnum(field));
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          field.is_repeated() ? reflection.AddString(&message, &field, DrawBytes(field))
                              : reflection.SetString(&message, &field, DrawBytes(field));
          break;
        case FieldDescriptor::CPPTYPE_MESSAGE:
          Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                   : *reflection.MutableMessage(&message, &field));
          break;
        default:
          FAIL() << "the schema has no " << field.cpp_type_name();
      }
    }
  }

  Prng prng_;
};

// What the scanner admits is what protobuf would write for it.
template <typename M>
bool AcceptedBytesAreUnique(const Bytes& bytes) {
  const auto message = ParseCanonical<M>(bytes);
  if (!message) return true;
  const std::string again = CanonicalBytes(*message);
  return ToBytes(AsBytes(again)) == bytes;
}

void Mutate(Prng& prng, Bytes& bytes) {
  const auto at = [&] { return static_cast<std::ptrdiff_t>(prng.Below(bytes.size() + 1)); };
  switch (prng.Below(5)) {
    case 0:
      if (!bytes.empty()) {
        bytes[prng.Below(bytes.size())] ^= static_cast<std::byte>(1U << prng.Below(8));
      }
      break;
    case 1:
      bytes.insert(bytes.begin() + at(), static_cast<std::byte>(prng.Below(256)));
      break;
    case 2:
      if (!bytes.empty())
        bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(prng.Below(bytes.size())));
      break;
    case 3: {  // a stretch twice
      const auto from = at();
      const auto to = std::min<std::ptrdiff_t>(from + std::ptrdiff_t(prng.Below(40)),
                                               static_cast<std::ptrdiff_t>(bytes.size()));
      const Bytes stretch(bytes.begin() + from, bytes.begin() + to);
      bytes.insert(bytes.begin() + at(), stretch.begin(), stretch.end());
      break;
    }
    default:
      if (!bytes.empty())
        bytes[prng.Below(bytes.size())] = static_cast<std::byte>(prng.Below(4) * 0x40);
      break;
  }
}

template <typename M>
class CanonicalTypesTest : public testing::Test {};
using Types = testing::Types<v1::Envelope, v1::TransactionBody, v1::EntryContent, v1::EffectsLine,
                             v1::Member, v1::Entry, v1::ChainRecord, v1::Genesis, v1::Receipt,
                             v1::BlockBody, v1::ValidatorSetRecord, v1::GetReceiptRequest>;
TYPED_TEST_SUITE(CanonicalTypesTest, Types);

TYPED_TEST(CanonicalTypesTest, WhatProtobufWritesIsCanonical) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    TypeParam message;
    Generator(seed).Fill(message);
    const std::string bytes = CanonicalBytes(message);
    const auto error = CheckCanonical<TypeParam>(AsBytes(bytes));
    ASSERT_FALSE(error) << seed << ": " << Describe(error->fault) << " at " << error->offset;
    EXPECT_TRUE(AcceptedBytesAreUnique<TypeParam>(ToBytes(AsBytes(bytes))));
  }
}

TYPED_TEST(CanonicalTypesTest, MutatedBytesAreRefusedOrUnique) {
  Prng prng(7);
  int accepted = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    TypeParam message;
    Generator(seed % 100).Fill(message);
    const std::string text = CanonicalBytes(message);
    Bytes bytes = ToBytes(AsBytes(text));
    for (std::uint64_t i = 0; i <= prng.Below(3); ++i) Mutate(prng, bytes);
    ASSERT_TRUE(AcceptedBytesAreUnique<TypeParam>(bytes)) << seed << ' ' << ToHex(bytes);
    accepted += CheckCanonical<TypeParam>(bytes) ? 0 : 1;
  }
  EXPECT_LT(accepted, 2000);  // the scanner does refuse
}

TYPED_TEST(CanonicalTypesTest, GarbageNeverBreaksTheScanner) {
  Prng prng(8);
  for (int i = 0; i < 3000; ++i) {
    Bytes bytes(prng.Below(64));
    prng.Fill(bytes);
    ASSERT_TRUE(AcceptedBytesAreUnique<TypeParam>(bytes)) << ToHex(bytes);
  }
}

struct Case {
  const char* name;
  std::string hex;
  std::optional<CanonicalFault> fault;
  std::size_t offset = 0;
};

template <typename M>
void CheckCases(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto error = CheckCanonical<M>(*FromHex(c.hex));
    ASSERT_EQ(error.has_value(), c.fault.has_value());
    if (!error) continue;
    EXPECT_EQ(Describe(error->fault), Describe(*c.fault));
    EXPECT_EQ(error->offset, c.offset);
  }
}

// GetReceiptRequest {bytes transaction_id = 1, uint32 wait_ms = 2, repeated uint32 lines = 3}.
TEST(CanonicalTest, FieldsVarintsAndPackedScalars) {
  CheckCases<v1::GetReceiptRequest>({
      {"empty message", "", std::nullopt},
      {"all fields",
       "0a0161"
       "1001"
       "1a020002",
       std::nullopt},
      {"largest uint32", "10ffffffff0f", std::nullopt},
      {"uint32 beyond its range", "108080808010", CanonicalFault::kValueRange, 1},
      {"longer varint than needed", "108100", CanonicalFault::kVarint, 1},
      {"varint of eleven bytes", "10ffffffffffffffffffff01", CanonicalFault::kVarint, 1},
      {"tag longer than needed", "900001", CanonicalFault::kVarint, 0},
      {"default scalar", "1000", CanonicalFault::kDefaultWritten, 1},
      {"default bytes", "0a00", CanonicalFault::kDefaultWritten, 1},
      {"default packed list", "1a00", CanonicalFault::kDefaultWritten, 2},
      {"repeated scalar not packed", "1801", CanonicalFault::kWireType, 0},
      {"packed list in two pieces", "1a01011a0102", CanonicalFault::kFieldOrder, 3},
      {"packed element longer than needed", "1a028100", CanonicalFault::kVarint, 2},
      {"packed element cut short", "1a0181", CanonicalFault::kTruncated, 2},
      {"descending fields", "10010a0161", CanonicalFault::kFieldOrder, 2},
      {"single field twice", "10011002", CanonicalFault::kFieldOrder, 2},
      {"unknown field", "2001", CanonicalFault::kUnknownField, 0},
      {"field number zero", "0001", CanonicalFault::kUnknownField, 0},
      {"bytes as varint", "0801", CanonicalFault::kWireType, 0},
      {"fixed 32 bits", "1500000000", CanonicalFault::kWireType, 0},
      {"group", "0b0c", CanonicalFault::kWireType, 0},
      {"length beyond the end", "0a0261", CanonicalFault::kTruncated, 1},
      {"tag only", "10", CanonicalFault::kTruncated, 1},
      {"length of 2^63", "0a80808080808080808001", CanonicalFault::kTruncated, 1},
  });
}

TEST(CanonicalTest, LengthsItemsEnumsAndBools) {
  const std::string id(32, 'a');
  const auto items = [](int count) {
    std::string hex;
    for (int i = 0; i < count; ++i) hex += "1a41" + std::string(130, '1');
    return hex;
  };
  CheckCases<v1::Envelope>({
      {"exact length",
       "0a08"
       "0011223344556677",
       std::nullopt},
      {"one byte short",
       "0a07"
       "00112233445566",
       CanonicalFault::kWrongLength, 1},
      {"one byte long",
       "0a09"
       "001122334455667788",
       CanonicalFault::kWrongLength, 1},
      {"as many items as allowed", items(16), std::nullopt},
      {"one item more", items(17), CanonicalFault::kTooManyItems, 16 * 67},
      {"empty element of exact length", "1a00", CanonicalFault::kWrongLength, 1},
  });
  CheckCases<v1::Signer>({
      {"known enum", "1814", std::nullopt},
      {"enum zero", "1800", CanonicalFault::kDefaultWritten, 1},
      {"enum without a name", "1815", CanonicalFault::kUnknownEnum, 1},
      {"negative enum", "18ffffffffffffffffff01", CanonicalFault::kUnknownEnum, 1},
  });
  CheckCases<v1::PlaceOrder>({
      {"open enum, named", "200a", std::nullopt},
      {"open enum, reserved", "200b", std::nullopt},
      {"open enum, by policy", "2064", std::nullopt},
      {"open enum, last", "20ffff03", std::nullopt},
      {"open enum, zero", "2000", CanonicalFault::kDefaultWritten, 1},
      {"open enum, one too many", "20808004", CanonicalFault::kUnknownEnum, 1},
      {"open enum, negative", "20ffffffffffffffffff01", CanonicalFault::kUnknownEnum, 1},
      {"another enum of the same message", "2804", CanonicalFault::kUnknownEnum, 1},
  });
  CheckCases<v1::ApproveEntries>({
      {"true", "1001", std::nullopt},
      {"false written", "1000", CanonicalFault::kDefaultWritten, 1},
      {"another true", "1002", CanonicalFault::kValueRange, 1},
      {"empty element of a list of messages", "0a00", std::nullopt},
      {"fault inside a message", "0a021a00", CanonicalFault::kUnknownField, 2},
      {"inner length beyond the outer", "0a040a10" + id, CanonicalFault::kTruncated, 3},
  });
  CheckCases<v1::SubmitEntry>({
      {"bytes as long as allowed", "0a8004" + std::string(1024, '0'), std::nullopt},
      {"one byte more", "0a8104" + std::string(1026, '0'), CanonicalFault::kTooLong, 1},
  });
}

TEST(CanonicalTest, OneAlternativeOfAOneof) {
  CheckCases<v1::TransactionBody>({
      {"one, empty", "d20400", std::nullopt},
      {"two different", "ca0400d20400", CanonicalFault::kSecondOfOneof, 3},
      {"the same twice", "d20400d20400", CanonicalFault::kFieldOrder, 3},
  });
}

}  // namespace
}  // namespace timebank::chain
