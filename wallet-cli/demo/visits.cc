#include "wallet-cli/demo/visits.h"

#include <algorithm>

#include "base/check.h"
#include "base/civil.h"
#include "crypto/sha256.h"
#include "wallet-cli/paper_slips.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kPinLifeMs = 120'000;
constexpr std::size_t kPartMax = 1'000;
constexpr std::size_t kLinesMax = 500;
constexpr std::size_t kApprovalRounds = 8;
constexpr char kFuture[] = "future";

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

v1::Reason VisitPlayer::WhoIsMissing(const PilotVisit& visit, StepKind kind) const {
  if (data_.Find(visit.elder) == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  if (kind == StepKind::kOrder) return v1::REASON_UNSPECIFIED;
  if (data_.Find(visit.volunteer) == nullptr) return v1::REASON_UNKNOWN_MEMBER;
  const bool by_volunteer = kind == StepKind::kClaim || kind == StepKind::kCheckIn ||
                            kind == StepKind::kCheckOutAndSubmit;
  const bool by_elder = kind == StepKind::kConfirm && visit.channel == PilotChannel::kApp;
  const bool silent = (by_volunteer && !CanSign(cast_.Person(visit.volunteer))) ||
                      (by_elder && !CanSign(cast_.Person(visit.elder)));
  return silent ? v1::REASON_UNKNOWN_KEY : v1::REASON_UNSPECIFIED;
}

Expected<bool, std::string> VisitPlayer::Each(const Step& step, const Build& build) {
  std::vector<std::size_t> alive;
  for (const std::size_t visit : step.visits) {
    // An order is placed whatever became of the row of its visit.
    if (progress_[visit].refused && step.kind != StepKind::kOrder) continue;
    const v1::Reason missing = WhoIsMissing(data_.visits[visit], step.kind);
    if (missing == v1::REASON_UNSPECIFIED) {
      alive.push_back(visit);
    } else {
      Refuse(visit, missing, step.kind);
    }
  }
  // In parts, so that nothing signed grows old before its turn.
  for (std::size_t at = 0; at < alive.size(); at += kPartMax) {
    const std::size_t count = std::min(kPartMax, alive.size() - at);
    auto played = PlayPart(std::span(alive).subspan(at, count), step.kind, build);
    if (!played) return Unexpected{std::string(StepName(step.kind)) + ": " + played.error()};
  }
  return true;
}

Expected<bool, std::string> VisitPlayer::PlayPart(std::span<const std::size_t> visits,
                                                  StepKind kind, const Build& build) {
  std::vector<client::SignedTransaction> wave;
  for (const std::size_t visit : visits) wave.push_back(build(visit));
  const auto results = stage_.Play(wave);
  if (!results) return Unexpected{results.error()};
  for (std::size_t i = 0; i < visits.size(); ++i) {
    const StageResult& result = (*results)[i];
    Progress& progress = progress_[visits[i]];
    if (!result.final) Refuse(visits[i], result.reason, kind);
    if (!result.lines.empty()) progress.flags |= result.lines.front().flags();
  }
  return true;
}

void VisitPlayer::Refuse(std::size_t visit, v1::Reason reason, StepKind step) {
  RefuseBecause(visit, v1::Reason_Name(reason), step);
}

// A refused order refuses its visit, too: both rows are listed.
void VisitPlayer::RefuseBecause(std::size_t visit, const std::string& reason, StepKind step) {
  const PilotVisit& data = data_.visits[visit];
  if (step == StepKind::kOrder) {
    refused_.push_back({"orders.csv", data.order_line, data.order_number, reason, StepName(step)});
  }
  if (progress_[visit].refused) return;
  progress_[visit].refused = true;
  if (data.entry_number.empty()) return;
  refused_.push_back({"entries.csv", data.line, data.entry_number, reason, StepName(step)});
}

void VisitPlayer::Leave(Millis end) {
  for (std::size_t visit = 0; visit < data_.visits.size(); ++visit) {
    const auto step = FirstStepAfter(data_.visits[visit], end);
    const bool open = !progress_[visit].refused || step == StepKind::kOrder;
    if (step && open) RefuseBecause(visit, kFuture, *step);
  }
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
  const Identity& dispatcher = LeastBusy(cast_.dispatchers.at(street.name), Work::kOrder);
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
      const Identity& dispatcher = LeastBusy(cast_.dispatchers.at(street.name), Work::kCallback);
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

std::vector<VisitPlayer::List> VisitPlayer::ApprovalLists(std::span<const std::size_t> visits,
                                                          const std::set<std::size_t>& alone) {
  std::vector<List> lists;
  std::map<std::pair<std::string, Work>, std::size_t> open;  // the list that has room
  for (const std::size_t visit : visits) {
    const PilotVisit& data = data_.visits[visit];
    const Work work = data.channel == PilotChannel::kApp ? Work::kApproveOwnKey : Work::kApprove;
    const Identity& approver =
        LeastBusy(cast_.approvers.at(data_.Find(data.elder)->HomeKey()), work);
    const auto found = open.find({approver.name, work});
    if (!alone.contains(visit) && found != open.end() &&
        lists[found->second].visits.size() < kLinesMax) {
      lists[found->second].visits.push_back(visit);
      continue;
    }
    if (!alone.contains(visit)) open[{approver.name, work}] = lists.size();
    lists.push_back({&approver, work, {visit}});
  }
  return lists;
}

// A line that the approver's limit refuses goes to another one: a slow load may push approvals of
// one day or hour into the next. A list of which nothing stands does not say why, line by line, so
// its lines go again one by one.
Expected<bool, std::string> VisitPlayer::Approve(const Step& step) {
  std::vector<std::size_t> left;
  for (const std::size_t visit : step.visits) {
    if (!progress_[visit].refused) left.push_back(visit);
  }
  std::set<std::size_t> alone;
  for (std::size_t round = 0; !left.empty(); ++round) {
    const std::vector<List> lists = ApprovalLists(left, alone);
    std::vector<client::SignedTransaction> wave;
    for (const List& list : lists) wave.push_back(Approval(list));
    const auto results = stage_.Play(wave);
    if (!results) return Unexpected{"approve: " + results.error()};
    left.clear();
    for (std::size_t i = 0; i < lists.size(); ++i) {
      const StageResult& result = (*results)[i];
      for (std::size_t k = 0; k < lists[i].visits.size(); ++k) {
        const std::size_t visit = lists[i].visits[k];
        v1::EffectsLine line;
        line.set_outcome(v1::OUTCOME_REFUSED);
        line.set_reason(result.reason);
        if (result.final && k < result.lines.size()) {
          line = result.lines[k];
        }
        const bool limit = line.reason() == v1::REASON_F9_APPROVER_LIMIT;
        const bool unsaid = line.reason() == v1::REASON_NO_LINE_SUCCEEDED;
        if ((!limit && !unsaid) || round == kApprovalRounds) {
          ApprovedLine(visit, line);
          continue;
        }
        if (limit) WorkOf(lists[i].approver->name, lists[i].work) += kLinesMax;
        if (unsaid) alone.insert(visit);
        left.push_back(visit);
      }
    }
  }
  return true;
}

client::SignedTransaction VisitPlayer::Approval(const List& list) const {
  v1::TransactionBody body;
  for (const std::size_t visit : list.visits) {
    v1::ApprovalLine& line = *body.mutable_approve_entries()->add_lines();
    line.set_entry(progress_[visit].entry.str());
    line.set_content_hash(progress_[visit].content_hash.str());
  }
  const Identity& approver = *list.approver;
  return stage_.Sign({As(approver, v1::ROLE_APPROVER, approver.offices.front().org)}, body);
}

void VisitPlayer::ApprovedLine(std::size_t visit, const v1::EffectsLine& line) {
  if (line.outcome() == v1::OUTCOME_REFUSED) {
    return Refuse(visit, line.reason(), StepKind::kApprove);
  }
  Progress& progress = progress_[visit];
  progress.flags |= line.flags();
  progress.approved = true;
  ++approved_;
  const PilotVisit& data = data_.visits[visit];
  std::int64_t credited = 0;
  for (const v1::Posting& posting : line.postings()) {
    if (posting.account() == v1::ACCOUNT_KIND_COOLING) credited += posting.amount();
  }
  row_minutes_ += data.minutes;
  approved_minutes_ += credited;
  if (credited != data.minutes) {
    in_part_.push_back({data.line, data.entry_number, data.minutes, credited});
  }
}

const CastOrg& VisitPlayer::CommunityOf(const PilotVisit& visit) const {
  const PilotMember* elder = data_.Find(visit.elder);
  TB_CHECK(elder != nullptr);
  return cast_.HomeOf(*elder);
}

const CastOrg& VisitPlayer::StreetOf(const PilotVisit& visit) const {
  const PilotMember* elder = data_.Find(visit.elder);
  TB_CHECK(elder != nullptr);
  return cast_.streets.at(elder->street);
}

std::uint32_t& VisitPlayer::WorkOf(const std::string& name, Work work) {
  const Millis now = stage_.Now();
  const std::uint64_t when =
      work == Work::kApproveOwnKey ? ClockHour(now) : LocalDay(now, kPilotOffsetMinutes);
  return work_[{name, work, when}];
}

const Identity& VisitPlayer::LeastBusy(const std::vector<std::string>& names, Work work) {
  const auto name = std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return WorkOf(a, work) < WorkOf(b, work);
  });
  ++WorkOf(*name, work);
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
