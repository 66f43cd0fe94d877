#include "node/storage/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "base/prng.h"
#include "node/storage/crc32c.h"
#include "node/storage/testing/faulty_files.h"

namespace timebank::storage {
namespace {

using consensus::RecordType;
using testing::FaultyFiles;
using testing::kPageBytes;

// Small segments, so that tests cross several of them.
constexpr std::uint32_t kTestSegmentBytes = 4 * kPageBytes;

struct DiskFailed {};

LogOptions Options() {
  LogOptions options;
  options.segment_bytes = kTestSegmentBytes;
  options.prepare_ahead = false;  // the faulty disk is of one thread
  options.make_salt = [next = std::uint8_t{1}]() mutable {
    Salt salt;
    salt.data.fill(std::byte{next++});
    return salt;
  };
  options.fatal = [](const std::string&) { throw DiskFailed{}; };
  return options;
}

struct Opened {
  std::unique_ptr<Log> log;
  std::vector<LogRecord> records;
  std::vector<RecordLocation> locations;
  std::string error;
};

Opened Open(LogFiles& files, std::optional<LogPosition> start = {}) {
  Opened out;
  auto log = Log::Open(files, Options(), start, [&](const ScannedRecord& record) {
    out.records.push_back({record.type, ToBytes(record.payload)});
    out.locations.push_back(record.location);
    return platform::Status(platform::Done{});
  });
  if (!log) {
    out.error = log.error();
    return out;
  }
  if (const auto ready = (*log)->Recover(); !ready) {
    out.error = ready.error();
    return out;
  }
  out.log = std::move(*log);
  return out;
}

LogRecord Record(std::size_t bytes, std::uint8_t fill, RecordType type = RecordType::kMyVote) {
  return {type, Bytes(bytes, std::byte{fill})};
}

// One fill byte per record, as a short name for a log's content.
std::vector<std::uint8_t> Fills(const std::vector<LogRecord>& records) {
  std::vector<std::uint8_t> out;
  for (const LogRecord& record : records) {
    out.push_back(static_cast<std::uint8_t>(record.payload.at(0)));
  }
  return out;
}

TEST(LogTest, RecordsComeBackInTheOrderOfABatchAndAreReadByLocation) {
  FaultyFiles files;
  {
    Opened opened = Open(files);
    ASSERT_TRUE(opened.log) << opened.error;
    const Appended appended = opened.log->AppendAndSync({Record(10, 3, RecordType::kMyVote),
                                                         Record(20, 1, RecordType::kBody),
                                                         Record(30, 2, RecordType::kCertificate)});
    EXPECT_EQ(appended.batch, LogPosition{});
    for (std::uint8_t i = 0; i < 3; ++i) {
      const std::uint8_t fills[] = {3, 1, 2};
      EXPECT_EQ(opened.log->Read(appended.locations[i]).value(),
                Bytes((i + 1U) * 10U, std::byte{fills[i]}));
    }
  }
  Opened again = Open(files);
  ASSERT_TRUE(again.log) << again.error;
  EXPECT_EQ(Fills(again.records), (std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_EQ(again.log->Read(again.locations[1]).value(), Bytes(30, std::byte{2}));
  EXPECT_FALSE(again.log->has_torn_tail());
}

TEST(LogTest, OneSyncPerBatchAndNewSegmentsAreSyncedBeforeUse) {
  FaultyFiles files;
  Opened opened = Open(files);
  const std::uint64_t before = files.syncs();
  (void)opened.log->AppendAndSync({Record(100, 1), Record(100, 2)});
  EXPECT_EQ(files.syncs(), before + 1);
  (void)opened.log->AppendAndSync({Record(opened.log->record_bytes_max(), 3)});
  EXPECT_EQ(files.syncs(), before + 3) << "one for the new segment, one for the batch";
  EXPECT_EQ(opened.log->next().segment, 2U);
  EXPECT_EQ(files.Content(SegmentName(2)).size(), kTestSegmentBytes);
}

TEST(LogTest, RecordsBeyondOneBatchAreSeveralBatchesInOrder) {
  FaultyFiles files;
  Opened opened = Open(files);
  std::vector<LogRecord> records;
  for (std::uint8_t i = 1; i <= 20; ++i) records.push_back(Record(3000, i));
  const Appended appended = opened.log->AppendAndSync(records);
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(opened.log->Read(appended.locations[i]).value(), records[i].payload);
  }
  EXPECT_EQ(appended.batch, LogPosition{});
  EXPECT_EQ(opened.log->next().number, 5U);
  Opened again = Open(files);
  EXPECT_EQ(Fills(again.records), Fills(records));
}

// Appends batches of changing sizes; `acknowledged` holds the fill of each that returned.
void Fill(Log& log, std::uint8_t count, std::vector<std::uint8_t>& acknowledged) {
  for (std::uint8_t i = 1; i <= count; ++i) {
    const std::size_t bytes = 1 + (i * 2657U) % 9000;
    (void)log.AppendAndSync({Record(bytes, i)});
    acknowledged.push_back(i);
  }
}

// Whatever operation fails, and whatever the power cut leaves: every batch that was acknowledged
// is there, at most the one in flight besides, and the log goes on from there.
TEST(LogTest, EveryFailurePointAndAnyPagesKeepWhatWasAcknowledged) {
  std::uint64_t fail_at = 1;
  for (bool failed = true; failed; ++fail_at) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      SCOPED_TRACE("operation " + std::to_string(fail_at) + " seed " + std::to_string(seed));
      FaultyFiles files;
      Prng prng(seed * 1000 + fail_at);
      std::vector<std::uint8_t> acknowledged;
      files.FailOperation(fail_at);
      try {
        Opened opened = Open(files);
        if (opened.log) Fill(*opened.log, 12, acknowledged);
      } catch (const DiskFailed&) {
      }
      failed = files.failed();
      files.Crash(prng);
      Opened again = Open(files);
      ASSERT_TRUE(again.log) << again.error;
      auto found = Fills(again.records);
      if (found.size() == acknowledged.size() + 1) found.pop_back();
      ASSERT_EQ(found, acknowledged);
      (void)again.log->AppendAndSync({Record(5000, 200)});
      EXPECT_EQ(Fills(Open(files).records).back(), 200);
    }
  }
  EXPECT_GT(fail_at, 40U);
}

// All 2^pages outcomes of the last batch, headers and trailers on every side of a page border.
TEST(LogTest, P13TornLastBatchInAnyOrderOfPagesIsNoError) {
  for (const std::size_t lead : {std::size_t{1}, kPageBytes - 100, kPageBytes - 90, kPageBytes}) {
    for (const std::size_t bytes : {std::size_t{10}, kPageBytes, 2 * kPageBytes + 500}) {
      for (std::size_t kept = 0; kept < 16; ++kept) {
        SCOPED_TRACE(std::to_string(lead) + " " + std::to_string(bytes) + " pages " +
                     std::to_string(kept));
        FaultyFiles files;
        Opened opened = Open(files);
        (void)opened.log->AppendAndSync({Record(lead, 1)});
        files.FailOperation(2);  // the sync after the write
        EXPECT_THROW((void)opened.log->AppendAndSync({Record(bytes, 2)}), DiskFailed);
        std::size_t page = 0;
        files.Crash([&](std::size_t choices) {
          return choices == 1 ? 0 : (kept >> page++) & std::size_t{1};
        });
        Opened again = Open(files);
        ASSERT_TRUE(again.log) << again.error;
        ASSERT_GE(again.records.size(), 1U);
        EXPECT_EQ(again.records[0].payload, Bytes(lead, std::byte{1}));
        if (again.records.size() == 2) {
          EXPECT_EQ(again.records[1].payload.size(), bytes);
        }
        // The number of the dropped batch is used again and read back.
        (void)again.log->AppendAndSync({Record(77, 3)});
        EXPECT_EQ(Fills(Open(files).records).back(), 3);
      }
    }
  }
}

class FilledLog : public ::testing::Test {
 protected:
  FilledLog() {
    Opened opened = Open(files_);
    for (std::uint8_t i = 1; i <= 8; ++i) {
      appended_.push_back(opened.log->AppendAndSync({Record(3000, i)}));
    }
    end_ = opened.log->next();
  }
  // Bytes [begin, end) of the last batch in its segment.
  [[nodiscard]] std::size_t LastBatchBegin() const { return appended_.back().batch.offset; }

