#include "wallet-cli/demo/visits.h"

#include <algorithm>

#include "base/check.h"
#include "base/civil.h"
#include "crypto/sha256.h"
#include "wallet-cli/paper_slips.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kPinLifeMs = 120'000;

// Client-made: the moment, then 80 bits that the order's number gives, so that a demo that is
// loaded again finds its own entries.
EntryId EntryIdOf(Millis at, const Hash& chain_id, const std::string& order) {
  const Hash hash = crypto::Sha256({chain_id.view(), AsBytes(order)});
  EntryId id;
  for (std::size_t i = 0; i < 6; ++i) {
    id.data[i] = static_cast<std::byte>((at.value() >> (40 - 8 * i)) & 0xFF);
  }
  std::copy_n(hash.data.begin(), 10, id.data.begin() + 6);
  return id;
}

v1::Channel ChannelOf(PilotChannel channel) {
  switch (channel) {
    case PilotChannel::kApp:
      return v1::CHANNEL_APP;
    case PilotChannel::kCard:
      return v1::CHANNEL_CARD;
    case PilotChannel::kCallback:
      return v1::CHANNEL_CALLBACK;
    case PilotChannel::kPaper:
      return v1::CHANNEL_PAPER;
  }
  return v1::CHANNEL_UNSPECIFIED;
}

// A salted commitment to what is kept elsewhere: the recording of a call, the serial of a slip.
std::string Commitment(const std::string& entry_number) {
  return crypto::Sha256({AsBytes("demo reference "), AsBytes(entry_number)}).str();
}

}  // namespace

VisitPlayer::VisitPlayer(Stage& stage, const Cast& cast, const PilotData& data)
    : stage_(stage), cast_(cast), data_(data), progress_(data.visits.size()) {}

Expected<bool, std::string> VisitPlayer::Play(const Step& step) {
  switch (step.kind) {
    case StepKind::kOrder:
      return Each(step, [this](std::size_t visit) { return Order(visit); });
    case StepKind::kClaim:
      return Each(step, [this](std::size_t visit) { return Claim(visit); });
    case StepKind::kCheckIn:
      return Each(step, [this](std::size_t visit) { return CheckIn(visit); });
    case StepKind::kCheckOutAndSubmit: {
      auto out = Each(step, [this](std::size_t visit) { return CheckOut(visit); });
      if (!out) return out;
      return Each(step, [this](std::size_t visit) { return Submit(visit); });
    }
    case StepKind::kConfirm:
      return Each(step, [this](std::size_t visit) { return Confirm(visit); });
    case StepKind::kApprove:
      return Approve(step);
    case StepKind::kReview: {
      Step flagged = step;
      std::erase_if(flagged.visits, [this](std::size_t visit) {
        return !progress_[visit].approved || progress_[visit].flags == 0;
      });
      return Each(flagged, [this](std::size_t visit) { return Review(visit); });
    }
    case StepKind::kGrantRun:
      break;
  }
  return Unexpected{std::string("a grant run is no step of visits")};
}

bool VisitPlayer::KnowsPeople(const PilotVisit& visit) const {
  return data_.Find(visit.elder) != nullptr &&
         (visit.entry_number.empty() || data_.Find(visit.volunteer) != nullptr);
}

Expected<bool, std::string> VisitPlayer::Each(const Step& step, const Build& build) {
  std::vector<std::size_t> alive;
  std::vector<client::SignedTransaction> wave;
  for (const std::size_t visit : step.visits) {
    if (progress_[visit].refused) continue;
    const PilotVisit& data = data_.visits[visit];
    if (!KnowsPeople(data)) {
      Refuse(visit, v1::REASON_UNKNOWN_MEMBER, step.kind);
      continue;
    }
    const bool by_volunteer = step.kind == StepKind::kClaim || step.kind == StepKind::kCheckIn ||
                              step.kind == StepKind::kCheckOutAndSubmit;
    const bool by_elder = step.kind == StepKind::kConfirm && data.channel == PilotChannel::kApp;
    if ((by_volunteer && !CanSign(cast_.Person(data.volunteer))) ||
        (by_elder && !CanSign(cast_.Person(data.elder)))) {
      Refuse(visit, v1::REASON_UNKNOWN_KEY, step.kind);
      continue;
    }
    alive.push_back(visit);
    wave.push_back(build(visit));
  }
  const auto results = stage_.Play(wave);
  if (!results) return Unexpected{std::string(StepName(step.kind)) + ": " + results.error()};
  for (std::size_t i = 0; i < alive.size(); ++i) {
    const StageResult& result = (*results)[i];
    if (!result.final) Refuse(alive[i], result.reason, step.kind);
    if (!result.lines.empty()) progress_[alive[i]].flags |= result.lines.front().flags();
  }
  return true;
}

