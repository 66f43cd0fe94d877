#include "node/rpc/open_calls.h"

#include <utility>

namespace timebank::rpc {

bool OpenCalls::Add(const std::shared_ptr<OpenCall>& call) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return false;
  calls_.emplace(call.get(), call);
  return true;
}

void OpenCalls::Remove(const OpenCall* call) {
  const std::scoped_lock lock(mutex_);
  calls_.erase(call);
}

void OpenCalls::EndAll(const client::Error& error) {
  std::map<const OpenCall*, std::weak_ptr<OpenCall>> calls;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    calls.swap(calls_);
  }
  // Without the lock: a call that ends removes itself.
  for (const auto& [key, weak] : calls) {
    if (const auto call = weak.lock()) call->GiveUp(error);
  }
}

std::size_t OpenCalls::size() const {
  const std::scoped_lock lock(mutex_);
  return calls_.size();
}

}  // namespace timebank::rpc
