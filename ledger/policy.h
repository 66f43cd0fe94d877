// Parameters of the rules: names, units, defaults, hard bounds, and how versions of organisations
// resolve up the tree as of a moment (DOMAIN 5). A new parameter gets a row in policy.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/strong.h"
#include "ledger/keys.h"
#include "ledger/records.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/vocabulary.pb.h"

namespace timebank::ledger {

enum class Unit : std::uint8_t {
  kMinutes,
  kMillis,
  kCount,
  kYears,
  kPerMille,
  kSwitch,
  kMinuteOfDay
};

struct ParameterInfo {
  std::uint32_t parameter;  // v1::PolicyParameter
  std::string_view name;    // "EARNED_CAP_MINUTES"
  Unit unit;
  std::int64_t standard;  // where no organisation says otherwise
  std::int64_t min;       // hard bounds, inclusive; a genesis may have its own
  std::int64_t max;
};

// All parameters, ascending; category weights have one row, CATEGORY_WEIGHT_BASE.
[[nodiscard]] std::span<const ParameterInfo> Parameters();
// The row of `parameter` (for 1000 + a category that is built in or that policy may add, 100 to
// 65535: that of CATEGORY_WEIGHT_BASE), or null.
[[nodiscard]] const ParameterInfo* FindParameter(std::uint32_t parameter);
// The hard bounds in force: those of genesis, else of the table. Requires: a known parameter.
[[nodiscard]] v1::ParameterBound BoundsOf(const v1::ChainRecord& chain, std::uint32_t parameter);
// Ascending, known, inside the bounds: kOk, BAD_FIELD, MISSING_FIELD or OUTSIDE_HARD_BOUNDS.
[[nodiscard]] v1::Reason CheckValues(
    const v1::ChainRecord& chain,
    const google::protobuf::RepeatedPtrField<v1::PolicyValue>& values);

// ---- Versions of one organisation: 1, 2, ... in the order in which they take effect ----

// So many may be decided and not yet in force: what a new one moves up by one place.
inline constexpr std::uint32_t kFutureVersionsMax = 16;
// So many an organisation may set on one local day.
inline constexpr std::uint32_t kDayVersionsMax = 4;
// Versions in force at `at`; the last of them tells all values.
[[nodiscard]] std::uint32_t VersionsInForce(Records& records, const OrgId& org, Millis at);
// Adds a version behind those that take effect no later, and moves up those that do.
// Requires: a known organisation, at most kFutureVersionsMax to be moved.
void AddVersion(Records& records, const OrgId& org, v1::PolicyVersion version);
// Sets what `version` inherits from the one right before it.
void Inherit(const v1::PolicyVersion& before, v1::PolicyVersion& version);

// The parameters of one organisation as of one moment. Good while the Records it came from are.
class Policy {
 public:
  // Of an unknown organisation: the defaults.
  static Policy Of(Records& records, const OrgId& org, Millis at);

  // The value of the latest version in force that names the parameter, nearest organisation first
  // (latest: effective_from, then the one set later); else the default, brought inside the hard
  // bounds of genesis. Requires: a known parameter.
  [[nodiscard]] std::int64_t Get(v1::PolicyParameter parameter) const;
  // A parameter that counts milliseconds; never negative.
  [[nodiscard]] std::uint64_t Ms(v1::PolicyParameter parameter) const;
  [[nodiscard]] bool Enabled(v1::PolicyParameter parameter) const { return Get(parameter) != 0; }
  // A category that the schema names, or one to which a version in force gives a weight.
  [[nodiscard]] bool Knows(v1::Category category) const;
  // Per mille. Requires: Knows(category).
  [[nodiscard]] std::int64_t Weight(v1::Category category) const;

 private:
  [[nodiscard]] std::int64_t Resolve(std::uint32_t parameter) const;
  // Empty when no version in force names the parameter.
  [[nodiscard]] std::optional<std::int64_t> Named(std::uint32_t parameter) const;

  // The newest of each organisation, nearest first.
  std::vector<const v1::PolicyVersion*> versions_;
  const v1::ChainRecord* chain_ = nullptr;
};

}  // namespace timebank::ledger
