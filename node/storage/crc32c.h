// CRC-32C (Castagnoli), which guards the node log against rot and torn writes, not against people.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace timebank::storage {

// Of all bytes whose checksum is `before`, followed by `data`. Start with 0.
[[nodiscard]] std::uint32_t Crc32c(ByteView data, std::uint32_t before = 0);
// The same without the processor's instruction: for machines that lack it.
[[nodiscard]] std::uint32_t Crc32cByTable(ByteView data, std::uint32_t before = 0);

}  // namespace timebank::storage
