#include "wallet-cli/recording.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <variant>

#include "platform/file.h"
#include "wallet-cli/arguments.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

bool NeedsNoOrganisation(v1::Role role) {
  return role == v1::ROLE_MEMBER || role == v1::ROLE_PROXY;
}

std::string NamesOf(const std::vector<v1::Role>& roles) {
  std::string out;
  for (const v1::Role role : roles) out += (out.empty() ? "" : ", ") + NameOfRole(role);
  return out;
}

// What --role and --org say; they are believed, so that the ledger judges, not this program.
Result<std::optional<client::SignAs>> Chosen(Context& context, const Identity& identity) {
  const GlobalOptions& options = context.options();
  if (options.role.empty()) return std::optional<client::SignAs>();
  const auto role = RoleOfName(options.role);
  if (!role) {
    return Unexpected{UsageFailure("--role '" + options.role + "' is no role: " +
                                   ParseWord(*v1::Role_descriptor(), "", "--role").error().what)};
  }
  client::SignAs sign{identity.member, *role, std::nullopt, &*identity.key};
  if (!options.org.empty()) {
    const auto org = context.FindOrg(options.org, "--org");
    if (!org) return Unexpected{org.error()};
    sign.org = *org;
  } else if (!NeedsNoOrganisation(*role)) {
    const auto office = std::ranges::find(identity.offices, *role, &Office::role);
    sign.org = office != identity.offices.end() ? office->org : identity.home;
  }
  return std::optional(sign);
}

// The first capacity of `roles` that the identity has, at `at` where that is said.
std::optional<client::SignAs> OfficeOf(const Identity& identity, const std::vector<v1::Role>& roles,
                                       const std::optional<OrgId>& at) {
  for (const v1::Role role : roles) {
    if (NeedsNoOrganisation(role)) {
      return client::SignAs{identity.member, role, std::nullopt, &*identity.key};
    }
    for (const Office& office : identity.offices) {
      if (office.role != role || (at && office.org != *at)) continue;
      return client::SignAs{identity.member, role, office.org, &*identity.key};
    }
  }
  return std::nullopt;
}

Result<client::SignAs> CapacityOf(Context& context, const Identity& identity, const Deed& deed) {
  auto chosen = Chosen(context, identity);
  if (!chosen) return Unexpected{chosen.error()};
  if (*chosen) return **chosen;
  std::optional<OrgId> at = deed.at;
  const bool told = !context.options().org.empty();
  if (told) {
    const auto org = context.FindOrg(context.options().org, "--org");
    if (!org) return Unexpected{org.error()};
    at = *org;
  }
  // An office in another organisation is better than none: the ledger tells who has to sign.
  for (const bool only_there : {true, false}) {
    if (!only_there && (told || !at)) continue;
    if (const auto found = OfficeOf(identity, deed.roles, only_there ? at : std::nullopt)) {
      return *found;
    }
  }
  Failure failure = UsageFailure(
      "'" + identity.name + "' holds none of the offices that sign this: " + NamesOf(deed.roles),
      v1::REASON_F15_WRONG_SCOPE);
  failure.next = "sign --as somebody who does, or say --role ROLE --org ORGANISATION";
  return Unexpected{failure};
}

// How long one validator is waited for, so that asking the first two and then two others ends
// within `timeout_ms`, each with a second for the answer's way.
std::uint32_t WaitOf(std::uint32_t timeout_ms) {
  constexpr std::uint32_t kMarginMs = 2000;
  constexpr std::uint32_t kLeastMs = 500;
  return timeout_ms < kMarginMs + 2 * kLeastMs ? kLeastMs : (timeout_ms - kMarginMs) / 2;
}

// How many validators a client can know of when none told: those that answer it.
void AddReachable(client::Client& client, Failure& failure) {
  const auto told = std::ranges::find(failure.facts, std::string(client::kReachableKey),
                                      &std::pair<std::string, std::string>::first);
  if (told != failure.facts.end()) return;
  std::uint64_t reachable = 0;
  for (std::size_t i = 0; i < client.nodes().size(); ++i) {
    const auto status = client.Status(i);
    if (status) reachable = std::max<std::uint64_t>({reachable, status->reachable(), 1});
  }
  failure.facts.emplace_back(client::kReachableKey, std::to_string(reachable));
  failure.facts.emplace_back(client::kQuorumKey,
                             std::to_string(client.genesis().validators.quorum()));
}

// Where the bytes of a transaction lie that was not recorded: beside the identities.
std::string KeptPath(Context& context, const Hash& id) {
  return context.Identities().directory() + "/unrecorded/" + ToHex(id.view());
}

// Keeps them, so that trying again does not take new ones.
void AdviseTheSame(Context& context, const client::SignedTransaction& transaction,
                   Failure& failure) {
  const std::string path = KeptPath(context, transaction.id);
  const bool kept =
      platform::CreateDirectories(platform::DirectoryOf(path), 0700) &&
      platform::WriteFileAtomically(path, AsBytes(transaction.envelope), platform::kModePrivate);
  if (!kept) return;
  failure.next += "; " + context.Say(Text::kSendTheSame) + " " + path;
  failure.facts.emplace_back("envelope", path);
}

