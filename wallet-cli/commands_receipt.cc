// Receipts: fetching them, checking them without a network, and submitting bytes signed elsewhere.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "chain/transaction.h"
#include "crypto/sha256.h"
#include "platform/file.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

Result<Exit> GetReceipt(Context& context, const std::string& id_text, const std::string& out) {
  const auto id = ParseHex(id_text, "ID", Hash::kSize);
  if (!id) return Unexpected{id.error()};
  const auto client = context.Connect();
  if (!client) return Unexpected{client.error()};
  const auto recorded = (*client)->GetReceipt(*Hash::From(*id));
  if (!recorded) return Unexpected{FailureOf(recorded.error(), context.language())};
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
  const auto genesis = context.Genesis();
  if (!genesis) return Unexpected{genesis.error()};
  client::SignedTransaction transaction;
  transaction.envelope = EnvelopeOf(*bytes);
  const auto parsed = chain::ParseEnvelope(AsBytes(transaction.envelope), (*genesis)->chain_id);
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
  CLI::App* get =
      program.Add(*family,
                  {"get", "Fetch and verify the receipt of a transaction",
                   "timebank receipt get 3f2c...9a --out visit.receipt"},
                  [id, out](Context& context) { return GetReceipt(context, *id, *out); });
  get->add_option("ID", *id, "transaction id, 64 hexadecimal digits")->required();
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
