#include "node/rpc/page.h"

#include <gtest/gtest.h>

#include <map>

#include "node/rpc/ledger_reads.h"

namespace timebank::rpc {
namespace {

class MapIndex final : public LedgerIndex {
 public:
  void Put(const Bytes& key) { rows_[key] = {}; }
  std::vector<replica::IndexRow> Scan(ByteView prefix, ByteView after, std::size_t limit) override {
    std::vector<replica::IndexRow> out;
    const Bytes from = after.empty() ? ToBytes(prefix) : ToBytes(after);
    for (auto row = rows_.lower_bound(from); row != rows_.end() && out.size() < limit; ++row) {
      if (!std::equal(prefix.begin(), prefix.end(), row->first.begin())) break;
      if (!after.empty() && row->first == from) continue;
      out.push_back({row->first, row->second});
    }
    return out;
  }
  std::optional<consensus::CommittedBlock> ReadBlock(Height /*height*/) override { return {}; }
  std::optional<replica::TransactionRow> FindTransaction(const Hash& /*id*/) override { return {}; }

 private:
  std::map<Bytes, Bytes> rows_;
};

Bytes Key(std::uint8_t list, std::uint32_t item) { return ByteWriter().U8(list).U32(item).Take(); }

class PageTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::uint32_t item = 0; item < 1201; ++item) index_.Put(Key(2, item));
    index_.Put(Key(1, 7));
    index_.Put(Key(3, 7));
  }
  MapIndex index_;
};

TEST_F(PageTest, PagesGiveEveryRowOnceInOrder) {
  for (const std::uint32_t size : {1U, 100U, 499U, 500U, 9999U}) {
    SCOPED_TRACE(size);
    std::vector<Bytes> seen;
    std::string token;
    std::size_t pages = 0;
    do {
      std::size_t in_page = 0;
      const auto next = ReadPage(index_, {.prefix = {std::byte{2}}, .size = size, .token = token},
                                 [&](const replica::IndexRow& row) {
                                   seen.push_back(row.key);
                                   ++in_page;
                                   return true;
                                 });
      ASSERT_TRUE(next.has_value());
      EXPECT_LE(in_page, std::min(size, kPageSizeMax));
      token = *next;
      ASSERT_LT(++pages, 1300U);
    } while (!token.empty());
    ASSERT_EQ(seen.size(), 1201U);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  }
}

TEST_F(PageTest, RowsThatDoNotCountDoNotFillThePage) {
  std::size_t taken = 0;
  const auto next = ReadPage(index_, {.prefix = {std::byte{2}}, .size = 100, .token = ""},
                             [&](const replica::IndexRow& row) {
                               const bool even = (std::to_integer<int>(row.key.back()) & 1) == 0;
                               taken += even ? 1U : 0U;
                               return even;
                             });
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(taken, 100U);
  EXPECT_EQ(*next, ToHex(Key(2, 198)));
}

TEST_F(PageTest, ATokenOfAnotherListIsRefused) {
  for (const std::string& token : {ToHex(Key(3, 7)), std::string("zz"), std::string("0")}) {
    SCOPED_TRACE(token);
    const auto next = ReadPage(index_, {.prefix = {std::byte{2}}, .size = 0, .token = token},
                               [](const replica::IndexRow&) { return true; });
    ASSERT_FALSE(next.has_value());
    EXPECT_EQ(next.error().reason, v1::REASON_BAD_FIELD);
  }
}

TEST_F(PageTest, AnEmptyListHasNoNextPage) {
  const auto next = ReadPage(index_, {.prefix = {std::byte{9}}, .size = 0, .token = ""},
                             [](const replica::IndexRow&) { return true; });
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(*next, "");
}

}  // namespace
}  // namespace timebank::rpc
