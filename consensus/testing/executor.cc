#include "consensus/testing/executor.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "crypto/sha256.h"

namespace timebank::consensus::testing {

SharedBytes EncodeBody(const std::vector<Tx>& txs) {
  ByteWriter out;
  for (Tx tx : txs) out.U32(tx);
  return std::make_shared<const Bytes>(out.Take());
}

std::vector<Tx> DecodeBody(const Bytes& body) {
  std::vector<Tx> txs;
  ByteReader in{ByteView(body)};
  while (in.remaining() >= 4) txs.push_back(in.U32());
  return txs;
}

Block MakeBlock(const BlockPlan& plan) {
  const SharedBytes body = EncodeBody(plan.txs);
  chain::Header header;
  header.chain_id = plan.chain_id;
  header.height = plan.height;
  header.parent = plan.parent;
  header.timestamp_ms = plan.timestamp_ms;
  header.tx_count = static_cast<std::uint32_t>(plan.txs.size());
  header.tx_root = crypto::Sha256(*body);
  header.extras_root = crypto::Sha256(ByteView{});
  header.state_root = crypto::Sha256({plan.parent.view(), ByteView(*body)});
  header.validators = plan.validators.SetHash();
  header.next_validators = header.validators;
  header.proposer = plan.validators.key(plan.proposer);
  return Block(header, body);
}

BodyVerdict Judge(const Block& block) {
  const chain::Header& header = block.header();
  const Bytes& body = *block.body();
  if (header.tx_root != crypto::Sha256(body)) return BodyVerdict::kMismatch;
  const std::vector<Tx> txs = DecodeBody(body);
  if (std::find(txs.begin(), txs.end(), kPoison) != txs.end()) return BodyVerdict::kInvalid;
  if (header.state_root != crypto::Sha256({header.parent.view(), ByteView(body)})) {
    return BodyVerdict::kInvalid;
  }
  return BodyVerdict::kValid;
}

BodyVerdict Executor::Check(const Block& block) {
  const BodyVerdict verdict = Judge(block);
  if (verdict == BodyVerdict::kValid) executed_.emplace(block.digest(), block);
  return verdict;
}

std::vector<Tx> Executor::Pending(const Hash& parent) const {
  std::set<Tx> pending = pool_;
  Hash at = parent;
  for (auto block = executed_.find(at); block != executed_.end(); block = executed_.find(at)) {
    for (Tx tx : DecodeBody(*block->second.body())) pending.erase(tx);
    at = block->second.header().parent;
  }
  return {pending.begin(), pending.end()};
}

std::set<Hash> Executor::Executed() const {
  std::set<Hash> digests;
  for (const auto& [digest, block] : executed_) digests.insert(digest);
  return digests;
}

void Executor::Commit(const Block& block) {
  for (Tx tx : DecodeBody(*block.body())) pool_.erase(tx);
  std::erase_if(executed_, [&block](const auto& entry) {
    return entry.second.header().height <= block.header().height;
  });
}

}  // namespace timebank::consensus::testing
