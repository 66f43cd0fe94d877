// The port for applications: TLS, limits, health, reflection, and the services.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/client/tls.h"
#include "node/rpc/backend.h"

namespace timebank::rpc {

struct ClientServerConfig {
  std::string listen;
  client::TlsIdentity identity;
  std::size_t memory_bytes = std::size_t{256} << 20;
  std::uint32_t streams_per_connection = 64;
};

class ClientServer {
 public:
  // `backend` outlives the server.
  ClientServer(ClientServerConfig config, Backend* backend);
  ~ClientServer();

  // False when the address cannot be listened on.
  [[nodiscard]] bool Start();
  // Takes no more calls. Those under way have half of `grace_ms` to end by themselves, then they
  // are told SHUTTING_DOWN; what is left after all of it is cut off. Requires: the desk runs.
  void Stop(std::uint32_t grace_ms);
  // Where it listens, for configurations that leave the port open (":0").
  [[nodiscard]] int port() const;
  // What the health service says.
  void SetServing(bool serving);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace timebank::rpc
