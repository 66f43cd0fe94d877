#include "ledger/era.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "chain/canonical.h"
#include "ledger/keys.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kRecordVersion = 1;
constexpr int kSeatsMax = 64;  // of the schema; a council of 16 organisations has four each

v1::ProvenRecord Prove(const State& state, const StateKey& key) {
  v1::ProvenRecord record;
  const auto value = state.tree().Get(key.view());
  TB_CHECK(value.has_value());
  record.set_value(ToString(*value));
  for (const Hash& sibling : state.tree().Prove(key.view()).siblings) {
    record.add_siblings(sibling.str());
  }
  return record;
}

}  // namespace

State BeginEra(const State& last, const chain::NewEra& next, std::string_view recovery) {
  // None of the records touched is ever due.
  chain::StateTree tree = last.tree();
  const auto put = [&tree](const StateKey& key, const google::protobuf::Message& record) {
    tree.Put(key.view(), AsBytes(chain::CanonicalBytes(record)));
  };
  v1::ChainRecord chain = last.chain();
  const Epoch epoch = Epoch(chain.epoch()).Next();
  chain.set_chain_id(next.chain_id.str());
  chain.set_era(next.era.value());
  chain.set_epoch(epoch.value());
  put(KeyOf<v1::ChainRecord>({}), chain);
  v1::ValidatorSetRecord set;
  set.set_version(kRecordVersion);
  *set.mutable_validators() = next.document.validators();
  set.set_boundary_height(last.height().value());
  set.set_era(next.era.value());
  put(KeyOf<v1::ValidatorSetRecord>(epoch), set);
  v1::RecoveryRecord record;
  record.set_version(kRecordVersion);
  record.set_recovery(std::string(recovery));
  put(KeyOf<v1::RecoveryRecord>(next.era), record);
  (void)tree.Root();  // hashed here, so that the state may be shared at once
  return State(std::move(tree), last.due(), std::move(chain));
}

v1::Recovery ProveCouncil(const State& last) {
  const auto& council = last.chain().council();
  std::map<std::pair<std::string, std::string>, v1::CouncilSignature> seats;
  last.tree().ForEach([&](ByteView key, ByteView value) {
    if (StateKey(key).table() != v1::TABLE_MEMBER) return;
    v1::Member member;
    TB_CHECK(member.ParseFromArray(value.data(), static_cast<int>(value.size())));
    if (member.status() != v1::MEMBER_STATUS_ACTIVE) return;
    for (const v1::Office& office : member.offices()) {
      const bool sits = office.role() == v1::ROLE_COUNCIL &&
                        std::find(council.begin(), council.end(), office.org()) != council.end();
      if (!sits) continue;
      v1::CouncilSignature& seat = seats[{member.member(), office.org()}];
      seat.set_member(member.member());
      seat.set_org(office.org());
      *seat.mutable_record() = Prove(last, StateKey(key));
    }
  });
  v1::Recovery out;
  out.set_version(kRecordVersion);
  *out.mutable_chain() = Prove(last, KeyOf<v1::ChainRecord>({}));
  for (auto& [place, seat] : seats) {
    if (out.signatures_size() < kSeatsMax) *out.add_signatures() = std::move(seat);
  }
  return out;
}

std::optional<std::string> RecoveryOf(const State& state, chain::Era era) {
  const auto record = state.Find<v1::RecoveryRecord>(era);
  return record ? std::optional(record->recovery()) : std::nullopt;
}

}  // namespace timebank::ledger
