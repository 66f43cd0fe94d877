// Who validates: showing the set, a folder for a newcomer, and the council's changes (CONSENSUS 6).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "chain/domains.h"
#include "chain/header.h"
#include "chain/validator_set.h"
#include "platform/file.h"
#include "platform/keyfile.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"
#include "wallet-cli/validator_folder.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kKeyDigits = 16;
// A newcomer further behind than this is not ready to vote.
constexpr std::uint64_t kReadyLagMax = 100;

struct NewOptions {
  std::string name;
  std::string out;
  std::string port_base;
  std::string address;
};

struct ChangeOptions {
  std::vector<std::string> add;
  std::vector<std::string> remove;
  bool force = false;
};

Result<v1::GetValidatorsResponse> ReadSets(Context& context) {
  return ReadPublic<v1::GetValidatorsResponse>(context, v1::GetValidatorsRequest{});
}

std::string KeyText(std::string_view suited) { return ToHex(AsBytes(suited).subspan(1)); }

Json JsonOf(const v1::Validator& validator) {
  return {{"name", validator.name()},
          {"key", ToHex(AsBytes(validator.key()))},
          {"tls_key_hash", ToHex(AsBytes(validator.tls_key_hash()))},
          {"address", validator.address()}};
}

Json JsonOf(const v1::ValidatorSetRecord& set) {
  Json validators = Json::array();
  for (const v1::Validator& validator : set.validators()) validators.push_back(JsonOf(validator));
  Json awaited = Json::array();
  for (const std::string& key : set.awaited()) awaited.push_back(ToHex(AsBytes(key)));
  return {
      {"validators", validators}, {"awaited", awaited}, {"boundary_height", set.boundary_height()}};
}

void PrintSet(const v1::ValidatorSetRecord& set) {
  Table table({"validator", "key", "address", ""});
  for (const v1::Validator& validator : set.validators()) {
    const bool awaited = std::ranges::find(set.awaited(), validator.key()) != set.awaited().end();
    table.Add({validator.name(), KeyText(validator.key()).substr(0, kKeyDigits),
               validator.address(), awaited ? "not READY yet" : ""});
  }
  PrintText(table.Text());
}

Result<Exit> List(Context& context) {
  const auto sets = ReadSets(context);
  if (!sets) return Unexpected{sets.error()};
  if (context.json()) {
    Json out = {
        {"epoch", sets->epoch()}, {"height", sets->height()}, {"current", JsonOf(sets->current())}};
    if (sets->has_waiting()) out["waiting"] = JsonOf(sets->waiting());
    PrintJson(out);
    return Exit::kOk;
  }
  const auto n = static_cast<std::size_t>(sets->current().validators_size());
  PrintText("epoch " + std::to_string(sets->epoch()) + " at height " +
            std::to_string(sets->height()) + ": " + std::to_string(n) + " validators, " +
            std::to_string(chain::Quorum(n)) + " decide");
  PrintSet(sets->current());
  if (sets->has_waiting()) {
    PrintText("a change waits for those it adds; the set would be");
    PrintSet(sets->waiting());
  }
  return Exit::kOk;
}

node::Config ConfigOf(const NewOptions& options, std::uint16_t port,
                      const v1::ValidatorSetRecord& current) {
  const auto on = [port](int which) { return "127.0.0.1:" + std::to_string(port + which); };
  node::Config config;
  config.name = options.name;
  config.client_listen = on(0);
  config.peer_listen = on(1);
  config.metrics_listen = on(2);
  for (const v1::Validator& validator : current.validators()) {
    if (validator.address().empty()) continue;
    config.peers.push_back(
        {validator.name(), validator.address(), ToHex(AsBytes(validator.tls_key_hash()))});
  }
  return config;
}

// So that this machine's commands reach it, and a development network's clock is taken over.
Result<Done> NoteInCluster(Context& context, const ClusterNode& node) {
  const auto known = context.FindCluster();
  if (!known) return Done{};
  Cluster cluster = **known;
  std::erase_if(cluster.nodes, [&node](const ClusterNode& old) { return old.name == node.name; });
  cluster.nodes.push_back(node);
  const auto written = WriteCluster(context.ClusterPath(), cluster);
  if (!written) return Unexpected{LocalFailure(written.error())};
  return Done{};
}

