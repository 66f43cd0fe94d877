// The leader's part: choose the parent, have a block built, propose it once.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "consensus/state.h"

namespace timebank::consensus {

using chain::Certificate;
using chain::VoteKind;

// Silent while there is nothing to do. While the tip is not final an empty block is proposed too,
// but only after D: with all validators well, finality comes before that, and a lone transaction is
// not followed by a tail of empty blocks.
void Core::State::Lead() {
  if (!IsMyTurn() || building_.asked || building_.given_up) return;
  const bool work = work_.any();
  const bool tip_final = TipIsFinal();
  if (tip_final && !work) return;
  const auto parent = ChooseParent();
  if (!parent) return;
  if (parent->info.ends_epoch && parent->view.value() > 0) {
    const TreeBlock* boundary = tree_.Find(parent->digest);
    if (boundary != nullptr) Propose(parent->view, Block(boundary->block));
    return;
  }
  const bool allow_empty = !tip_final && timers_.armed && now_.steady_ms >= timers_.empty_at;
  if (!allow_empty && (!work || building_.nothing)) return;
  BuildBlock request;
  request.position = Position{floor_.epoch, view_};
  request.parent = parent->digest;
  request.height = parent->info.height.Next();
  request.parent_timestamp = parent->info.timestamp_ms;
  request.allow_empty = allow_empty;
  request.without_transactions = TooDeep(parent->info);
  building_.asked = request;
  building_.parent_view = parent->view;
  out_.build = request;
}

bool Core::State::IsMyTurn() const {
  if (!MayVote() || Leader() != *config_.own) return false;
  const Round& round = rounds_[view_];
  return !round.my_notarize && !round.my_nullify;
}

// The highest p below v with Notarization(p), or the floor, executed, and Nullification(w) for
// every view between. A view that is both notarized and nullified is built on.
std::optional<Parent> Core::State::ChooseParent() const {
  for (View w(view_.value() - 1); w > floor_.view; w = View(w.value() - 1)) {
    const Round& round = rounds_[w];
    if (round.notarization) {
      const Hash& digest = round.notarization->position.digest;
      const auto info = tree_.Info(digest);
      if (info && info->executed && tree_.IsDescendant(digest, floor_digest_) == Extends::kYes) {
        return Parent{w, digest, *info};
      }
    }
    if (!round.nullification) return std::nullopt;
  }
  const auto info = tree_.Info(floor_digest_);
  if (!info || !info->executed) return std::nullopt;
  return Parent{floor_.view, floor_digest_, *info};
}

void Core::State::OnBlockBuilt(const BlockBuilt& built) {
  const auto asked = building_.asked;
  if (!asked || asked->position != built.position || asked->parent != built.parent) return;
  building_.asked.reset();
  if (!built.block) {
    building_.nothing = true;
    building_.given_up = asked->allow_empty;
    return;
  }
  // The view may have been nullified, or the parent outrun by a floor, while the block was built.
  const auto parent = tree_.Info(asked->parent);
  if (!IsMyTurn() || !parent || building_.parent_view < floor_.view) return;
  const chain::Header& header = built.block->header();
  TB_CHECK(header.parent == asked->parent);
  TB_CHECK(HeaderFits(header, *parent));
  TB_CHECK(header.proposer == config_.validators.key(*config_.own));
  TB_CHECK(built.block->body() != nullptr);
  TB_CHECK(built.block->body()->size() <= kBodyBytesMax);
  TreeBlock held;
  held.block = *built.block;
  held.state = BodyState::kValid;
  held.seen_in = view_;
  tree_.Insert(std::move(held));
  Propose(building_.parent_view, *built.block);
}

// Chosen once: the record goes into the batch with the vote, before anything leaves.
void Core::State::Propose(View parent_view, const Block& block) {
  const Position position{floor_.epoch, view_};
  PersistBody(block.digest());
  const auto vote =
      SignVote({VoteKind::kNotarize, position.epoch, position.view, parent_view, block.digest()});
  if (!vote) {
    building_.given_up = true;
    return;
  }
  my_proposal_ = MyProposalRecord{position, parent_view, block.digest()};
  out_.persist.push_back(*my_proposal_);
  candidate_ = Candidate{parent_view, block, /*sound=*/true};
  SendProposal(parent_view, block, *vote);
  Count(*vote);
}

void Core::State::SendProposal(View parent_view, const Block& block, const Vote& notarize) {
  Proposal proposal;
  proposal.position = Position{floor_.epoch, view_};
  proposal.parent_view = parent_view;
  proposal.parent_proof =
      parent_view == floor_.view ? floor_certificate_ : rounds_[parent_view].notarization;
  proposal.block = block;
  for (View w(view_.value() - 1);
       w > parent_view && proposal.nullifications.size() < kProposalNullificationsMax;
       w = View(w.value() - 1)) {
    proposal.nullifications.push_back(*rounds_[w].nullification);
  }
  std::reverse(proposal.nullifications.begin(), proposal.nullifications.end());
  proposal.signature = notarize.signature;
  Send(std::nullopt, std::move(proposal));
}

// After a restart in the view that I led: the same block again, as far as it is still in order.
void Core::State::ResendProposal() {
  if (!my_proposal_ || my_proposal_->position != Position{floor_.epoch, view_}) return;
  const Round& round = rounds_[view_];
  const TreeBlock* held = tree_.Find(my_proposal_->digest);
  if (held == nullptr || !round.my_notarize || round.my_nullify) return;
  const View parent_view = my_proposal_->parent_view;
  if (!ParentDigest(parent_view)) return;
  for (View w = parent_view.Next(); w < view_; w = w.Next()) {
    if (!rounds_[w].nullification) return;
  }
  candidate_ = Candidate{parent_view, held->block, /*sound=*/true};
  SendProposal(parent_view, held->block, *round.my_notarize);
}

}  // namespace timebank::consensus
