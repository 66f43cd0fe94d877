// What the fuzz targets share: taking an input apart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"

namespace timebank::fuzz {

// An input, read from the front. Past its end there are zeros and empty views.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::uint8_t U8() {
    const ByteView byte = Take(1);
    return byte.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(byte[0]);
  }
  [[nodiscard]] std::uint16_t U16() {
    const unsigned high = U8();
    return static_cast<std::uint16_t>(high << 8 | U8());
  }
  // The next `size` bytes, or as many as there are.
  [[nodiscard]] ByteView Take(std::size_t size) {
    const ByteView front = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(front.size());
    return front;
  }
  // A part with its length in front.
  [[nodiscard]] ByteView Part() {
    const std::size_t size = U16();
    return Take(size);
  }
  [[nodiscard]] ByteView Rest() { return Take(rest_.size()); }

 private:
  ByteView rest_;
};

// Equal bytes.
[[nodiscard]] inline bool Same(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

}  // namespace timebank::fuzz
