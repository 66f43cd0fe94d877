// The log against the definition of RFC 9162 and against shared vectors where present.
#include "chain/log_tree.h"

#include <gtest/gtest.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/prng.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

// The definition of RFC 9162, section 2.1.1, word by word.
Hash NaiveRoot(std::span<const Bytes> leaves) {
  if (leaves.empty()) return crypto::Sha256(ByteView{});
  if (leaves.size() == 1) return LogLeafHash(leaves[0]);
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  return LogNodeHash(NaiveRoot(leaves.first(k)), NaiveRoot(leaves.subspan(k)));
}

std::vector<Bytes> Leaves(std::size_t count) {
  std::vector<Bytes> leaves;
  for (std::size_t i = 0; i < count; ++i)
    leaves.push_back(ByteWriter().U32(std::uint32_t(i)).Take());
  return leaves;
}

LogTree TreeOf(std::span<const Bytes> leaves) {
  LogTree tree;
  for (const Bytes& leaf : leaves) tree.Append(LogLeafHash(leaf));
  return tree;
}

TEST(LogTreeTest, RootsOfTheReferenceTree) {
  // Leaves and roots of the reference tree that Certificate Transparency logs test with.
  const char* const kLeaves[] = {"",
                                 "00",
                                 "10",
                                 "2021",
                                 "3031",
                                 "40414243",
                                 "5051525354555657",
                                 "606162636465666768696a6b6c6d6e6f"};
  const char* const kRoots[] = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  };
  LogTree tree;
  LogFrontier frontier;
  for (std::size_t size = 0; size < std::size(kRoots); ++size) {
    SCOPED_TRACE(size);
    EXPECT_EQ(ToHex(tree.Root().view()), kRoots[size]);
    EXPECT_EQ(ToHex(frontier.Root().view()), kRoots[size]);
    if (size == std::size(kLeaves)) break;
    tree.Append(LogLeafHash(*FromHex(kLeaves[size])));
    frontier.Append(LogLeafHash(*FromHex(kLeaves[size])));
  }
}

TEST(LogTreeTest, AgreesWithTheDefinitionAtEverySize) {
  const std::vector<Bytes> leaves = Leaves(70);
  const std::vector<ByteView> views(leaves.begin(), leaves.end());
  const LogTree tree = TreeOf(leaves);
  LogFrontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    const Hash expected = NaiveRoot(std::span(leaves).first(size));
    EXPECT_EQ(tree.Root(size), expected) << size;
    EXPECT_EQ(frontier.Root(), expected) << size;
    EXPECT_EQ(MerkleRoot(std::span(views).first(size)), expected) << size;
    EXPECT_EQ(LogFrontier(frontier.size(), frontier.peaks()), frontier);
    if (size < leaves.size()) frontier.Append(LogLeafHash(leaves[size]));
  }
}

TEST(LogTreeTest, EveryInclusionPathVerifiesAndNoNeighbourDoes) {
  const std::vector<Bytes> leaves = Leaves(33);
  const LogTree tree = TreeOf(leaves);
  for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
    const Hash root = tree.Root(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const Hash leaf = LogLeafHash(leaves[index]);
      std::vector<Hash> path = tree.InclusionPath(index, size);
      EXPECT_TRUE(VerifyInclusion(leaf, index, size, path, root));
      EXPECT_FALSE(VerifyInclusion(leaf, index ^ 1, size, path, root));
      EXPECT_FALSE(VerifyInclusion(leaf, index + size, size, path, root));
      EXPECT_FALSE(VerifyInclusion(LogNodeHash(leaf, leaf), index, size, path, root));
      path.push_back(root);
      EXPECT_FALSE(VerifyInclusion(leaf, index, size, path, root));
      path.pop_back();
      if (path.empty()) continue;
      path.back().data[31] ^= std::byte{1};
      EXPECT_FALSE(VerifyInclusion(leaf, index, size, path, root));
      path.pop_back();
      EXPECT_FALSE(VerifyInclusion(leaf, index, size, path, root));
    }
  }
}

