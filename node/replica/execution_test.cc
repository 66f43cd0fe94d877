#include "node/replica/execution.h"

#include <memory>

namespace timebank::replica {
namespace {

Hash Digest(int number) {
  Hash digest;
  digest.data[0] = static_cast<std::byte>(number);
  digest.data[1] = std::byte{1};
  return digest;
}

SharedExecution At(std::uint64_t height) {
  auto execution = std::make_shared<Execution>();
  execution->height = Height(height);
  return execution;
}

TEST(ExecutionCache, ForgetsWhatIsFinalAndKeepsWhatIsAbove) {
  ExecutionCache cache;
  cache.Add(Digest(1), At(1));
  cache.Add(Digest(2), At(2));
  cache.Add(Digest(3), At(2));
  cache.Add(Digest(4), At(3));
  cache.Prune(Height(2));
  EXPECT_EQ(cache.Find(Digest(1)), nullptr);
  EXPECT_EQ(cache.Find(Digest(2)), nullptr);
  EXPECT_EQ(cache.Find(Digest(3)), nullptr);
  EXPECT_NE(cache.Find(Digest(4)), nullptr);
}

TEST(ExecutionCache, IsBoundedAndDropsTheOldestFirst) {
  ExecutionCache cache;
  const int above = static_cast<int>(ExecutionCache::kExecutionsMax) + 1;
  for (int i = 0; i < above; ++i) cache.Add(Digest(i), At(1));
  EXPECT_EQ(cache.Find(Digest(0)), nullptr);
  EXPECT_NE(cache.Find(Digest(1)), nullptr);
  EXPECT_NE(cache.Find(Digest(above - 1)), nullptr);
}

TEST(ExecutionCache, PruningMakesRoomForNewOnes) {
  ExecutionCache cache;
  const int most = static_cast<int>(ExecutionCache::kExecutionsMax);
  for (int i = 0; i < most; ++i) cache.Add(Digest(i), At(1));
  cache.Prune(Height(1));
  for (int i = 0; i < most; ++i) cache.Add(Digest(100 + i), At(2));
  EXPECT_NE(cache.Find(Digest(100)), nullptr);
}

}  // namespace
}  // namespace timebank::replica
