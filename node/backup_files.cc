#include "node/backup_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "crypto/sha256.h"
#include "node/storage/log_format.h"
#include "platform/file.h"

namespace timebank::node {

namespace {

using platform::Done;
using platform::Fail;
using platform::Result;
using platform::Status;

constexpr unsigned kMode = platform::kModePrivate;

// What a database directory holds beside the database: its lock and RocksDB's notes.
bool IsNote(const std::string& name) { return name == "LOCK" || name.starts_with("LOG"); }

// Sorted names of the files in `directory` and below, relative to it.
Result<std::vector<std::string>> FilesBelow(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    if (entry->is_directory()) continue;
    names.push_back(entry->path().lexically_relative(directory).string());
  }
  if (error) return Fail("cannot list " + directory + ": " + error.message());
  std::ranges::sort(names);
  return names;
}

}  // namespace

Status FileCopier::CopyFile(const std::string& name) {
  const auto content = platform::ReadFile(from_ + "/" + name);
  if (!content) return Fail(content.error());
  return Write(name, *content);
}

Status FileCopier::CopyDatabase(const std::string& from) {
  const auto names = FilesBelow(from);
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (IsNote(name)) continue;
    const auto content = platform::ReadFile(from + "/" + name);
    if (!content) return Fail(content.error());
    if (Status written = Write("kv/" + name, *content); !written) return written;
  }
  return Done{};
}

Status FileCopier::CopyLog(const std::optional<storage::LogPosition>& end) {
  const auto names = FilesBelow(from_ + "/log");
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    const auto number = storage::ParseSegmentName(name);
    if (!number || (end && *number > end->segment)) continue;
    auto content = platform::ReadFile(from_ + "/log/" + name);
    if (!content) return Fail(content.error());
    if (end && *number == end->segment && content->size() > end->offset) {
      std::fill(content->begin() + end->offset, content->end(), std::byte{0});
    }
    if (Status written = Write("log/" + name, *content); !written) return written;
  }
  return Done{};
}

Status FileCopier::Write(const std::string& name, ByteView content) {
  const std::string path = to_ + "/" + name;
  if (Status made = platform::CreateDirectories(platform::DirectoryOf(path), 0700); !made) {
    return made;
  }
  if (Status written = platform::CreateFileExclusively(path, content, kMode); !written) {
    return written;
  }
  sums_.emplace(name, crypto::Sha256(content));
  return Done{};
}

Status FileCopier::WriteSums() {
  std::string text;
  for (const auto& [name, hash] : sums_) text += ToHex(hash.view()) + "  " + name + "\n";
  return platform::CreateFileExclusively(to_ + "/" + kSumsFile, AsBytes(text), kMode);
}

Result<FileSums> CheckSums(const std::string& backup) {
  const std::string list = backup + "/" + kSumsFile;
  const auto text = platform::ReadTextFile(list);
  if (!text) return Fail(text.error() + ". Without it this is no whole backup");
  FileSums sums;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string line = text->substr(at, end - at);
    at = end + 1;
    const auto bytes = FromHex(line.substr(0, 2 * Hash::kSize));
    const auto hash = bytes ? Hash::From(*bytes) : std::nullopt;
    const std::string name = line.substr(std::min(line.size(), 2 * Hash::kSize + 2));
    if (!hash || name.empty() || name.find("..") != std::string::npos || name.front() == '/') {
      return Fail(list + ": '" + line + "' is no line of it");
    }
    sums.emplace(name, *hash);
  }
  const auto names = FilesBelow(backup);
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (name != kSumsFile && !sums.contains(name)) {
      return Fail(backup + "/" + name + " is not in " + list +
                  ": it does not belong to the backup");
    }
  }
  for (const auto& [name, hash] : sums) {
    const auto content = platform::ReadFile(backup + "/" + name);
    if (!content) return Fail(content.error() + ", which " + list + " names");
    if (crypto::Sha256(*content) != hash) {
      return Fail(backup + "/" + name + " is not what " + list +
                  " says: it was damaged or changed; use another backup");
    }
  }
  return sums;
}

}  // namespace timebank::node
