#include "wallet-cli/cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "platform/file.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

// Whether process `pid` runs a node with the configuration in `dir`.
bool IsNodeOf(int pid, const std::string& dir) {
  const auto line = platform::ReadTextFile("/proc/" + std::to_string(pid) + "/cmdline");
  return line && line->find(dir + "/config.toml") != std::string::npos;
}

}  // namespace

std::vector<client::NodeAddress> Cluster::Addresses() const {
  std::vector<client::NodeAddress> out;
  for (const ClusterNode& node : nodes) {
    const auto bytes = FromHex(node.tls_key_hash);
    out.push_back({node.name, node.grpc, bytes ? Hash::From(*bytes) : std::nullopt});
  }
  return out;
}

Expected<Cluster, std::string> ReadCluster(const std::string& path) {
  auto text = platform::ReadTextFile(path);
  if (!text) {
    return Unexpected{path + " cannot be read; `timebank dev up` writes it, or name a node with " +
                      "--node NAME=HOST:PORT and --genesis FILE"};
  }
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Unexpected{path + " is not a JSON object"};
  Cluster cluster;
  cluster.chain_id = json.value("chain_id", std::string());
  cluster.genesis = json.value("genesis", std::string());
  cluster.identities_dir = json.value("identities_dir", std::string());
  cluster.development = json.value("development", false);
  if (json.contains("clock")) {
    cluster.offset_ms = json["clock"].value("offset_ms", std::int64_t{0});
  }
  for (const Json& node : json.value("nodes", Json::array())) {
    cluster.nodes.push_back({node.value("name", std::string()), node.value("grpc", std::string()),
                             node.value("dir", std::string()), node.value("pid", 0),
                             node.value("tls_key_hash", std::string())});
  }
  if (cluster.nodes.empty()) return Unexpected{path + " names no nodes"};
  return cluster;
}

Expected<bool, std::string> WriteCluster(const std::string& path, const Cluster& cluster) {
  Json nodes = Json::array();
  for (const ClusterNode& node : cluster.nodes) {
    Json one = {{"name", node.name}, {"grpc", node.grpc}, {"dir", node.dir}, {"pid", node.pid}};
    if (!node.tls_key_hash.empty()) one["tls_key_hash"] = node.tls_key_hash;
    nodes.push_back(std::move(one));
  }
  const Json json = {{"chain_id", cluster.chain_id},
                     {"genesis", cluster.genesis},
                     {"development", cluster.development},
                     {"clock", {{"offset_ms", cluster.offset_ms}}},
                     {"nodes", nodes},
                     {"identities_dir", cluster.identities_dir}};
  const std::string text = json.dump(2) + "\n";
  const auto written = platform::WriteFileAtomically(path, AsBytes(text));
  if (!written) return Unexpected{written.error()};
  return true;
}

Expected<int, std::string> StartNode(const std::string& program, const std::string& dir) {
  const std::string config = dir + "/config.toml";
  const std::string log = dir + "/node.log";
  const pid_t pid = fork();
  if (pid < 0) return Unexpected{std::string("fork: ") + std::strerror(errno)};
  if (pid == 0) {
    // Only async-signal-safe calls from here to exec.
    setsid();
    const int in = open("/dev/null", O_RDONLY);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (in >= 0) dup2(in, STDIN_FILENO);
    if (out >= 0) {
      dup2(out, STDOUT_FILENO);
      dup2(out, STDERR_FILENO);
    }
    for (int fd = 3; fd < 1024; ++fd) close(fd);
    execl(program.c_str(), program.c_str(), "--config", config.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  return static_cast<int>(pid);
}

bool IsListening(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  if (colon == std::string::npos ||
      inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) {
    return false;
  }
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool open = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  close(fd);
  return open;
}

bool IsRunning(int pid) {
  if (pid <= 0) return false;
  // A child of ours that ended would stay a zombie and look alive.
  int status = 0;
  if (waitpid(pid, &status, WNOHANG) == pid) return false;
  return kill(pid, 0) == 0;
}

bool IsRunningNode(const ClusterNode& node) {
  return IsRunning(node.pid) && IsNodeOf(node.pid, node.dir);
}

int StopNodes(const std::vector<ClusterNode>& nodes, std::uint64_t patience_ms) {
  std::vector<int> pids;
  for (const ClusterNode& node : nodes) {
    if (IsRunningNode(node)) {
      kill(node.pid, SIGTERM);
      pids.push_back(node.pid);
    }
  }
  for (std::uint64_t waited = 0; waited < patience_ms; waited += 20) {
    std::erase_if(pids, [](int pid) { return !IsRunning(pid); });
    if (pids.empty()) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  for (const int pid : pids) kill(pid, SIGKILL);
  return static_cast<int>(pids.size());
}

std::string LogTail(const std::string& dir, std::size_t lines) {
  const auto text = platform::ReadTextFile(dir + "/node.log");
  if (!text) return "";
  std::size_t at = text->size();
  for (std::size_t seen = 0; at > 0; --at) {
    if ((*text)[at - 1] == '\n' && at != text->size() && ++seen == lines) break;
  }
  return text->substr(at);
}

}  // namespace timebank::cli
