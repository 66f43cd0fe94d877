// Makes the self-signed certificate that a node shows to clients and peers. Nobody trusts it for
// what it says: its key is pinned. So it never has to be renewed for its date alone.
#pragma once

#include <string>
#include <vector>

#include "api/client/tls.h"
#include "base/bytes.h"
#include "platform/status.h"

namespace timebank::client {

struct TlsSubject {
  std::string name;                // common name: the validator's
  std::vector<std::string> hosts;  // DNS names and IP addresses for tools that check those
};

// A new P-256 key and its certificate, valid for a century.
[[nodiscard]] platform::Result<TlsIdentity> NewTlsIdentity(const TlsSubject& subject);

}  // namespace timebank::client
