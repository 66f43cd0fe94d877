// One replica alone with a test: ports that record, and the keys of all validators to speak as any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "consensus/signer.h"
#include "ledger/signatures.h"
#include "node/replica/replica.h"
#include "tests/sim/community.h"
#include "tests/sim/disk.h"

namespace timebank::sim {

class Bench final : private replica::Transport,
                    private replica::Verifier,
                    private replica::ClientSink {
 public:
  static constexpr std::size_t kSelf = 0;

  Bench() : Bench(nullptr) {}
  // Opens over another storage than its own disk.
  explicit Bench(replica::Storage* storage)
      : community_(Prng(7), /*pairs=*/1, /*validators=*/4),
        disk_(
            Prng(8), [] { return true; }, [](std::string) {}),
        signer_(community_.validators()[kSelf], community_.chain_id()),
        storage_(storage == nullptr ? disk_ : *storage) {}

  [[nodiscard]] std::optional<replica::RecoveryFault> Open() {
    return OpenWith(community_.genesis(), "");
  }
  [[nodiscard]] std::optional<replica::RecoveryFault> OpenWith(const std::string& genesis,
                                                               const std::string& recovery) {
    replica::Config config;
    config.genesis = genesis;
    config.recovery = recovery;
    config.signer = &signer_;
    auto opened = replica::Replica::Open(config, {storage_, *this, *this, *this});
    if (!opened) return opened.error();
    replica_ = std::move(*opened);
    Step(replica::Started{});
    return std::nullopt;
  }
  // One event, and the verifier's answers to what follows from it.
  void Step(decltype(replica::Event::what) what) {
    replica_->Step({now_, std::move(what)});
    while (!hold_answers_ && !answers_.empty()) {
      const auto answers = std::exchange(answers_, {});
      for (const auto& answer : answers) {
        verifying_ -= answer.verdicts.size();
        replica_->Step({now_, answer});
      }
    }
  }
  // The verifier takes its time until told otherwise.
  void HoldAnswers(bool hold) { hold_answers_ = hold; }
  void Pass(std::uint64_t ms) {
    now_.steady_ms = Millis(now_.steady_ms.value() + ms);
    now_.ledger_ms = Millis(now_.ledger_ms.value() + ms);
    Step(replica::Tick{});
  }
  void Hear(std::size_t from, consensus::Message message) {
    Step(replica::PeerMessageReceived{PeerKeyOf(from), replica::PeerMessage(std::move(message))});
  }

  void HearGossip(std::size_t from, std::vector<replica::SharedTransaction> transactions) {
    Step(replica::PeerMessageReceived{PeerKeyOf(from),
                                      replica::GossipMessage{std::move(transactions), {}}});
  }
  void HearEvidence(std::size_t from, std::vector<std::string> evidence) {
    Step(replica::PeerMessageReceived{PeerKeyOf(from),
                                      replica::GossipMessage{{}, std::move(evidence)}});
  }
  // Called with every message as it leaves, and with every block that clients are told of.
  std::function<void(const replica::SharedMessage&)> on_sent = [](const auto&) {};
  std::function<void(const replica::FinalBlock&)> on_final = [](const auto&) {};

  // The vote of this kind that the replica has sent, if any; the first.
  [[nodiscard]] std::optional<consensus::Vote> SentVote(chain::VoteKind kind) const {
    for (const auto& bytes : sent_) {
      const auto decoded = replica::DecodePeerMessage(AsBytes(*bytes), community_.chain_id());
      if (!decoded) continue;
      const auto* message = std::get_if<consensus::Message>(&*decoded);
      const auto* vote = message == nullptr ? nullptr : std::get_if<consensus::Vote>(message);
      if (vote != nullptr && vote->position.kind == kind) return *vote;
    }
    return std::nullopt;
  }

  [[nodiscard]] Community& community() { return community_; }
  [[nodiscard]] const consensus::Now& now() const { return now_; }
  [[nodiscard]] const replica::Replica& replica() const { return *replica_; }
  [[nodiscard]] Disk& disk() { return disk_; }
  [[nodiscard]] const std::vector<consensus::Misbehaviour>& disconnects() const {
    return disconnects_;
  }
  [[nodiscard]] const std::vector<replica::SubmitAnswer>& answers() const { return told_; }
  // Transactions whose signatures are with the verifier.
  [[nodiscard]] std::size_t verifying() const { return verifying_; }
  [[nodiscard]] std::size_t sent() const { return sent_.size(); }

 private:
  void Send(const replica::PeerKey&, const replica::SharedMessage& message,
            replica::Lane) override {
    on_sent(message);
    sent_.push_back(message);
  }
  void Broadcast(const replica::SharedMessage& message, replica::Lane) override {
    on_sent(message);
    sent_.push_back(message);
  }
  void SetPeers(const std::vector<replica::Peer>&) override {}
  void Disconnect(const replica::PeerKey&, consensus::Misbehaviour reason) override {
    disconnects_.push_back(reason);
  }
  void Verify(replica::VerifyJob job) override {
    verifying_ += job.transactions.size();
    replica::SignaturesVerified answer{job.ticket, {}};
    for (const auto& transaction : job.transactions) {
      answer.verdicts.push_back(ledger::CheckSignatures(*job.state, transaction->transaction));
    }
    answers_.push_back(std::move(answer));
  }
  void Answer(std::uint64_t, const replica::SubmitAnswer& answer) override {
    told_.push_back(answer);
  }
  void Dropped(const replica::SubmitAnswer&) override {}
  void Final(const replica::FinalBlock& block) override { on_final(block); }

  Community community_;
  Disk disk_;
  consensus::LocalSigner signer_;
  replica::Storage& storage_;
  std::unique_ptr<replica::Replica> replica_;
  consensus::Now now_{Millis(1'000), Millis(kRunStartMs)};
  std::vector<replica::SharedMessage> sent_;
  std::vector<consensus::Misbehaviour> disconnects_;
  std::vector<replica::SignaturesVerified> answers_;
  std::vector<replica::SubmitAnswer> told_;
  bool hold_answers_ = false;
  std::size_t verifying_ = 0;
};

}  // namespace timebank::sim
