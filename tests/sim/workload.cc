#include "tests/sim/workload.h"

#include <utility>

#include "ledger/state.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::sim {
namespace {

constexpr std::uint64_t kLookMs = 150;
constexpr std::uint64_t kRetryMs = 2'500;
constexpr std::size_t kSteps = 7;  // order, claim, check in, check out, log, confirm, approve
constexpr std::int64_t kGiftMinutes = 5;
constexpr std::int64_t kBeyondAnyPurse = 100'000;

}  // namespace

Workload::Workload(World& world, Prng prng, Community& community, Cluster& cluster)
    : world_(world), prng_(std::move(prng)), community_(community), cluster_(cluster) {
  cluster_.SetOnAnswer(
      [this](NodeIndex node, std::uint64_t ticket, const replica::SubmitAnswer& answer) {
        OnAnswer(node, ticket, answer);
      });
}

void Workload::Start(std::size_t visits, std::uint64_t spread_ms) {
  opening_ = community_.Opening(LedgerNow());
  for (std::size_t i = 0; i < visits; ++i) {
    Visit visit;
    visit.entry = community_.NewEntry(LedgerNow());
    visit.pair = i % community_.pairs();
    // Yesterday, each pair's visits an hour apart: no overlap, inside the day's caps.
    visit.start = Millis(kRunStartMs - kDayMs + (i / community_.pairs()) * 60 * kMinuteMs);
    visit.end = Millis(visit.start.value() + 30 * kMinuteMs);
    visit.begin_at = Millis(i * spread_ms / visits);
    visits_.push_back(visit);
  }
  Look();
}

bool Workload::Done() const {
  if (opening_done_ < opening_.size() || gifts_ < community_.pairs()) return false;
  for (const Visit& visit : visits_) {
    if (!visit.credited) return false;
  }
  return true;
}

std::string Workload::Explain() const {
  std::string out;
  for (const auto& [name, pending] : pending_) {
    out += "  open: " + name + ", last answer " + pending.last_answer + "\n";
  }
  for (const Visit& visit : visits_) {
    if (visit.step == kSteps && !visit.credited) {
      out += "  not credited: " + ToHex(visit.entry.view()) + "\n";
    }
  }
  return out;
}

void Workload::Look() {
  LookAtOpening();
  if (opening_done_ == opening_.size()) {
    LookAtVisits();
    LookAtGifts();
    if (prng_.Chance(1, 8)) Misbehave();
    if (prng_.Chance(1, 8)) Repeat();
  }
  if (!Done()) world_.After(kLookMs, [this] { Look(); });
}

// Budget, list, grant, kin: each depends on the one before.
void Workload::LookAtOpening() {
  if (opening_done_ == opening_.size()) return;
  const std::string name = "opening " + std::to_string(opening_done_);
  if (Push(name, [this] { return opening_[opening_done_]; })) ++opening_done_;
}

void Workload::LookAtVisits() {
  for (std::size_t i = 0; i < visits_.size(); ++i) {
    Visit& visit = visits_[i];
    if (world_.now() < visit.begin_at) continue;
    if (visit.step < kSteps) {
      const std::string name = "visit " + std::to_string(i) + " step " + std::to_string(visit.step);
      if (Push(name, [&] { return StepOf(visit); })) ++visit.step;
    } else if (!visit.credited) {
      visit.credited = IsCredited(visit.entry);
    }
  }
}

void Workload::LookAtGifts() {
  while (gifts_ < community_.pairs()) {
    bool may = true;
    for (const Visit& visit : visits_) may = may && (visit.pair != gifts_ || visit.credited);
    if (!may) return;
    const bool given = Push("gift " + std::to_string(gifts_), [this] {
      return community_.Transfer(gifts_, kGiftMinutes, LedgerNow());
    });
    if (!given) return;
    ++gifts_;
  }
}

void Workload::Misbehave() {
  const auto pair = static_cast<std::size_t>(prng_.Below(community_.pairs()));
  const auto gift = community_.Transfer(pair, kGiftMinutes, LedgerNow());
  if (prng_.Chance(1, 2)) {
    Ask(community_.Forge(gift), Hope::kNever);
  } else {
    Ask(community_.Transfer(pair, kBeyondAnyPurse, LedgerNow()), Hope::kNever);
  }
}

