#include "tests/sim/governance.h"

#include <utility>

#include "ledger/validators.h"

namespace timebank::sim {
namespace {

constexpr std::uint64_t kLookMs = 500;
constexpr std::uint64_t kAgainMs = 5'000;

}  // namespace

Governance::Governance(World& world, Prng prng, Community& community, Cluster& cluster,
                       std::vector<SetChange> changes)
    : world_(world),
      prng_(std::move(prng)),
      community_(community),
      cluster_(cluster),
      changes_(std::move(changes)) {}

void Governance::Start() {
  if (!changes_.empty()) world_.After(kLookMs, [this] { Look(); });
}

void Governance::Look() {
  const replica::FinalView* view = Newest();
  if (view != nullptr) {
    done_ = std::max(done_, static_cast<std::size_t>(view->state->chain().epoch()));
    if (Done()) return;
    const SetChange& change = changes_[done_];
    if (world_.now() >= std::max(change.at, again_at_)) {
      again_at_ = Millis(world_.now().value() + kAgainMs);
      if (ledger::WaitingSet(*view->state)) {
        SayReady(*view);
      } else {
        Decide(change, Epoch(done_));
      }
    }
  }
  world_.After(kLookMs, [this] { Look(); });
}

const replica::FinalView* Governance::Newest() const {
  const replica::FinalView* newest = nullptr;
  for (NodeIndex node = 0; node < cluster_.size(); ++node) {
    if (!cluster_.IsCorrect(node) || !cluster_.node(node).alive()) continue;
    const replica::FinalView& view = cluster_.node(node).replica().final_view();
    if (newest == nullptr || newest->header.height < view.header.height) newest = &view;
  }
  return newest;
}

void Governance::Decide(const SetChange& change, Epoch epoch) {
  const Millis now(kRunStartMs + world_.now().value());
  Submit(community_.ChangeValidators({change.remove, change.add}, epoch, now));
}

// The newcomer itself knows the block that it names: it runs, and follows.
void Governance::SayReady(const replica::FinalView& view) {
  const Millis now(kRunStartMs + world_.now().value());
  for (const NodeIndex node : changes_[done_].add) {
    if (!cluster_.node(node).alive()) continue;
    const replica::FinalView& own = cluster_.node(node).replica().final_view();
    if (own.header.height.value() + 1 < view.header.height.value()) continue;
    const Height named(own.header.height.value() - 1);
    const auto mark = own.state->Find<v1::DigestMark>(
        ledger::DigestSlot(static_cast<std::uint16_t>(named.value() % ledger::kDigestRing)));
    if (!mark) continue;
    Submit(community_.Ready(node, named, ledger::As<Hash>(mark->digest()), now));
  }
  again_at_ = Millis(world_.now().value() + 2 * kLookMs);
}

void Governance::Submit(const replica::SharedTransaction& transaction) {
  cluster_.checkers().Submitted(transaction->transaction.id);
  for (int copy = 0; copy < 2; ++copy) {
    cluster_.Submit(prng_.Below(cluster_.size()), ticket_++, transaction);
  }
}

std::string Governance::Explain() const {
  if (Done()) return "";
  return "  " + std::to_string(done_) + " of " + std::to_string(changes_.size()) +
         " changes of the set have taken effect\n";
}

}  // namespace timebank::sim
