// Expected<T, E>: a value or the reason why there is none (std::expected is C++23).
#pragma once

#include <utility>
#include <variant>

#include "base/check.h"

namespace timebank {

template <typename E>
struct Unexpected {
  E error;
};
template <typename E>
Unexpected(E) -> Unexpected<E>;

template <typename T, typename E>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit
  Expected(Unexpected<E> failure)                                          // NOLINT: implicit
      : state_(std::in_place_index<1>, std::move(failure.error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Requires: has_value().
  [[nodiscard]] T& value() {
    TB_CHECK(has_value());
    return std::get<0>(state_);
  }
  [[nodiscard]] const T& value() const {
    TB_CHECK(has_value());
    return std::get<0>(state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Requires: !has_value().
  [[nodiscard]] const E& error() const {
    TB_CHECK(!has_value());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, E> state_;
};

}  // namespace timebank