// Bytes that are final already: every node says so, or does not know yet and takes them once only.
void Workload::Repeat() {
  if (done_.empty()) return;
  auto at = done_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(prng_.Below(done_.size())));
  Ask(at->second, Hope::kFinal);
}

replica::SharedTransaction Workload::StepOf(const Visit& visit) {
  const Millis now = LedgerNow();
  switch (visit.step) {
    case 0:
      return community_.Order(visit.entry, visit.pair, visit.start, now);
    case 1:
      return community_.Claim(visit.entry, visit.pair, now);
    case 2:
      return community_.CheckIn(visit.entry, visit.pair, visit.start, now);
    case 3:
      return community_.CheckOut(visit.entry, visit.pair, visit.end, now);
    case 4:
      return community_.Log(visit.entry, visit.pair, visit.start, visit.end, now);
    case 5:
      return community_.Confirm(visit.entry, visit.pair, visit.start, visit.end, now);
    default:
      return community_.Approve(visit.entry, visit.pair, visit.start, visit.end, now);
  }
}

bool Workload::Push(const std::string& name,
                    const std::function<replica::SharedTransaction()>& make) {
  auto found = pending_.find(name);
  if (found == pending_.end()) {
    found = pending_.emplace(name, Pending{make(), world_.now(), "none"}).first;
  }
  Pending& pending = found->second;
  if (cluster_.checkers().IsFinal(pending.transaction->transaction.id)) {
    done_.emplace(name, pending.transaction);
    pending_.erase(found);
    return true;
  }
  if (world_.now() < pending.retry_at) return false;
  pending.retry_at = Millis(world_.now().value() + kRetryMs);
  Ask(pending.transaction, Hope::kFinal);
  return false;
}

// Two nodes, as clients do: one of them may be down, cut off or Byzantine.
void Workload::Ask(const replica::SharedTransaction& transaction, Hope hope) {
  const Hash& id = transaction->transaction.id;
  if (hope == Hope::kFinal) cluster_.checkers().Submitted(id);
  const auto first = static_cast<NodeIndex>(prng_.Below(cluster_.size()));
  const auto step = 1 + static_cast<NodeIndex>(prng_.Below(cluster_.size() - 1));
  for (const NodeIndex node : {first, (first + step) % cluster_.size()}) {
    asked_.emplace(next_ticket_, Asked{id, hope});
    cluster_.Submit(node, next_ticket_++, transaction);
  }
}

void Workload::OnAnswer(NodeIndex node, std::uint64_t ticket, const replica::SubmitAnswer& answer) {
  const auto found = asked_.find(ticket);
  if (found == asked_.end()) return cluster_.checkers().Fail("an answer to nobody");
  const Asked asked = found->second;
  asked_.erase(found);
  if (answer.id != asked.id) cluster_.checkers().Fail("an answer about another transaction");
  if (answer.final_height) {
    cluster_.checkers().AnsweredFinal(node, asked.id, *answer.final_height);
  }
  if (asked.hope == Hope::kNever && answer.reason == v1::REASON_UNSPECIFIED) {
    cluster_.checkers().Fail("node " + std::to_string(node) + " admitted what no rule allows");
  }
  for (auto& [name, pending] : pending_) {
    if (pending.transaction->transaction.id != asked.id) continue;
    pending.last_answer = v1::Reason_Name(answer.reason);
  }
}

bool Workload::IsCredited(const EntryId& entry) const {
  for (NodeIndex node = 0; node < cluster_.size(); ++node) {
    if (!cluster_.IsCorrect(node) || !cluster_.node(node).alive()) continue;
    const auto& state = *cluster_.node(node).replica().final_view().state;
    const auto record = state.Find<v1::Entry>(entry);
    if (record && record->state() == v1::ENTRY_STATE_CREDITED) return true;
  }
  return false;
}

}  // namespace timebank::sim
