#include "consensus/pacing.h"

#include <algorithm>

#include "consensus/limits.h"
#include "crypto/sha256.h"

namespace timebank::consensus {

std::uint64_t BackedOff(std::uint64_t base_ms, std::uint64_t views_without_finality) {
  const std::uint64_t cap = base_ms * kBackoffMax;
  std::uint64_t delay = base_ms;
  for (std::uint64_t i = 0; i < views_without_finality && delay < cap; ++i) {
    // At least one more, so that a base of 1 ms grows too.
    delay += std::max<std::uint64_t>(delay / 2, 1);
  }
  return std::min(delay, cap);
}

std::uint64_t LeaderOffset(const Hash& boundary, std::size_t validators) {
  ByteReader in(boundary.view());
  return in.U64() % validators;
}

ReplicaIndex LeaderOf(std::uint64_t offset, View view, std::size_t validators) {
  const std::uint64_t index = (offset + view.value() % validators) % validators;
  return ReplicaIndex(static_cast<std::uint16_t>(index));
}

std::uint64_t Jittered(std::uint64_t base_ms, std::uint64_t own, std::uint64_t counter) {
  ByteWriter seed;
  seed.U64(own).U64(counter);
  const Hash hash = crypto::Sha256(seed.bytes());
  const std::uint64_t span = base_ms * 2 / 5;
  return base_ms - base_ms / 5 + ByteReader(hash.view()).U64() % (span + 1);
}

Activity::Activity(std::size_t validators, std::size_t quorum, View now)
    : quorum_(quorum), last_heard_(validators, now) {}

void Activity::Heard(ReplicaIndex validator, View view) {
  View& last = last_heard_[validator.value()];
  last = std::max(last, view);
}

bool Activity::IsSilent(ReplicaIndex validator, View now) const {
  const std::uint64_t n = last_heard_.size();
  const auto recent = [n, now](View heard) { return heard.value() + n >= now.value(); };
  if (recent(last_heard_[validator.value()])) return false;
  std::size_t active = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (i != validator.value() && recent(last_heard_[i])) ++active;
  }
  return active >= quorum_;
}

bool TokenBucket::Take(Millis now, std::uint64_t tokens) {
  Refill(now);
  const std::int64_t wanted = static_cast<std::int64_t>(tokens) * 1000;
  if (tokens_milli_ < wanted) return false;
  tokens_milli_ -= wanted;
  return true;
}

std::uint64_t TokenBucket::TakeUpTo(Millis now, std::uint64_t tokens) {
  Refill(now);
  const std::int64_t there = std::max<std::int64_t>(tokens_milli_ / 1000, 0);
  const std::uint64_t taken = std::min(tokens, static_cast<std::uint64_t>(there));
  tokens_milli_ -= static_cast<std::int64_t>(taken) * 1000;
  return taken;
}

void TokenBucket::Charge(Millis now, std::uint64_t tokens) {
  Refill(now);
  tokens_milli_ -= static_cast<std::int64_t>(tokens) * 1000;
}

void TokenBucket::Refill(Millis now) {
  if (now <= refilled_at_) return;
  const std::uint64_t elapsed = std::min<std::uint64_t>(now.value() - refilled_at_.value(), 1000);
  tokens_milli_ = std::min(tokens_milli_ + static_cast<std::int64_t>(elapsed) * per_second_,
                           per_second_ * 1000);
  refilled_at_ = now;
}

}  // namespace timebank::consensus
