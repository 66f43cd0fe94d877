// The fixture that the tests of NodeStorage share: one storage on a backend, stopped and started.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/storage/node_storage.h"
#include "node/storage/testing/node_storage_backends.h"
#include "node/storage/testing/sample_blocks.h"

namespace timebank::storage::testing {

using consensus::Record;

template <typename Backend>
class NodeStorageTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    storage_.reset();
    auto opened = backend_.Open();
    ASSERT_TRUE(opened) << opened.error();
    storage_ = std::move(*opened);
  }
  // The sentence with which the next start is refused; empty when it is not.
  [[nodiscard]] std::string RefusedBecause(NodeStorageOptions options = Options()) {
    storage_.reset();
    const auto opened = backend_.Open(std::move(options));
    return opened ? "" : opened.error();
  }
  void Commit(std::uint64_t first, std::uint64_t last) {
    // Long runs share syncs, to be quick on a real disk.
    const std::uint64_t group = last - first > 500 ? 4 : 1;
    for (std::uint64_t begin = first; begin <= last; begin += group) {
      const std::uint64_t end = std::min(last + 1, begin + group);
      std::vector<Record> records;
      for (std::uint64_t height = begin; height < end; ++height) {
        const auto more = SampleCommit(height).records();
        records.insert(records.end(), more.begin(), more.end());
      }
      storage_->Append(records, /*sync=*/true);
      for (std::uint64_t height = begin; height < end; ++height) {
        storage_->CommitBlock(SampleCommit(height).batch());
      }
    }
  }
  [[nodiscard]] std::map<std::string, std::string> State() {
    std::map<std::string, std::string> state;
    storage_->VisitState(
        [&](ByteView key, ByteView value) { state[ToString(key)] = ToString(value); });
    return state;
  }
  void Append(const Record& record, bool sync = true) {
    storage_->Append(std::vector<Record>{record}, sync);
  }
  // Views of my votes among the records.
  [[nodiscard]] std::vector<std::uint64_t> VotesIn(const std::vector<Record>& records) const {
    std::vector<std::uint64_t> views;
    for (const Record& record : records) {
      if (const auto* vote = std::get_if<consensus::MyVoteRecord>(&record)) {
        views.push_back(vote->vote.position.view.value());
      }
    }
    return views;
  }
  [[nodiscard]] std::vector<std::uint64_t> HeightsIn(const std::vector<Record>& records) const {
    std::vector<std::uint64_t> heights;
    for (const Record& record : records) {
      if (const auto* body = std::get_if<consensus::BodyRecord>(&record)) {
        heights.push_back(body->block.header().height.value());
      }
    }
    return heights;
  }
  // Where a block's body starts in the log.
  [[nodiscard]] RecordLocation Find(std::uint64_t height) const {
    RecordLocation found;
    const Bytes wanted = consensus::EncodeRecord(consensus::BodyRecord{SampleBlock(height)});
    for (std::uint32_t segment = 1; segment <= 99 && found.length == 0; ++segment) {
      const Bytes bytes = ReadSegment(segment);
      const auto at = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
      if (at == bytes.end()) continue;
      found = {.segment = segment,
               .offset = static_cast<std::uint32_t>(at - bytes.begin()),
               .length = static_cast<std::uint32_t>(wanted.size())};
    }
    EXPECT_GT(found.length, 0U);
    return found;
  }
  [[nodiscard]] Bytes ReadSegment(std::uint32_t segment) const {
    if constexpr (std::is_same_v<Backend, MemoryBackend>) {
      return backend_.files->Content(SegmentName(segment));
    } else {
      const auto files = OpenLogDirectory(backend_.directory + "/log");
      const auto file = files.value()->Open(SegmentName(segment));
      Bytes bytes(static_cast<std::size_t>(file.value()->Size().value()));
      EXPECT_TRUE(file.value()->Read(0, bytes));
      return bytes;
    }
  }

  Backend backend_;
  std::unique_ptr<NodeStorage> storage_;
};

}  // namespace timebank::storage::testing
