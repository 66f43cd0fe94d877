// Visits as their parties sign them: check-in and check-out, the volunteer's record, the elder's
// confirmation over every channel.
#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "chain/domains.h"
#include "crypto/sha256.h"
#include "platform/entropy.h"
#include "wallet-cli/card.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/entries.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;
// A day is longer than any visit; more is a typing mistake that would overflow a time.
constexpr std::int64_t kVisitMinutesMax = 1'000'000;

struct CheckOptions {
  std::string entry;
  std::string at;
  std::string place = "match";
};

struct LogOptions {
  std::string order;
  std::string elder;
  std::string community;
  std::string category;
  std::string kind = "volunteer";
  std::string start;
  std::string end;
  std::string minutes;
  std::string place;
};

struct ConfirmOptions {
  std::string entry;
  std::string channel;
  std::string content_hash;
  std::string elder;
  std::string witness;
  std::string reference;
  CardOptions card;
};

Result<Exit> Check(Context& context, const CheckOptions& options, bool in_not_out) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  const std::string entry = in.Hex(options.entry, "ENTRY", EntryId::kSize);
  const auto place = in.Word<v1::PlaceClaim>(options.place, "--place");
  const Millis at = options.at.empty() ? in.Now() : in.Time(options.at, "--at");
  if (in.failed()) return in.failure();
  const auto fill = [&](auto& check) {
    check.set_entry(entry);
    check.set_at_ms(at.value());
    check.set_place(place);
  };
  if (in_not_out) {
    fill(*deed.body.mutable_check_in());
  } else {
    fill(*deed.body.mutable_check_out());
  }
  return Record(context, deed);
}

// What an order or a check-in pair says already.
void FillFromOrder(const v1::Entry& order, v1::EntryContent& content) {
  content.set_entry(order.entry());
  content.set_community(order.community());
  content.set_kind(order.kind());
  content.set_category(order.category());
  content.set_elder(order.elder());
  content.set_start_ms(order.check_in_ms());
  content.set_end_ms(order.check_out_ms());
  const bool pair = order.check_out_ms() != 0;
  content.set_place(pair ? order.check_in_place() : v1::PLACE_CLAIM_NONE);
}

void FillFromOptions(Inputs& in, const LogOptions& options, v1::EntryContent& content) {
  const SlipParty elder = in.Member(options.elder, "--elder");
  const OrgId community =
      options.community.empty() ? elder.home : in.Org(options.community, "--community");
  in.Require(!community.IsZero(), "--community is needed: the elder's home is not known here");
  content.set_entry(platform::NewId<EntryId>(in.Now()).str());
  content.set_community(community.str());
  content.set_kind(in.Word<v1::EntryKind>(options.kind, "--kind"));
  content.set_category(in.Word<v1::Category>(options.category, "--category"));
  content.set_elder(elder.member.str());
  content.set_place(v1::PLACE_CLAIM_NONE);
}

// Start and end as typed, over what the order's check-in pair says.
void FillTimes(Inputs& in, const LogOptions& options, v1::EntryContent& content) {
  if (!options.start.empty()) content.set_start_ms(in.Time(options.start, "--start").value());
  if (!options.end.empty()) content.set_end_ms(in.Time(options.end, "--end").value());
  if (!options.minutes.empty()) {
    std::int64_t minutes = in.Minutes(options.minutes, "--minutes");
    in.Require(minutes <= kVisitMinutesMax, "--minutes is no length of a visit",
               v1::REASON_AMOUNT_OVERFLOW);
    if (minutes > kVisitMinutesMax) minutes = 0;
    content.set_end_ms(content.start_ms() + static_cast<std::uint64_t>(minutes) * kMinuteMs);
  }
  in.Require(content.start_ms() != 0 && content.end_ms() != 0,
             "when is not said: --start TIME and --minutes N (or --end TIME)");
}

