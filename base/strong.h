// Strong<Tag, Rep>: a distinct integer type per meaning, so that a height is never passed as a
// view. No arithmetic but Next(); a type that needs more says so in its own file (see
// base/minutes.h).
#pragma once

#include <compare>
#include <cstdint>

namespace timebank {

template <typename Tag, typename Rep>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }
  // The following value. Requires: value() is not the largest of Rep.
  [[nodiscard]] constexpr Strong Next() const { return Strong(static_cast<Rep>(value_ + 1)); }
  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  Rep value_{};
};

using Height = Strong<struct HeightTag, std::uint64_t>;
using Epoch = Strong<struct EpochTag, std::uint64_t>;
using View = Strong<struct ViewTag, std::uint64_t>;
// Milliseconds since the Unix epoch, in ledger time (the time of blocks) unless a name says
// "local".
using Millis = Strong<struct MillisTag, std::uint64_t>;
// Position of a validator in its epoch's set, ordered by raw consensus key.
using ReplicaIndex = Strong<struct ReplicaIndexTag, std::uint16_t>;

}  // namespace timebank
