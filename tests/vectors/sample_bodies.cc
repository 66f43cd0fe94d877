#include "tests/vectors/sample_bodies.h"

#include <initializer_list>
#include <utility>

#include "chain/canonical.h"
#include "chain/testing/sample_chain.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "ledger/entry_content.h"

namespace timebank::chain {
namespace {

using testing::KeyOf;

v1::TransactionBody BodyBy(std::initializer_list<std::pair<char, v1::Role>> signers) {
  v1::TransactionBody body;
  body.set_version(1);
  for (const auto& [member, role] : signers) {
    v1::Signer& signer = *body.add_signers();
    signer.set_member(Id(member));
    signer.set_key_id(
        crypto::KeyIdOf(KeyOf(static_cast<std::uint64_t>(member)).public_key()).str());
    signer.set_role(role);
    if (role != v1::ROLE_MEMBER) signer.set_org(Id('c'));
  }
  body.set_valid_until_ms(kNowMs + 3'600'000);
  body.set_nonce("12345678");
  return body;
}

}  // namespace

std::string Id(char letter) { return std::string(16, letter); }

v1::EntryContent SampleContent() {
  v1::EntryContent content;
  content.set_version(1);
  content.set_entry(Id('e'));
  content.set_community(Id('c'));
  content.set_kind(v1::ENTRY_KIND_VOLUNTEER);
  content.set_category(v1::CATEGORY_ERRAND);
  content.set_volunteer(Id('v'));
  content.set_elder(Id('o'));
  content.set_start_ms(kNowMs);
  content.set_end_ms(kNowMs + 2'700'000);
  content.set_place(v1::PLACE_CLAIM_MATCH);
  content.set_channel(v1::CHANNEL_APP);
  return content;
}

std::string SlipIdOf(std::string_view serial) {
  return ledger::SlipId(Millis(kNowMs), *OrgId::From(Id('s')), AsBytes(serial)).str();
}

std::string SampleConfirmAction() {
  v1::ConfirmAction action;
  action.set_version(1);
  action.set_entry(Id('e'));
  action.set_content_hash(crypto::Sha256(AsBytes(CanonicalBytes(SampleContent()))).str());
  action.set_channel(v1::CHANNEL_CARD);
  return CanonicalBytes(action);
}

std::string SamplePinStatement() {
  v1::PinStatement statement;
  statement.set_version(1);
  statement.set_card(Id('o'));
  statement.set_action_digest(crypto::Sha256(AsBytes(SampleConfirmAction())).str());
  statement.set_expiry_ms(kNowMs + 120'000);
  return CanonicalBytes(statement);
}

std::vector<NamedBody> SampleBodies() {
  v1::TransactionBody order = BodyBy({{'o', v1::ROLE_MEMBER}});
  order.mutable_place_order()->set_entry(Id('e'));
  order.mutable_place_order()->set_elder(Id('o'));
  order.mutable_place_order()->set_community(Id('c'));
  order.mutable_place_order()->set_category(v1::Category{100});  // by policy
  order.mutable_place_order()->set_kind(v1::ENTRY_KIND_VOLUNTEER);
  order.mutable_place_order()->set_planned_start_ms(kNowMs);
  order.mutable_place_order()->set_planned_minutes(45);
  v1::TransactionBody submit = BodyBy({{'v', v1::ROLE_MEMBER}});
  submit.mutable_submit_entry()->set_content(CanonicalBytes(SampleContent()));
  v1::TransactionBody confirm = BodyBy({{'t', v1::ROLE_TERMINAL}});
  confirm.mutable_confirm_entry()->set_action(SampleConfirmAction());
  v1::PinProof& pin = *confirm.mutable_confirm_entry()->mutable_pin();
  pin.set_statement(SamplePinStatement());
  pin.set_service(Id('p'));
  pin.set_key_id(crypto::KeyIdOf(KeyOf(kPinServiceKey).public_key()).str());
  pin.set_signature(std::string(65, '\1'));
  v1::TransactionBody policy = BodyBy({{'r', v1::ROLE_REGULATOR}, {'q', v1::ROLE_REGULATOR}});
  policy.mutable_set_policy()->set_org(Id('c'));
  policy.mutable_set_policy()->set_effective_from_ms(kNowMs + 604'800'000);
  for (const std::uint32_t parameter : {3U, 1'100U}) {
    v1::PolicyValue& value = *policy.mutable_set_policy()->add_values();
    value.set_parameter(parameter);
    value.set_value(parameter == 3 ? 0 : 1'200);
  }
  v1::TransactionBody paper = BodyBy({{'k', v1::ROLE_CLERK}});
  paper.mutable_paper_batch()->set_org(Id('s'));
  paper.mutable_paper_batch()->set_file_hash(std::string(32, 'h'));
  for (const char* serial : {"P0001", "P0002"}) {
    v1::EntryContent content = SampleContent();
    content.set_entry(SlipIdOf(serial));
    content.set_channel(v1::CHANNEL_PAPER);
    v1::PaperLine& line = *paper.mutable_paper_batch()->add_lines();
    line.set_content(CanonicalBytes(content));
    line.set_serial(serial);
    line.set_witness(Id('w'));
  }
  return {{"place order, category by policy", order},
          {"submit entry", submit},
          {"confirm entry by card", confirm},
          {"set policy, two signers", policy},
          {"paper batch, a list", paper}};
}

}  // namespace timebank::chain