  FaultyFiles files_;
  std::vector<Appended> appended_;
  LogPosition end_;
};

TEST_F(FilledLog, P13AnyFlippedByteBeforeTheLastBatchIsRefusedWithPlaceAndAdvice) {
  ASSERT_EQ(end_.segment, 2U);
  for (std::uint32_t segment = 1; segment <= 2; ++segment) {
    const std::size_t end = segment == 1 ? kTestSegmentBytes : LastBatchBegin();
    for (std::size_t offset = 0; offset < end; offset += offset % 3000 < 60 ? 1 : 7) {
      SCOPED_TRACE(std::to_string(segment) + " " + std::to_string(offset));
      FaultyFiles damaged = files_;
      damaged.FlipBit(SegmentName(segment), offset, offset % 8);
      const Opened opened = Open(damaged);
      ASSERT_FALSE(opened.log);
      EXPECT_NE(opened.error.find("/faulty/" + SegmentName(segment)), std::string::npos);
      EXPECT_NE(opened.error.find("offset"), std::string::npos);
      EXPECT_NE(opened.error.find("batch"), std::string::npos);
      EXPECT_NE(opened.error.find("Keep the whole data directory"), std::string::npos);
    }
  }
}

TEST_F(FilledLog, RefusalChangesNothing) {
  files_.FlipBit(SegmentName(1), 5000, 3);
  const Bytes before = files_.Content(SegmentName(2));
  ASSERT_FALSE(Open(files_).log);
  EXPECT_EQ(files_.List().value().size(), 2U);
  EXPECT_EQ(files_.Content(SegmentName(2)), before);
}

TEST_F(FilledLog, AFlippedByteInTheLastBatchLooksTornAndBehindItIsNothing) {
  const std::size_t begin = LastBatchBegin();
  for (std::size_t offset = begin; offset < kTestSegmentBytes; offset += 11) {
    SCOPED_TRACE(offset);
    FaultyFiles damaged = files_;
    damaged.FlipBit(SegmentName(2), offset, 0);
    const Opened opened = Open(damaged);
    ASSERT_TRUE(opened.log) << opened.error;
    EXPECT_EQ(opened.records.size(), offset < end_.offset ? 7U : 8U);
    EXPECT_TRUE(opened.log->has_torn_tail());
  }
}

TEST_F(FilledLog, EmptyHalfMadeOrPreallocatedSegmentBehindIsNoError) {
  const Bytes header = EncodeSegmentHeader(Salt{});
  Bytes whole = header;
  whole.resize(kTestSegmentBytes);
  Bytes cut = header;
  cut.resize(20);
  for (const Bytes& content : {Bytes{}, cut, header, Bytes(kTestSegmentBytes), whole}) {
    for (const bool torn : {false, true}) {
      FaultyFiles files = files_;
      files.SetContent(SegmentName(3), content);
      if (torn) files.FlipBit(SegmentName(2), LastBatchBegin() + 2, 0);
      Opened opened = Open(files);
      ASSERT_TRUE(opened.log) << opened.error;
      EXPECT_EQ(opened.records.size(), torn ? 7U : 8U);
      // Two of these do not fit behind what is there: the segment behind is made anew.
      (void)opened.log->AppendAndSync({Record(9000, 98)});
      (void)opened.log->AppendAndSync({Record(9000, 99)});
      EXPECT_EQ(Fills(Open(files).records).back(), 99);
    }
  }
}

TEST_F(FilledLog, ExchangedSegmentsAreRefused) {
  files_.SetContent(SegmentName(2), files_.Content(SegmentName(1)));
  EXPECT_NE(Open(files_).error.find("files were exchanged"), std::string::npos);
}

TEST_F(FilledLog, AMissingSegmentIsRefused) {
  FaultyFiles gap = files_;
  gap.SetContent(SegmentName(4), files_.Content(SegmentName(2)));
  EXPECT_NE(Open(gap).error.find(SegmentName(3) + " is missing"), std::string::npos);
  ASSERT_TRUE(files_.Remove(SegmentName(1)));
  const Opened opened = Open(files_);
  ASSERT_FALSE(opened.log);
  EXPECT_NE(opened.error.find(SegmentName(1) + " is missing"), std::string::npos);
}

TEST_F(FilledLog, UnknownVersionSaysWhatToStart) {
  ByteWriter header;
  header.Raw("TBnodlog").U32(kLogVersion + 1).Raw(Salt{}.view());
  header.U32(Crc32c(header.bytes()));
  Bytes content = files_.Content(SegmentName(2));
  std::copy(header.bytes().begin(), header.bytes().end(), content.begin());
  files_.SetContent(SegmentName(2), content);
  EXPECT_NE(Open(files_).error.find("start the version that wrote it"), std::string::npos);
}

TEST_F(FilledLog, AStartPositionSkipsWhatLiesBeforeItAndMustExist) {
  const LogPosition start = appended_[4].batch;
  Opened opened = Open(files_, start);
  ASSERT_TRUE(opened.log) << opened.error;
  EXPECT_EQ(Fills(opened.records), (std::vector<std::uint8_t>{5, 6, 7, 8}));
  // Damage before it is found when that record is read, not at start.
  FaultyFiles damaged = files_;
  damaged.FlipBit(SegmentName(appended_[1].locations[0].segment),
                  appended_[1].locations[0].offset + 5, 0);
  Opened old = Open(damaged, start);
  ASSERT_TRUE(old.log) << old.error;
  EXPECT_TRUE(old.log->Read(appended_[0].locations[0]));
  const auto read = old.log->Read(appended_[1].locations[0]);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().find("is damaged"), std::string::npos);

