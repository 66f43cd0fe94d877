// Visits for tests: builds the messages of one visit from a few words and submits them as the
// people who sign them. Each function returns what TestLedger::Submit says.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/testing/test_ledger.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::ledger::testing {

// For TestLedger's genesis: the district's policy has one parameter other than the default.
[[nodiscard]] std::function<void(v1::Genesis&)> WithPolicy(std::uint32_t parameter,
                                                           std::int64_t value);

// What happened, by names of TestLedger.
struct Visit {
  std::string id;  // 16 bytes
  std::string volunteer = "volunteer";
  std::string elder = "elder";
  std::string community = "community";
  v1::EntryKind kind = v1::ENTRY_KIND_VOLUNTEER;
  v1::Category category = v1::CATEGORY_COMPANIONSHIP;
  std::uint64_t start_ms = 0;
  std::uint64_t end_ms = 0;
  v1::PlaceClaim place = v1::PLACE_CLAIM_MATCH;
  v1::Channel channel = v1::CHANNEL_APP;
};

[[nodiscard]] v1::EntryContent ContentOf(const Visit& visit);
// Canonical bytes of the content, and their hash.
[[nodiscard]] std::string ContentBytes(const Visit& visit);
[[nodiscard]] std::string ContentHash(const Visit& visit);

// A visit with a new id that began two hours before the next block and took `minutes`.
[[nodiscard]] Visit VisitToday(TestLedger& ledger, std::uint64_t minutes);

// ---- One step each, by the person whose step it is ----
[[nodiscard]] v1::PlaceOrder OrderFor(const Visit& visit, std::uint32_t planned_minutes);
[[nodiscard]] Reason Order(TestLedger& ledger, const Visit& visit, std::uint32_t planned_minutes);
[[nodiscard]] Reason Claim(TestLedger& ledger, const Visit& visit);
[[nodiscard]] Reason CheckInAt(TestLedger& ledger, const Visit& visit, std::uint64_t at_ms);
[[nodiscard]] Reason CheckOutAt(TestLedger& ledger, const Visit& visit, std::uint64_t at_ms);
[[nodiscard]] Reason SubmitVisit(TestLedger& ledger, const Visit& visit);
[[nodiscard]] v1::ConfirmAction ActionFor(const Visit& visit, v1::Channel channel);
// By the elder's own key.
[[nodiscard]] Reason Confirm(TestLedger& ledger, const Visit& visit);
[[nodiscard]] v1::ApproveEntries ApprovalOf(const std::vector<Visit>& visits);
[[nodiscard]] Reason Approve(TestLedger& ledger, const Visit& visit,
                             const By& by = {"approver_community", v1::ROLE_APPROVER, "community"});
[[nodiscard]] Reason Review(TestLedger& ledger, const Visit& visit, v1::ReviewVerdict verdict,
                            const By& by = {"reviewer_street", v1::ROLE_REVIEWER, "street"});

// ---- Many steps; abort when one is refused ----
// Order, claim, check-in, check-out, submission: no flag.
void ServeOrder(TestLedger& ledger, const Visit& visit, std::uint32_t planned_minutes);
// ServeOrder, confirmation by the elder, approval, cooling-off, credit.
void CreditOrder(TestLedger& ledger, const Visit& visit, std::uint32_t planned_minutes);

// A card's PIN statement about `action`, expiring 2 minutes after the next block.
[[nodiscard]] v1::PinProof PinFor(const TestLedger& ledger, std::string_view card,
                                  std::string_view action, std::string_view service = "pin_street");

[[nodiscard]] v1::Entry EntryOf(const TestLedger& ledger, const Visit& visit);
// "EARNED:volunteer -30" and the like, in order: the postings of one line in words.
[[nodiscard]] std::vector<std::string> Postings(const v1::EffectsLine& line);

}  // namespace timebank::ledger::testing
