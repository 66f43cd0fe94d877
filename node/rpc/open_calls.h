// The calls of clients that are under way, so that a node that stops can end them: gRPC waits for
// each of them. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "api/client/error.h"

namespace timebank::rpc {

class OpenCall {
 public:
  virtual ~OpenCall() = default;
  // Ends the call with `error`, unless it has ended. Any thread.
  virtual void GiveUp(const client::Error& error) = 0;
};

class OpenCalls {
 public:
  // False once EndAll was called: the call is to be refused.
  [[nodiscard]] bool Add(const std::shared_ptr<OpenCall>& call);
  void Remove(const OpenCall* call);
  // Gives up all there are; from now on none is added.
  void EndAll(const client::Error& error);
  [[nodiscard]] std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::map<const OpenCall*, std::weak_ptr<OpenCall>> calls_;
  bool closed_ = false;
};

}  // namespace timebank::rpc
