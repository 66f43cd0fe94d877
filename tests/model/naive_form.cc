#include "tests/model/naive_form.h"

#include <initializer_list>
#include <set>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace timebank::model {
namespace {

constexpr auto kOk = v1::REASON_UNSPECIFIED;

bool AnyEmpty(std::initializer_list<std::string> fields) {
  for (const std::string& field : fields) {
    if (field.empty()) return true;
  }
  return false;
}

v1::Reason Missing(bool missing) { return missing ? v1::REASON_MISSING_FIELD : kOk; }

v1::Reason Form(const v1::CreateOrganisation& tx) {
  return Missing(AnyEmpty({tx.org(), tx.parent(), tx.name()}) || tx.kind() == 0);
}

v1::Reason Form(const v1::AppointOfficer& tx) {
  if (AnyEmpty({tx.org(), tx.member()}) || tx.role() == 0) return v1::REASON_MISSING_FIELD;
  return tx.role() < v1::ROLE_APPROVER ? v1::REASON_BAD_FIELD : kOk;
}

v1::Reason Form(const v1::DismissOfficer& tx) {
  if (AnyEmpty({tx.org(), tx.member()}) || tx.role() == 0) return v1::REASON_MISSING_FIELD;
  return tx.role() < v1::ROLE_APPROVER ? v1::REASON_BAD_FIELD : kOk;
}

v1::Reason Form(const v1::SetPolicy& tx) {
  if (tx.org().empty() || tx.values().empty()) return v1::REASON_MISSING_FIELD;
  std::uint32_t last = 0;
  for (const auto& value : tx.values()) {
    const bool known = value.parameter() <= v1::POLICY_PARAMETER_INDEPENDENCE_AGE_MS ||
                       (value.parameter() >= 1'001 && value.parameter() <= 1'010) ||
                       (value.parameter() >= 1'100 && value.parameter() <= 66'535);
    if (value.parameter() <= last || !known) return v1::REASON_BAD_FIELD;
    last = value.parameter();
  }
  return kOk;
}

v1::Reason Form(const v1::SetThreshold& tx) {
  if (tx.org().empty() || tx.action() == 0) return v1::REASON_MISSING_FIELD;
  if (tx.persons() == 0) return v1::REASON_MISSING_FIELD;
  using Body = v1::TransactionBody;
  const std::set<std::uint32_t> by_threshold = {Body::kCreateOrganisation, Body::kAppointOfficer,
                                                Body::kDismissOfficer, Body::kSetPolicy,
                                                Body::kSetThreshold};
  const bool good = by_threshold.contains(tx.action()) && tx.persons() <= 16;
  return good ? kOk : v1::REASON_BAD_FIELD;
}

v1::Reason Form(const v1::ApproveBudget& tx) {
  if (tx.district().empty()) return v1::REASON_MISSING_FIELD;
  return tx.minutes() <= 0 ? v1::REASON_AMOUNT_NOT_POSITIVE : kOk;
}

v1::Reason Form(const v1::RegisterMember& tx) {
  if (AnyEmpty({tx.member(), tx.home_org()})) return v1::REASON_MISSING_FIELD;
  return tx.birth_year() != 0 && tx.birth_year() < 1850 ? v1::REASON_BAD_FIELD : kOk;
}

v1::Reason Form(const v1::AddKey& tx) { return Missing(tx.member().empty() || !tx.has_key()); }
v1::Reason Form(const v1::RevokeKey& tx) { return Missing(AnyEmpty({tx.member(), tx.key_id()})); }

v1::Reason Form(const v1::SetProxy& tx) {
  constexpr std::uint32_t kAllScopes = 1 | 2 | 4 | 8;
  if (AnyEmpty({tx.member(), tx.proxy()})) return v1::REASON_MISSING_FIELD;
  return (tx.scope() & ~kAllScopes) != 0 ? v1::REASON_BAD_FIELD : kOk;
}

v1::Reason Form(const v1::RegisterKin& tx) {
  return Missing(AnyEmpty({tx.member(), tx.relative()}) || tx.kinship() == 0);
}

template <typename ListOrUnlist>
v1::Reason ListForm(const ListOrUnlist& tx) {
  if (tx.org().empty() || tx.list_class() == 0 || tx.members().empty()) {
    return v1::REASON_MISSING_FIELD;
  }
  const std::set<std::string> members(tx.members().begin(), tx.members().end());
  const bool each_once = static_cast<int>(members.size()) == tx.members_size();
  return each_once ? kOk : v1::REASON_BAD_FIELD;
}

v1::Reason Form(const v1::GrantRun& tx) {
  if (AnyEmpty({tx.district(), tx.list_hash()}) || tx.month() == 0 || tx.list_class() == 0 ||
      tx.members().empty()) {
    return v1::REASON_MISSING_FIELD;
  }
  std::string all;
  for (int i = 0; i < tx.members_size(); ++i) {
    if (i > 0 && tx.members(i) <= tx.members(i - 1)) return v1::REASON_BAD_FIELD;
    all += tx.members(i);
  }
  return crypto::Sha256(AsBytes(all)).str() == tx.list_hash() ? kOk : v1::REASON_BAD_FIELD;
}

v1::Reason Form(const v1::Donate& tx) {
  if (AnyEmpty({tx.hold(), tx.org()})) return v1::REASON_MISSING_FIELD;
  return tx.minutes() <= 0 ? v1::REASON_AMOUNT_NOT_POSITIVE : kOk;
}

v1::Reason Form(const v1::Transfer& tx) {
  if (tx.to().empty()) return v1::REASON_MISSING_FIELD;
  return tx.minutes() <= 0 ? v1::REASON_AMOUNT_NOT_POSITIVE : kOk;
}

v1::Reason Form(const v1::PlaceOrder& tx) {
  return Missing(AnyEmpty({tx.entry(), tx.elder(), tx.community()}) || tx.kind() == 0 ||
                 tx.planned_start_ms() == 0 || tx.planned_minutes() == 0);
}

template <typename CheckInOrOut>
v1::Reason CheckForm(const CheckInOrOut& tx) {
  return Missing(tx.entry().empty() || tx.at_ms() == 0 || tx.place() == 0);
}

v1::Reason Form(const v1::ConfirmEntry& tx) {
  v1::ConfirmAction action;
  if (!action.ParseFromString(tx.action())) return v1::REASON_MALFORMED;
  if (action.version() != 1) return v1::REASON_UNKNOWN_VERSION;
  if (AnyEmpty({action.entry(), action.content_hash()}) || action.channel() == 0) {
    return v1::REASON_MISSING_FIELD;
  }
  const v1::Channel channel = action.channel();
  const bool no_witness = channel == v1::CHANNEL_PAPER && action.witness().empty();
  const bool no_reference =
      channel == v1::CHANNEL_CALLBACK && action.reference_commitment().empty();
  const bool no_pin = channel == v1::CHANNEL_CARD && !tx.has_pin();
  if (no_witness || no_reference || no_pin) return v1::REASON_MISSING_FIELD;
  return channel != v1::CHANNEL_CARD && tx.has_pin() ? v1::REASON_BAD_FIELD : kOk;
}

v1::Reason Form(const v1::PaperBatch& tx) {
  return Missing(AnyEmpty({tx.org(), tx.file_hash()}) || tx.lines().empty());
}

v1::Reason Form(const v1::ReviewEntry& tx) {
  return Missing(tx.entry().empty() || tx.verdict() == 0);
}

v1::Reason Form(const v1::CorrectEntry& tx) {
  if (tx.entry().empty()) return v1::REASON_MISSING_FIELD;
  if (tx.replacement().empty()) return kOk;
  return ContentForm(tx.replacement(), Parsed<v1::EntryContent>(tx.replacement()).channel());
}

v1::Reason Form(const v1::PublishOffer& tx) {
  if (AnyEmpty({tx.offer(), tx.org(), tx.name()}) || tx.kind() == 0) {
    return v1::REASON_MISSING_FIELD;
  }
  return tx.price_minutes() <= 0 ? v1::REASON_AMOUNT_NOT_POSITIVE : kOk;
}

v1::Reason Form(const v1::Redeem& tx) {
  v1::RedeemAction action;
  if (!action.ParseFromString(tx.action())) return v1::REASON_MALFORMED;
  if (action.version() != 1) return v1::REASON_UNKNOWN_VERSION;
  return Missing(AnyEmpty({action.redemption(), action.offer(), action.holder()}) ||
                 action.quantity() == 0);
}

v1::Reason Form(const v1::FulfilRedemption& tx) {
  if (tx.redemption().empty()) return v1::REASON_MISSING_FIELD;
  return tx.minutes() < 0 ? v1::REASON_AMOUNT_NOT_POSITIVE : kOk;
}

v1::Reason Form(const v1::ConfirmRedemption& tx) {
  v1::ConfirmRedemptionAction action;
  if (!action.ParseFromString(tx.action())) return v1::REASON_MALFORMED;
  if (action.version() != 1) return v1::REASON_UNKNOWN_VERSION;
  const v1::Channel channel = action.channel();
  const bool no_witness = channel == v1::CHANNEL_PAPER && action.witness().empty();
  const bool no_pin = channel == v1::CHANNEL_CARD && !tx.has_pin();
  if (action.redemption().empty() || channel == 0 || no_witness || no_pin) {
    return v1::REASON_MISSING_FIELD;
  }
  return channel != v1::CHANNEL_CARD && tx.has_pin() ? v1::REASON_BAD_FIELD : kOk;
}

}  // namespace

