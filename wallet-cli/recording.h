// Signing, submitting and reporting: the one way in which commands change the ledger. What is said
// to be recorded has been verified.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "wallet-cli/context.h"

namespace timebank::cli {

// One transaction to be made.
struct Deed {
  v1::TransactionBody body;
  // Capacities in which it may be signed; the first that a signer holds is taken.
  std::vector<v1::Role> roles;
  // The organisation in which an office counts, where a signer has it in several.
  std::optional<OrgId> at;
  // Identity that signs in the place of --as: a card terminal.
  std::string signer;
  // What was made here and is needed later, by name: {"entry", hex}.
  std::vector<std::pair<std::string, std::string>> facts;
};

// --as and every --with, in the capacities that `deed` allows.
[[nodiscard]] Result<std::vector<client::SignAs>> SignersOf(Context& context, const Deed& deed);

// `deed` signed by them, valid from ledger time on.
[[nodiscard]] Result<client::SignedTransaction> Sign(Context& context, const Deed& deed);

struct Recording {
  client::SignedTransaction transaction;
  client::Recorded recorded;
};
// Signs, submits and waits for the verified receipt, which is saved where --receipt says. The id is
// shown before anything is sent. A failure carries the id and how many validators were reachable.
[[nodiscard]] Result<Recording> Submit(Context& context, const Deed& deed);
[[nodiscard]] Result<client::Recorded> SubmitSigned(Context& context,
                                                    const client::SignedTransaction& transaction);

// Submit, then tell; with --sign-only only the envelope is written.
[[nodiscard]] Result<Exit> Record(Context& context, const Deed& deed);

// What was recorded, for people or programs. `redemption`: how the lines' states are named.
struct Told {
  const client::Recorded& recorded;
  bool redemption = false;
  std::vector<std::pair<std::string, std::string>> facts;
};
void Tell(Context& context, const Told& told);
[[nodiscard]] nlohmann::json JsonOf(Context& context, const Told& told);
[[nodiscard]] bool IsRedemption(v1::TransactionBody::KindCase kind);

// Writes the receipt to `path`; nothing for an empty path.
[[nodiscard]] Result<Done> SaveReceipt(const std::string& path, const client::Recorded& recorded);

}  // namespace timebank::cli
