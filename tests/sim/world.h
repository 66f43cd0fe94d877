// Virtual time: a heap of tasks by (time, sequence). Nothing else schedules anything, so a run is a
// function of its seed. The trace is a rolling hash of what happened, to compare two runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"

namespace timebank::sim {

class World {
 public:
  using Task = std::function<void()>;
  // Milliseconds since the run began.
  [[nodiscard]] Millis now() const { return now_; }
  void At(Millis at, Task task);
  void After(std::uint64_t delay_ms, Task task) { At(Millis(now_.value() + delay_ms), task); }
  // Runs the tasks up to and including `until`, or until `stop` says so between two tasks.
  void RunUntil(Millis until, const std::function<bool()>& stop);

  void Note(std::string_view what, std::uint64_t number, ByteView bytes = {});
  [[nodiscard]] std::uint64_t trace() const { return trace_; }
  // Something went wrong that was meant to: a fault of the plan took effect, a liar lied.
  void Fired(std::string_view what) { ++fired_[std::string(what)]; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& fired() const { return fired_; }

 private:
  struct Scheduled {
    Millis at;
    std::uint64_t sequence;
    Task task;
  };
  struct Later {
    bool operator()(const Scheduled& a, const Scheduled& b) const {
      return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
  };
  void Mix(ByteView bytes);

  Millis now_;
  std::uint64_t sequence_ = 0;
  std::uint64_t trace_ = 14695981039346656037U;
  std::map<std::string, std::uint64_t> fired_;
  std::priority_queue<Scheduled, std::vector<Scheduled>, Later> tasks_;
};

}  // namespace timebank::sim
