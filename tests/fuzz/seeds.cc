#include "tests/fuzz/seeds.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/prng.h"
#include "chain/canonical.h"
#include "chain/evidence.h"
#include "chain/testing/sample_chain.h"
#include "node/config.h"
#include "node/replica/block_body.h"
#include "node/replica/peer_codec.h"
#include "node/storage/log_format.h"
#include "node/storage/rows.h"
#include "tests/fuzz/messages.h"
#include "tests/fuzz/small_ledger.h"
#include "tests/fuzz/time_bank.h"
#include "tests/vectors/sample_bodies.h"

namespace timebank::fuzz {
namespace {

using chain::testing::SampleChain;
using ledger::testing::TestLedger;
using nlohmann::json;

class Maker {
 public:
  explicit Maker(std::string_view vectors) : vectors_(json::parse(vectors)) {}
  [[nodiscard]] Seeds All();

 private:
  void Add(const char* target, ByteView bytes) { seeds_[target].push_back(ToBytes(bytes)); }
  void Add(const char* target, std::string_view bytes) { Add(target, AsBytes(bytes)); }
  // With a number in front.
  void Add(const char* target, std::size_t number, ByteView bytes) {
    Add(target, ByteWriter().U8(static_cast<std::uint8_t>(number)).Raw(bytes).bytes());
  }
  void AddCanonical(const json& value);
  void AddTransactions();
  void AddState();
  [[nodiscard]] std::string Evidence() const;
  void AddFixedLayouts();
  void AddPeerMessages();
  void AddStored();
  void AddLog();
  void AddTexts();

  [[nodiscard]] chain::Certificate Certificate(const char* pointer) const {
    const Bytes bytes = *FromHex(vectors_.at(json::json_pointer(pointer)).get<std::string>());
    return *chain::Certificate::Decode(bytes);
  }

