// The pinned vectors, and the comparison with what the libraries do.
#include "crypto/self_test.h"

#include "base/check.h"
#include "crypto/sha256.h"

namespace timebank::crypto {
namespace {

// SHA-256 of this text is the seed of the key that the vectors are made with.
constexpr std::string_view kSeedText = "timebank self-test";

constexpr Ed25519Vector kEd25519Vectors[] = {
    {"valid, empty message", "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772", "",
     "784ba29a408fd97821daebef9479e6af07b94c68de3574db4b03b88ccbe1c495"
     "dada03e6dfd318e0e7a10bb95dc19696f847b9e1256f40fbf007970085c64309",
     true},
    {"valid", "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772", "visit",
     "a48baa02b3de1f3fa5ebf95c1748b398740952cbb816a074102627d17cb9b4e7"
     "bc610c035b4ab0cd08cda12f993437c5c13b179fabb61c5e116b1b6e66db860c",
     true},
    {"valid, longer than a SHA-512 block",
     "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772",
     "A message longer than the 128 bytes of one SHA-512 block, so that the hash behind a "
     "signature takes more than a single compression round to reach its end.",
     "c3d6b505744d9385641598d8210908328334b368bfd061a41a0e9c66f2d263cf"
     "37c26f5c2d5866fcec901e7f68ff7e5b2f6914dac35613802fccc7ea5ebf6906",
     true},
    {"another message", "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772", "visiu",
     "a48baa02b3de1f3fa5ebf95c1748b398740952cbb816a074102627d17cb9b4e7"
     "bc610c035b4ab0cd08cda12f993437c5c13b179fabb61c5e116b1b6e66db860c",
     false},
    {"S + L", "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772", "visit",
     "a48baa02b3de1f3fa5ebf95c1748b398740952cbb816a074102627d17cb9b4e7"
     "a935026075adc225df6999d2772e16dac13b179fabb61c5e116b1b6e66db861c",
     false},
    {"S + 8 L", "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772", "visit",
     "a48baa02b3de1f3fa5ebf95c1748b398740952cbb816a074102627d17cb9b4e7"
     "2401bbea2d63438ebbb35e478e032f6cc23b179fabb61c5e116b1b6e66db868c",
     false},
    {"R is the identity", "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772",
     "visit",
     "0100000000000000000000000000000000000000000000000000000000000000"
     "20dc33d87847b7862883a0f3b9d24fa00aa8b831c64e12bbfd82bb372c9c3203",
     false},
    {"A and R are the identity, S = 0",
     "0100000000000000000000000000000000000000000000000000000000000000", "visit",
     "0100000000000000000000000000000000000000000000000000000000000000"
     "0000000000000000000000000000000000000000000000000000000000000000",
     false},
    {"A and R are the identity, S = L",
     "0100000000000000000000000000000000000000000000000000000000000000", "visit",
     "0100000000000000000000000000000000000000000000000000000000000000"
     "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
     false},
    {"A of order 8, equation holds",
     "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "order 3",
     "ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081"
     "3930000000000000000000000000000000000000000000000000000000000000",
     false},
    {"A is the identity, not reduced",
     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "visit",
     "ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081"
     "3930000000000000000000000000000000000000000000000000000000000000",
     false},
    {"A is the identity with a sign",
     "0100000000000000000000000000000000000000000000000000000000000080", "visit",
     "ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081"
     "3930000000000000000000000000000000000000000000000000000000000000",
     false},
    {"R is the identity, not reduced",
     "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772", "visit",
     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
     "4b1008b9c028017a37c297332b77a44ddfa064c4595f4d0bc47fee7f485a5403",
     false},
    {"A with torsion that cancels",
     "af473b61c5116613c972cdbdc96d8462d69f755f818ffd1e9a51b7d23844bc86", "torsion 5",
     "ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081"
     "c8d4bd7f832ed01aaa3f52d4b3c641d4bf12a3139c37e1ab3a3952ed5d7bb403",
     true},
    {"A with torsion: holds only times 8",
     "af473b61c5116613c972cdbdc96d8462d69f755f818ffd1e9a51b7d23844bc86", "torsion 0",
     "ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081"
     "bcaa55444ef880dc2f3363c83639e5bc2a9f45fdd19a2b2d84422bbd9b09f706",
     false},
    {"R with torsion: holds only times 8",
     "d557a89f9d98c77e17b388eb9803129d9c3680647124ae4435098817e573a772", "visit",
     "af6e8e63f857d90bf1afb0d2cd8753a15efed2964adc823c24f85082207e073e"
     "28e36001958495eeb56fbb01594d0d9a7aad558a248b79590419ea669e0f8802",
     false},
    {"A is no point", "0200000000000000000000000000000000000000000000000000000000000000", "visit",
     "a48baa02b3de1f3fa5ebf95c1748b398740952cbb816a074102627d17cb9b4e7"
     "bc610c035b4ab0cd08cda12f993437c5c13b179fabb61c5e116b1b6e66db860c",
     false},
    {"all zero", "0000000000000000000000000000000000000000000000000000000000000000", "visit",
     "0000000000000000000000000000000000000000000000000000000000000000"
     "0000000000000000000000000000000000000000000000000000000000000000",
     false},
};

struct HashVector {
  std::string_view name;
  std::string_view message;
  std::string_view hash;
};

// FIPS 180-4 examples.
constexpr HashVector kHashVectors[] = {
    {"SHA-256 of nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"SHA-256 of one block", "abc",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"SHA-256 of two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

template <typename Fixed>
Fixed Decode(std::string_view hex) {
  const auto bytes = FromHex(hex);
  TB_CHECK(bytes.has_value());
  const auto fixed = Fixed::From(ByteView(*bytes));
  TB_CHECK(fixed.has_value());
  return *fixed;
}

}  // namespace

std::span<const Ed25519Vector> Ed25519Vectors() { return kEd25519Vectors; }

std::optional<std::string_view> SelfTest(Verifier verifier) {
  for (const HashVector& v : kHashVectors) {
    if (Sha256(AsBytes(v.message)) != Decode<Hash>(v.hash)) return v.name;
    const std::size_t half = v.message.size() / 2;
    const Hash in_parts =
        Sha256({AsBytes(v.message.substr(0, half)), AsBytes(v.message.substr(half))});
    if (in_parts != Decode<Hash>(v.hash)) return v.name;
  }
  const Hash seed = Sha256(AsBytes(kSeedText));
  const SecretKey secret(*SecretKey::Seed::From(seed.view()));
  for (const Ed25519Vector& v : kEd25519Vectors) {
    const auto key = Decode<PublicKey>(v.key);
    const auto signature = Decode<Signature>(v.signature);
    if (verifier(key, AsBytes(v.message), signature) != v.is_accepted) return v.name;
    // Signing is deterministic: what verifies under the own key is what it signs.
    const bool is_own = v.is_accepted && key == secret.public_key();
    if (is_own && secret.Sign(AsBytes(v.message)) != signature) return v.name;
  }
  return std::nullopt;
}

}  // namespace timebank::crypto
