// The flow of the generator and its choices of people; the kinds are in generator_*.cc.
#include "tests/model/generator.h"

#include "base/civil.h"

namespace timebank::model {
namespace {

constexpr Time kSecondMs = 1'000;
constexpr Time kMinuteMs = 60 * kSecondMs;
constexpr Time kHourMs = 60 * kMinuteMs;
constexpr Time kDayMs = 24 * kHourMs;
constexpr int kOpeningSteps = 14;

}  // namespace

Generator::Generator(Prng& random, MadeUpWorld& world, const SideBySide& ledgers)
    : random_(random), world_(world), ledgers_(ledgers) {
  for (const std::string& name : world.people) member_names_[Cast::MemberId(name)] = name;
  for (const std::string& name : world.orgs) org_names_[Cast::OrgId(name)] = name;
  FormRing();
}

Draft Generator::Next() {
  for (const std::string& name : pending_) {
    const Id id = Cast::MemberId(name);
    if (!ledger().people().contains(id) || member_names_.contains(id)) continue;
    member_names_[id] = name;
    world_.people.push_back(name);
  }
  if (opening_ < kOpeningSteps) return Opening();
  Draft draft;
  while (draft.body.kind_case() == v1::TransactionBody::KIND_NOT_SET) {
    draft = Draft();
    if (!ring_.empty() && Below(2) == 0) {
      Collude(draft);
    } else {
      AnyKind(draft);
    }
  }
  const std::vector<Time> validity = {0, 1, 30 * kMinuteMs, kHourMs};
  draft.body.set_valid_until_ms(now() + Pick(validity));
  if (random_.Chance(1, 100)) draft.body.set_valid_until_ms(now() - 1);
  if (random_.Chance(1, 100)) draft.body.set_valid_until_ms(now() + kHourMs + 1);
  if (random_.Chance(1, 60)) draft.by.push_back(MemberSigns(Cast::MemberId(AnyPerson())));
  return draft;
}

void Generator::AnyKind(Draft& draft) {
  static const std::vector<Weighted> kKinds = {{&Generator::CreateOrg, 2},
                                               {&Generator::Officer, 6},
                                               {&Generator::Policy, 4},
                                               {&Generator::Threshold, 1},
                                               {&Generator::Budget, 2},
                                               {&Generator::Register, 4},
                                               {&Generator::Key, 6},
                                               {&Generator::Proxy, 5},
                                               {&Generator::Kin, 2},
                                               {&Generator::List, 8},
                                               {&Generator::Grant, 14},
                                               {&Generator::Donate, 10},
                                               {&Generator::RevokeDonation, 4},
                                               {&Generator::Transfer, 10},
                                               {&Generator::Order, 40},
                                               {&Generator::Claim, 40},
                                               {&Generator::CheckInOrOut, 40},
                                               {&Generator::SubmitOrdered, 36},
                                               {&Generator::SubmitWalkIn, 36},
                                               {&Generator::Confirm, 70},
                                               {&Generator::Approve, 50},
                                               {&Generator::Review, 24},
                                               {&Generator::Reject, 6},
                                               {&Generator::CancelOrNoShow, 8},
                                               {&Generator::Paper, 12},
                                               {&Generator::Correct, 14},
                                               {&Generator::Offer, 6},
                                               {&Generator::Redeem, 30},
                                               {&Generator::Provide, 40},
                                               {&Generator::ConfirmRedemption, 18},
                                               {&Generator::CancelRedemption, 6}};
  std::uint64_t total = 0;
  for (const Weighted& kind : kKinds) total += kind.weight;
  std::uint64_t at = Below(total);
  for (const Weighted& kind : kKinds) {
    if (at < kind.weight) return (this->*kind.make)(draft);
    at -= kind.weight;
  }
}

// Lists people of two streets and grants them minutes, so that there is something to spend.
Draft Generator::Opening() {
  const int step = opening_++;
  Draft draft;
  while (draft.body.kind_case() == v1::TransactionBody::KIND_NOT_SET) {
    draft = Draft();
    if (step < kOpeningSteps / 2) {
      List(draft);
    } else {
      Grant(draft);
    }
  }
  draft.body.set_valid_until_ms(now() + kHourMs);
  return draft;
}

Time Generator::NextTime() {
  std::vector<Time> due;
  const auto add = [&](Time at) {
    if (at > now() + 1 && at < now() + 3 * kDayMs) due.push_back(at);
  };
  for (const auto& [id, visit] : ledger().visits()) add(visit.due_ms);
  for (const auto& [id, purchase] : ledger().purchases()) add(purchase.due_ms);
  const std::uint64_t draw = Below(40);
  if (draw == 0) return now() + 1 + Below(3 * kDayMs);
  if (draw == 1) return now() + 1 + Below(kDayMs);
  if (draw == 2) return now() + kHourMs;
  if (draw < 6 && !due.empty()) {
    // The earliest of a few, exactly or just before.
    Time at = Pick(due);
    for (int i = 0; i < 3; ++i) at = std::min(at, Pick(due));
    return at - Below(2);
  }
  return now() + 1 + Below(20 * kMinuteMs);
}

std::string Generator::NameOfMember(const Id& id) const {
  const auto found = member_names_.find(id);
  return found == member_names_.end() ? world_.people.front() : found->second;
}

std::string Generator::NameOfOrg(const Id& id) const {
  const auto found = org_names_.find(id);
  return found == org_names_.end() ? world_.orgs.front() : found->second;
}

const Person& Generator::PersonOf(const Id& id) const { return ledger().people().at(id); }

// Mostly the newest key, which may be too young; now and then one that was revoked.
int Generator::KeyNumberOf(const std::string& name) {
  const auto made = keys_made_.find(name);
  const int count = made == keys_made_.end() ? 1 : made->second;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const int number = 1 + static_cast<int>(Below(static_cast<std::uint64_t>(count)));
    const auto& keys = PersonOf(Cast::MemberId(name)).keys;
    const auto key = keys.find(crypto::KeyIdOf(world_.cast.KeyOf(name, number).public_key()).str());
    const bool usable = key != keys.end() && !key->second.revoked;
    if (usable || attempt == 3) return number;
  }
  return 1;
}

