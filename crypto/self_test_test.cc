// The pinned vectors, verifiers that differ from them, and shared vectors where present.
#include "crypto/self_test.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"

namespace timebank::crypto {
namespace {

TEST(SelfTest, EveryVectorIsJudgedAsPinned) {
  ASSERT_GE(Ed25519Vectors().size(), 15U);
  for (const Ed25519Vector& v : Ed25519Vectors()) {
    SCOPED_TRACE(v.name);
    const auto key = PublicKey::From(ByteView(*FromHex(v.key)));
    const auto signature = Signature::From(ByteView(*FromHex(v.signature)));
    ASSERT_TRUE(key.has_value());
    ASSERT_TRUE(signature.has_value());
    EXPECT_EQ(Verify(*key, AsBytes(v.message), *signature), v.is_accepted);
  }
  EXPECT_EQ(SelfTest(), std::nullopt);
}

// Stands in for a library that differs from the pinned judgement in one vector.
std::string_view odd_one;
bool JudgeOneDifferently(const PublicKey& key, ByteView message, const Signature& signature) {
  for (const Ed25519Vector& v : Ed25519Vectors()) {
    if (v.name != odd_one) continue;
    const bool is_it = ToHex(key.view()) == v.key && AsText(message) == v.message &&
                       ToHex(signature.view()) == v.signature;
    return Verify(key, message, signature) != is_it;
  }
  return Verify(key, message, signature);
}

TEST(SelfTest, AVerifierThatDiffersInOneVectorIsNamed) {
  for (const Ed25519Vector& v : Ed25519Vectors()) {
    odd_one = v.name;
    EXPECT_EQ(SelfTest(&JudgeOneDifferently), v.name);
  }
}

TEST(SelfTest, VerifiersThatAgreeWithEverybodyAreCaught) {
  EXPECT_NE(SelfTest([](const PublicKey&, ByteView, const Signature&) { return true; }),
            std::nullopt);
  EXPECT_NE(SelfTest([](const PublicKey&, ByteView, const Signature&) { return false; }),
            std::nullopt);
}

std::string InAnotherSuite(std::string suited) {
  suited[0] = '\2';
  return suited;
}

TEST(Ed25519Test, KeysAndSignaturesCarryTheirSuite) {
  SecretKey::Seed seed;
  seed.data.fill(std::byte{7});
  const SecretKey secret(seed);
  const std::string suited = SuitedKey(secret.public_key());
  EXPECT_EQ(ParseSuitedKey(AsBytes(suited)), secret.public_key());
  EXPECT_EQ(ParseSuitedKey(AsBytes(suited).first(32)), std::nullopt);
  EXPECT_EQ(ParseSuitedKey(AsBytes(suited + "x")), std::nullopt);
  EXPECT_EQ(ParseSuitedKey(AsBytes(InAnotherSuite(suited))), std::nullopt);
  EXPECT_EQ(ParseSuitedKey({}), std::nullopt);
  const Signature signature = secret.Sign(AsBytes("m"));
  EXPECT_EQ(ParseSuitedSignature(AsBytes(SuitedSignature(signature))), signature);
  EXPECT_EQ(ParseSuitedSignature(AsBytes(InAnotherSuite(SuitedSignature(signature)))),
            std::nullopt);
  EXPECT_EQ(KeyIdOf(secret.public_key()).view().size(), 8U);
  EXPECT_EQ(ToHex(KeyIdOf(secret.public_key()).view()),
            ToHex(Sha256(AsBytes(suited)).view()).substr(0, 16));
}

std::optional<nlohmann::json> Shared(const char* name) {
  std::ifstream in(std::filesystem::path(TIMEBANK_SOURCE_DIR) / "../shared/vectors" / name);
  if (!in) return std::nullopt;
  return nlohmann::json::parse(in);
}

// A signature of another length than 64 bytes cannot be given to Verify at all: refused.
bool Accepts(const std::string& key_hex, const std::string& message,
             const std::string& signed_hex) {
  const auto key = PublicKey::From(ByteView(*FromHex(key_hex)));
  const auto signature = Signature::From(ByteView(*FromHex(signed_hex)));
  return key && signature && Verify(*key, *FromHex(message), *signature);
}

TEST(Ed25519Test, AgreesWithWycheproof) {
  const auto file = Shared("wycheproof-ed25519.json");
  if (!file) GTEST_SKIP() << "no shared vectors beside the source tree";
  std::size_t count = 0;
  for (const auto& group : (*file)["testGroups"]) {
    for (const auto& row : group["tests"]) {
      EXPECT_EQ(Accepts(group["publicKey"]["pk"], row["msg"], row["sig"]), row["result"] == "valid")
          << row["tcId"];
      ++count;
    }
  }
  EXPECT_EQ(count, (*file)["numberOfTests"].get<std::size_t>());
}

// "Taming the many EdDSAs": of its twelve cases libsodium accepts the fourth only, where torsion in
// key and nonce cancels.
TEST(Ed25519Test, JudgesTheSpeccheckCasesAsLibsodiumDoes) {
  const auto rows = Shared("ed25519-speccheck.json");
  if (!rows) GTEST_SKIP() << "no shared vectors beside the source tree";
  ASSERT_EQ(rows->size(), 12U);
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto& row = (*rows)[i];
    EXPECT_EQ(Accepts(row["pub_key"], row["message"], row["signature"]), i == 3) << i;
  }
}

}  // namespace
}  // namespace timebank::crypto
