// Proof of double voting that no final block holds yet: found here or heard from peers, judged by
// the final state, flooded like transactions so that no leader can bury it, and put into the next
// block built here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "chain/evidence.h"
#include "ledger/state.h"

namespace timebank::replica {

class EvidencePool {
 public:
  enum class Added : std::uint8_t {
    kAdded,
    kKnown,   // here or in a final block
    kNotNow,  // of an epoch that the final state cannot judge
    kBad,     // proves nothing: whoever sent it made it up
  };
  // `evidence`: canonical bytes. Bounded, because only what is proven is held, and of each
  // validator and kind only one.
  Added Add(const std::string& evidence, const ledger::State& final_state, Millis flood_at);
  // After final blocks: forgets what they hold and what has become too old.
  void JudgeAgain(const ledger::State& final_state);

  // In order of epoch, validator and kind.
  [[nodiscard]] std::vector<std::string> Pending() const;
  // All of it when a flood is due, else nothing; at most `most`.
  [[nodiscard]] std::vector<std::string> TakeFlood(Millis now, std::size_t most);
  [[nodiscard]] std::optional<Millis> next_flood() const;
  [[nodiscard]] std::size_t size() const { return pending_.size(); }

 private:
  using Key = std::tuple<Epoch, crypto::PublicKey, chain::EvidenceKind>;
  std::map<Key, std::string> pending_;
  Millis flood_at_;
};

}  // namespace timebank::replica
