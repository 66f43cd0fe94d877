#include "platform/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "platform/clock.h"
#include "platform/disk.h"

namespace timebank::platform {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern = ::testing::TempDir() + "tb_file_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~FileTest() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  [[nodiscard]] std::size_t FileCount() const {
    const std::filesystem::directory_iterator entries(directory_);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }
  std::string directory_;
};

unsigned ModeOf(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

TEST_F(FileTest, AtomicWriteReplacesContentAndLeavesNothingBehind) {
  ASSERT_TRUE(WriteFileAtomically(Path("a"), AsBytes("first, longer"), kModePublic));
  ASSERT_TRUE(WriteFileAtomically(Path("a"), AsBytes("second"), kModePrivate));
  EXPECT_EQ(ReadTextFile(Path("a")).value(), "second");
  EXPECT_EQ(ModeOf(Path("a")), kModePrivate);
  EXPECT_EQ(FileCount(), 1U);
}

TEST_F(FileTest, FailedAtomicWriteKeepsTheOldContent) {
  ASSERT_TRUE(CreateDirectories(Path("taken/inside")));
  const auto over_directory = WriteFileAtomically(Path("taken"), AsBytes("x"));
  ASSERT_FALSE(over_directory);
  EXPECT_NE(over_directory.error().find("taken"), std::string::npos);
  EXPECT_EQ(FileCount(), 1U);
  EXPECT_FALSE(WriteFileAtomically(Path("absent/a"), AsBytes("x")));
}

TEST_F(FileTest, ModeHoldsWhateverTheUmask) {
  const mode_t before = ::umask(0077);
  ASSERT_TRUE(WriteFileAtomically(Path("public"), {}, kModePublic));
  ::umask(before);
  EXPECT_EQ(ModeOf(Path("public")), kModePublic);
  EXPECT_TRUE(ReadFile(Path("public")).value().empty());
}

TEST_F(FileTest, ExclusiveCreationRefusesAnExistingFileAndALink) {
  ASSERT_TRUE(CreateFileExclusively(Path("key"), AsBytes("one"), kModePrivate));
  EXPECT_FALSE(CreateFileExclusively(Path("key"), AsBytes("two"), kModePrivate));
  EXPECT_EQ(ReadTextFile(Path("key")).value(), "one");
  ASSERT_EQ(::symlink(Path("elsewhere").c_str(), Path("link").c_str()), 0);
  EXPECT_FALSE(CreateFileExclusively(Path("link"), AsBytes("two"), kModePrivate));
  EXPECT_FALSE(FileExists(Path("elsewhere")));
}

TEST_F(FileTest, MissingFileIsNamedInTheError) {
  const auto missing = ReadFile(Path("nothing"));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find(Path("nothing")), std::string::npos);
}

TEST_F(FileTest, DirectoryOfAPath) {
  EXPECT_EQ(DirectoryOf("a"), ".");
  EXPECT_EQ(DirectoryOf("/a"), "/");
  EXPECT_EQ(DirectoryOf("x/y/a"), "x/y");
}

TEST_F(FileTest, DiskIsLowBelowTheWatermarkAndWhereItCannotBeAsked) {
  const auto space = SpaceOf(directory_);
  ASSERT_TRUE(space);
  EXPECT_LE(space->free_bytes, space->total_bytes);
  EXPECT_FALSE(IsDiskLow(directory_, 0));
  EXPECT_TRUE(IsDiskLow(directory_, space->total_bytes + 1));
  EXPECT_TRUE(IsDiskLow(Path("absent"), 0));
}

TEST(ClockTest, ClocksRunForwardAndWallTimeIsAPlausibleDate) {
  constexpr std::uint64_t kYear2020Ms = 1'577'836'800'000;
  EXPECT_GT(WallTime().value(), kYear2020Ms);
  const std::uint64_t before = MonotonicUs();
  EXPECT_LE(before, MonotonicUs());
  EXPECT_LE(MonotonicMs(), MonotonicUs() / 1000);
}

}  // namespace
}  // namespace timebank::platform
