#include "wallet-cli/demo/stage.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

#include "base/check.h"
#include "platform/clock.h"
#include "wallet-cli/demo/interrupt.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kWaveTimeoutMs = 60'000;
// What a node's pool takes of one first signer.
constexpr std::size_t kWaveMax = 2'000;
constexpr std::chrono::milliseconds kAgainAfter(300);

// Says something of the node at this moment, nothing of the transaction.
bool IsOfTheNode(v1::Reason reason) {
  constexpr v1::Reason kPassing[] = {v1::REASON_INBOX_FULL,   v1::REASON_TOO_FEW_VALIDATORS,
                                     v1::REASON_NOT_YET,      v1::REASON_DISK_LOW,
                                     v1::REASON_RATE_LIMITED, v1::REASON_SHUTTING_DOWN};
  return std::find(std::begin(kPassing), std::end(kPassing), reason) != std::end(kPassing);
}

}  // namespace

Stage::Stage(std::vector<client::NodeAddress> nodes, chain::Genesis genesis,
             crypto::SecretKey dev_key, std::optional<std::int64_t> offset_ms)
    : nodes_(std::move(nodes)),
      genesis_(std::move(genesis)),
      chain_id_(genesis_.chain_id),
      clock_(nodes_, genesis_, std::move(dev_key)),
      offset_ms_(offset_ms) {}

Expected<bool, std::string> Stage::MoveTo(Millis at) {
  if (offset_ms_ && at <= Now()) return true;
  const auto offset = clock_.SetLedgerTime(at);
  if (!offset) return Unexpected{"the clock could not be set: " + offset.error().message};
  Moved(*offset);
  return true;
}

Expected<bool, std::string> Stage::MoveToWallClock() {
  const auto offset = clock_.SetOffset(0);
  if (!offset) return Unexpected{"the clock could not be set: " + offset.error().message};
  Moved(0);
  return true;
}

void Stage::Moved(std::int64_t offset_ms) {
  offset_ms_ = offset_ms;
  if (moved_) moved_(offset_ms);
}

Millis Stage::Now() const {
  const auto wall = static_cast<std::int64_t>(platform::WallTime().value());
  return Millis(static_cast<std::uint64_t>(wall + offset_ms()));
}

client::SignedTransaction Stage::Sign(const std::vector<client::SignAs>& signers,
                                      const v1::TransactionBody& body) const {
  return client::BuildTransaction(chain_id_, Now(), signers, body);
}

client::SubmitStream& Stage::Stream() {
  if (stream_ && stream_->broken()) {
    stream_.reset();
    node_ = (node_ + 1) % nodes_.size();
  }
  if (!stream_) stream_ = std::make_unique<client::SubmitStream>(nodes_[node_], genesis_);
  return *stream_;
}

Expected<std::vector<StageResult>, std::string> Stage::Play(
    std::span<const client::SignedTransaction> wave) {
  std::vector<StageResult> results;
  for (std::size_t at = 0; at < wave.size(); at += kWaveMax) {
    const std::size_t count = std::min(kWaveMax, wave.size() - at);
    if (auto played = PlayOnce(wave.subspan(at, count), results); !played) {
      return Unexpected{played.error()};
    }
  }
  const std::uint64_t end = platform::MonotonicMs() + kWaveTimeoutMs;
  for (;;) {
    std::vector<std::size_t> open;
    std::vector<client::SignedTransaction> again;
    for (std::size_t i = 0; i < results.size() && again.size() < kWaveMax; ++i) {
      if (results[i].final || !IsOfTheNode(results[i].reason)) continue;
      open.push_back(i);
      again.push_back(wave[i]);
    }
    if (open.empty()) return results;
    if (platform::MonotonicMs() > end) {
      return Unexpected{nodes_[node_].name +
                        " takes nothing more: " + v1::Reason_Name(results[open.front()].reason)};
    }
    std::this_thread::sleep_for(kAgainAfter);
    std::vector<StageResult> then;
    if (auto played = PlayOnce(again, then); !played) return Unexpected{played.error()};
    for (std::size_t i = 0; i < open.size(); ++i) results[open[i]] = std::move(then[i]);
  }
}

Expected<bool, std::string> Stage::PlayOnce(std::span<const client::SignedTransaction> wave,
                                            std::vector<StageResult>& results) {
  if (StopAsked()) return Unexpected{std::string("a signal asked to stop")};
  client::SubmitStream& stream = Stream();
  const std::uint64_t first = stream.Submit(wave);
  const std::uint64_t end = first + wave.size();
  if (!stream.WaitBelow(end, kWaveTimeoutMs)) {
    const auto broken = stream.broken();
    return Unexpected{broken ? "the stream to " + nodes_[node_].name + " broke: " + broken->message
                             : "no finality within a minute; `timebank status` shows the nodes"};
  }
  for (std::uint64_t sequence = first; sequence < end; ++sequence) {
    client::StreamOutcome outcome = stream.OutcomeOf(sequence);
    StageResult result;
    result.final = outcome.state == client::StreamState::kFinal;
    result.reason = outcome.reason;
    result.height = outcome.height;
    result.lines = std::move(outcome.lines);
    transactions_ += result.final ? 1 : 0;
    results.push_back(std::move(result));
  }
  return true;
}

Expected<StageResult, std::string> Stage::Must(const std::vector<client::SignAs>& signers,
                                               const v1::TransactionBody& body,
                                               const std::string& what) {
  const client::SignedTransaction transaction = Sign(signers, body);
  auto results = Play(std::span(&transaction, 1));
  if (!results) return Unexpected{what + ": " + results.error()};
  if (!results->front().final) {
    return Unexpected{what + " was refused: " + v1::Reason_Name(results->front().reason)};
  }
  return std::move(results->front());
}

client::SignAs As(const Identity& who, v1::Role role, const OrgId& org) {
  TB_CHECK(who.key.has_value());
  return {who.member, role, org, &*who.key};
}

client::SignAs AsMember(const Identity& who) {
  TB_CHECK(who.key.has_value());
  return {who.member, v1::ROLE_MEMBER, std::nullopt, &*who.key};
}

}  // namespace timebank::cli