Result<Exit> New(Context& context, const NewOptions& options) {
  const auto port = ParseNumber(options.port_base, "--port-base", {1024, 65533});
  if (!port) return Unexpected{port.error()};
  const auto sets = ReadSets(context);
  if (!sets) return Unexpected{sets.error()};
  const auto path = context.GenesisPath();
  if (!path) return Unexpected{path.error()};
  const auto genesis = platform::ReadFile(*path);
  if (!genesis) return Unexpected{LocalFailure(genesis.error())};
  const auto keys = NewValidatorKeys(options.name);
  if (!keys) return Unexpected{LocalFailure(keys.error())};
  const auto base = static_cast<std::uint16_t>(*port);
  ValidatorFolder folder{options.out, AsText(*genesis), ConfigOf(options, base, sets->current())};
  const auto parsed = context.Genesis();
  if (!parsed) return Unexpected{parsed.error()};
  folder.development = (*parsed)->message.development();
  const auto cluster = context.FindCluster();
  if (cluster) folder.config.clock_offset_ms = (*cluster)->offset_ms;
  v1::Validator card;
  card.set_name(options.name);
  card.set_key(crypto::SuitedKey(keys->key.public_key()));
  card.set_tls_key_hash(keys->tls_key_hash.str());
  card.set_address(options.address.empty() ? folder.config.peer_listen : options.address);
  const std::string client = folder.config.client_listen;
  auto written = WriteValidatorFolder(std::move(folder), *keys);
  if (written) written = WriteValidatorCard(options.out, card);
  if (!written) return Unexpected{LocalFailure(written.error())};
  std::error_code error;
  const std::string directory =
      std::filesystem::absolute(options.out, error).lexically_normal().string();
  const auto noted = NoteInCluster(
      context, {options.name, client, directory, 0, ToHex(keys->tls_key_hash.view())});
  if (!noted) return Unexpected{noted.error()};
  if (context.json()) {
    Json out = JsonOf(card);
    out["dir"] = directory;
    out["grpc"] = client;
    PrintJson(out);
    return Exit::kOk;
  }
  PrintText(directory + ": keys, certificate, configuration and validator.json");
  PrintText("next, each by whom it concerns:");
  PrintText("  cd " + directory + " && timebank-node --config config.toml");
  PrintText("  timebank --as council-1 --with council-2 validators change --add " + directory);
  PrintText("  timebank --as council-1 validators ready " + directory);
  return Exit::kOk;
}

// Names of those who answer now, as the first node that answers sees it.
Result<std::set<std::string>> Reachable(Context& context) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  for (std::size_t i = 0; i < (*client)->nodes().size(); ++i) {
    const auto status = (*client)->Status(i);
    if (!status) continue;
    std::set<std::string> names{status->name()};
    for (const v1::PeerStatus& peer : status->peers()) {
      if (peer.reachable()) names.insert(peer.name());
    }
    return names;
  }
  return Unexpected{LocalFailure("no validator answers")};
}

// Would the next set have its quorum today? Those added count: the change waits for their READY.
Result<Done> Simulate(Context& context, const v1::GetValidatorsResponse& sets,
                      const std::set<std::string>& removed, std::size_t added) {
  const auto reachable = Reachable(context);
  if (!reachable) return Unexpected{reachable.error()};
  std::size_t size = added;
  std::size_t up = added;
  std::string down;
  for (const v1::Validator& validator : sets.current().validators()) {
    if (removed.contains(validator.name())) continue;
    ++size;
    if (reachable->contains(validator.name())) {
      ++up;
    } else {
      down += " " + validator.name();
    }
  }
  if (up >= chain::Quorum(size)) return Done{};
  return Unexpected{
      LocalFailure("of the " + std::to_string(size) + " validators of the next set only " +
                       std::to_string(up) + " would answer, " +
                       std::to_string(chain::Quorum(size)) + " decide; not reachable:" + down,
                   "start those first, or say --force: with too few the ledger stands still")};
}

Result<Exit> Change(Context& context, const ChangeOptions& options) {
  const auto sets = ReadSets(context);
  if (!sets) return Unexpected{sets.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_COUNCIL}};
  v1::ChangeValidators& change = *deed.body.mutable_change_validators();
  change.set_epoch(sets->epoch());
  std::set<std::string> removed(options.remove.begin(), options.remove.end());
  for (const v1::Validator& validator : sets->current().validators()) {
    if (removed.contains(validator.name())) change.add_remove(validator.key());
  }
  if (change.remove_size() != static_cast<int>(removed.size())) {
    return Unexpected{UsageFailure(
        "--remove: not all of these names are in the set; see `timebank validators list`")};
  }
  std::vector<v1::Validator> added;
  for (const std::string& path : options.add) {
    auto card = ReadValidatorCard(path);
    if (!card) return Unexpected{LocalFailure(card.error())};
    added.push_back(std::move(*card));
  }
  std::ranges::sort(added, {}, [](const v1::Validator& validator) { return validator.key(); });
  for (v1::Validator& card : added) *change.add_add() = std::move(card);
  if (removed.empty() && added.empty()) {
    return Unexpected{UsageFailure("name who is to come or go: --add FOLDER, --remove NAME")};
  }
  if (!options.force) {
    const auto fine = Simulate(context, *sets, removed, added.size());
    if (!fine) return Unexpected{fine.error()};
  }
  return Record(context, deed);
}

Result<Exit> Withdraw(Context& context) {
  const auto sets = ReadSets(context);
  if (!sets) return Unexpected{sets.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_COUNCIL}};
  deed.body.mutable_change_validators()->set_epoch(sets->epoch());
  deed.body.mutable_change_validators()->set_withdraw(true);
  return Record(context, deed);
}

