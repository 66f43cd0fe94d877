#include "node/rpc/page.h"

#include <algorithm>
#include <vector>

#include "node/rpc/ledger_reads.h"

namespace timebank::rpc {

Expected<std::string, client::Error> ReadPage(
    LedgerIndex& index, const PageRequest& request,
    const std::function<bool(const replica::IndexRow&)>& take) {
  Bytes after;
  if (!request.token.empty()) {
    const auto token = FromHex(request.token);
    const bool ours = token && token->size() >= request.prefix.size() &&
                      std::equal(request.prefix.begin(), request.prefix.end(), token->begin());
    if (!ours) return Unexpected{client::MakeError(v1::REASON_BAD_FIELD, "page_token")};
    after = *token;
  }
  const std::size_t size =
      request.size == 0 ? kPageSizeDefault : std::min(request.size, kPageSizeMax);
  std::size_t taken = 0;
  std::size_t scanned = 0;
  while (taken < size && scanned < kScanMax) {
    const std::vector<replica::IndexRow> rows = index.Scan(request.prefix, after, kPageSizeMax);
    for (const replica::IndexRow& row : rows) {
      ++scanned;
      after = row.key;
      if (take(row) && ++taken == size) break;
    }
    if (rows.size() < kPageSizeMax && taken < size) return std::string();
  }
  return ToHex(after);
}

}  // namespace timebank::rpc
