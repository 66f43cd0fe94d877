#include "node/storage/live_tail.h"

#include <algorithm>
#include <variant>

namespace timebank::storage {
namespace {

struct ReachVisitor {
  Reach operator()(const consensus::BodyRecord& record) const {
    return {.height = record.block.header().height};
  }
  Reach operator()(const consensus::CertificateRecord& record) const {
    const chain::VotePosition& at = record.certificate.position;
    return {.position = {at.epoch, at.view}};
  }
  Reach operator()(const consensus::EpochStartRecord& record) const {
    return {.position = {record.epoch, View(0)}};
  }
  Reach operator()(const consensus::MyVoteRecord& record) const { return Of(record.vote); }
  Reach operator()(const consensus::MyProposalRecord& record) const {
    return {.position = record.position};
  }
  Reach operator()(const consensus::FirstSeenRecord& record) const { return Of(record.vote); }

 private:
  static Reach Of(const consensus::Vote& vote) {
    return {.position = {vote.position.epoch, vote.position.view}};
  }
};

}  // namespace

Reach ReachOf(const consensus::Record& record) { return std::visit(ReachVisitor{}, record); }

void LiveTail::Add(const LogPosition& batch, const Reach& reach) {
  if (entries_.empty() || entries_.back().batch != batch) {
    entries_.push_back({batch, reach});
    return;
  }
  Reach& highest = entries_.back().reach;
  highest.height = std::max(highest.height, reach.height);
  highest.position = std::max(highest.position, reach.position);
}

std::optional<LogPosition> LiveTail::StartFor(const CommittedPoint& floor) {
  const auto is_live = [&](const Reach& reach) {
    // Sum on the left: heights near zero must not wrap.
    const bool recent = reach.height.value() + kRecentBlocks > floor.height.value();
    return (reach.height > Height(0) && recent) || IsAbove(reach, floor);
  };
  while (!entries_.empty() && !is_live(entries_.front().reach)) entries_.pop_front();
  if (entries_.empty()) return std::nullopt;
  return entries_.front().batch;
}

}  // namespace timebank::storage
