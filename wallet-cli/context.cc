#include "wallet-cli/context.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "platform/file.h"
#include "platform/keyfile.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/passphrase.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

constexpr char kDefaultCluster[] = ".demo/cluster.json";
constexpr std::int64_t kDefaultCivilOffset = 480;
constexpr std::size_t kShortIdDigits = 12;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<std::string> IdOfHex(std::string_view text, std::size_t size) {
  const auto bytes = FromHex(text);
  if (!bytes || bytes->size() != size) return std::nullopt;
  return ToString(*bytes);
}

std::string ShortId(std::string_view id) { return ToHex(AsBytes(id)).substr(0, kShortIdDigits); }

// Which validator answers at `address`: each has its own TLS key, so only the right name connects.
std::optional<std::string> WhoAnswers(const std::string& genesis, const std::string& address,
                                      std::uint32_t timeout_ms) {
  const auto parsed = chain::ParseGenesis(AsBytes(genesis));
  if (!parsed) return std::nullopt;
  client::ClientOptions options{.genesis = genesis, .nodes = {}, .timeout_ms = timeout_ms};
  for (const v1::Validator& validator : parsed->message.validators()) {
    options.nodes.push_back({validator.name(), address});
  }
  auto client = client::Client::Open(std::move(options));
  if (!client) return std::nullopt;
  for (std::size_t i = 0; i < (*client)->nodes().size(); ++i) {
    if ((*client)->Status(i)) return (*client)->nodes()[i].name;
  }
  return std::nullopt;
}

}  // namespace

Context::Context(GlobalOptions options)
    : options_(std::move(options)),
      language_(ChooseLanguage(options_.lang)),
      passphrase_(Passphrase(options_.passphrase_file)) {}

std::string Context::ClusterPath() const {
  if (!options_.cluster.empty()) return options_.cluster;
  const std::string variable = Environment("TIMEBANK_CLUSTER");
  return variable.empty() ? kDefaultCluster : variable;
}

std::string Context::NextReceiptPath() {
  if (options_.receipt.empty() || ++receipts_ == 1) return options_.receipt;
  return options_.receipt + "." + std::to_string(receipts_);
}

Result<const Cluster*> Context::FindCluster() {
  if (!cluster_) {
    auto cluster = ReadCluster(ClusterPath());
    if (!cluster) return Unexpected{LocalFailure(cluster.error())};
    cluster_ = std::move(*cluster);
  }
  return &*cluster_;
}

Result<std::string> Context::GenesisPath() {
  if (!options_.genesis.empty()) return options_.genesis;
  const auto cluster = FindCluster();
  if (cluster && !(*cluster)->genesis.empty()) return (*cluster)->genesis;
  return Unexpected{LocalFailure("no genesis file is known, and trust begins with it",
                                 "--genesis FILE, or --cluster FILE of a network that is set up")};
}

Result<const chain::Genesis*> Context::Genesis() {
  if (!genesis_) {
    const auto path = GenesisPath();
    if (!path) return Unexpected{path.error()};
    const auto bytes = platform::ReadFile(*path);
    if (!bytes) return Unexpected{LocalFailure(bytes.error())};
    auto genesis = chain::ParseGenesis(*bytes);
    if (!genesis) {
      return Unexpected{LocalFailure(*path + ": " + std::string(Describe(genesis.error())))};
    }
    genesis_ = std::move(*genesis);
  }
  return &*genesis_;
}

Result<std::uint32_t> Context::TimeoutMs() const {
  const auto seconds = ParseNumber(options_.timeout, "--timeout", {1, 3600});
  if (!seconds) return Unexpected{seconds.error()};
  return static_cast<std::uint32_t>(*seconds * 1000);
}

