#include "ledger/due_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "base/prng.h"

namespace timebank::ledger {
namespace {

DueItem Item(std::uint64_t at, std::uint64_t id) {
  return {Millis(at), StateKey(v1::TABLE_ENTRY).U64(id).U64(0)};
}

TEST(DueIndex, IsASetInOrderOfTimeThenKey) {
  DueIndex index;
  std::set<DueItem> model;
  Prng prng(7);
  for (int step = 0; step < 5'000; ++step) {
    const DueItem item = Item(prng.Below(50), prng.Below(50));
    if (model.contains(item)) {
      model.erase(item);
      index.Erase(item);
    } else {
      model.insert(item);
      index.Insert(item);
    }
    ASSERT_EQ(index.size(), model.size());
    const auto earliest = index.Earliest();
    ASSERT_EQ(earliest.has_value(), !model.empty());
    if (earliest) {
      ASSERT_EQ(*earliest, model.begin()->at);
    }
  }
  const auto all = index.DueUntil(Millis(1'000), 10'000);
  EXPECT_EQ(std::vector<DueItem>(model.begin(), model.end()), all);
}

// What an attacker would send: ids are the clients' and so is the order of the keys.
TEST(DueIndex, NoOrderOfKeysMakesItDeep) {
  constexpr std::uint64_t kItems = 20'000;
  struct Case {
    const char* name;
    std::function<std::uint64_t(std::uint64_t)> place;
  };
  const Case cases[] = {
      {"ascending", [](std::uint64_t i) { return i; }},
      {"descending", [](std::uint64_t i) { return kItems - i; }},
      {"from both ends", [](std::uint64_t i) { return i % 2 == 0 ? i : 2 * kItems - i; }},
      {"zigzag", [](std::uint64_t i) { return i ^ 0x155; }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    DueIndex index;
    std::map<DueItem, bool> model;
    const auto expect_shallow = [&] {
      ASSERT_EQ(index.size(), model.size());
      ASSERT_LE(index.depth() * 100, 145 * static_cast<int>(std::bit_width(index.size() + 2)));
    };
    for (std::uint64_t i = 0; i < kItems; ++i) {
      index.Insert(Item(7, c.place(i)));
      model[Item(7, c.place(i))] = true;
      expect_shallow();
    }
    // Every second one goes, and then all in their order, as the sweep does it.
    for (std::uint64_t i = 0; i < kItems; i += 2) {
      index.Erase(Item(7, c.place(i)));
      model.erase(Item(7, c.place(i)));
      expect_shallow();
    }
    while (!model.empty()) {
      const auto due = index.DueUntil(Millis(7), 2'000);
      ASSERT_TRUE(std::equal(due.begin(), due.end(), model.begin(),
                             [](const DueItem& a, const auto& b) { return a == b.first; }));
      for (const DueItem& item : due) {
        index.Erase(item);
        model.erase(item);
        expect_shallow();
      }
    }
    EXPECT_EQ(index.depth(), 0);
  }
}

TEST(DueIndex, GivesWhatIsDueOldestFirstUpToACount) {
  DueIndex index;
  for (const std::uint64_t at : {30U, 10U, 20U, 10U}) {
    index.Insert(Item(at, index.size()));
  }
  EXPECT_TRUE(index.DueUntil(Millis(9), 10).empty());
  EXPECT_EQ(index.DueUntil(Millis(10), 10), (std::vector{Item(10, 1), Item(10, 3)}));
  EXPECT_EQ(index.DueUntil(Millis(29), 10).size(), 3U);
  EXPECT_EQ(index.DueUntil(Millis(30), 3), (std::vector{Item(10, 1), Item(10, 3), Item(20, 2)}));
  EXPECT_TRUE(index.DueUntil(Millis(30), 0).empty());
}

TEST(DueIndex, CopiesAreValues) {
  DueIndex index;
  index.Insert(Item(1, 1));
  const DueIndex before = index;
  index.Insert(Item(0, 2));
  index.Erase(Item(1, 1));
  EXPECT_EQ(before.DueUntil(Millis(9), 9), std::vector{Item(1, 1)});
  EXPECT_EQ(index.DueUntil(Millis(9), 9), std::vector{Item(0, 2)});
  EXPECT_EQ(before.size(), 1U);
}

TEST(StateKey, OrdersAsItsBytesAndIsOfFixedWidth) {
  const auto member = MemberId{};
  EXPECT_EQ(KeyOf<v1::ChainRecord>({}).view().size(), 2U);
  EXPECT_EQ(KeyOf<v1::Member>(member).view().size(), 17U);
  EXPECT_EQ(KeyOf<v1::OrgAccount>({}).view().size(), 25U);
  EXPECT_EQ(KeyOf<v1::PolicyVersion>({}).view().size(), 21U);
  EXPECT_EQ(KeyOf<v1::Counter>({}).view().size(), 22U);
  EXPECT_EQ(KeyOf<v1::TransactionMark>({}).view().size(), 33U);
  EXPECT_EQ(KeyOf<v1::DigestMark>({}).view().size(), 3U);
  EXPECT_EQ(KeyOf<v1::ValidatorSetRecord>({}).view().size(), 9U);
  EXPECT_EQ(KeyOf<v1::GrantMark>({}).view().size(), 25U);
  const StateKey counter =
      KeyOf<v1::Counter>({.owner = {}, .scope = v1::COUNTER_SCOPE_ELDER_DAY, .period = 20240711});
  EXPECT_EQ(ToHex(counter.view()), "0a" + std::string(32, '0') + "03" + "0134d947");
  EXPECT_EQ(StateKey(counter.view()), counter);
  EXPECT_EQ(counter.table(), v1::TABLE_COUNTER);
  EXPECT_LT(KeyOf<v1::Member>(member), counter);
}

}  // namespace
}  // namespace timebank::ledger
