#include "node/restored_mark.h"

#include <algorithm>

#include "platform/file.h"

namespace timebank::node {

namespace {

constexpr char kFileName[] = "/restored";
constexpr std::string_view kRemark = "# ";
constexpr char kText[] =
    "# The data here were restored from a backup. From here the keys above do not vote: nobody "
    "here\n"
    "# knows what they voted after the backup was made. RUNBOOK.md, 'A validator that lost its\n"
    "# data'. Never remove this file.\n";

}  // namespace

platform::Result<std::vector<crypto::PublicKey>> ReadRestoredMark(const std::string& data_dir) {
  const std::string path = data_dir + kFileName;
  std::vector<crypto::PublicKey> keys;
  if (!platform::FileExists(path)) return keys;
  const auto text = platform::ReadTextFile(path);
  if (!text) return platform::Fail(text.error());
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string line = text->substr(at, end - at);
    at = end + 1;
    if (line.starts_with(kRemark)) continue;
    const auto bytes = FromHex(line);
    const auto key = bytes ? crypto::ParseSuitedKey(*bytes) : std::nullopt;
    if (!key) return platform::Fail(path + ": '" + line + "' is no key; restore the backup again");
    keys.push_back(*key);
  }
  if (keys.empty()) return platform::Fail(path + " names no key; restore the backup again");
  return keys;
}

platform::Status WriteRestoredMark(const std::string& data_dir,
                                   const std::vector<crypto::PublicKey>& keys) {
  std::string text;
  for (const crypto::PublicKey& key : keys) {
    text += ToHex(AsBytes(crypto::SuitedKey(key))) + "\n";
  }
  return platform::WriteFileAtomically(data_dir + kFileName, AsBytes(text + kText));
}

}  // namespace timebank::node
