// The metrics endpoint: plain HTTP for the operator's Prometheus, on an address of its own that is
// not for the public.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace timebank::node {

class MetricsServer {
 public:
  // `text`: what GET /metrics answers; called on the server's threads.
  explicit MetricsServer(std::function<std::string()> text);
  ~MetricsServer();
  // False when host:port cannot be listened on.
  [[nodiscard]] bool Start(const std::string& address);
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace timebank::node
