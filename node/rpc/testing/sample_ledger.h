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
  explicit SampleLedger(std::size_t validators = 4);

  [[nodiscard]] const ledger::State& state() const { return *state_; }
  [[nodiscard]] const Hash& chain_id() const { return chain_id_; }
  [[nodiscard]] const std::string& genesis_bytes() const { return genesis_bytes_; }
  // Ascending by public key, as in the validator set.
  [[nodiscard]] const std::vector<crypto::SecretKey>& validator_keys() const { return keys_; }
  // In the middle of nowhere: later than genesis.
  [[nodiscard]] Millis now() const;
  [[nodiscard]] v1::Member Record(const Person& person) const;
  // A reader in the person's first office, or as MEMBER.
  [[nodiscard]] static client::Reader As(const Person& person, bool member = false);

  OrgId district, street_a, street_b, community_a, community_b, provider;
  Person elder, volunteer, stranger, approver_a, reviewer_b, auditor, merchant, operator_, exporter,
      lister_a, assessor;

 private:
  std::vector<crypto::SecretKey> keys_;
  std::string genesis_bytes_;
  Hash chain_id_;
  std::unique_ptr<ledger::State> state_;
};

}  // namespace timebank::rpc::testing
