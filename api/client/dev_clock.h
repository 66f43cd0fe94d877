// The settable clock of a development network: one signed command to every node.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "api/client/channel.h"
#include "api/client/error.h"
#include "base/expected.h"
#include "base/strong.h"
#include "crypto/ed25519.h"

namespace timebank::client {

// Keeps a connection to each node: the demo sets the clock thousands of times.
class DevClock {
 public:
  DevClock(std::span<const NodeAddress> nodes, const chain::Genesis& genesis,
           crypto::SecretKey dev_key);
  ~DevClock();
  DevClock(const DevClock&) = delete;
  DevClock& operator=(const DevClock&) = delete;

  // Sets the clock of all nodes, at the same moment as nearly as can be, so that ledger time is
  // `ledger_now`; forward only. The offset is ledger time - wall clock. The error is the first
  // node's that refused or did not answer; the others may have been set.
  [[nodiscard]] Expected<std::int64_t, Error> SetLedgerTime(Millis ledger_now);
  [[nodiscard]] Expected<std::int64_t, Error> SetOffset(std::int64_t offset_ms);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace timebank::client