  const json vectors_;
  const TestLedger bank_ = TimeBank();
  const SampleChain sample_;
  const Hash digest_ = sample_.later.Digest();
  std::vector<std::string> envelopes_;  // of bank_'s chain
  Seeds seeds_;
};

Seeds Maker::All() {
  AddCanonical(vectors_);
  AddTransactions();
  AddState();
  AddFixedLayouts();
  AddPeerMessages();
  AddStored();
  AddLog();
  Add("snapshot", SmallLedger().Snapshot());
  AddTexts();
  return std::move(seeds_);
}

// Whatever of the vectors reads as a message is a seed of the scanner; receipts and genesis are
// also seeds of their own readers.
void Maker::AddCanonical(const json& value) {
  if (value.is_structured()) {
    for (const json& item : value) AddCanonical(item);
    return;
  }
  const auto bytes = value.is_string() ? FromHex(value.get<std::string>()) : std::nullopt;
  if (!bytes || bytes->empty()) return;
  const auto messages = CanonicalMessages();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const chain::CanonicalForm form(*messages[i]->GetDescriptor());
    if (!form.Check(*bytes)) Add("canonical", i, *bytes);
  }
  if (!chain::CheckCanonical<v1::Receipt>(*bytes)) Add("receipt", *bytes);
  if (!chain::CheckCanonical<v1::Genesis>(*bytes)) Add("genesis", *bytes);
  if (!chain::CheckCanonical<v1::Recovery>(*bytes)) Add("recovery", *bytes);
}

void Maker::AddTransactions() {
  std::vector<v1::TransactionBody> bodies = NextBodies();
  ByteWriter all;
  for (const v1::TransactionBody& body : bodies) {
    const std::string bytes = body.SerializeAsString();
    ByteWriter step;
    step.U8(0).U16(static_cast<std::uint16_t>(bytes.size())).Raw(bytes);
    Add("rules", step.bytes());
    all.Raw(step.bytes());
  }
  Add("rules", all.bytes());
  for (const chain::NamedBody& named : chain::SampleBodies()) bodies.push_back(named.body);
  replica::BlockContent content;
  for (const v1::TransactionBody& body : bodies) {
    envelopes_.push_back(bank_.Envelope(body));
    Add("transaction", envelopes_.back());
    auto read = replica::ReadTransaction(envelopes_.back(), bank_.state().chain_id());
    if (read) content.transactions.push_back(*read);
  }
  Add("block_body", 0, *replica::MakeBody({}).bytes);
  Add("block_body", 1, *replica::MakeBody(content, sample_.second.set).bytes);
  content.transactions.resize(3);
  content.evidence.push_back(Evidence());
  Add("block_body", 0, *replica::MakeBody(content).bytes);
  Add("evidence", content.evidence[0]);
  Add("block_body", 2, *FromHex(vectors_["body"]["bytes"].get<std::string>()));
}

// Of validator 0 of the sample's second epoch.
std::string Maker::Evidence() const {
  const auto vote = [this](std::uint8_t block) {
    chain::EvidenceVote out;
    out.position = {chain::VoteKind::kFinalize, Epoch(1), View(7), View(0), Hash{}};
    out.position.digest.data[0] = std::byte{block};
    out.signature =
        sample_.second.secrets[0].Sign(chain::VoteBytes(sample_.chain_id, out.position));
    return out;
  };
  return chain::EncodeEvidence({chain::EvidenceKind::kConflictingFinalize,
                                sample_.second.set.key(ReplicaIndex(0)), vote(1), vote(2)});
}

void Maker::AddState() {
  v1::Genesis genesis;
  (void)TestLedger([&genesis](v1::Genesis& made) { genesis = made; });
  Add("genesis", chain::CanonicalBytes(genesis));
  const auto write = [](ByteWriter& out, ByteView key, ByteView value) {
    out.U8(static_cast<std::uint8_t>(key.size())).Raw(key);
    out.U16(static_cast<std::uint16_t>(value.size())).Raw(value);
  };
  const Bytes chain_key = ToBytes(ledger::KeyOf<v1::ChainRecord>({}).view());
  const std::string chain_record = bank_.state().chain().SerializeAsString();
  // With the record of the chain, without which there is no state.
  bank_.state().tree().ForEach([&](ByteView key, ByteView value) {
    ByteWriter out;
    write(out, chain_key, AsBytes(chain_record));
    write(out, key, value);
    Add("record", out.bytes());
  });
}

void Maker::AddFixedLayouts() {
  enum { kHeader, kCertificate, kSet };
  for (const chain::Header& header : {sample_.boundary, sample_.later}) {
    Add("certificate", kHeader, header.Encode());
  }
  for (const json& certificate : vectors_["certificates"]) {
    Add("certificate", kCertificate, *FromHex(certificate["bytes"].get<std::string>()));
  }
  for (const auto& validators : {sample_.first, sample_.second}) {
    Add("certificate", kSet, AsBytes(chain::KeysOnlyRecord(validators.set)));
  }
}

void Maker::AddPeerMessages() {
  const chain::Certificate notarization = Certificate("/certificates/0/bytes");
  const chain::Certificate nullification = Certificate("/certificates/1/bytes");
  const chain::Certificate finalization = Certificate("/certificates/2/bytes");
  const auto body = std::make_shared<const Bytes>(Bytes(9));
  const consensus::Block block(sample_.later, body);
  const consensus::Block header_only(sample_.boundary, nullptr);
  const consensus::Position position{Epoch(1), View(10)};
  consensus::Vote vote{.position = notarization.position, .signer = ReplicaIndex(1)};
  vote.signature = notarization.votes[0].signature;
  const consensus::Proposal proposal{.position = position,
                                     .parent_view = View(8),
                                     .parent_proof = notarization,
                                     .block = block,
                                     .nullifications = {nullification},
                                     .signature = vote.signature};
  const consensus::Status status{position, {Epoch(1), View(8)}, digest_, notarization};
  for (const consensus::Message& message : std::initializer_list<consensus::Message>{
           proposal, vote, consensus::CertificateMessage{finalization}, status,
           consensus::FetchCertificates{Epoch(1), View(2), View(9)},
           consensus::Certificates{{finalization, notarization, nullification}},
           consensus::FetchBlocks{Height(3), 64, true}, consensus::FetchByDigest{digest_},
           consensus::Blocks{{block, header_only}}, consensus::Blocks{},
           consensus::FetchEpochChain{Epoch(1)}, consensus::EpochChain{{finalization}}}) {
    Add("peer_message", replica::EncodePeerMessage(message));
  }
  replica::GossipMessage gossip;
  gossip.evidence.push_back(Evidence());
  for (std::size_t i = 0; i < 2; ++i) {
    gossip.transactions.push_back(
        *replica::ReadTransaction(envelopes_[i], bank_.state().chain_id()));
    Add("peer_message", replica::EncodeGossip(gossip));
  }
}

std::vector<consensus::Record> EveryRecord(const SampleChain& sample,
                                           const chain::Certificate& notarization) {
  consensus::Vote vote{.position = notarization.position, .signer = ReplicaIndex(1)};
  vote.signature = notarization.votes[0].signature;
  return {consensus::BodyRecord{{sample.later, std::make_shared<const Bytes>(Bytes(9))}},
          consensus::CertificateRecord{notarization},
          consensus::EpochStartRecord{Epoch(1), sample.boundary.Digest()},
          consensus::MyVoteRecord{vote},
          consensus::MyProposalRecord{{Epoch(1), View(9)}, View(7), sample.later.Digest()},
          consensus::FirstSeenRecord{vote}};
}

void Maker::AddStored() {
  enum { kFloor = 8, kPosition, kBlock, kTransaction, kNumber, kName };
  const chain::Certificate finalization = Certificate("/certificates/2/bytes");
  for (const auto& record : EveryRecord(sample_, Certificate("/certificates/0/bytes"))) {
    Add("stored", static_cast<std::size_t>(consensus::TypeOf(record)),
        consensus::EncodeRecord(record));
  }
  Add("stored", kFloor, storage::Encode(storage::FloorRow{Height(5), digest_}));
  Add("stored", kPosition, storage::Encode(storage::LogPosition{}));
  Add("stored", kBlock, storage::Encode(storage::BlockRow{{1, 40, 9, 7}, digest_, finalization}));
  Add("stored", kNumber, storage::NumberKey(5));
  Add("stored", kName, AsBytes(storage::SegmentName(12)));
  replica::TransactionRow row;
  row.lines = sample_.approval.lines;
  row.sweep = true;
  Add("stored", kTransaction, storage::Encode(row));
}

void Maker::AddLog() {
  const auto salt = *storage::Salt::From(std::string(16, 'S'));
  std::vector<storage::LogRecord> records;
  for (const auto& record : EveryRecord(sample_, Certificate("/certificates/0/bytes"))) {
    records.push_back({consensus::TypeOf(record), consensus::EncodeRecord(record)});
  }
  const Bytes first = storage::EncodeBatch(1, salt, records);
  const Bytes second = storage::EncodeBatch(2, salt, std::span(records).subspan(3));
  for (const std::size_t torn : {0U, 1U, 40U}) {
    ByteWriter raw;
    const std::size_t size = first.size() + second.size() - torn;
    raw.U8(0).U8(0).U16(static_cast<std::uint16_t>(size)).Raw(first);
    raw.Raw(ByteView(second).first(second.size() - torn));
    Add("log", raw.bytes());
  }
  Prng prng(1);
  for (int i = 0; i < 16; ++i) {
    ByteWriter plan;
    plan.U8(1);
    for (int byte = 0; byte < 400; ++byte) {
      plan.U8(static_cast<std::uint8_t>(prng.Below(256)));
    }
    Add("log", plan.bytes());
  }
}

void Maker::AddTexts() {
  node::Config config;
  config.name = "node-1";
  config.data_dir = "data";
  config.genesis_file = "genesis.bin";
  config.key_file = "/keys/consensus.key";
  config.tls_certificate_file = "tls.crt";
  config.tls_key_file = "tls.key";
  config.client_listen = "127.0.0.1:7400";
  config.peer_listen = "127.0.0.1:7401";
  config.peers = {{"node-2", "127.0.0.1:7411", "00ff"}, {"node-3", "127.0.0.1:7421", ""}};
  config.clock_offset_ms = -5;
  Add("config", node::ConfigText(config));
  const std::string columns = "slip_no,volunteer_no,elder_no,category,date,start,minutes,witness\n";
  Add("csv", columns + "P1,A,B,errand,2021-01-05,09:00,60,C\r\n\"P\"\"2\",A,B,haircut,,,,\n");
  Add("csv", "\xEF\xBB\xBF" + columns +
                 "\xEF\xBC\xB0\xEF\xBC\x91,A,B,errand,2021\xEF\xBC\x8D"
                 "01-05,09:00,60,C\n");
  Add("csv", columns + "\xB5\xA5\xBA\xC5,A,B,errand,2021-01-05,09:00,60,C,\n");  // GB18030
  const char* const words[][2] = {{"2020-09-01 08:10", "2020-09-01T08:10:00+08:00"},
                                  {"90m", "1d12h30m"},
                                  {"45", "9223372036854775807"},
                                  {"-7", "1000000"},
                                  {"00112233445566778899aabbccddeeff", "0"},
                                  {"meal_delivery", "Meal-Delivery"}};
  for (std::size_t what = 0; what < std::size(words); ++what) {
    for (const char* word : words[what]) Add("arguments", what, AsBytes(word));
  }
}

}  // namespace

Seeds MakeSeeds(std::string_view vectors) { return Maker(vectors).All(); }

}  // namespace timebank::fuzz
