// Proof that a validator voted twice (CONSENSUS 9): showing it, keeping it in files, checking such
// files offline. Nothing here trusts a node: what is shown was verified on this machine.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "chain/evidence_file.h"
#include "ledger/validators.h"
#include "platform/file.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/reading.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kKeyDigits = 16;

// A proof of a final block, verified, as the file that proves it to others.
struct Proof {
  chain::Evidence evidence;
  std::uint64_t height = 0;  // of the block that holds it; 0: not known
  std::string file;
};

std::string_view NameOf(chain::EvidenceKind kind) {
  switch (kind) {
    case chain::EvidenceKind::kConflictingNotarize:
      return "conflicting-notarize";
    case chain::EvidenceKind::kConflictingFinalize:
      return "conflicting-finalize";
    case chain::EvidenceKind::kNullifyFinalize:
      return "nullify-finalize";
  }
  return "unknown";
}

Failure NotProven(const std::string& what, chain::EvidenceFault fault) {
  Failure failure;
  failure.exit = Exit::kNotVerified;
  failure.what = what + ": " + std::string(chain::Describe(fault));
  failure.next = "ask another node, and check that the genesis file is of this ledger";
  failure.facts.emplace_back("step", chain::Describe(fault));
  return failure;
}

// All proofs that final blocks hold, each verified with the genesis file alone.
Result<std::vector<Proof>> ReadAll(Context& context) {
  const auto genesis = context.Genesis();
  if (!genesis) return Unexpected{genesis.error()};
  std::vector<Proof> all;
  v1::ListEvidenceRequest request;
  do {
    const auto answer = ReadPublic<v1::ListEvidenceResponse>(context, request);
    if (!answer) return Unexpected{answer.error()};
    for (const v1::RecordedEvidence& item : answer->items()) {
      const auto decoded = chain::DecodeEvidence(AsBytes(item.evidence()));
      if (!decoded) return Unexpected{NotProven("a node sent bad evidence", decoded.error())};
      const std::uint64_t epoch = decoded->epoch().value();
      if (epoch > static_cast<std::uint64_t>(answer->epochs_size())) {
        return Unexpected{NotProven("a node sent bad evidence", chain::EvidenceFault::kEpochs)};
      }
      const chain::EpochLinks links(answer->epochs().begin(),
                                    answer->epochs().begin() + static_cast<std::ptrdiff_t>(epoch));
      std::string file = chain::BuildEvidenceFile(item.evidence(), links);
      const auto verified = chain::VerifyEvidenceFile(AsBytes(file), **genesis);
      if (!verified) return Unexpected{NotProven("a node sent bad evidence", verified.error())};
      all.push_back({*verified, item.height(), std::move(file)});
    }
    const bool goes_on = answer->next_epoch() > request.first_epoch();
    request.set_first_epoch(goes_on ? answer->next_epoch() : 0);
  } while (request.first_epoch() != 0);
  return all;
}

Json JsonOf(const chain::EvidenceVote& vote) {
  Json out = {{"signature", ToHex(vote.signature.view())}};
  if (vote.position.kind == chain::VoteKind::kNotarize) {
    out["parent_view"] = vote.position.parent_view.value();
  }
  if (vote.position.kind != chain::VoteKind::kNullify) {
    out["digest"] = ToHex(vote.position.digest.view());
  }
  return out;
}

Json JsonOf(const Proof& proof) {
  Json out = {{"kind", NameOf(proof.evidence.kind)},
              {"epoch", proof.evidence.epoch().value()},
              {"view", proof.evidence.first.position.view.value()},
              {"validator", ToHex(proof.evidence.validator.view())},
              {"first", JsonOf(proof.evidence.first)},
              {"second", JsonOf(proof.evidence.second)},
              {"file", ToHex(AsBytes(proof.file))}};
  if (proof.height != 0) out["height"] = proof.height;
  return out;
}

// The name of the validator where it is still in the set; else the first digits of its key.
std::string WhoIs(const chain::Evidence& evidence, const v1::ValidatorSetRecord& current) {
  for (const v1::Validator& validator : current.validators()) {
    if (validator.key() == crypto::SuitedKey(evidence.validator)) return validator.name();
  }
  return ToHex(evidence.validator.view()).substr(0, kKeyDigits);
}

// What the council is advised to do: below the smallest set nobody can be removed.
void PrintProposals(const std::vector<Proof>& all, const v1::GetValidatorsResponse& sets) {
  for (const v1::Validator& validator : sets.current().validators()) {
    const bool guilty = std::any_of(all.begin(), all.end(), [&validator](const Proof& proof) {
      return crypto::SuitedKey(proof.evidence.validator) == validator.key();
    });
    if (!guilty) continue;
    const bool replace = sets.current().validators_size() <= ledger::kSetSizeMin;
    PrintText("the council should remove " + validator.name() +
              ": timebank --as SEAT --with SEAT " + "validators change --remove " +
              validator.name() + (replace ? " --add FOLDER (the set cannot be smaller)" : ""));
  }
}

