#include "ledger/form.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace timebank::ledger {
namespace {

// Smallest code point that needs a sequence of this many bytes.
constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};

std::size_t SequenceLength(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if ((lead & 0xE0U) == 0xC0U) return 2;
  if ((lead & 0xF0U) == 0xE0U) return 3;
  if ((lead & 0xF8U) == 0xF0U) return 4;
  return 0;
}

bool IsPublicCodePoint(std::uint32_t point, std::size_t length) {
  if (point < 0x20 || point == 0x7F) return false;
  if (point < kSmallest[length] || point > 0x10FFFF) return false;
  return point < 0xD800 || point > 0xDFFF;
}

}  // namespace

bool AnyEmpty(std::initializer_list<std::string_view> fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [](std::string_view field) { return field.empty(); });
}

bool IsZeroId(std::string_view field) {
  return std::all_of(field.begin(), field.end(), [](char c) { return c == '\0'; });
}

bool IsPublicText(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[at]);
    const std::size_t length = SequenceLength(lead);
    if (length == 0 || text.size() - at < length) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<std::uint8_t>(text[at + i]);
      if ((next & 0xC0U) != 0x80U) return false;
      point = (point << 6U) | (next & 0x3FU);
    }
    if (!IsPublicCodePoint(point, length)) return false;
    at += length;
  }
  return true;
}

v1::Reason CheckDistinctMembers(const google::protobuf::RepeatedPtrField<std::string>& members) {
  if (members.empty()) return v1::REASON_MISSING_FIELD;
  std::vector<std::string_view> sorted(members.begin(), members.end());
  std::sort(sorted.begin(), sorted.end());
  const bool twice = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
  const bool zero = std::any_of(sorted.begin(), sorted.end(), IsZeroId);
  return twice || zero ? v1::REASON_BAD_FIELD : v1::REASON_UNSPECIFIED;
}

v1::Reason CheckSigners(const v1::TransactionBody& body) {
  for (const v1::Signer& signer : body.signers()) {
    const bool person = signer.role() == v1::ROLE_MEMBER || signer.role() == v1::ROLE_PROXY;
    if (!person && signer.org().empty()) return v1::REASON_MISSING_FIELD;
    if (person && !signer.org().empty()) return v1::REASON_BAD_FIELD;
  }
  return v1::REASON_UNSPECIFIED;
}

}  // namespace timebank::ledger
