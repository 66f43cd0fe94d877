// Plans as text: what --shrink writes, what people write by hand in tests/scenario/network, and
// what
// --replay reads. One sentence a line, in any order; a '#' begins a remark. The tables here are the
// whole language.
#include <algorithm>
#include <array>
#include <sstream>

#include "tests/sim/faults.h"
#include "tests/sim/sentence.h"

namespace timebank::sim {
namespace {

using Kind = Fault::Kind;

struct FaultWords {
  Kind kind;
  std::string_view words;
};
constexpr std::string_view kCrashOperations =
    "at {at} {nodes} crashes/crash after {n} more writes and sends, and is/are back {for} later";
constexpr std::array kFaultWords = {
    FaultWords{Kind::kCrash, "at {at} {nodes} crashes/crash, and is/are back {for} later"},
    FaultWords{Kind::kCrash, kCrashOperations},
    FaultWords{Kind::kCrashAll, "at {at} all validators crash, and are back {for} later"},
    FaultWords{Kind::kIsolate, "at {at} {nodes} is/are cut off from the others for {for}"},
    FaultWords{Kind::kOneWay, "at {at} nobody hears {nodes} for {for}"},
    FaultWords{Kind::kLoss,
               "at {at} {n} of 1000 messages are lost and as many come twice, for {for}"},
    FaultWords{Kind::kReplay, "at {at} {n} of 1000 messages bring an old one along, for {for}"},
    FaultWords{Kind::kReorder, "at {at} {n} of 1000 messages are overtaken, for {for}"},
    FaultWords{Kind::kSlow, "at {at} all messages are slow for {for}"},
    FaultWords{Kind::kClog, "at {at} all messages to and from {nodes} wait for {for}"},
    FaultWords{Kind::kSwizzle, "at {at} one validator after the other is clogged for {for}"},
    FaultWords{Kind::kReset, "at {at} the links of {nodes} break for {for}"},
    FaultWords{Kind::kPause, "at {at} {nodes} stands/stand still for {for}"},
    FaultWords{Kind::kDiskFull, "at {at} the disk of {nodes} is full for {for}"},
    FaultWords{Kind::kSlowDisk, "at {at} each write of {nodes} takes {n} ms for {for}"},
    FaultWords{Kind::kRot, "at {at} an old block of {nodes} cannot be read for {for}"},
    FaultWords{Kind::kClockStep, "at {at} the clock of {nodes} is {off} for {for}"},
    FaultWords{Kind::kClockDrift, "at {at} the clock of {nodes} gains {n} in 1000 for {for}"},
    FaultWords{Kind::kClockFreeze, "at {at} the clock of {nodes} stops for {for}"},
};

struct LiarWords {
  Byzantine::Kind kind;
  std::string_view words;
};
constexpr std::array kLiarWords = {
    LiarWords{Byzantine::Kind::kMute, "{nodes} never says anything"},
    LiarWords{Byzantine::Kind::kEquivocator, "{nodes} votes and proposes otherwise to one half"},
    LiarWords{Byzantine::Kind::kNuller, "{nodes} nullifies every view in which it votes"},
    LiarWords{Byzantine::Kind::kNullifyOnly, "{nodes} does nothing but nullify"},
    LiarWords{Byzantine::Kind::kWithholder,
              "{nodes} shows its blocks to one half and gives nobody a body"},
    LiarWords{Byzantine::Kind::kStale, "{nodes} says old things again"},
    LiarWords{Byzantine::Kind::kGarbage, "{nodes} sends garbage"},
    LiarWords{Byzantine::Kind::kBadRoot, "{nodes} proposes wrong state roots"},
    LiarWords{Byzantine::Kind::kWrongSignatures, "{nodes} breaks the signatures of clients"},
    LiarWords{Byzantine::Kind::kTimeLiar, "{nodes} proposes blocks of an hour ahead"},
    LiarWords{Byzantine::Kind::kForger, "{nodes} forges certificates"},
    LiarWords{Byzantine::Kind::kFlooder, "{nodes} floods the others with huge views"},
    LiarWords{Byzantine::Kind::kAccuser, "{nodes} accuses an innocent one"},
};
static_assert(kLiarWords.size() == Byzantine::kKinds);

constexpr std::string_view kAdds = "at {at} the council adds {nodes}";
constexpr std::string_view kRemoves = "at {at} the council removes {nodes}";
constexpr std::string_view kReplaces = "at {at} the council replaces {nodes} by {others}";

// What is said of the whole run. Not written where it is as in a plan of which nothing is said.
struct PlanWords {
  std::string_view words;
  void (*read)(const Slots& slots, Plan& plan);
  Slots (*write)(const Plan& plan);
};
void AddAll(const std::vector<NodeIndex>& nodes, std::set<NodeIndex>& out) {
  out.insert(nodes.begin(), nodes.end());
}
std::vector<NodeIndex> All(const std::set<NodeIndex>& nodes) {
  return {nodes.begin(), nodes.end()};
}
Slots Told(const std::optional<std::uint64_t>& number) {
  return {.n = number.value_or(0), .m = number ? 1U : 0U};  // 0 is something to tell
}
constexpr std::array kBefore = {
    PlanWords{"seed {n}", [](const Slots& s, Plan& p) { p.seed = s.n; },
              [](const Plan& p) { return Slots{.n = p.seed}; }},
    PlanWords{"{n} validators keep the ledger", [](const Slots& s, Plan& p) { p.validators = s.n; },
              [](const Plan& p) { return Slots{.n = p.validators}; }},
    PlanWords{"{n} more may join", [](const Slots& s, Plan& p) { p.newcomers = s.n; },
              [](const Plan& p) { return Slots{.n = p.newcomers}; }},
    PlanWords{"{n} elders are visited {m} times in all",
              [](const Slots& s, Plan& p) {
                p.pairs = s.n;
                p.visits = s.m;
              },
              [](const Plan& p) { return Slots{.n = p.pairs, .m = p.visits}; }},
    PlanWords{"a block holds {n} transaction/transactions at most",
              [](const Slots& s, Plan& p) { p.block_transactions = s.n; },
              [](const Plan& p) { return Slots{.n = p.block_transactions}; }},
    PlanWords{"messages take {n} to {m} ms",
              [](const Slots& s, Plan& p) {
                p.network.delay_min_ms = s.n;
                p.network.delay_max_ms = s.m;
              },
              [](const Plan& p) {
                return Slots{.n = p.network.delay_min_ms, .m = p.network.delay_max_ms};
              }},
    PlanWords{"{n} of 1000 messages are lost",
              [](const Slots& s, Plan& p) { p.network.loss_per_mille = s.n; },
              [](const Plan& p) { return Slots{.n = p.network.loss_per_mille}; }},
    PlanWords{"{n} of 1000 messages come twice",
              [](const Slots& s, Plan& p) { p.network.duplicate_per_mille = s.n; },
              [](const Plan& p) { return Slots{.n = p.network.duplicate_per_mille}; }},
    PlanWords{"{nodes} runs/run twice with one key",
              [](const Slots& s, Plan& p) { AddAll(s.nodes, p.twins); },
              [](const Plan& p) { return Slots{.nodes = All(p.twins)}; }},
};
constexpr std::array kAfter = {
    PlanWords{"at {at} all is well again",
              [](const Slots& s, Plan& p) { p.heal_at = Millis(s.at_ms); },
              [](const Plan& p) { return Slots{.at_ms = p.heal_at.value()}; }},
    PlanWords{"only {nodes} stays/stay down for good",
              [](const Slots& s, Plan& p) { AddAll(s.nodes, p.dead); },
              [](const Plan& p) { return Slots{.nodes = All(p.dead)}; }},
    PlanWords{"only {nodes} stays/stay cut off for good",
              [](const Slots& s, Plan& p) { AddAll(s.nodes, p.cut); },
              [](const Plan& p) { return Slots{.nodes = All(p.cut)}; }},
    PlanWords{"expect one state root everywhere",
              [](const Slots&, Plan& p) { p.expect_one_root = true; },
              [](const Plan& p) { return Slots{.n = p.expect_one_root ? 1U : 0U}; }},
    PlanWords{"expect epoch {n} everywhere", [](const Slots& s, Plan& p) { p.expect_epoch = s.n; },
              [](const Plan& p) { return Told(p.expect_epoch); }},
    PlanWords{"expect {n} block/blocks at most",
              [](const Slots& s, Plan& p) { p.expect_height_max = s.n; },
              [](const Plan& p) { return Told(p.expect_height_max); }},
};

template <typename Rows>
std::string WriteRows(const Rows& rows, const Plan& plan) {
  const Plan untold = {.validators = 0};  // how many there are is always told
  std::string out;
  for (const PlanWords& row : rows) {
    const Slots slots = row.write(plan);
    if (slots != row.write(untold)) out += Say(row.words, slots) + "\n";
  }
  return out;
}

template <typename Rows>
bool ReadRow(const Rows& rows, std::string_view line, Plan& plan) {
  for (const PlanWords& row : rows) {
    const auto slots = Match(row.words, line);
    if (!slots) continue;
    row.read(*slots, plan);
    return true;
  }
  return false;
}

std::string Write(const Fault& fault) {
  const Slots slots = {.at_ms = fault.at.value(),
                       .for_ms = fault.for_ms,
                       .nodes = All(fault.nodes),
                       .n = fault.n,
                       .off_ms = fault.off_ms};
  if (fault.kind == Kind::kCrash && fault.n > 0) return Say(kCrashOperations, slots);
  const auto row = std::ranges::find(kFaultWords, fault.kind, &FaultWords::kind);
  return Say(row->words, slots);
}

bool ReadFault(std::string_view line, Plan& plan) {
  for (const FaultWords& row : kFaultWords) {
    const auto slots = Match(row.words, line);
    if (!slots) continue;
    plan.faults.push_back({.kind = row.kind,
                           .at = Millis(slots->at_ms),
                           .for_ms = slots->for_ms,
                           .nodes = {slots->nodes.begin(), slots->nodes.end()},
                           .n = slots->n,
                           .off_ms = slots->off_ms});
    return true;
  }
  return false;
}

std::string Write(const SetChange& change) {
  if (change.remove.empty()) return Say(kAdds, {.at_ms = change.at.value(), .nodes = change.add});
  return Say(change.add.empty() ? kRemoves : kReplaces,
             {.at_ms = change.at.value(), .nodes = change.remove, .others = change.add});
}

bool ReadChange(std::string_view line, Plan& plan) {
  if (const auto slots = Match(kAdds, line)) {
    plan.changes.push_back({.at = Millis(slots->at_ms), .remove = {}, .add = slots->nodes});
    return true;
  }
  for (const std::string_view words : {kRemoves, kReplaces}) {
    const auto slots = Match(words, line);
    if (!slots) continue;
    plan.changes.push_back(
        {.at = Millis(slots->at_ms), .remove = slots->nodes, .add = slots->others});
    return true;
  }
  return false;
}

bool ReadLiar(std::string_view line, Plan& plan) {
  for (const LiarWords& row : kLiarWords) {
    const auto slots = Match(row.words, line);
    if (!slots) continue;
    for (const NodeIndex node : slots->nodes) plan.byzantine[node] = row.kind;
    return true;
  }
  return false;
}

bool ReadLine(std::string_view line, Plan& plan) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return true;
  return ReadRow(kBefore, line, plan) || ReadRow(kAfter, line, plan) || ReadLiar(line, plan) ||
         ReadFault(line, plan) || ReadChange(line, plan);
}

}  // namespace

