#include "chain/testing/sample_chain.h"

#include <algorithm>
#include <utility>

#include "base/prng.h"
#include "chain/canonical.h"
#include "chain/domains.h"
#include "chain/transaction.h"

namespace timebank::chain::testing {
namespace {

std::vector<crypto::SecretKey> SortedKeys(const std::vector<std::uint64_t>& numbers) {
  std::vector<crypto::SecretKey> secrets;
  for (std::uint64_t number : numbers) secrets.push_back(KeyOf(number));
  std::sort(secrets.begin(), secrets.end(),
            [](const auto& a, const auto& b) { return a.public_key() < b.public_key(); });
  return secrets;
}

ValidatorSet SetOf(const std::vector<crypto::SecretKey>& secrets) {
  std::vector<crypto::PublicKey> keys;
  for (const crypto::SecretKey& secret : secrets) keys.push_back(secret.public_key());
  return *ValidatorSet::From(std::move(keys));
}

std::string GenesisBytes(const Validators& validators) {
  v1::Genesis genesis;
  genesis.set_version(1);
  genesis.set_genesis_ms(1595865600000);
  genesis.set_civil_offset_minutes(480);
  genesis.set_development(true);
  genesis.set_dev_key(crypto::SuitedKey(KeyOf(99).public_key()));
  for (const crypto::PublicKey& key : validators.set.keys()) {
    v1::Validator& validator = *genesis.add_validators();
    validator.set_key(crypto::SuitedKey(key));
    validator.set_name("bureau");
    validator.set_tls_key_hash(std::string(32, 't'));
  }
  return CanonicalBytes(genesis);
}

std::string LineOf(char entity, std::uint32_t number) {
  v1::EffectsLine line;
  line.set_version(1);
  line.set_height(5);
  line.set_timestamp_ms(1600000000000);
  line.set_entity(std::string(16, entity));
  line.set_outcome(v1::OUTCOME_DONE);
  line.set_line(number);
  return CanonicalBytes(line);
}

v1::TransactionBody BodyOf(const crypto::SecretKey& key, std::string nonce) {
  v1::TransactionBody body;
  body.set_version(1);
  v1::Signer& signer = *body.add_signers();
  signer.set_member(std::string(16, 'm'));
  signer.set_key_id(crypto::KeyIdOf(key.public_key()).str());
  signer.set_role(v1::ROLE_MEMBER);
  body.set_valid_until_ms(1600003600000);
  body.set_nonce(std::move(nonce));
  return body;
}

ReceiptParts PartsOf(const v1::TransactionBody& body, const Hash& chain_id,
                     const crypto::SecretKey& key, std::vector<std::string> lines) {
  ReceiptParts parts;
  parts.envelope = SignEnvelope(body, chain_id, {&key});
  parts.transaction_id = TransactionId(chain_id, AsBytes(CanonicalBytes(body)));
  parts.lines = std::move(lines);
  return parts;
}

}  // namespace

crypto::SecretKey KeyOf(std::uint64_t number) {
  crypto::SecretKey::Seed seed;
  Prng(number).Fill(seed.data);
  return crypto::SecretKey(seed);
}

Validators::Validators(std::vector<std::uint64_t> numbers)
    : secrets(SortedKeys(numbers)), set(SetOf(secrets)) {}

std::string Validators::Certify(const Hash& chain_id, const VotePosition& position,
                                const std::vector<std::uint16_t>& signers) const {
  Certificate certificate{.position = position,
                          .validator_count = static_cast<std::uint8_t>(set.size())};
  const Bytes message = VoteBytes(chain_id, position);
  for (std::uint16_t i : signers) {
    certificate.votes.push_back({ReplicaIndex(i), secrets[i].Sign(message)});
  }
  return ToString(certificate.Encode());
}

std::string Validators::Finalize(const Header& header, View view) const {
  std::vector<std::uint16_t> signers;
  for (std::uint16_t i = 0; i < set.quorum(); ++i) signers.push_back(i);
  return Certify(
      header.chain_id,
      {.kind = VoteKind::kFinalize, .epoch = header.epoch, .view = view, .digest = header.Digest()},
      signers);
}

SampleChain::SampleChain() : genesis_bytes(GenesisBytes(first)) {
  chain_id = ParseGenesis(AsBytes(genesis_bytes))->chain_id;
  const crypto::SecretKey member = KeyOf(50);
  v1::TransactionBody claim_body = BodyOf(member, "claim...");
  claim_body.mutable_claim_order()->set_entry(std::string(16, 'e'));
  claim = PartsOf(claim_body, chain_id, member, {LineOf('e', 0)});
  v1::TransactionBody approval_body = BodyOf(member, "approval");
  std::vector<std::string> lines;
  for (char entity : {'a', 'b', 'c', 'd', 'e'}) {
    approval_body.mutable_approve_entries()->add_lines()->set_entry(std::string(16, entity));
    lines.push_back(LineOf(entity, static_cast<std::uint32_t>(lines.size())));
  }
  approval = PartsOf(approval_body, chain_id, member, std::move(lines));
  sweep.transaction_id = SweepId(chain_id, Height(5));
  sweep.lines = {LineOf('x', 0), LineOf('y', 1)};
  for (std::uint8_t i = 0; i < 3; ++i) log.Append(LogLeafHash(ByteWriter().U8(i).bytes()));
  for (ReceiptParts* parts : {&sweep, &claim, &approval}) {
    parts->log_index = log.size();
    log.Append(TransactionLeaf(parts->transaction_id, EffectsDigest(parts->lines)));
  }

  boundary.chain_id = chain_id;
  boundary.height = Height(5);
  boundary.timestamp_ms = Millis(1600000000000);
  boundary.tx_count = 2;
  boundary.log_size = log.size();
  boundary.log_root = log.Root();
  boundary.validators = first.set.SetHash();
  boundary.next_validators = second.set.SetHash();
  boundary.flags = kFlagEpochEnd;
  boundary.proposer = first.set.key(ReplicaIndex(0));
  link = MakeEpochLink(boundary, first.Finalize(boundary, View(9)), second.set);

  log.Append(LogLeafHash(AsBytes("later")));
  later = boundary;
  later.epoch = Epoch(1);
  later.height = Height(6);
  later.parent = boundary.Digest();
  later.log_size = log.size();
  later.log_root = log.Root();
  later.validators = second.set.SetHash();
  later.next_validators = later.validators;
  later.flags = 0;
  later.proposer = second.set.key(ReplicaIndex(0));
}

ReceiptParts SampleChain::Claim(Epoch epoch) const { return Prove(claim, epoch); }
ReceiptParts SampleChain::Approval(Epoch epoch) const { return Prove(approval, epoch); }
ReceiptParts SampleChain::Sweep(Epoch epoch) const { return Prove(sweep, epoch); }

ReceiptParts SampleChain::Prove(ReceiptParts parts, Epoch epoch) const {
  const bool in_first = epoch == Epoch(0);
  parts.header = in_first ? boundary : later;
  parts.finalization = (in_first ? first : second).Finalize(parts.header, View(9));
  if (!in_first) *parts.epochs.Add() = link;
  parts.log_path = log.InclusionPath(parts.log_index, parts.header.log_size);
  return parts;
}

}  // namespace timebank::chain::testing
