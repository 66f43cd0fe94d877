#include "node/rpc/node_clock.h"

#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "platform/clock.h"
#include "platform/file.h"

namespace timebank::rpc {

namespace {

constexpr char kFileName[] = "/clock_offset_ms";

}  // namespace

platform::Result<std::unique_ptr<NodeClock>> NodeClock::Open(const std::string& data_dir,
                                                             bool development,
                                                             std::int64_t first_offset_ms) {
  std::unique_ptr<NodeClock> clock(new NodeClock(data_dir + kFileName));
  const bool kept = platform::FileExists(clock->path_);
  if (!development && (kept || first_offset_ms != 0)) {
    return platform::Fail(
        kept
            ? clock->path_ + ": a clock offset is for development networks only; remove the file"
            : "clock_offset_ms is for development networks only; remove it from the configuration");
  }
  if (!kept) {
    if (first_offset_ms == 0) return clock;
    const auto written = clock->Keep(first_offset_ms);
    if (!written) return platform::Fail(written.error());
    return clock;
  }
  const auto text = platform::ReadTextFile(clock->path_);
  if (!text) return platform::Fail(text.error());
  std::int64_t offset = 0;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, offset);
  if (parsed.ec != std::errc() || std::string_view(parsed.ptr, end) != "\n") {
    return platform::Fail(clock->path_ + ": is no number of milliseconds; set the clock again");
  }
  clock->offset_ms_ = offset;
  return clock;
}

Millis NodeClock::LedgerNow() const {
  const auto wall = static_cast<std::int64_t>(platform::WallTime().value());
  const std::int64_t shifted = wall + offset_ms_;
  const auto now = static_cast<std::uint64_t>(shifted > 0 ? shifted : 0);
  std::uint64_t latest = latest_;
  while (now > latest && !latest_.compare_exchange_weak(latest, now)) {
  }
  return Millis(now > latest ? now : latest);
}

platform::Status NodeClock::SetOffset(std::int64_t offset_ms) {
  const std::scoped_lock lock(mutex_);
  if (offset_ms < offset_ms_) {
    return platform::Fail("the clock goes forward only: the offset is " +
                          std::to_string(offset_ms_) + " ms");
  }
  return Keep(offset_ms);
}

platform::Status NodeClock::Keep(std::int64_t offset_ms) {
  const auto written =
      platform::WriteFileAtomically(path_, AsBytes(std::to_string(offset_ms) + "\n"));
  if (written) offset_ms_ = offset_ms;
  return written;
}

}  // namespace timebank::rpc
