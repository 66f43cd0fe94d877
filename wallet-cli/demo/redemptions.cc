#include "wallet-cli/demo/redemptions.h"

#include <functional>
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
  const CastOrg& community = cast.HomeOf(elder);
  const auto service =
      As(cast.Person("pin-service-" + community.code), v1::ROLE_PIN_SERVICE, community.id);
  *message.mutable_pin() = client::MakePinProof(stage.chain_id(), service, person.member, action,
                                                Millis(stage.Now().value() + kPinLifeMs));
  return stage.Sign(
      {As(cast.Person("terminal-" + community.code), v1::ROLE_TERMINAL, community.id)}, body);
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

client::SignedTransaction Redeem(const Stage& stage, const Cast& cast, const Meal& meal,
                                 const OfferId& offer) {
  v1::RedeemAction action;
  action.set_version(1);
  action.set_redemption(meal.id.str());
  action.set_offer(offer.str());
  action.set_holder(cast.Person(meal.elder->number).member.str());
  action.set_quantity(1);
  return ByElder(stage, cast, *meal.elder, &v1::TransactionBody::mutable_redeem,
                 action.SerializeAsString());
}

client::SignedTransaction Confirm(const Stage& stage, const Cast& cast, const Meal& meal) {
  v1::ConfirmRedemptionAction done;
  done.set_version(1);
  done.set_redemption(meal.id.str());
  const bool phone = cast.Person(meal.elder->number).key.has_value();
  done.set_channel(phone ? v1::CHANNEL_APP : v1::CHANNEL_CARD);
  return ByElder(stage, cast, *meal.elder, &v1::TransactionBody::mutable_confirm_redemption,
                 done.SerializeAsString());
}

// One step of all meals; those that are refused are noted and leave.
Expected<bool, std::string> PlayStep(
    Stage& stage, const char* step, std::vector<Meal>& meals, Redemptions& out,
    const std::function<client::SignedTransaction(const Meal&)>& sign) {
  std::vector<client::SignedTransaction> wave;
  for (const Meal& meal : meals) wave.push_back(sign(meal));
  const auto results = stage.Play(wave);
  if (!results) return Unexpected{std::string(step) + ": " + results.error()};
  std::vector<Meal> left;
  for (std::size_t i = 0; i < meals.size(); ++i) {
    const StageResult& result = (*results)[i];
    if (result.final) {
      left.push_back(meals[i]);
    } else {
      out.refused.push_back({meals[i].elder->number, step, v1::Reason_Name(result.reason)});
    }
  }
  meals = std::move(left);
  return true;
}

}  // namespace

Expected<Redemptions, std::string> PlayRedemptions(Stage& stage, const Cast& cast,
                                                   const PilotData& data, const OfferId& offer) {
  std::vector<Meal> meals = ChooseElders(stage, data);
  const auto merchant = As(cast.Person("merchant-p1"), v1::ROLE_MERCHANT, cast.provider.id);
  const auto by_merchant = [&](const auto& fill) {
    return [&stage, merchant, fill](const Meal& meal) {
      v1::TransactionBody body;
      fill(body)->set_redemption(meal.id.str());
      return stage.Sign({merchant}, body);
    };
  };
  Redemptions out;
  const std::pair<const char*, std::function<client::SignedTransaction(const Meal&)>> steps[] = {
      {"redeem", [&](const Meal& meal) { return Redeem(stage, cast, meal, offer); }},
      {"accept", by_merchant([](auto& body) { return body.mutable_accept_redemption(); })},
      {"fulfil", by_merchant([](auto& body) { return body.mutable_fulfil_redemption(); })},
      {"confirm", [&](const Meal& meal) { return Confirm(stage, cast, meal); }}};
  for (const auto& [step, sign] : steps) {
    if (auto played = PlayStep(stage, step, meals, out, sign); !played) {
      return Unexpected{played.error()};
    }
  }
  out.captured = meals.size();
  return out;
}

}  // namespace timebank::cli
