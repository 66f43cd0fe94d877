// Plans as text: what --shrink writes, what people write by hand as stories, and what --replay and
// the story tests read.
//   validators 4                      newcomers 1            block 1000
//   network delay 1 20 loss 0 duplicate 0
//   byzantine 2 equivocator           twins 3                dead 1        cut 1
//   at 1200 crash nodes 2 operations 14 per-mille 0 for 900
//   at 5000 change remove 3 add 4     (either may be "-")
//   heal 30000
//   expect epoch 1                    expect height-max 7
// A '#' begins a remark.
#include <algorithm>
#include <charconv>
#include <sstream>

#include "tests/sim/faults.h"

namespace timebank::sim {
namespace {

template <typename Nodes>
std::string List(const Nodes& nodes) {
  std::string out;
  for (const NodeIndex node : nodes) out += (out.empty() ? "" : ",") + std::to_string(node);
  return out.empty() ? "-" : out;
}

// Reads one line; `good` falls with the first word that does not fit.
class Line {
 public:
  explicit Line(const std::string& text) : in_(text) {}
  bool good = true;

  std::string Word() {
    std::string word;
    if (!(in_ >> word)) good = false;
    return word;
  }
  std::uint64_t Number() {
    const std::string word = Word();
    std::uint64_t number = 0;
    const auto end = word.data() + word.size();
    if (std::from_chars(word.data(), end, number).ptr != end || word.empty()) good = false;
    return number;
  }
  void Expect(std::string_view word) {
    if (Word() != word) good = false;
  }
  std::vector<NodeIndex> Nodes() {
    std::vector<NodeIndex> nodes;
    std::istringstream words(Word());
    std::string word;
    while (std::getline(words, word, ',')) {
      if (word == "-") continue;
      Line one(word);
      nodes.push_back(one.Number());
      good = good && one.good;
    }
    return nodes;
  }
  [[nodiscard]] bool AtEnd() {
    std::string rest;
    return !(in_ >> rest);
  }

 private:
  std::istringstream in_;
};

void ReadFault(Line& line, Millis at, const std::string& name, Plan& plan) {
  if (name == "change") {
    SetChange change{.at = at, .remove = {}, .add = {}};
    line.Expect("remove");
    change.remove = line.Nodes();
    line.Expect("add");
    change.add = line.Nodes();
    plan.changes.push_back(std::move(change));
    return;
  }
  Fault fault;
  fault.at = at;
  bool known = false;
  for (std::size_t kind = 0; kind < kFaultKinds; ++kind) {
    if (Name(static_cast<Fault::Kind>(kind)) != name) continue;
    fault.kind = static_cast<Fault::Kind>(kind);
    known = true;
  }
  line.good = line.good && known;
  line.Expect("nodes");
  for (const NodeIndex node : line.Nodes()) fault.nodes.insert(node);
  line.Expect("operations");
  fault.operations = line.Number();
  line.Expect("per-mille");
  fault.per_mille = line.Number();
  line.Expect("for");
  fault.for_ms = line.Number();
  plan.faults.push_back(std::move(fault));
}

void ReadNetwork(Line& line, NetworkOptions& network) {
  line.Expect("delay");
  network.delay_min_ms = line.Number();
  network.delay_max_ms = line.Number();
  line.Expect("loss");
  network.loss_per_mille = line.Number();
  line.Expect("duplicate");
  network.duplicate_per_mille = line.Number();
}

void ReadByzantine(Line& line, Plan& plan) {
  const NodeIndex node = line.Number();
  const auto kind = Byzantine::KindOf(line.Word());
  if (kind) plan.byzantine[node] = *kind;
  line.good = line.good && kind.has_value();
}

void ReadExpectation(Line& line, Plan& plan) {
  const std::string what = line.Word();
  const std::uint64_t number = line.Number();
  if (what == "epoch") {
    plan.expect_epoch = number;
  } else if (what == "height-max") {
    plan.expect_height_max = number;
  } else {
    line.good = false;
  }
}

bool ReadLine(const std::string& text, Plan& plan) {
  Line line(text);
  if (line.AtEnd()) return true;
  line = Line(text);
  const std::string what = line.Word();
  const auto nodes = [&line](std::set<NodeIndex>& into) {
    for (const NodeIndex node : line.Nodes()) into.insert(node);
  };
  if (what == "validators") {
    plan.validators = line.Number();
  } else if (what == "newcomers") {
    plan.newcomers = line.Number();
  } else if (what == "block") {
    plan.block_transactions = line.Number();
  } else if (what == "network") {
    ReadNetwork(line, plan.network);
  } else if (what == "byzantine") {
    ReadByzantine(line, plan);
  } else if (what == "twins") {
    nodes(plan.twins);
  } else if (what == "dead") {
    nodes(plan.dead);
  } else if (what == "cut") {
    nodes(plan.cut);
  } else if (what == "heal") {
    plan.heal_at = Millis(line.Number());
  } else if (what == "expect") {
    ReadExpectation(line, plan);
  } else if (what == "at") {
    const Millis at(line.Number());
    ReadFault(line, at, line.Word(), plan);
  } else {
    return false;
  }
  return line.good && line.AtEnd();
}

}  // namespace

std::string PlanText(const Plan& plan) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  std::string out = "validators " + number(plan.validators) + "\nnewcomers " +
                    number(plan.newcomers) + "\nblock " + number(plan.block_transactions) +
                    "\nnetwork delay " + number(plan.network.delay_min_ms) + " " +
                    number(plan.network.delay_max_ms) + " loss " +
                    number(plan.network.loss_per_mille) + " duplicate " +
                    number(plan.network.duplicate_per_mille) + "\n";
  for (const auto& [node, kind] : plan.byzantine) {
    out += "byzantine " + number(node) + " " + std::string(Byzantine::NameOf(kind)) + "\n";
  }
  if (!plan.twins.empty()) out += "twins " + List(plan.twins) + "\n";
  if (!plan.dead.empty()) out += "dead " + List(plan.dead) + "\n";
  if (!plan.cut.empty()) out += "cut " + List(plan.cut) + "\n";
  for (const Fault& fault : plan.faults) {
    out += "at " + number(fault.at.value()) + " " + std::string(Name(fault.kind)) + " nodes " +
           List(fault.nodes) + " operations " + number(fault.operations) + " per-mille " +
           number(fault.per_mille) + " for " + number(fault.for_ms) + "\n";
  }
  for (const SetChange& change : plan.changes) {
    out += "at " + number(change.at.value()) + " change remove " + List(change.remove) + " add " +
           List(change.add) + "\n";
  }
  out += "heal " + number(plan.heal_at.value()) + "\n";
  if (plan.expect_epoch) out += "expect epoch " + number(*plan.expect_epoch) + "\n";
  if (plan.expect_height_max) out += "expect height-max " + number(*plan.expect_height_max) + "\n";
  return out;
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
  return {std::move(plan), ""};
}

}  // namespace timebank::sim
