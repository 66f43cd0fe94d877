// GetPolicy: every parameter with the value in force, where it comes from and its hard bounds.
#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "ledger/policy.h"
#include "ledger/records.h"
#include "node/rpc/ledger_reads.h"

namespace timebank::rpc {

namespace {

constexpr int kTreeDepthMax = 16;

// Of one organisation: the organisation's latest version in force that names each parameter.
struct Sources {
  std::map<std::uint32_t, OrgId> nearest;  // parameter -> organisation that sets it
};

Sources SourcesOf(const ledger::State& state, const OrgId& org, std::uint64_t at_ms) {
  Sources out;
  OrgId at = org;
  for (int depth = 0; depth < kTreeDepthMax && !at.IsZero(); ++depth) {
    const auto record = state.Find<v1::Organisation>(at);
    if (!record) break;
    for (std::uint32_t sequence = 1; sequence <= record->policy_versions(); ++sequence) {
      const auto version =
          state.Find<v1::PolicyVersion>(ledger::PolicyVersionId{.org = at, .sequence = sequence});
      if (!version || version->effective_from_ms() > at_ms) continue;
      for (const v1::PolicyValue& value : version->values()) {
        out.nearest.emplace(value.parameter(), at);
      }
    }
    at = ledger::As<OrgId>(record->parent());
  }
  return out;
}

}  // namespace

Answer<v1::GetPolicyResponse> LedgerReads::Get(const v1::GetPolicyRequest& request, Millis now) {
  const auto org = OrgId::From(request.org());
  if (!org || !state().Find<v1::Organisation>(*org)) {
    return Unexpected{client::MakeError(v1::REASON_NOT_FOUND, "organisation")};
  }
  const Millis at = request.at_ms() == 0 ? now : Millis(request.at_ms());
  ledger::Records records(state());
  const ledger::Policy policy = ledger::Policy::Of(records, *org, at);
  const Sources sources = SourcesOf(state(), *org, at.value());

  v1::GetPolicyResponse out;
  const auto add = [&](std::uint32_t parameter, std::string name, std::int64_t value) {
    v1::PolicySetting* setting = out.add_settings();
    setting->set_parameter(parameter);
    setting->set_name(std::move(name));
    setting->set_value(value);
    const auto source = sources.nearest.find(parameter);
    if (source != sources.nearest.end()) setting->set_source_org(source->second.str());
    const v1::ParameterBound bound = ledger::BoundsOf(state().chain(), parameter);
    setting->set_min(bound.min());
    setting->set_max(bound.max());
  };
  constexpr auto kWeights = static_cast<std::uint32_t>(v1::POLICY_PARAMETER_CATEGORY_WEIGHT_BASE);
  for (const ledger::ParameterInfo& info : ledger::Parameters()) {
    if (info.parameter == kWeights) continue;
    add(info.parameter, std::string(info.name),
        policy.Get(static_cast<v1::PolicyParameter>(info.parameter)));
  }
  const auto* categories = v1::Category_descriptor();
  for (int i = 1; i < categories->value_count(); ++i) {
    const int number = categories->value(i)->number();
    add(kWeights + static_cast<std::uint32_t>(number), "WEIGHT_" + categories->value(i)->name(),
        policy.Weight(static_cast<v1::Category>(number)));
  }
  for (const auto& [parameter, source] : sources.nearest) {
    const std::uint32_t category = parameter < kWeights ? 0 : parameter - kWeights;
    if (category == 0 || v1::Category_IsValid(static_cast<int>(category))) continue;
    add(parameter, "WEIGHT_CATEGORY_" + std::to_string(category),
        policy.Weight(static_cast<v1::Category>(category)));
  }
  out.set_height(height());
  return out;
}

}  // namespace timebank::rpc
