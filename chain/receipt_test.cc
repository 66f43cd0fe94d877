// Every form of receipt, every bit of it, and every step at which a forged one is caught.
#include "chain/receipt.h"

#include <gtest/gtest.h>

#include "chain/canonical.h"
#include "chain/testing/sample_chain.h"
#include "chain/transaction.h"

namespace timebank::chain {
namespace {

using testing::SampleChain;
using testing::Validators;

const SampleChain& Sample() {
  static const SampleChain sample;
  return sample;
}

ReceiptParts Shown(ReceiptParts parts, std::vector<std::uint32_t> shown) {
  parts.shown = std::move(shown);
  return parts;
}

struct Named {
  const char* name;
  ReceiptParts parts;
};

std::vector<Named> AllForms() {
  const SampleChain& sample = Sample();
  return {
      {"one line, first epoch", sample.Claim(Epoch(0))},
      {"one line, second epoch", sample.Claim(Epoch(1))},
      {"whole list", sample.Approval(Epoch(0))},
      {"first of a list", Shown(sample.Approval(Epoch(0)), {0})},
      {"some of a list, second epoch", Shown(sample.Approval(Epoch(1)), {1, 4})},
      {"sweep", sample.Sweep(Epoch(0))},
      {"second line of a sweep", Shown(sample.Sweep(Epoch(0)), {1})},
  };
}

std::optional<ReceiptFault> FaultOf(const std::string& receipt) {
  const auto verified = VerifyReceipt(AsBytes(receipt), AsBytes(Sample().genesis_bytes));
  return verified ? std::nullopt : std::optional(verified.error());
}

TEST(ReceiptTest, EveryFormVerifiesAndTellsWhatItProves) {
  for (const Named& form : AllForms()) {
    SCOPED_TRACE(form.name);
    const std::string receipt = BuildReceipt(form.parts);
    const auto verified = VerifyReceipt(AsBytes(receipt), AsBytes(Sample().genesis_bytes));
    ASSERT_TRUE(verified) << Describe(verified.error());
    EXPECT_EQ(verified->transaction_id, form.parts.transaction_id);
    EXPECT_EQ(verified->header, form.parts.header);
    const auto& shown = form.parts.shown;
    ASSERT_EQ(verified->lines.size(), shown.empty() ? form.parts.lines.size() : shown.size());
    for (std::size_t i = 0; i < verified->lines.size(); ++i) {
      EXPECT_EQ(CanonicalBytes(verified->lines[i]), form.parts.lines[shown.empty() ? i : shown[i]]);
    }
  }
}

TEST(ReceiptTest, NoSingleBitOfAnyFormCanBeChanged) {
  for (const Named& form : AllForms()) {
    SCOPED_TRACE(form.name);
    std::string receipt = BuildReceipt(form.parts);
    ASSERT_EQ(FaultOf(receipt), std::nullopt);
    for (std::size_t bit = 0; bit < receipt.size() * 8; ++bit) {
      receipt[bit / 8] = static_cast<char>(receipt[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_TRUE(FaultOf(receipt).has_value()) << "bit " << bit;
      receipt[bit / 8] = static_cast<char>(receipt[bit / 8] ^ (1 << (bit % 8)));
    }
  }
}

TEST(ReceiptTest, NoOtherLengthAndNoOtherGenesisIsAccepted) {
  const std::string receipt = BuildReceipt(Sample().Claim(Epoch(1)));
  for (std::size_t size = 0; size < receipt.size(); ++size) {
    EXPECT_TRUE(FaultOf(receipt.substr(0, size)).has_value()) << size;
  }
  EXPECT_TRUE(FaultOf(receipt + '\0').has_value());
  std::string genesis = Sample().genesis_bytes;
  for (std::size_t bit = 0; bit < genesis.size() * 8; ++bit) {
    genesis[bit / 8] = static_cast<char>(genesis[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(VerifyReceipt(AsBytes(receipt), AsBytes(genesis))) << "bit " << bit;
    genesis[bit / 8] = static_cast<char>(genesis[bit / 8] ^ (1 << (bit % 8)));
  }
}

// A change of a good receipt, and the step at which it is caught.
struct Change {
  const char* name;
  ReceiptFault fault;
  void (*change)(v1::Receipt&);
};

VotePosition Final(const Header& header) {
  return {.kind = VoteKind::kFinalize,
          .epoch = header.epoch,
          .view = View(9),
          .digest = header.Digest()};
}

// A header that is certified well but differs from the sample's by `change`.
template <typename F>
void Forge(v1::Receipt& receipt, const Validators& signers, F change) {
  Header header = *DecodeHeader(AsBytes(receipt.header()));
  change(header);
  receipt.set_header(ToString(header.Encode()));
  receipt.set_finalization(signers.Certify(Sample().chain_id, Final(header), {0, 1, 2, 3}));
}

void Certify(v1::Receipt& receipt, VotePosition position, const Hash& chain_id,
             const std::vector<std::uint16_t>& signers) {
  receipt.set_finalization(Sample().second.Certify(chain_id, position, signers));
}

const Change kChanges[] = {
    {"no version", ReceiptFault::kUnknownVersion, [](auto& r) { r.clear_version(); }},
    {"later version", ReceiptFault::kUnknownVersion, [](auto& r) { r.set_version(2); }},
    {"no transaction", ReceiptFault::kTransaction, [](auto& r) { r.clear_envelope(); }},
    {"envelope and id", ReceiptFault::kTransaction,
     [](auto& r) { r.set_transaction_id(Sample().claim.transaction_id.str()); }},
    {"envelope that is none", ReceiptFault::kTransaction, [](auto& r) { r.set_envelope("x"); }},
    {"envelope as submitted", ReceiptFault::kSignaturesInside,
     [](auto& r) { r.set_envelope(Sample().claim.envelope); }},
    {"no lines", ReceiptFault::kEffectsLine,
     [](auto& r) { r.clear_lines(), r.clear_line_count(); }},
    {"line that is none", ReceiptFault::kEffectsLine,
     [](auto& r) { r.mutable_lines(0)->set_line("x"); }},
    {"more lines said than shown", ReceiptFault::kEffectsPath,
     [](auto& r) { r.set_line_count(2); }},
    {"number of lines not said", ReceiptFault::kEffectsPath, [](auto& r) { r.clear_line_count(); }},
    {"another place of the line", ReceiptFault::kLineNumber,
     [](auto& r) { r.mutable_lines(0)->set_index(1); }},
    {"a line twice", ReceiptFault::kEffectsPath,
     [](auto& r) { *r.add_lines() = r.lines(0), r.set_line_count(2); }},
    {"a line twice, at two places", ReceiptFault::kLineNumber,
     [](auto& r) {
       *r.add_lines() = r.lines(0);
       r.mutable_lines(1)->set_index(1);
       r.set_line_count(2);
     }},
    {"a line more", ReceiptFault::kLogPath,
     [](auto& r) {
       r.add_lines()->set_line(Sample().sweep.lines[1]);
       r.mutable_lines(1)->set_index(1);
       r.set_line_count(2);
     }},
    {"line of another transaction", ReceiptFault::kLogPath,
     [](auto& r) { r.mutable_lines(0)->set_line(Sample().sweep.lines[0]); }},
    {"another place in the log", ReceiptFault::kLogPath, [](auto& r) { r.set_log_index(5); }},
    {"log path too short", ReceiptFault::kLogPath,
     [](auto& r) { r.mutable_log_path()->RemoveLast(); }},
    {"no header", ReceiptFault::kHeader, [](auto& r) { r.clear_header(); }},
    {"no epoch chain", ReceiptFault::kEpochChain, [](auto& r) { r.clear_epochs(); }},
    {"a link twice", ReceiptFault::kEpochChain, [](auto& r) { *r.add_epochs() = r.epochs(0); }},
    {"a link that ends no epoch", ReceiptFault::kEpochChain,
     [](auto& r) { r.mutable_epochs(0)->set_header(r.header()); }},
    {"a link without its Finalization", ReceiptFault::kFinalization,
     [](auto& r) { r.mutable_epochs(0)->clear_finalization(); }},
    {"a link with another set", ReceiptFault::kNextSet,
     [](auto& r) { r.mutable_epochs(0)->set_next_set(KeysOnlyRecord(Sample().first.set)); }},
    {"header of another chain", ReceiptFault::kWrongChain,
     [](auto& r) { Forge(r, Sample().second, [](Header& h) { h.chain_id = Hash{}; }); }},
    {"header that names another set", ReceiptFault::kValidators,
     [](auto& r) {
       Forge(r, Sample().second, [](Header& h) { h.validators = Sample().first.set.SetHash(); });
     }},
    {"certificate cut short", ReceiptFault::kFinalization,
     [](auto& r) { r.mutable_finalization()->pop_back(); }},
    {"certificate of the set before", ReceiptFault::kFinalization,
     [](auto& r) {
       r.set_finalization(
           Sample().first.Certify(Sample().chain_id, Final(Sample().later), {0, 1, 2}));
     }},
    {"Notarization", ReceiptFault::kFinalizationKind,
     [](auto& r) {
       VotePosition position = Final(Sample().later);
       position.kind = VoteKind::kNotarize;
       Certify(r, position, Sample().chain_id, {0, 1, 2, 3});
     }},
    {"Finalization of another block", ReceiptFault::kFinalizationTarget,
     [](auto& r) {
       VotePosition position = Final(Sample().boundary);
       position.epoch = Epoch(1);
       Certify(r, position, Sample().chain_id, {0, 1, 2, 3});
     }},
    {"Finalization of another epoch", ReceiptFault::kFinalizationTarget,
     [](auto& r) {
       VotePosition position = Final(Sample().later);
       position.epoch = Epoch(2);
       Certify(r, position, Sample().chain_id, {0, 1, 2, 3});
     }},
    {"one signer too few", ReceiptFault::kTooFewSigners,
     [](auto& r) {
       Certify(r, Final(Sample().later), Sample().chain_id, {0, 1, 2});
     }},
    {"votes of another chain", ReceiptFault::kFinalizationSignature,
     [](auto& r) {
       Certify(r, Final(Sample().later), Hash{}, {0, 1, 2, 3});
     }},
};

TEST(ReceiptTest, EveryForgedStepIsNamed) {
  for (const Change& c : kChanges) {
    SCOPED_TRACE(c.name);
    v1::Receipt receipt;
    ASSERT_TRUE(receipt.ParseFromString(BuildReceipt(Sample().Claim(Epoch(1)))));
    ASSERT_EQ(FaultOf(CanonicalBytes(receipt)), std::nullopt);
    c.change(receipt);
    const auto fault = FaultOf(CanonicalBytes(receipt));
    ASSERT_TRUE(fault.has_value());
    EXPECT_EQ(Describe(*fault), Describe(c.fault));
  }
  EXPECT_EQ(FaultOf("x"), ReceiptFault::kNotCanonical);
  const auto no_genesis = VerifyReceipt(ByteView{}, ByteView{});
  ASSERT_FALSE(no_genesis);
  EXPECT_EQ(no_genesis.error(), ReceiptFault::kGenesis);
}

TEST(ReceiptTest, ARepeatedSignerDoesNotMakeAQuorum) {
  // Three signers of five, one of them in the place of a fourth.
  v1::Receipt receipt;
  ASSERT_TRUE(receipt.ParseFromString(BuildReceipt(Sample().Claim(Epoch(1)))));
  auto certificate = *Certificate::Decode(AsBytes(receipt.finalization()));
  ASSERT_EQ(certificate.votes.size(), 4U);
  certificate.votes[3].signature = certificate.votes[2].signature;
  receipt.set_finalization(ToString(certificate.Encode()));
  EXPECT_EQ(FaultOf(CanonicalBytes(receipt)), ReceiptFault::kFinalizationSignature);
}

TEST(ReceiptTest, AnyLaterFinalHeaderProvesATransaction) {
  ReceiptParts parts = Sample().Claim(Epoch(0));
  parts.finalization = Sample().first.Finalize(parts.header, View(200));  // re-proposed later
  EXPECT_EQ(FaultOf(BuildReceipt(parts)), std::nullopt);
  EXPECT_EQ(FaultOf(BuildReceipt(Sample().Claim(Epoch(1)))), std::nullopt);
}

// The line `number` of a list.
std::string ListLine(std::uint32_t number) {
  v1::EffectsLine line;
  line.set_version(1);
  line.set_entity(std::string(16, static_cast<char>('a' + number % 26)));
  line.set_outcome(v1::OUTCOME_DONE);
  line.set_line(number);
  return CanonicalBytes(line);
}

// A receipt of line `shown` of a list of `count`, alone in its block.
v1::Receipt ListReceipt(std::uint32_t count, std::uint32_t shown) {
  ReceiptParts parts = Sample().Approval(Epoch(0));
  parts.lines.clear();
  for (std::uint32_t line = 0; line < count; ++line) parts.lines.push_back(ListLine(line));
  parts.shown = {shown};
  LogTree log;
  log.Append(TransactionLeaf(parts.transaction_id, EffectsDigest(parts.lines)));
  parts.log_index = 0;
  parts.log_path = {};
  parts.header.log_size = 1;
  parts.header.log_root = log.Root();
  parts.finalization = Sample().first.Finalize(parts.header, View(9));
  v1::Receipt receipt;
  EXPECT_TRUE(receipt.ParseFromString(BuildReceipt(parts)));
  return receipt;
}

// The sides of a path are told by the index and the length of the path alone, so that for one path
// several indexes may lead to the same root: the number inside the line decides.
TEST(ReceiptTest, ALineOfAListVerifiesAtNoOtherPlace) {
  for (std::uint32_t count = 2; count <= 20; ++count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      SCOPED_TRACE(std::to_string(i) + " of " + std::to_string(count));
      v1::Receipt receipt = ListReceipt(count, i);
      EXPECT_EQ(FaultOf(CanonicalBytes(receipt)), std::nullopt);
      for (std::uint32_t other = 0; other < 64; ++other) {
        if (other == i) continue;
        receipt.mutable_lines(0)->set_index(other);
        EXPECT_EQ(FaultOf(CanonicalBytes(receipt)), ReceiptFault::kLineNumber) << other;
      }
      for (std::uint32_t bit = 6; bit < 32; ++bit) {
        receipt.mutable_lines(0)->set_index(i ^ (1U << bit));
        EXPECT_EQ(FaultOf(CanonicalBytes(receipt)), ReceiptFault::kLineNumber) << "bit " << bit;
      }
    }
  }
}

TEST(ReceiptTest, ALineRenumberedToItsClaimedPlaceIsAnotherLine) {
  for (std::uint32_t count = 2; count <= 9; ++count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t other = 0; other < 2 * count; ++other) {
        if (other == i) continue;
        v1::Receipt receipt = ListReceipt(count, i);
        v1::EffectsLine line;
        ASSERT_TRUE(line.ParseFromString(receipt.lines(0).line()));
        line.set_line(other);
        receipt.mutable_lines(0)->set_line(CanonicalBytes(line));
        receipt.mutable_lines(0)->set_index(other);
        const auto fault = FaultOf(CanonicalBytes(receipt));
        EXPECT_TRUE(fault == ReceiptFault::kEffectsPath || fault == ReceiptFault::kLogPath)
            << i << " of " << count << " as " << other;
      }
    }
  }
}

TEST(GenesisTest, EveryRefusalHasItsReason) {
  struct Case {
    const char* name;
    std::optional<GenesisError> error;
    void (*change)(v1::Genesis&);
  };
  const Case kCases[] = {
      {"unchanged", std::nullopt, [](v1::Genesis&) {}},
      {"later version", GenesisError::kUnknownVersion, [](auto& g) { g.set_version(2); }},
      {"dev key outside development", GenesisError::kDevKey,
       [](auto& g) { g.clear_development(); }},
      {"no validators", GenesisError::kBadValidators, [](auto& g) { g.clear_validators(); }},
      {"validators out of order", GenesisError::kBadValidators,
       [](auto& g) { g.mutable_validators()->SwapElements(0, 1); }},
      {"a validator twice", GenesisError::kBadValidators,
       [](auto& g) { *g.mutable_validators(1) = g.validators(0); }},
      {"a key of another suite", GenesisError::kBadValidators,
       [](auto& g) { (*g.mutable_validators(0)->mutable_key())[0] = '\2'; }},
      {"a validator without key", GenesisError::kBadValidators,
       [](auto& g) { g.mutable_validators(0)->clear_key(); }},
      {"a short key", GenesisError::kNotCanonical,
       [](auto& g) { g.mutable_validators(0)->mutable_key()->pop_back(); }},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    v1::Genesis genesis;
    ASSERT_TRUE(genesis.ParseFromString(Sample().genesis_bytes));
    c.change(genesis);
    const std::string bytes = CanonicalBytes(genesis);
    const auto parsed = ParseGenesis(AsBytes(bytes));
    ASSERT_EQ(parsed.has_value(), !c.error.has_value());
    if (c.error) {
      EXPECT_EQ(parsed.error(), *c.error);
    }
  }
}

TEST(GenesisTest, KeysOnlyRecordsCarryNothingElse) {
  const std::string bytes = KeysOnlyRecord(Sample().first.set);
  EXPECT_EQ(ParseKeysOnlyRecord(AsBytes(bytes)), Sample().first.set);
  v1::ValidatorSetRecord record;
  ASSERT_TRUE(record.ParseFromString(bytes));
  record.mutable_validators(0)->set_name("n");
  EXPECT_EQ(ParseKeysOnlyRecord(AsBytes(CanonicalBytes(record))), std::nullopt);
  record.mutable_validators(0)->clear_name();
  record.set_version(2);
  EXPECT_EQ(ParseKeysOnlyRecord(AsBytes(CanonicalBytes(record))), std::nullopt);
}

}  // namespace
}  // namespace timebank::chain
