#include "wallet-cli/testnet.h"

#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "crypto/sha256.h"
#include "node/config.h"
#include "platform/entropy.h"
#include "platform/file.h"
#include "platform/keyfile.h"
#include "wallet-cli/deploy_files.h"
#include "wallet-cli/validator_folder.h"

namespace timebank::cli {
namespace {

constexpr std::uint32_t kValidatorsMin = 4;
constexpr std::uint32_t kValidatorsMax = 20;
constexpr std::uint16_t kPortsPerNode = 3;

using Step = Expected<bool, std::string>;

std::uint16_t Port(const TestnetOptions& options, std::size_t node, std::uint16_t which) {
  return static_cast<std::uint16_t>(options.port_base + node * kPortsPerNode + which);
}

std::string Loopback(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

std::string NodeName(std::size_t index) { return "validator-" + std::to_string(index + 1); }

node::Config NodeConfig(const TestnetOptions& options, std::size_t index) {
  node::Config config;
  config.name = NodeName(index);
  config.client_listen = Loopback(Port(options, index, 0));
  config.peer_listen = Loopback(Port(options, index, 1));
  config.metrics_listen = Loopback(Port(options, index, 2));
  config.clock_offset_ms = options.clock_offset_ms;
  for (std::size_t other = 0; other < options.validators; ++other) {
    if (other == index) continue;
    config.peers.push_back({NodeName(other), Loopback(Port(options, other, 1))});
  }
  return config;
}

// The officers who found a ledger. A regulator founds and appoints, with finance a budget, with an
// assessor the lists, two of the council the set of validators; nobody of them approves hours.
std::vector<Identity> FoundingOfficers(const GenesisPlan& plan) {
  struct Row {
    const char* name;
    v1::Role role;
    const OrgId& org;
  };
  const OrgId& district = plan.district;
  const Row rows[] = {
      {"regulator-1", v1::ROLE_REGULATOR, district}, {"regulator-2", v1::ROLE_REGULATOR, district},
      {"finance-1", v1::ROLE_FINANCE, district},     {"clerk-1", v1::ROLE_CLERK, district},
      {"lister-1", v1::ROLE_LISTER, district},       {"assessor-1", v1::ROLE_ASSESSOR, district},
      {"auditor-1", v1::ROLE_AUDITOR, district},     {"council-1", v1::ROLE_COUNCIL, district},
      {"council-2", v1::ROLE_COUNCIL, plan.charity}, {"council-3", v1::ROLE_COUNCIL, plan.auditor}};
  std::vector<Identity> officers;
  for (const auto& [name, role, org] : rows) {
    Identity officer;
    officer.name = name;
    officer.member = platform::NewId<MemberId>(plan.at);
    officer.home = org;
    officer.offices = {{role, org}};
    officer.key = platform::NewSecretKey();
    officers.push_back(std::move(officer));
  }
  return officers;
}

Step WriteIdentities(const TestnetOptions& options, const Testnet& testnet) {
  platform::PassphraseSource passphrase = platform::PassphraseIs("");
  if (!options.development) {
    const std::string text = ToHex(platform::Random<Hash>().view());
    const auto made = platform::CreateDirectories(testnet.identities_directory, 0700);
    if (!made) return Unexpected{made.error()};
    if (auto step = WriteNew(testnet.identities_directory + "/passphrase", text + "\n",
                             platform::kModePrivate);
        !step) {
      return step;
    }
    passphrase = platform::PassphraseIs(text);
  }
  const IdentityStore store(testnet.identities_directory, passphrase, options.development);
  for (const Identity& officer : testnet.officers) {
    if (auto step = store.Create(officer, options.development); !step) return step;
  }
  return true;
}

Step CheckOptions(const TestnetOptions& options) {
  if (options.validators < kValidatorsMin || options.validators > kValidatorsMax) {
    return Unexpected{
        std::string("a ledger has 4 to 20 validators: with fewer than 4 none may fail")};
  }
  const std::size_t last_port = options.port_base + options.validators * kPortsPerNode;
  if (options.port_base < 1024 || last_port > 65535) {
    return Unexpected{std::string("--port-base must leave room between 1024 and 65535 for ") +
                      std::to_string(options.validators * kPortsPerNode) + " ports"};
  }
  std::error_code error;
  if (std::filesystem::exists(options.out, error) &&
      !std::filesystem::is_empty(options.out, error)) {
    return Unexpected{options.out + " exists and is not empty; choose another folder"};
  }
  return true;
}

}  // namespace

Expected<Testnet, std::string> InitTestnet(const TestnetOptions& options) {
  if (auto step = CheckOptions(options); !step) return Unexpected{step.error()};
  const auto made = platform::CreateDirectories(options.out);
  if (!made) return Unexpected{made.error()};
  Testnet testnet;
  testnet.district = platform::NewId<OrgId>(options.genesis);
  testnet.identities_directory = options.out + "/identities";
  testnet.genesis_path = options.out + "/genesis.bin";
  GenesisPlan plan;
  plan.at = options.genesis;
  plan.development = options.development;
  plan.district = testnet.district;
  plan.district_name = options.district_name;
  plan.charity = platform::NewId<OrgId>(options.genesis);
  plan.auditor = platform::NewId<OrgId>(options.genesis);
  testnet.officers = FoundingOfficers(plan);
  plan.officers = testnet.officers;
  plan.policy = options.policy;
  const crypto::SecretKey dev_key = platform::NewSecretKey();
  plan.dev_key = dev_key.public_key();
  std::vector<ValidatorKeys> keys;
  for (std::size_t i = 0; i < options.validators; ++i) {
    auto made_keys = NewValidatorKeys(NodeName(i));
    if (!made_keys) return Unexpected{made_keys.error()};
    plan.validators.push_back({NodeName(i), made_keys->key.public_key(), made_keys->tls_key_hash,
                               Loopback(Port(options, i, 1))});
    keys.push_back(std::move(*made_keys));
  }
  const std::string genesis = BuildGenesis(std::move(plan));
  testnet.chain_id = crypto::Sha256(AsBytes(genesis));
  v1::Genesis view;
  if (!view.ParseFromString(genesis)) return Unexpected{std::string("the genesis is unreadable")};
  const std::pair<std::string, std::string> files[] = {
      {testnet.genesis_path, genesis},
      {options.out + "/genesis.json", GenesisView(view)},
      {options.out + "/compose.yaml", ComposeFile(options.validators, {::geteuid(), ::getegid()})},
      {options.out + "/RUNBOOK.md", std::string(kRunbook)}};
  for (const auto& [path, content] : files) {
    if (auto step = WriteNew(path, content, platform::kModePublic); !step)
      return Unexpected{step.error()};
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string directory = options.out + "/" + NodeName(i);
    auto step = WriteValidatorFolder(
        {directory, genesis, NodeConfig(options, i), options.development}, keys[i]);
    for (const v1::Validator& validator : view.validators()) {
      if (step && validator.name() == NodeName(i)) step = WriteValidatorCard(directory, validator);
    }
    if (!step) return Unexpected{step.error()};
    testnet.nodes.push_back({NodeName(i), Loopback(Port(options, i, 0)), directory});
  }
  if (options.development) {
    const auto written = platform::CreatePlainKeyFile(options.out + "/dev.key", dev_key);
    if (!written) return Unexpected{written.error()};
  }
  if (auto step = WriteIdentities(options, testnet); !step) return Unexpected{step.error()};
  return testnet;
}

}  // namespace timebank::cli
