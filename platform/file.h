// Whole files: read, and write so that after a crash either the old or the new content is there.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "platform/status.h"

namespace timebank::platform {

inline constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;
inline constexpr unsigned kModePublic = 0644;
inline constexpr unsigned kModePrivate = 0600;

// The whole content. Fails when the file is absent, unreadable or longer than kFileBytesMax.
[[nodiscard]] Result<Bytes> ReadFile(const std::string& path);
[[nodiscard]] Result<std::string> ReadTextFile(const std::string& path);

// Replaces `path`: temporary file beside it, fsync, rename, fsync of the directory. `mode` holds
// whatever the umask. On failure the old content is untouched and the temporary file removed.
[[nodiscard]] Status WriteFileAtomically(const std::string& path, ByteView content,
                                         unsigned mode = kModePublic);

// Creates `path`, which must not exist (O_EXCL), with exactly `mode`; synced with its directory.
[[nodiscard]] Status CreateFileExclusively(const std::string& path, ByteView content,
                                           unsigned mode);

// Makes names created, renamed or removed in `directory` durable.
[[nodiscard]] Status SyncDirectory(const std::string& directory);
// Creates `directory` and its parents where absent; the last one with `mode` when it is new.
[[nodiscard]] Status CreateDirectories(const std::string& directory, unsigned mode = 0755);
[[nodiscard]] bool FileExists(const std::string& path);
// "." for a path without a slash.
[[nodiscard]] std::string DirectoryOf(const std::string& path);

}  // namespace timebank::platform
