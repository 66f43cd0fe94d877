#include "node/storage/testing/faulty_files.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace timebank::storage::testing {

using platform::Done;
using platform::Fail;
using platform::Result;
using platform::Status;

class FaultyFile final : public LogFile {
 public:
  // `files` is null in a file that was opened for reading only.
  FaultyFile(FaultyFiles* files, std::shared_ptr<FaultyContent> content)
      : files_(files), content_(std::move(content)) {}

  Status Write(std::uint64_t offset, ByteView bytes) override {
    if (auto failure = Count("write")) return Fail(*failure);
    if (bytes.empty()) return Done{};
    const auto at = static_cast<std::size_t>(offset);
    Bytes& current = content_->current;
    if (current.size() < at + bytes.size()) current.resize(at + bytes.size());
    std::copy(bytes.begin(), bytes.end(), current.begin() + static_cast<std::ptrdiff_t>(at));
    const std::size_t last = (at + bytes.size() - 1) / kPageBytes;
    for (std::size_t page = at / kPageBytes; page <= last; ++page) {
      const std::size_t from = page * kPageBytes;
      const ByteView whole(current);
      content_->unsynced[page].push_back(
          ToBytes(whole.subspan(from, std::min(kPageBytes, whole.size() - from))));
    }
    return Done{};
  }

  Status Sync() override {
    if (auto failure = Count("sync")) return Fail(*failure);
    content_->durable = content_->current;
    content_->unsynced.clear();
    if (files_ != nullptr) ++files_->syncs_;
    return Done{};
  }

  Status Read(std::uint64_t offset, std::span<std::byte> out) const override {
    const Bytes& current = content_->current;
    if (offset > current.size() || out.size() > current.size() - offset) {
      return Fail("the file ends too early");
    }
    std::copy_n(current.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return Done{};
  }

  Result<std::uint64_t> Size() const override {
    return static_cast<std::uint64_t>(content_->current.size());
  }

 private:
  [[nodiscard]] std::optional<std::string> Count(const std::string& what) const {
    return files_ == nullptr ? std::nullopt : files_->CountOperation(what);
  }
  FaultyFiles* files_;
  std::shared_ptr<FaultyContent> content_;
};

void FaultyFiles::Crash(const Chooser& choose) {
  Directory survived = versions_[versions_.size() - 1 - choose(versions_.size())];
  for (auto& [name, content] : survived) {
    const bool grew = content->current.size() > content->durable.size();
    Bytes bytes = content->durable;
    if (grew && choose(2) == 1) bytes.resize(content->current.size());
    for (const auto& [page, versions] : content->unsynced) {
      const std::size_t version = choose(versions.size() + 1);
      const std::size_t from = page * kPageBytes;
      if (version == 0 || from >= bytes.size()) continue;
      const Bytes& kept = versions[version - 1];
      const std::size_t length = std::min(kept.size(), bytes.size() - from);
      std::copy_n(kept.begin(), length, bytes.begin() + static_cast<std::ptrdiff_t>(from));
    }
    // A new object: files opened before the crash go on with the old one and change nothing here.
    content = std::make_shared<FaultyContent>();
    content->durable = bytes;
    content->current = std::move(bytes);
  }
  current_ = survived;
  versions_ = {std::move(survived)};
  fail_in_.reset();
  failed_ = false;
}

void FaultyFiles::Crash(Prng& prng) {
  Crash([&](std::size_t choices) { return static_cast<std::size_t>(prng.Below(choices)); });
}

void FaultyFiles::FailOperation(std::uint64_t count) {
  TB_CHECK(count > 0);
  fail_in_ = count;
  failed_ = false;
}

Bytes FaultyFiles::Content(const std::string& name) const {
  const auto found = current_.find(name);
  TB_CHECK(found != current_.end());
  return found->second->current;
}

void FaultyFiles::FlipBit(const std::string& name, std::size_t offset, unsigned bit) {
  Bytes content = Content(name);
  content.at(offset) ^= static_cast<std::byte>(1U << bit);
  SetContent(name, std::move(content));
}

void FaultyFiles::SetContent(const std::string& name, Bytes content) {
  auto fresh = std::make_shared<FaultyContent>();
  fresh->durable = content;
  fresh->current = std::move(content);
  current_[name] = std::move(fresh);
  versions_ = {current_};
}

Result<std::vector<std::string>> FaultyFiles::List() const {
  std::vector<std::string> names;
  for (const auto& [name, content] : current_) names.push_back(name);
  return names;
}

Result<std::unique_ptr<LogFile>> FaultyFiles::Open(const std::string& name) const {
  const auto found = current_.find(name);
  if (found == current_.end()) return Fail("there is no file " + PathOf(name));
  return std::unique_ptr<LogFile>(std::make_unique<FaultyFile>(nullptr, found->second));
}

Result<std::unique_ptr<LogFile>> FaultyFiles::Create(const std::string& name) {
  if (auto failure = CountOperation("create")) return Fail(*failure);
  if (current_.contains(name)) return Fail(PathOf(name) + " exists");
  auto content = std::make_shared<FaultyContent>();
  current_[name] = content;
  versions_.push_back(current_);
  return std::unique_ptr<LogFile>(std::make_unique<FaultyFile>(this, std::move(content)));
}

Status FaultyFiles::Rename(const std::string& from, const std::string& to) {
  if (auto failure = CountOperation("rename")) return Fail(*failure);
  const auto found = current_.find(from);
  if (found == current_.end()) return Fail("there is no file " + PathOf(from));
  current_[to] = found->second;
  current_.erase(from);
  versions_.push_back(current_);
  return Done{};
}

Status FaultyFiles::Remove(const std::string& name) {
  if (auto failure = CountOperation("remove")) return Fail(*failure);
  if (current_.erase(name) == 0) return Fail("there is no file " + PathOf(name));
  versions_.push_back(current_);
  return Done{};
}

Status FaultyFiles::SyncDirectory() {
  if (auto failure = CountOperation("directory sync")) return Fail(*failure);
  versions_ = {current_};
  return Done{};
}

std::string FaultyFiles::PathOf(const std::string& name) const { return "/faulty/" + name; }

std::optional<std::string> FaultyFiles::CountOperation(const std::string& what) {
  if (failed_) return what + ": the disk failed before";
  if (fail_in_ && --*fail_in_ == 0) {
    failed_ = true;
    return what + ": input/output error";
  }
  return std::nullopt;
}

}  // namespace timebank::storage::testing