  // The database follows the log, so a log without that batch is another or a shortened one.
  FaultyFiles shortened = files_;
  Bytes content = shortened.Content(SegmentName(2));
  std::fill(content.begin() + kSegmentHeaderBytes, content.end(), std::byte{0});
  shortened.SetContent(SegmentName(2), content);
  EXPECT_FALSE(Open(shortened, appended_.back().batch).log);
  FaultyFiles empty;
  EXPECT_FALSE(Open(empty, start).log);
  EXPECT_FALSE(Open(empty, LogPosition{}).log);
  EXPECT_TRUE(empty.List()->empty());
}

TEST_F(FilledLog, ABatchWithinABodyIsNoBatchOfTheLog) {
  // A client puts bytes into a block that look like a later batch; it cannot know the salt.
  Opened opened = Open(files_);
  Salt guessed;
  guessed.data.fill(std::byte{0xAB});
  const Bytes forged = EncodeBatch(1000, guessed, std::vector<LogRecord>{Record(10, 1)});
  const Appended body = opened.log->AppendAndSync({{RecordType::kBody, forged}});
  files_.FlipBit(SegmentName(body.locations[0].segment),
                 body.locations[0].offset - kRecordHeaderBytes, 0);
  const Opened again = Open(files_);
  ASSERT_TRUE(again.log) << again.error;
  EXPECT_TRUE(again.log->has_torn_tail());
  EXPECT_EQ(again.records.size(), 8U);
}

