// The council's part in a recovery (CONSENSUS 6): drafting the document, signing it one after the
// other, putting the signatures together, checking the result. All of it offline, on files.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "chain/canonical.h"
#include "chain/recovery_file.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/validator_folder.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

constexpr unsigned kPublicMode = 0644;

struct DraftOptions {
  std::string last;
  std::vector<std::string> validators;
  std::string reason;
  std::string out;
};

struct SignOptions {
  std::string file;
  std::string out;
};

struct CombineOptions {
  std::vector<std::string> files;
  std::string out;
};

Failure NotHolding(const std::string& path, const chain::RecoveryFileFault& fault) {
  Failure failure;
  failure.exit = Exit::kNotVerified;
  failure.what = path + ": " + std::string(chain::Describe(fault));
  failure.next =
      "sign nothing and begin nothing with this file; ask for it anew, and check that "
      "the genesis file is of this ledger";
  failure.facts.emplace_back("step", chain::Describe(fault));
  return failure;
}

using Read = Expected<chain::RecoveryProof, chain::RecoveryFileFault> (*)(ByteView,
                                                                          const chain::Genesis&);

Result<chain::RecoveryProof> ReadFile(Context& context, const std::string& path, Read read) {
  const auto file = platform::ReadFile(path);
  if (!file) return Unexpected{LocalFailure(file.error())};
  const auto genesis = context.Genesis();
  if (!genesis) return Unexpected{genesis.error()};
  auto proof = read(*file, **genesis);
  if (!proof) return Unexpected{NotHolding(path, proof.error())};
  return std::move(*proof);
}

std::string FileOf(chain::RecoveryProof proof) {
  proof.links.rbegin()->set_recovery(chain::CanonicalBytes(proof.recovery));
  return chain::BuildRecoveryFile(proof.links);
}

std::size_t SignatureCount(const v1::Recovery& recovery) {
  return static_cast<std::size_t>(std::ranges::count_if(
      recovery.signatures(),
      [](const v1::CouncilSignature& seat) { return !seat.signature().empty(); }));
}

std::uint32_t ThresholdOf(const v1::Recovery& recovery) {
  const auto chain = chain::ParseCanonical<v1::ChainRecord>(AsBytes(recovery.chain().value()));
  return chain ? chain->council_threshold() : 0;
}

Json JsonOf(Context& context, const chain::RecoveryProof& proof) {
  Json validators = Json::array();
  for (const v1::Validator& validator : proof.next.document.validators()) {
    validators.push_back({{"name", validator.name()},
                          {"key", ToHex(AsBytes(validator.key()))},
                          {"address", validator.address()}});
  }
  Json seats = Json::array();
  for (const v1::CouncilSignature& seat : proof.recovery.signatures()) {
    seats.push_back({{"member", ToHex(AsBytes(seat.member()))},
                     {"name", context.NameOf(seat.member())},
                     {"org", ToHex(AsBytes(seat.org()))},
                     {"signed", !seat.signature().empty()}});
  }
  return {{"era", proof.next.era.value()},
          {"chain_id", ToHex(proof.next.chain_id.view())},
          {"height", proof.last.height.value()},
          {"epoch", proof.last.epoch.value()},
          {"digest", ToHex(proof.last.Digest().view())},
          {"state_root", ToHex(proof.last.state_root.view())},
          {"old_chain_id", ToHex(proof.last.chain_id.view())},
          {"reason", proof.next.document.reason()},
          {"created_ms", proof.next.document.created_ms()},
          {"validators", validators},
          {"council", seats},
          {"threshold", ThresholdOf(proof.recovery)}};
}

// What a council member must read before signing.
void Tell(Context& context, const std::string& path, const chain::RecoveryProof& proof) {
  Json out = JsonOf(context, proof);
  if (context.json()) {
    out["file"] = path;
    return PrintJson(out);
  }
  PrintText(path + ": era " + std::to_string(proof.next.era.value()) + " after block " +
            std::to_string(proof.last.height.value()) + ", which is the last that is certified");
  PrintText("  digest      " + ToHex(proof.last.Digest().view()));
  PrintText("  state root  " + ToHex(proof.last.state_root.view()));
  PrintText("  new chain   " + ToHex(proof.next.chain_id.view()));
  PrintText("  reason      " + proof.next.document.reason());
  Table set({"validator", "key", "address"});
  for (const v1::Validator& validator : proof.next.document.validators()) {
    set.Add({validator.name(), ToHex(AsBytes(validator.key()).subspan(1)).substr(0, 16),
             validator.address()});
  }
  PrintText(set.Text());
  Table seats({"council", "signed"});
  for (const v1::CouncilSignature& seat : proof.recovery.signatures()) {
    seats.Add({context.NameOf(seat.member()), seat.signature().empty() ? "not yet" : "yes"});
  }
  PrintText(seats.Text());
  PrintText(std::to_string(SignatureCount(proof.recovery)) +
            " signatures; the council decides by " + std::to_string(ThresholdOf(proof.recovery)) +
            " persons of as many organisations");
}

