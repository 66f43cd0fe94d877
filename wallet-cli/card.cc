#include "wallet-cli/card.h"

#include <CLI/CLI.hpp>

#include "wallet-cli/arguments.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kPinLifeMs = 120'000;

}  // namespace

void AddCardOptions(CLI::App& command, CardOptions& card) {
  command.add_option("--terminal", card.terminal, "card: identity of the terminal that signs");
  command.add_option("--pin-service", card.pin_service, "card: identity that checked the PIN");
}

Result<v1::PinProof> ProveCard(Context& context, const CardOptions& card, const MemberId& holder,
                               std::string_view action, Deed& deed) {
  if (card.terminal.empty() || card.pin_service.empty()) {
    return Unexpected{UsageFailure("a card needs --terminal NAME and --pin-service NAME",
                                   v1::REASON_MISSING_FIELD)};
  }
  const auto service = context.Person(card.pin_service);
  if (!service) return Unexpected{service.error()};
  const auto now = context.Now();
  if (!now) return Unexpected{now.error()};
  const auto chain_id = context.ChainId();
  if (!chain_id) return Unexpected{chain_id.error()};
  deed.signer = card.terminal;
  deed.roles = {v1::ROLE_TERMINAL};
  const client::SignAs sign{.member = (*service)->member,
                            .role = v1::ROLE_PIN_SERVICE,
                            .org = (*service)->home,
                            .key = &*(*service)->key};
  return client::MakePinProof(*chain_id, sign, holder, action, Millis(now->value() + kPinLifeMs));
}

}  // namespace timebank::cli
