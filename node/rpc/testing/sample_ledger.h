// A small ledger for tests of reads: a district with two streets, a community below each, a
// provider, and people in every position.
//
//   district -- street_a -- community_a (elder, volunteer)      provider (below the district)
//            `- street_b -- community_b (stranger)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/client/read_token.h"
#include "ledger/state.h"

namespace timebank::rpc::testing {

struct Person {
  MemberId id;
  crypto::SecretKey key;
  OrgId home;
  std::vector<std::pair<v1::Role, OrgId>> offices;
};

class SampleLedger {
 public:
  SampleLedger();

  [[nodiscard]] const ledger::State& state() const { return *state_; }
  [[nodiscard]] const Hash& chain_id() const { return chain_id_; }
  // In the middle of nowhere: later than genesis.
  [[nodiscard]] Millis now() const;
  [[nodiscard]] v1::Member Record(const Person& person) const;
  // A reader in the person's first office, or as MEMBER.
  [[nodiscard]] static client::Reader As(const Person& person, bool member = false);

  OrgId district, street_a, street_b, community_a, community_b, provider;
  Person elder, volunteer, stranger, approver_a, reviewer_b, auditor, merchant, operator_, exporter;

 private:
  Hash chain_id_;
  std::unique_ptr<ledger::State> state_;
};

}  // namespace timebank::rpc::testing
