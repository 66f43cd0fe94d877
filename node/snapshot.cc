#include "node/snapshot.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "chain/genesis.h"
#include "ledger/era.h"
#include "ledger/state.h"
#include "ledger/validators.h"
#include "node/replica/snapshot.h"
#include "node/storage/node_storage.h"
#include "node/storage/planting.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/keyfile.h"

namespace timebank::node {
namespace {

using consensus::CommittedBlock;
using platform::Done;
using platform::FailErrno;
using platform::Result;
using platform::Status;

constexpr std::uint64_t kProgressMs = 2000;
constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

Unexpected<StartFailure> Refuse(Exit exit, std::string text) {
  return Unexpected{StartFailure{exit, std::move(text)}};
}

// A file read or written from its start to its end. An error stays until it is asked for.
class Stream {
 public:
  Stream(const std::string& path, const char* mode)
      : path_(path), file_(std::fopen(path.c_str(), mode)) {
    if (file_ == nullptr) Note();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    if (file_ != nullptr) std::fclose(file_);
  }
  std::size_t Read(std::span<std::byte> out) {
    if (file_ == nullptr) return 0;
    const std::size_t count = std::fread(out.data(), 1, out.size(), file_);
    if (count < out.size() && std::ferror(file_) != 0) Note();
    bytes_ += count;
    return count;
  }
  void Write(ByteView bytes) {
    if (!error_.empty()) return;
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) Note();
    bytes_ += bytes.size();
  }
  void Sync() {
    if (!error_.empty()) return;
    if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) Note();
  }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void Note() {
    if (error_.empty()) error_ = FailErrno(path_).error;
  }
  std::string path_;
  std::FILE* file_;
  std::string error_;
  std::uint64_t bytes_ = 0;
};

// Says every other second how far the work is.
class Pace {
 public:
  explicit Pace(const SnapshotProgress& progress) : progress_(progress) {}
  void Tell(const char* what, std::uint64_t bytes, std::uint64_t of) {
    const std::uint64_t now = platform::MonotonicMs();
    if (now - told_ms_ < kProgressMs) return;
    told_ms_ = now;
    std::string text = std::string(what) + ": " + std::to_string(bytes / kMebibyte) + " MiB";
    if (of > 0) text += " of " + std::to_string(of / kMebibyte);
    progress_(text);
  }

 private:
  const SnapshotProgress& progress_;
  std::uint64_t told_ms_ = platform::MonotonicMs();
};

Expected<chain::Genesis, StartFailure> LoadGenesis(const std::string& path) {
  const auto bytes = platform::ReadFile(path);
  if (!bytes) return Refuse(Exit::kIdentity, bytes.error());
  auto genesis = chain::ParseGenesis(*bytes);
  if (!genesis) return Refuse(Exit::kIdentity, path + " is no genesis file");
  return std::move(*genesis);
}

SnapshotReport ReportOf(const replica::SnapshotContent& content) {
  const chain::Header& header = content.block.block.header();
  return {.height = header.height,
          .epoch = header.epoch,
          .digest = content.block.block.digest(),
          .state_root = header.state_root,
          .records = content.records,
          .transactions = content.transactions,
          .bytes = content.bytes};
}

Expected<replica::SnapshotContent, StartFailure> Read(const std::string& file,
                                                      const chain::Genesis& genesis,
                                                      const replica::SnapshotReceiver& receiver,
                                                      const SnapshotProgress& progress) {
  Stream in(file, "rb");
  Pace pace(progress);
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(file, ignored);
  auto content = replica::ReadSnapshot(
      [&](std::span<std::byte> out) {
        pace.Tell("read", in.bytes(), size);
        return in.Read(out);
      },
      genesis, receiver);
  if (!in.error().empty()) return Refuse(Exit::kStorage, in.error());
  if (content) return std::move(*content);
  const replica::SnapshotError& error = content.error();
  return Refuse(Exit::kStorage, file + " is not used: " + std::string(Describe(error.fault)) +
                                    " (noticed at byte " + std::to_string(error.offset) +
                                    "). Take another snapshot, of another validator if need be");
}

