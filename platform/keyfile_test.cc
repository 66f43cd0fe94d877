#include "platform/keyfile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "crypto/sha256.h"
#include "platform/entropy.h"
#include "platform/file.h"

namespace timebank::platform {
namespace {

class KeyFileTest : public ::testing::Test {
 protected:
  KeyFileTest() {
    std::string pattern = ::testing::TempDir() + "tb_key_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/node.key";
  }
  ~KeyFileTest() override { std::filesystem::remove_all(directory_); }
  void CreateEncrypted() {
    ASSERT_TRUE(CreateKeyFile(path_, key_, PassphraseIs("correct horse"), kArgon2CostMin));
  }
  [[nodiscard]] KeyFileFault OpenFault(const std::string& passphrase,
                                       KeyFilePolicy policy = {}) const {
    const auto opened = OpenKeyFile(path_, PassphraseIs(passphrase), policy);
    EXPECT_FALSE(opened);
    if (opened) return KeyFileFault::kUnreadable;
    EXPECT_NE(opened.error().text.find(path_), std::string::npos) << opened.error().text;
    return opened.error().fault;
  }

  std::string directory_;
  std::string path_;
  crypto::SecretKey key_ = NewSecretKey();
};

TEST_F(KeyFileTest, RoundTripWithPrivateMode) {
  CreateEncrypted();
  struct stat info = {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const auto opened = OpenKeyFile(path_, PassphraseIs("correct horse"));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->seed(), key_.seed());
  EXPECT_EQ(ReadPublicKey(path_).value(), key_.public_key());
}

TEST_F(KeyFileTest, SeedIsNotInTheEncryptedFile) {
  CreateEncrypted();
  const std::string content = ReadTextFile(path_).value();
  EXPECT_EQ(content.find(key_.seed().text().substr(0, 8)), std::string::npos);
}

TEST_F(KeyFileTest, NeverOverwrites) {
  CreateEncrypted();
  EXPECT_FALSE(CreateKeyFile(path_, NewSecretKey(), PassphraseIs("x"), kArgon2CostMin));
  EXPECT_FALSE(CreatePlainKeyFile(path_, NewSecretKey()));
  EXPECT_EQ(ReadPublicKey(path_).value(), key_.public_key());
}

TEST_F(KeyFileTest, WrongPassphraseIsToldApartFromDamage) {
  CreateEncrypted();
  EXPECT_EQ(OpenFault("correct horsf"), KeyFileFault::kWrongPassphrase);
  EXPECT_EQ(OpenFault(""), KeyFileFault::kWrongPassphrase);
}

TEST_F(KeyFileTest, EveryFlippedBitIsDamage) {
  CreateEncrypted();
  const Bytes good = ReadFile(path_).value();
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= std::byte{1};
    ASSERT_TRUE(WriteFileAtomically(path_, bad, kModePrivate));
    EXPECT_EQ(OpenFault("correct horse", {.allow_plain = true}), KeyFileFault::kDamaged) << i;
  }
}

TEST_F(KeyFileTest, EveryTruncationIsDamage) {
  CreateEncrypted();
  const Bytes good = ReadFile(path_).value();
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_TRUE(WriteFileAtomically(path_, ByteView(good).first(size), kModePrivate));
    EXPECT_EQ(OpenFault("correct horse"), KeyFileFault::kDamaged) << size;
  }
}

// Writes a file whose protection or cost was changed by somebody who also fixed the checksum.
void Forge(const std::string& path, std::size_t offset, std::byte value) {
  Bytes bytes = ReadFile(path).value();
  bytes[offset] = value;
  bytes.resize(bytes.size() - 8);
  const Hash hash = crypto::Sha256(bytes);
  bytes.insert(bytes.end(), hash.data.begin(), hash.data.begin() + 8);
  ASSERT_TRUE(WriteFileAtomically(path, bytes, kModePrivate));
}

