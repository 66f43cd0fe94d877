// The tree against a recomputation from the format's text, in every order of changes.
#include "chain/state_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "base/prng.h"
#include "crypto/sha256.h"

namespace timebank::chain {
namespace {

using Records = std::map<Bytes, Bytes>;

// FORMATS 7 word by word, over all leaves whose hashes share the first `depth` bits.
Hash NaiveRoot(const std::map<Hash, Hash>& value_hashes, std::size_t depth = 0) {
  if (value_hashes.empty()) return Hash{};
  if (value_hashes.size() == 1) {
    const auto& [key_hash, value_hash] = *value_hashes.begin();
    return crypto::Sha256(
        ByteWriter().U8(0x10).Raw(key_hash.view()).Raw(value_hash.view()).bytes());
  }
  std::map<Hash, Hash> sides[2];
  for (const auto& [key_hash, value_hash] : value_hashes) {
    const unsigned byte = std::to_integer<unsigned>(key_hash.data[depth / 8]);
    sides[(byte >> (7 - depth % 8)) & 1][key_hash] = value_hash;
  }
  const Hash left = NaiveRoot(sides[0], depth + 1);
  const Hash right = NaiveRoot(sides[1], depth + 1);
  return crypto::Sha256(ByteWriter().U8(0x11).Raw(left.view()).Raw(right.view()).bytes());
}

Hash RootOf(const Records& records) {
  std::map<Hash, Hash> hashes;
  for (const auto& [key, value] : records) hashes[crypto::Sha256(key)] = crypto::Sha256(value);
  return NaiveRoot(hashes);
}

Bytes Key(std::uint64_t number) { return ByteWriter().U8(7).U64(number).Take(); }

Records Content(const StateTree& tree) {
  Records records;
  tree.ForEach([&](ByteView key, ByteView value) { records[ToBytes(key)] = ToBytes(value); });
  return records;
}

// The same change in a tree and in a map.
void Change(Prng& prng, std::uint64_t key_bound, StateTree& tree, Records& records) {
  const Bytes key = Key(prng.Below(key_bound));
  if (prng.Chance(2, 5)) {
    EXPECT_EQ(tree.Erase(key), records.erase(key) == 1);
  } else {
    const Bytes value = ByteWriter().U64(prng.Below(4)).Take();
    tree.Put(key, value);
    records[key] = value;
  }
}

TEST(StateTreeTest, SmallTreesHaveTheRootsOfTheFormat) {
  StateTree tree;
  EXPECT_TRUE(tree.Root().IsZero());
  tree.Put(AsBytes("a"), AsBytes("1"));
  const Hash key_hash = crypto::Sha256(AsBytes("a"));
  const Hash value_hash = crypto::Sha256(AsBytes("1"));
  EXPECT_EQ(
      tree.Root(),
      crypto::Sha256(ByteWriter().U8(0x10).Raw(key_hash.view()).Raw(value_hash.view()).bytes()));
  EXPECT_TRUE(tree.Erase(AsBytes("a")));
  EXPECT_TRUE(tree.Root().IsZero());
  EXPECT_EQ(tree.size(), 0U);
}

TEST(StateTreeTest, RootDependsOnContentOnly) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    StateTree tree;
    Records records;
    const std::uint64_t key_bound = 1 + prng.Below(60);
    for (int step = 0; step < 120; ++step) {
      Change(prng, key_bound, tree, records);
      if (prng.Chance(1, 8)) {
        EXPECT_EQ(tree.Root(), RootOf(records));
      }
    }
    EXPECT_EQ(tree.Root(), RootOf(records));
    EXPECT_EQ(tree.size(), records.size());
    EXPECT_EQ(Content(tree), records);
    std::vector<Bytes> keys;
    for (const auto& [key, value] : records) keys.push_back(key);
    prng.Shuffle(keys);
    StateTree again;
    for (const Bytes& key : keys) again.Put(key, records[key]);
    EXPECT_EQ(again.Root(), tree.Root());
    for (const Bytes& key : keys) EXPECT_TRUE(again.Erase(key));
    EXPECT_TRUE(again.Root().IsZero());
  }
}

TEST(StateTreeTest, GetSeesTheLatestValueOrNone) {
  Prng prng(3);
  StateTree tree;
  Records records;
  for (int step = 0; step < 2000; ++step) {
    Change(prng, 300, tree, records);
    const Bytes key = Key(prng.Below(300));
    const auto value = tree.Get(key);
    ASSERT_EQ(value.has_value(), records.contains(key));
    if (value) {
      EXPECT_EQ(ToBytes(*value), records[key]);
    }
  }
}

TEST(StateTreeTest, ACopyNeverSeesALaterChangeOfTheOther) {
  Prng prng(4);
  std::vector<std::pair<StateTree, Records>> versions(1);
  for (int step = 0; step < 300; ++step) {
    // Half of the time a version is copied and the copy goes on, as on branches of the chain.
    auto version = versions[prng.Below(versions.size())];
    for (int i = 0; i < 10; ++i) Change(prng, 200, version.first, version.second);
    if (prng.Chance(1, 2)) {
      EXPECT_EQ(version.first.Root(), RootOf(version.second));
    }
    if (versions.size() < 20) {
      versions.push_back(std::move(version));
    } else {
      versions[prng.Below(versions.size())] = version;
    }
  }
  for (const auto& [tree, records] : versions) {
    EXPECT_EQ(tree.Root(), RootOf(records));
    EXPECT_EQ(Content(tree), records);
  }
}

