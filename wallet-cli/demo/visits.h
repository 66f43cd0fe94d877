// Playing the visits: who signs which transaction at each step, and what the ledger said. A visit
// that is refused at one step is refused for good; the later steps leave it out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "wallet-cli/demo/cast.h"
#include "wallet-cli/demo/pilot_data.h"
#include "wallet-cli/demo/stage.h"
#include "wallet-cli/demo/timeline.h"

namespace timebank::cli {

class VisitPlayer {
 public:
  VisitPlayer(Stage& stage, const Cast& cast, const PilotData& data);

  // One step at the stage's present time, except grant runs. The error ends the demo; refusals do
  // not.
  [[nodiscard]] Expected<bool, std::string> Play(const Step& step);
  [[nodiscard]] const std::vector<RefusedRow>& refused() const { return refused_; }
  // Visits approved so far and their minutes.
  [[nodiscard]] std::uint64_t approved() const { return approved_; }
  [[nodiscard]] std::int64_t approved_minutes() const { return approved_minutes_; }

 private:
  struct Progress {
    EntryId entry;
    std::string content;  // canonical EntryContent
    Hash content_hash;
    std::uint32_t flags = 0;
    bool refused = false;
    bool approved = false;
  };
  using Build = std::function<client::SignedTransaction(std::size_t visit)>;

  // One transaction for each of the step's visits still alive.
  [[nodiscard]] Expected<bool, std::string> Each(const Step& step, const Build& build);
  void Refuse(std::size_t visit, v1::Reason reason, StepKind step);
  // Refuses visits whose people the data does not know.
  [[nodiscard]] bool KnowsPeople(const PilotVisit& visit) const;
  // False: the elder has no phone, or the volunteer none.
  [[nodiscard]] bool CanSign(const Identity& person) const { return person.key.has_value(); }

  [[nodiscard]] client::SignedTransaction Order(std::size_t visit);
  [[nodiscard]] client::SignedTransaction Claim(std::size_t visit);
  [[nodiscard]] client::SignedTransaction CheckIn(std::size_t visit);
  [[nodiscard]] client::SignedTransaction CheckOut(std::size_t visit);
  [[nodiscard]] client::SignedTransaction Submit(std::size_t visit);
  [[nodiscard]] client::SignedTransaction Confirm(std::size_t visit);
  [[nodiscard]] client::SignedTransaction Review(std::size_t visit);
  [[nodiscard]] Expected<bool, std::string> Approve(const Step& step);
  void ApprovedLine(std::size_t visit, const v1::EffectsLine& line);

  [[nodiscard]] const CastOrg& CommunityOf(const PilotVisit& visit) const;
  [[nodiscard]] const CastOrg& StreetOf(const PilotVisit& visit) const;
  // The least busy dispatcher of the street, or approver of the community, on this local day.
  [[nodiscard]] const Identity& LeastBusy(const std::vector<std::string>& names);
  // Somebody of the elder's street who is no party (DOMAIN 8c).
  [[nodiscard]] const Identity& WitnessFor(const PilotVisit& visit) const;

  Stage& stage_;
  const Cast& cast_;
  const PilotData& data_;
  std::vector<Progress> progress_;
  std::vector<RefusedRow> refused_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> work_;  // (name, local day)
  std::uint64_t approved_ = 0;
  std::int64_t approved_minutes_ = 0;
};

}  // namespace timebank::cli
