#include "chain/testing/sample_recovery.h"

#include <utility>

#include "chain/canonical.h"
#include "chain/transaction.h"
#include "timebank/v1/record.pb.h"

namespace timebank::chain::testing {
namespace {

constexpr int kSeats = 3;
constexpr std::uint32_t kThreshold = 2;

std::string MemberOf(int which) { return std::string(16, static_cast<char>('A' + which)); }
std::string OrgOf(int which) { return std::string(16, static_cast<char>('a' + which)); }
crypto::SecretKey SeatKey(int which) { return KeyOf(60 + static_cast<std::uint64_t>(which)); }

Bytes RecordKey(v1::Table table, std::string_view id) {
  return ByteWriter().U8(static_cast<std::uint8_t>(table)).Raw(AsBytes(id)).Take();
}

void Put(StateTree& state, ByteView key, const google::protobuf::Message& record) {
  state.Put(key, AsBytes(CanonicalBytes(record)));
}

v1::Member SeatRecord(int which) {
  v1::Member member;
  member.set_version(1);
  member.set_member(MemberOf(which));
  member.set_status(v1::MEMBER_STATUS_ACTIVE);
  v1::MemberKey& key = *member.add_keys();
  key.set_key_id(crypto::KeyIdOf(SeatKey(which).public_key()).str());
  key.set_key(crypto::SuitedKey(SeatKey(which).public_key()));
  v1::Office& office = *member.add_offices();
  office.set_org(OrgOf(which));
  office.set_role(v1::ROLE_COUNCIL);
  return member;
}

StateTree SampleState(const Hash& chain_id) {
  StateTree state;
  v1::ChainRecord chain;
  chain.set_version(1);
  chain.set_chain_id(chain_id.str());
  for (int i = 0; i < kSeats; ++i) chain.add_council(OrgOf(i));
  chain.set_council_threshold(kThreshold);
  chain.set_epoch(1);
  Put(state, RecordKey(v1::TABLE_CHAIN, std::string(1, '\0')), chain);
  for (int i = 0; i < kSeats; ++i) {
    Put(state, RecordKey(v1::TABLE_MEMBER, MemberOf(i)), SeatRecord(i));
  }
  return state;
}

v1::ProvenRecord Prove(const StateTree& state, const Bytes& key) {
  v1::ProvenRecord record;
  record.set_value(ToString(*state.Get(key)));
  for (const Hash& sibling : state.Prove(key).siblings) record.add_siblings(sibling.str());
  return record;
}

}  // namespace

SampleRecovery::SampleRecovery() : state(SampleState(chain.chain_id)), last(chain.later) {
  last.state_root = state.Root();
  document.set_version(1);
  document.set_era(1);
  document.set_header(ToString(last.Encode()));
  for (const crypto::PublicKey& key : survivors.set.keys()) {
    const auto place = static_cast<char>('1' + document.validators_size());
    v1::Validator& validator = *document.add_validators();
    validator.set_key(crypto::SuitedKey(key));
    validator.set_name(std::string("survivor-") + place);
    validator.set_tls_key_hash(std::string(32, place));
    validator.set_address(std::string("10.0.0.") + place + ":7401");
  }
  document.set_reason("fire in the data centre");
  document.set_created_ms(1600000100000);
  recovery = CanonicalBytes(Sign(document));
  const std::string bytes = CanonicalBytes(document);
  next_chain_id = NextChainId(chain.chain_id, AsBytes(bytes));
  *links.Add() = chain.link;
  *links.Add() =
      MakeRecoveryLink(last, chain.second.Finalize(last, View(12)), survivors.set, recovery);

  v1::TransactionBody body;
  body.set_version(1);
  v1::Signer& signer = *body.add_signers();
  signer.set_member(std::string(16, 'm'));
  signer.set_key_id(crypto::KeyIdOf(KeyOf(50).public_key()).str());
  signer.set_role(v1::ROLE_MEMBER);
  body.set_valid_until_ms(1600003600000);
  body.set_nonce("new era.");
  body.mutable_claim_order()->set_entry(std::string(16, 'n'));
  const crypto::SecretKey key = KeyOf(50);
  claim.envelope = SignEnvelope(body, next_chain_id, {&key});
  claim.transaction_id = TransactionId(next_chain_id, AsBytes(CanonicalBytes(body)));
  claim.lines = chain.claim.lines;
  log = chain.log;
  claim.log_index = log.size();
  log.Append(TransactionLeaf(claim.transaction_id, EffectsDigest(claim.lines)));

  first = last;
  first.era = Era(1);
  first.chain_id = next_chain_id;
  first.epoch = Epoch(2);
  first.height = last.height.Next();
  first.parent = next_chain_id;
  first.log_size = log.size();
  first.log_root = log.Root();
  first.validators = survivors.set.SetHash();
  first.next_validators = first.validators;
  first.proposer = survivors.set.key(ReplicaIndex(0));
}

v1::CouncilSignature SampleRecovery::Seat(int which, const std::string& bytes) const {
  v1::CouncilSignature seat;
  seat.set_member(MemberOf(which));
  seat.set_org(OrgOf(which));
  *seat.mutable_record() = Prove(state, RecordKey(v1::TABLE_MEMBER, MemberOf(which)));
  seat.set_key_id(crypto::KeyIdOf(SeatKey(which).public_key()).str());
  seat.set_signature(crypto::SuitedSignature(
      SeatKey(which).Sign(RecoverySignedBytes(last.chain_id, AsBytes(bytes)))));
  return seat;
}

v1::Recovery SampleRecovery::Sign(const v1::RecoveryDocument& what) const {
  v1::Recovery out;
  out.set_version(1);
  out.set_document(CanonicalBytes(what));
  *out.mutable_chain() = Prove(state, RecordKey(v1::TABLE_CHAIN, std::string(1, '\0')));
  for (int i = 0; i < static_cast<int>(kThreshold); ++i) {
    *out.add_signatures() = Seat(i, out.document());
  }
  return out;
}

ReceiptParts SampleRecovery::Claim() const {
  ReceiptParts parts = claim;
  parts.header = first;
  parts.finalization = survivors.Finalize(first, View(1));
  parts.log_path = log.InclusionPath(parts.log_index, first.log_size);
  parts.epochs = links;
  return parts;
}

}  // namespace timebank::chain::testing