// The newcomer runs and has caught up; the error says what it lacks.
Result<Done> CheckRuns(Context& context, const std::string& name, std::uint64_t height) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  const auto& nodes = (*client)->nodes();
  const auto node = std::ranges::find(nodes, name, &client::NodeAddress::name);
  if (node == nodes.end()) {
    return Unexpected{LocalFailure(
        "this machine does not know how to reach " + name,
        "run this where `timebank validators new` was run, or add the node to cluster.json")};
  }
  const auto status = (*client)->Status(static_cast<std::size_t>(node - nodes.begin()));
  if (!status) {
    return Unexpected{LocalFailure(name + " does not answer at " + node->address,
                                   "start it: timebank-node --config config.toml")};
  }
  if (status->height() + kReadyLagMax < height) {
    return Unexpected{LocalFailure(
        name + " is at height " + std::to_string(status->height()) + " of " +
            std::to_string(height),
        "wait until it has caught up; it is linked from the block on that holds the change")};
  }
  return Done{};
}

Result<Exit> Ready(Context& context, const std::string& folder) {
  const auto card = ReadValidatorCard(folder);
  if (!card) return Unexpected{LocalFailure(card.error())};
  const auto sets = ReadSets(context);
  if (!sets) return Unexpected{sets.error()};
  const auto runs = CheckRuns(context, card->name(), sets->height());
  if (!runs) return Unexpected{runs.error()};
  const auto genesis = context.Genesis();
  if (!genesis) return Unexpected{genesis.error()};
  const bool development = (*genesis)->message.development();
  const auto key =
      platform::OpenKeyFile(folder + "/consensus.key",
                            development ? platform::PassphraseIs("")
                                        : platform::PassphraseFromFile(folder + "/passphrase"),
                            {.allow_plain = development});
  if (!key) return Unexpected{LocalFailure(key.error().text)};
  // The state holds the digests of all blocks but the last.
  v1::GetHeaderRequest request;
  request.set_height(std::max<std::uint64_t>(sets->height(), 2) - 1);
  const auto answer = ReadPublic<v1::GetHeaderResponse>(context, request);
  if (!answer) return Unexpected{answer.error()};
  const auto header = chain::DecodeHeader(AsBytes(answer->header()));
  if (!header) return Unexpected{LocalFailure("a node sent a header that is none")};
  const Hash digest = header->Digest();
  const auto chain_id = context.ChainId();
  if (!chain_id) return Unexpected{chain_id.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_COUNCIL, v1::ROLE_VALIDATOR_OPERATOR}};
  v1::Ready& ready = *deed.body.mutable_ready();
  ready.set_key(card->key());
  ready.set_height(header->height.value());
  ready.set_digest(digest.str());
  ready.set_proof(
      crypto::SuitedSignature(key->Sign(chain::ReadyBytes(*chain_id, header->height, digest))));
  return Record(context, deed);
}

void AddNew(CLI::App& family, Program& program) {
  auto options = std::make_shared<NewOptions>();
  CLI::App* command = program.Add(
      family,
      {"new",
       "Write the folder of a validator that is to join: keys, configuration, validator.json",
       "timebank validators new --name validator-5 --out validator-5 --port-base 7500"},
      [options](Context& context) { return New(context, *options); });
  command->add_option("--name", options->name, "public name, unlike all others")->required();
  command->add_option("--out", options->out, "folder to write; new")->required();
  command->add_option("--port-base", options->port_base, "first of its three ports")->required();
  command->add_option("--address", options->address,
                      "HOST:PORT where its peers reach it (default: its peer port on loopback)");
}

void AddChange(CLI::App& family, Program& program) {
  auto options = std::make_shared<ChangeOptions>();
  CLI::App* command = program.Add(
      family,
      {"change", "Add and remove validators; a key is rotated by doing both at once",
       "timebank --as council-1 --with council-2 validators change --remove validator-3 --add "
       "validator-3b"},
      [options](Context& context) { return Change(context, *options); });
  AddList(*command, "--add", options->add, "folder or validator.json of who is to come; repeat");
  AddList(*command, "--remove", options->remove, "name of who is to go; repeat");
  command->add_flag("--force", options->force,
                    "even if the next set would have no quorum as things stand");
}

}  // namespace

void AddValidatorCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"validators", "Who validates the ledger", ""});
  program.Add(*family,
              {"list", "The set in force and the change that waits", "timebank validators list"},
              List);
  AddNew(*family, program);
  AddChange(*family, program);
  program.Add(*family,
              {"withdraw", "Take back the change that waits",
               "timebank --as council-1 --with council-2 validators withdraw"},
              Withdraw);
  auto folder = std::make_shared<std::string>();
  CLI::App* ready = program.Add(
      *family,
      {"ready", "Say, with its own key, that a validator that is to join runs and has caught up",
       "timebank --as council-1 validators ready validator-5"},
      [folder](Context& context) { return Ready(context, *folder); });
  ready->add_option("FOLDER", *folder, "the newcomer's folder")->required();
}

}  // namespace timebank::cli