TEST(LogDeathTest, AFailedSyncEndsTheProcess) {
  FaultyFiles files;
  LogOptions options = Options();
  options.fatal = nullptr;
  auto log = Log::Open(files, options, {},
                       [](const ScannedRecord&) { return platform::Status(platform::Done{}); });
  ASSERT_TRUE(log);
  ASSERT_TRUE((*log)->Recover());
  files.FailOperation(2);
  EXPECT_DEATH((void)(*log)->AppendAndSync({Record(10, 1)}), "storage failed.*sync");
}

TEST(LogTest, PosixFilesHoldTheLogAcrossOpensAndSegments) {
  std::string directory = ::testing::TempDir() + "tb_log_XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const auto files = OpenLogDirectory(directory + "/log");
  ASSERT_TRUE(files) << files.error();
  std::vector<std::uint8_t> acknowledged;
  for (int round = 0; round < 3; ++round) {
    Opened opened = Open(**files);
    ASSERT_TRUE(opened.log) << opened.error;
    EXPECT_EQ(Fills(opened.records), acknowledged);
    Fill(*opened.log, 10, acknowledged);
  }
  EXPECT_GT(files.value()->List()->size(), 5U);
  std::filesystem::remove_all(directory);
}

TEST(LogTest, TheNextSegmentIsMadeAheadOnceHalfOfOneIsUsed) {
  std::string directory = ::testing::TempDir() + "tb_log_XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const auto files = OpenLogDirectory(directory);
  ASSERT_TRUE(files);
  LogOptions options = Options();
  options.prepare_ahead = true;
  const auto ignore = [](const ScannedRecord&) { return platform::Status(platform::Done{}); };
  auto log = Log::Open(**files, options, {}, ignore);
  ASSERT_TRUE((*log)->Recover());
  (void)(*log)->AppendAndSync({Record(kTestSegmentBytes / 4, 1)});
  EXPECT_EQ(files.value()->List()->size(), 1U);
  (void)(*log)->AppendAndSync({Record(kTestSegmentBytes / 3, 2)});
  *log = nullptr;  // waits for the thread
  EXPECT_EQ(std::filesystem::file_size(directory + "/" + SegmentName(2)), kTestSegmentBytes);
  Opened again = Open(**files);
  ASSERT_TRUE(again.log) << again.error;
  EXPECT_EQ(again.log->next().segment, 1U) << "the rest of the first one is used";
  EXPECT_EQ(Fills(again.records), (std::vector<std::uint8_t>{1, 2}));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace timebank::storage