Failure FailureOfOutcome(Context& context, client::Client& client,
                         const client::SignedTransaction& transaction,
                         const client::SubmitOutcome& outcome) {
  const auto* refused = std::get_if<client::Refused>(&outcome);
  const auto* unknown = std::get_if<client::Unknown>(&outcome);
  const Hash& id = refused != nullptr ? refused->id : unknown->id;
  Failure failure =
      FailureOf(refused != nullptr ? refused->error : unknown->error, context.language());
  std::erase_if(failure.facts,
                [](const auto& fact) { return fact.first == client::kTransactionIdKey; });
  // Bytes that are no transaction have no id.
  if (!id.IsZero()) failure.facts.emplace_back(client::kTransactionIdKey, ToHex(id.view()));
  if (refused != nullptr) {
    failure.exit = Exit::kRefused;
    if (!refused->open_until) return failure;
    const std::uint64_t until = refused->open_until->value();
    failure.next +=
        "; " + context.Say(Text::kOpenUntil) + " " + LocalTime(until, context.CivilOffset());
    failure.facts.emplace_back("open_until", Rfc3339(until, context.CivilOffset()));
    AdviseTheSame(context, transaction, failure);
    return failure;
  }
  failure.exit = Exit::kNotRecorded;
  // Nodes that answered say the same and count who is there; silence says why it is silent.
  const bool counted = unknown->error.metadata.contains(std::string(client::kReachableKey));
  const std::string why = counted ? "" : " (" + failure.what + ")";
  failure.what = context.Say(Text::kNotRecorded) + why;
  failure.facts.emplace_back("code", unknown->error.code == client::RpcCode::kDeadlineExceeded
                                         ? "DEADLINE_EXCEEDED"
                                         : "UNAVAILABLE");
  failure.next = context.Say(Text::kAskAgain) + " " + ToHex(id.view());
  if (!id.IsZero()) AdviseTheSame(context, transaction, failure);
  AddReachable(client, failure);
  return failure;
}

std::string StateWord(std::uint32_t state, bool redemption) {
  if (state == 0) return "";
  const int number = static_cast<int>(state);
  return redemption ? WordOf(*v1::RedemptionState_descriptor(), number)
                    : WordOf(*v1::EntryState_descriptor(), number);
}

Json JsonOfLine(const v1::EffectsLine& line, bool redemption) {
  Json postings = Json::array();
  for (const v1::Posting& posting : line.postings()) {
    postings.push_back({{"owner", ToHex(AsBytes(posting.owner()))},
                        {"account", WordOf(posting.account())},
                        {"lot", posting.lot()},
                        {"amount", posting.amount()}});
  }
  return {{"entity", ToHex(AsBytes(line.entity()))},
          {"outcome", WordOf(line.outcome())},
          {"reason", line.reason() == v1::REASON_UNSPECIFIED ? "" : v1::Reason_Name(line.reason())},
          {"flags", FlagWords(line.flags())},
          {"state", StateWord(line.state(), redemption)},
          {"postings", postings}};
}

// --sign-only: for a machine that signs and another one that submits.
Result<Exit> KeepEnvelope(Context& context, const Deed& deed) {
  const auto transaction = Sign(context, deed);
  if (!transaction) return Unexpected{transaction.error()};
  const std::string& path = context.options().sign_only;
  const auto written = platform::WriteFileAtomically(path, AsBytes(transaction->envelope));
  if (!written) return Unexpected{LocalFailure(written.error())};
  Json out = {
      {"transaction_id", ToHex(transaction->id.view())}, {"recorded", false}, {"envelope", path}};
  for (const auto& [name, value] : deed.facts) out[name] = value;
  if (context.json()) {
    PrintJson(out);
    return Exit::kOk;
  }
  for (const auto& [name, value] : out.items()) {
    PrintText(name + " " + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return Exit::kOk;
}

}  // namespace

Result<std::vector<client::SignAs>> SignersOf(Context& context, const Deed& deed) {
  std::vector<client::SignAs> signers;
  const auto first = deed.signer.empty() ? context.Self() : context.Person(deed.signer);
  if (!first) return Unexpected{first.error()};
  std::vector<const Identity*> persons = {*first};
  for (const std::string& name : context.options().with) {
    const auto person = context.Person(name);
    if (!person) return Unexpected{person.error()};
    persons.push_back(*person);
  }
  for (const Identity* person : persons) {
    const auto signer = CapacityOf(context, *person, deed);
    if (!signer) return Unexpected{signer.error()};
    signers.push_back(*signer);
  }
  return signers;
}

Result<client::SignedTransaction> Sign(Context& context, const Deed& deed) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  const auto signers = SignersOf(context, deed);
  if (!signers) return Unexpected{signers.error()};
  const auto now = context.Now();
  if (!now) return Unexpected{now.error()};
  return client::BuildTransaction((*client)->chain_id(), *now, *signers, deed.body);
}