Result<Exit> Log(Context& context, const LogOptions& options) {
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  Inputs in(context);
  v1::EntryContent content;
  content.set_version(1);
  // Amounts are judged before anything is asked of the network.
  if (!options.minutes.empty() && in.Minutes(options.minutes, "--minutes") <= 0) {
    return in.failure();
  }
  if (in.failed()) return in.failure();
  if (!options.order.empty()) {
    const std::string id = in.Hex(options.order, "--order", EntryId::kSize);
    if (in.failed()) return in.failure();
    const auto order = ReadEntry(context, id);
    if (!order) return Unexpected{order.error()};
    FillFromOrder(*order, content);
  } else {
    in.Require(!options.elder.empty() && !options.category.empty(),
               "help without an order needs --elder and --category");
    if (in.failed()) return in.failure();
    FillFromOptions(in, options, content);
  }
  FillTimes(in, options, content);
  if (!options.place.empty()) {
    content.set_place(in.Word<v1::PlaceClaim>(options.place, "--place"));
  }
  if (in.failed()) return in.failure();
  content.set_volunteer((*self)->member.str());
  content.set_channel(v1::CHANNEL_APP);
  Deed deed{.body = {}, .roles = {v1::ROLE_MEMBER}};
  deed.body.mutable_submit_entry()->set_content(content.SerializeAsString());
  const Hash hash = crypto::Sha256(AsBytes(deed.body.submit_entry().content()));
  deed.facts = {{"entry", ToHex(AsBytes(content.entry()))}, {"content_hash", ToHex(hash.view())}};
  return Record(context, deed);
}

// Own entries over the app, a terminal with the card; anything else is said.
Result<v1::Channel> ChannelOf(Context& context, const ConfirmOptions& options,
                              const std::string& elder) {
  if (!options.channel.empty()) {
    const auto channel = ParseWord(*v1::Channel_descriptor(), options.channel, "--channel");
    if (!channel) return Unexpected{channel.error()};
    return static_cast<v1::Channel>(*channel);
  }
  if (!options.card.terminal.empty()) return v1::CHANNEL_CARD;
  const auto self = context.Self();
  if (self && (*self)->member.text() == elder) return v1::CHANNEL_APP;
  return Unexpected{
      UsageFailure("how the elder confirmed is not said: --channel app, proxy, card, "
                   "callback or paper",
                   v1::REASON_MISSING_FIELD)};
}

v1::Role SignerOver(v1::Channel channel) {
  if (channel == v1::CHANNEL_PROXY) return v1::ROLE_PROXY;
  if (channel == v1::CHANNEL_CARD) return v1::ROLE_TERMINAL;
  if (channel == v1::CHANNEL_CALLBACK) return v1::ROLE_DISPATCHER;
  if (channel == v1::CHANNEL_PAPER) return v1::ROLE_CLERK;
  return v1::ROLE_MEMBER;
}

// A salted commitment to the call reference or slip serial (FORMATS 9, of no particular document
// kind); who wants to show it later keeps the salt.
void Commit(const std::string& reference, v1::ConfirmAction& action, Deed& deed) {
  if (reference.empty()) return;
  constexpr std::array<std::byte, 2> kNoKind{};
  const Hash salt = platform::Random<Hash>();
  const Hash commitment =
      crypto::Sha256({AsBytes(chain::kDocumentDomain), salt.view(), kNoKind, AsBytes(reference)});
  action.set_reference_commitment(commitment.str());
  deed.facts.emplace_back("reference_salt", ToHex(salt.view()));
}

