// The state at height 0: the records that a genesis names, checked as transactions would check them
// and stamped with the genesis time where it leaves a time out.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "chain/canonical.h"
#include "crypto/ed25519.h"
#include "ledger/authority.h"
#include "ledger/form.h"
#include "ledger/kinds.h"
#include "ledger/org_tree.h"
#include "ledger/policy.h"
#include "ledger/records.h"
#include "ledger/state.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kRecordVersion = 1;
constexpr std::int64_t kCivilOffsetMax = 24 * 60;

using Fault = std::optional<GenesisFault>;

// Collects the records. Those already there are found through `tree`.
class GenesisBuilder {
 public:
  explicit GenesisBuilder(const chain::Genesis& genesis) : genesis_(genesis.message) {
    chain_.set_version(kRecordVersion);
    chain_.set_chain_id(genesis.chain_id.str());
  }

  [[nodiscard]] Fault AddChain();
  [[nodiscard]] Fault AddOrganisations();
  [[nodiscard]] Fault AddPolicies();
  [[nodiscard]] Fault AddMembers();
  [[nodiscard]] std::optional<State> Load() const;

 private:
  template <typename M>
  void Put(const typename Record<M>::Id& id, const M& record) {
    tree_.Put(KeyOf<M>(id).view(), AsBytes(chain::CanonicalBytes(record)));
  }
  template <typename M>
  [[nodiscard]] std::optional<M> Find(const typename Record<M>::Id& id) const {
    const auto bytes = tree_.Get(KeyOf<M>(id).view());
    M record;
    if (!bytes || !record.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) {
      return std::nullopt;
    }
    return record;
  }
  [[nodiscard]] bool CouncilIsSound() const;
  [[nodiscard]] bool BoundsAreSound() const;
  [[nodiscard]] bool KeysAreSound(v1::Member& member) const;
  [[nodiscard]] bool OfficesAreSound(v1::Member& member) const;

  const v1::Genesis& genesis_;
  v1::ChainRecord chain_;
  chain::StateTree tree_;
};

Fault GenesisBuilder::AddChain() {
  const std::int64_t offset = genesis_.civil_offset_minutes();
  const bool offset_known = offset >= -kCivilOffsetMax && offset <= kCivilOffsetMax;
  if (genesis_.genesis_ms() == 0 || !offset_known) return GenesisFault::kBadChain;
  if (!CouncilIsSound()) return GenesisFault::kBadCouncil;
  if (!BoundsAreSound()) return GenesisFault::kBadBounds;
  chain_.set_genesis_ms(genesis_.genesis_ms());
  chain_.set_civil_offset_minutes(offset);
  chain_.set_development(genesis_.development());
  chain_.set_timestamp_ms(genesis_.genesis_ms());
  *chain_.mutable_bounds() = genesis_.bounds();
  *chain_.mutable_council() = genesis_.council();
  chain_.set_council_threshold(genesis_.council_threshold());
  Put<v1::ChainRecord>({}, chain_);
  v1::ValidatorSetRecord validators;
  validators.set_version(kRecordVersion);
  *validators.mutable_validators() = genesis_.validators();
  Put<v1::ValidatorSetRecord>(Epoch(0), validators);
  return std::nullopt;
}

// 1 to all of distinct organisations. Only a development network may do without a council.
bool GenesisBuilder::CouncilIsSound() const {
  const auto size = static_cast<std::uint32_t>(genesis_.council_size());
  if (size == 0 && genesis_.council_threshold() == 0) return genesis_.development();
  const std::set<std::string_view> council(genesis_.council().begin(), genesis_.council().end());
  const auto is_known = [&](std::string_view member) {
    return std::any_of(genesis_.organisations().begin(), genesis_.organisations().end(),
                       [&](const v1::Organisation& org) { return org.org() == member; });
  };
  return council.size() == size && genesis_.council_threshold() >= 1 &&
         genesis_.council_threshold() <= size &&
         std::all_of(council.begin(), council.end(), is_known);
}