Signature Generator::MemberSigns(const Id& member) {
  const std::string name = Rarely() ? AnyPerson() : NameOfMember(member);
  return {.name = name, .key = KeyNumberOf(name), .role = v1::ROLE_MEMBER};
}

Signature Generator::ProxySigns(const Id& member) {
  if (PersonOf(member).proxies.empty() && !Rarely()) return MemberSigns(member);
  std::string name = AnyPerson();
  for (const auto& [proxy, grant] : PersonOf(member).proxies) {
    if (Below(2) == 0 || PersonOf(member).proxies.size() == 1) name = NameOfMember(proxy);
  }
  return {.name = name, .key = KeyNumberOf(name), .role = v1::ROLE_PROXY};
}

Signature Generator::OfficerAt(const Id& org, v1::Role role, bool or_above) {
  std::vector<std::pair<std::string, Id>> holders;
  for (const auto& [id, person] : ledger().people()) {
    for (const auto& [office_org, office_role] : person.offices) {
      if (office_role != role) continue;
      bool fits = office_org == org || Rarely();
      for (Id at = org; or_above && ledger().orgs().contains(at);
           at = ledger().orgs().at(at).parent) {
        fits = fits || at == office_org;
      }
      if (fits) holders.push_back({NameOfMember(id), office_org});
    }
  }
  if (holders.empty() || random_.Chance(1, 30)) {
    const std::string name = AnyPerson();
    return {.name = name, .key = KeyNumberOf(name), .role = role, .org = NameOfOrg(org)};
  }
  const auto& [name, at] = Pick(holders);
  return {.name = name, .key = KeyNumberOf(name), .role = role, .org = NameOfOrg(at)};
}

Id Generator::VisitIn(const std::vector<v1::EntryState>& states) {
  std::vector<Id> fitting;
  std::vector<Id> all;
  for (const auto& [id, visit] : ledger().visits()) {
    all.push_back(id);
    for (const auto state : states) {
      if (visit.state == state) fitting.push_back(id);
    }
  }
  if (!all.empty() && random_.Chance(1, 25)) return Pick(all);
  return fitting.empty() ? Id() : Pick(fitting);
}

Id Generator::PurchaseIn(const std::vector<v1::RedemptionState>& states) {
  std::vector<Id> fitting;
  std::vector<Id> all;
  for (const auto& [id, purchase] : ledger().purchases()) {
    all.push_back(id);
    for (const auto state : states) {
      if (purchase.state == state) fitting.push_back(id);
    }
  }
  if (!all.empty() && random_.Chance(1, 25)) return Pick(all);
  return fitting.empty() ? Id() : Pick(fitting);
}

// Now and then one that is in use already, of whatever it is.
std::string Generator::FreshId() {
  if (random_.Chance(1, 15)) {
    const Id taken = TakenId();
    if (!taken.empty()) return taken;
  }
  Time made = now();
  if (Rarely()) {
    const std::vector<Time> edges = {now() + 5'000, now() + 5'001, now() - 30 * kDayMs,
                                     now() - 30 * kDayMs - 1, now() - kDayMs};
    made = Pick(edges);
  }
  return Cast::TimedId(std::to_string(++serial_), made);
}

// Of a visit, a purchase, a hold, or a paper slip that may come yet.
Id Generator::TakenId() {
  const std::uint64_t draw = Below(4);
  if (draw == 0) return VisitIn({v1::ENTRY_STATE_SUBMITTED, v1::ENTRY_STATE_EXPIRED});
  if (draw == 1) return PurchaseIn({v1::REDEMPTION_STATE_HELD, v1::REDEMPTION_STATE_CANCELLED});
  if (draw == 2) {
    v1::EntryContent slip;
    const bool any = !papers_.empty() && slip.ParseFromString(Pick(papers_).lines(0).content());
    return any ? slip.entry() : Id();
  }
  std::vector<Id> ids;
  for (const auto& [id, hold] : ledger().holds()) ids.push_back(id);
  return ids.empty() ? Id() : Pick(ids);
}

// Around what there is: the whole, one more, one less, nothing, or some.
std::int64_t Generator::Amount(std::int64_t balance) {
  const std::vector<std::int64_t> edges = {balance, balance + 1, 0, -1, INT64_MAX, INT64_MIN};
  if (Below(4) == 0) return Pick(edges);
  return balance <= 0 ? 1 : random_.Between(1, balance);
}

}  // namespace timebank::model