Result<Exit> Write(Context& context, const std::string& path, chain::RecoveryProof proof) {
  const auto written = WriteNew(path, FileOf(proof), kPublicMode);
  if (!written) return Unexpected{LocalFailure(written.error())};
  Tell(context, path, proof);
  return Exit::kOk;
}

Result<v1::RecoveryDocument> MakeDocument(const DraftOptions& options, const chain::Header& last) {
  v1::RecoveryDocument document;
  document.set_version(1);
  document.set_era(last.era.value() + 1);
  document.set_header(ToString(last.Encode()));
  std::vector<v1::Validator> all;
  for (const std::string& path : options.validators) {
    const auto card = ReadValidatorCard(path);
    if (!card) return Unexpected{LocalFailure(card.error())};
    all.push_back(*card);
  }
  std::ranges::sort(all, {}, [](const v1::Validator& v) { return v.key(); });
  for (v1::Validator& validator : all) *document.add_validators() = std::move(validator);
  document.set_reason(options.reason);
  document.set_created_ms(platform::WallTime().value());
  return document;
}

Result<Exit> Draft(Context& context, const DraftOptions& options) {
  const auto bytes = platform::ReadFile(options.last);
  if (!bytes) return Unexpected{LocalFailure(bytes.error())};
  const auto genesis = context.Genesis();
  if (!genesis) return Unexpected{genesis.error()};
  auto file = chain::ParseCanonical<v1::RecoveryFile>(*bytes);
  const auto last = file && !file->epochs().empty()
                        ? chain::DecodeHeader(AsBytes(file->epochs().rbegin()->header()))
                        : Unexpected{chain::HeaderError::kWrongSize};
  auto recovery =
      last ? chain::ParseCanonical<v1::Recovery>(AsBytes(file->epochs().rbegin()->recovery()))
           : Unexpected{chain::CanonicalError{}};
  if (!recovery) {
    return Unexpected{LocalFailure(options.last + " is no last block",
                                   "timebank-node --config CONFIG recovery save FILE")};
  }
  const auto document = MakeDocument(options, *last);
  if (!document) return Unexpected{document.error()};
  const auto set = chain::ValidatorsOf(document->validators());
  if (!set) return Unexpected{LocalFailure("the validators named are no set: one is named twice")};
  recovery->set_document(chain::CanonicalBytes(*document));
  v1::EpochLink& link = *file->mutable_epochs()->rbegin();
  link.set_next_set(chain::KeysOnlyRecord(*set));
  link.set_recovery(chain::CanonicalBytes(*recovery));
  const std::string made = chain::BuildRecoveryFile(file->epochs());
  auto proof = chain::VerifyRecoveryDraftFile(AsBytes(made), **genesis);
  if (!proof) return Unexpected{NotHolding(options.last, proof.error())};
  return Write(context, options.out, std::move(*proof));
}

Result<Exit> Sign(Context& context, const SignOptions& options) {
  auto proof = ReadFile(context, options.file, &chain::VerifyRecoveryDraftFile);
  if (!proof) return Unexpected{proof.error()};
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  if (!(*self)->key) return Unexpected{LocalFailure("this identity has no key here")};
  const crypto::SecretKey& key = *(*self)->key;
  const Bytes message =
      chain::RecoverySignedBytes(proof->last.chain_id, AsBytes(proof->recovery.document()));
  bool sits = false;
  for (v1::CouncilSignature& seat : *proof->recovery.mutable_signatures()) {
    if (seat.member() != (*self)->member.text()) continue;
    seat.set_key_id(crypto::KeyIdOf(key.public_key()).str());
    seat.set_signature(crypto::SuitedSignature(key.Sign(message)));
    sits = true;
  }
  if (!sits) {
    return Unexpected{LocalFailure((*self)->name + " does not sit in the council of that block",
                                   "--as NAME of one who does")};
  }
  const std::string made = FileOf(*proof);
  const auto genesis = context.Genesis();
  const auto sound = chain::VerifyRecoveryDraftFile(AsBytes(made), **genesis);
  if (!sound) return Unexpected{NotHolding(options.file, sound.error())};
  return Write(context, options.out, std::move(*proof));
}

