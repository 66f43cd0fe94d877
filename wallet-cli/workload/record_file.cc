#include "wallet-cli/workload/record_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "platform/file.h"

namespace timebank::cli {

Expected<std::unique_ptr<RecordFile>, std::string> RecordFile::Create(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return Unexpected{path + " cannot be written: " + std::strerror(errno)};
  return std::unique_ptr<RecordFile>(new RecordFile(file));
}

Expected<std::vector<Hash>, std::string> RecordFile::Read(const std::string& path) {
  const auto bytes = platform::ReadFile(path);
  if (!bytes) return Unexpected{bytes.error()};
  const std::string text = ToString(*bytes);
  std::vector<Hash> ids;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const auto id = FromHex(line.substr(0, line.find(' ')));
    const auto hash = id ? Hash::From(*id) : std::nullopt;
    if (!hash) {
      return Unexpected{path + ", line " + std::to_string(ids.size() + 1) + ": no transaction id"};
    }
    ids.push_back(*hash);
  }
  return ids;
}

RecordFile::~RecordFile() { close(file_); }

void RecordFile::Add(const Hash& id, Height height) {
  const std::string line = ToHex(id.view()) + " " + std::to_string(height.value()) + "\n";
  const std::lock_guard lock(mutex_);
  if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::fprintf(stderr, "the record cannot be written: %s\n", std::strerror(errno));
  }
}

}  // namespace timebank::cli
