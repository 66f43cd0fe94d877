#include "api/client/reasons.h"

#include <gtest/gtest.h>

#include <set>

namespace timebank::client {
namespace {

TEST(Reasons, EveryReasonHasExactlyOneRowInOrder) {
  const auto* names = v1::Reason_descriptor();
  const auto rows = AllReasons();
  ASSERT_EQ(static_cast<int>(rows.size()), names->value_count());
  for (int i = 0; i < names->value_count(); ++i) {
    SCOPED_TRACE(names->value(i)->name());
    EXPECT_EQ(static_cast<int>(rows[static_cast<std::size_t>(i)].reason),
              names->value(i)->number());
  }
}

TEST(Reasons, EveryRowSpeaksBothLanguagesAndIsAnError) {
  std::set<std::string_view> english;
  for (const ReasonInfo& row : AllReasons()) {
    SCOPED_TRACE(NameOf(row.reason));
    EXPECT_NE(row.code, RpcCode::kOk);
    EXPECT_FALSE(row.english.empty());
    EXPECT_FALSE(row.chinese.empty());
    EXPECT_TRUE(english.insert(row.english).second) << "two reasons say the same";
    EXPECT_GE(static_cast<unsigned char>(row.chinese[0]), 0x80) << "not Chinese";
    EXPECT_EQ(InfoOf(row.reason).reason, row.reason);
    EXPECT_EQ(ReasonOfName(NameOf(row.reason)), row.reason);
  }
}

TEST(Reasons, UnavailableAndExhaustedMayBeTriedAgain) {
  for (const ReasonInfo& row : AllReasons()) {
    SCOPED_TRACE(NameOf(row.reason));
    if (row.code == RpcCode::kUnavailable || row.code == RpcCode::kResourceExhausted) {
      EXPECT_EQ(row.retry, Retry::kLater);
    }
    if (row.code == RpcCode::kInvalidArgument) {
      EXPECT_EQ(row.retry, Retry::kNever);
    }
  }
}

TEST(Reasons, AnUnknownNumberIsTheUnspecifiedReason) {
  EXPECT_EQ(InfoOf(static_cast<v1::Reason>(31999)).reason, v1::REASON_UNSPECIFIED);
  EXPECT_EQ(NameOf(static_cast<v1::Reason>(31999)), "REASON_31999");
  EXPECT_EQ(ReasonOfName("REASON_NO_SUCH"), v1::REASON_UNSPECIFIED);
}

TEST(Reasons, ASentenceSaysWhatAndWhatToDo) {
  EXPECT_EQ(Sentence(v1::REASON_F13_INSUFFICIENT),
            "not enough spendable minutes; ask the community office about the rule");
}

}  // namespace
}  // namespace timebank::client
