#include "node/storage/advice.h"

#include <gtest/gtest.h>

namespace timebank::storage {
namespace {

TEST(Advice, WhatTheMachineRefusedIsNotTakenForDamage) {
  const std::pair<const char*, const char*> cases[] = {
      {"IO error: While lock file: /d/kv/LOCK: Resource temporarily unavailable",
       "Another process uses this data directory"},
      {"IO error: While open a file: /d/kv/000007.sst: Too many open files", "raise the limit"},
      {"cannot create directory /etc/timebank/data: Read-only file system", "writable"},
      {"cannot open /d/log/00000001.log: Permission denied", "chown"},
      {"cannot write /d/log/00000002.log: No space left on device", "give it space"},
  };
  for (const auto& [text, advice] : cases) {
    const std::string whole = WithAdvice(text);
    EXPECT_EQ(whole.find(text), 0U);
    EXPECT_NE(whole.find(advice), std::string::npos) << whole;
    EXPECT_EQ(whole.find(kKeepData), std::string::npos) << whole;
  }
}

TEST(Advice, DamageAndLossKeepTheData) {
  for (const char* text : {"Corruption: block checksum mismatch in /d/kv/000012.sst",
                           "IO error: No such file or directory: /d/kv/000012.sst",
                           "cannot read /d/log/00000001.log: Input/output error"}) {
    const std::string whole = WithAdvice(text);
    EXPECT_NE(whole.find("Keep the whole data directory"), std::string::npos) << whole;
  }
}

}  // namespace
}  // namespace timebank::storage
