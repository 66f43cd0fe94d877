// The sentences that this program says in English and Chinese. Reasons have theirs in
// api/client/reasons.h; help and JSON are in English.
#pragma once

#include <string>
#include <string_view>

#include "wallet-cli/output.h"

namespace timebank::cli {

enum class Text {
  kTransaction,
  kRecorded,       // ... height
  kVerified,       // ... the receipt
  kReceiptSaved,   // ... path
  kNotRecorded,    // outcome unknown, with the id still queued
  kAskAgain,       // what to do then
  kOpenUntil,      // ... time: what was refused may still be recorded
  kSendTheSame,    // ... path of its bytes
  kNobodyAnswers,  // no validator can be reached
  kTooFew,         // ... N of M are reachable, Q are needed
  kDevelopment,    // what a development network is
  kClocksApart,    // before names of validators and by how much
  kNothing,        // an empty list
  kOutcome,
  kState,
  kFlags,
  kReason,
  kTime,
  kMinutes,
  kAmount,
  kAccount,
  kMember,
  kOrganisation,
  kVolunteer,
  kElder,
  kCategory,
  kEntry,
  kRedemption,
  kOffer,
  kName,
  kPrice,
  kStock,
  kHeight,
  kSerial,
  kFinding,
  kSpendable,
  kReceiptHolds,  // a receipt verifies
  kReceiptFails,  // ... at the step
  kReadAs,        // what to do when a read needs a token
};

[[nodiscard]] std::string_view Say(Text text, Language language);

}  // namespace timebank::cli
