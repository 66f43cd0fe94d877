// Made-up transactions of the golden vectors: one of each shape (plain, nested bytes, PIN
// statement, several signers, list). Ids are one letter, sixteen times; the key of a signer has the
// number of its letter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "timebank/v1/transaction.pb.h"

namespace timebank::chain {

inline constexpr std::uint64_t kNowMs = 1'600'000'000'000;
inline constexpr std::uint64_t kPinServiceKey = 60;

[[nodiscard]] std::string Id(char letter);
[[nodiscard]] v1::EntryContent SampleContent();
// Derived id of a slip with this serial, typed by organisation `s`.
[[nodiscard]] std::string SlipIdOf(std::string_view serial);
// Canonical bytes: a confirmation by card, and the statement that its PIN was right.
[[nodiscard]] std::string SampleConfirmAction();
[[nodiscard]] std::string SamplePinStatement();

struct NamedBody {
  const char* name;
  v1::TransactionBody body;
};
// The PIN proof among them has a signature of ones in place of the service's.
[[nodiscard]] std::vector<NamedBody> SampleBodies();

}  // namespace timebank::chain