void VisitPlayer::Refuse(std::size_t visit, v1::Reason reason, StepKind step) {
  const PilotVisit& data = data_.visits[visit];
  progress_[visit].refused = true;
  const bool order_only = data.entry_number.empty();
  refused_.push_back({order_only ? "orders.csv" : "entries.csv", data.line,
                      order_only ? data.order_number : data.entry_number, v1::Reason_Name(reason),
                      StepName(step)});
}

client::SignedTransaction VisitPlayer::Order(std::size_t visit) {
  const PilotVisit& data = data_.visits[visit];
  const Identity& elder = cast_.Person(data.elder);
  const CastOrg& street = StreetOf(data);
  progress_[visit].entry = EntryIdOf(stage_.Now(), stage_.chain_id(), data.order_number);
  v1::TransactionBody body;
  v1::PlaceOrder& order = *body.mutable_place_order();
  order.set_entry(progress_[visit].entry.str());
  order.set_elder(elder.member.str());
  order.set_community(CommunityOf(data).id.str());
  order.set_category(CategoryOfName(data.category));
  order.set_kind(v1::ENTRY_KIND_VOLUNTEER);
  order.set_planned_start_ms(data.planned_start.value());
  order.set_planned_minutes(data.planned_minutes);
  if (elder.key) return stage_.Sign({AsMember(elder)}, body);
  const Identity& dispatcher = LeastBusy(cast_.dispatchers.at(street.name));
  return stage_.Sign({As(dispatcher, v1::ROLE_DISPATCHER, street.id)}, body);
}

client::SignedTransaction VisitPlayer::Claim(std::size_t visit) {
  v1::TransactionBody body;
  body.mutable_claim_order()->set_entry(progress_[visit].entry.str());
  return stage_.Sign({AsMember(cast_.Person(data_.visits[visit].volunteer))}, body);
}

client::SignedTransaction VisitPlayer::CheckIn(std::size_t visit) {
  v1::TransactionBody body;
  body.mutable_check_in()->set_entry(progress_[visit].entry.str());
  body.mutable_check_in()->set_at_ms(data_.visits[visit].check_in.value());
  body.mutable_check_in()->set_place(v1::PLACE_CLAIM_MATCH);
  return stage_.Sign({AsMember(cast_.Person(data_.visits[visit].volunteer))}, body);
}

client::SignedTransaction VisitPlayer::CheckOut(std::size_t visit) {
  v1::TransactionBody body;
  body.mutable_check_out()->set_entry(progress_[visit].entry.str());
  body.mutable_check_out()->set_at_ms(data_.visits[visit].check_out.value());
  body.mutable_check_out()->set_place(v1::PLACE_CLAIM_MATCH);
  return stage_.Sign({AsMember(cast_.Person(data_.visits[visit].volunteer))}, body);
}

client::SignedTransaction VisitPlayer::Submit(std::size_t visit) {
  const PilotVisit& data = data_.visits[visit];
  v1::EntryContent content;
  content.set_version(1);
  content.set_entry(progress_[visit].entry.str());
  content.set_community(CommunityOf(data).id.str());
  content.set_kind(v1::ENTRY_KIND_VOLUNTEER);
  content.set_category(CategoryOfName(data.category));
  content.set_volunteer(cast_.Person(data.volunteer).member.str());
  content.set_elder(cast_.Person(data.elder).member.str());
  content.set_start_ms(data.check_in.value());
  content.set_end_ms(data.check_out.value());
  content.set_place(v1::PLACE_CLAIM_MATCH);
  content.set_channel(v1::CHANNEL_APP);
  progress_[visit].content = content.SerializeAsString();
  progress_[visit].content_hash = crypto::Sha256(AsBytes(progress_[visit].content));
  v1::TransactionBody body;
  body.mutable_submit_entry()->set_content(progress_[visit].content);
  return stage_.Sign({AsMember(cast_.Person(data.volunteer))}, body);
}

client::SignedTransaction VisitPlayer::Confirm(std::size_t visit) {
  const PilotVisit& data = data_.visits[visit];
  const CastOrg& community = CommunityOf(data);
  const CastOrg& street = StreetOf(data);
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(progress_[visit].entry.str());
  action.set_content_hash(progress_[visit].content_hash.str());
  action.set_channel(ChannelOf(data.channel));
  if (data.channel == PilotChannel::kPaper) action.set_witness(WitnessFor(data).member.str());
  if (data.channel == PilotChannel::kPaper || data.channel == PilotChannel::kCallback) {
    action.set_reference_commitment(Commitment(data.entry_number));
  }
  v1::TransactionBody body;
  v1::ConfirmEntry& confirm = *body.mutable_confirm_entry();
  confirm.set_action(action.SerializeAsString());
  switch (data.channel) {
    case PilotChannel::kApp:
      return stage_.Sign({AsMember(cast_.Person(data.elder))}, body);
    case PilotChannel::kCard: {
      const auto service =
          As(cast_.Person("pin-service-" + community.code), v1::ROLE_PIN_SERVICE, community.id);
      *confirm.mutable_pin() =
          client::MakePinProof(stage_.chain_id(), service, cast_.Person(data.elder).member,
                               confirm.action(), Millis(stage_.Now().value() + kPinLifeMs));
      return stage_.Sign(
          {As(cast_.Person("terminal-" + community.code), v1::ROLE_TERMINAL, community.id)}, body);
    }
    case PilotChannel::kCallback: {
      const Identity& dispatcher = LeastBusy(cast_.dispatchers.at(street.name));
      return stage_.Sign({As(dispatcher, v1::ROLE_DISPATCHER, street.id)}, body);
    }
    case PilotChannel::kPaper:
      break;
  }
  return stage_.Sign({As(cast_.Person("clerk-" + community.code), v1::ROLE_CLERK, community.id)},
                     body);
}

