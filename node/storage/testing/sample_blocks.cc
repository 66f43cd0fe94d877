#include "node/storage/testing/sample_blocks.h"

#include "crypto/sha256.h"
#include "node/replica/block_body.h"

namespace timebank::storage::testing {
namespace {

Bytes Text(const std::string& text) { return ToBytes(AsBytes(text)); }

Hash HashOf(const std::string& text) { return crypto::Sha256(AsBytes(text)); }

chain::VotePosition FinalAt(std::uint64_t view, const Hash& digest) {
  chain::VotePosition position;
  position.kind = chain::VoteKind::kFinalize;
  position.view = View(view);
  position.digest = digest;
  return position;
}

}  // namespace

consensus::Block SampleBlock(std::uint64_t height) {
  chain::Header header;
  header.height = Height(height);
  header.timestamp_ms = Millis(1000 + height);
  const replica::BlockBody body = replica::MakeBody({});
  header.tx_root = body.tx_root;
  header.extras_root = body.extras_root;
  return {header, body.bytes};
}

consensus::CommittedBlock SampleCommitted(std::uint64_t height) {
  const consensus::Block block = SampleBlock(height);
  chain::Certificate finalization;
  finalization.position = FinalAt(height, block.digest());
  finalization.validator_count = 4;
  for (std::uint16_t i = 0; i < 3; ++i) finalization.votes.push_back({ReplicaIndex(i), {}});
  return {block, finalization};
}

consensus::MyVoteRecord SampleVote(std::uint64_t view) {
  consensus::Vote vote;
  vote.position = FinalAt(view, HashOf("vote"));
  return {vote};
}

SampleCommit::SampleCommit(std::uint64_t height) : block_(SampleCommitted(height)) {
  row_.id = HashOf("transaction " + std::to_string(height));
  row_.log_index = height - 1;
  row_.height = Height(height);
  row_.leaf_hash = HashOf("leaf " + std::to_string(height));
  row_.lines = {"line one", "", std::string(200, 'x')};
  row_.position = 7;
}

replica::CommitBatch SampleCommit::batch() const {
  const std::string height = std::to_string(block_.block.header().height.value());
  replica::CommitBatch batch{.block = block_};
  batch.changes = {{Text("common"), Text(height)},
                   {Text("key-" + height), Text("value " + height)}};
  // A record that lives for one block only.
  if (row_.log_index > 0) {
    batch.changes.push_back({Text("brief-" + std::to_string(row_.log_index)), std::nullopt});
  }
  batch.changes.push_back({Text("brief-" + height), Text("x")});
  batch.transactions = {row_};
  Bytes key = SampleIndexPrefix();
  const Bytes number = ByteWriter().U64(row_.height.value()).Take();
  key.insert(key.end(), number.begin(), number.end());
  batch.index_rows = {{key, Text("row " + height)}};
  return batch;
}

std::vector<consensus::Record> SampleCommit::records() const {
  return {consensus::BodyRecord{block_.block}, consensus::CertificateRecord{block_.finalization}};
}

Bytes SampleIndexPrefix() { return Bytes(17, std::byte{0x11}); }

}  // namespace timebank::storage::testing
