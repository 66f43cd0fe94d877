// What a NodeStorage of the tests stands on: a faulty disk in memory, or real files with RocksDB.
// Both outlive the storage, like a disk its process.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "crypto/sha256.h"
#include "node/storage/node_storage.h"
#include "node/storage/testing/faulty_files.h"
#include "node/storage/testing/memory_kv.h"

namespace timebank::storage::testing {

inline constexpr Millis kStart{1000};

inline NodeStorageOptions Options() {
  NodeStorageOptions options;
  options.chain_id = crypto::Sha256(AsBytes("chain"));
  options.log.segment_bytes = 64U << 10;
  return options;
}

using OpenedStorage = platform::Result<std::unique_ptr<NodeStorage>>;

// A faulty disk in memory that outlives the storage on it.
struct MemoryBackend {
  std::shared_ptr<FaultyFiles> files = std::make_shared<FaultyFiles>();
  MemoryKvDisk disk;

  [[nodiscard]] OpenedStorage Open(NodeStorageOptions options = Options()) {
    options.log.prepare_ahead = false;  // the faulty disk is of one thread
    return NodeStorage::OpenOn(files, std::make_unique<MemoryKv>(disk), std::move(options));
  }
  void FlipLogByte(std::uint32_t segment, std::size_t offset) const {
    files->FlipBit(SegmentName(segment), offset, 0);
  }
  void RemoveLog() const {
    const auto names = files->List();
    for (const std::string& name : *names) ASSERT_TRUE(files->Remove(name));
  }
  void RemoveDatabase() { disk = {}; }
};

inline void FlipFileByte(const std::string& path, std::size_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  ASSERT_GE(byte, 0) << path;
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 1));
}

struct DiskBackend {
  DiskBackend() {
    directory = ::testing::TempDir() + "tb_node_XXXXXX";
    EXPECT_NE(::mkdtemp(directory.data()), nullptr);
  }
  ~DiskBackend() { std::filesystem::remove_all(directory); }
  DiskBackend(const DiskBackend&) = delete;
  DiskBackend& operator=(const DiskBackend&) = delete;

  [[nodiscard]] OpenedStorage Open(NodeStorageOptions options = Options()) const {
    return NodeStorage::Open(directory, std::move(options));
  }
  void FlipLogByte(std::uint32_t segment, std::size_t offset) const {
    FlipFileByte(directory + "/log/" + SegmentName(segment), offset);
  }
  void RemoveLog() const { std::filesystem::remove_all(directory + "/log"); }
  void RemoveDatabase() const { std::filesystem::remove_all(directory + "/kv"); }
  std::string directory;
};

}  // namespace timebank::storage::testing
