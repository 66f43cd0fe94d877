// Spending minutes on goods and services: offers of providers and the steps of a redemption.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "platform/entropy.h"
#include "wallet-cli/card.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/redemption_records.h"

namespace timebank::cli {
namespace {

constexpr Range kPieces = {1, 0xFFFFFFFFLL};

struct RedeemOptions {
  std::string offer;
  std::string quantity = "1";
  std::string holder;
  CardOptions card;
};

struct FulfilOptions {
  std::string redemption;
  std::string minutes;
};

struct ConfirmOptions {
  std::string redemption;
  std::string channel;
  std::string holder;
  std::string witness;
  CardOptions card;
};

// The holder's own act, else a proxy's.
Result<MemberId> HolderOf(Context& context, const std::string& text, Deed& deed) {
  const auto self = context.Self();
  if (!text.empty()) {
    const auto holder = context.FindMember(text, "--holder");
    if (!holder) return Unexpected{holder.error()};
    const bool own = self && (*self)->member == holder->member;
    deed.roles = {own ? v1::ROLE_MEMBER : v1::ROLE_PROXY};
    return holder->member;
  }
  if (!self) return Unexpected{self.error()};
  deed.roles = {v1::ROLE_MEMBER};
  return (*self)->member;
}

Result<Exit> Redeem(Context& context, const RedeemOptions& options) {
  Inputs in(context);
  v1::RedeemAction action;
  action.set_version(1);
  action.set_offer(in.Hex(options.offer, "OFFER", OfferId::kSize));
  // A quantity of zero or less is an amount that is not positive, as the ledger says it.
  const std::int64_t quantity = in.Minutes(options.quantity, "--quantity");
  action.set_quantity(static_cast<std::uint32_t>(
      quantity <= kPieces.high ? quantity : in.Number(options.quantity, "--quantity", kPieces)));
  if (in.failed()) return in.failure();
  Deed deed;
  const auto holder = HolderOf(context, options.holder, deed);
  if (!holder) return Unexpected{holder.error()};
  action.set_holder(holder->str());
  const RedemptionId id = platform::NewId<RedemptionId>(in.Now());
  if (in.failed()) return in.failure();
  action.set_redemption(id.str());
  v1::Redeem& redeem = *deed.body.mutable_redeem();
  redeem.set_action(action.SerializeAsString());
  if (!options.card.terminal.empty()) {
    const auto proof = ProveCard(context, options.card, *holder, redeem.action(), deed);
    if (!proof) return Unexpected{proof.error()};
    *redeem.mutable_pin() = *proof;
  }
  deed.facts = {{"redemption", ToHex(id.view())}};
  return Record(context, deed);
}

// The steps that name a redemption and nothing else.
enum class Act { kAccept, kDecline, kCancel };

Result<Exit> TakeStep(Context& context, const std::string& text, Act act) {
  const auto id = ParseHex(text, "REDEMPTION", RedemptionId::kSize);
  if (!id) return Unexpected{id.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_MERCHANT, v1::ROLE_CASHIER}};
  switch (act) {
    case Act::kAccept:
      deed.body.mutable_accept_redemption()->set_redemption(*id);
      break;
    case Act::kDecline:
      deed.body.mutable_decline_redemption()->set_redemption(*id);
      break;
    case Act::kCancel: {
      deed.body.mutable_cancel_redemption()->set_redemption(*id);
      const auto redemption = ReadRedemption(context, *id);
      if (!redemption) return Unexpected{redemption.error()};
      const auto self = context.Self();
      if (!self) return Unexpected{self.error()};
      const bool own = (*self)->member.text() == redemption->holder();
      deed.roles = {own ? v1::ROLE_MEMBER : v1::ROLE_PROXY};
      break;
    }
  }
  return Record(context, deed);
}

Result<Exit> Fulfil(Context& context, const FulfilOptions& options) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_MERCHANT, v1::ROLE_CASHIER}};
  v1::FulfilRedemption& fulfil = *deed.body.mutable_fulfil_redemption();
  fulfil.set_redemption(in.Hex(options.redemption, "REDEMPTION", RedemptionId::kSize));
  if (!options.minutes.empty()) fulfil.set_minutes(in.Minutes(options.minutes, "--minutes"));
  if (in.failed()) return in.failure();
  return Record(context, deed);
}

struct Way {
  v1::Channel channel = v1::CHANNEL_APP;
  v1::Role role = v1::ROLE_MEMBER;
};

Result<Way> WayOf(Context& context, const ConfirmOptions& options, const MemberId& holder) {
  const auto self = context.Self();
  const bool own = self && (*self)->member == holder;
  Way way;
  if (!options.channel.empty()) {
    const auto channel = ParseWord(*v1::Channel_descriptor(), options.channel, "--channel");
    if (!channel) return Unexpected{channel.error()};
    way.channel = static_cast<v1::Channel>(*channel);
  } else if (!options.card.terminal.empty()) {
    way.channel = v1::CHANNEL_CARD;
  } else if (!options.witness.empty()) {
    way.channel = v1::CHANNEL_PAPER;
  } else if (!own) {
    way.channel = v1::CHANNEL_PROXY;
  }
  way.role = way.channel == v1::CHANNEL_CARD    ? v1::ROLE_TERMINAL
             : way.channel == v1::CHANNEL_PAPER ? v1::ROLE_CLERK
             : way.channel == v1::CHANNEL_PROXY ? v1::ROLE_PROXY
                                                : v1::ROLE_MEMBER;
  return way;
}

