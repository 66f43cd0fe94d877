#include "node/storage/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace timebank::storage {
namespace {

constexpr std::array<std::uint32_t, 256> MakeTable() {
  constexpr std::uint32_t kReversedPolynomial = 0x82F63B78;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1U) != 0 ? kReversedPolynomial : 0U);
    }
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t ByInstruction(ByteView data, std::uint32_t before) {
  std::uint64_t state = ~before;
  while (data.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data(), sizeof word);
    state = _mm_crc32_u64(state, word);
    data = data.subspan(sizeof word);
  }
  auto tail = static_cast<std::uint32_t>(state);
  for (const std::byte b : data) tail = _mm_crc32_u8(tail, static_cast<std::uint8_t>(b));
  return ~tail;
}
#endif

}  // namespace

std::uint32_t Crc32c(ByteView data, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ByInstruction(data, before);
#endif
  return Crc32cByTable(data, before);
}

std::uint32_t Crc32cByTable(ByteView data, std::uint32_t before) {
  std::uint32_t state = ~before;
  for (const std::byte b : data) {
    state = (state >> 8) ^ kTable[(state ^ static_cast<std::uint32_t>(b)) & 0xFFU];
  }
  return ~state;
}

}  // namespace timebank::storage
