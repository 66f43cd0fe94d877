#include "platform/entropy.h"

#include <sodium.h>

#include "base/check.h"

namespace timebank::platform {

void FillRandom(std::span<std::byte> out) {
  static const int result = sodium_init();
  TB_CHECK(result >= 0);
  randombytes_buf(out.data(), out.size());
}

crypto::SecretKey NewSecretKey() {
  auto seed = Random<crypto::SecretKey::Seed>();
  const crypto::SecretKey key(seed);
  sodium_memzero(seed.data.data(), seed.data.size());
  return key;
}

std::array<std::byte, 16> NewIdBytes(Millis ledger_time) {
  constexpr std::size_t kTimeBytes = 6;
  std::array<std::byte, 16> id;
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    const std::size_t shift = 8 * (kTimeBytes - 1 - i);
    id[i] = static_cast<std::byte>((ledger_time.value() >> shift) & 0xFF);
  }
  FillRandom(std::span(id).subspan(kTimeBytes));
  return id;
}

}  // namespace timebank::platform
