// A log directory in memory that behaves like a bad disk: a crash keeps any of the unsynced 4 KiB
// pages in any order and any prefix of the unsynced directory changes; an operation can be told to
// fail. Deterministic; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "node/storage/log_files.h"

namespace timebank::storage::testing {

inline constexpr std::size_t kPageBytes = 4096;

// What one file holds: on the disk, and as the running process sees it.
struct FaultyContent {
  Bytes durable;
  Bytes current;
  // Versions of each page written since the last sync, oldest first.
  std::map<std::size_t, std::vector<Bytes>> unsynced;
};

class FaultyFiles final : public LogFiles {
 public:
  // Picks one of `choices` (at least 1) at each point where a crash leaves something open.
  using Chooser = std::function<std::size_t(std::size_t choices)>;

  // The power fails: what was not synced survives as `choose` says. Files opened before are void.
  void Crash(const Chooser& choose);
  void Crash(Prng& prng);

  // The `count`-th changing operation from now on (1: the next) fails and does nothing.
  void FailOperation(std::uint64_t count);
  [[nodiscard]] bool failed() const { return failed_; }
  // Makes syncs that succeeded count: one per AppendAndSync is the promise.
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }

  [[nodiscard]] Bytes Content(const std::string& name) const;
  // Rot: the durable and the visible byte changes.
  void FlipBit(const std::string& name, std::size_t offset, unsigned bit);
  void SetContent(const std::string& name, Bytes content);

  [[nodiscard]] platform::Result<std::vector<std::string>> List() const override;
  [[nodiscard]] platform::Result<std::unique_ptr<LogFile>> Open(
      const std::string& name) const override;
  [[nodiscard]] platform::Result<std::unique_ptr<LogFile>> Create(const std::string& name) override;
  [[nodiscard]] platform::Status Rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] platform::Status Remove(const std::string& name) override;
  [[nodiscard]] platform::Status SyncDirectory() override;
  [[nodiscard]] std::string PathOf(const std::string& name) const override;

 private:
  friend class FaultyFile;
  using Directory = std::map<std::string, std::shared_ptr<FaultyContent>>;
  // Empty when the operation may go on.
  [[nodiscard]] std::optional<std::string> CountOperation(const std::string& what);

  Directory current_;
  // The directory after each change since the last sync; the first is the durable one.
  std::vector<Directory> versions_{Directory{}};
  std::optional<std::uint64_t> fail_in_;
  bool failed_ = false;
  std::uint64_t syncs_ = 0;
};

}  // namespace timebank::storage::testing