// Only a development network may have wider bounds than the rules (DOMAIN 5).
bool GenesisBuilder::BoundsAreSound() const {
  std::uint32_t last = 0;
  for (const v1::ParameterBound& bound : genesis_.bounds()) {
    const ParameterInfo* info = FindParameter(bound.parameter());
    if (bound.parameter() <= last || info == nullptr || bound.min() > bound.max()) return false;
    const bool wider = bound.min() < info->min || bound.max() > info->max;
    if (wider && !genesis_.development()) return false;
    last = bound.parameter();
  }
  return true;
}

Fault GenesisBuilder::AddOrganisations() {
  std::map<OrgId, int> depths;
  for (v1::Organisation organisation : genesis_.organisations()) {
    const OrgId id = As<OrgId>(organisation.org());
    const OrgId parent = As<OrgId>(organisation.parent());
    const bool has_parent = !organisation.parent().empty();
    if (id.IsZero() || depths.contains(id) || (has_parent && !depths.contains(parent)) ||
        organisation.kind() == v1::ORGANISATION_KIND_UNSPECIFIED ||
        !IsPublicText(organisation.name()) || organisation.budget_minutes() < 0 ||
        organisation.policy_versions() != 0 || organisation.created_ms() > genesis_.genesis_ms()) {
      return GenesisFault::kBadOrganisation;
    }
    depths[id] = has_parent ? depths[parent] + 1 : 1;
    if (depths[id] > kOrgDepthMax) return GenesisFault::kBadOrganisation;
    std::uint32_t last = 0;
    for (const v1::Threshold& threshold : organisation.thresholds()) {
      const bool sound = HasThreshold(threshold.action()) && threshold.action() > last &&
                         threshold.persons() >= 1 && threshold.persons() <= kThresholdPersonsMax;
      if (!sound) {
        return GenesisFault::kBadOrganisation;
      }
      last = threshold.action();
    }
    organisation.set_version(kRecordVersion);
    if (organisation.created_ms() == 0) organisation.set_created_ms(genesis_.genesis_ms());
    Put<v1::Organisation>(id, organisation);
  }
  return std::nullopt;
}

Fault GenesisBuilder::AddPolicies() {
  // Versions stand in the order in which they take effect, however genesis lists them.
  auto policies = genesis_.policies();
  std::stable_sort(policies.begin(), policies.end(),
                   [](const v1::GenesisPolicy& a, const v1::GenesisPolicy& b) {
                     return a.policy().effective_from_ms() < b.policy().effective_from_ms();
                   });
  for (const v1::GenesisPolicy& policy : policies) {
    const OrgId id = As<OrgId>(policy.org());
    auto organisation = Find<v1::Organisation>(id);
    if (!organisation || !policy.policy().inherited().empty() ||
        CheckValues(chain_, policy.policy().values()) != kOk) {
      return GenesisFault::kBadPolicy;
    }
    v1::PolicyVersion version = policy.policy();
    version.set_version(kRecordVersion);
    if (const auto before = Find<v1::PolicyVersion>({id, organisation->policy_versions()})) {
      Inherit(*before, version);
    }
    organisation->set_policy_versions(organisation->policy_versions() + 1);
    Put<v1::PolicyVersion>({id, organisation->policy_versions()}, version);
    Put<v1::Organisation>(id, *organisation);
  }
  return std::nullopt;
}

Fault GenesisBuilder::AddMembers() {
  for (v1::Member member : genesis_.members()) {
    const MemberId id = As<MemberId>(member.member());
    const bool plain = member.balances().empty() && member.statement_head().empty() &&
                       member.statement_count() == 0 && member.proxies().empty() &&
                       member.kin().empty() && member.listings().empty() &&
                       member.entries_approved() == 0 && member.honours_minutes() == 0 &&
                       member.held_earned_minutes() == 0;
    if (id.IsZero() || Find<v1::Member>(id) || !plain ||
        !Find<v1::Organisation>(As<OrgId>(member.home_org())) ||
        member.created_ms() > genesis_.genesis_ms() || !KeysAreSound(member) ||
        !OfficesAreSound(member)) {
      return GenesisFault::kBadMember;
    }
    member.set_version(kRecordVersion);
    if (member.created_ms() == 0) member.set_created_ms(genesis_.genesis_ms());
    if (member.status() == v1::MEMBER_STATUS_UNSPECIFIED) {
      member.set_status(v1::MEMBER_STATUS_ACTIVE);
    }
    Put<v1::Member>(id, member);
  }
  return std::nullopt;
}

