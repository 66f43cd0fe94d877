#include "wallet-cli/demo/demo_folder.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "platform/file.h"
#include "wallet-cli/cluster.h"
#include "wallet-cli/failure.h"

namespace timebank::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kMarker[] = "/made-by-dev-up";
constexpr char kReadme[] = "/README.md";

bool IsEmpty(const std::string& dir) {
  std::error_code error;
  return !fs::exists(dir, error) || (fs::is_directory(dir, error) && fs::is_empty(dir, error));
}

bool SaysInvented(const std::string& path) {
  auto text = platform::ReadTextFile(path);
  if (!text) return false;
  std::transform(text->begin(), text->end(), text->begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text->find("invented") != std::string::npos ||
         text->find("synthetic") != std::string::npos;
}

}  // namespace

Result<Done> CheckDemoFolder(const std::string& dir) {
  if (IsEmpty(dir)) return Done{};
  const auto old = ReadCluster(dir + "/cluster.json");
  for (const ClusterNode& node : old ? old->nodes : std::vector<ClusterNode>()) {
    if (!IsRunningNode(node)) continue;
    return Unexpected{LocalFailure("a demo runs in " + dir + " already",
                                   "`timebank dev down --dir " + dir + "` stops it")};
  }
  if (platform::FileExists(dir + kMarker)) return Done{};
  return Unexpected{LocalFailure(
      dir + " is not empty and was not made by `dev up`; it may hold a ledger's keys, so nothing " +
          "in it was touched",
      "choose another --dir, or remove the folder yourself")};
}

Result<Done> ClearDemoFolder(const std::string& dir) {
  if (IsEmpty(dir)) return Done{};
  std::error_code error;
  fs::remove_all(dir, error);
  if (error) return Unexpected{LocalFailure("cannot remove " + dir + ": " + error.message())};
  return Done{};
}

Expected<bool, std::string> MarkDemoFolder(const std::string& dir, const std::string& what) {
  const std::string text = what + "\n";
  const auto written = platform::WriteFileAtomically(dir + kMarker, AsBytes(text));
  if (!written) return Unexpected{written.error()};
  return true;
}

bool LiesWithin(const std::string& inner, const std::string& outer) {
  std::error_code error;
  const fs::path in = fs::weakly_canonical(inner, error);
  const fs::path out = fs::weakly_canonical(outer, error);
  return std::mismatch(out.begin(), out.end(), in.begin(), in.end()).first == out.end();
}

std::string ProvenanceOf(const std::string& dir) {
  std::error_code error;
  const std::string parent = fs::absolute(dir, error).lexically_normal().parent_path().string();
  if (platform::FileExists(dir + kMarker) || SaysInvented(dir + kReadme) ||
      SaysInvented(parent + kReadme)) {
    return "invented data: the people, phone numbers and visits of " + dir + " are made up";
  }
  return "data of " + dir + ", lived again on a DEVELOPMENT network: no record of real service; " +
         "the pilot that this project is tried with is invented";
}

}  // namespace timebank::cli
