// TB_CHECK: an always-on assertion for programmer errors. Peer or user input must never reach one:
// input that can be wrong is answered with a returned reason instead.
#pragma once

namespace timebank {

// Prints "file:line: check failed: expression" to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* expression);

}  // namespace timebank

// One condition per check, so that the line that failed tells which.
#define TB_CHECK(condition)                                    \
  do {                                                         \
    if (!(condition)) [[unlikely]] {                           \
      ::timebank::CheckFailed(__FILE__, __LINE__, #condition); \
    }                                                          \
  } while (false)
