// The council's document: what it takes to begin a new era, each step at which a forged one is
// caught, and receipts that lead through it.
#include "chain/recovery.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "chain/canonical.h"
#include "chain/receipt.h"
#include "chain/recovery_file.h"
#include "chain/testing/sample_recovery.h"

namespace timebank::chain {
namespace {

using testing::SampleRecovery;

const SampleRecovery& Sample() {
  static const SampleRecovery sample;
  return sample;
}

std::optional<RecoveryFault> FaultOf(const v1::Recovery& recovery, const Header& last) {
  const auto next = VerifyRecovery(AsBytes(CanonicalBytes(recovery)), last);
  return next ? std::nullopt : std::optional(next.error());
}

v1::Recovery SampleMessage() { return *ParseCanonical<v1::Recovery>(AsBytes(Sample().recovery)); }

TEST(RecoveryTest, TwoOfThreeBeginANewEra) {
  const auto next = VerifyRecovery(AsBytes(Sample().recovery), Sample().last);
  ASSERT_TRUE(next) << Describe(next.error());
  EXPECT_EQ(next->era, Era(1));
  EXPECT_EQ(next->chain_id, Sample().next_chain_id);
  EXPECT_NE(next->chain_id, Sample().chain.chain_id);
  EXPECT_EQ(next->validators, Sample().survivors.set);
}

struct DocumentCase {
  const char* name;
  RecoveryFault fault;
  std::function<void(v1::RecoveryDocument&)> change;
};

// Each signed by the council all the same.
TEST(RecoveryTest, ADocumentThatMayNotBeIsRefused) {
  const Header& last = Sample().last;
  const auto with_header = [&last](auto change) {
    return [&last, change](v1::RecoveryDocument& d) {
      Header header = last;
      change(header);
      d.set_header(ToString(header.Encode()));
    };
  };
  const std::vector<DocumentCase> cases = {
      {"unknown version", RecoveryFault::kDocument, [](auto& d) { d.set_version(2); }},
      {"no reason", RecoveryFault::kDocument, [](auto& d) { d.clear_reason(); }},
      {"no time", RecoveryFault::kDocument, [](auto& d) { d.clear_created_ms(); }},
      {"a lower block", RecoveryFault::kOtherBlock,
       with_header([](Header& h) { h.height = Height(h.height.value() - 1); })},
      {"another state", RecoveryFault::kOtherBlock,
       with_header([](Header& h) { h.state_root = h.log_root; })},
      {"another chain", RecoveryFault::kOtherBlock,
       with_header([](Header& h) { h.chain_id = h.log_root; })},
      {"the same era", RecoveryFault::kEra, [](auto& d) { d.clear_era(); }},
      {"an era left out", RecoveryFault::kEra, [](auto& d) { d.set_era(2); }},
      {"three validators", RecoveryFault::kValidators,
       [](auto& d) { d.mutable_validators()->RemoveLast(); }},
      {"a validator twice", RecoveryFault::kValidators,
       [](auto& d) { *d.add_validators() = d.validators(3); }},
      {"validators out of order", RecoveryFault::kValidators,
       [](auto& d) { d.mutable_validators()->SwapElements(0, 1); }},
      {"two of one name", RecoveryFault::kValidators,
       [](auto& d) { d.mutable_validators(0)->set_name(d.validators(1).name()); }},
      {"two of one TLS key", RecoveryFault::kValidators,
       [](auto& d) { d.mutable_validators(0)->set_tls_key_hash(d.validators(1).tls_key_hash()); }},
      {"no address", RecoveryFault::kValidators,
       [](auto& d) { d.mutable_validators(2)->clear_address(); }},
  };
  for (const DocumentCase& test : cases) {
    SCOPED_TRACE(test.name);
    v1::RecoveryDocument document = Sample().document;
    test.change(document);
    EXPECT_EQ(FaultOf(Sample().Sign(document), last), test.fault);
  }
}

struct SignatureCase {
  const char* name;
  RecoveryFault fault;
  std::function<void(v1::Recovery&)> change;
};

TEST(RecoveryTest, OnlyTheCouncilOfThatStateSigns) {
  const std::string document = CanonicalBytes(Sample().document);
  const std::vector<SignatureCase> cases = {
      {"unknown version", RecoveryFault::kNotCanonical, [](auto& r) { r.set_version(2); }},
      {"no document", RecoveryFault::kDocument, [](auto& r) { r.clear_document(); }},
      {"one signature", RecoveryFault::kTooFewSigners,
       [](auto& r) { r.mutable_signatures()->RemoveLast(); }},
      {"no signature", RecoveryFault::kTooFewSigners, [](auto& r) { r.clear_signatures(); }},
      {"a signer twice", RecoveryFault::kSeat,
       [](auto& r) { *r.mutable_signatures(1) = r.signatures(0); }},
      {"out of order", RecoveryFault::kSeat,
       [](auto& r) { r.mutable_signatures()->SwapElements(0, 1); }},
      {"another organisation of the council", RecoveryFault::kSeat,
       [](auto& r) { r.mutable_signatures(0)->set_org(r.signatures(1).org()); }},
      {"an organisation outside it", RecoveryFault::kSeat,
       [](auto& r) { r.mutable_signatures(0)->set_org(std::string(16, 'z')); }},
      {"another member's record", RecoveryFault::kSeat,
       [](auto& r) { *r.mutable_signatures(0)->mutable_record() = r.signatures(1).record(); }},
      {"no proof", RecoveryFault::kSeat,
       [](auto& r) { r.mutable_signatures(0)->mutable_record()->clear_siblings(); }},
      {"another key", RecoveryFault::kKey,
       [](auto& r) { r.mutable_signatures(0)->set_key_id(r.signatures(1).key_id()); }},
      {"another's signature", RecoveryFault::kSignature,
       [](auto& r) { r.mutable_signatures(0)->set_signature(r.signatures(1).signature()); }},
      {"a signature of another document", RecoveryFault::kSignature,
       [](auto& r) { *r.mutable_signatures(0) = Sample().Seat(0, "something else"); }},
      {"a bad one beyond the threshold", RecoveryFault::kSignature,
       [&](auto& r) {
         *r.add_signatures() = Sample().Seat(2, document);
         r.mutable_signatures(2)->set_signature(r.signatures(0).signature());
       }},
      {"one that is still missing", RecoveryFault::kSignature,
       [&](auto& r) {
         *r.add_signatures() = Sample().Seat(2, document);
         r.mutable_signatures(2)->clear_signature();
         r.mutable_signatures(2)->clear_key_id();
       }},
      {"another council", RecoveryFault::kCouncil,
       [](auto& r) {
         auto chain = *ParseCanonical<v1::ChainRecord>(AsBytes(r.chain().value()));
         chain.set_council_threshold(1);
         r.mutable_chain()->set_value(CanonicalBytes(chain));
       }},
      {"no council", RecoveryFault::kCouncil, [](auto& r) { r.clear_chain(); }},
  };
  for (const SignatureCase& test : cases) {
    SCOPED_TRACE(test.name);
    v1::Recovery recovery = SampleMessage();
    test.change(recovery);
    EXPECT_EQ(FaultOf(recovery, Sample().last), test.fault);
  }
  v1::Recovery all = SampleMessage();
  *all.add_signatures() = Sample().Seat(2, document);
  EXPECT_EQ(FaultOf(all, Sample().last), std::nullopt);
}

TEST(RecoveryTest, ADraftIsCheckedInAllButWhatIsStillMissing) {
  v1::Recovery draft = SampleMessage();
  draft.mutable_signatures(0)->clear_signature();
  draft.mutable_signatures(0)->clear_key_id();
  const auto verify = [](const v1::Recovery& recovery) {
    return VerifyRecoveryDraft(AsBytes(CanonicalBytes(recovery)), Sample().last);
  };
  EXPECT_TRUE(verify(draft));
  draft.mutable_signatures(1)->set_signature(std::string(65, '\1'));
  EXPECT_EQ(verify(draft).error(), RecoveryFault::kSignature);
}

std::optional<ReceiptFault> FaultOf(const std::string& receipt) {
  const auto verified = VerifyReceipt(AsBytes(receipt), AsBytes(Sample().chain.genesis_bytes));
  return verified ? std::nullopt : std::optional(verified.error());
}

TEST(RecoveryTest, ReceiptsOfBothErasVerifyWithGenesisAlone) {
  const SampleRecovery& sample = Sample();
  EXPECT_EQ(FaultOf(BuildReceipt(sample.chain.Claim(Epoch(1)))), std::nullopt);
  const std::string receipt = BuildReceipt(sample.Claim());
  const auto verified = VerifyReceipt(AsBytes(receipt), AsBytes(sample.chain.genesis_bytes));
  ASSERT_TRUE(verified) << Describe(verified.error());
  EXPECT_EQ(verified->header, sample.first);
  EXPECT_EQ(verified->transaction_id, sample.claim.transaction_id);
}

TEST(RecoveryTest, NoBitOfAReceiptOfTheNewEraCanBeChanged) {
  const std::string receipt = BuildReceipt(Sample().Claim());
  for (std::size_t i = 0; i < receipt.size(); ++i) {
    std::string changed = receipt;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
    ASSERT_NE(FaultOf(changed), std::nullopt) << "byte " << i;
  }
}

struct LinkCase {
  const char* name;
  ReceiptFault fault;
  std::function<void(ReceiptParts&)> change;
};

TEST(RecoveryTest, ReceiptsThatLeadElsewhereAreCaught) {
  const SampleRecovery& sample = Sample();
  const auto sign_with = [&sample](ReceiptParts& parts, const testing::Validators& set) {
    parts.finalization = set.Finalize(parts.header, View(1));
  };
  const std::vector<LinkCase> cases = {
      {"no recovery", ReceiptFault::kEpochChain,
       [](auto& p) { p.epochs.rbegin()->clear_recovery(); }},
      {"a recovery that is none", ReceiptFault::kRecovery,
       [](auto& p) { p.epochs.rbegin()->set_recovery("x"); }},
      {"one of too few", ReceiptFault::kRecovery,
       [](auto& p) {
         v1::Recovery recovery = SampleMessage();
         recovery.mutable_signatures()->RemoveLast();
         p.epochs.rbegin()->set_recovery(CanonicalBytes(recovery));
       }},
      {"another set", ReceiptFault::kNextSet,
       [&](auto& p) { p.epochs.rbegin()->set_next_set(KeysOnlyRecord(sample.chain.second.set)); }},
      {"a last block that is not final", ReceiptFault::kFinalization,
       [](auto& p) { p.epochs.rbegin()->clear_finalization(); }},
      {"a last block of another epoch", ReceiptFault::kEpochChain,
       [](auto& p) { p.epochs.erase(p.epochs.begin()); }},
      {"the recovery twice", ReceiptFault::kEpochChain,
       [](auto& p) { *p.epochs.Add() = *p.epochs.rbegin(); }},
      {"the old set in the new era", ReceiptFault::kValidators,
       [&](auto& p) {
         p.header.validators = sample.chain.second.set.SetHash();
         sign_with(p, sample.chain.second);
       }},
      {"the new set in the old era", ReceiptFault::kWrongChain,
       [&](auto& p) {
         p.header.era = Era(0);
         sign_with(p, sample.survivors);
       }},
      {"votes under the old chain id", ReceiptFault::kFinalizationSignature,
       [&](auto& p) {
         Header old = p.header;
         old.chain_id = sample.chain.chain_id;
         p.finalization = sample.survivors.Certify(old.chain_id,
                                                   {.kind = VoteKind::kFinalize,
                                                    .epoch = p.header.epoch,
                                                    .view = View(1),
                                                    .digest = p.header.Digest()},
                                                   {0, 1, 2});
       }},
  };
  for (const LinkCase& test : cases) {
    SCOPED_TRACE(test.name);
    ReceiptParts parts = sample.Claim();
    test.change(parts);
    EXPECT_EQ(FaultOf(BuildReceipt(parts)), test.fault);
  }
}

// The last certified block may be one that ended an epoch: of the next one nothing is certified.
TEST(RecoveryTest, TheLastBlockOfAnEpochIsShownOnceMore) {
  const SampleRecovery& sample = Sample();
  const auto genesis = ParseGenesis(AsBytes(sample.chain.genesis_bytes));
  ASSERT_TRUE(genesis);
  Header boundary = sample.chain.boundary;
  boundary.state_root = sample.state.Root();
  v1::RecoveryDocument document = sample.document;
  document.set_header(ToString(boundary.Encode()));
  const std::string recovery = CanonicalBytes(sample.Sign(document));
  const std::string finalization = sample.chain.first.Finalize(boundary, View(9));
  EpochLinks links;
  *links.Add() = MakeEpochLink(boundary, finalization, sample.chain.second.set);
  *links.Add() = MakeRecoveryLink(boundary, finalization, sample.survivors.set, recovery);
  const auto reach = WalkEpochs(links, *genesis);
  ASSERT_TRUE(reach) << Describe(reach.error());
  EXPECT_EQ(reach->epoch, Epoch(2));
  EXPECT_EQ(reach->era, Era(1));
  EXPECT_EQ(reach->chain_id, NextChainId(genesis->chain_id, AsBytes(CanonicalBytes(document))));
  // Not in place of the end of its epoch, and not twice.
  EpochLinks alone;
  *alone.Add() = links.Get(1);
  EXPECT_FALSE(WalkEpochs(alone, *genesis));
  *links.Add() = links.Get(1);
  EXPECT_FALSE(WalkEpochs(links, *genesis));
}

TEST(RecoveryTest, AFileIsCheckedWithGenesisAlone) {
  const auto genesis = ParseGenesis(AsBytes(Sample().chain.genesis_bytes));
  ASSERT_TRUE(genesis);
  const std::string file = BuildRecoveryFile(Sample().links);
  const auto proof = VerifyRecoveryFile(AsBytes(file), *genesis);
  ASSERT_TRUE(proof) << Describe(proof.error());
  EXPECT_EQ(proof->last, Sample().last);
  EXPECT_EQ(proof->next.chain_id, Sample().next_chain_id);
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
    ASSERT_FALSE(VerifyRecoveryFile(AsBytes(changed), *genesis)) << "byte " << i;
  }
  EpochLinks draft = Sample().links;
  v1::Recovery recovery = SampleMessage();
  recovery.mutable_signatures(0)->clear_signature();
  recovery.mutable_signatures(0)->clear_key_id();
  draft.rbegin()->set_recovery(CanonicalBytes(recovery));
  const std::string unsigned_file = BuildRecoveryFile(draft);
  EXPECT_TRUE(VerifyRecoveryDraftFile(AsBytes(unsigned_file), *genesis));
  const auto refused = VerifyRecoveryFile(AsBytes(unsigned_file), *genesis);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().recovery, RecoveryFault::kSignature);
}

}  // namespace
}  // namespace timebank::chain
