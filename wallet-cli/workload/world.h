// The workload's own community: members with keys, approvers, a provider, grants and earned
// minutes, so that a run needs nothing that was there before and leaves others' records alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "wallet-cli/demo/stage.h"
#include "wallet-cli/identity.h"

namespace timebank::cli {

struct WorldSize {
  std::size_t members = 10'000;  // half volunteers, half elders
  std::size_t approvers = 120;
  std::size_t earners = 1'000;  // volunteers with minutes to give away, each with a relative
};

struct World {
  OrgId district;
  OrgId street;
  OrgId community;
  OrgId provider;
  OfferId offer;
  std::vector<Identity> volunteers;
  std::vector<Identity> elders;
  std::vector<Identity> approvers;
  Identity merchant;
  std::size_t earners = 0;  // volunteers[i] may transfer to elders[i], i < earners
};

using Progress = std::function<void(const std::string&)>;

// Registers everybody, moves the clock past key age and newness, lets the earners earn, moves past
// cooling-off into a new month and grants. `officers`: the founding officers with keys.
[[nodiscard]] Expected<World, std::string> BuildWorld(Stage& stage, const OrgId& district,
                                                      const std::vector<Identity>& officers,
                                                      const WorldSize& size,
                                                      const Progress& progress);

// Content of the k-th walk-in visit of volunteer `index`, 15 minutes on a past day: no overlap, no
// more than two volunteers with one elder, all caps kept.
[[nodiscard]] std::string VisitContent(const World& world, Millis now, std::size_t index,
                                       std::size_t k);
// The elder of that visit.
[[nodiscard]] std::size_t ElderOf(const World& world, std::size_t index, std::size_t k);

}  // namespace timebank::cli
