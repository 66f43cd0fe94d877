// Random transactions over a small made-up time bank: mostly sensible ones, with a wrong signer, a
// wrong party or a value on the edge now and then. It looks into the naive ledger to know what
// could come next. One seed gives one sequence.
#pragma once

#include <string>
#include <vector>

#include "base/prng.h"
#include "tests/model/cast.h"
#include "tests/model/side_by_side.h"

namespace timebank::model {

struct Draft {
  v1::TransactionBody body;
  std::vector<Signature> by;
};

// Two districts, streets, communities, a provider, an assessor organisation and about 40 people,
// some with several offices. Policies and bounds are drawn too, low enough for caps to matter.
class MadeUpWorld {
 public:
  explicit MadeUpWorld(Prng& random);
  Cast cast;
  std::vector<std::string> orgs;
  std::vector<std::string> people;

 private:
  void DrawPolicies(Prng& random);
};

class Generator {
 public:
  Generator(Prng& random, MadeUpWorld& world, const SideBySide& ledgers);
  [[nodiscard]] Draft Next();
  // When the next block starts: a moment, hours or days later, or exactly when something is due.
  [[nodiscard]] Time NextTime();

 private:
  using Make = void (Generator::*)(Draft&);
  struct Weighted {
    Make make;
    std::uint64_t weight;
  };

  // generator_people.cc
  void CreateOrg(Draft& draft);
  void Officer(Draft& draft);
  void Policy(Draft& draft);
  void Threshold(Draft& draft);
  void Budget(Draft& draft);
  void Register(Draft& draft);
  void Key(Draft& draft);
  void Proxy(Draft& draft);
  void Kin(Draft& draft);
  void List(Draft& draft);
  void Grant(Draft& draft);
  void Donate(Draft& draft);
  void RevokeDonation(Draft& draft);
  void Transfer(Draft& draft);
  // generator_visits.cc
  void Order(Draft& draft);
  void Claim(Draft& draft);
  void CheckInOrOut(Draft& draft);
  void SubmitOrdered(Draft& draft);
  void SubmitWalkIn(Draft& draft);
  void Confirm(Draft& draft);
  void Approve(Draft& draft);
  void Review(Draft& draft);
  void Reject(Draft& draft);
  void CancelOrNoShow(Draft& draft);
  void Paper(Draft& draft);
  void Correct(Draft& draft);
  // generator_ring.cc
  void FormRing();
  void Collude(Draft& draft);
  void RingSubmits(Draft& draft);
  void RingConfirms(Draft& draft);
  void RingApproves(Draft& draft);
  void RingSpeaksForMany(Draft& draft);
  [[nodiscard]] Id RingVisitIn(v1::EntryState state);
  // generator_redemptions.cc
  void Offer(Draft& draft);
  void Redeem(Draft& draft);
  void Provide(Draft& draft);
  void ConfirmRedemption(Draft& draft);
  void CancelRedemption(Draft& draft);

  [[nodiscard]] Draft Opening();
  // One kind, by weight; stays empty when it finds nothing to do.
  void AnyKind(Draft& draft);
  [[nodiscard]] bool Rarely() { return random_.Chance(1, 12); }
  // One of the rule book, or now and then one that exists by policy only.
  [[nodiscard]] v1::Category AnyCategory() {
    return static_cast<v1::Category>(Rarely() ? 100 : 1 + Below(10));
  }
  [[nodiscard]] std::uint64_t Below(std::uint64_t bound) { return random_.Below(bound); }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[random_.Below(from.size())];
  }
  [[nodiscard]] std::string AnyPerson() { return Pick(world_.people); }
  [[nodiscard]] std::string AnyOrg() { return Pick(world_.orgs); }
  [[nodiscard]] std::string NameOfMember(const Id& id) const;
  [[nodiscard]] std::string NameOfOrg(const Id& id) const;
  [[nodiscard]] const Person& PersonOf(const Id& id) const;
  // Somebody with the role at the organisation or, when `or_above`, at an ancestor; now and then,
  // or when there is none, somebody else.
  [[nodiscard]] Signature OfficerAt(const Id& org, v1::Role role, bool or_above);
  [[nodiscard]] Signature MemberSigns(const Id& member);
  [[nodiscard]] Signature ProxySigns(const Id& member);
  [[nodiscard]] int KeyNumberOf(const std::string& name);
  // A visit in one of the states, mostly; any other now and then. Empty when there is none.
  [[nodiscard]] Id VisitIn(const std::vector<v1::EntryState>& states);
  [[nodiscard]] Id PurchaseIn(const std::vector<v1::RedemptionState>& states);
  [[nodiscard]] std::string FreshId();
  [[nodiscard]] Id TakenId();
  [[nodiscard]] v1::EntryContent Content(const Visit& visit, const Id& id);
  void DrawInterval(v1::EntryContent& content, const Visit& visit);
  [[nodiscard]] v1::PinProof Pin(const Id& card, const std::string& action);
  [[nodiscard]] Id WithEarned();
  [[nodiscard]] std::int64_t Amount(std::int64_t balance);
  [[nodiscard]] Time now() const { return ledgers_.now_ms(); }
  [[nodiscard]] const NaiveLedger& ledger() const { return ledgers_.naive(); }

  Prng& random_;
  MadeUpWorld& world_;
  const SideBySide& ledgers_;
  std::map<Id, std::string> member_names_;
  std::map<Id, std::string> org_names_;
  std::map<std::string, int> keys_made_;
  std::vector<std::string> pending_;  // registered, perhaps: people once the ledger knows them
  std::vector<v1::PaperBatch> papers_;
  std::vector<Id> ring_;  // who help each other on paper; empty in most worlds
  std::uint64_t serial_ = 0;
  int opening_ = 0;
};

}  // namespace timebank::model
