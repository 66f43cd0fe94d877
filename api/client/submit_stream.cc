#include "api/client/submit_stream.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "chain/certificate.h"
#include "chain/header.h"
#include "chain/log_tree.h"
#include "chain/receipt.h"
#include "chain/transaction.h"
#include "platform/clock.h"
#include "timebank/v1/query.grpc.pb.h"

namespace timebank::client {

namespace {

// Below the 1 MiB that a node takes.
constexpr std::size_t kFrameBytesMax = std::size_t{1000} << 10;
constexpr std::size_t kFrameItemOverhead = 4;  // tag and length

}  // namespace

class SubmitStream::Impl {
 public:
  Impl(const NodeAddress& node, const chain::Genesis& genesis, Options options)
      : genesis_(genesis),
        options_(options),
        stub_(v1::TransactionService::NewStub(ChannelTo(node, genesis))),
        stream_(stub_->SubmitStream(&context_)),
        reader_([this] { Read(); }) {}

  ~Impl() {
    context_.TryCancel();
    reader_.join();
  }

  std::uint64_t Submit(std::span<const SignedTransaction> transactions) {
    std::uint64_t first = 0;
    for (std::size_t at = 0; at == 0 || at < transactions.size();) {
      const std::size_t count = FrameCount(transactions.subspan(at));
      const std::uint64_t sequence = Reserve(transactions.subspan(at, count));
      if (at == 0) first = sequence;
      v1::SubmitStreamRequest request;
      for (const SignedTransaction& one : transactions.subspan(at, count)) {
        request.add_envelopes(one.envelope);
      }
      const std::lock_guard lock(write_mutex_);
      if (count != 0 && !stream_->Write(request)) break;
      at += std::max<std::size_t>(count, 1);
    }
    return first;
  }

