// Visits as offices sign them: approval in batches, review, rejection, correction.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "platform/entropy.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;
constexpr std::int64_t kVisitMinutesMax = 24 * 60;

struct ApproveOptions {
  std::vector<std::string> entries;
  bool all_or_nothing = false;
};

struct ReviewOptions {
  std::string entry;
  std::string verdict;
  std::string document;
};

struct RejectOptions {
  std::string entry;
  std::string reason = "0";
};

struct CorrectOptions {
  std::string entry;
  std::string start;
  std::string minutes;
  std::string category;
};

Result<Exit> Approve(Context& context, const ApproveOptions& options) {
  Deed deed{.body = {}, .roles = {v1::ROLE_APPROVER}};
  v1::ApproveEntries& approve = *deed.body.mutable_approve_entries();
  approve.set_all_or_nothing(options.all_or_nothing);
  for (const std::string& text : options.entries) {
    const auto id = ParseHex(text, "ENTRIES", EntryId::kSize);
    if (!id) return Unexpected{id.error()};
    // What is approved is what the approver can read: the content hash stands in the record.
    const auto entry = ReadEntry(context, *id);
    if (!entry) return Unexpected{entry.error()};
    v1::ApprovalLine& line = *approve.add_lines();
    line.set_entry(*id);
    line.set_content_hash(entry->content_hash());
  }
  return Record(context, deed);
}

Result<Exit> Review(Context& context, const ReviewOptions& options) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_REVIEWER}};
  v1::ReviewEntry& review = *deed.body.mutable_review_entry();
  review.set_entry(in.Hex(options.entry, "ENTRY", EntryId::kSize));
  review.set_verdict(in.Word<v1::ReviewVerdict>(options.verdict, "--verdict"));
  review.set_document_commitment(in.Hex(options.document, "--document", Hash::kSize));
  if (in.failed()) return in.failure();
  return Record(context, deed);
}

Result<Exit> Reject(Context& context, const RejectOptions& options) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_APPROVER}};
  v1::RejectEntry& reject = *deed.body.mutable_reject_entry();
  reject.set_entry(in.Hex(options.entry, "ENTRY", EntryId::kSize));
  reject.set_reason(
      static_cast<std::uint32_t>(in.Number(options.reason, "--reason", {0, 0xFFFFFFFFLL})));
  if (in.failed()) return in.failure();
  return Record(context, deed);
}

// The replacement is the old content with a new id and what was typed.
Result<std::string> ReplacementOf(Context& context, const CorrectOptions& options,
                                  const v1::Entry& entry) {
  v1::EntryContent content;
  if (!content.ParseFromString(entry.content())) {
    return Unexpected{LocalFailure("the entry has no content to replace")};
  }
  Inputs in(context);
  const std::uint64_t length = content.end_ms() - content.start_ms();
  if (!options.start.empty()) content.set_start_ms(in.Time(options.start, "--start").value());
  content.set_end_ms(content.start_ms() + length);
  if (!options.minutes.empty()) {
    const std::int64_t minutes = in.Minutes(options.minutes, "--minutes");
    in.Require(minutes <= kVisitMinutesMax, "--minutes is no length of a visit",
               v1::REASON_AMOUNT_OVERFLOW);
    if (minutes <= kVisitMinutesMax) {
      content.set_end_ms(content.start_ms() + static_cast<std::uint64_t>(minutes) * kMinuteMs);
    }
  }
  if (!options.category.empty()) {
    content.set_category(in.Word<v1::Category>(options.category, "--category"));
  }
  content.set_entry(platform::NewId<EntryId>(in.Now()).str());
  if (in.failed()) return in.failure();
  return content.SerializeAsString();
}

Result<Exit> Correct(Context& context, const CorrectOptions& options) {
  const auto id = ParseHex(options.entry, "ENTRY", EntryId::kSize);
  if (!id) return Unexpected{id.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_APPROVER, v1::ROLE_REVIEWER}};
  v1::CorrectEntry& correct = *deed.body.mutable_correct_entry();
  correct.set_entry(*id);
  if (!options.start.empty() || !options.minutes.empty() || !options.category.empty()) {
    const auto entry = ReadEntry(context, *id);
    if (!entry) return Unexpected{entry.error()};
    const auto content = ReplacementOf(context, options, *entry);
    if (!content) return Unexpected{content.error()};
    correct.set_replacement(*content);
  }
  return Record(context, deed);
}

void AddCorrect(CLI::App& family, Program& program) {
  auto options = std::make_shared<CorrectOptions>();
  CLI::App* correct =
      program.Add(family,
                  {"correct", "Reverse a credited visit; with options, replace it",
                   "timebank --as approver-c03-1 entry correct 0174... --minutes 30"},
                  [options](Context& context) { return Correct(context, *options); });
  correct->add_option("ENTRY", options->entry, "32 hexadecimal digits")->required();
  correct->add_option("--start", options->start, "when it really began");
  correct->add_option("--minutes", options->minutes, "how long it really was");
  correct->add_option("--category", options->category, "what it really was");
}

}  // namespace

void AddApprovalCommands(CLI::App& entry, Program& program) {
  auto approved = std::make_shared<ApproveOptions>();
  CLI::App* approve =
      program.Add(entry,
                  {"approve", "Approve confirmed visits, up to 500 with one signature",
                   "timebank --as approver-c03-1 entry approve 0174... 0175..."},
                  [approved](Context& context) { return Approve(context, *approved); });
  approve->add_option("ENTRIES", approved->entries, "32 hexadecimal digits each")
      ->required()
      ->expected(1, 500);
  approve->add_flag("--all-or-nothing", approved->all_or_nothing, "stand only if every line does");
  auto reviewed = std::make_shared<ReviewOptions>();
  CLI::App* review =
      program.Add(entry,
                  {"review", "Uphold or reverse a flagged visit, as the parent's reviewer",
                   "timebank --as reviewer-s1 entry review 0174... --verdict uphold"},
                  [reviewed](Context& context) { return Review(context, *reviewed); });
  review->add_option("ENTRY", reviewed->entry, "32 hexadecimal digits")->required();
  review->add_option("--verdict", reviewed->verdict, "uphold or reverse")->required();
  review->add_option("--document", reviewed->document, "commitment to a document, 64 hex digits");
  auto rejected = std::make_shared<RejectOptions>();
  CLI::App* reject =
      program.Add(entry,
                  {"reject", "Refuse a submitted or confirmed visit for good",
                   "timebank --as approver-c03-1 entry reject 0174... --reason 3"},
                  [rejected](Context& context) { return Reject(context, *rejected); });
  reject->add_option("ENTRY", rejected->entry, "32 hexadecimal digits")->required();
  reject->add_option("--reason", rejected->reason, "number of the community's own list");
  AddCorrect(entry, program);
}

}  // namespace timebank::cli
