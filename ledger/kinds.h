// The kinds of transactions: what each field number of TransactionBody.kind stands for. A new kind
// gets a row in kinds.cc and its two functions in rules.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ledger/context.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::ledger {

// Whether the ledger remembers the transaction's id until its validity ends (F7).
enum class Replay : std::uint8_t {
  kMarked,      // a second execution would have a second effect
  kIdempotent,  // all of it is about one entity, whose id or state tells for good that it was done
};

struct Kind {
  int number = 0;         // v1::TransactionBody::KindCase
  std::string_view name;  // "PLACE_ORDER"
  Replay replay = Replay::kMarked;
  // Of a list: its number of lines; one unit each (DESIGN 4). Null: one.
  std::size_t (*lines)(const v1::TransactionBody& body) = nullptr;
  Reason (*check_form)(const v1::TransactionBody& body) = nullptr;
  Reason (*execute)(TxContext& tx, const v1::TransactionBody& body) = nullptr;
};

// All kinds, ascending by number.
[[nodiscard]] std::span<const Kind> Kinds();
// Null when there is no such kind.
[[nodiscard]] const Kind* FindKind(int number);
// True for the kinds that are signed by an organisation's threshold of persons.
[[nodiscard]] bool HasThreshold(std::uint32_t number);
// Units of a transaction in a block: lines of a list, at least 1.
[[nodiscard]] std::size_t UnitsOf(const v1::TransactionBody& body);
// All checks that need no state, in order: kOk or the reason. Any thread may call it.
[[nodiscard]] Reason CheckForm(const v1::TransactionBody& body);

}  // namespace timebank::ledger