  bool WaitBelow(std::uint64_t sequence, std::uint64_t timeout_ms) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                      [&] { return broken_ || SettledBelow(sequence); });
    return SettledBelow(sequence);
  }

  StreamOutcome OutcomeOf(std::uint64_t sequence) const {
    const std::lock_guard lock(mutex_);
    return outcomes_.at(sequence);
  }

  std::vector<std::uint64_t> SettledFrom(std::size_t first) const {
    const std::lock_guard lock(mutex_);
    if (first >= settled_.size()) return {};
    return {settled_.begin() + static_cast<std::ptrdiff_t>(first), settled_.end()};
  }

  Counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

  std::optional<Error> broken() const {
    const std::lock_guard lock(mutex_);
    return broken_;
  }

 private:
  // How many of the transactions fit into the next frame: at least one, if there is one.
  [[nodiscard]] std::size_t FrameCount(std::span<const SignedTransaction> transactions) const {
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (const SignedTransaction& one : transactions) {
      bytes += one.envelope.size() + kFrameItemOverhead;
      if (count != 0 && bytes > kFrameBytesMax) break;
      if (++count == options_.frame_transactions_max) break;
    }
    return count;
  }

  // Sequence numbers for one frame, once there is room in flight.
  std::uint64_t Reserve(std::span<const SignedTransaction> transactions) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return broken_ || pending_.size() + transactions.size() <= options_.in_flight_max ||
             pending_.empty();
    });
    const std::uint64_t first = outcomes_.size();
    const std::uint64_t now = platform::MonotonicUs();
    for (const SignedTransaction& one : transactions) {
      StreamOutcome outcome;
      outcome.id = one.id;
      outcome.latency_us = now;  // the start, until the answer is there
      by_id_[outcome.id].push_back(outcomes_.size());
      pending_.insert(outcomes_.size());
      outcomes_.push_back(std::move(outcome));
    }
    counts_.submitted += transactions.size();
    return first;
  }

  // Requires: mutex_ held.
  bool SettledBelow(std::uint64_t sequence) const {
    return pending_.empty() || *pending_.begin() >= sequence;
  }

  void Read() {
    v1::SubmitStreamResponse response;
    while (stream_->Read(&response)) {
      for (const v1::SubmitResult& result : response.results()) OnResult(result);
      for (const v1::BlockReceipts& block : response.receipts()) {
        if (!OnBlock(block)) {
          Break(MakeError(v1::REASON_BLOCK_DAMAGED, "the node sent a proof that does not hold"));
          context_.TryCancel();
        }
      }
    }
    const grpc::Status status = stream_->Finish();
    Break(status.ok() ? MakeError(v1::REASON_SHUTTING_DOWN, "the node closed the stream")
                      : FromStatus(status));
  }

  void Break(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!broken_) broken_ = error;
    changed_.notify_all();
  }

  void OnResult(const v1::SubmitResult& result) {
    if (result.reason() == v1::REASON_UNSPECIFIED) return;  // admitted: its proof follows
    const std::lock_guard lock(mutex_);
    if (result.sequence() >= outcomes_.size()) return;
    StreamOutcome& outcome = outcomes_[result.sequence()];
    if (outcome.state != StreamState::kPending) return;
    outcome.reason = result.reason();
    outcome.height = Height(result.judged_height());
    Settle(result.sequence(), StreamState::kRefused);
    ++counts_.refused;
    changed_.notify_all();
  }

  // Requires: mutex_ held.
  void Settle(std::uint64_t sequence, StreamState state) {
    StreamOutcome& outcome = outcomes_[sequence];
    outcome.state = state;
    outcome.latency_us = platform::MonotonicUs() - outcome.latency_us;
    pending_.erase(sequence);
    settled_.push_back(sequence);
  }

  // False when anything of the block's proofs does not hold.
  bool OnBlock(const v1::BlockReceipts& block) {
    const auto header = chain::DecodeHeader(AsBytes(block.header()));
    if (!header || !Certified(block, *header)) return false;
    for (const v1::TransactionProof& proof : block.proofs()) {
      const auto id = Hash::From(proof.transaction_id());
      std::vector<Hash> path;
      for (const std::string& step : proof.log_path()) {
        const auto hash = Hash::From(step);
        if (!hash) return false;
        path.push_back(*hash);
      }
      const std::vector<std::string> lines(proof.lines().begin(), proof.lines().end());
      if (!id || lines.empty()) return false;
      const Hash leaf = chain::TransactionLeaf(*id, chain::EffectsDigest(lines));
      if (!chain::VerifyInclusion(leaf, proof.log_index(), header->log_size, path,
                                  header->log_root)) {
        return false;
      }
      OnFinal(*id, lines, header->height);
    }
    changed_.notify_all();
    return true;
  }

  bool Certified(const v1::BlockReceipts& block, const chain::Header& header) {
    const Hash digest = header.Digest();
    if (digest == last_certified_) return true;
    const auto certificate = chain::Certificate::Decode(AsBytes(block.finalization()));
    if (!certificate || certificate->position.kind != chain::VoteKind::kFinalize ||
        certificate->position.digest != digest || certificate->position.epoch != header.epoch) {
      return false;
    }
    const chain::EpochReach* reach = ReachOf(header.epoch, block.epochs());
    if (reach == nullptr || header.chain_id != reach->chain_id || header.era != reach->era ||
        header.validators != reach->validators.SetHash() ||
        chain::VerifyCertificate(*certificate, reach->chain_id, reach->validators)) {
      return false;
    }
    last_certified_ = digest;
    return true;
  }

  // Null when the links do not lead there.
  const chain::EpochReach* ReachOf(Epoch epoch, const chain::EpochLinks& links) {
    const auto known = reached_.find(epoch);
    if (known != reached_.end()) return &known->second;
    if (Epoch(static_cast<std::uint64_t>(links.size())) != epoch) return nullptr;
    auto reach = chain::WalkEpochs(links, genesis_);
    return reach ? &reached_.emplace(epoch, std::move(*reach)).first->second : nullptr;
  }

  void OnFinal(const Hash& id, const std::vector<std::string>& lines, Height height) {
    std::vector<v1::EffectsLine> parsed;
    if (options_.keep_lines) {
      for (const std::string& line : lines) parsed.emplace_back().ParseFromString(line);
    }
    const std::lock_guard lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    for (const std::uint64_t sequence : found->second) {
      StreamOutcome& outcome = outcomes_[sequence];
      if (outcome.state != StreamState::kPending) continue;
      outcome.height = height;
      outcome.lines = parsed;
      Settle(sequence, StreamState::kFinal);
      ++counts_.final;
    }
    by_id_.erase(found);
  }

  const chain::Genesis genesis_;
  const Options options_;
  grpc::ClientContext context_;
  const std::unique_ptr<v1::TransactionService::Stub> stub_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::SubmitStreamRequest, v1::SubmitStreamResponse>>
      stream_;
  Hash last_certified_;                         // reader thread only
  std::map<Epoch, chain::EpochReach> reached_;  // likewise: those that were proven
  std::mutex write_mutex_;
  mutable std::mutex mutex_;  // all below
  std::condition_variable changed_;
  std::deque<StreamOutcome> outcomes_;
  std::deque<std::uint64_t> settled_;  // sequence numbers, in the order in which they were
  std::map<Hash, std::vector<std::uint64_t>> by_id_;
  std::set<std::uint64_t> pending_;
  Counts counts_;
  std::optional<Error> broken_;
  std::thread reader_;  // last: it uses all above
};

SubmitStream::SubmitStream(const NodeAddress& node, const chain::Genesis& genesis, Options options)
    : impl_(std::make_unique<Impl>(node, genesis, options)) {}
SubmitStream::~SubmitStream() = default;
std::uint64_t SubmitStream::Submit(std::span<const SignedTransaction> transactions) {
  return impl_->Submit(transactions);
}
bool SubmitStream::WaitBelow(std::uint64_t sequence, std::uint64_t timeout_ms) {
  return impl_->WaitBelow(sequence, timeout_ms);
}
StreamOutcome SubmitStream::OutcomeOf(std::uint64_t sequence) const {
  return impl_->OutcomeOf(sequence);
}
std::vector<std::uint64_t> SubmitStream::SettledFrom(std::size_t first) const {
  return impl_->SettledFrom(first);
}
SubmitStream::Counts SubmitStream::counts() const { return impl_->counts(); }
std::optional<Error> SubmitStream::broken() const { return impl_->broken(); }

}  // namespace timebank::client
