// A client of a ledger: several nodes with failover, trust from the genesis file alone. What it
// calls recorded, it has verified; what it calls refused, f + 1 validators have said (DESIGN 4).
// Thread-safe. Calls block. In bulk:
// submit_stream.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/client/channel.h"
#include "api/client/error.h"
#include "api/client/read_token.h"
#include "api/client/transaction_builder.h"
#include "base/expected.h"
#include "chain/receipt.h"
#include "timebank/v1/query.pb.h"

namespace timebank::client {

struct ClientOptions {
  std::string genesis;                // canonical bytes of genesis.bin
  std::vector<NodeAddress> nodes;     // in order of preference
  std::size_t submit_to = 2;          // nodes that are sent a transaction at once
  std::uint32_t timeout_ms = 10'000;  // of a call that does not say otherwise
};

// Proven by a receipt that this client has verified.
struct Recorded {
  Hash id;
  std::string receipt;  // canonical bytes, to be kept
  chain::VerifiedReceipt verified;
};
// f + 1 validators refuse, judged at or above the height of this client's last answer. That is true
// of its moment: whoever holds the bytes may bring them again while they are valid, and then they
// are recorded if the ledger has come to allow it. To try again, send the same bytes: their id
// counts once, where new bytes could be a second gift (docs/adr/0008).
struct Refused {
  Hash id;
  Error error;
  Height judged;  // the lowest at which one of them judged, which no liar can raise
  // Ledger time up to which the same bytes may still be recorded; empty: never, the bytes
  // themselves are at fault.
  std::optional<Millis> open_until;
};
// Neither is known: ask for the receipt later, or send the same bytes again.
struct Unknown {
  Hash id;
  Error error;
};
using SubmitOutcome = std::variant<Recorded, Refused, Unknown>;

// Which part of a transaction's receipt is asked for, and by whom.
struct ReceiptQuery {
  std::uint32_t wait_ms = 0;         // for finality; 0: not at all
  std::vector<std::uint32_t> lines;  // effects lines, ascending; empty: all that may be seen
  std::optional<Reader> reader;      // signs a token: lists and sweeps need one (NO_TOKEN)
};

template <typename T>
using Answer = Expected<T, Error>;

class Client {
 public:
  // The error says which option is wrong. Connects lazily.
  [[nodiscard]] static Expected<std::unique_ptr<Client>, std::string> Open(ClientOptions options);
  ~Client();

  [[nodiscard]] const chain::Genesis& genesis() const;
  // Of the era that the last fresh tip was of; genesis' own before the first and until a recovery.
  [[nodiscard]] Hash chain_id() const;
  [[nodiscard]] const std::vector<NodeAddress>& nodes() const;

  // Ledger time now, by a fresh tip that a validator signed; kept and counted on for a minute.
  [[nodiscard]] Answer<Millis> LedgerNow();
  // After somebody has set the clock of a development network.
  void ForgetLedgerTime();

  // `wait_ms` 0: the client's timeout.
  [[nodiscard]] SubmitOutcome Submit(const SignedTransaction& transaction,
                                     std::uint32_t wait_ms = 0);
  // NOT_FOUND also where lines are asked for that are not there or not for this reader.
  [[nodiscard]] Answer<Recorded> GetReceipt(const Hash& id, const ReceiptQuery& query = {});
  // Of the highest receipt or refusal seen: later submissions are judged, and later reads of the
  // ledger answered, at or above it. Who tells it to others (SawHeight) has one order with them.
  [[nodiscard]] Height last_height() const;
  void SawHeight(Height height);

  // Of nodes()[index]; never of another.
  [[nodiscard]] Answer<v1::GetStatusResponse> Status(std::size_t index);

  // Public reads, of the first node that answers.
  [[nodiscard]] Answer<v1::GetOrganisationResponse> Get(const v1::GetOrganisationRequest& request);
  [[nodiscard]] Answer<v1::ListOrganisationsResponse> Get(
      const v1::ListOrganisationsRequest& request);
  [[nodiscard]] Answer<v1::ListOffersResponse> Get(const v1::ListOffersRequest& request);
  [[nodiscard]] Answer<v1::GetPolicyResponse> Get(const v1::GetPolicyRequest& request);
  [[nodiscard]] Answer<v1::GetHeaderResponse> Get(const v1::GetHeaderRequest& request);
  [[nodiscard]] Answer<v1::GetValidatorsResponse> Get(const v1::GetValidatorsRequest& request);
  [[nodiscard]] Answer<v1::ListEvidenceResponse> Get(const v1::ListEvidenceRequest& request);

  // Reads for which `reader` signs a token.
  [[nodiscard]] Answer<v1::GetMemberResponse> Get(const v1::GetMemberRequest& request,
                                                  const Reader& reader);
  [[nodiscard]] Answer<v1::ListMembersResponse> Get(const v1::ListMembersRequest& request,
                                                    const Reader& reader);
  [[nodiscard]] Answer<v1::GetEntryResponse> Get(const v1::GetEntryRequest& request,
                                                 const Reader& reader);
  [[nodiscard]] Answer<v1::ListEntriesResponse> Get(const v1::ListEntriesRequest& request,
                                                    const Reader& reader);
  [[nodiscard]] Answer<v1::GetRedemptionResponse> Get(const v1::GetRedemptionRequest& request,
                                                      const Reader& reader);
  [[nodiscard]] Answer<v1::ListRedemptionsResponse> Get(const v1::ListRedemptionsRequest& request,
                                                        const Reader& reader);
  [[nodiscard]] Answer<v1::GetStatementResponse> Get(const v1::GetStatementRequest& request,
                                                     const Reader& reader);
  [[nodiscard]] Answer<v1::GetBlockResponse> Get(const v1::GetBlockRequest& request,
                                                 const Reader& reader);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace timebank::client
