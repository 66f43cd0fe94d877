#include "wallet-cli/workload/mix.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "crypto/sha256.h"
#include "platform/clock.h"
#include "platform/entropy.h"

namespace timebank::cli {
namespace {

// Per mille of all transactions sent, in the order of Op.
constexpr std::uint64_t kShare[kOpCount] = {350, 350, 20, 130, 100, 50};
constexpr std::size_t kApprovalLines = 17;
constexpr std::size_t kFrameMax = 100;
constexpr std::uint64_t kDrainMs = 20'000;
constexpr std::uint64_t kDrainStepMs = 100;
constexpr std::uint64_t kFailOverPauseMs = 50;

// Members are dealt out: worker w has those with index = w modulo the number of workers.
std::size_t Dealt(std::size_t count, const MixOptions& options, std::size_t turn) {
  const std::size_t mine = (count - options.worker + options.workers - 1) / options.workers;
  return options.worker + options.workers * (turn % mine);
}

}  // namespace

const char* OpName(Op op) {
  switch (op) {
    case Op::kSubmit:
      return "submit";
    case Op::kConfirm:
      return "confirm";
    case Op::kApprove:
      return "approve";
    case Op::kRedeemStep:
      return "redemption step";
    case Op::kTransfer:
      return "transfer";
    case Op::kInvalid:
      return "invalid";
  }
  return "";
}

MixWorker::MixWorker(const World& world, const chain::Genesis& genesis,
                     std::int64_t clock_offset_ms, MixOptions options)
    : world_(world),
      genesis_(genesis),
      offset_ms_(clock_offset_ms),
      options_(std::move(options)),
      node_(options_.worker % options_.nodes.size()),
      prng_(Prng(options_.seed).Fork("mix" + std::to_string(options_.worker))) {
  OpenStream();
}

MixResult MixWorker::Run(const std::atomic<bool>& stop) {
  began_ms_ = platform::MonotonicMs();
  while (!stop) {
    if (stream_->broken()) FailOver();
    if (in_flight_.size() < options_.window) SendFrame();
    Collect();
    if (LeftOfRate() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (in_flight_.size() >= options_.window) {
      const std::uint64_t front = in_flight_.begin()->first;
      // A millisecond at most: other answers than the oldest make room too.
      (void)stream_->WaitBelow(front + 1, 1);
    }
  }
  Drain();
  result_.unanswered = in_flight_.size();
  return std::move(result_);
}

void MixWorker::Drain() {
  const std::uint64_t end = platform::MonotonicMs() + kDrainMs;
  while (!in_flight_.empty() && platform::MonotonicMs() < end) {
    if (stream_->broken()) FailOver();
    (void)stream_->WaitBelow(in_flight_.rbegin()->first + 1, kDrainStepMs);
    Collect();
  }
}

void MixWorker::OpenStream() {
  collected_ = 0;
  stream_ = std::make_unique<client::SubmitStream>(
      options_.nodes[node_], genesis_,
      client::SubmitStreamOptions{.in_flight_max = options_.window * 2, .keep_lines = false});
}

void MixWorker::FailOver() {
  Collect();
  if (result_.failovers++ == 0) {
    result_.broken = options_.nodes[node_].name + ": " + stream_->broken()->message;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(kFailOverPauseMs));
  node_ = (node_ + 1) % options_.nodes.size();
  OpenStream();
  std::vector<client::SignedTransaction> again;
  for (auto& [sequence, flight] : in_flight_) {
    flight.lost_us = platform::MonotonicUs() - flight.began_us;
    again.push_back(flight.transaction);
  }
  if (again.empty()) return;
  std::uint64_t sequence = stream_->Submit(again);
  std::map<std::uint64_t, InFlight> moved;
  for (auto& [old, flight] : in_flight_) moved.emplace(sequence++, std::move(flight));
  in_flight_ = std::move(moved);
}

Millis MixWorker::Now() const {
  return Millis(static_cast<std::uint64_t>(static_cast<std::int64_t>(platform::WallTime().value()) +
                                           offset_ms_));
}

bool MixWorker::Possible(Op op) const {
  switch (op) {
    case Op::kSubmit:
    case Op::kInvalid:
    case Op::kRedeemStep:
      return true;
    case Op::kConfirm:
      return !submitted_.empty();
    case Op::kApprove:
      return confirmed_.size() >= kApprovalLines;
    case Op::kTransfer:
      return world_.earners > options_.worker;
  }
  return false;
}

std::optional<Op> MixWorker::NextOp() {
  std::optional<Op> best;
  std::uint64_t best_lag = 0;
  for (std::size_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    // A window ahead of what was sent: a share that waits for answers must not stop the others.
    const std::uint64_t due = kShare[i] * (sent_total_ + options_.window);
    const std::uint64_t done = sent_[i] * 1000;
    if (due <= done || !Possible(op)) continue;
    if (due - done > best_lag) {
      best_lag = due - done;
      best = op;
    }
  }
  return best;
}

// How many may be sent by now, of this worker's share of the rate.
std::size_t MixWorker::LeftOfRate() const {
  if (options_.rate == 0) return kFrameMax;
  const std::uint64_t elapsed_ms = platform::MonotonicMs() - began_ms_;
  const std::uint64_t due = options_.rate * elapsed_ms / (1000 * options_.workers);
  return due > sent_total_ ? static_cast<std::size_t>(due - sent_total_) : 0;
}

void MixWorker::SendFrame() {
  std::vector<client::SignedTransaction> frame;
  std::vector<InFlight> flights;
  const std::size_t room = std::min({kFrameMax, options_.window - in_flight_.size(), LeftOfRate()});
  while (frame.size() < room) {
    const auto op = NextOp();
    if (!op) break;
    InFlight flight;
    flight.op = *op;
    flight.began_us = platform::MonotonicUs();
    flight.transaction = Make(*op, flight);
    frame.push_back(flight.transaction);
    flights.push_back(std::move(flight));
    ++sent_[static_cast<std::size_t>(*op)];
    ++sent_total_;
  }
  if (frame.empty()) return;
  std::uint64_t sequence = stream_->Submit(frame);
  for (InFlight& flight : flights) in_flight_.emplace(sequence++, std::move(flight));
}

void MixWorker::Collect() {
  const std::uint64_t before = result_.final;
  const std::vector<std::uint64_t> settled = stream_->SettledFrom(collected_);
  collected_ += settled.size();
  for (const std::uint64_t sequence : settled) {
    const auto flight = in_flight_.find(sequence);
    if (flight == in_flight_.end()) continue;
    Settle(flight->second, stream_->OutcomeOf(sequence));
    in_flight_.erase(flight);
  }
  if (result_.final != before) result_.final_at_us.push_back(platform::MonotonicUs());
}

void MixWorker::Settle(const InFlight& flight, const client::StreamOutcome& outcome) {
  const bool final = outcome.state == client::StreamState::kFinal;
  if (flight.op == Op::kInvalid) {
    ++(final ? result_.invalid_accepted : result_.invalid_refused);
    return;
  }
  if (!final) {
    ++result_.valid_refused;
    ++result_.refusals[std::string(OpName(flight.op)) + ": " + v1::Reason_Name(outcome.reason)];
    return;
  }
  ++result_.final;
  ++result_.by_op[OpName(flight.op)];
  if (options_.on_final) options_.on_final(outcome.id, outcome.height);
  result_.latencies_us.push_back(static_cast<std::uint32_t>(flight.lost_us + outcome.latency_us));
  if (flight.op == Op::kSubmit) submitted_.push_back(*flight.visit);
  if (flight.op == Op::kConfirm) confirmed_.push_back(*flight.visit);
  if (flight.op == Op::kRedeemStep && flight.meal->step < 3) {
    meals_.push_back({flight.meal->elder, flight.meal->id, flight.meal->step + 1});
  }
}

client::SignedTransaction MixWorker::Sign(const client::SignAs& signer,
                                          const v1::TransactionBody& body) const {
  return client::BuildTransaction(options_.chain_id, Now(), {signer}, body);
}

client::SignedTransaction MixWorker::Make(Op op, InFlight& flight) {
  switch (op) {
    case Op::kSubmit:
      return MakeSubmit(flight);
    case Op::kConfirm:
      return MakeConfirm(flight);
    case Op::kApprove:
      return MakeApprove(flight);
    case Op::kRedeemStep:
      return MakeRedeemStep(flight);
    case Op::kTransfer:
      return MakeTransfer();
    case Op::kInvalid:
      break;
  }
  return MakeInvalid();
}

client::SignedTransaction MixWorker::MakeSubmit(InFlight& flight) {
  const std::size_t mine =
      (world_.volunteers.size() - options_.worker + options_.workers - 1) / options_.workers;
  Visit visit;
  visit.volunteer = Dealt(world_.volunteers.size(), options_, next_visit_);
  visit.k = next_visit_ / mine;
  ++next_visit_;
  visit.content = VisitContent(world_, Now(), visit.volunteer, visit.k);
  v1::TransactionBody body;
  body.mutable_submit_entry()->set_content(visit.content);
  const auto signer = AsMember(world_.volunteers[visit.volunteer]);
  flight.visit = std::move(visit);
  return Sign(signer, body);
}

client::SignedTransaction MixWorker::MakeConfirm(InFlight& flight) {
  Visit visit = std::move(submitted_.front());
  submitted_.pop_front();
  v1::EntryContent content;
  (void)content.ParseFromString(visit.content);
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(content.entry());
  action.set_content_hash(crypto::Sha256(AsBytes(visit.content)).str());
  action.set_channel(v1::CHANNEL_APP);
  v1::TransactionBody body;
  body.mutable_confirm_entry()->set_action(action.SerializeAsString());
  const auto signer = AsMember(world_.elders[ElderOf(world_, visit.volunteer, visit.k)]);
  flight.visit = std::move(visit);
  return Sign(signer, body);
}

client::SignedTransaction MixWorker::MakeApprove(InFlight& flight) {
  v1::TransactionBody body;
  for (std::size_t i = 0; i < kApprovalLines; ++i) {
    const Visit& visit = confirmed_.front();
    v1::EntryContent content;
    (void)content.ParseFromString(visit.content);
    v1::ApprovalLine& line = *body.mutable_approve_entries()->add_lines();
    line.set_entry(content.entry());
    line.set_content_hash(crypto::Sha256(AsBytes(visit.content)).str());
    flight.batch.push_back(visit);
    confirmed_.pop_front();
  }
  const std::size_t who = Dealt(world_.approvers.size(), options_, next_approver_++);
  return Sign(As(world_.approvers[who], v1::ROLE_APPROVER, world_.community), body);
}

client::SignedTransaction MixWorker::MakeRedeemStep(InFlight& flight) {
  if (meals_.empty()) {
    Meal fresh;
    fresh.elder = Dealt(world_.elders.size(), options_, next_meal_++);
    fresh.id = platform::NewId<RedemptionId>(Now());
    meals_.push_back(fresh);
  }
  const Meal meal = meals_.front();
  meals_.pop_front();
  flight.meal = meal;
  const auto merchant = As(world_.merchant, v1::ROLE_MERCHANT, world_.provider);
  const auto elder = AsMember(world_.elders[meal.elder]);
  v1::TransactionBody body;
  switch (meal.step) {
    case 0: {
      v1::RedeemAction action;
      action.set_version(1);
      action.set_redemption(meal.id.str());
      action.set_offer(world_.offer.str());
      action.set_holder(elder.member.str());
      action.set_quantity(1);
      body.mutable_redeem()->set_action(action.SerializeAsString());
      return Sign(elder, body);
    }
    case 1:
      body.mutable_accept_redemption()->set_redemption(meal.id.str());
      return Sign(merchant, body);
    case 2:
      body.mutable_fulfil_redemption()->set_redemption(meal.id.str());
      return Sign(merchant, body);
    default:
      break;
  }
  v1::ConfirmRedemptionAction action;
  action.set_version(1);
  action.set_redemption(meal.id.str());
  action.set_channel(v1::CHANNEL_APP);
  body.mutable_confirm_redemption()->set_action(action.SerializeAsString());
  return Sign(elder, body);
}

client::SignedTransaction MixWorker::MakeTransfer() {
  const std::size_t who = Dealt(world_.earners, options_, next_transfer_++);
  v1::TransactionBody body;
  body.mutable_transfer()->set_to(world_.elders[who].member.str());
  body.mutable_transfer()->set_minutes(1);
  return Sign(AsMember(world_.volunteers[who]), body);
}

// What every network sees: a bad signature, an overdraft, a visit with oneself.
client::SignedTransaction MixWorker::MakeInvalid() {
  const std::size_t who = Dealt(world_.volunteers.size(), options_, prng_.Below(1'000'000));
  const auto signer = AsMember(world_.volunteers[who]);
  v1::TransactionBody body;
  body.mutable_transfer()->set_to(world_.elders[who].member.str());
  body.mutable_transfer()->set_minutes(prng_.Chance(1, 2) ? 1'000'000'000 : 1);
  client::SignedTransaction transaction = Sign(signer, body);
  if (body.transfer().minutes() == 1) transaction.envelope.back() ^= 1;
  return transaction;
}

}  // namespace timebank::cli