Result<Exit> Confirm(Context& context, const ConfirmOptions& options) {
  Inputs in(context);
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(in.Hex(options.entry, "ENTRY", EntryId::kSize));
  action.set_content_hash(in.Hex(options.content_hash, "--content-hash", Hash::kSize));
  if (!options.witness.empty()) {
    action.set_witness(in.Member(options.witness, "--witness").member.str());
  }
  std::string elder;
  if (!options.elder.empty()) elder = in.Member(options.elder, "--elder").member.str();
  if (in.failed()) return in.failure();
  if (action.content_hash().empty() || elder.empty()) {
    // What is confirmed is what the ledger has; who is not entitled to read it names the hash.
    const auto entry = ReadEntry(context, action.entry());
    if (!entry) return Unexpected{entry.error()};
    if (action.content_hash().empty()) action.set_content_hash(entry->content_hash());
    elder = entry->elder();
  }
  const auto channel = ChannelOf(context, options, elder);
  if (!channel) return Unexpected{channel.error()};
  action.set_channel(*channel);
  Deed deed{.body = {}, .roles = {SignerOver(*channel)}};
  Commit(options.reference, action, deed);
  v1::ConfirmEntry& confirm = *deed.body.mutable_confirm_entry();
  confirm.set_action(action.SerializeAsString());
  if (*channel == v1::CHANNEL_CARD) {
    const auto proof = ProveCard(context, options.card, MemberId::From(elder).value_or(MemberId{}),
                                 confirm.action(), deed);
    if (!proof) return Unexpected{proof.error()};
    *confirm.mutable_pin() = *proof;
  }
  return Record(context, deed);
}

void AddChecks(CLI::App& family, Program& program) {
  for (const bool in_not_out : {true, false}) {
    auto options = std::make_shared<CheckOptions>();
    const std::string name = in_not_out ? "checkin" : "checkout";
    CLI::App* check = program.Add(
        family,
        {name, in_not_out ? "The volunteer is there" : "The volunteer leaves",
         "timebank --as M00073 entry " + name + " 0174..."},
        [options, in_not_out](Context& context) { return Check(context, *options, in_not_out); });
    check->add_option("ENTRY", options->entry, "32 hexadecimal digits")->required();
    check->add_option("--at", options->at, "when (default: ledger time)");
    check->add_option("--place", options->place, "match, near, mismatch, none (default match)");
  }
}

void AddLog(CLI::App& family, Program& program) {
  auto options = std::make_shared<LogOptions>();
  CLI::App* log = program.Add(family,
                              {"log", "Record a visit as its volunteer, with or without an order",
                               "timebank --as M00073 entry log --elder M01761 --category errand "
                               "--start '2020-09-01 08:10' --minutes 35"},
                              [options](Context& context) { return Log(context, *options); });
  log->add_option("--order", options->order, "the order; times default to its check-in pair");
  log->add_option("--elder", options->elder, "without an order: who was helped");
  log->add_option("--community", options->community, "default: the elder's home");
  log->add_option("--category", options->category, "companionship, cleaning, errand, ...");
  log->add_option("--kind", options->kind, "volunteer, neighbour, community_service");
  log->add_option("--start", options->start, "when it began");
  log->add_option("--end", options->end, "when it ended");
  log->add_option("--minutes", options->minutes, "how long it was, in the place of --end");
  log->add_option("--place", options->place, "match, near, mismatch, none");
}

void AddConfirm(CLI::App& family, Program& program) {
  auto options = std::make_shared<ConfirmOptions>();
  CLI::App* confirm =
      program.Add(family,
                  {"confirm", "The elder confirms: own key, proxy, card, call or paper",
                   "timebank --as M01761 entry confirm 0174...\n"
                   "  timebank --as M00073 entry confirm 0174... --terminal terminal-c03 "
                   "--pin-service pin-service-c03"},
                  [options](Context& context) { return Confirm(context, *options); });
  confirm->add_option("ENTRY", options->entry, "32 hexadecimal digits")->required();
  confirm->add_option("--channel", options->channel, "app, proxy, card, callback, paper");
  confirm->add_option("--content-hash", options->content_hash,
                      "what is confirmed (default: what the ledger has)");
  confirm->add_option("--elder", options->elder, "whose card it is (default: the entry's elder)");
  confirm->add_option("--witness", options->witness, "paper: who saw it");
  confirm->add_option("--reference", options->reference, "call reference or slip serial");
  AddCardOptions(*confirm, options->card);
}

}  // namespace

void AddEntryCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"entry", "Visits, from check-in to credit", ""});
  AddChecks(*family, program);
  AddLog(*family, program);
  AddConfirm(*family, program);
  AddApprovalCommands(*family, program);
  AddEntryReads(*family, program, "entry");
}

}  // namespace timebank::cli
