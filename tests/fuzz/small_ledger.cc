#include "tests/fuzz/small_ledger.h"

#include <string>

#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/log_tree.h"
#include "chain/receipt.h"
#include "chain/state_tree.h"
#include "crypto/sha256.h"
#include "node/replica/block_body.h"

namespace timebank::fuzz {
namespace {

using chain::testing::Validators;

std::string LineOf(std::uint64_t height, std::uint32_t number) {
  v1::EffectsLine line;
  line.set_version(1);
  line.set_height(height);
  line.set_line(number);
  return chain::CanonicalBytes(line);
}

consensus::CommittedBlock Certify(chain::Header header, const replica::BlockBody& body,
                                  const Validators& validators) {
  header.tx_root = body.tx_root;
  header.extras_root = body.extras_root;
  header.tx_count = 0;
  header.validators = validators.set.SetHash();
  const std::string proof = validators.Finalize(header, View(9));
  return {consensus::Block(header, body.bytes), *chain::Certificate::Decode(AsBytes(proof))};
}

}  // namespace

SmallLedger::SmallLedger() : genesis(*chain::ParseGenesis(AsBytes(chain.genesis_bytes))) {
  chain::StateTree state;
  for (std::uint8_t i = 1; i <= 8; ++i) {
    const Bytes key = ByteWriter().U8(i).U64(i).Take();
    records[key] = Bytes(i, std::byte{i});
    state.Put(key, records[key]);
  }
  chain::LogTree log;
  for (const std::uint64_t height : {2U, 5U}) {
    std::uint32_t position = 0;
    for (const bool sweep : {true, false, false}) {
      replica::TransactionRow row;
      row.id = sweep ? chain::SweepId(chain.chain_id, Height(height))
                     : crypto::Sha256(ByteWriter().U64(log.size()).bytes());
      row.height = Height(height);
      row.log_index = log.size();
      row.sweep = sweep;
      row.lines = {LineOf(height, 0), LineOf(height, 1)};
      row.leaf_hash = chain::TransactionLeaf(row.id, chain::EffectsDigest(row.lines));
      if (!sweep) row.position = position++;
      log.Append(row.leaf_hash);
      rows[row.id] = row;
    }
  }
  boundary = Certify(chain.boundary, replica::MakeBody({}, chain.second.set), chain.first);
  chain::Header header = chain.later;
  header.parent = boundary.block.digest();
  header.state_root = state.Root();
  header.log_size = log.size();
  header.log_root = log.Root();
  last = Certify(header, replica::MakeBody({}), chain.second);
}

Bytes SmallLedger::Snapshot() const {
  SnapshotParts parts{.blocks = {boundary, last}, .records = {records.begin(), records.end()}};
  for (const auto& [id, row] : rows) parts.rows.push_back(row);
  return Write(parts);
}

Bytes Write(const SnapshotParts& parts) {
  replica::SnapshotSource source;
  for (std::size_t i = 0; i + 1 < parts.blocks.size(); ++i) {
    source.ended_epochs.push_back({parts.blocks[i]});
  }
  source.block = parts.blocks.back();
  source.visit_records = [&parts](const auto& visit) {
    for (const auto& [key, value] : parts.records) visit(key, value);
  };
  source.visit_transactions = [&parts](const auto& visit) {
    for (const replica::TransactionRow& row : parts.rows) visit(row);
  };
  Bytes out;
  replica::WriteSnapshot(
      source, [&out](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
  return out;
}

}  // namespace timebank::fuzz