bool GenesisBuilder::KeysAreSound(v1::Member& member) const {
  for (int i = 0; i < member.keys_size(); ++i) {
    v1::MemberKey& key = *member.mutable_keys(i);
    const auto public_key = crypto::ParseSuitedKey(AsBytes(key.key()));
    if (!public_key || key.key_id() != crypto::KeyIdOf(*public_key).text()) return false;
    for (int j = 0; j < i; ++j) {
      if (member.keys(j).key_id() == key.key_id()) return false;
    }
    if (key.since_ms() == 0) key.set_since_ms(genesis_.genesis_ms());
    if (key.since_ms() > genesis_.genesis_ms() || key.revoked_ms() != 0) return false;
  }
  return true;
}

// Also brings them into their order, by organisation and role.
bool GenesisBuilder::OfficesAreSound(v1::Member& member) const {
  auto& offices = *member.mutable_offices();
  if (offices.size() > kMemberOfficesMax) return false;
  for (v1::Office& office : offices) {
    if (!Find<v1::Organisation>(As<OrgId>(office.org())) || !IsOffice(office.role())) return false;
    if (office.since_ms() == 0) office.set_since_ms(genesis_.genesis_ms());
  }
  const auto key = [](const v1::Office& office) { return std::pair(office.org(), office.role()); };
  std::sort(offices.begin(), offices.end(),
            [&](const v1::Office& a, const v1::Office& b) { return key(a) < key(b); });
  return std::adjacent_find(offices.begin(), offices.end(),
                            [&](const v1::Office& a, const v1::Office& b) {
                              return key(a) == key(b);
                            }) == offices.end();
}

std::optional<State> GenesisBuilder::Load() const {
  StateLoader loader;
  tree_.ForEach([&](ByteView key, ByteView value) { loader.Add(key, value); });
  return std::move(loader).Finish();
}

}  // namespace

Expected<State, GenesisFault> State::FromGenesis(const chain::Genesis& genesis) {
  GenesisBuilder builder(genesis);
  if (const Fault fault = builder.AddChain()) return Unexpected{*fault};
  if (const Fault fault = builder.AddOrganisations()) return Unexpected{*fault};
  if (const Fault fault = builder.AddPolicies()) return Unexpected{*fault};
  if (const Fault fault = builder.AddMembers()) return Unexpected{*fault};
  auto state = builder.Load();
  TB_CHECK(state.has_value());
  // Roles that exclude each other, now that the whole tree can be walked.
  Records records(*state);
  for (const v1::Member& member : genesis.message.members()) {
    for (const v1::Office& office : member.offices()) {
      if (ConflictsWithOffices(records, member, office.role(), As<OrgId>(office.org()))) {
        return Unexpected{GenesisFault::kBadMember};
      }
    }
  }
  return *std::move(state);
}

std::string_view Describe(GenesisFault fault) {
  switch (fault) {
    case GenesisFault::kBadChain:
      return "no genesis time, or a civil offset beyond a day";
    case GenesisFault::kBadCouncil:
      return "the council is missing, lists an unknown organisation or one twice, or has a "
             "threshold other than 1 to its size";
    case GenesisFault::kBadBounds:
      return "hard bounds are unknown, unordered, empty, or wider than a production network may "
             "have";
    case GenesisFault::kBadOrganisation:
      return "an organisation has no id, kind or known parent, is listed twice, is younger than "
             "the genesis, or has a threshold that is none";
    case GenesisFault::kBadMember:
      return "a member has no id, an unknown home, bad keys, bad offices or balances";
    case GenesisFault::kBadPolicy:
      return "a policy is of an unknown organisation, unordered or outside the hard bounds";
  }
  return "unknown";
}

}  // namespace timebank::ledger
