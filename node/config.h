// The configuration of one node: a TOML file in the validator's folder, as `timebank testnet init`
// writes it. Relative paths are relative to that folder. An unknown or misspelt key is refused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/status.h"

namespace timebank::node {

struct PeerConfig {
  std::string name;     // as in the validator set: its TLS key is pinned there
  std::string address;  // host:port of its peer port, instead of what the ledger says
  // Hexadecimal; empty: the ledger says it. With it the peer is linked whatever the ledger says,
  // which a newcomer needs where none of the validators of genesis are left.
  std::string tls_key;
};

// Bounds of what clients may ask of this node.
struct LimitsConfig {
  std::uint32_t streams_per_connection = 64;
  std::uint32_t requests_per_second = 20'000;  // of one connection; see rpc/rate_limit.h
  std::uint32_t inbox = 8192;                  // client transactions waiting for the replica
  std::uint32_t pool_transactions = 20'000;
  std::uint32_t memory_mb = 256;  // of gRPC, for each of the two ports
};

struct Config {
  std::string name;
  std::string data_dir;
  std::string genesis_file;
  std::string key_file;
  std::string passphrase_file;  // empty: the key file is not encrypted (development only)
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::string client_listen;   // host:port
  std::string peer_listen;     // host:port
  std::string metrics_listen;  // host:port; empty: no metrics
  std::vector<PeerConfig> peers;
  std::uint64_t delay_ms = 100;     // D of CONSENSUS 2
  std::uint64_t disk_low_mb = 512;  // below it, nothing new is accepted
  // Development networks: ledger time of the first start = wall clock + this. Later the signed
  // clock commands rule (DESIGN 1).
  std::int64_t clock_offset_ms = 0;
  std::uint32_t verify_threads = 0;  // 0: one for each core
  LimitsConfig limits;
};

// The error names the file, the line or key, and what is expected there.
[[nodiscard]] platform::Result<Config> LoadConfig(const std::string& path);

// The same of the text of such a file; `path` is what its relative paths start from.
[[nodiscard]] platform::Result<Config> ParseConfig(const std::string& text,
                                                   const std::string& path);

// TOML text that LoadConfig reads back; paths as they stand.
[[nodiscard]] std::string ConfigText(const Config& config);

}  // namespace timebank::node
