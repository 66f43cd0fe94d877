// Quorums, sets, vote bytes and certificates, each with neighbours that fail by one.
#include "chain/certificate.h"

#include <gtest/gtest.h>

#include "base/prng.h"
#include "chain/domains.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

crypto::SecretKey KeyOf(std::uint64_t number) {
  crypto::SecretKey::Seed seed;
  Prng(number).Fill(seed.data);
  return crypto::SecretKey(seed);
}

struct Network {
  explicit Network(std::size_t n) {
    std::vector<crypto::PublicKey> keys;
    for (std::size_t i = 0; i < n; ++i) {
      secrets.push_back(KeyOf(1000 + i));
      keys.push_back(secrets.back().public_key());
    }
    std::sort(secrets.begin(), secrets.end(),
              [](const auto& a, const auto& b) { return a.public_key() < b.public_key(); });
    set = ValidatorSet::From(keys);
    chain_id.data.fill(std::byte{0x11});
  }
  [[nodiscard]] Certificate Sign(VoteKind kind, std::vector<std::uint16_t> signers) const {
    Certificate certificate;
    certificate.position = Position(kind);
    certificate.validator_count = static_cast<std::uint8_t>(secrets.size());
    const Bytes message = VoteBytes(chain_id, certificate.position);
    for (std::uint16_t i : signers) {
      certificate.votes.push_back({ReplicaIndex(i), secrets[i].Sign(message)});
    }
    return certificate;
  }
  [[nodiscard]] static VotePosition Position(VoteKind kind) {
    VotePosition position{.kind = kind, .epoch = Epoch(2), .view = View(9)};
    if (kind == VoteKind::kNotarize) position.parent_view = View(7);
    if (kind != VoteKind::kNullify) position.digest.data.fill(std::byte{0xDD});
    return position;
  }
  std::vector<crypto::SecretKey> secrets;
  std::optional<ValidatorSet> set;
  Hash chain_id;
};

constexpr VoteKind kKinds[] = {VoteKind::kNotarize, VoteKind::kNullify, VoteKind::kFinalize};

TEST(QuorumTest, IsNMinusFForEveryN) {
  const std::size_t kQuorums[] = {1, 2, 3, 3,  4,  5,  5,  6,  7,  7,
                                  8, 9, 9, 10, 11, 11, 12, 13, 13, 14};
  for (std::size_t n = 1; n <= 20; ++n) {
    SCOPED_TRACE(n);
    EXPECT_EQ(Quorum(n), kQuorums[n - 1]);
    EXPECT_EQ(Quorum(n) + MaxFaulty(n), n);
    EXPECT_GT(n, 3 * MaxFaulty(n));
    // Two quorums share more validators than may be faulty.
    EXPECT_GT(2 * Quorum(n), n + MaxFaulty(n));
  }
}

TEST(ValidatorSetTest, SortsKeysAndRefusesWhatIsNoSet) {
  const Network network(4);
  EXPECT_TRUE(std::is_sorted(network.set->keys().begin(), network.set->keys().end()));
  for (std::uint16_t i = 0; i < 4; ++i) {
    EXPECT_EQ(network.set->IndexOf(network.set->key(ReplicaIndex(i))), ReplicaIndex(i));
  }
  EXPECT_EQ(network.set->IndexOf(KeyOf(1).public_key()), std::nullopt);
  EXPECT_EQ(ValidatorSet::From({}), std::nullopt);
  EXPECT_EQ(ValidatorSet::From({KeyOf(1).public_key(), KeyOf(1).public_key()}), std::nullopt);
  EXPECT_TRUE(ValidatorSet::From(Network(20).set->keys()).has_value());
  EXPECT_FALSE(Network(21).set.has_value());
}

TEST(ValidatorSetTest, HashCoversCountSuiteAndKeys) {
  const Network network(2);
  std::string preimage("timebank/set/v1\0\0\2", 18);
  for (const crypto::PublicKey& key : network.set->keys()) preimage += '\1' + key.str();
  EXPECT_EQ(network.set->SetHash(), crypto::Sha256(AsBytes(preimage)));
}

TEST(VoteTest, BytesHoldExactlyTheFieldsOfTheKind) {
  const Network network(4);
  const std::string kHead =
      "54427631"
      "01";  // TBv1, suite
  const std::string chain = ToHex(network.chain_id.view());
  const std::string at =
      "0000000000000002"
      "0000000000000009";
  const std::string digest(64, 'd');
  struct Case {
    VoteKind kind;
    std::string hex;
  };
  const Case kCases[] = {
      {VoteKind::kNotarize, kHead + "01" + chain + at + "0000000000000007" + digest},
      {VoteKind::kNullify, kHead + "02" + chain + at},
      {VoteKind::kFinalize, kHead + "03" + chain + at + digest},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ToHex(VoteBytes(network.chain_id, Network::Position(c.kind))), c.hex);
  }
}