Result<Exit> List(Context& context) {
  const auto all = ReadAll(context);
  if (!all) return Unexpected{all.error()};
  if (context.json()) {
    Json proofs = Json::array();
    for (const Proof& proof : *all) proofs.push_back(JsonOf(proof));
    PrintJson({{"evidence", proofs}});
    return Exit::kOk;
  }
  if (all->empty()) {
    PrintText("no validator is proven to have voted twice");
    return Exit::kOk;
  }
  const auto sets = ReadPublic<v1::GetValidatorsResponse>(context, v1::GetValidatorsRequest{});
  if (!sets) return Unexpected{sets.error()};
  Table table({"validator", "what", "epoch", "view", "height"});
  for (const Proof& proof : *all) {
    table.Add(
        {WhoIs(proof.evidence, sets->current()), std::string(chain::Describe(proof.evidence.kind)),
         std::to_string(proof.evidence.epoch().value()),
         std::to_string(proof.evidence.first.position.view.value()), std::to_string(proof.height)});
  }
  PrintText(table.Text());
  PrintProposals(*all, *sets);
  return Exit::kOk;
}

Result<Exit> Export(Context& context, const std::string& folder) {
  const auto all = ReadAll(context);
  if (!all) return Unexpected{all.error()};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Unexpected{LocalFailure(folder + ": " + error.message())};
  Json files = Json::array();
  for (const Proof& proof : *all) {
    const std::string name = std::to_string(proof.evidence.epoch().value()) + "-" +
                             ToHex(proof.evidence.validator.view()).substr(0, kKeyDigits) + "-" +
                             std::string(NameOf(proof.evidence.kind)) + ".evidence";
    const std::filesystem::path path = std::filesystem::path(folder) / name;
    const auto written = platform::WriteFileAtomically(path, AsBytes(proof.file));
    if (!written) return Unexpected{LocalFailure(written.error())};
    files.push_back(path.string());
  }
  if (context.json()) {
    PrintJson({{"files", files}});
    return Exit::kOk;
  }
  for (const Json& file : files) PrintText(file.get<std::string>());
  PrintText(std::to_string(files.size()) +
            " proofs, each checked by: timebank evidence verify FILE");
  return Exit::kOk;
}

// Offline by design, as that of receipts.
Result<Exit> Verify(Context& context, const std::string& path) {
  const auto file = platform::ReadFile(path);
  if (!file) return Unexpected{LocalFailure(file.error())};
  const auto genesis = context.Genesis();
  if (!genesis) return Unexpected{genesis.error()};
  const auto verified = chain::VerifyEvidenceFile(*file, **genesis);
  if (!verified) {
    Failure failure = NotProven(path, verified.error());
    failure.next = "the file proves nothing; check that the genesis file is of this ledger";
    return Unexpected{failure};
  }
  const Proof proof{*verified, 0, ToString(*file)};
  if (context.json()) {
    Json out = JsonOf(proof);
    out["valid"] = true;
    PrintJson(out);
    return Exit::kOk;
  }
  PrintText("proven: " + std::string(chain::Describe(proof.evidence.kind)) + " by validator " +
            ToHex(proof.evidence.validator.view()) + " in epoch " +
            std::to_string(proof.evidence.epoch().value()) + ", view " +
            std::to_string(proof.evidence.first.position.view.value()));
  return Exit::kOk;
}

}  // namespace

void AddEvidenceCommands(CLI::App& app, Program& program) {
  CLI::App* family =
      Program::AddFamily(app, {"evidence", "Validators proven to have voted twice", ""});
  program.Add(*family,
              {"list", "Every proof that final blocks hold, verified", "timebank evidence list"},
              List);
  auto folder = std::make_shared<std::string>();
  CLI::App* out = program.Add(*family,
                              {"export", "Write each proof as a file that anyone can check",
                               "timebank evidence export proofs"},
                              [folder](Context& context) { return Export(context, *folder); });
  out->add_option("FOLDER", *folder, "where to; made where it is missing")->required();
  auto file = std::make_shared<std::string>();
  CLI::App* verify = program.Add(
      *family,
      {"verify", "Check such a file offline, with the genesis file alone",
       "timebank evidence verify proofs/0-3f2c...-nullify-finalize.evidence --genesis genesis.bin"},
      [file](Context& context) { return Verify(context, *file); });
  verify->add_option("FILE", *file, "the proof")->required();
}

}  // namespace timebank::cli
