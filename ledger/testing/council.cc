#include "ledger/testing/council.h"

namespace timebank::ledger::testing {
namespace {

void Seat(v1::Genesis& genesis, const By& by) {
  v1::Member* member = nullptr;
  for (v1::Member& known : *genesis.mutable_members()) {
    if (known.member() == PersonId(by.person).str()) member = &known;
  }
  if (member == nullptr) {
    member = genesis.add_members();
    member->set_member(PersonId(by.person).str());
    member->set_home_org(OrganisationId("district").str());
    const crypto::PublicKey key = SecretKeyOf(by.person).public_key();
    v1::MemberKey& record = *member->add_keys();
    record.set_key_id(crypto::KeyIdOf(key).str());
    record.set_key(crypto::SuitedKey(key));
  }
  v1::Office& office = *member->add_offices();
  office.set_org(OrganisationId(by.org).str());
  office.set_role(by.role);
}

}  // namespace

void SeatCouncil(v1::Genesis& genesis) {
  for (const char* organisation : {"district", "town", "clinic"}) {
    genesis.add_council(OrganisationId(organisation).str());
  }
  genesis.set_council_threshold(2);
  for (const By& by : {kSeat1, kSeat2, kSeat2Again, kSeat3, kOperator}) Seat(genesis, by);
}

}  // namespace timebank::ledger::testing