Result<Exit> Confirm(Context& context, const ConfirmOptions& options) {
  Inputs in(context);
  v1::ConfirmRedemptionAction action;
  action.set_version(1);
  action.set_redemption(in.Hex(options.redemption, "REDEMPTION", RedemptionId::kSize));
  if (!options.witness.empty()) {
    action.set_witness(in.Member(options.witness, "--witness").member.str());
  }
  MemberId holder;
  if (!options.holder.empty()) holder = in.Member(options.holder, "--holder").member;
  if (in.failed()) return in.failure();
  if (holder.IsZero()) {
    const auto redemption = ReadRedemption(context, action.redemption());
    if (!redemption) return Unexpected{redemption.error()};
    holder = MemberId::From(redemption->holder()).value_or(holder);
  }
  const auto way = WayOf(context, options, holder);
  if (!way) return Unexpected{way.error()};
  action.set_channel(way->channel);
  Deed deed{.body = {}, .roles = {way->role}};
  v1::ConfirmRedemption& confirm = *deed.body.mutable_confirm_redemption();
  confirm.set_action(action.SerializeAsString());
  if (way->channel == v1::CHANNEL_CARD) {
    const auto proof = ProveCard(context, options.card, holder, confirm.action(), deed);
    if (!proof) return Unexpected{proof.error()};
    *confirm.mutable_pin() = *proof;
  }
  return Record(context, deed);
}

void AddRedeem(CLI::App& app, Program& program) {
  auto options = std::make_shared<RedeemOptions>();
  CLI::App* redeem = program.Add(app,
                                 {"redeem", "Ask for an offer; the price is held",
                                  "timebank --as M01761 redeem 0174... --quantity 2"},
                                 [options](Context& context) { return Redeem(context, *options); });
  redeem->add_option("OFFER", options->offer, "32 hexadecimal digits; see `offer list`")
      ->required();
  redeem->add_option("--quantity", options->quantity, "pieces (default 1)");
  redeem->add_option("--holder", options->holder, "whose minutes (default: --as)");
  AddCardOptions(*redeem, options->card);
}

void AddStep(CLI::App& parent, Program& program, const CommandText& text, Act act) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = program.Add(
      parent, text, [id, act](Context& context) { return TakeStep(context, *id, act); });
  command->add_option("REDEMPTION", *id, "32 hexadecimal digits")->required();
}

void AddFulfil(CLI::App& parent, Program& program) {
  auto options = std::make_shared<FulfilOptions>();
  CLI::App* fulfil =
      program.Add(parent,
                  {"fulfil", "The provider has delivered; what it captures is at most the hold",
                   "timebank --as merchant-p1 fulfil 0174..."},
                  [options](Context& context) { return Fulfil(context, *options); });
  fulfil->add_option("REDEMPTION", options->redemption, "32 hexadecimal digits")->required();
  fulfil->add_option("--minutes", options->minutes, "less than was held (default: all)");
}

void AddConfirm(CLI::App& parent, Program& program) {
  auto options = std::make_shared<ConfirmOptions>();
  CLI::App* confirm = program.Add(
      parent,
      {"confirm", "The holder has received it: own key, proxy, card or paper with a witness",
       "timebank --as M01761 confirm 0174..."},
      [options](Context& context) { return Confirm(context, *options); });
  confirm->add_option("REDEMPTION", options->redemption, "32 hexadecimal digits")->required();
  confirm->add_option("--channel", options->channel, "app, proxy, card, paper");
  confirm->add_option("--holder", options->holder, "whose it is (default: as recorded)");
  confirm->add_option("--witness", options->witness, "paper: who saw it");
  AddCardOptions(*confirm, options->card);
}

}  // namespace

void AddRedeemCommands(CLI::App& app, Program& program) {
  CLI::App* family =
      Program::AddFamily(app, {"redemption", "The steps of a redemption, and reading them", ""});
  AddRedeem(app, program);
  const CommandText accept = {"accept", "The provider takes a redemption on",
                              "timebank --as merchant-p1 accept 0174..."};
  // The steps of every day are also there without the family's word.
  AddStep(app, program, accept, Act::kAccept);
  AddStep(*family, program, accept, Act::kAccept);
  AddStep(*family, program,
          {"decline", "The provider declines; the minutes return",
           "timebank --as merchant-p1 redemption decline 0174..."},
          Act::kDecline);
  AddStep(*family, program,
          {"cancel", "The holder cancels; the minutes return",
           "timebank --as M01761 redemption cancel 0174..."},
          Act::kCancel);
  for (CLI::App* parent : {&app, family}) {
    AddFulfil(*parent, program);
    AddConfirm(*parent, program);
  }
  AddRedemptionReads(*family, program);
}

}  // namespace timebank::cli