TEST(LogTreeTest, EveryConsistencyProofVerifiesAndNoChangedOneDoes) {
  const LogTree tree = TreeOf(Leaves(33));
  for (std::uint64_t second = 1; second <= tree.size(); ++second) {
    for (std::uint64_t first = 1; first <= second; ++first) {
      SCOPED_TRACE(std::to_string(first) + " of " + std::to_string(second));
      const LogHead from{first, tree.Root(first)};
      const LogHead to{second, tree.Root(second)};
      std::vector<Hash> proof = tree.ConsistencyProof(first, second);
      EXPECT_TRUE(VerifyConsistency(from, to, proof));
      EXPECT_FALSE(VerifyConsistency({first, tree.Root(first - 1)}, to, proof));
      EXPECT_FALSE(VerifyConsistency(from, {second, tree.Root(second - 1)}, proof));
      EXPECT_FALSE(VerifyConsistency({first - 1, from.root}, to, proof));
      proof.push_back(from.root);
      EXPECT_FALSE(VerifyConsistency(from, to, proof));
      proof.pop_back();
      if (proof.empty()) continue;
      proof.front().data[0] ^= std::byte{0x80};
      EXPECT_FALSE(VerifyConsistency(from, to, proof));
    }
  }
}

TEST(LogTreeTest, ALogOfSizeZeroIsTheBeginningOfEveryLog) {
  const LogTree tree = TreeOf(Leaves(5));
  const LogHead now{5, tree.Root()};
  EXPECT_TRUE(VerifyConsistency({0, LogFrontier().Root()}, now, {}));
  EXPECT_FALSE(VerifyConsistency({0, Hash{}}, now, {}));
  EXPECT_FALSE(VerifyConsistency(now, {4, tree.Root(4)}, {}));
}

// Standard base64, as the shared vectors have it; empty when malformed.
std::optional<Bytes> FromBase64(const std::string& text) {
  static const std::string kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Bytes out;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (char c : text.substr(0, text.find('='))) {
    const auto digit = kAlphabet.find(c);
    if (digit == std::string::npos) return std::nullopt;
    buffer = (buffer << 6) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<std::byte>((buffer >> bits) & 0xFF));
  }
  return out;
}

std::optional<Hash> HashFromBase64(const std::string& text) {
  const auto bytes = FromBase64(text);
  return bytes ? Hash::From(ByteView(*bytes)) : std::nullopt;
}

// A hash of another length cannot be given to VerifyInclusion at all: refused as well.
bool Accepts(const nlohmann::json& row) {
  const auto leaf = HashFromBase64(row["leafHash"]);
  const auto root = HashFromBase64(row["root"]);
  std::vector<Hash> path;
  if (!row["proof"].is_null()) {
    for (const auto& text : row["proof"]) {
      const auto hash = HashFromBase64(text);
      if (!hash) return false;
      path.push_back(*hash);
    }
  }
  return leaf && root &&
         VerifyInclusion(*leaf, row["leafIdx"].get<std::uint64_t>(),
                         row["treeSize"].get<std::uint64_t>(), path, *root);
}

TEST(LogTreeTest, AgreesWithTheSharedInclusionVectors) {
  const std::filesystem::path file =
      std::filesystem::path(TIMEBANK_SOURCE_DIR) / "../shared/vectors/merkle/inclusion.json";
  std::ifstream in(file);
  if (!in) GTEST_SKIP() << "no shared vectors beside the source tree";
  const auto rows = nlohmann::json::parse(in);
  ASSERT_FALSE(rows.empty());
  for (const auto& row : rows) {
    EXPECT_EQ(Accepts(row), !row["wantErr"].get<bool>()) << row["_name"];
  }
}

}  // namespace
}  // namespace timebank::chain
