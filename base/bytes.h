// Byte sequences: views in, owned arrays and vectors out. Text is std::string; protobuf keeps its
// bytes in std::string, and AsBytes / ToString convert at that border.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace timebank {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// N bytes with a meaning. Ordered lexicographically, so that std::map and sort are deterministic.
template <typename Tag, std::size_t N>
struct FixedBytes {
  static constexpr std::size_t kSize = N;
  std::array<std::byte, N> data{};

  // Empty when `view` is not exactly N bytes.
  [[nodiscard]] static std::optional<FixedBytes> From(ByteView view) {
    if (view.size() != N) return std::nullopt;
    FixedBytes out;
    std::memcpy(out.data.data(), view.data(), N);
    return out;
  }
  [[nodiscard]] static std::optional<FixedBytes> From(std::string_view text) {
    return From(std::as_bytes(std::span(text.data(), text.size())));
  }
  [[nodiscard]] ByteView view() const { return data; }
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(data.data()), N};
  }
  [[nodiscard]] std::string str() const { return std::string(text()); }
  [[nodiscard]] bool IsZero() const {
    for (std::byte b : data) {
      if (b != std::byte{0}) return false;
    }
    return true;
  }
  // Hashes and random ids differ in the first byte mostly: no call for them.
  friend std::strong_ordering operator<=>(const FixedBytes& a, const FixedBytes& b) {
    if (a.data[0] != b.data[0]) return a.data[0] <=> b.data[0];
    return std::memcmp(a.data.data(), b.data.data(), N) <=> 0;
  }
  friend bool operator==(const FixedBytes&, const FixedBytes&) = default;
};

using Hash = FixedBytes<struct HashTag, 32>;
using MemberId = FixedBytes<struct MemberTag, 16>;
using OrgId = FixedBytes<struct OrgTag, 16>;
using EntryId = FixedBytes<struct EntryTag, 16>;
using RedemptionId = FixedBytes<struct RedemptionTag, 16>;
using OfferId = FixedBytes<struct OfferTag, 16>;
using KeyId = FixedBytes<struct KeyIdTag, 8>;

[[nodiscard]] inline ByteView AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
[[nodiscard]] inline std::string_view AsText(ByteView view) {
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}
[[nodiscard]] inline Bytes ToBytes(ByteView view) { return Bytes(view.begin(), view.end()); }
[[nodiscard]] inline std::string ToString(ByteView view) { return std::string(AsText(view)); }

// Appends big-endian integers and raw bytes: every layout of ours that is not protobuf.
class ByteWriter {
 public:
  ByteWriter& U8(std::uint8_t v) { return Integer(v); }
  ByteWriter& U16(std::uint16_t v) { return Integer(v); }
  ByteWriter& U32(std::uint32_t v) { return Integer(v); }
  ByteWriter& U64(std::uint64_t v) { return Integer(v); }
  ByteWriter& Raw(ByteView v) {
    out_.insert(out_.end(), v.begin(), v.end());
    return *this;
  }
  ByteWriter& Raw(std::string_view v) { return Raw(AsBytes(v)); }
  [[nodiscard]] const Bytes& bytes() const { return out_; }
  [[nodiscard]] Bytes Take() { return std::move(out_); }

 private:
  template <typename T>
  ByteWriter& Integer(T v) {
    for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
      out_.push_back(static_cast<std::byte>((v >> shift) & 0xFF));
    }
    return *this;
  }
  Bytes out_;
};

// Reads what ByteWriter wrote. A read past the end fails once and for all: check ok() at the end.
class ByteReader {
 public:
  explicit ByteReader(ByteView in) : in_(in) {}
  [[nodiscard]] std::uint8_t U8() { return Integer<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t U16() { return Integer<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t U32() { return Integer<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t U64() { return Integer<std::uint64_t>(); }
  // A view of the next n bytes, empty (and ok() false) when fewer are left.
  [[nodiscard]] ByteView Raw(std::size_t n) {
    if (!ok_ || in_.size() - at_ < n) {
      ok_ = false;
      return {};
    }
    at_ += n;
    return in_.subspan(at_ - n, n);
  }
  template <typename Fixed>
  [[nodiscard]] Fixed Read() {
    const auto fixed = Fixed::From(Raw(Fixed::kSize));
    return fixed ? *fixed : Fixed{};
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool AtEnd() const { return ok_ && at_ == in_.size(); }
  [[nodiscard]] std::size_t remaining() const { return in_.size() - at_; }

 private:
  template <typename T>
  T Integer() {
    const ByteView raw = Raw(sizeof(T));
    T v = 0;
    for (std::byte b : raw) v = static_cast<T>((v << 8) | static_cast<T>(b));
    return v;
  }
  ByteView in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// Lower-case hexadecimal, the text form of every id and hash.
[[nodiscard]] std::string ToHex(ByteView bytes);
// Empty for an odd length or a character that is not hexadecimal.
[[nodiscard]] std::optional<Bytes> FromHex(std::string_view text);

}  // namespace timebank
