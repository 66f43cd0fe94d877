// Records as they are read back from the database at start, and what is derived from them: they are
// taken or refused, and the tree over them is the same whatever order they come in.
//   input: length u16 | key | value, several times
#include <map>
#include <utility>

#include "chain/state_tree.h"
#include "ledger/state.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

constexpr int kRecordsMax = 16;
constexpr std::int64_t kOffsetMinutes = 480;

}  // namespace

void RunRecord(Input input) {
  std::map<Bytes, Bytes> records;
  for (int i = 0; i < kRecordsMax && !input.empty(); ++i) {
    Bytes key = ToBytes(input.Take(input.U8()));
    records[std::move(key)] = ToBytes(input.Part());
  }
  ledger::StateLoader forward;
  ledger::StateLoader backward;
  for (auto it = records.begin(); it != records.end(); ++it) forward.Add(it->first, it->second);
  for (auto it = records.rbegin(); it != records.rend(); ++it) backward.Add(it->first, it->second);
  const auto state = std::move(forward).Finish();
  const auto again = std::move(backward).Finish();
  TB_CHECK(state.has_value() == again.has_value());
  for (const auto& [key, value] : records) {
    const auto table = static_cast<v1::Table>(key.empty() ? 0 : std::to_integer<int>(key[0]));
    const auto record = ledger::ParseRecord(table, value);
    TB_CHECK(!state || record != nullptr);
    if (record != nullptr) (void)ledger::DueOf(table, *record, kOffsetMinutes);
  }
  if (!state) return;
  TB_CHECK(state->root() == again->root());
  TB_CHECK(state->next_due() == again->next_due());
  std::size_t count = 0;
  state->tree().ForEach([&](ByteView key, ByteView value) {
    ++count;
    const auto found = records.find(ToBytes(key));
    TB_CHECK(found != records.end());
    TB_CHECK(Same(found->second, value));
  });
  TB_CHECK(count == records.size());
}

}  // namespace timebank::fuzz
