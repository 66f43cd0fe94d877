// Receipts: fetching them, checking them without a network, and submitting bytes signed elsewhere.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "chain/transaction.h"
#include "crypto/sha256.h"
#include "platform/file.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

// Without a token first: a transaction of one person needs none. A list or a sweep is read as --as,
// in the first capacity that may see anything of it.
Result<client::Recorded> FetchReceipt(Context& context, const Hash& id,
                                      std::vector<std::uint32_t> lines) {
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  std::ranges::sort(lines);
  const auto repeated = std::ranges::unique(lines);
  lines.erase(repeated.begin(), repeated.end());
  client::ReceiptQuery query{.lines = std::move(lines)};
  auto recorded = (*client)->GetReceipt(id, query);
  const bool needs_token = !recorded && recorded.error().reason == v1::REASON_NO_TOKEN;
  if (needs_token && !context.options().identity.empty()) {
    const auto capacities = Capacities(context);
    if (!capacities) return Unexpected{capacities.error()};
    for (const client::Reader& reader : *capacities) {
      query.reader = reader;
      recorded = (*client)->GetReceipt(id, query);
      const bool another = !recorded && (MayAskAgain(recorded.error()) ||
                                         recorded.error().reason == v1::REASON_NOT_FOUND);
      if (!another) break;
    }
  }
  if (recorded) return std::move(*recorded);
  Failure failure = FailureOf(recorded.error(), context.language());
  if (recorded.error().reason == v1::REASON_NO_TOKEN) failure.next = context.Say(Text::kReadAs);
  return Unexpected{failure};
}

Result<Exit> GetReceipt(Context& context, const std::string& id_text, const std::string& out,
                        const std::vector<std::uint32_t>& lines) {
  const auto id = ParseHex(id_text, "ID", Hash::kSize);
  if (!id) return Unexpected{id.error()};
  const auto recorded = FetchReceipt(context, *Hash::From(*id), lines);
  if (!recorded) return Unexpected{recorded.error()};
  const auto saved = SaveReceipt(out, *recorded);
  if (!saved) return Unexpected{saved.error()};
  Told told{*recorded, false, {}};
  if (recorded->verified.body) told.redemption = IsRedemption(recorded->verified.body->kind_case());
  if (!out.empty()) told.facts.emplace_back("receipt", out);
  Tell(context, told);
  return Exit::kOk;
}

std::string KindName(const v1::TransactionBody& body) {
  const auto* field = v1::TransactionBody::descriptor()->FindFieldByNumber(body.kind_case());
  return field == nullptr ? "" : field->name();
}

int TellFailedReceipt(Context& context, const std::string& file, chain::ReceiptFault fault) {
  Failure failure;
  failure.exit = Exit::kNotVerified;
  failure.what =
      file + ": " + context.Say(Text::kReceiptFails) + " " + std::string(chain::Describe(fault));
  failure.facts.emplace_back("step", chain::Describe(fault));
  return PrintFailure(failure, context.json());
}

// Offline by design: the receipt, the genesis file and nothing else.
Result<Exit> Verify(Context& context, const std::string& file) {
  const auto receipt = platform::ReadFile(file);
  if (!receipt) return Unexpected{LocalFailure(receipt.error())};
  const auto path = context.GenesisPath();
  if (!path) return Unexpected{path.error()};
  const auto bytes = platform::ReadFile(*path);
  if (!bytes) return Unexpected{LocalFailure(bytes.error())};
  auto verified = chain::VerifyReceipt(*receipt, ByteView(*bytes));
  if (!verified) {
    TellFailedReceipt(context, file, verified.error());
    return Exit::kNotVerified;
  }
  const auto genesis = chain::ParseGenesis(*bytes);
  const bool development = genesis && genesis->message.development();
  client::Recorded recorded;
  recorded.id = verified->transaction_id;
  recorded.verified = std::move(*verified);
  Told told{recorded, false, {}};
  if (recorded.verified.body) {
    told.redemption = IsRedemption(recorded.verified.body->kind_case());
    told.facts.emplace_back("kind", KindName(*recorded.verified.body));
  }
  if (context.json()) {
    Json out = JsonOf(context, told);
    out["valid"] = true;
    out["development"] = development;
    PrintJson(out);
    return Exit::kOk;
  }
  PrintText(context.Say(Text::kReceiptHolds));
  told.facts.emplace_back(context.Say(Text::kTransaction), ToHex(recorded.id.view()));
  Tell(context, told);
  if (development) PrintText(context.Say(Text::kDevelopment));
  return Exit::kOk;
}

// The bytes of a file, or what its hexadecimal digits say.
std::string EnvelopeOf(const Bytes& file) {
  std::string text = ToString(file);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const auto decoded = text.empty() ? std::nullopt : FromHex(text);
  return decoded ? ToString(*decoded) : ToString(file);
}

Result<Exit> SubmitFile(Context& context, const std::string& file) {
  const auto bytes = platform::ReadFile(file);
  if (!bytes) return Unexpected{LocalFailure(bytes.error())};
  const auto chain_id = context.ChainId();
  if (!chain_id) return Unexpected{chain_id.error()};
  client::SignedTransaction transaction;
  transaction.envelope = EnvelopeOf(*bytes);
  const auto parsed = chain::ParseEnvelope(AsBytes(transaction.envelope), *chain_id);
  // Bytes that are no transaction have no id; the validators say what is wrong with them.
  if (parsed) transaction.id = parsed->id;
  const auto recorded = SubmitSigned(context, transaction);
  if (!recorded) return Unexpected{recorded.error()};
  Tell(context, {*recorded, parsed && IsRedemption(parsed->body.kind_case()), {}});
  return Exit::kOk;
}

}  // namespace

void AddReceiptCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"receipt", "Receipts of transactions", ""});
  auto id = std::make_shared<std::string>();
  auto out = std::make_shared<std::string>();
  auto lines = std::make_shared<std::vector<std::uint32_t>>();
  CLI::App* get = program.Add(
      *family,
      {"get", "Fetch and verify the receipt of a transaction",
       "timebank receipt get 3f2c...9a --out visit.receipt"},
      [id, out, lines](Context& context) { return GetReceipt(context, *id, *out, *lines); });
  get->add_option("ID", *id, "transaction id, 64 hexadecimal digits")->required();
  get->add_option("--lines", *lines,
                  "effects lines of a list, from 0, as 0,2,5 (default: all that --as may see)")
      ->delimiter(',');
  get->add_option("--out", *out, "file to keep it in");

  auto file = std::make_shared<std::string>();
  CLI::App* verify = program.Add(app,
                                 {"verify", "Check a receipt offline, with the genesis file alone",
                                  "timebank verify visit.receipt --genesis genesis.bin"},
                                 [file](Context& context) { return Verify(context, *file); });
  verify->add_option("FILE", *file, "the receipt")->required();

  auto envelope = std::make_shared<std::string>();
  CLI::App* submit =
      program.Add(app,
                  {"submit", "Submit an envelope that was signed elsewhere",
                   "timebank submit transaction.bin --receipt transaction.receipt"},
                  [envelope](Context& context) { return SubmitFile(context, *envelope); });
  submit->add_option("FILE", *envelope, "canonical bytes of the envelope, or their hex digits")
      ->required();
}

}  // namespace timebank::cli
