// Admitted transactions that are not final yet: bounded, in order of arrival, each once. Knows when
// each is to be flooded to the validators again, so that a bad leader cannot bury one (CONSENSUS
// 5). What is valid is said by the judge that the caller brings.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "node/replica/signed_transaction.h"

namespace timebank::replica {

struct PoolLimits {
  std::size_t transactions = 20'000;
  std::size_t bytes = std::size_t{64} << 20;
  std::size_t per_member = 2'000;  // by first signer
};

// Steady milliseconds between two floods of one transaction.
inline constexpr std::uint64_t kFloodAgainMs = 3'000;
// Transactions judged again after one final block, beyond those found invalid at the front.
inline constexpr std::size_t kJudgedAgainMax = 64;

class Pool {
 public:
  enum class Added : std::uint8_t { kAdded, kKnown, kFull };
  // Why a transaction is refused by the final state; UNSPECIFIED: it is valid.
  using Judge = std::function<v1::Reason(const SignedTransaction&)>;
  struct Refused {
    SharedTransaction transaction;
    v1::Reason reason;
  };

  explicit Pool(const PoolLimits& limits) : limits_(limits) {}

  // `flood_at`: when it is to be flooded first.
  Added Add(SharedTransaction transaction, Millis flood_at);
  void Remove(const Hash& id);
  [[nodiscard]] bool Has(const Hash& id) const { return by_id_.contains(id); }
  // The transaction with exactly these bytes, whose form and signatures are known to be good.
  [[nodiscard]] SharedTransaction FindEnvelope(const Hash& envelope_hash) const;

  // Drops what `judge` refuses. The oldest transaction left was judged valid; of the rest at least
  // kJudgedAgainMax were judged, in turn from call to call.
  [[nodiscard]] std::vector<Refused> JudgeAgain(const Judge& judge);

  // Visits in order of arrival until the visitor returns false.
  void ForEach(const std::function<bool(const SharedTransaction&)>& visit) const;

  // What is to be flooded now, at most `count_max` and `bytes_max` (but at least one that is due).
  [[nodiscard]] std::vector<SharedTransaction> TakeFlood(Millis now, std::size_t count_max,
                                                         std::size_t bytes_max);
  // When the next flood is due; empty when there is nothing.
  [[nodiscard]] std::optional<Millis> next_flood() const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  using Arrival = std::uint64_t;
  struct Entry {
    SharedTransaction transaction;
    Millis flood_at;
  };
  void Erase(std::map<Arrival, Entry>::iterator at);

  PoolLimits limits_;
  Arrival next_arrival_ = 0;
  Arrival judge_from_ = 0;
  std::size_t bytes_ = 0;
  std::map<Arrival, Entry> entries_;
  std::map<Hash, Arrival> by_id_;
  std::map<Hash, Arrival> by_envelope_;
  std::map<std::string, std::size_t> by_member_;
  std::set<std::pair<Millis, Arrival>> floods_;
};

}  // namespace timebank::replica
