// Confirming and redeeming with a card (DOMAIN 8a): a terminal signs, and the elder's organisation
// states that the PIN was right for exactly these action bytes.
#pragma once

#include <string>
#include <string_view>

#include "wallet-cli/app.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {

struct CardOptions {
  std::string terminal;     // identity of the device that signs; empty: no card
  std::string pin_service;  // identity that has checked the PIN
};

void AddCardOptions(CLI::App& command, CardOptions& card);
// Makes `deed` the terminal's, and the proof that it carries. Requires: a terminal.
[[nodiscard]] Result<v1::PinProof> ProveCard(Context& context, const CardOptions& card,
                                             const MemberId& holder, std::string_view action,
                                             Deed& deed);

}  // namespace timebank::cli
