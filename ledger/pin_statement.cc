#include "ledger/pin_statement.h"

#include "chain/canonical.h"
#include "chain/transaction.h"
#include "crypto/sha256.h"
#include "ledger/authority.h"
#include "ledger/form.h"
#include "ledger/org_tree.h"

namespace timebank::ledger {
namespace {

constexpr std::uint32_t kStatementVersion = 1;

// The service is a registered device of an organisation above the holder's home.
bool ServesHome(TxContext& tx, const v1::PinProof& pin, const OrgId& home);

}  // namespace

Reason CheckPinForm(const v1::PinProof& pin) {
  if (AnyEmpty({pin.statement(), pin.service(), pin.key_id(), pin.signature()})) {
    return v1::REASON_MISSING_FIELD;
  }
  const auto fault = chain::CheckCanonical<v1::PinStatement>(AsBytes(pin.statement()));
  return fault ? chain::ReasonOf(fault->fault) : kOk;
}

Reason CheckPin(TxContext& tx, const v1::PinProof& pin, const v1::Member& holder, ByteView action) {
  const auto statement = chain::ParseCanonical<v1::PinStatement>(AsBytes(pin.statement()));
  if (!statement || statement->version() != kStatementVersion) {
    return v1::REASON_BAD_PIN_STATEMENT;
  }
  const std::uint64_t expiry_ms = statement->expiry_ms();
  const bool in_force =
      tx.now_ms() <= expiry_ms && expiry_ms <= tx.now_ms() + kPinValidityMs + kClientAheadMs;
  const bool about_this = statement->card() == holder.member() &&
                          statement->action_digest() == crypto::Sha256(action).text();
  // A device that vouches for itself checks nothing: terminal and PIN service are two.
  const bool apart = pin.service() != tx.signers().front().member.text();
  const bool good =
      in_force && about_this && apart && ServesHome(tx, pin, As<OrgId>(holder.home_org()));
  return good ? kOk : v1::REASON_BAD_PIN_STATEMENT;
}

namespace {

bool ServesHome(TxContext& tx, const v1::PinProof& pin, const OrgId& home) {
  const v1::Member* service = tx.Find<v1::Member>(As<MemberId>(pin.service()));
  if (service == nullptr || service->status() != v1::MEMBER_STATUS_ACTIVE) return false;
  if (ActiveKey(*service, As<KeyId>(pin.key_id())) == nullptr) return false;
  for (const v1::Office& office : service->offices()) {
    if (office.role() == v1::ROLE_PIN_SERVICE &&
        IsAncestor(tx.records(), As<OrgId>(office.org()), home)) {
      return true;
    }
  }
  return false;
}

}  // namespace
}  // namespace timebank::ledger