Result<std::vector<client::NodeAddress>> Context::Nodes(const std::string& genesis,
                                                        std::uint32_t timeout_ms) {
  const auto cluster = FindCluster();
  const std::vector<client::NodeAddress> known =
      cluster ? (*cluster)->Addresses() : std::vector<client::NodeAddress>();
  if (options_.nodes.empty()) {
    if (!known.empty()) return known;
    return Unexpected{cluster.error()};
  }
  std::vector<client::NodeAddress> nodes;
  std::string silent;
  for (const std::string& text : options_.nodes) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      nodes.push_back({text.substr(0, equals), text.substr(equals + 1)});
      continue;
    }
    const auto match = std::ranges::find(known, text, &client::NodeAddress::address);
    if (match != known.end()) {
      nodes.push_back(*match);
    } else if (const auto name = WhoAnswers(genesis, text, timeout_ms)) {
      nodes.push_back({*name, text});
    } else {
      silent = text;
    }
  }
  if (!nodes.empty()) return nodes;
  Failure failure;
  failure.exit = Exit::kNotRecorded;
  failure.what = "no validator of this genesis answers at " + silent;
  failure.next = "check the address and that the genesis file is this ledger's";
  return Unexpected{failure};
}

Result<client::Client*> Context::Connect() {
  if (!client_) {
    const auto path = GenesisPath();
    if (!path) return Unexpected{path.error()};
    const auto bytes = platform::ReadFile(*path);
    if (!bytes) return Unexpected{LocalFailure(bytes.error())};
    const auto timeout = TimeoutMs();
    if (!timeout) return Unexpected{timeout.error()};
    const auto nodes = Nodes(ToString(*bytes), *timeout);
    if (!nodes) return Unexpected{nodes.error()};
    auto client = client::Client::Open(
        {.genesis = ToString(*bytes), .nodes = *nodes, .timeout_ms = *timeout});
    if (!client) return Unexpected{LocalFailure(client.error())};
    client_ = std::move(*client);
  }
  return client_.get();
}

Result<Millis> Context::Now() {
  const auto client = Connect();
  if (!client) return Unexpected{client.error()};
  const auto now = (*client)->LedgerNow();
  if (!now) return Unexpected{FailureOf(now.error(), language_)};
  return *now;
}

Result<Hash> Context::ChainId() {
  const auto now = Now();
  if (!now) return Unexpected{now.error()};
  return client_->chain_id();
}

std::int64_t Context::CivilOffset() {
  const auto genesis = Genesis();
  return genesis ? (*genesis)->message.civil_offset_minutes() : kDefaultCivilOffset;
}

bool Context::IsDevelopment() {
  const auto genesis = Genesis();
  return genesis && (*genesis)->message.development();
}

IdentityStore Context::StoreWith(const platform::PassphraseSource& passphrase) {
  std::string directory = options_.home;
  if (directory.empty()) {
    const auto cluster = FindCluster();
    if (cluster) directory = (*cluster)->identities_dir;
  }
  if (directory.empty()) directory = Environment("HOME") + "/.timebank";
  return {directory, passphrase, /*allow_plain=*/IsDevelopment()};
}

IdentityStore Context::Identities() { return StoreWith(passphrase_); }

Result<Done> Context::CreateIdentity(const Identity& identity) {
  const IdentityStore store = StoreWith(NewPassphrase(options_.passphrase_file));
  const auto made = store.Create(identity, /*plain=*/IsDevelopment());
  if (!made) return Unexpected{LocalFailure(made.error())};
  return Done{};
}

Result<const Identity*> Context::Person(const std::string& name) {
  const auto known = people_.find(name);
  if (known != people_.end()) return known->second.get();
  auto identity = Identities().Open(name);
  if (!identity) return Unexpected{LocalFailure(identity.error())};
  if (!identity->key) {
    return Unexpected{LocalFailure("'" + name + "' has no key and cannot sign",
                                   "people without a key act through a card, a call or paper")};
  }
  return people_.emplace(name, std::make_unique<Identity>(std::move(*identity)))
      .first->second.get();
}

Result<const Identity*> Context::Self() {
  if (!options_.identity.empty()) return Person(options_.identity);
  return Unexpected{
      UsageFailure("who signs or reads is not said: --as NAME", v1::REASON_MISSING_FIELD)};
}

