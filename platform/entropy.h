// Secure random bytes of the operating system and what is drawn from them: keys and ids.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "base/strong.h"
#include "crypto/ed25519.h"

namespace timebank::platform {

// Aborts when the system has no source of randomness: nothing secure can follow.
void FillRandom(std::span<std::byte> out);

template <typename Fixed>
[[nodiscard]] Fixed Random() {
  Fixed out;
  FillRandom(out.data);
  return out;
}

[[nodiscard]] crypto::SecretKey NewSecretKey();

// Client-made ids: u48 Unix milliseconds of ledger time || 80 random bits (FORMATS 1).
[[nodiscard]] std::array<std::byte, 16> NewIdBytes(Millis ledger_time);

template <typename Id>
[[nodiscard]] Id NewId(Millis ledger_time) {
  static_assert(Id::kSize == 16);
  return Id{NewIdBytes(ledger_time)};
}

}  // namespace timebank::platform
