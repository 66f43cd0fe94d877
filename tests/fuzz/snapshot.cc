// A snapshot from anybody against the genesis file: it is refused, or it is what the ledger wrote,
// byte by byte, but for who signed.
//   input: snapshot
#include "node/replica/snapshot.h"

#include "tests/fuzz/small_ledger.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {

void RunSnapshot(Input input) {
  static const SmallLedger ledger;
  static const Bytes own = ledger.Snapshot();
  const ByteView bytes = input.Rest();
  SnapshotParts parts;
  const replica::SnapshotReceiver receiver = {.block =
                                                  [&](const auto& block) {
                                                    parts.blocks.push_back(block);
                                                    return true;
                                                  },
                                              .record =
                                                  [&](ByteView key, ByteView value) {
                                                    parts.records.emplace_back(ToBytes(key),
                                                                               ToBytes(value));
                                                    return true;
                                                  },
                                              .transaction =
                                                  [&](const auto& row) {
                                                    parts.rows.push_back(row);
                                                    return true;
                                                  }};
  std::size_t at = 0;
  const auto content = replica::ReadSnapshot(
      [&](std::span<std::byte> out) {
        const std::size_t count = std::min(out.size(), bytes.size() - at);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
        at += count;
        return count;
      },
      ledger.genesis, receiver);
  if (!content) {
    TB_CHECK(!Same(bytes, own));
    TB_CHECK(!replica::Describe(content.error().fault).empty());
    TB_CHECK(content.error().offset <= bytes.size());
    return;
  }
  TB_CHECK(content->bytes == bytes.size());
  TB_CHECK(content->block.block.digest() == ledger.last.block.digest());
  TB_CHECK(content->sets.size() == 2);
  TB_CHECK(std::map(parts.records.begin(), parts.records.end()) == ledger.records);
  TB_CHECK(parts.rows.size() == ledger.rows.size());
  TB_CHECK(Same(Write(parts), bytes));
}

}  // namespace timebank::fuzz
