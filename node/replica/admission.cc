#include "node/replica/admission.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "ledger/block.h"
#include "ledger/state.h"

namespace timebank::replica {
namespace {

const Hash& IdOf(const SharedTransaction& transaction) { return transaction->transaction.id; }

}  // namespace

void Admission::Submit(std::uint64_t ticket, const SharedTransaction& transaction,
                       const Context& context) {
  Enter({transaction, {ticket}}, context);
}

void Admission::Receive(const PeerKey& from, const GossipMessage& gossip, const Context& context) {
  for (const SharedTransaction& transaction : gossip.transactions) {
    Enter({transaction, {}, 0, from}, context);
  }
}

void Admission::AskVerifier(const Context& context) {
  for (std::size_t at = 0; at < unasked_.size(); at += kVerifyJobMax) {
    const auto first = unasked_.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = std::min(kVerifyJobMax, unasked_.size() - at);
    desk_.Ask({first, first + static_cast<std::ptrdiff_t>(count)}, context.view.state,
              /*urgent=*/false);
  }
  unasked_.clear();
}

void Admission::Resolve(const std::vector<SharedTransaction>& transactions,
                        const std::vector<v1::Reason>& verdicts, const Context& context) {
  std::set<PeerKey> liars;
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    const auto found = verifying_.find(transactions[i]->transaction.envelope_hash);
    if (found == verifying_.end()) continue;
    Verifying candidate = std::move(found->second);
    verifying_.erase(found);
    Release(candidate);
    const auto source = std::exchange(candidate.source, std::nullopt);
    if (source && verdicts[i] == v1::REASON_BAD_SIGNATURE) liars.insert(*source);
    if (verdicts[i] == v1::REASON_UNSPECIFIED) {
      Enter(std::move(candidate), context);  // it may have become final in the meantime
    } else {
      Refuse(candidate, verdicts[i], context);
    }
  }
  for (const PeerKey& peer : liars) {
    ports_.transport.Disconnect(peer, consensus::Misbehaviour::kBadTransactionSignature);
  }
}

void Admission::Remove(const std::vector<SharedTransaction>& transactions) {
  for (const SharedTransaction& transaction : transactions) pool_.Remove(IdOf(transaction));
}

void Admission::JudgeAgain(const Context& context) {
  const auto judge = [&context](const SignedTransaction& transaction) {
    return ledger::Judge(*context.view.state, context.now.ledger_ms, transaction.transaction);
  };
  for (const Pool::Refused& gone : pool_.JudgeAgain(judge)) {
    ports_.clients.Dropped(
        {IdOf(gone.transaction), gone.reason, context.view.header.height, std::nullopt});
  }
  for (Verifying& candidate : std::exchange(deferred_, {})) Enter(std::move(candidate), context);
}

void Admission::Flood(Millis steady_now) {
  for (std::size_t frame = 0; frame < kFloodFramesMax; ++frame) {
    const auto due = pool_.TakeFlood(steady_now, kGossipTransactionsMax, kGossipBytesMax);
    if (due.empty()) return;
    ports_.transport.Broadcast(std::make_shared<const std::string>(EncodeGossip({due, {}})),
                               Lane::kBulk);
  }
}

// From here on a transaction is in exactly one place: verifying_, pool_, deferred_ or answered.
void Admission::Enter(Verifying candidate, const Context& context) {
  const SharedTransaction transaction = candidate.transaction;
  const Hash& id = IdOf(transaction);
  const Height judged = context.view.header.height;
  if (pool_.Has(id)) return AnswerAll(candidate, {id, v1::REASON_UNSPECIFIED, judged, {}});
  if (const auto row = ports_.storage.FindTransaction(id)) {
    return AnswerAll(candidate, {id, v1::REASON_UNSPECIFIED, judged, row->height});
  }
  if (desk_.Knows(transaction)) return Admit(candidate, context);
  const Hash& name = transaction->transaction.envelope_hash;
  const auto found = verifying_.find(name);
  if (found != verifying_.end()) {
    auto& waiting = found->second.tickets;
    waiting.insert(waiting.end(), candidate.tickets.begin(), candidate.tickets.end());
    return;
  }
  if (!HasRoom(candidate)) {
    return AnswerAll(candidate, {id, v1::REASON_INBOX_FULL, judged, {}});
  }
  if (candidate.source) {
    ++verifying_gossip_;
    ++verifying_of_peer_[*candidate.source];
  }
  verifying_.emplace(name, std::move(candidate));
  unasked_.push_back(transaction);
}

bool Admission::HasRoom(const Verifying& candidate) const {
  if (verifying_.size() >= kVerifyingMax) return false;
  if (!candidate.source) return true;
  const auto of_peer = verifying_of_peer_.find(*candidate.source);
  return verifying_gossip_ < kVerifyingGossipMax &&
         (of_peer == verifying_of_peer_.end() || of_peer->second < kVerifyingPeerMax);
}

// Its place among those that are being verified is free again.
void Admission::Release(const Verifying& candidate) {
  if (!candidate.source) return;
  --verifying_gossip_;
  const auto of_peer = verifying_of_peer_.find(*candidate.source);
  if (--of_peer->second == 0) verifying_of_peer_.erase(of_peer);
}

void Admission::Admit(const Verifying& candidate, const Context& context) {
  const SharedTransaction& transaction = candidate.transaction;
  const v1::Reason reason =
      ledger::Judge(*context.view.state, context.now.ledger_ms, transaction->transaction);
  if (reason != v1::REASON_UNSPECIFIED) return Refuse(candidate, reason, context);
  // A client's transaction is flooded at once; one from gossip was flooded by its sender.
  const std::uint64_t wait_ms = candidate.tickets.empty() ? kFloodAgainMs : 0;
  const auto added = pool_.Add(transaction, Millis(context.now.steady_ms.value() + wait_ms));
  const bool full = added == Pool::Added::kFull;
  AnswerAll(candidate, {IdOf(transaction), full ? v1::REASON_INBOX_FULL : v1::REASON_UNSPECIFIED,
                        context.view.header.height, std::nullopt});
}

void Admission::Refuse(const Verifying& candidate, v1::Reason reason, const Context& context) {
  AnswerAll(candidate,
            {IdOf(candidate.transaction), reason, context.view.header.height, std::nullopt});
  const bool is_gossip = candidate.tickets.empty();
  if (!is_gossip || reason == v1::REASON_BAD_SIGNATURE || reason == v1::REASON_EXPIRED) return;
  if (candidate.tries >= kDeferredTries || deferred_.size() >= kDeferredMax) return;
  deferred_.push_back({candidate.transaction, {}, candidate.tries + 1});
}

void Admission::AnswerAll(const Verifying& candidate, const SubmitAnswer& answer) {
  for (const std::uint64_t ticket : candidate.tickets) ports_.clients.Answer(ticket, answer);
}

}  // namespace timebank::replica
