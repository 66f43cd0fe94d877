#include "tests/model_check/explorer.h"

#include <algorithm>

#include "consensus/limits.h"
#include "tests/model_check/finish.h"
#include "tests/model_check/violation.h"

namespace timebank::model_check {

using chain::VoteKind;
using chain::VotePosition;

namespace {

std::uint64_t HashOf(const Joint& joint) {
  std::uint64_t h = 0x9E3779B97F4A7C15;
  for (LocalId id : joint) {
    h = (h ^ id) * 0xBF58476D1CE4E5B9;
    h ^= h >> 29;
  }
  return h;
}

}  // namespace

Explorer::Explorer(const Bounds& bounds)
    : world_(bounds), slots_(1U << 16, 0), queue_(bounds.crashes + 1) {
  tables_.reserve(kHonest);
  for (std::size_t k = 0; k < kHonest; ++k) tables_.emplace_back(world_, world_.Honest(k));
}

Found Explorer::Run() {
  const Bounds& bounds = world_.bounds();
  const auto started = std::chrono::steady_clock::now();
  Found found;
  std::uint32_t at = 0;
  bool stopped = false;
  try {
    Add({});
    for (std::size_t crashes = 0; crashes < queue_.size(); ++crashes) {
      for (std::size_t next = 0; next < queue_[crashes].size() && !stopped; ++next) {
        at = queue_[crashes][next];
        if (states_[at].crashes == crashes) Visit(at, found);
        const bool out_of_time =
            bounds.seconds != 0 && next % 256 == 0 &&
            std::chrono::steady_clock::now() - started > std::chrono::seconds(bounds.seconds);
        stopped = out_of_time || (bounds.states != 0 && found.visited >= bounds.states);
      }
    }
    found.complete = !stopped;
  } catch (const Violation& violation) {
    found.violation = violation.what();
    found.trace = TraceTo(at);
  }
  found.states = states_.size();
  for (const Table& table : tables_) {
    found.local_states += table.size();
    found.steps += table.steps();
  }
  return found;
}

void Explorer::Visit(std::uint32_t number, Found& found) {
  const State state = states_[number];
  std::size_t nexts = 0;
  for (std::size_t k = 0; k < kHonest; ++k) {
    for (const Successor& successor : NextsOf(k, state)) {
      State after{state.joint, number, static_cast<std::uint8_t>(state.crashes + successor.crashes),
                  static_cast<std::uint8_t>(state.depth + 1)};
      after.joint[k] = successor.after;
      Add(after);
      ++nexts;
    }
  }
  ++found.visited;
  found.transitions += nexts;
  found.depth = std::max<std::uint64_t>(found.depth, state.depth);
  Finish(number, nexts == 0, found);
}

const Explorer::Nexts& Explorer::NextsOf(std::size_t k, const State& state) {
  const auto said = [&](std::size_t i) -> std::uint64_t { return tables_[i].said(state.joint[i]); };
  Require(state.joint[k] < 1U << 22 && said((k + 1) % 3) < 1U << 20 && said((k + 2) % 3) < 1U << 20,
          "more local states than fit into a key");
  const std::size_t left = world_.bounds().crashes - state.crashes;
  const std::uint64_t key = static_cast<std::uint64_t>(state.joint[k]) << 42 |
                            said((k + 1) % 3) << 22 | said((k + 2) % 3) << 2 | left;
  const auto known = nexts_[k].find(key);
  if (known != nexts_[k].end()) return known->second;
  const Common common = CommonOf(state.joint);
  if (agreed_.insert(said(0) << 40 | said(1) << 20 | said(2)).second) CheckAgreement(common);
  Nexts nexts = WithoutRepeats(k, Closure(k, state.joint[k], common, left), common);
  return nexts_[k].emplace(key, std::move(nexts)).first->second;
}

// One that a quiet step can reach from another with the same words may do nothing that the other
// may not.
Explorer::Nexts Explorer::WithoutRepeats(std::size_t k, const Nexts& nexts, const Common& common) {
  Table& table = tables_[k];
  const CertificateSource source = [this, k, &common](const VotePosition& p) {
    return Certificate(k, common, p);
  };
  std::vector<bool> dropped(nexts.size(), false);
  std::vector<LocalId> open;
  std::vector<Stimulus> stimuli;
  for (std::size_t i = 0; i < nexts.size(); ++i) {
    const SaidId said = table.said(nexts[i].after);
    const auto rival = [&](std::size_t j) {
      return j != i && !dropped[j] && table.said(nexts[j].after) == said &&
             nexts[j].crashes >= nexts[i].crashes;
    };
    bool any = false;
    for (std::size_t j = 0; j < nexts.size() && !any; ++j) any = rival(j);
    if (dropped[i] || !any) continue;
    table.Unmark();
    static_cast<void>(table.Mark(nexts[i].after));
    open.assign(1, nexts[i].after);
    while (!open.empty()) {
      const LocalId at = open.back();
      open.pop_back();
      stimuli.clear();
      StimuliOf(k, table.info(at), common, /*may_crash=*/false, stimuli);
      for (const Stimulus& stimulus : stimuli) {
        const LocalId after = table.After(at, stimulus, source);
        if (table.said(after) == said && table.Mark(after)) open.push_back(after);
      }
    }
    for (std::size_t j = 0; j < nexts.size(); ++j) {
      if (rival(j) && !table.Mark(nexts[j].after)) dropped[j] = true;
    }
  }
  Nexts kept;
  for (std::size_t i = 0; i < nexts.size(); ++i) {
    if (!dropped[i]) kept.push_back(nexts[i]);
  }
  return kept;
}

void Explorer::Add(const State& state) {
  if ((states_.size() + 1) * 2 > slots_.size()) {
    slots_.assign(slots_.size() * 2, 0);
    for (std::size_t i = 0; i < states_.size(); ++i) {
      slots_[SlotOf(states_[i].joint)] = static_cast<std::uint32_t>(i + 1);
    }
  }
  const std::size_t slot = SlotOf(state.joint);
  if (slots_[slot] == 0) {
    states_.push_back(state);
    slots_[slot] = static_cast<std::uint32_t>(states_.size());
  } else if (states_[slots_[slot] - 1].crashes > state.crashes) {
    states_[slots_[slot] - 1] = state;  // not visited yet
  } else {
    return;
  }
  queue_[state.crashes].push_back(slots_[slot] - 1);
}

// Where the state is, or would be.
std::size_t Explorer::SlotOf(const Joint& joint) const {
  std::size_t at = HashOf(joint) & (slots_.size() - 1);
  while (slots_[at] != 0 && states_[slots_[at] - 1].joint != joint) {
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

Explorer::Common Explorer::CommonOf(const Joint& joint) {
  Common common;
  for (std::size_t k = 0; k < kHonest; ++k) common.sent[k] = tables_[k].info(joint[k]).sent;
  const auto& s = common.sent;
  common.any = s[0] | s[1] | s[2];
  common.certified = (s[0] & s[1]) | (s[0] & s[2]) | (s[1] & s[2]);
  for (std::uint64_t w = 1; w <= world_.bounds().views; ++w) {
    const PositionId id = world_.IdOf(world_.Position(VoteKind::kNullify, w));
    if (common.certified.test(id)) common.nullified |= static_cast<std::uint8_t>(1U << w);
  }
  Proposals made;
  for (std::size_t k = 0; k < kHonest; ++k) made |= tables_[k].info(joint[k]).proposals;
  for (std::size_t id = 0; id < kProposalsMax; ++id) {
    if (made.test(id)) common.offers.push_back(static_cast<ProposalId>(id));
  }
  AddByzantineOffers(common);
  return common;
}

// On every parent that the Byzantine leader can show, two blocks.
void Explorer::AddByzantineOffers(Common& common) {
  const std::uint64_t view = world_.bounds().byzantine;
  if (view > world_.bounds().views) return;
  AddChildren(common, view, 0, 0, kNoPosition);
  for (std::size_t id = 0; id < world_.positions(); ++id) {
    if (!common.certified.test(id)) continue;
    const VotePosition p = world_.position(static_cast<PositionId>(id));
    if (p.kind == VoteKind::kNullify || p.view.value() >= view) continue;
    AddChildren(common, view, p.view.value(), world_.IdOf(p.digest), static_cast<PositionId>(id));
  }
}

// The two differ in name only: the second comes up once an honest one voted for the first.
void Explorer::AddChildren(Common& common, std::uint64_t view, std::uint64_t parent_view,
                           BlockId parent, PositionId proof) {
  const auto offer = [&](BlockId block) {
    common.offers.push_back(world_.IdOf(Offer{view, parent_view, block, proof}));
  };
  const BlockId first = world_.Make(world_.byzantine(), view, parent, 1);
  offer(first);
  if (HasVotedFor(common, first)) offer(world_.Make(world_.byzantine(), view, parent, 2));
  if (world_.bounds().ends_epoch && parent != 0) offer(parent);
}

bool Explorer::HasVotedFor(const Common& common, BlockId block) const {
  for (std::size_t id = 0; id < world_.positions(); ++id) {
    if (common.any.test(id) &&
        world_.position(static_cast<PositionId>(id)).digest == world_.digest(block)) {
      return true;
    }
  }
  return false;
}

// From votes alone: whatever a validator may still come to hold.
void Explorer::CheckAgreement(const Common& common) const {
  std::vector<VotePosition> certified;
  for (std::size_t id = 0; id < world_.positions(); ++id) {
    if (common.certified.test(id)) {
      certified.push_back(world_.position(static_cast<PositionId>(id)));
    }
  }
  for (const VotePosition& a : certified) {
    for (const VotePosition& b : certified) {
      if (a == b) continue;
      const std::string both = world_.Name(a) + " and " + world_.Name(b) + " are both certified";
      const bool one_view = a.view == b.view;
      Require(!(one_view && a.kind == VoteKind::kNotarize && b.kind == VoteKind::kNotarize), both);
      if (a.kind != VoteKind::kFinalize) continue;
      Require(!(one_view && b.kind == VoteKind::kNullify), both);
      if (b.kind == VoteKind::kNullify || (b.kind == VoteKind::kNotarize && b.view < a.view))
        continue;
      const BlockId x = world_.IdOf(a.digest);
      const BlockId y = world_.IdOf(b.digest);
      const bool fork = b.kind == VoteKind::kFinalize
                            ? !world_.IsAncestor(x, y) && !world_.IsAncestor(y, x)
                            : !world_.IsAncestor(x, y);
      Require(!fork, "fork: " + both);
    }
  }
}

// What a validator takes for certified or final, a quorum signed.
void Explorer::CheckClaims(const Common& common, const LocalInfo& info) const {
  const Positions unfounded = info.claims & ~common.certified;
  for (std::size_t id = 0; unfounded.any() && id < world_.positions(); ++id) {
    Require(!unfounded.test(id), "holds a certificate that no quorum signed: " +
                                     world_.Name(world_.position(static_cast<PositionId>(id))));
  }
  if (info.committed == 0) return;
  bool final = false;
  for (std::size_t id = 0; id < world_.positions() && !final; ++id) {
    const VotePosition& p = world_.position(static_cast<PositionId>(id));
    final = common.certified.test(id) && p.kind == VoteKind::kFinalize &&
            world_.IsAncestor(info.committed, world_.IdOf(p.digest));
  }
  Require(final, world_.Name(info.committed) + " is committed without a quorum");
}

// Breadth first by crashes: a local state is left with the fewest that lead to it.
Explorer::Nexts Explorer::Closure(std::size_t k, LocalId from, const Common& common,
                                  std::size_t crashes) {
  Table& table = tables_[k];
  const SaidId said = table.said(from);
  const CertificateSource source = [this, k, &common](const VotePosition& p) {
    return Certificate(k, common, p);
  };
  table.Unmark();
  static_cast<void>(table.Mark(from));
  Nexts nexts;
  std::vector<LocalId> open{from};
  std::vector<LocalId> crashed;
  std::vector<Stimulus> stimuli;
  for (std::size_t used = 0; used <= crashes; ++used) {
    while (!open.empty()) {
      const LocalId at = open.back();
      open.pop_back();
      CheckClaims(common, table.info(at));
      stimuli.clear();
      StimuliOf(k, table.info(at), common, used < crashes, stimuli);
      for (const Stimulus& stimulus : stimuli) {
        const LocalId after = table.After(at, stimulus, source);
        if (stimulus.kind == Kind::kCrash) {
          crashed.push_back(after);
        } else if (table.Mark(after)) {
          const bool quiet = table.said(after) == said;
          if (quiet) open.push_back(after);
          if (!quiet) nexts.push_back({after, static_cast<std::uint8_t>(used)});
        }
      }
    }
    for (const LocalId after : crashed) {
      if (table.Mark(after)) open.push_back(after);
    }
    crashed.clear();
  }
  return nexts;
}

// Signed by others where they suffice, so that nothing depends on the receiver's own vote.
std::optional<chain::Certificate> Explorer::Certificate(std::size_t k, const Common& common,
                                                        const VotePosition& p) {
  const PositionId id = world_.IdOf(p);
  std::size_t signers = 1;
  auto mask = static_cast<std::uint8_t>(1U << world_.byzantine());
  for (std::size_t i = 0; i < kHonest; ++i) {
    const std::size_t other = (k + 1 + i) % kHonest;  // k itself comes last
    if (signers == 3 || !common.sent[other].test(id)) continue;
    mask |= static_cast<std::uint8_t>(1U << world_.Honest(other));
    ++signers;
  }
  if (signers < 3) return std::nullopt;
  return world_.CertificateOf(p, mask);
}

void Explorer::StimuliOf(std::size_t k, const LocalInfo& info, const Common& common, bool may_crash,
                         std::vector<Stimulus>& out) {
  const std::uint64_t views = world_.bounds().views;
  if (info.epoch_over) return;
  if (info.view <= views && !info.voted) out.push_back({Kind::kTimer, 0, 0});
  if (info.view <= views && info.asked) out.push_back({Kind::kBuilt, 0, 0});
  for (std::size_t i = 0; i < world_.positions(); ++i) {
    const auto id = static_cast<PositionId>(i);
    if (!common.any.test(i) || info.claims.test(i)) continue;
    const VotePosition& p = world_.position(id);
    if (p.view.value() <= info.floor_view) continue;
    auto mask = static_cast<std::uint8_t>(1U << world_.byzantine());
    for (std::size_t other = 0; other < kHonest; ++other) {
      if (other != k && common.sent[other].test(i)) {
        mask |= static_cast<std::uint8_t>(1U << world_.Honest(other));
      }
    }
    const bool near = p.view.value() <= info.view + consensus::kVoteLookaheadViews;
    if (near) out.push_back({Kind::kVotes, id, mask});
    if (!near && common.certified.test(i)) out.push_back({Kind::kCert, id, 0});
  }
  for (const ProposalId id : common.offers) {
    const Offer& offer = world_.offer(id);
    if (offer.view < info.view || world_.Leader(offer.view) == world_.Honest(k)) continue;
    if (offer.view == info.view && (info.judged || info.candidate)) continue;
    std::uint8_t between = 0;
    for (std::uint64_t w = offer.parent_view + 1; w < offer.view; ++w) {
      between |= static_cast<std::uint8_t>(1U << w);
    }
    between &= common.nullified;
    out.push_back({Kind::kProposal, id, between});
  }
  for (const BlockId block : info.missing) out.push_back({Kind::kBody, block, 0});
  if (!may_crash || info.fresh) return;
  out.push_back({Kind::kCrash, 0, 0});
  if (info.committed != 0) out.push_back({Kind::kCrash, 0, 1});
}

}  // namespace timebank::model_check
