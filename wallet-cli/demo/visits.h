// Playing the visits: who signs which transaction at each step, and what the ledger said. A visit
// that is refused at one step is refused for good; the later steps leave it out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "wallet-cli/demo/cast.h"
#include "wallet-cli/demo/pilot_data.h"
#include "wallet-cli/demo/stage.h"
#include "wallet-cli/demo/timeline.h"

namespace timebank::cli {

// A visit that lasted longer than was ordered and tolerated: the rest is not credited.
struct CreditedInPart {
  std::size_t line = 0;  // of entries.csv
  std::string entry_number;
  std::int64_t minutes = 0;  // of the row
  std::int64_t credited = 0;
};

class VisitPlayer {
 public:
  VisitPlayer(Stage& stage, const Cast& cast, const PilotData& data);

  // One step at the stage's present time, except grant runs. The error ends the demo; refusals do
  // not.
  [[nodiscard]] Expected<bool, std::string> Play(const Step& step);
  // The demo ends at `end`: what is left of rows that go on after it is refused, `future`.
  void Leave(Millis end);
  [[nodiscard]] const std::vector<RefusedRow>& refused() const { return refused_; }
  // Visits approved so far, the minutes of their rows and those that are credited for them.
  [[nodiscard]] std::uint64_t approved() const { return approved_; }
  [[nodiscard]] std::int64_t row_minutes() const { return row_minutes_; }
  [[nodiscard]] std::int64_t approved_minutes() const { return approved_minutes_; }
  [[nodiscard]] const std::vector<CreditedInPart>& in_part() const { return in_part_; }

 private:
  struct Progress {
    EntryId entry;
    std::string content;  // canonical EntryContent
    Hash content_hash;
    std::uint32_t flags = 0;
    bool refused = false;  // the visit; its order may stand
    bool approved = false;
  };
  using Build = std::function<client::SignedTransaction(std::size_t visit)>;

  enum class Work { kOrder, kCallback, kApproveOwnKey, kApprove };
  struct List {
    const Identity* approver;
    Work work;
    std::vector<std::size_t> visits;
  };

  // One transaction for each of the step's visits still alive.
  [[nodiscard]] Expected<bool, std::string> Each(const Step& step, const Build& build);
  [[nodiscard]] Expected<bool, std::string> PlayPart(std::span<const std::size_t> visits,
                                                     StepKind kind, const Build& build);
  void Refuse(std::size_t visit, v1::Reason reason, StepKind step);
  void RefuseBecause(std::size_t visit, const std::string& reason, StepKind step);
  // Why nobody can sign the step for the visit; UNSPECIFIED: somebody can.
  [[nodiscard]] v1::Reason WhoIsMissing(const PilotVisit& visit, StepKind kind) const;
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
  [[nodiscard]] client::SignedTransaction Approval(const List& list) const;
  // Lists of at most 500 visits, each with an approver who is within F9; visits of `alone` have a
  // list of their own.
  [[nodiscard]] std::vector<List> ApprovalLists(std::span<const std::size_t> visits,
                                                const std::set<std::size_t>& alone);
  void ApprovedLine(std::size_t visit, const v1::EffectsLine& line);

  [[nodiscard]] const CastOrg& CommunityOf(const PilotVisit& visit) const;
  [[nodiscard]] const CastOrg& StreetOf(const PilotVisit& visit) const;
  // The one with the least work of this kind on this local day, or in this clock hour for
  // approvals with the elder's own key. Counts the work.
  [[nodiscard]] const Identity& LeastBusy(const std::vector<std::string>& names, Work work);
  [[nodiscard]] std::uint32_t& WorkOf(const std::string& name, Work work);
  // Somebody of the elder's street who is no party (DOMAIN 8c).
  [[nodiscard]] const Identity& WitnessFor(const PilotVisit& visit) const;

  Stage& stage_;
  const Cast& cast_;
  const PilotData& data_;
  std::vector<Progress> progress_;
  std::vector<RefusedRow> refused_;
  std::map<std::tuple<std::string, Work, std::uint64_t>, std::uint32_t> work_;  // by day or hour
  std::vector<CreditedInPart> in_part_;
  std::uint64_t approved_ = 0;
  std::int64_t row_minutes_ = 0;
  std::int64_t approved_minutes_ = 0;
};

}  // namespace timebank::cli
