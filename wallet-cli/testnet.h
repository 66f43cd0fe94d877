// `timebank testnet init`: writes the folders that operators of a new ledger would receive, one per
// validator, with the genesis that all share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"
#include "wallet-cli/genesis_builder.h"

namespace timebank::cli {

struct TestnetOptions {
  std::uint32_t validators = 4;  // 4..20
  std::string out;               // must not exist or be empty
  std::uint16_t port_base = 7400;
  // Settable clock, plain keys; status and receipts say DEVELOPMENT.
  bool development = false;
  Millis genesis;
  // Development: ledger time of the nodes' first start = wall clock + this.
  std::int64_t clock_offset_ms = 0;
  std::string district_name = "District";
  std::vector<PolicyDifference> policy;
};

struct TestnetNode {
  std::string name;
  std::string address;  // client port, host:port
  std::string directory;
};

struct Testnet {
  Hash chain_id;
  OrgId district;
  std::string genesis_path;
  std::string identities_directory;
  std::vector<TestnetNode> nodes;
  std::vector<Identity> officers;
};

// Names of the founding officers' identities: regulator-1, regulator-2, finance-1, clerk-1,
// lister-1, assessor-1, auditor-1, council-1 to council-3.
[[nodiscard]] Expected<Testnet, std::string> InitTestnet(const TestnetOptions& options);

}  // namespace timebank::cli
