#include "platform/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace timebank::platform {
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

Status WriteNew(const std::string& path, ByteView content, unsigned mode);
Status WriteAll(int fd, ByteView content, const std::string& path);

}  // namespace

Result<Bytes> ReadFile(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return FailErrno("cannot open " + path);
  Bytes out;
  std::array<std::byte, 65536> chunk;
  for (;;) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailErrno("cannot read " + path);
    if (got == 0) return out;
    out.insert(out.end(), chunk.begin(), chunk.begin() + got);
    if (out.size() > kFileBytesMax) return Fail(path + " is larger than a file may be");
  }
}

Result<std::string> ReadTextFile(const std::string& path) {
  const auto bytes = ReadFile(path);
  if (!bytes) return Fail(bytes.error());
  return ToString(*bytes);
}

Status WriteFileAtomically(const std::string& path, ByteView content, unsigned mode) {
  // The process id keeps two writers of one path apart; a leftover of a crash is overwritten.
  const std::string temporary = path + ".tmp." + std::to_string(::getpid());
  ::unlink(temporary.c_str());
  if (Status written = WriteNew(temporary, content, mode); !written) return written;
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    auto failure = FailErrno("cannot rename " + temporary + " to " + path);
    ::unlink(temporary.c_str());
    return failure;
  }
  return SyncDirectory(DirectoryOf(path));
}

Status CreateFileExclusively(const std::string& path, ByteView content, unsigned mode) {
  if (Status written = WriteNew(path, content, mode); !written) return written;
  return SyncDirectory(DirectoryOf(path));
}

Status SyncDirectory(const std::string& directory) {
  const Descriptor dir(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir.ok()) return FailErrno("cannot open directory " + directory);
  if (::fsync(dir.get()) != 0) return FailErrno("cannot sync directory " + directory);
  return Done{};
}

Status CreateDirectories(const std::string& directory, unsigned mode) {
  std::error_code error;
  const bool created = std::filesystem::create_directories(directory, error);
  if (error) return Fail("cannot create directory " + directory + ": " + error.message());
  if (created && ::chmod(directory.c_str(), mode) != 0) {
    return FailErrno("cannot set the mode of " + directory);
  }
  return Done{};
}

bool FileExists(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0;
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

namespace {

Status WriteNew(const std::string& path, ByteView content, unsigned mode) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file.ok()) return FailErrno("cannot create " + path);
  Status written = WriteAll(file.get(), content, path);
  if (written && ::fchmod(file.get(), mode) != 0) {
    written = FailErrno("cannot set the mode of " + path);
  }
  if (written && ::fsync(file.get()) != 0) written = FailErrno("cannot sync " + path);
  if (!written) ::unlink(path.c_str());
  return written;
}

Status WriteAll(int fd, ByteView content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(fd, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FailErrno("cannot write " + path);
    content = content.subspan(static_cast<std::size_t>(wrote));
  }
  return Done{};
}

}  // namespace
}  // namespace timebank::platform
