// Result and Status: the answer of an operation of the operating system. The error is one sentence
// for the operator that names the file or setting concerned.
#pragma once

#include <string>
#include <utility>

#include "base/expected.h"

namespace timebank::platform {

template <typename T>
using Result = Expected<T, std::string>;

struct Done {};
using Status = Result<Done>;

[[nodiscard]] inline Unexpected<std::string> Fail(std::string sentence) {
  return Unexpected<std::string>{std::move(sentence)};
}

// "<what>: <text of errno>"; call it before anything else can change errno.
[[nodiscard]] Unexpected<std::string> FailErrno(std::string what);

}  // namespace timebank::platform
