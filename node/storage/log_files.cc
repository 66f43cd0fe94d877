#include "node/storage/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "platform/file.h"

namespace timebank::storage {
namespace {

using platform::Done;
using platform::Fail;
using platform::FailErrno;
using platform::Result;
using platform::Status;

class PosixFile final : public LogFile {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override { ::close(fd_); }

  Status Write(std::uint64_t offset, ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t wrote = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return FailErrno("cannot write " + path_);
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
      offset += static_cast<std::uint64_t>(wrote);
    }
    return Done{};
  }

  Status Sync() override {
    if (::fdatasync(fd_) != 0) return FailErrno("cannot sync " + path_);
    return Done{};
  }

  Status Read(std::uint64_t offset, std::span<std::byte> out) const override {
    while (!out.empty()) {
      const ssize_t got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return FailErrno("cannot read " + path_);
      if (got == 0) return Fail(path_ + " ends too early");
      out = out.subspan(static_cast<std::size_t>(got));
      offset += static_cast<std::uint64_t>(got);
    }
    return Done{};
  }

  Result<std::uint64_t> Size() const override {
    struct stat info = {};
    if (::fstat(fd_, &info) != 0) return FailErrno("cannot read the size of " + path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  int fd_;
  std::string path_;
};

class PosixFiles final : public LogFiles {
 public:
  explicit PosixFiles(std::string directory) : directory_(std::move(directory)) {}

  Result<std::vector<std::string>> List() const override {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entries(directory_, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
      names.push_back(entries->path().filename().string());
    }
    if (error) return Fail("cannot list " + directory_ + ": " + error.message());
    return names;
  }

  Result<std::unique_ptr<LogFile>> Open(const std::string& name) const override {
    return OpenWith(name, O_RDWR);
  }
  Result<std::unique_ptr<LogFile>> Create(const std::string& name) override {
    return OpenWith(name, O_RDWR | O_CREAT | O_EXCL);
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(PathOf(from).c_str(), PathOf(to).c_str()) != 0) {
      return FailErrno("cannot rename " + PathOf(from) + " to " + to);
    }
    return Done{};
  }
  Status Remove(const std::string& name) override {
    if (::unlink(PathOf(name).c_str()) != 0) return FailErrno("cannot remove " + PathOf(name));
    return Done{};
  }
  Status SyncDirectory() override { return platform::SyncDirectory(directory_); }
  std::string PathOf(const std::string& name) const override { return directory_ + "/" + name; }

 private:
  Result<std::unique_ptr<LogFile>> OpenWith(const std::string& name, int flags) const {
    const std::string path = PathOf(name);
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, platform::kModePrivate);
    if (fd < 0) return FailErrno("cannot open " + path);
    return std::unique_ptr<LogFile>(std::make_unique<PosixFile>(fd, path));
  }

  std::string directory_;
};

}  // namespace

Result<std::unique_ptr<LogFiles>> OpenLogDirectory(std::string directory) {
  if (Status made = platform::CreateDirectories(directory, 0700); !made) return Fail(made.error());
  return std::unique_ptr<LogFiles>(std::make_unique<PosixFiles>(std::move(directory)));
}

}  // namespace timebank::storage