// Of the last block of every epoch before that of `floor`.
Expected<std::vector<replica::EndedEpoch>, StartFailure> EndedEpochs(storage::NodeStorage& storage,
                                                                     const CommittedBlock& floor) {
  ledger::StateLoader loader;
  storage.VisitState([&loader](ByteView key, ByteView value) { loader.Add(key, value); });
  const auto state = std::move(loader).Finish();
  if (!state || state->root() != floor.block.header().state_root) {
    return Refuse(Exit::kStorage,
                  "the stored records do not give the state root of the last block");
  }
  std::vector<replica::EndedEpoch> ended;
  for (std::uint64_t epoch = 1; epoch <= floor.block.header().epoch.value(); ++epoch) {
    const v1::ValidatorSetRecord set = ledger::SetOf(*state, Epoch(epoch));
    const Height height(set.boundary_height());
    auto block = storage.ReadBlock(height);
    if (!block) {
      return Refuse(Exit::kStorage, "block " + std::to_string(height.value()) +
                                        ", the last of an epoch, cannot be read. Start the node, "
                                        "which asks others for it, and try again");
    }
    const chain::Era era(set.era());
    const auto recovery = era == chain::Era(0) ? std::nullopt : ledger::RecoveryOf(*state, era);
    ended.push_back({std::move(*block), recovery.value_or("")});
  }
  return ended;
}

Expected<bool, StartFailure> WriteFile(storage::NodeStorage& storage, CommittedBlock floor,
                                       const std::string& file, const SnapshotProgress& progress) {
  auto ended = EndedEpochs(storage, floor);
  if (!ended) return Unexpected{ended.error()};
  Stream out(file, "wb");
  Pace pace(progress);
  Status read = Done{};
  replica::SnapshotSource source;
  source.block = std::move(floor);
  source.ended_epochs = std::move(*ended);
  source.visit_records = [&storage](const auto& visit) { storage.VisitState(visit); };
  source.visit_transactions = [&](const auto& visit) { read = storage.VisitTransactions(visit); };
  replica::WriteSnapshot(source, [&](ByteView bytes) {
    out.Write(bytes);
    pace.Tell("written", out.bytes(), 0);
  });
  out.Sync();
  if (!read) return Refuse(Exit::kStorage, read.error());
  if (!out.error().empty()) return Refuse(Exit::kStorage, out.error());
  return true;
}

Expected<bool, StartFailure> SaveTo(const Config& config, const chain::Genesis& genesis,
                                    const std::string& file, const SnapshotProgress& progress) {
  storage::NodeStorageOptions options;
  options.chain_id = genesis.chain_id;
  auto storage = storage::NodeStorage::Open(config.data_dir, std::move(options));
  if (!storage) {
    return Refuse(Exit::kStorage, storage.error() + ". A snapshot is saved of a stopped node");
  }
  auto floor = (*storage)->Floor();
  if (!floor) return Refuse(Exit::kStorage, config.data_dir + " holds no block yet");
  if (floor->finalization.position.digest != floor->block.digest()) {
    return Refuse(Exit::kStorage, "the last block in " + config.data_dir +
                                      " is proven by a later one that is not there. Let the node "
                                      "catch up, stop it by SIGTERM and try again");
  }
  const auto written = WriteFile(**storage, std::move(*floor), file, progress);
  if (const Status closed = (*storage)->Close(); !closed) {
    return Refuse(Exit::kStorage, closed.error());
  }
  return written;
}

const replica::SnapshotReceiver kNothing = {
    .block = [](const CommittedBlock&) { return true; },
    .record = [](ByteView, ByteView) { return true; },
    .transaction = [](const replica::TransactionRow&) { return true; }};

