// The real ledger and the naive one, given the same blocks. Every answer of the one is compared
// with that of the other, and after every block the records that changed with what the naive
// ledger remembers.
#pragma once

#include <string>
#include <vector>

#include "chain/transaction.h"
#include "ledger/block.h"
#include "ledger/state.h"
#include "tests/model/naive_ledger.h"

namespace timebank::model {

struct Answers {
  Verdict real;
  Verdict naive;
};

class SideBySide {
 public:
  // Requires: a genesis that the real ledger accepts.
  explicit SideBySide(const chain::Genesis& genesis);

  // Ends the present block and starts the next one. Requires: later than the present block.
  void BeginBlock(Time at_ms);
  // Adds the envelope to the present block, in both ledgers.
  Answers Submit(const std::string& envelope);
  // Compares every record, not only those that changed.
  void CompareAll();

  // Both as of now, the present block included.
  [[nodiscard]] const ledger::State& real() const { return result_->state; }
  [[nodiscard]] const NaiveLedger& naive() const { return naive_; }
  [[nodiscard]] Time now_ms() const { return now_; }
  // What differed so far, one sentence each. Empty: both agree.
  [[nodiscard]] const std::vector<std::string>& differences() const { return differences_; }

 private:
  struct Carried {
    std::string envelope;
    chain::Transaction transaction;
  };
  void Execute();
  void CompareChanges(const ledger::State& before);
  void CompareRecord(ByteView key, ByteView value);
  void CompareMember(const Id& id, const v1::Member& record);
  void CompareEntry(const Id& id, const v1::Entry& record);
  void CompareRedemption(const Id& id, const v1::Redemption& record);
  void CompareHold(const Id& id, const v1::Hold& record);
  void Expect(bool same, const std::string& what, const Id& id, const std::string& detail);

  ledger::State parent_;
  Time now_ = 0;
  // The present block: what both accepted so far, executed anew after each addition.
  std::vector<Carried> block_;
  std::optional<ledger::BlockResult> result_;
  NaiveLedger naive_;
  std::vector<std::string> differences_;
};

// "F1_OVERLAP", or "OK".
[[nodiscard]] std::string NameOf(v1::Reason reason);
// "DONE", "ALREADY_RECORDED", or the reason of a line that was refused.
[[nodiscard]] std::string NameOf(const LineVerdict& line);
// "OK: DONE F1_OVERLAP", for messages.
[[nodiscard]] std::string Describe(const Verdict& verdict);

}  // namespace timebank::model