client::SignedTransaction VisitPlayer::Review(std::size_t visit) {
  const CastOrg& street = StreetOf(data_.visits[visit]);
  v1::TransactionBody body;
  body.mutable_review_entry()->set_entry(progress_[visit].entry.str());
  body.mutable_review_entry()->set_verdict(v1::REVIEW_VERDICT_UPHOLD);
  return stage_.Sign({As(cast_.Person("reviewer-" + street.code), v1::ROLE_REVIEWER, street.id)},
                     body);
}

// One batch per community: an approver signs for the entries without the elder's key that F9
// leaves, so the least busy one is asked each time.
Expected<bool, std::string> VisitPlayer::Approve(const Step& step) {
  std::map<std::string, std::vector<std::size_t>> batches;  // by approver
  for (const std::size_t visit : step.visits) {
    const PilotVisit& data = data_.visits[visit];
    if (progress_[visit].refused) continue;
    if (data.channel == PilotChannel::kApp) {
      batches[cast_.approvers.at(CommunityOf(data).name).front()].push_back(visit);
    } else {
      batches[LeastBusy(cast_.approvers.at(CommunityOf(data).name)).name].push_back(visit);
    }
  }
  std::vector<client::SignedTransaction> wave;
  for (const auto& [name, visits] : batches) {
    v1::TransactionBody body;
    for (const std::size_t visit : visits) {
      v1::ApprovalLine& line = *body.mutable_approve_entries()->add_lines();
      line.set_entry(progress_[visit].entry.str());
      line.set_content_hash(progress_[visit].content_hash.str());
    }
    const Identity& approver = cast_.Person(name);
    wave.push_back(
        stage_.Sign({As(approver, v1::ROLE_APPROVER, approver.offices.front().org)}, body));
  }
  const auto results = stage_.Play(wave);
  if (!results) return Unexpected{"approve: " + results.error()};
  std::size_t at = 0;
  for (const auto& [name, visits] : batches) {
    const StageResult& result = (*results)[at++];
    for (std::size_t i = 0; i < visits.size(); ++i) {
      if (result.final && i < result.lines.size()) {
        ApprovedLine(visits[i], result.lines[i]);
      } else {
        Refuse(visits[i], result.reason, StepKind::kApprove);
      }
    }
  }
  return true;
}

void VisitPlayer::ApprovedLine(std::size_t visit, const v1::EffectsLine& line) {
  if (line.outcome() == v1::OUTCOME_REFUSED) {
    return Refuse(visit, line.reason(), StepKind::kApprove);
  }
  Progress& progress = progress_[visit];
  progress.flags |= line.flags();
  progress.approved = true;
  ++approved_;
  for (const v1::Posting& posting : line.postings()) {
    if (posting.account() == v1::ACCOUNT_KIND_COOLING) approved_minutes_ += posting.amount();
  }
}

const CastOrg& VisitPlayer::CommunityOf(const PilotVisit& visit) const {
  const PilotMember* elder = data_.Find(visit.elder);
  TB_CHECK(elder != nullptr);
  return cast_.communities.at(elder->community);
}

const CastOrg& VisitPlayer::StreetOf(const PilotVisit& visit) const {
  const CastOrg& community = CommunityOf(visit);
  const auto street = std::find_if(cast_.streets.begin(), cast_.streets.end(),
                                   [&](const auto& s) { return s.second.id == community.parent; });
  TB_CHECK(street != cast_.streets.end());
  return street->second;
}

const Identity& VisitPlayer::LeastBusy(const std::vector<std::string>& names) {
  const std::uint32_t today = LocalDay(stage_.Now(), kPilotOffsetMinutes);
  const auto name = std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return work_[{a, today}] < work_[{b, today}];
  });
  ++work_[{*name, today}];
  return cast_.Person(*name);
}

const Identity& VisitPlayer::WitnessFor(const PilotVisit& visit) const {
  const std::string& street = data_.Find(visit.elder)->street;
  for (const PilotMember& member : data_.members) {
    if (member.street == street && member.number != visit.elder &&
        member.number != visit.volunteer) {
      return cast_.Person(member.number);
    }
  }
  return cast_.Person("lister-" + StreetOf(visit).code);
}

}  // namespace timebank::cli