// Everything of the snapshot into `folder`, which is of no use before this returns its report.
SnapshotResult Plant(const std::string& folder, const std::string& file,
                     const chain::Genesis& genesis, const crypto::PublicKey& own,
                     const SnapshotProgress& progress) {
  auto planting = storage::Planting::Begin(folder, genesis.chain_id);
  if (!planting) return Refuse(Exit::kStorage, planting.error());
  Status stored = Done{};
  const auto keep = [&stored](Status status) {
    if (!status) stored = std::move(status);
    return bool{stored};
  };
  const replica::SnapshotReceiver receiver = {
      .block =
          [&](const CommittedBlock& block) {
            (*planting)->AddBlock(block);
            return true;
          },
      .record = [&](ByteView key,
                    ByteView value) { return keep((*planting)->AddRecord(key, value)); },
      .transaction =
          [&](const replica::TransactionRow& row) {
            return keep((*planting)->AddTransaction(row));
          }};
  const auto content = Read(file, genesis, receiver, progress);
  if (!stored) return Refuse(Exit::kStorage, stored.error());
  if (!content) return Unexpected{content.error()};
  if (std::ranges::any_of(content->sets, [&own](const chain::ValidatorSet& set) {
        return set.IndexOf(own).has_value();
      })) {
    return Refuse(Exit::kIdentity,
                  "the configured key is that of a validator and may have voted; a snapshot holds "
                  "no votes, so that this node could vote against its own. Give it a new key: "
                  "RUNBOOK.md, 'A validator that lost its data'");
  }
  if (Status planted = (*planting)->Finish(); !planted) {
    return Refuse(Exit::kStorage, planted.error());
  }
  return ReportOf(*content);
}

}  // namespace

SnapshotResult SaveSnapshot(const Config& config, const std::string& file,
                            const SnapshotProgress& progress) {
  const auto genesis = LoadGenesis(config.genesis_file);
  if (!genesis) return Unexpected{genesis.error()};
  if (!platform::FileExists(config.data_dir + "/kv/CURRENT")) {
    return Refuse(Exit::kStorage, config.data_dir + " holds no data of a node");
  }
  if (platform::FileExists(file)) {
    return Refuse(Exit::kUsage, file + " exists: a snapshot is a new file");
  }
  const std::string partial = file + ".partial";
  std::error_code error;
  const auto saved = SaveTo(config, *genesis, partial, progress);
  const auto content = saved ? Read(partial, *genesis, kNothing, progress)
                             : Expected<replica::SnapshotContent, StartFailure>(
                                   Unexpected<StartFailure>{saved.error()});
  if (!content) {
    std::filesystem::remove(partial, error);
    return Unexpected{content.error()};
  }
  std::filesystem::rename(partial, file, error);
  if (error) return Refuse(Exit::kStorage, file + ": " + error.message());
  if (Status synced = platform::SyncDirectory(platform::DirectoryOf(file)); !synced) {
    return Refuse(Exit::kStorage, synced.error());
  }
  return ReportOf(*content);
}

SnapshotResult VerifySnapshot(const std::string& genesis_file, const std::string& file,
                              const SnapshotProgress& progress) {
  const auto genesis = LoadGenesis(genesis_file);
  if (!genesis) return Unexpected{genesis.error()};
  const auto content = Read(file, *genesis, kNothing, progress);
  if (!content) return Unexpected{content.error()};
  return ReportOf(*content);
}

SnapshotResult RestoreSnapshot(const Config& config, const std::string& file,
                               const SnapshotProgress& progress) {
  const auto genesis = LoadGenesis(config.genesis_file);
  if (!genesis) return Unexpected{genesis.error()};
  const auto own = platform::ReadPublicKey(config.key_file);
  if (!own) return Refuse(Exit::kIdentity, own.error().text);
  std::error_code error;
  if (std::filesystem::exists(config.data_dir, error) &&
      !std::filesystem::is_empty(config.data_dir, error)) {
    return Refuse(Exit::kStorage, config.data_dir +
                                      " holds data: nothing was changed. A snapshot is restored "
                                      "into a data directory that is absent or empty");
  }
  const std::string partial = config.data_dir + ".restoring";
  std::filesystem::remove_all(partial, error);
  if (auto made = platform::CreateDirectories(partial, 0700); !made) {
    return Refuse(Exit::kStorage, made.error());
  }
  const auto report = Plant(partial, file, *genesis, *own, progress);
  if (report) std::filesystem::rename(partial, config.data_dir, error);
  if (report && !error) {
    const Status synced = platform::SyncDirectory(platform::DirectoryOf(config.data_dir));
    return synced ? report : SnapshotResult(Refuse(Exit::kStorage, synced.error()));
  }
  std::error_code ignored;
  std::filesystem::remove_all(partial, ignored);
  return report ? Refuse(Exit::kStorage, config.data_dir + ": " + error.message()) : report;
}

}  // namespace timebank::node
