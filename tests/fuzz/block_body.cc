// The body of a block under a header whose roots are right, so that what lies behind the roots is
// reached: the transactions are taken, and are exactly what the bytes said, or the body is refused.
//   input: flags u8 (1: last block of an epoch, 2: wrong count, 4: wrong roots) | body
#include "node/replica/block_body.h"

#include <memory>

#include "chain/genesis.h"
#include "chain/log_tree.h"
#include "ledger/testing/test_ledger.h"
#include "tests/fuzz/targets.h"
#include "timebank/v1/block.pb.h"

namespace timebank::fuzz {
namespace {

constexpr std::uint8_t kLast = 1;
constexpr std::uint8_t kWrongCount = 2;
constexpr std::uint8_t kWrongRoots = 4;

chain::Header HeaderOf(const v1::BlockBody& body, const Hash& chain_id, std::uint8_t flags) {
  chain::Header header;
  header.chain_id = chain_id;
  header.tx_count = static_cast<std::uint32_t>(body.envelopes_size());
  if ((flags & kWrongCount) != 0) ++header.tx_count;
  if ((flags & kLast) != 0) header.flags = chain::kFlagEpochEnd;
  chain::LogFrontier envelopes;
  for (const auto& item : body.envelopes()) envelopes.Append(chain::LogLeafHash(AsBytes(item)));
  chain::LogFrontier extras;
  for (const auto& item : body.evidence()) extras.Append(chain::LogLeafHash(AsBytes(item)));
  if (!body.next_set().empty()) {
    extras.Append(chain::LogLeafHash(AsBytes(body.next_set())));
    const auto set = chain::ParseKeysOnlyRecord(AsBytes(body.next_set()));
    if (set) header.next_validators = set->SetHash();
  }
  header.tx_root = envelopes.Root();
  header.extras_root = extras.Root();
  if ((flags & kWrongRoots) != 0) header.tx_root = header.extras_root;
  return header;
}

}  // namespace

void RunBlockBody(Input input) {
  static const Hash chain_id = ledger::testing::TestLedger().state().chain_id();
  const std::uint8_t flags = input.U8();
  const ByteView bytes = input.Rest();
  v1::BlockBody body;
  if (!body.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) body.Clear();
  const consensus::Block block(HeaderOf(body, chain_id, flags),
                               std::make_shared<const Bytes>(ToBytes(bytes)));
  const auto read = replica::ReadBody(block, [](const Hash&) { return nullptr; });
  if (!read) {
    TB_CHECK(read.error() != consensus::BodyVerdict::kValid);
    return;
  }
  TB_CHECK((flags & kWrongCount) == 0);
  TB_CHECK(read->transactions.size() == static_cast<std::size_t>(body.envelopes_size()));
  TB_CHECK(block.header().EndsEpoch() == !body.next_set().empty());
  const auto next_set = chain::ParseKeysOnlyRecord(AsBytes(body.next_set()));
  const replica::BlockBody made = replica::MakeBody(*read, next_set);
  TB_CHECK(Same(*made.bytes, bytes));
  TB_CHECK(made.tx_root == block.header().tx_root);
  TB_CHECK(made.extras_root == block.header().extras_root);
}

}  // namespace timebank::fuzz