Result<SlipParty> Context::FindMember(const std::string& text, std::string_view option) {
  if (const auto id = IdOfHex(text, MemberId::kSize)) return SlipParty{*MemberId::From(*id), {}};
  const auto identity = Identities().OpenPublic(text);
  if (identity) return SlipParty{identity->member, identity->home};
  return Unexpected{UsageFailure(std::string(option) + " '" + text +
                                     "' is neither an identity of this machine nor 32 hexadecimal "
                                     "digits",
                                 v1::REASON_UNKNOWN_MEMBER)};
}

void Context::LoadOrganisations() {
  if (organisations_) return;
  organisations_.emplace();
  if (const auto genesis = Genesis()) {
    for (const v1::Organisation& org : (*genesis)->message.organisations()) {
      const bool root = org.parent().empty();
      if (const auto id = OrgId::From(org.org())) {
        organisations_->push_back({*id, root ? "district" : "", org.name()});
      }
    }
  }
  const auto text =
      platform::ReadTextFile(platform::DirectoryOf(ClusterPath()) + "/organisations.json");
  const Json json = text ? Json::parse(*text, nullptr, /*allow_exceptions=*/false) : Json();
  if (!json.is_object()) return;
  for (const Json& org : json.value("organisations", Json::array())) {
    const auto id = IdOfHex(org.value("id", std::string()), OrgId::kSize);
    if (!id) continue;
    organisations_->push_back(
        {*OrgId::From(*id), org.value("code", std::string()), org.value("name", std::string())});
  }
}

Result<Done> Context::LoadLedgerOrganisations() {
  if (ledger_organisations_) return Done{};
  const auto client = Connect();
  if (!client) return Unexpected{client.error()};
  v1::ListOrganisationsRequest request;
  do {
    const auto page = (*client)->Get(request);
    if (!page) return Unexpected{FailureOf(page.error(), language_)};
    for (const v1::Organisation& org : page->organisations()) {
      const auto id = OrgId::From(org.org());
      if (id) organisations_->push_back({*id, "", org.name()});
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  ledger_organisations_ = true;
  return Done{};
}

Result<OrgId> Context::FindOrg(const std::string& text, std::string_view option) {
  if (const auto id = IdOfHex(text, OrgId::kSize)) return *OrgId::From(*id);
  LoadOrganisations();
  for (const bool ask_ledger : {false, true}) {
    if (ask_ledger) {
      const auto loaded = LoadLedgerOrganisations();
      if (!loaded) return Unexpected{loaded.error()};
    }
    for (const NamedOrg& org : *organisations_) {
      if (org.code == text || org.name == text) return org.id;
    }
  }
  return Unexpected{UsageFailure(
      std::string(option) + " '" + text + "' is no organisation; `timebank org list` shows them",
      v1::REASON_UNKNOWN_ORGANISATION)};
}

std::string Context::NameOf(std::string_view member) {
  if (member.empty()) return "-";
  if (!names_) {
    names_.emplace();
    const IdentityStore store = Identities();
    for (const std::string& name : store.Names()) {
      const auto identity = store.OpenPublic(name);
      if (identity) names_->emplace(identity->member.str(), name);
    }
  }
  const auto name = names_->find(std::string(member));
  return name == names_->end() ? ShortId(member) : name->second;
}

std::string Context::NameOfOrg(std::string_view org) {
  if (org.empty() || OrgId::From(org) == OrgId{}) return "-";
  LoadOrganisations();
  for (const bool ask_ledger : {false, true}) {
    // Names are a courtesy: a command that needs no network does not begin to need one for them.
    if (ask_ledger && (!client_ || !LoadLedgerOrganisations())) break;
    for (const NamedOrg& known : *organisations_) {
      if (known.id.text() == org) return known.code.empty() ? known.name : known.code;
    }
  }
  return ShortId(org);
}

}  // namespace timebank::cli
