#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

namespace timebank::sim {

void World::At(Millis at, Task task) {
  tasks_.push({std::max(at, now_), sequence_++, std::move(task)});
}

void World::RunUntil(Millis until, const std::function<bool()>& stop) {
  while (!tasks_.empty() && tasks_.top().at <= until && !stop()) {
    const Scheduled next = tasks_.top();
    tasks_.pop();
    now_ = next.at;
    next.task();
  }
  if (!stop()) now_ = std::max(now_, until);
}

void World::Note(std::string_view what, std::uint64_t number, ByteView bytes) {
  Mix(AsBytes(what));
  Mix(ByteWriter().U64(now_.value()).U64(number).bytes());
  Mix(bytes);
}

// FNV-1a: enough to tell two traces apart.
void World::Mix(ByteView bytes) {
  for (const std::byte b : bytes) {
    trace_ = (trace_ ^ std::to_integer<std::uint64_t>(b)) * 1099511628211U;
  }
}

}  // namespace timebank::sim
