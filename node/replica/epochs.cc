// Sets of validators as the ledger decides them (CONSENSUS 6): the core is told when an epoch
// begins, transport whom to be linked to, peers how their epoch ended.
#include <utility>

#include "base/check.h"
#include "chain/genesis.h"
#include "consensus/limits.h"
#include "ledger/validators.h"
#include "node/replica/replica_impl.h"

namespace timebank::replica {

// After a final block that changed who validates or who is waited for.
void Replica::Impl::FollowSets() {
  const Epoch epoch(view_.state->chain().epoch());
  if (epoch == epoch_) return TellPeers();
  TB_CHECK(epoch == epoch_.Next());
  departing_ = ledger::SetOf(*view_.state, epoch_);
  epoch_ = epoch;
  consensus_config_.validators = ledger::CurrentSet(*view_.state);
  consensus_config_.own = OwnPlace(config_, consensus_config_.validators);
  read_budgets_.clear();
  TellPeers();
  // What was to be sent under the old numbers is sent: commits come after.
  TB_CHECK(batch_.send.empty());
  ToCore(consensus::EpochBegins{consensus_config_.validators, consensus_config_.own});
}

void Replica::Impl::TellPeers() {
  const v1::ValidatorSetRecord current = ledger::SetOf(*view_.state, epoch_);
  const auto waiting = ledger::WaitingSet(*view_.state);
  peers_.Take({current, departing_ ? &*departing_ : nullptr, waiting ? &*waiting : nullptr});
  ports_.transport.SetPeers(peers_.peers());
}

// Who left answers the others until they do without: from the first Finalization of the new epoch.
void Replica::Impl::LetGoOfDeparted() {
  if (!departing_ || core_.snapshot().floor.view == View(0)) return;
  departing_.reset();
  TellPeers();
}

void Replica::Impl::Serve(const consensus::ServeEpochs& serve) {
  consensus::EpochChain reply;
  const SharedEpochLinks links = links_.UpTo(*view_.state, ports_.storage);
  const auto known =
      links == nullptr ? std::uint64_t{0} : static_cast<std::uint64_t>(links->size());
  for (std::uint64_t epoch = serve.first.value();
       epoch < known && reply.finalizations.size() < consensus::kFetchEpochsMax; ++epoch) {
    const v1::EpochLink& link = links->Get(static_cast<int>(epoch));
    auto finalization = chain::Certificate::Decode(AsBytes(link.finalization()));
    TB_CHECK(finalization.has_value());
    reply.finalizations.push_back(std::move(*finalization));
  }
  Reply(serve.to, std::move(reply));
}

std::optional<ReplicaIndex> OwnPlace(const Config& config, const chain::ValidatorSet& set) {
  if (config.signer == nullptr || !config.votes) return std::nullopt;
  return set.IndexOf(config.signer->public_key());
}

}  // namespace timebank::replica