Result<Recording> Submit(Context& context, const Deed& deed) {
  auto transaction = Sign(context, deed);
  if (!transaction) return Unexpected{transaction.error()};
  auto recorded = SubmitSigned(context, *transaction);
  if (!recorded) return Unexpected{recorded.error()};
  return Recording{std::move(*transaction), std::move(*recorded)};
}

Result<client::Recorded> SubmitSigned(Context& context,
                                      const client::SignedTransaction& transaction) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  const std::string id = ToHex(transaction.id.view());
  if (!context.json() && !transaction.id.IsZero()) {
    std::fprintf(stderr, "%s %s\n", context.Say(Text::kTransaction).c_str(), id.c_str());
  }
  const auto timeout = context.TimeoutMs();
  if (!timeout) return Unexpected{timeout.error()};
  client::SubmitOutcome outcome = (*client)->Submit(transaction, WaitOf(*timeout));
  const auto* refused = std::get_if<client::Refused>(&outcome);
  if (refused != nullptr && refused->error.reason == v1::REASON_REPLAY) {
    // Recorded before: its receipt is the answer.
    auto receipt = (*client)->GetReceipt(transaction.id);
    if (receipt) outcome = std::move(*receipt);
  }
  auto* recorded = std::get_if<client::Recorded>(&outcome);
  if (recorded == nullptr) {
    return Unexpected{FailureOfOutcome(context, **client, transaction, outcome)};
  }
  (void)std::remove(KeptPath(context, transaction.id).c_str());
  const auto saved = SaveReceipt(context.NextReceiptPath(), *recorded);
  if (!saved) return Unexpected{saved.error()};
  return std::move(*recorded);
}

Result<Exit> Record(Context& context, const Deed& deed) {
  if (!context.options().sign_only.empty()) return KeepEnvelope(context, deed);
  const auto recording = Submit(context, deed);
  if (!recording) return Unexpected{recording.error()};
  Tell(context, {recording->recorded, IsRedemption(deed.body.kind_case()), deed.facts});
  return Exit::kOk;
}

bool IsRedemption(v1::TransactionBody::KindCase kind) {
  return kind >= v1::TransactionBody::kRedeem && kind <= v1::TransactionBody::kCancelRedemption;
}

nlohmann::json JsonOf(Context& context, const Told& told) {
  Json lines = Json::array();
  for (const v1::EffectsLine& line : told.recorded.verified.lines) {
    lines.push_back(JsonOfLine(line, told.redemption));
  }
  const bool shown = !told.recorded.verified.lines.empty();
  const std::uint64_t height = shown ? told.recorded.verified.lines.front().height()
                                     : told.recorded.verified.header.height.value();
  const std::uint64_t at = shown ? told.recorded.verified.lines.front().timestamp_ms()
                                 : told.recorded.verified.header.timestamp_ms.value();
  Json out = {{"transaction_id", ToHex(told.recorded.id.view())},
              {"recorded", true},
              {"height", height},
              {"ledger_time", Rfc3339(at, context.CivilOffset())},
              {"lines", lines}};
  for (const auto& [name, value] : told.facts) out[name] = value;
  if (!context.options().receipt.empty()) out["receipt"] = context.options().receipt;
  return out;
}

void Tell(Context& context, const Told& told) {
  const Json out = JsonOf(context, told);
  if (context.json()) return PrintJson(out);
  const std::int64_t offset = context.CivilOffset();
  const auto& lines = told.recorded.verified.lines;
  std::string head =
      context.Say(Text::kRecorded) + " " + std::to_string(out["height"].get<std::uint64_t>());
  if (!lines.empty()) head += " (" + LocalTime(lines.front().timestamp_ms(), offset) + ")";
  PrintText(head + ", " + context.Say(Text::kVerified));
  for (const auto& [name, value] : told.facts) PrintText(name + " " + value);
  if (!context.options().receipt.empty()) {
    PrintText(context.Say(Text::kReceiptSaved) + " " + context.options().receipt);
  }
  Table table({"", context.Say(Text::kOutcome), context.Say(Text::kState),
               context.Say(Text::kFlags), context.Say(Text::kReason)});
  for (const v1::EffectsLine& line : lines) {
    table.Add({ToHex(AsBytes(line.entity())), WordOf(line.outcome()),
               StateWord(line.state(), told.redemption), FlagWords(line.flags()),
               line.reason() == v1::REASON_UNSPECIFIED ? "" : v1::Reason_Name(line.reason())});
  }
  if (!lines.empty()) PrintText(table.Text());
}

Result<Done> SaveReceipt(const std::string& path, const client::Recorded& recorded) {
  if (path.empty()) return Done{};
  const auto written = platform::WriteFileAtomically(path, AsBytes(recorded.receipt));
  if (!written) return Unexpected{LocalFailure(written.error())};
  return Done{};
}

}  // namespace timebank::cli