std::string PlanText(const Plan& plan) {
  std::string out = WriteRows(kBefore, plan);
  for (const auto& [node, kind] : plan.byzantine) {
    const auto row = std::ranges::find(kLiarWords, kind, &LiarWords::kind);
    out += Say(row->words, {.nodes = {node}}) + "\n";
  }
  // In the order of time, as they are told.
  auto change = plan.changes.begin();
  const auto write_changes = [&](Millis until) {
    for (; change != plan.changes.end() && change->at <= until; ++change) {
      out += Write(*change) + "\n";
    }
  };
  for (const Fault& fault : plan.faults) {
    write_changes(fault.at);
    out += Write(fault) + "\n";
  }
  write_changes(Millis(UINT64_MAX));
  return out + WriteRows(kAfter, plan);
}

PlanOrError ParsePlan(std::string_view text) {
  Plan plan;
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    line = line.substr(0, line.find('#'));
    if (!ReadLine(line, plan)) return {std::nullopt, line};
  }
  const auto by_time = [](const auto& a, const auto& b) { return a.at < b.at; };
  std::stable_sort(plan.faults.begin(), plan.faults.end(), by_time);
  std::stable_sort(plan.changes.begin(), plan.changes.end(), by_time);
  const std::size_t nodes = plan.validators + plan.newcomers;
  const bool sound = plan.validators >= 4 && nodes <= 40 && plan.block_transactions > 0;
  if (!sound) return {std::nullopt, "4 validators at least, 40 nodes at most, a block of one"};
  // What somebody earned is given to another in the end.
  const bool peopled = plan.pairs >= kPairsMin && plan.visits >= plan.pairs;
  if (!peopled) return {std::nullopt, "2 elders at least, each of them visited"};
  return {std::move(plan), ""};
}

}  // namespace timebank::sim
