// The way to a state, for people: which stimuli led from one kept state to the next.
#include <algorithm>
#include <map>

#include "tests/model_check/explorer.h"
#include "tests/model_check/finish.h"
#include "tests/model_check/violation.h"

namespace timebank::model_check {

std::vector<std::string> Explorer::TraceTo(std::uint32_t number) {
  std::vector<std::uint32_t> way;
  for (std::uint32_t at = number; at != 0; at = states_[at].parent) way.push_back(at);
  std::vector<std::string> lines;
  std::uint32_t before = 0;
  for (auto at = way.rbegin(); at != way.rend(); before = *at, ++at) {
    const Joint& from = states_[before].joint;
    const Joint& to = states_[*at].joint;
    std::size_t k = 0;
    while (from[k] == to[k]) ++k;
    const Common common = CommonOf(from);
    for (const Stimulus& stimulus : Path(k, from[k], to[k], common)) {
      lines.push_back("validator " + std::to_string(world_.Honest(k)) + ": " +
                      Describe(stimulus, world_));
    }
    const Positions fresh = tables_[k].info(to[k]).sent & ~tables_[k].info(from[k]).sent;
    for (std::size_t id = 0; id < world_.positions(); ++id) {
      if (!fresh.test(id)) continue;
      lines.push_back("  casts " + world_.Name(world_.position(static_cast<PositionId>(id))));
    }
  }
  return lines;
}

// The shortest way inside one closure.
std::vector<Stimulus> Explorer::Path(std::size_t k, LocalId from, LocalId to,
                                     const Common& common) {
  Table& table = tables_[k];
  const CertificateSource source = [this, k, &common](const chain::VotePosition& p) {
    return Certificate(k, common, p);
  };
  std::map<LocalId, std::pair<LocalId, Stimulus>> reached{{from, {from, {}}}};
  std::vector<LocalId> queue{from};
  std::vector<Stimulus> stimuli;
  for (std::size_t i = 0; i < queue.size() && !reached.contains(to); ++i) {
    const LocalId at = queue[i];
    stimuli.clear();
    StimuliOf(k, table.info(at), common, world_.bounds().crashes > 0, stimuli);
    for (const Stimulus& stimulus : stimuli) {
      const auto after = table.Known(at, stimulus);
      if (!after || !reached.try_emplace(*after, at, stimulus).second) continue;
      if (table.info(*after).sent == table.info(from).sent) queue.push_back(*after);
    }
  }
  std::vector<Stimulus> path;
  for (LocalId at = to; at != from && reached.contains(at); at = reached[at].first) {
    path.push_back(reached[at].second);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

// Every state in which nobody has anything left to vote for, and some of the others.
void Explorer::Finish(std::uint32_t number, bool ended, Found& found) {
  const std::uint64_t every = world_.bounds().finish;
  if (ended) ++found.ended;
  if (every == 0 || number % every != 0) return;
  const Joint& joint = states_[number].joint;
  const std::array<Validator, kHonest> who{tables_[0].validator(), tables_[1].validator(),
                                           tables_[2].validator()};
  const Trio from{&tables_[0].local(joint[0]), &tables_[1].local(joint[1]),
                  &tables_[2].local(joint[2])};
  for (const bool restarted : {false, true}) {
    const std::string stall = Stall(world_, who, from, restarted);
    Require(stall.empty(), (restarted ? "stall after all restarted: " : "stall: ") + stall);
  }
  ++found.finished;
}

}  // namespace timebank::model_check
