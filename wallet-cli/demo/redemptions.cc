#include "wallet-cli/demo/redemptions.h"

#include <utility>
#include <vector>

#include "base/civil.h"
#include "platform/entropy.h"

namespace timebank::cli {
namespace {

constexpr std::size_t kRedemptionsMax = 12;
constexpr std::uint64_t kPinLifeMs = 120'000;
constexpr int kRedeemAge = 60;

struct Meal {
  const PilotMember* elder;
  RedemptionId id;
};

using Wave = std::vector<client::SignedTransaction>;

// An action of the elder: by own key, or at the community's terminal with the card's PIN.
template <typename Message>
client::SignedTransaction ByElder(const Stage& stage, const Cast& cast, const PilotMember& elder,
                                  Message* (v1::TransactionBody::*kind)(),
                                  const std::string& action) {
  v1::TransactionBody body;
  Message& message = *(body.*kind)();
  message.set_action(action);
  const Identity& person = cast.Person(elder.number);
  if (person.key) return stage.Sign({AsMember(person)}, body);
  const CastOrg& community = cast.communities.at(elder.community);
  const auto service =
      As(cast.Person("pin-service-" + community.code), v1::ROLE_PIN_SERVICE, community.id);
  *message.mutable_pin() = client::MakePinProof(stage.chain_id(), service, person.member, action,
                                                Millis(stage.Now().value() + kPinLifeMs));
  return stage.Sign(
      {As(cast.Person("terminal-" + community.code), v1::ROLE_TERMINAL, community.id)}, body);
}

Expected<bool, std::string> PlayAll(Stage& stage, const Wave& wave, const std::string& what) {
  const auto results = stage.Play(wave);
  if (!results) return Unexpected{what + ": " + results.error()};
  for (const StageResult& result : *results) {
    if (!result.final) return Unexpected{what + ": " + v1::Reason_Name(result.reason)};
  }
  return true;
}

std::vector<Meal> ChooseElders(const Stage& stage, const PilotData& data) {
  std::vector<Meal> meals;
  const int year = ToCivil(stage.Now(), kPilotOffsetMinutes).year;
  for (const PilotMember& member : data.members) {
    if (!member.elder || year - member.birth_year <= kRedeemAge) continue;
    meals.push_back({&member, platform::NewId<RedemptionId>(stage.Now())});
    if (meals.size() == kRedemptionsMax) break;
  }
  return meals;
}

}  // namespace

Expected<std::uint64_t, std::string> PlayRedemptions(Stage& stage, const Cast& cast,
                                                     const PilotData& data, const OfferId& offer) {
  const std::vector<Meal> meals = ChooseElders(stage, data);
  const auto merchant = As(cast.Person("merchant-p1"), v1::ROLE_MERCHANT, cast.provider.id);
  Wave redeem;
  Wave accept;
  Wave fulfil;
  Wave confirm;
  for (const Meal& meal : meals) {
    v1::RedeemAction action;
    action.set_version(1);
    action.set_redemption(meal.id.str());
    action.set_offer(offer.str());
    action.set_holder(cast.Person(meal.elder->number).member.str());
    action.set_quantity(1);
    redeem.push_back(ByElder(stage, cast, *meal.elder, &v1::TransactionBody::mutable_redeem,
                             action.SerializeAsString()));
    v1::TransactionBody body;
    body.mutable_accept_redemption()->set_redemption(meal.id.str());
    accept.push_back(stage.Sign({merchant}, body));
    body.mutable_fulfil_redemption()->set_redemption(meal.id.str());
    fulfil.push_back(stage.Sign({merchant}, body));
    v1::ConfirmRedemptionAction done;
    done.set_version(1);
    done.set_redemption(meal.id.str());
    const bool phone = cast.Person(meal.elder->number).key.has_value();
    done.set_channel(phone ? v1::CHANNEL_APP : v1::CHANNEL_CARD);
    confirm.push_back(ByElder(stage, cast, *meal.elder,
                              &v1::TransactionBody::mutable_confirm_redemption,
                              done.SerializeAsString()));
  }
  const std::pair<const Wave*, const char*> waves[] = {{&redeem, "redeeming"},
                                                       {&accept, "accepting a redemption"},
                                                       {&fulfil, "fulfilling a redemption"},
                                                       {&confirm, "confirming a redemption"}};
  for (const auto& [wave, what] : waves) {
    if (auto played = PlayAll(stage, *wave, what); !played) return Unexpected{played.error()};
  }
  return meals.size();
}

}  // namespace timebank::cli
