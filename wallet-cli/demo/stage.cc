#include "wallet-cli/demo/stage.h"

#include <utility>

#include "base/check.h"
#include "platform/clock.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kWaveTimeoutMs = 60'000;

}  // namespace

Stage::Stage(std::vector<client::NodeAddress> nodes, chain::Genesis genesis,
             crypto::SecretKey dev_key, std::optional<std::int64_t> offset_ms)
    : nodes_(std::move(nodes)),
      genesis_(std::move(genesis)),
      clock_(nodes_, genesis_, std::move(dev_key)),
      offset_ms_(offset_ms) {}

Expected<bool, std::string> Stage::MoveTo(Millis at) {
  if (offset_ms_ && at <= Now()) return true;
  const auto offset = clock_.SetLedgerTime(at);
  if (!offset) return Unexpected{"the clock could not be set: " + offset.error().message};
  offset_ms_ = *offset;
  return true;
}

Expected<bool, std::string> Stage::MoveToWallClock() {
  const auto offset = clock_.SetOffset(0);
  if (!offset) return Unexpected{"the clock could not be set: " + offset.error().message};
  offset_ms_ = 0;
  return true;
}

Millis Stage::Now() const {
  const auto wall = static_cast<std::int64_t>(platform::WallTime().value());
  return Millis(static_cast<std::uint64_t>(wall + offset_ms()));
}

client::SignedTransaction Stage::Sign(const std::vector<client::SignAs>& signers,
                                      const v1::TransactionBody& body) const {
  return client::BuildTransaction(genesis_.chain_id, Now(), signers, body);
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
  if (wave.empty()) return results;
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
  return results;
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
