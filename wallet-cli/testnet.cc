#include "wallet-cli/testnet.h"

#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "api/client/tls.h"
#include "api/client/tls_identity.h"
#include "crypto/sha256.h"
#include "node/config.h"
#include "platform/entropy.h"
#include "platform/file.h"
#include "platform/keyfile.h"
#include "wallet-cli/deploy_files.h"

namespace timebank::cli {
namespace {

constexpr std::uint32_t kValidatorsMin = 4;
constexpr std::uint32_t kValidatorsMax = 20;
constexpr std::uint16_t kPortsPerNode = 3;

using Step = Expected<bool, std::string>;

Step Write(const std::string& path, std::string_view content,
           unsigned mode = platform::kModePublic) {
  const auto written = platform::CreateFileExclusively(path, AsBytes(content), mode);
  if (!written) return Unexpected{written.error()};
  return true;
}

struct NodeKeys {
  crypto::SecretKey key;
  client::TlsIdentity tls;
};

// Passphrase of an encrypted key: 32 random bytes in hex, in a file of mode 0600 beside it. An
// operator moves it to where their secrets are kept.
std::string NewPassphrase() { return ToHex(platform::Random<Hash>().view()); }

std::uint16_t Port(const TestnetOptions& options, std::size_t node, std::uint16_t which) {
  return static_cast<std::uint16_t>(options.port_base + node * kPortsPerNode + which);
}

std::string Loopback(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

std::string NodeName(std::size_t index) { return "validator-" + std::to_string(index + 1); }

node::Config NodeConfig(const TestnetOptions& options, std::size_t index) {
  node::Config config;
  config.name = NodeName(index);
  config.data_dir = "data";
  config.genesis_file = "genesis.bin";
  config.key_file = "consensus.key";
  config.passphrase_file = options.development ? "" : "passphrase";
  config.tls_certificate_file = "tls.crt";
  config.tls_key_file = "tls.key";
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

Step WriteNode(const TestnetOptions& options, std::size_t index, const NodeKeys& keys,
               std::string_view genesis) {
  const std::string directory = options.out + "/" + NodeName(index);
  const auto made = platform::CreateDirectories(directory, 0700);
  if (!made) return Unexpected{made.error()};
  if (auto step = Write(directory + "/genesis.bin", genesis); !step) return step;
  if (auto step = Write(directory + "/tls.crt", keys.tls.certificate); !step) return step;
  if (auto step = Write(directory + "/tls.key", keys.tls.private_key, platform::kModePrivate);
      !step) {
    return step;
  }
  const std::string key_path = directory + "/consensus.key";
  if (options.development) {
    const auto written = platform::CreatePlainKeyFile(key_path, keys.key);
    if (!written) return Unexpected{written.error()};
  } else {
    const std::string passphrase = NewPassphrase();
    const std::string path = directory + "/passphrase";
    if (auto step = Write(path, passphrase + "\n", platform::kModePrivate); !step) return step;
    const auto written =
        platform::CreateKeyFile(key_path, keys.key, platform::PassphraseIs(passphrase));
    if (!written) return Unexpected{written.error()};
  }
  if (auto step = Write(directory + "/timebank-node.service", kNodeServiceUnit); !step) {
    return step;
  }
  return Write(directory + "/config.toml", node::ConfigText(NodeConfig(options, index)));
}

// The officers who found a ledger. A regulator founds and appoints, with finance a budget, with an
// assessor the lists; nobody of them approves hours.
std::vector<Identity> FoundingOfficers(const OrgId& district, Millis genesis) {
  const std::pair<const char*, v1::Role> roles[] = {
      {"regulator-1", v1::ROLE_REGULATOR}, {"regulator-2", v1::ROLE_REGULATOR},
      {"finance-1", v1::ROLE_FINANCE},     {"clerk-1", v1::ROLE_CLERK},
      {"lister-1", v1::ROLE_LISTER},       {"assessor-1", v1::ROLE_ASSESSOR},
      {"auditor-1", v1::ROLE_AUDITOR}};
  std::vector<Identity> officers;
  for (const auto& [name, role] : roles) {
    Identity officer;
    officer.name = name;
    officer.member = platform::NewId<MemberId>(genesis);
    officer.home = district;
    officer.offices = {{role, district}};
    officer.key = platform::NewSecretKey();
    officers.push_back(std::move(officer));
  }
  return officers;
}

Step WriteIdentities(const TestnetOptions& options, const Testnet& testnet) {
  platform::PassphraseSource passphrase = platform::PassphraseIs("");
  if (!options.development) {
    const std::string text = NewPassphrase();
    const auto made = platform::CreateDirectories(testnet.identities_directory, 0700);
    if (!made) return Unexpected{made.error()};
    if (auto step = Write(testnet.identities_directory + "/passphrase", text + "\n",
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
  testnet.officers = FoundingOfficers(testnet.district, options.genesis);
  GenesisPlan plan;
  plan.at = options.genesis;
  plan.development = options.development;
  plan.district = testnet.district;
  plan.district_name = options.district_name;
  plan.officers = testnet.officers;
  plan.policy = options.policy;
  const crypto::SecretKey dev_key = platform::NewSecretKey();
  plan.dev_key = dev_key.public_key();
  std::vector<NodeKeys> keys;
  for (std::size_t i = 0; i < options.validators; ++i) {
    auto tls = client::NewTlsIdentity({NodeName(i), {"localhost", "127.0.0.1"}});
    if (!tls) return Unexpected{tls.error()};
    const auto tls_hash = client::TlsKeyHash(tls->certificate);
    if (!tls_hash) return Unexpected{std::string("the new TLS certificate has no key")};
    keys.push_back({platform::NewSecretKey(), *tls});
    plan.validators.push_back({NodeName(i), keys.back().key.public_key(), *tls_hash});
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
    if (auto step = Write(path, content); !step) return Unexpected{step.error()};
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (auto step = WriteNode(options, i, keys[i], genesis); !step) return Unexpected{step.error()};
    testnet.nodes.push_back(
        {NodeName(i), Loopback(Port(options, i, 0)), options.out + "/" + NodeName(i)});
  }
  if (options.development) {
    const auto written = platform::CreatePlainKeyFile(options.out + "/dev.key", dev_key);
    if (!written) return Unexpected{written.error()};
  }
  if (auto step = WriteIdentities(options, testnet); !step) return Unexpected{step.error()};
  return testnet;
}

}  // namespace timebank::cli
