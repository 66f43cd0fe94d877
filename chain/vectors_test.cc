// Golden vectors: the bytes of every hashed and signed layout, for this and every other
// implementation. A change of tests/vectors/chain.json is a change of the format and needs an ADR.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/state_tree.h"
#include "chain/testing/sample_chain.h"
#include "chain/transaction.h"

namespace timebank::chain {
namespace {

using Json = nlohmann::ordered_json;
using testing::SampleChain;

std::string Hex(ByteView bytes) { return ToHex(bytes); }
std::string Hex(std::string_view bytes) { return ToHex(AsBytes(bytes)); }

Json PathJson(const std::vector<Hash>& path) {
  Json hashes = Json::array();
  for (const Hash& hash : path) hashes.push_back(Hex(hash.view()));
  return hashes;
}

Json HeaderJson(const Header& header) {
  return {{"era", header.era.value()},
          {"chain_id", Hex(header.chain_id.view())},
          {"epoch", header.epoch.value()},
          {"height", header.height.value()},
          {"parent", Hex(header.parent.view())},
          {"timestamp_ms", header.timestamp_ms.value()},
          {"tx_count", header.tx_count},
          {"log_size", header.log_size},
          {"flags", header.flags},
          {"proposer", Hex(header.proposer.view())},
          {"bytes", Hex(header.Encode())},
          {"digest", Hex(header.Digest().view())}};
}

Json VoteJson(const Hash& chain_id, const VotePosition& position) {
  return {{"kind", static_cast<int>(position.kind)}, {"epoch", position.epoch.value()},
          {"view", position.view.value()},           {"parent_view", position.parent_view.value()},
          {"digest", Hex(position.digest.view())},   {"bytes", Hex(VoteBytes(chain_id, position))}};
}

Json VotesJson(const SampleChain& sample) {
  const Hash digest = sample.boundary.Digest();
  return {
      VoteJson(sample.chain_id, {.kind = VoteKind::kNotarize,
                                 .epoch = Epoch(1),
                                 .view = View(9),
                                 .parent_view = View(7),
                                 .digest = digest}),
      VoteJson(sample.chain_id, {.kind = VoteKind::kNullify, .epoch = Epoch(1), .view = View(9)}),
      VoteJson(
          sample.chain_id,
          {.kind = VoteKind::kFinalize, .epoch = Epoch(1), .view = View(9), .digest = digest})};
}

Json SetJson(const ValidatorSet& set) {
  Json keys = Json::array();
  for (const crypto::PublicKey& key : set.keys()) keys.push_back(Hex(key.view()));
  return {{"keys", keys}, {"quorum", set.quorum()}, {"hash", Hex(set.SetHash().view())}};
}

Json LogJson() {
  LogTree tree;
  Json leaves = Json::array();
  Json roots = {Hex(tree.Root().view())};
  for (std::uint32_t i = 0; i < 7; ++i) {
    const Bytes leaf = ByteWriter().U32(i).Take();
    leaves.push_back(Hex(leaf));
    tree.Append(LogLeafHash(leaf));
    roots.push_back(Hex(tree.Root().view()));
  }
  return {{"leaves", leaves},
          {"roots_by_size", roots},
          {"inclusion_of_4_in_7", PathJson(tree.InclusionPath(4, 7))},
          {"consistency_of_3_and_7", PathJson(tree.ConsistencyProof(3, 7))}};
}

Json StateProofJson(const StateTree& tree, std::string_view key) {
  const StateProof proof = tree.Prove(AsBytes(key));
  Json json = {{"key", Hex(key)}, {"siblings", PathJson(proof.siblings)}};
  if (const auto value = tree.Get(AsBytes(key))) json["value"] = Hex(*value);
  if (proof.other) {
    json["other"] = {{"key_hash", Hex(proof.other->key_hash.view())},
                     {"value_hash", Hex(proof.other->value_hash.view())}};
  }
  return json;
}

Json StateJson() {
  StateTree tree;
  Json records = Json::array();
  Json roots = {Hex(tree.Root().view())};
  for (const char* key : {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"}) {
    const std::string value = std::string("value of ").append(key);
    tree.Put(AsBytes(key), AsBytes(value));
    records.push_back({{"key", Hex(std::string_view(key))}, {"value", Hex(value)}});
    roots.push_back(Hex(tree.Root().view()));
  }
  return {{"records", records},
          {"roots_by_count", roots},
          {"proofs",
           {StateProofJson(tree, "gamma"), StateProofJson(tree, "iota"), StateProofJson(tree, "mu"),
            StateProofJson(tree, "phi")}}};
}

Json TransactionJson(const SampleChain& sample, const ReceiptParts& parts) {
  const auto transaction = ParseEnvelope(AsBytes(parts.envelope), sample.chain_id);
  EXPECT_TRUE(transaction.has_value());
  return {{"envelope", Hex(parts.envelope)},
          {"body", Hex(transaction->body_bytes)},
          {"id", Hex(transaction->id.view())},
          {"envelope_hash", Hex(transaction->envelope_hash.view())}};
}

Json ReceiptJson(const char* name, const ReceiptParts& parts) {
  return {{"name", name},
          {"transaction_id", Hex(parts.transaction_id.view())},
          {"effects_digest", Hex(EffectsDigest(parts.lines).view())},
          {"receipt", Hex(BuildReceipt(parts))}};
}

Json Vectors() {
  const SampleChain sample;
  ReceiptParts one_line = sample.Approval(Epoch(0));
  one_line.shown = {2};
  return {{"genesis", Hex(sample.genesis_bytes)},
          {"chain_id", Hex(sample.chain_id.view())},
          {"validator_sets", {SetJson(sample.first.set), SetJson(sample.second.set)}},
          {"headers", {HeaderJson(sample.boundary), HeaderJson(sample.later)}},
          {"votes", VotesJson(sample)},
          {"certificate", Hex(sample.second.Finalize(sample.later, View(9)))},
          {"log", LogJson()},
          {"state", StateJson()},
          {"sweep_id_of_height_5", Hex(SweepId(sample.chain_id, Height(5)).view())},
          {"transactions",
           {TransactionJson(sample, sample.claim), TransactionJson(sample, sample.approval)}},
          {"receipts",
           {ReceiptJson("one line, second epoch", sample.Claim(Epoch(1))),
            ReceiptJson("third line of a list", one_line),
            ReceiptJson("sweep", sample.Sweep(Epoch(0)))}}};
}

TEST(VectorsTest, AreWhatTheFileSays) {
  std::ifstream in(std::filesystem::path(TIMEBANK_SOURCE_DIR) / "tests/vectors/chain.json");
  const Json actual = Vectors();
  const Json expected = in ? Json::parse(in) : Json();
  ASSERT_EQ(actual.size(), expected.size()) << actual.dump(2);
  for (const auto& [name, value] : expected.items()) {
    EXPECT_EQ(actual[name], value) << name << " is now " << actual[name].dump(2);
  }
}

}  // namespace
}  // namespace timebank::chain
