// Golden vectors: the bytes of every hashed and signed layout, for this and every other
// implementation. A change of tests/vectors/chain.json is a change of the format and needs an ADR.
//
// The file is written by this test: TIMEBANK_WRITE_VECTORS=1 <build>/tests/vectors/
// timebank_vectors_test. Everything in it follows from the numbers below and in
// chain/testing/sample_chain.cc, and Ed25519 signatures are deterministic, so the same sources
// write the same file on every machine. docs/formats.md shows parts of it; `./dev lint` compares.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/evidence_file.h"
#include "chain/state_tree.h"
#include "chain/testing/sample_chain.h"
#include "chain/testing/sample_recovery.h"
#include "chain/transaction.h"
#include "consensus/record.h"
#include "crypto/sha256.h"
#include "ledger/entry_content.h"
#include "ledger/keys.h"
#include "node/storage/log_format.h"
#include "tests/vectors/sample_bodies.h"

namespace timebank::chain {
namespace {

using Json = nlohmann::ordered_json;
using testing::KeyOf;
using testing::SampleChain;
using testing::SampleRecovery;

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

// Validator 0 of the second epoch nullified and finalized one view; the file proves it to anybody.
Json EvidenceJson(const SampleChain& sample) {
  const auto vote = [&sample](VoteKind kind, const Hash& digest) {
    EvidenceVote out;
    out.position = {kind, Epoch(1), View(9), View(0), digest};
    out.signature = sample.second.secrets[0].Sign(VoteBytes(sample.chain_id, out.position));
    return out;
  };
  const Evidence evidence{EvidenceKind::kNullifyFinalize, sample.second.set.key(ReplicaIndex(0)),
                          vote(VoteKind::kNullify, Hash()),
                          vote(VoteKind::kFinalize, sample.boundary.Digest())};
  const std::string bytes = EncodeEvidence(evidence);
  EpochLinks links;
  *links.Add() = sample.link;
  return {{"bytes", Hex(bytes)}, {"file", Hex(BuildEvidenceFile(bytes, links))}};
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

// Signed bytes of one domain, with a key and its signature over them.
Json SignedJson(const SampleChain& sample, std::string_view domain,
                std::initializer_list<ByteView> parts, const crypto::SecretKey& key) {
  const Bytes message = SignedBytes(domain, sample.chain_id, parts);
  return {{"message", Hex(message)},
          {"key", Hex(crypto::SuitedKey(key.public_key()))},
          {"key_id", Hex(crypto::KeyIdOf(key.public_key()).view())},
          {"signature", Hex(crypto::SuitedSignature(key.Sign(message)))}};
}

Json DomainsJson() {
  Json domains;
  for (const std::string_view domain :
       {kTransactionDomain, kPinDomain, kSlipDomain, kEraDomain, kValidatorSetDomain, kSweepDomain,
        kStatementDomain, kCareDomain, kAuthDomain, kTipDomain, kDocumentDomain, kKeyProofDomain,
        kDevClockDomain, kRecoveryDomain}) {
    domains[std::string(domain.substr(0, domain.size() - 1))] = Hex(domain);
  }
  return domains;
}

Json CertificateJson(const SampleChain& sample, VoteKind kind) {
  const bool notarizes = kind == VoteKind::kNotarize;
  VotePosition position{.kind = kind, .epoch = Epoch(1), .view = View(9)};
  if (notarizes) position.parent_view = View(7);
  if (kind != VoteKind::kNullify) position.digest = sample.later.Digest();
  return {{"kind", static_cast<int>(kind)},
          {"signers", {0, 2, 3, 4}},
          {"bytes", Hex(sample.second.Certify(sample.chain_id, position, {0, 2, 3, 4}))}};
}

Json IdsJson() {
  const std::string content = CanonicalBytes(SampleContent());
  return {{"key", Hex(crypto::SuitedKey(KeyOf(50).public_key()))},
          {"key_id", Hex(crypto::KeyIdOf(KeyOf(50).public_key()).view())},
          {"slip_organisation", Hex(Id('s'))},
          {"slip_serial", Hex("P0001")},
          {"slip_start_ms", kNowMs},
          {"slip_id", Hex(SlipIdOf("P0001"))},
          {"entry_content", Hex(content)},
          {"entry_content_hash", Hex(crypto::Sha256(AsBytes(content)).view())}};
}

Json PinJson(const SampleChain& sample) {
  const std::string statement = SamplePinStatement();
  Json json = {{"action", Hex(SampleConfirmAction())}, {"statement", Hex(statement)}};
  json.update(SignedJson(sample, kPinDomain, {AsBytes(statement)}, KeyOf(kPinServiceKey)));
  return json;
}

Json KeyProofJson(const SampleChain& sample) {
  const std::string member = Id('m');
  const std::string key = crypto::SuitedKey(KeyOf(51).public_key());
  Json json = {{"member", Hex(member)}};
  json.update(SignedJson(sample, kKeyProofDomain, {AsBytes(member), AsBytes(key)}, KeyOf(51)));
  return json;
}

// The first two lines of a statement: leaf 4, line 0, and leaf 5, line 2.
Json StatementJson(const SampleChain& sample) {
  Json steps = Json::array();
  Hash head;
  const auto add = [&](const ReceiptParts& parts, std::uint32_t line) {
    const StatementStep step{.count = steps.size(),
                             .log_index = parts.log_index,
                             .line = line,
                             .line_hash = crypto::Sha256(AsBytes(parts.lines[line]))};
    const Hash next = NextStatementHead(head, step);
    steps.push_back({{"head_before", Hex(head.view())},
                     {"count", step.count},
                     {"log_index", step.log_index},
                     {"line", step.line},
                     {"effects_line", Hex(parts.lines[line])},
                     {"head", Hex(next.view())}});
    head = next;
  };
  add(sample.claim, 0);
  add(sample.approval, 2);
  return steps;
}

Json HashesJson(const SampleChain& sample) {
  const Hash salt = *Hash::From(std::string(32, 's'));
  const Bytes kind = ByteWriter().U16(2).Take();
  const std::string_view text = "visit record";
  const Hash document = TagHash(kDocumentDomain, {salt.view(), kind, AsBytes(text)});
  const Hash era = TagHash(kEraDomain, {sample.chain_id.view(), AsBytes(text)});
  return {{"document_salt", Hex(salt.view())},
          {"document_kind", 2},
          {"document", Hex(text)},
          {"document_commitment", Hex(document.view())},
          {"recovery_document", Hex(text)},
          {"recovered_chain_id", Hex(era.view())}};
}

Json TokenJson(const SampleChain& sample) {
  v1::AuthToken token;
  token.set_version(1);
  token.set_member(Id('m'));
  token.set_key_id(crypto::KeyIdOf(KeyOf(50).public_key()).str());
  token.set_role(v1::ROLE_APPROVER);
  token.set_org(Id('c'));
  token.set_audience("street-1");
  token.set_not_before_ms(kNowMs);
  token.set_expiry_ms(kNowMs + 600'000);
  const std::string bytes = CanonicalBytes(token);
  Json json = {{"token", Hex(bytes)}};
  json.update(SignedJson(sample, kAuthDomain, {AsBytes(bytes)}, KeyOf(50)));
  v1::ReadToken metadata;
  metadata.set_token(bytes);
  metadata.set_signature(ToString(*FromHex(json["signature"].get<std::string>())));
  json["metadata"] = Hex(CanonicalBytes(metadata));
  return json;
}

Json TipJson(const SampleChain& sample) {
  v1::FreshTip tip;
  tip.set_version(1);
  tip.set_height(sample.later.height.value());
  tip.set_digest(sample.later.Digest().str());
  tip.set_time_ms(kNowMs);
  tip.set_nonce(Id('n'));
  const std::string bytes = CanonicalBytes(tip);
  Json json = {{"tip", Hex(bytes)}};
  json.update(SignedJson(sample, kTipDomain, {AsBytes(bytes)}, sample.second.secrets[0]));
  return json;
}

Json ClockJson(const SampleChain& sample) {
  v1::ClockCommand command;
  command.set_version(1);
  command.set_offset_ms(-86'400'000);
  const std::string bytes = CanonicalBytes(command);
  Json json = {{"command", Hex(bytes)}};
  json.update(SignedJson(sample, kDevClockDomain, {AsBytes(bytes)}, KeyOf(99)));
  return json;
}

// The body of a block that ends an epoch; the roots that its header holds.
Json BodyJson(const SampleChain& sample) {
  const std::string evidence = "evidence";
  const std::string next_set = KeysOnlyRecord(sample.second.set);
  v1::BlockBody body;
  body.add_envelopes(sample.claim.envelope);
  body.add_envelopes(sample.approval.envelope);
  body.add_evidence(evidence);
  body.set_next_set(next_set);
  const std::vector<ByteView> envelopes = {AsBytes(sample.claim.envelope),
                                           AsBytes(sample.approval.envelope)};
  const std::vector<ByteView> extras = {AsBytes(evidence), AsBytes(next_set)};
  return {{"bytes", Hex(CanonicalBytes(body))},
          {"evidence", Hex(evidence)},
          {"next_set", Hex(next_set)},
          {"tx_root", Hex(MerkleRoot(envelopes).view())},
          {"extras_root", Hex(MerkleRoot(extras).view())},
          {"extras_root_of_nothing", Hex(MerkleRoot({}).view())}};
}

Json StateKeysJson() {
  Json keys;
  const auto add = [&]<typename M>(const M&, const typename ledger::Record<M>::Id& id) {
    keys[v1::Table_Name(ledger::Record<M>::kTable)] = Hex(ledger::KeyOf<M>(id).view());
  };
  const Hash hash = *Hash::From(std::string(32, 'h'));
  const OrgId org = *OrgId::From(Id('c'));
  const MemberId member = *MemberId::From(Id('m'));
  add(v1::ChainRecord(), {});
  add(v1::Organisation(), org);
  add(v1::Member(), member);
  add(v1::OrgAccount(),
      {.owner = org, .kind = v1::ACCOUNT_KIND_POOL, .asset = v1::ASSET_TIME, .lot = 202009});
  add(v1::Hold(), *ledger::HoldId::From(Id('d')));
  add(v1::Entry(), *EntryId::From(Id('e')));
  add(v1::Offer(), *OfferId::From(Id('f')));
  add(v1::Redemption(), *RedemptionId::From(Id('r')));
  add(v1::PolicyVersion(), {.org = org, .sequence = 2});
  add(v1::Counter(), {.owner = *FixedBytes<struct ledger::CounterOwnerTag, 16>::From(Id('m')),
                      .scope = v1::COUNTER_SCOPE_VOLUNTEER_DAY,
                      .period = 20200913});
  add(v1::TransactionMark(), hash);
  add(v1::DigestMark(), ledger::DigestSlot(1023));
  add(v1::ValidatorSetRecord(), Epoch(7));
  add(v1::EvidenceRecord(), Epoch(7));
  add(v1::EditionRecord(), {});
  add(v1::PaperBatchRecord(), hash);
  add(v1::PairWindow(), {.a = member, .b = *MemberId::From(Id('n'))});
  add(v1::GrantMark(), {.member = member, .list_class = 3, .month = 202009});
  add(v1::RecoveryRecord(), Era(2));
  return keys;
}

// A batch of the node log: the later block's body, then a vote for it.
Json NodeLogJson(const SampleChain& sample) {
  const auto salt = *storage::Salt::From(Id('S'));
  const consensus::Record body = consensus::BodyRecord{
      {sample.later, std::make_shared<const Bytes>(ToBytes(AsBytes("body bytes")))}};
  const VotePosition position{.kind = VoteKind::kFinalize,
                              .epoch = Epoch(1),
                              .view = View(9),
                              .digest = sample.later.Digest()};
  const Bytes message = VoteBytes(sample.chain_id, position);
  const consensus::Record vote =
      consensus::MyVoteRecord{{position, ReplicaIndex(0), sample.second.secrets[0].Sign(message)}};
  std::vector<storage::LogRecord> records;
  for (const consensus::Record& record : {body, vote}) {
    records.push_back({consensus::TypeOf(record), consensus::EncodeRecord(record)});
  }
  return {{"salt", Hex(salt.view())},
          {"segment_header", Hex(storage::EncodeSegmentHeader(salt))},
          {"vote_record", Hex(records[1].payload)},
          {"batch_number", 42},
          {"batch", Hex(storage::EncodeBatch(42, salt, records))}};
}

Json TransactionJson(const SampleChain& sample, const char* name, const std::string& envelope) {
  const auto transaction = ParseEnvelope(AsBytes(envelope), sample.chain_id);
  EXPECT_TRUE(transaction.has_value()) << name;
  return {{"name", name},
          {"envelope", Hex(envelope)},
          {"body", Hex(transaction->body_bytes)},
          {"id", Hex(transaction->id.view())},
          {"envelope_hash", Hex(transaction->envelope_hash.view())}};
}

Json TransactionsJson(const SampleChain& sample) {
  Json transactions = {
      TransactionJson(sample, "claim order", sample.claim.envelope),
      TransactionJson(sample, "approve entries, a list", sample.approval.envelope)};
  for (const NamedBody& named : SampleBodies()) {
    std::vector<crypto::SecretKey> secrets;
    for (const v1::Signer& signer : named.body.signers()) {
      secrets.push_back(KeyOf(static_cast<std::uint64_t>(signer.member()[0])));
    }
    std::vector<const crypto::SecretKey*> keys;
    for (const crypto::SecretKey& secret : secrets) keys.push_back(&secret);
    const std::string envelope = SignEnvelope(named.body, sample.chain_id, keys);
    transactions.push_back(TransactionJson(sample, named.name, envelope));
  }
  return transactions;
}

Json ReceiptJson(const char* name, const ReceiptParts& parts) {
  Json lines = Json::array();
  for (const std::string& line : parts.lines) lines.push_back(Hex(line));
  const Hash digest = EffectsDigest(parts.lines);
  return {{"name", name},
          {"transaction_id", Hex(parts.transaction_id.view())},
          {"effects_lines", lines},
          {"effects_digest", Hex(digest.view())},
          {"log_leaf", Hex(TransactionLeaf(parts.transaction_id, digest).view())},
          {"receipt", Hex(BuildReceipt(parts))}};
}

Json ReceiptsJson(const SampleRecovery& recovery) {
  const SampleChain& sample = recovery.chain;
  ReceiptParts one_line = sample.Approval(Epoch(0));
  one_line.shown = {2};
  return {ReceiptJson("one line, second epoch", sample.Claim(Epoch(1))),
          ReceiptJson("third line of a list", one_line),
          ReceiptJson("sweep", sample.Sweep(Epoch(0))),
          ReceiptJson("after a recovery", recovery.Claim())};
}

// The council ends an epoch, and the era with it.
Json RecoveryJson(const SampleRecovery& sample) {
  const std::string document = CanonicalBytes(sample.document);
  const Bytes message = RecoverySignedBytes(sample.last.chain_id, AsBytes(document));
  return {{"document", Hex(document)},
          {"message", Hex(message)},
          {"next_chain_id", Hex(sample.next_chain_id.view())},
          {"recovery", Hex(sample.recovery)},
          {"file", Hex(BuildRecoveryFile(sample.links))}};
}

Json Vectors() {
  const SampleRecovery recovery;
  const SampleChain& sample = recovery.chain;
  return {
      {"domains", DomainsJson()},
      {"genesis", Hex(sample.genesis_bytes)},
      {"chain_id", Hex(sample.chain_id.view())},
      {"ids", IdsJson()},
      {"validator_sets", {SetJson(sample.first.set), SetJson(sample.second.set)}},
      {"headers", {HeaderJson(sample.boundary), HeaderJson(sample.later)}},
      {"body", BodyJson(sample)},
      {"votes", VotesJson(sample)},
      {"certificates",
       {CertificateJson(sample, VoteKind::kNotarize), CertificateJson(sample, VoteKind::kNullify),
        CertificateJson(sample, VoteKind::kFinalize)}},
      {"evidence", EvidenceJson(sample)},
      {"log", LogJson()},
      {"state", StateJson()},
      {"state_keys", StateKeysJson()},
      {"sweep_id_of_height_5", Hex(SweepId(sample.chain_id, Height(5)).view())},
      {"statement", StatementJson(sample)},
      {"transactions", TransactionsJson(sample)},
      {"receipts", ReceiptsJson(recovery)},
      {"recovery", RecoveryJson(recovery)},
      {"pin", PinJson(sample)},
      {"key_proof", KeyProofJson(sample)},
      {"token", TokenJson(sample)},
      {"tip", TipJson(sample)},
      {"dev_clock", ClockJson(sample)},
      {"hashes", HashesJson(sample)},
      {"node_log", NodeLogJson(sample)}};
}

TEST(VectorsTest, AreWhatTheFileSays) {
  const auto path = std::filesystem::path(TIMEBANK_SOURCE_DIR) / "tests/vectors/chain.json";
  const Json actual = Vectors();
  ASSERT_EQ(actual, Vectors());  // nothing in it depends on the run
  if (std::getenv("TIMEBANK_WRITE_VECTORS") != nullptr) {
    std::ofstream(path) << actual.dump(2) << '\n';
  }
  std::ifstream in(path);
  const Json expected = in ? Json::parse(in) : Json();
  ASSERT_EQ(actual.size(), expected.size()) << actual.dump(2);
  for (const auto& [name, value] : expected.items()) {
    EXPECT_EQ(actual.value(name, Json()), value) << name << " has changed";
  }
}

TEST(VectorsTest, HoldAKeyOfEveryTable) {
  const Json keys = StateKeysJson();
  for (int i = 0; i < v1::Table_descriptor()->value_count(); ++i) {
    const auto* table = v1::Table_descriptor()->value(i);
    EXPECT_EQ(keys.contains(table->name()), table->number() != 0) << table->name();
  }
}

}  // namespace
}  // namespace timebank::chain
