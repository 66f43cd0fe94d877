// Verbs of visits and redemptions.
#include <charconv>

#include "base/check.h"
#include "chain/canonical.h"
#include "crypto/sha256.h"
#include "tests/scenario/verbs.h"

namespace timebank::scenario {
namespace {

constexpr Time kMinuteMs = 60'000;
constexpr Time kPinLifetimeMs = 120'000;

std::string HashOf(const std::string& bytes) { return crypto::Sha256(AsBytes(bytes)).str(); }

// Names of the small enumerations, in lower case, as scripts write them.
const std::map<std::string, v1::Category> kCategories = {
    {"companionship", v1::CATEGORY_COMPANIONSHIP},
    {"meal_delivery", v1::CATEGORY_MEAL_DELIVERY},
    {"cleaning", v1::CATEGORY_CLEANING},
    {"errand", v1::CATEGORY_ERRAND},
    {"haircut", v1::CATEGORY_HAIRCUT},
    {"bathing_help", v1::CATEGORY_BATHING_HELP}};
const std::map<std::string, v1::EntryKind> kKinds = {
    {"volunteer", v1::ENTRY_KIND_VOLUNTEER},
    {"neighbour", v1::ENTRY_KIND_NEIGHBOUR},
    {"community_service", v1::ENTRY_KIND_COMMUNITY_SERVICE}};
const std::map<std::string, v1::PlaceClaim> kPlaces = {{"match", v1::PLACE_CLAIM_MATCH},
                                                       {"near", v1::PLACE_CLAIM_NEAR},
                                                       {"mismatch", v1::PLACE_CLAIM_MISMATCH},
                                                       {"none", v1::PLACE_CLAIM_NONE}};
const std::map<std::string, v1::Channel> kChannels = {{"app", v1::CHANNEL_APP},
                                                      {"proxy", v1::CHANNEL_PROXY},
                                                      {"card", v1::CHANNEL_CARD},
                                                      {"callback", v1::CHANNEL_CALLBACK},
                                                      {"paper", v1::CHANNEL_PAPER}};

// A number stands for itself, known or not; another unknown word for a missing field.
template <typename Enum>
Enum Lookup(const std::map<std::string, Enum>& words, const std::string& word) {
  const auto found = words.find(word);
  if (found != words.end()) return found->second;
  int number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return static_cast<Enum>(number);
}

}  // namespace

void Verbs::Order(const Line& line, Body& body) {
  const std::string name = Word(line, 0);
  auto& tx = *body.mutable_place_order();
  tx.set_entry(IdOf(line, name));
  Known& known = known_[name];
  known.elder = line.Option("elder", known.elder);
  known.community = line.Option("community", homes_[known.elder]);
  known.category = line.Option("category", known.category);
  known.kind = line.Option("kind", known.kind);
  tx.set_elder(model::Cast::MemberId(known.elder));
  tx.set_community(model::Cast::OrgId(known.community));
  tx.set_category(Lookup(kCategories, known.category));
  tx.set_kind(Lookup(kKinds, known.kind));
  tx.set_planned_start_ms(At(line, "start", now_ms_));
  tx.set_planned_minutes(Number(line, "minutes", "0"));
}

void Verbs::Claim(const Line& line, Body& body) {
  body.mutable_claim_order()->set_entry(IdOf(line, Word(line, 0)));
}

void Verbs::CheckIn(const Line& line, Body& body) {
  auto& tx = *body.mutable_check_in();
  tx.set_entry(IdOf(line, Word(line, 0)));
  tx.set_at_ms(At(line, "time", now_ms_));
  tx.set_place(Lookup(kPlaces, line.Option("place", "match")));
}

void Verbs::CheckOut(const Line& line, Body& body) {
  auto& tx = *body.mutable_check_out();
  tx.set_entry(IdOf(line, Word(line, 0)));
  tx.set_at_ms(At(line, "time", now_ms_));
  tx.set_place(Lookup(kPlaces, line.Option("place", "match")));
}

// Start and `minutes` or `end`; what is not said is as in the order.
v1::EntryContent Verbs::Content(const Line& line, const Known& known,
                                const std::string& volunteer) {
  v1::EntryContent content;
  content.set_version(1);
  content.set_entry(known.id);
  const std::string elder = line.Option("elder", known.elder);
  const std::string home = known.community.empty() ? homes_[elder] : known.community;
  content.set_community(model::Cast::OrgId(line.Option("community", home)));
  content.set_kind(Lookup(kKinds, line.Option("kind", known.kind)));
  content.set_category(Lookup(kCategories, line.Option("category", known.category)));
  content.set_volunteer(model::Cast::MemberId(line.Option("volunteer", volunteer)));
  content.set_elder(model::Cast::MemberId(elder));
  const Time start = At(line, "start", known.start_ms);
  content.set_start_ms(start);
  content.set_end_ms(start + Number(line, "minutes", "0") * kMinuteMs);
  if (!line.Option("end").empty()) content.set_end_ms(At(line, "end", 0));
  content.set_place(Lookup(kPlaces, line.Option("place", "match")));
  content.set_channel(v1::CHANNEL_APP);
  return content;
}

void Verbs::Submit(const Line& line, Body& body) {
  const std::string name = Word(line, 0);
  [[maybe_unused]] const std::string id = IdOf(line, name);
  const std::string signer = line.by.empty() ? "" : line.by.front();
  const std::string bytes = chain::CanonicalBytes(Content(line, known_[name], signer));
  body.mutable_submit_entry()->set_content(bytes);
  pending_name_ = name;
  pending_content_ = bytes;
}

void Verbs::Confirm(const Line& line, Body& body) {
  const Known& known = known_[Word(line, 0)];
  const auto channel = Lookup(kChannels, line.Option("channel", "app"));
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(IdOf(line, Word(line, 0)));
  action.set_content_hash(HashOf(known.content));
  if (line.Option("hash") == "wrong") action.set_content_hash(HashOf("another"));
  action.set_channel(channel);
  const std::string witness = line.Option("witness");
  if (!witness.empty()) action.set_witness(model::Cast::MemberId(witness));
  const bool refers = channel == v1::CHANNEL_CALLBACK || channel == v1::CHANNEL_PAPER;
  if (refers && line.Option("reference") != "none") {
    action.set_reference_commitment(HashOf("reference"));
  }
  auto& tx = *body.mutable_confirm_entry();
  tx.set_action(chain::CanonicalBytes(action));
  v1::EntryContent content;
  TB_CHECK(content.ParseFromString(known.content));
  if (line.Option("pin", "none") != "none") {
    AddPin(line, content.elder(), tx.action(), *tx.mutable_pin());
  }
}

// pin=yes is good; pin=card, action, expired and signature are wrong in that one respect.
void Verbs::AddPin(const Line& line, const std::string& card, const std::string& action,
                   v1::PinProof& pin) {
  const std::string how = line.Option("pin");
  v1::PinStatement statement;
  statement.set_version(1);
  statement.set_card(how == "card" ? model::Cast::MemberId("another card") : card);
  statement.set_action_digest(HashOf(how == "action" ? action + "!" : action));
  statement.set_expiry_ms(how == "expired" ? now_ms_ - 1 : now_ms_ + kPinLifetimeMs);
  pin = cast_.SignPin(line.Option("service", "PIN"), statement);
  if (how == "signature") {
    statement.set_expiry_ms(statement.expiry_ms() - 1);
    pin.set_statement(chain::CanonicalBytes(statement));
  }
}

void Verbs::Approve(const Line& line, Body& body) {
  auto& tx = *body.mutable_approve_entries();
  for (const std::string& name : line.words) {
    auto* approval = tx.add_lines();
    approval->set_entry(IdOf(line, name));
    approval->set_content_hash(HashOf(known_[name].content));
    if (line.Option("hash") == "wrong") approval->set_content_hash(HashOf("another"));
  }
  tx.set_all_or_nothing(line.Option("all") == "yes");
}

void Verbs::Review(const Line& line, Body& body) {
  auto& tx = *body.mutable_review_entry();
  tx.set_entry(IdOf(line, Word(line, 0)));
  const bool uphold = Word(line, 1) == "uphold";
  tx.set_verdict(uphold ? v1::REVIEW_VERDICT_UPHOLD : v1::REVIEW_VERDICT_REVERSE);
}

void Verbs::Reject(const Line& line, Body& body) {
  auto& tx = *body.mutable_reject_entry();
  tx.set_entry(IdOf(line, Word(line, 0)));
  tx.set_reason(Number(line, "reason", "1"));
}

void Verbs::Cancel(const Line& line, Body& body) {
  body.mutable_cancel_order()->set_entry(IdOf(line, Word(line, 0)));
}

void Verbs::NoShow(const Line& line, Body& body) {
  body.mutable_report_no_show()->set_entry(IdOf(line, Word(line, 0)));
}

void Verbs::Slip(const Line& line) {
  const std::string name = Word(line, 0);
  Known& known = known_[name];
  known.elder = line.Option("elder");
  known.id = model::Cast::SlipId(model::Cast::OrgId(line.Option("org", "street")), name,
                                 At(line, "start", 0));
  v1::EntryContent content = Content(line, known, "");
  content.set_channel(v1::CHANNEL_PAPER);
  known.content = chain::CanonicalBytes(content);
  known.slip.set_content(known.content);
  known.slip.set_serial(name);
  known.slip.set_witness(model::Cast::MemberId(line.Option("witness")));
}

void Verbs::Paper(const Line& line, Body& body) {
  auto& tx = *body.mutable_paper_batch();
  tx.set_org(model::Cast::OrgId(line.Option("org")));
  std::string file;
  for (const std::string& name : line.words) {
    *tx.add_lines() = known_[name].slip;
    file += name + "\n";
  }
  tx.set_file_hash(HashOf(file));
  tx.set_all_or_nothing(line.Option("all") == "yes");
}

void Verbs::Correct(const Line& line, Body& body) {
  auto& tx = *body.mutable_correct_entry();
  const std::string name = Word(line, 0);
  tx.set_entry(IdOf(line, name));
  const std::string replacement = line.Option("replacement");
  if (replacement.empty()) return;
  v1::EntryContent old;
  TB_CHECK(old.ParseFromString(known_[name].content));
  [[maybe_unused]] const std::string id = IdOf(line, replacement);
  v1::EntryContent content = Content(line, known_[replacement], "");
  content.set_volunteer(old.volunteer());
  content.set_elder(old.elder());
  content.set_community(old.community());
  tx.set_replacement(chain::CanonicalBytes(content));
  pending_name_ = replacement;
  pending_content_ = tx.replacement();
}

void Verbs::Offer(const Line& line, Body& body) {
  auto& tx = *body.mutable_publish_offer();
  tx.set_offer(model::Cast::OfferId(Word(line, 0)));
  tx.set_org(model::Cast::OrgId(line.Option("org")));
  const bool goods = line.Option("kind") == "goods";
  tx.set_kind(goods ? v1::OFFER_KIND_GOODS : v1::OFFER_KIND_SERVICE);
  tx.set_name(Word(line, 0));
  tx.set_price_minutes(NumberOf(line.Option("price")));
  tx.set_stock(Number(line, "stock", "100"));
  tx.set_limit_per_person(Number(line, "limit", "0"));
  tx.set_open(line.Option("open", "yes") == "yes");
}

void Verbs::Redeem(const Line& line, Body& body) {
  v1::RedeemAction action;
  action.set_version(1);
  action.set_redemption(IdOf(line, Word(line, 0)));
  action.set_offer(model::Cast::OfferId(line.Option("offer")));
  const std::string holder = line.Option("holder");
  known_[Word(line, 0)].elder = holder;
  action.set_holder(model::Cast::MemberId(holder));
  action.set_quantity(Number(line, "quantity", "1"));
  auto& tx = *body.mutable_redeem();
  tx.set_action(chain::CanonicalBytes(action));
  if (line.Option("pin", "none") != "none") {
    AddPin(line, action.holder(), tx.action(), *tx.mutable_pin());
  }
}

void Verbs::Accept(const Line& line, Body& body) {
  body.mutable_accept_redemption()->set_redemption(IdOf(line, Word(line, 0)));
}

void Verbs::Decline(const Line& line, Body& body) {
  body.mutable_decline_redemption()->set_redemption(IdOf(line, Word(line, 0)));
}

void Verbs::Fulfil(const Line& line, Body& body) {
  auto& tx = *body.mutable_fulfil_redemption();
  tx.set_redemption(IdOf(line, Word(line, 0)));
  tx.set_minutes(NumberOf(line.Option("minutes", "0")));
}

void Verbs::ConfirmRedemption(const Line& line, Body& body) {
  v1::ConfirmRedemptionAction action;
  action.set_version(1);
  action.set_redemption(IdOf(line, Word(line, 0)));
  action.set_channel(Lookup(kChannels, line.Option("channel", "app")));
  const std::string witness = line.Option("witness");
  if (!witness.empty()) action.set_witness(model::Cast::MemberId(witness));
  auto& tx = *body.mutable_confirm_redemption();
  tx.set_action(chain::CanonicalBytes(action));
  if (line.Option("pin", "none") != "none") {
    const std::string holder = model::Cast::MemberId(known_[Word(line, 0)].elder);
    AddPin(line, holder, tx.action(), *tx.mutable_pin());
  }
}

void Verbs::CancelRedemption(const Line& line, Body& body) {
  body.mutable_cancel_redemption()->set_redemption(IdOf(line, Word(line, 0)));
}

}  // namespace timebank::scenario
