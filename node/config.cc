#include "node/config.h"

#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "node/toml.h"
#include "platform/file.h"

namespace timebank::node {

namespace {

using platform::Fail;

// Reads one table; keeps the first problem and which keys were asked for.
class Table {
 public:
  Table(const toml::table* table, std::string name, std::string* problem)
      : table_(table), name_(std::move(name)), problem_(problem) {}

  void Text(std::string_view key, std::string& out, bool required) {
    const toml::node* node = Find(key);
    if (node == nullptr) {
      if (required) Complain(key, "is missing");
      return;
    }
    const auto value = node->value_exact<std::string>();
    if (!value || (required && value->empty())) return Complain(key, "must be a text");
    out = *value;
  }

  template <typename Integer>
  void Number(std::string_view key, Integer& out, Integer min, Integer max) {
    const toml::node* node = Find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < static_cast<std::int64_t>(min) ||
        *value > static_cast<std::int64_t>(max)) {
      return Complain(
          key, "must be a number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    out = static_cast<Integer>(*value);
  }

  const toml::node* Find(std::string_view key) {
    known_.emplace(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }

  Table Child(std::string_view key) {
    const toml::node* node = Find(key);
    if (node != nullptr && !node->is_table()) Complain(key, "must be a table");
    return Table(node == nullptr ? nullptr : node->as_table(), Path(key), problem_);
  }

  // Call last: what nobody asked for is a mistake of the writer.
  void RefuseUnknownKeys() {
    if (table_ == nullptr) return;
    for (const auto& [key, value] : *table_) {
      if (!known_.contains(std::string(key.str()))) Complain(key.str(), "is no known setting");
    }
  }

  void Complain(std::string_view key, const std::string& what) {
    if (problem_->empty()) *problem_ = "setting '" + Path(key) + "' " + what;
  }

 private:
  [[nodiscard]] std::string Path(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
  }
  const toml::table* table_;
  std::string name_;
  std::string* problem_;
  std::set<std::string> known_;
};

constexpr std::uint32_t kMillion = 1'000'000;
constexpr std::int64_t kCentury = std::int64_t{36'525} * 86'400'000;

void ReadPeers(Table& root, Config& config, std::string* problem) {
  const toml::node* node = root.Find("peers");
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return root.Complain("peers", "must be a list of tables: [[peers]]");
  for (const toml::node& item : *array) {
    if (!item.is_table()) return root.Complain("peers", "must be a list of tables: [[peers]]");
    Table table(item.as_table(), "peers", problem);
    PeerConfig peer;
    table.Text("name", peer.name, /*required=*/true);
    table.Text("address", peer.address, /*required=*/true);
    table.Text("tls_key", peer.tls_key, /*required=*/false);
    table.RefuseUnknownKeys();
    config.peers.push_back(std::move(peer));
  }
}

void ReadLimits(Table limits, LimitsConfig& out) {
  limits.Number("streams_per_connection", out.streams_per_connection, 1U, 10'000U);
  // At least the cost of one full frame in two seconds.
  limits.Number("requests_per_second", out.requests_per_second, 50U, kMillion);
  limits.Number("inbox", out.inbox, 16U, kMillion);
  limits.Number("pool_transactions", out.pool_transactions, 16U, kMillion);
  limits.Number("memory_mb", out.memory_mb, 16U, 65'536U);
  limits.RefuseUnknownKeys();
}

Config Read(const toml::table& parsed, std::string* problem) {
  Config config;
  Table root(&parsed, "", problem);
  root.Text("name", config.name, true);
  root.Text("data_dir", config.data_dir, true);
  root.Text("genesis", config.genesis_file, true);
  root.Number("delay_ms", config.delay_ms, std::uint64_t{5}, std::uint64_t{60'000});
  root.Number("disk_low_mb", config.disk_low_mb, std::uint64_t{0}, std::uint64_t{kMillion});
  root.Number("clock_offset_ms", config.clock_offset_ms, -kCentury, kCentury);
  root.Number("verify_threads", config.verify_threads, 0U, 256U);

  Table keys = root.Child("keys");
  keys.Text("consensus", config.key_file, true);
  keys.Text("passphrase_file", config.passphrase_file, false);
  keys.Text("tls_certificate", config.tls_certificate_file, true);
  keys.Text("tls_key", config.tls_key_file, true);
  keys.RefuseUnknownKeys();

  Table listen = root.Child("listen");
  listen.Text("client", config.client_listen, true);
  listen.Text("peer", config.peer_listen, true);
  listen.Text("metrics", config.metrics_listen, false);
  listen.RefuseUnknownKeys();

  ReadPeers(root, config, problem);
  ReadLimits(root.Child("limits"), config.limits);
  root.RefuseUnknownKeys();
  return config;
}

}  // namespace

platform::Result<Config> LoadConfig(const std::string& path) {
  const auto text = platform::ReadTextFile(path);
  if (!text) return Fail(text.error());
  return ParseConfig(*text, path);
}

platform::Result<Config> ParseConfig(const std::string& text, const std::string& path) {
  std::string problem;
  Config config;
  try {
    config = Read(toml::parse(text, path), &problem);
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << path << ": line " << error.source().begin.line << ": " << error.description();
    return Fail(where.str());
  }
  if (!problem.empty()) return Fail(path + ": " + problem);

  const std::filesystem::path folder(platform::DirectoryOf(path));
  for (std::string* file :
       {&config.data_dir, &config.genesis_file, &config.key_file, &config.passphrase_file,
        &config.tls_certificate_file, &config.tls_key_file}) {
    if (!file->empty()) *file = (folder / *file).lexically_normal().string();
  }
  return config;
}

std::string ConfigText(const Config& config) {
  toml::array peers;
  for (const PeerConfig& peer : config.peers) {
    toml::table table{{"name", peer.name}, {"address", peer.address}};
    if (!peer.tls_key.empty()) table.insert("tls_key", peer.tls_key);
    peers.push_back(std::move(table));
  }
  toml::table keys{{"consensus", config.key_file},
                   {"tls_certificate", config.tls_certificate_file},
                   {"tls_key", config.tls_key_file}};
  if (!config.passphrase_file.empty()) keys.insert("passphrase_file", config.passphrase_file);
  toml::table listen{{"client", config.client_listen}, {"peer", config.peer_listen}};
  if (!config.metrics_listen.empty()) listen.insert("metrics", config.metrics_listen);
  const LimitsConfig& bounds = config.limits;
  const toml::table limits{{"streams_per_connection", bounds.streams_per_connection},
                           {"requests_per_second", bounds.requests_per_second},
                           {"inbox", bounds.inbox},
                           {"pool_transactions", bounds.pool_transactions},
                           {"memory_mb", bounds.memory_mb}};
  toml::table root{{"name", config.name},
                   {"data_dir", config.data_dir},
                   {"genesis", config.genesis_file},
                   {"delay_ms", static_cast<std::int64_t>(config.delay_ms)},
                   {"disk_low_mb", static_cast<std::int64_t>(config.disk_low_mb)},
                   {"verify_threads", config.verify_threads},
                   {"keys", keys},
                   {"listen", listen},
                   {"limits", limits},
                   {"peers", peers}};
  if (config.clock_offset_ms != 0) root.insert("clock_offset_ms", config.clock_offset_ms);
  std::ostringstream out;
  out << "# timebank-node; relative paths start from this folder.\n" << root << "\n";
  return out.str();
}

}  // namespace timebank::node
