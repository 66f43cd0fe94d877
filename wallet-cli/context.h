// What a command works with: where the ledger is, who signs, what the names on the command line
// mean. Everything is opened when first asked for, so that a command needs only what it uses.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/client/client.h"
#include "platform/keyfile.h"
#include "wallet-cli/cluster.h"
#include "wallet-cli/failure.h"
#include "wallet-cli/identity.h"
#include "wallet-cli/output.h"
#include "wallet-cli/paper_slips.h"
#include "wallet-cli/texts.h"

namespace timebank::cli {

// Given before or after the command's name.
struct GlobalOptions {
  std::string cluster;             // path of cluster.json
  std::vector<std::string> nodes;  // NAME=HOST:PORT or HOST:PORT
  std::string genesis;             // path of genesis.bin
  std::string identity;            // --as
  std::vector<std::string> with;   // further signers
  std::string home;                // folder of identities
  std::string role;
  std::string org;
  std::string sign_only;  // write the signed envelope here and submit nothing
  std::string receipt;    // where the receipt of what is recorded is kept
  std::string passphrase_file;
  std::string lang;
  std::string timeout = "10";  // seconds
  bool json = false;
};

struct NamedOrg {
  OrgId id;
  std::string code;
  std::string name;
};

class Context {
 public:
  explicit Context(GlobalOptions options);

  [[nodiscard]] const GlobalOptions& options() const { return options_; }
  [[nodiscard]] bool json() const { return options_.json; }
  [[nodiscard]] Language language() const { return language_; }
  [[nodiscard]] std::string Say(Text text) const { return std::string(cli::Say(text, language_)); }

  // Where the next receipt is kept: --receipt, then the same with .2, .3; empty: nowhere.
  [[nodiscard]] std::string NextReceiptPath();

  // cluster.json, when there is one; its path for those who change it.
  [[nodiscard]] Result<const Cluster*> FindCluster();
  [[nodiscard]] std::string ClusterPath() const;
  [[nodiscard]] Result<std::string> GenesisPath();
  [[nodiscard]] Result<const chain::Genesis*> Genesis();
  [[nodiscard]] Result<client::Client*> Connect();
  // Milliseconds that a call may take.
  [[nodiscard]] Result<std::uint32_t> TimeoutMs() const;
  // Ledger time, never this machine's.
  [[nodiscard]] Result<Millis> Now();
  // Of the era, as a node proves it: genesis' own until a recovery.
  [[nodiscard]] Result<Hash> ChainId();
  // Of local time; 480 where no genesis is known.
  [[nodiscard]] std::int64_t CivilOffset();

  [[nodiscard]] IdentityStore Identities();
  // Writes a new identity, its key plain in a development network only.
  [[nodiscard]] Result<Done> CreateIdentity(const Identity& identity);
  // The identity of --as; it stays open for as long as this Context lives.
  [[nodiscard]] Result<const Identity*> Self();
  // An identity with its key; the error names what is missing.
  [[nodiscard]] Result<const Identity*> Person(const std::string& name);

  // An identity's name, or a member id; the home is zero where only the id is known.
  [[nodiscard]] Result<SlipParty> FindMember(const std::string& text, std::string_view option);
  // An id, a code or name of organisations.json, "district", or a name on the ledger.
  [[nodiscard]] Result<OrgId> FindOrg(const std::string& text, std::string_view option);
  // Names for people: those of this machine, else the first digits of the id.
  [[nodiscard]] std::string NameOf(std::string_view member);
  [[nodiscard]] std::string NameOfOrg(std::string_view org);

 private:
  [[nodiscard]] IdentityStore StoreWith(const platform::PassphraseSource& passphrase);
  [[nodiscard]] bool IsDevelopment();
  [[nodiscard]] Result<std::vector<client::NodeAddress>> Nodes(const std::string& genesis,
                                                               std::uint32_t timeout_ms);
  void LoadOrganisations();
  // Adds all that the ledger has; once.
  [[nodiscard]] Result<Done> LoadLedgerOrganisations();

  GlobalOptions options_;
  Language language_;
  std::uint32_t receipts_ = 0;
  platform::PassphraseSource passphrase_;
  std::optional<Cluster> cluster_;
  std::optional<chain::Genesis> genesis_;
  std::unique_ptr<client::Client> client_;
  std::map<std::string, std::unique_ptr<Identity>> people_;
  std::optional<std::map<std::string, std::string>> names_;  // by member id
  std::optional<std::vector<NamedOrg>> organisations_;
  bool ledger_organisations_ = false;
};

}  // namespace timebank::cli