v1::Reason ContentForm(const std::string& bytes, v1::Channel channel) {
  v1::EntryContent content;
  if (!content.ParseFromString(bytes)) return v1::REASON_MALFORMED;
  if (content.version() != 1) return v1::REASON_UNKNOWN_VERSION;
  if (AnyEmpty({content.entry(), content.community(), content.volunteer(), content.elder()}) ||
      content.kind() == 0 || content.place() == 0 || content.start_ms() == 0 ||
      content.end_ms() == 0 || content.channel() == 0) {
    return v1::REASON_MISSING_FIELD;
  }
  if (content.category() < 0 || content.category() > 65'535) return v1::REASON_BAD_FIELD;
  const bool backwards = content.end_ms() <= content.start_ms();
  return content.channel() != channel || backwards ? v1::REASON_BAD_FIELD : kOk;
}

v1::Reason FormOf(const v1::TransactionBody& body) {
  using Body = v1::TransactionBody;
  // clang-format off
  switch (body.kind_case()) {
    case Body::kCreateOrganisation: return Form(body.create_organisation());
    case Body::kAppointOfficer: return Form(body.appoint_officer());
    case Body::kDismissOfficer: return Form(body.dismiss_officer());
    case Body::kSetPolicy: return Form(body.set_policy());
    case Body::kSetThreshold: return Form(body.set_threshold());
    case Body::kApproveBudget: return Form(body.approve_budget());
    case Body::kRegisterMember: return Form(body.register_member());
    case Body::kAddKey: return Form(body.add_key());
    case Body::kRevokeKey: return Form(body.revoke_key());
    case Body::kSetProxy: return Form(body.set_proxy());
    case Body::kRegisterKin: return Form(body.register_kin());
    case Body::kListMember: return ListForm(body.list_member());
    case Body::kUnlistMember: return ListForm(body.unlist_member());
    case Body::kGrantRun: return Form(body.grant_run());
    case Body::kPlaceOrder: return Form(body.place_order());
    case Body::kClaimOrder: return Missing(body.claim_order().entry().empty());
    case Body::kCheckIn: return CheckForm(body.check_in());
    case Body::kCheckOut: return CheckForm(body.check_out());
    case Body::kSubmitEntry: return ContentForm(body.submit_entry().content(), v1::CHANNEL_APP);
    case Body::kConfirmEntry: return Form(body.confirm_entry());
    case Body::kApproveEntries: return Missing(body.approve_entries().lines().empty());
    case Body::kReviewEntry: return Form(body.review_entry());
    case Body::kRejectEntry: return Missing(body.reject_entry().entry().empty());
    case Body::kCancelOrder: return Missing(body.cancel_order().entry().empty());
    case Body::kReportNoShow: return Missing(body.report_no_show().entry().empty());
    case Body::kPaperBatch: return Form(body.paper_batch());
    case Body::kCorrectEntry: return Form(body.correct_entry());
    case Body::kPublishOffer: return Form(body.publish_offer());
    case Body::kRedeem: return Form(body.redeem());
    case Body::kAcceptRedemption: return Missing(body.accept_redemption().redemption().empty());
    case Body::kDeclineRedemption: return Missing(body.decline_redemption().redemption().empty());
    case Body::kFulfilRedemption: return Form(body.fulfil_redemption());
    case Body::kConfirmRedemption: return Form(body.confirm_redemption());
    case Body::kCancelRedemption: return Missing(body.cancel_redemption().redemption().empty());
    case Body::kDonate: return Form(body.donate());
    case Body::kRevokeDonation: return Missing(body.revoke_donation().hold().empty());
    case Body::kTransfer: return Form(body.transfer());
    case Body::kChangeValidators:
    case Body::kScheduleEdition:
    case Body::kReady: return v1::REASON_UNKNOWN_FIELD;  // who validates by what is not modelled
    case Body::KIND_NOT_SET: return v1::REASON_MISSING_FIELD;
  }
  // clang-format on
  return v1::REASON_MISSING_FIELD;
}

}  // namespace timebank::model