TEST(CertificateTest, DecodeGivesBackWhatWasEncoded) {
  const Network network(9);
  for (VoteKind kind : kKinds) {
    const Certificate certificate = network.Sign(kind, {0, 2, 3, 5, 6, 7, 8});
    const Bytes bytes = certificate.Encode();
    const auto decoded = Certificate::Decode(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, certificate);
    EXPECT_EQ(decoded->Encode(), bytes);
    EXPECT_EQ(VerifyCertificate(*decoded, network.chain_id, *network.set), std::nullopt);
  }
}

TEST(CertificateTest, NoSingleBitChangeIsAccepted) {
  const Network network(4);
  for (VoteKind kind : kKinds) {
    const Bytes bytes = network.Sign(kind, {0, 1, 3}).Encode();
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes changed = bytes;
      changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      const auto decoded = Certificate::Decode(changed);
      if (!decoded) continue;
      EXPECT_EQ(decoded->Encode(), changed) << bit;
      EXPECT_TRUE(VerifyCertificate(*decoded, network.chain_id, *network.set).has_value()) << bit;
    }
  }
}

TEST(CertificateTest, NoOtherLengthIsAccepted) {
  const Network network(4);
  const Bytes bytes = network.Sign(VoteKind::kFinalize, {0, 1, 2}).Encode();
  for (std::size_t size = 0; size < bytes.size() + 65; ++size) {
    if (size == bytes.size()) continue;
    Bytes changed = bytes;
    changed.resize(size);
    const auto decoded = Certificate::Decode(changed);
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error(), CertificateError::kWrongSize) << size;
  }
}

TEST(CertificateTest, DecodeNamesWhatIsWrong) {
  const Network network(4);
  struct Case {
    const char* name;
    std::size_t offset;
    std::byte value;
    CertificateError error;
  };
  const Case kCases[] = {
      {"kind 0", 0, std::byte{0}, CertificateError::kUnknownKind},
      {"kind 4", 0, std::byte{4}, CertificateError::kUnknownKind},
      {"suite 0", 1, std::byte{0}, CertificateError::kWrongSuite},
      {"suite 2", 1, std::byte{2}, CertificateError::kWrongSuite},
      {"no validators", 50, std::byte{0}, CertificateError::kWrongCount},
      {"21 validators", 50, std::byte{21}, CertificateError::kWrongCount},
      {"signer 4 of 0..3", 51, std::byte{0xE8}, CertificateError::kTrailingBits},
      {"one signer more than signatures", 51, std::byte{0xF0}, CertificateError::kWrongSize},
      {"one signer fewer than signatures", 51, std::byte{0xC0}, CertificateError::kWrongSize},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    Bytes bytes = network.Sign(VoteKind::kFinalize, {0, 1, 2}).Encode();
    ASSERT_EQ(bytes[50], std::byte{4});
    ASSERT_EQ(bytes[51], std::byte{0xE0});
    bytes[c.offset] = c.value;
    const auto decoded = Certificate::Decode(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), c.error);
  }
}

// P17: a signature beyond the quorum is checked like the others, so that nobody is blamed for one.
TEST(CertificateTest, P17EverySignatureIsVerifiedAlsoBeyondTheQuorum) {
  const Network network(4);
  Certificate certificate = network.Sign(VoteKind::kFinalize, {0, 1, 2, 3});
  const auto verify = [&] {
    return VerifyCertificate(certificate, network.chain_id, *network.set);
  };
  ASSERT_EQ(verify(), std::nullopt);
  for (SignedVote& vote : certificate.votes) {
    vote.signature.data[7] ^= std::byte{1};
    EXPECT_EQ(verify(), CertificateError::kBadSignature);
    vote.signature.data[7] ^= std::byte{1};
  }
}

TEST(CertificateTest, VerifyNamesWhatIsWrong) {
  const Network network(4);
  const auto verify = [&](const Certificate& certificate) {
    return VerifyCertificate(certificate, network.chain_id, *network.set);
  };
  Certificate certificate = network.Sign(VoteKind::kFinalize, {0, 1, 2, 3});
  EXPECT_EQ(verify(certificate), std::nullopt);
  EXPECT_EQ(verify(network.Sign(VoteKind::kFinalize, {1, 3})), CertificateError::kTooFewSigners);
  EXPECT_EQ(verify(network.Sign(VoteKind::kFinalize, {1, 1, 3})),
            CertificateError::kSignersUnordered);
  EXPECT_EQ(verify(network.Sign(VoteKind::kFinalize, {1, 3, 2})),
            CertificateError::kSignersUnordered);
  EXPECT_EQ(VerifyCertificate(certificate, network.chain_id, *Network(5).set),
            CertificateError::kWrongCount);
  EXPECT_EQ(VerifyCertificate(certificate, Hash{}, *network.set), CertificateError::kBadSignature);
  // A signature beyond the quorum counts as well.
  certificate.votes[3].signature = certificate.votes[2].signature;
  EXPECT_EQ(verify(certificate), CertificateError::kBadSignature);
  certificate.votes.pop_back();
  EXPECT_EQ(verify(certificate), std::nullopt);
  certificate.position.kind = VoteKind::kNotarize;
  EXPECT_EQ(verify(certificate), CertificateError::kBadSignature);
}

}  // namespace
}  // namespace timebank::chain