TEST_F(KeyFileTest, UnknownProtectionAndExcessiveCostAreUnsupported) {
  CreateEncrypted();
  Forge(path_, 8, std::byte{3});
  EXPECT_EQ(OpenFault("correct horse"), KeyFileFault::kUnsupported);
  Forge(path_, 8, std::byte{2});
  EXPECT_TRUE(OpenKeyFile(path_, PassphraseIs("correct horse")));
  Forge(path_, 9, std::byte{1});
  EXPECT_EQ(OpenFault("correct horse"), KeyFileFault::kUnsupported);
}

TEST_F(KeyFileTest, ForgedPublicKeyIsNotAccepted) {
  CreateEncrypted();
  Forge(path_, 70, std::byte{0xA5});
  EXPECT_EQ(OpenFault("correct horse"), KeyFileFault::kWrongPassphrase);
}

TEST_F(KeyFileTest, ReadableByOthersIsRefused) {
  CreateEncrypted();
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_EQ(OpenFault("correct horse"), KeyFileFault::kPermissions);
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);
  EXPECT_TRUE(OpenKeyFile(path_, PassphraseIs("correct horse")));
}

TEST_F(KeyFileTest, PlainKeyOpensOnlyWhereAllowed) {
  ASSERT_TRUE(CreatePlainKeyFile(path_, key_));
  EXPECT_EQ(OpenFault("", {.allow_plain = false}), KeyFileFault::kPlainRefused);
  const auto opened = OpenKeyFile(path_, PassphraseIs(""), {.allow_plain = true});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->seed(), key_.seed());
}

TEST_F(KeyFileTest, AbsentFileIsUnreadable) {
  EXPECT_EQ(OpenFault("x"), KeyFileFault::kUnreadable);
}

TEST_F(KeyFileTest, PassphraseSources) {
  const std::string secret = directory_ + "/passphrase";
  ASSERT_TRUE(WriteFileAtomically(secret, AsBytes("correct horse\r\nrest\n"), kModePrivate));
  EXPECT_EQ(PassphraseFromFile(secret)().value(), "correct horse");
  ASSERT_EQ(::chmod(secret.c_str(), 0644), 0);
  EXPECT_FALSE(PassphraseFromFile(secret)());
  EXPECT_FALSE(PassphraseFromFile(secret + ".absent")());

  ASSERT_EQ(::setenv("TB_TEST_PASSPHRASE", "from the environment", 1), 0);
  EXPECT_EQ(PassphraseFromEnvironment("TB_TEST_PASSPHRASE")().value(), "from the environment");
  ASSERT_EQ(::unsetenv("TB_TEST_PASSPHRASE"), 0);
  EXPECT_FALSE(PassphraseFromEnvironment("TB_TEST_PASSPHRASE")());
  EXPECT_FALSE(CreateKeyFile(path_, key_, PassphraseFromEnvironment("TB_TEST_PASSPHRASE")));
  EXPECT_FALSE(CreateKeyFile(path_, key_, PassphraseIs("")));
}

TEST_F(KeyFileTest, ASecretThatOthersMayReadIsRefused) {
  const std::string secret = directory_ + "/tls.key";
  ASSERT_TRUE(WriteFileAtomically(secret, AsBytes("a key\nof lines\n"), kModePrivate));
  EXPECT_EQ(ReadSecretFile(secret).value(), "a key\nof lines\n");
  ASSERT_EQ(::chmod(secret.c_str(), 0400), 0);
  EXPECT_TRUE(ReadSecretFile(secret));
  for (const unsigned mode : {0640U, 0604U, 0620U, 0601U}) {
    ASSERT_EQ(::chmod(secret.c_str(), mode), 0);
    const auto refused = ReadSecretFile(secret);
    ASSERT_FALSE(refused) << mode;
    EXPECT_NE(refused.error().find("chmod 600 " + secret), std::string::npos) << refused.error();
  }
  EXPECT_FALSE(ReadSecretFile(secret + ".absent"));
}

TEST_F(KeyFileTest, MissingPassphraseIsItsOwnFault) {
  CreateEncrypted();
  const auto opened = OpenKeyFile(path_, PassphraseFromEnvironment("TB_TEST_ABSENT"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, KeyFileFault::kNoPassphrase);
}

}  // namespace
}  // namespace timebank::platform