// The signatures of all files; seats that nobody signed for are left out.
Result<Exit> Combine(Context& context, const CombineOptions& options) {
  auto proof = ReadFile(context, options.files.front(), &chain::VerifyRecoveryDraftFile);
  if (!proof) return Unexpected{proof.error()};
  for (const std::string& path : options.files) {
    const auto other = ReadFile(context, path, &chain::VerifyRecoveryDraftFile);
    if (!other) return Unexpected{other.error()};
    if (other->recovery.document() != proof->recovery.document()) {
      return Unexpected{LocalFailure(path + " is of another document than " + options.files.front(),
                                     "let everybody sign the same draft")};
    }
    for (const v1::CouncilSignature& seat : other->recovery.signatures()) {
      if (seat.signature().empty()) continue;
      for (v1::CouncilSignature& own : *proof->recovery.mutable_signatures()) {
        if (own.member() == seat.member() && own.org() == seat.org()) own = seat;
      }
    }
  }
  auto& seats = *proof->recovery.mutable_signatures();
  seats.erase(
      std::remove_if(seats.begin(), seats.end(),
                     [](const v1::CouncilSignature& seat) { return seat.signature().empty(); }),
      seats.end());
  const std::string made = FileOf(*proof);
  const auto genesis = context.Genesis();
  const auto whole = chain::VerifyRecoveryFile(AsBytes(made), **genesis);
  if (!whole) return Unexpected{NotHolding("the files together", whole.error())};
  return Write(context, options.out, std::move(*proof));
}

Result<Exit> Show(Context& context, const std::string& path, Read read) {
  const auto proof = ReadFile(context, path, read);
  if (!proof) return Unexpected{proof.error()};
  Tell(context, path, *proof);
  return Exit::kOk;
}

void AddDraft(CLI::App& family, Program& program) {
  auto options = std::make_shared<DraftOptions>();
  CLI::App* command = program.Add(
      family,
      {"draft", "Make the document from the last certified block that a node saved",
       "timebank recovery draft last.block --validator validator-1 --validator validator-2 "
       "--validator validator-5 --validator validator-6 --reason 'fire' --out draft.recovery"},
      [options](Context& context) { return Draft(context, *options); });
  command->add_option("FILE", options->last, "of: timebank-node recovery save")->required();
  AddList(*command, "--validator", options->validators,
          "folder or validator.json of each of the new set; repeat");
  command->add_option("--reason", options->reason, "why, for those who sign and all after them")
      ->required();
  command->add_option("--out", options->out, "the file to write; new")->required();
}

void AddSign(CLI::App& family, Program& program) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* command =
      program.Add(family,
                  {"sign", "Check a draft and sign it with the council key of --as",
                   "timebank --as council-1 recovery sign draft.recovery --out council-1.recovery"},
                  [options](Context& context) { return Sign(context, *options); });
  command->add_option("FILE", options->file, "the draft, signed by others or not")->required();
  command->add_option("--out", options->out, "the file to write; new")->required();
}

void AddCombine(CLI::App& family, Program& program) {
  auto options = std::make_shared<CombineOptions>();
  CLI::App* command = program.Add(
      family,
      {"combine", "Put the signatures of one draft together; refused while they are too few",
       "timebank recovery combine council-1.recovery council-2.recovery --out ledger.recovery"},
      [options](Context& context) { return Combine(context, *options); });
  command->add_option("FILES", options->files, "what each of the council signed")->required();
  command->add_option("--out", options->out, "the file to write; new")->required();
}

}  // namespace

void AddRecoveryCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(
      app, {"recovery", "A new era after the loss of more validators than may be", ""});
  AddDraft(*family, program);
  AddSign(*family, program);
  AddCombine(*family, program);
  auto file = std::make_shared<std::string>();
  CLI::App* verify = program.Add(
      *family,
      {"verify", "Check a signed document offline, with the genesis file alone",
       "timebank recovery verify ledger.recovery --genesis genesis.bin"},
      [file](Context& context) { return Show(context, *file, &chain::VerifyRecoveryFile); });
  verify->add_option("FILE", *file, "the signed document")->required();
  CLI::App* show = program.Add(
      *family,
      {"show", "Say what a draft is about and who has signed it",
       "timebank recovery show draft.recovery --genesis genesis.bin"},
      [file](Context& context) { return Show(context, *file, &chain::VerifyRecoveryDraftFile); });
  show->add_option("FILE", *file, "the draft")->required();
}

}  // namespace timebank::cli