TEST(StateTreeTest, ACopyOfATreeWithPendingChangesIsWhole) {
  StateTree tree;
  for (std::uint64_t i = 0; i < 50; ++i) tree.Put(Key(i), AsBytes("v"));
  StateTree copy = tree;
  copy.Put(Key(3), AsBytes("w"));
  EXPECT_EQ(AsText(*tree.Get(Key(3))), "v");
  EXPECT_NE(copy.Root(), tree.Root());
  copy.Put(Key(3), AsBytes("v"));
  EXPECT_EQ(copy.Root(), tree.Root());
  copy = std::move(tree);
  EXPECT_EQ(copy.size(), 50U);
  StateTree& same = copy;
  copy = same;
  EXPECT_EQ(copy.size(), 50U);
}

TEST(StateTreeTest, ForEachGoesInOrderOfKeyHash) {
  StateTree tree;
  for (std::uint64_t i = 0; i < 500; ++i) tree.Put(Key(i), AsBytes("v"));
  Hash last;
  tree.ForEach([&](ByteView key, ByteView) {
    const Hash next = crypto::Sha256(key);
    EXPECT_LT(last, next);
    last = next;
  });
}

TEST(StateTreeTest, ChangesSinceAnotherTreeAreExactlyTheDifference) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    StateTree before;
    Records replayed;
    const int first = static_cast<int>(prng.Below(60));
    for (int i = 0; i < first; ++i) Change(prng, 40, before, replayed);
    StateTree after = before;
    Records expected = replayed;
    const Records old = replayed;
    const int second = static_cast<int>(prng.Below(30));
    for (int i = 0; i < second; ++i) Change(prng, 40, after, expected);
    Hash last;
    after.ForEachChangeSince(before, [&](ByteView key, std::optional<ByteView> value) {
      const Hash next = crypto::Sha256(key);
      EXPECT_LT(last, next);
      last = next;
      if (value) {
        EXPECT_FALSE(old.contains(ToBytes(key)) && old.at(ToBytes(key)) == ToBytes(*value));
        replayed[ToBytes(key)] = ToBytes(*value);
      } else {
        EXPECT_EQ(replayed.erase(ToBytes(key)), 1U);
      }
    });
    EXPECT_EQ(replayed, expected);
  }
}

TEST(StateTreeTest, ProofsOfPresenceAndAbsenceVerifyAndNoChangedOneDoes) {
  for (std::uint64_t count : {0U, 1U, 2U, 3U, 5U, 40U, 700U}) {
    StateTree tree;
    for (std::uint64_t i = 0; i < count; ++i) tree.Put(Key(i), ByteWriter().U64(i).Take());
    const Hash root = tree.Root();
    for (std::uint64_t i = 0; i < count + 40; ++i) {
      SCOPED_TRACE(std::to_string(i) + " of " + std::to_string(count));
      const Bytes value = ByteWriter().U64(i).Take();
      const std::optional<ByteView> truth =
          i < count ? std::optional(ByteView(value)) : std::nullopt;
      const std::optional<ByteView> lie = i < count ? std::nullopt : std::optional(ByteView(value));
      StateProof proof = tree.Prove(Key(i));
      EXPECT_TRUE(VerifyStateProof(root, Key(i), truth, proof));
      EXPECT_FALSE(VerifyStateProof(root, Key(i), lie, proof));
      EXPECT_FALSE(VerifyStateProof(crypto::Sha256(AsBytes("x")), Key(i), truth, proof));
      if (truth) {
        EXPECT_FALSE(VerifyStateProof(root, Key(i), AsBytes("other"), proof));
      }
      for (Hash& sibling : proof.siblings) {
        sibling.data[5] ^= std::byte{1};
        EXPECT_FALSE(VerifyStateProof(root, Key(i), truth, proof));
        sibling.data[5] ^= std::byte{1};
      }
      proof.siblings.push_back(Hash{});
      EXPECT_FALSE(VerifyStateProof(root, Key(i), truth, proof));
      proof.siblings.resize(257);
      EXPECT_FALSE(VerifyStateProof(root, Key(i), truth, proof));
    }
  }
}

TEST(StateTreeTest, ALeafElsewhereProvesNoAbsence) {
  StateTree tree;
  for (std::uint64_t i = 0; i < 40; ++i) tree.Put(Key(i), AsBytes("v"));
  for (std::uint64_t i = 0; i < 40; ++i) {
    for (std::uint64_t j = 0; j < 40; ++j) {
      // The honest path of record j, offered as the absence of record i.
      StateProof proof = tree.Prove(Key(j));
      proof.other = {crypto::Sha256(Key(j)), crypto::Sha256(AsBytes("v"))};
      EXPECT_FALSE(VerifyStateProof(tree.Root(), Key(i), std::nullopt, proof));
    }
  }
}

TEST(StateTreeTest, ReadersOfCopiesAreNotDisturbedByTheOwner) {
  StateTree owner;
  for (std::uint64_t i = 0; i < 400; ++i) owner.Put(Key(i), AsBytes("first"));
  const Hash root = owner.Root();
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([snapshot = owner, root] {
      for (std::uint64_t round = 0; round < 20; ++round) {
        StateTree scratch = snapshot;
        for (std::uint64_t i = 0; i < 400; ++i) EXPECT_EQ(AsText(*snapshot.Get(Key(i))), "first");
        scratch.Put(Key(round), AsBytes("second"));
        EXPECT_NE(scratch.Root(), root);
        EXPECT_EQ(snapshot.Root(), root);
      }
    });
  }
  for (std::uint64_t i = 0; i < 400; ++i) {
    owner.Put(Key(i), AsBytes("third"));
    EXPECT_NE(owner.Root(), root);
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace timebank::chain
