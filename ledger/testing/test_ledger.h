// A small time bank for tests: genesis with organisations, officers and members, named by text;
// transactions submitted one block each. Every submission is also judged, built and re-applied, and
// the books are balanced after every block: a difference aborts the test.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "chain/transaction.h"
#include "crypto/ed25519.h"
#include "ledger/block.h"
#include "ledger/state.h"

namespace timebank::ledger::testing {

inline constexpr std::uint64_t kMinuteMs = 60'000;
inline constexpr std::uint64_t kHourMs = 60 * kMinuteMs;
inline constexpr std::uint64_t kDayMs = 24 * kHourMs;

// Ids and keys are hashes of names: the same in every test.
[[nodiscard]] MemberId PersonId(std::string_view name);
[[nodiscard]] OrgId OrganisationId(std::string_view name);
[[nodiscard]] crypto::SecretKey SecretKeyOf(std::string_view name);  // the person's first key
[[nodiscard]] v1::NewKey ProvenKey(const Hash& chain_id, std::string_view person,
                                   std::string_view key_name);

// A signer by name. `org` for offices only; `key` when it is not the person's first.
struct By {
  std::string person;
  v1::Role role = v1::ROLE_MEMBER;
  std::string org = "";
  std::string key = "";
};

// The tree: district > street > community, community2; district > street2 > community3. shop is a
// PROVIDER under street, clinic an ASSESSOR organisation of its own, town another district.
// Officers, each named "<role>_<organisation>" and at home there: regulator and regulator2 of each
// but the shop and clinic; approver and approver2 of communities; approver and reviewer of streets;
// reviewer of the district; lister, clerk, dispatcher, terminal, pin of streets; clerk and finance
// of districts; assessor_clinic; merchant_shop, cashier_shop.
// Members: volunteer, volunteer2, elder, elder2, proxy, witness, kin in community; volunteer3,
// elder3 in community3. Volunteers are born 1960, elders 1940. No minutes yet.
class TestLedger {
 public:
  // `change` edits the genesis before it is made (policies, births, statuses, bounds).
  explicit TestLedger(const std::function<void(v1::Genesis&)>& change = nullptr);

  // Time of the next block. Starts 31 days after genesis at 10:00 local time, 2024-07-11: keys are
  // old enough and nobody is new.
  [[nodiscard]] Millis now() const { return now_; }
  [[nodiscard]] std::uint64_t now_ms() const { return now_.value(); }
  // Later by `ms`, without a block.
  void Advance(std::uint64_t ms) { now_ = Millis(now_.value() + ms); }
  // A block without transactions now: the sweep runs.
  void Tick();
  // Ticks until nothing is due any more.
  void Settle();

  // Signs and executes `message` (any message of TransactionBody.kind) in a block of its own:
  // kOk, and the state moves on, or the reason, and nothing changes.
  [[nodiscard]] Reason Submit(const std::vector<By>& signers,
                              const google::protobuf::Message& message);
  // The same with the body changed by `edit` before it is signed (validity, nonce, signers).
  [[nodiscard]] Reason Submit(const std::vector<By>& signers,
                              const google::protobuf::Message& message,
                              const std::function<void(v1::TransactionBody&)>& edit);
  // An envelope, to be put into blocks by hand. Signatures are placeholders.
  [[nodiscard]] std::string Envelope(const v1::TransactionBody& body) const;
  [[nodiscard]] v1::TransactionBody Body(const std::vector<By>& signers,
                                         const google::protobuf::Message& message);
  [[nodiscard]] Reason SubmitBody(const v1::TransactionBody& body);

  // ---- What came of it ----
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] v1::Member member(std::string_view name) const;
  [[nodiscard]] std::int64_t balance(std::string_view name, v1::AccountKind kind,
                                     std::uint32_t lot = 0) const;
  [[nodiscard]] std::int64_t org_balance(std::string_view name, v1::AccountKind kind) const;
  // Effects lines of the last transaction or Tick; of the sweep when `sweep`.
  [[nodiscard]] std::vector<v1::EffectsLine> lines(bool sweep = false) const;

  // ---- Shortcuts through real transactions ----
  // A client-made id with the time of the next block.
  [[nodiscard]] std::string NewId();
  // Approves a large budget, lists the members (of one street and its communities) in class 1 and
  // runs this month's grant: 480 minutes each.
  void Grant(const std::vector<std::string>& members, std::string_view street = "street",
             std::string_view district = "district");
  // Puts minutes on an account from OPENING of the home organisation, past all rules.
  void Mint(std::string_view member, v1::AccountKind kind, std::int64_t minutes);
  // Edits a record past all rules. Requires: minutes still sum to zero.
  template <typename M>
  void Overwrite(const typename Record<M>::Id& id, const std::function<void(M&)>& edit) {
    M record;
    if (const auto found = state_.Find<M>(id)) record = *found;
    edit(record);
    Replace({{ledger::KeyOf<M>(id), record.SerializeAsString()}});
  }

 private:
  void Accept(BlockResult result);
  void Replace(const std::vector<std::pair<StateKey, std::string>>& records);
  [[nodiscard]] BlockPlace NextPlace() const;

  State state_;
  Millis now_;
  Hash parent_digest_;
  std::vector<LogLeaf> leaves_;
  std::uint64_t sequence_ = 0;  // makes nonces and ids distinct
};

// Aborts unless every asset sums to zero and HELD equals the sum of the holds of each member.
void CheckBooks(const State& state);

}  // namespace timebank::ledger::testing
