// The first state of a new ledger: one district with the officers who may found the rest, the
// validators, the council, and the district's policy. Everything else comes by transactions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "timebank/v1/record.pb.h"
#include "wallet-cli/identity.h"

namespace timebank::cli {

struct GenesisValidator {
  std::string name;
  crypto::PublicKey key;
  Hash tls_key_hash;
  std::string address;  // of its peer port
};

struct PolicyDifference {
  v1::PolicyParameter parameter = v1::POLICY_PARAMETER_UNSPECIFIED;
  std::int64_t value = 0;
};

struct GenesisPlan {
  Millis at;
  std::int64_t civil_offset_minutes = 480;
  bool development = false;
  crypto::PublicKey dev_key;  // development only
  OrgId district;
  std::string district_name;
  // With the district they are the council, two of whom decide who validates.
  OrgId charity;
  OrgId auditor;
  std::vector<GenesisValidator> validators;
  // Their offices are held from genesis on.
  std::vector<Identity> officers;
  // Sorted by parameter when built; in force from genesis.
  std::vector<PolicyDifference> policy;
};

// Canonical bytes of the Genesis: what chain_id is the hash of.
[[nodiscard]] std::string BuildGenesis(GenesisPlan plan);
// The same as readable JSON; only a view, nothing is computed from it.
[[nodiscard]] std::string GenesisView(const v1::Genesis& genesis);

}  // namespace timebank::cli
