#include "ledger/kinds.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "ledger/form.h"
#include "ledger/rules.h"

namespace timebank::ledger {
namespace {

using Body = v1::TransactionBody;

// A row: the accessor tells the message, overloads of CheckForm and Execute do the rest.
template <auto get>
constexpr Kind Row(int number, std::string_view name, Replay replay,
                   std::size_t (*lines)(const Body&) = nullptr) {
  return {.number = number,
          .name = name,
          .replay = replay,
          .lines = lines,
          .check_form = [](const Body& body) { return CheckForm((body.*get)()); },
          .execute = [](TxContext& tx, const Body& body) { return Execute(tx, (body.*get)()); }};
}

template <typename List>
std::size_t Count(const List& list) {
  return static_cast<std::size_t>(list.size());
}

constexpr Replay kMarked = Replay::kMarked;
constexpr Replay kIdempotent = Replay::kIdempotent;

// clang-format off
constexpr std::array kKinds{
    Row<&Body::create_organisation>(16, "CREATE_ORGANISATION", kIdempotent),
    Row<&Body::appoint_officer>(17, "APPOINT_OFFICER", kMarked),
    Row<&Body::dismiss_officer>(18, "DISMISS_OFFICER", kMarked),
    Row<&Body::set_policy>(19, "SET_POLICY", kMarked),
    Row<&Body::set_threshold>(20, "SET_THRESHOLD", kMarked),
    Row<&Body::change_validators>(22, "CHANGE_VALIDATORS", kMarked),
    Row<&Body::ready>(23, "READY", kIdempotent),
    Row<&Body::approve_budget>(25, "APPROVE_BUDGET", kIdempotent),
    Row<&Body::schedule_edition>(30, "SCHEDULE_EDITION", kMarked),
    Row<&Body::register_member>(40, "REGISTER_MEMBER", kIdempotent),
    Row<&Body::add_key>(41, "ADD_KEY", kIdempotent),
    Row<&Body::revoke_key>(42, "REVOKE_KEY", kIdempotent),
    Row<&Body::set_proxy>(43, "SET_PROXY", kMarked),
    Row<&Body::register_kin>(51, "REGISTER_KIN", kIdempotent),
    Row<&Body::list_member>(60, "LIST_MEMBER", kMarked,
        [](const Body& body) { return Count(body.list_member().members()); }),
    Row<&Body::unlist_member>(61, "UNLIST_MEMBER", kMarked,
        [](const Body& body) { return Count(body.unlist_member().members()); }),
    Row<&Body::grant_run>(62, "GRANT_RUN", kMarked,
        [](const Body& body) { return Count(body.grant_run().members()); }),
    Row<&Body::place_order>(70, "PLACE_ORDER", kIdempotent),
    Row<&Body::claim_order>(71, "CLAIM_ORDER", kIdempotent),
    Row<&Body::check_in>(72, "CHECK_IN", kIdempotent),
    Row<&Body::check_out>(73, "CHECK_OUT", kIdempotent),
    Row<&Body::submit_entry>(74, "SUBMIT_ENTRY", kIdempotent),
    Row<&Body::confirm_entry>(75, "CONFIRM_ENTRY", kIdempotent),
    Row<&Body::approve_entries>(76, "APPROVE_ENTRIES", kMarked,
        [](const Body& body) { return Count(body.approve_entries().lines()); }),
    Row<&Body::review_entry>(77, "REVIEW_ENTRY", kIdempotent),
    Row<&Body::reject_entry>(78, "REJECT_ENTRY", kIdempotent),
    Row<&Body::cancel_order>(79, "CANCEL_ORDER", kIdempotent),
    Row<&Body::report_no_show>(80, "REPORT_NO_SHOW", kIdempotent),
    Row<&Body::paper_batch>(81, "PAPER_BATCH", kMarked,
        [](const Body& body) { return Count(body.paper_batch().lines()); }),
    Row<&Body::correct_entry>(82, "CORRECT_ENTRY", kIdempotent),
    Row<&Body::publish_offer>(100, "PUBLISH_OFFER", kMarked),
    Row<&Body::redeem>(101, "REDEEM", kIdempotent),
    Row<&Body::accept_redemption>(102, "ACCEPT_REDEMPTION", kIdempotent),
    Row<&Body::decline_redemption>(103, "DECLINE_REDEMPTION", kIdempotent),
    Row<&Body::fulfil_redemption>(104, "FULFIL_REDEMPTION", kIdempotent),
    Row<&Body::confirm_redemption>(105, "CONFIRM_REDEMPTION", kIdempotent),
    Row<&Body::cancel_redemption>(106, "CANCEL_REDEMPTION", kIdempotent),
    Row<&Body::donate>(120, "DONATE", kMarked),
    Row<&Body::revoke_donation>(121, "REVOKE_DONATION", kMarked),
    Row<&Body::transfer>(122, "TRANSFER", kMarked),
};
// clang-format on

static_assert(std::is_sorted(kKinds.begin(), kKinds.end(),
                             [](const Kind& a, const Kind& b) { return a.number < b.number; }));

}  // namespace

std::span<const Kind> Kinds() { return kKinds; }

const Kind* FindKind(int number) {
  const auto at = std::lower_bound(kKinds.begin(), kKinds.end(), number,
                                   [](const Kind& kind, int n) { return kind.number < n; });
  return at != kKinds.end() && at->number == number ? &*at : nullptr;
}

bool HasThreshold(std::uint32_t number) {
  return number == Body::kCreateOrganisation || number == Body::kAppointOfficer ||
         number == Body::kDismissOfficer || number == Body::kSetPolicy ||
         number == Body::kSetThreshold;
}

std::size_t UnitsOf(const v1::TransactionBody& body) {
  const Kind* kind = FindKind(body.kind_case());
  if (kind == nullptr || kind->lines == nullptr) return 1;
  return std::max<std::size_t>(1, kind->lines(body));
}

Reason CheckForm(const v1::TransactionBody& body) {
  const Kind* kind = FindKind(body.kind_case());
  if (kind == nullptr) return v1::REASON_UNKNOWN_FIELD;
  if (const Reason r = CheckSigners(body); r != kOk) return r;
  return kind->check_form(body);
}

}  // namespace timebank::ledger
