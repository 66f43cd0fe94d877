// Pages of a list: rows of the index from where the last page ended. A page token is that row's
// key, in hexadecimal, opaque to callers; one of another list is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "api/client/error.h"
#include "base/bytes.h"
#include "base/expected.h"
#include "node/rpc/ledger_index.h"

namespace timebank::rpc {

// Rows looked at for one page: a filter that matches little gives a short page and a token.
inline constexpr std::size_t kScanMax = 5000;

struct PageRequest {
  Bytes prefix;            // of the list
  std::uint32_t size = 0;  // 0: the default
  std::string token;       // empty: the first page
};

// Calls `take` for row after row of the list until the page is full; `take` says whether the row
// counts. Returns the token of the next page, empty at the end of the list.
[[nodiscard]] Expected<std::string, client::Error> ReadPage(
    LedgerIndex& index, const PageRequest& request,
    const std::function<bool(const replica::IndexRow&)>& take);

// The last 16 bytes of an index key: the id that it lists.
template <typename Id>
[[nodiscard]] Id ItemOf(const replica::IndexRow& row) {
  const ByteView key(row.key);
  const auto id = key.size() < Id::kSize ? std::nullopt : Id::From(key.last(Id::kSize));
  return id ? *id : Id{};
}

}  // namespace timebank::rpc
