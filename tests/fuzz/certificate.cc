// Headers, certificates and votes in their fixed layouts: taken and written back as the same bytes,
// or refused; and nobody but the validators makes a certificate that verifies.
//   input: 0 header, 1 certificate, 2 set of keys u8 | bytes
#include "chain/certificate.h"

#include <array>

#include "chain/genesis.h"
#include "chain/header.h"
#include "chain/testing/sample_chain.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {
namespace {

void CheckHeader(ByteView bytes) {
  const auto header = chain::DecodeHeader(bytes);
  if (header) TB_CHECK(Same(header->Encode(), bytes));
}

void CheckCertificate(ByteView bytes) {
  static const chain::testing::SampleChain sample;
  const auto certificate = chain::Certificate::Decode(bytes);
  if (!certificate) {
    TB_CHECK(!chain::Describe(certificate.error()).empty());
    return;
  }
  TB_CHECK(Same(certificate->Encode(), bytes));
  for (const chain::testing::Validators* validators : {&sample.first, &sample.second}) {
    if (chain::VerifyCertificate(*certificate, sample.chain_id, validators->set)) continue;
    TB_CHECK(certificate->votes.size() >= validators->set.quorum());
    const Bytes message = chain::VoteBytes(sample.chain_id, certificate->position);
    for (const chain::SignedVote& vote : certificate->votes) {
      // Ed25519 as we use it gives one signature per key and message: none other is taken.
      const crypto::SecretKey& secret = validators->secrets[vote.signer.value()];
      TB_CHECK(secret.Sign(message) == vote.signature);
    }
  }
}

void CheckSet(ByteView bytes) {
  const auto set = chain::ParseKeysOnlyRecord(bytes);
  if (set) TB_CHECK(Same(AsBytes(chain::KeysOnlyRecord(*set)), bytes));
}

}  // namespace

void RunCertificate(Input input) {
  const std::uint8_t what = input.U8() % 3;
  const ByteView bytes = input.Rest();
  if (what == 0) CheckHeader(bytes);
  if (what == 1) CheckCertificate(bytes);
  if (what == 2) CheckSet(bytes);
}

}  // namespace timebank::fuzz
