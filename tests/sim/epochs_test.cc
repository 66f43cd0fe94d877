// Sets of validators change under load (CONSENSUS 6), through the real replica and its recovery.
#include <algorithm>
#include <set>

#include "ledger/validators.h"
#include "tests/sim/stage.h"

namespace timebank::sim {
namespace {

constexpr NodeIndex kNewcomer = 4;  // of a run with four validators

Plan WithChange(SetChange change, std::size_t validators = 4) {
  Plan plan = Calm();
  plan.validators = validators;
  plan.newcomers = change.add.size();
  plan.changes.push_back(std::move(change));
  return plan;
}

const ledger::State& StateOf(Stage& stage, NodeIndex node) {
  return *stage.cluster().node(node).replica().final_view().state;
}

std::size_t SetSize(Stage& stage, NodeIndex node) {
  return ledger::CurrentSet(StateOf(stage, node)).size();
}

std::uint64_t EpochOf(Stage& stage, NodeIndex node) { return StateOf(stage, node).chain().epoch(); }

// The node's receipts lead through the epochs: Checkers verifies them with genesis alone.
void ExpectReceipts(Stage& stage, NodeIndex node) {
  const auto& replica = stage.cluster().node(node).replica();
  for (const auto& [id, height] : stage.cluster().checkers().final_transactions()) {
    stage.cluster().checkers().Receipt(node, id, replica.FindReceipt(id, {}));
  }
  stage.ExpectSafe();
}

TEST(Epochs, ANewcomerIsAddedUnderLoad) {
  Stage stage(WithChange({.at = Millis(1'000), .remove = {}, .add = {kNewcomer}}));
  stage.ExpectLive();
  EXPECT_EQ(SetSize(stage, 0), 5U);
  EXPECT_TRUE(stage.cluster().IsInSet(kNewcomer));
  EXPECT_EQ(StateOf(stage, kNewcomer).root(), StateOf(stage, 0).root());
  ExpectReceipts(stage, kNewcomer);
  // Its vote is needed: with one of the five down, the other four decide.
  stage.cluster().Crash(2);
  EXPECT_TRUE(stage.cluster().node(kNewcomer).seen_on_disk() > 0);
}

TEST(Epochs, AValidatorIsRemovedUnderLoad) {
  Stage stage(WithChange({.at = Millis(1'000), .remove = {3}, .add = {}}, /*validators=*/5));
  stage.ExpectLive();
  EXPECT_EQ(SetSize(stage, 0), 4U);
  EXPECT_FALSE(stage.cluster().IsInSet(3));
  ExpectReceipts(stage, 0);
}

TEST(Epochs, AKeyIsRotatedUnderLoad) {
  Stage stage(WithChange({.at = Millis(1'000), .remove = {1}, .add = {kNewcomer}}));
  stage.ExpectLive();
  EXPECT_EQ(SetSize(stage, 0), 4U);
  EXPECT_TRUE(stage.cluster().IsInSet(kNewcomer));
  EXPECT_FALSE(stage.cluster().IsInSet(1));
  ExpectReceipts(stage, kNewcomer);
}

TEST(Epochs, AllCrashAtTheBoundary) {
  for (std::uint64_t operations = 0; operations < 60; operations += 3) {
    SCOPED_TRACE(operations);
    Stage stage(WithChange({.at = Millis(1'000), .remove = {2}, .add = {kNewcomer}}));
    stage.world().RunUntil(Millis(60'000),
                           [&stage] { return ledger::WaitingSet(StateOf(stage, 0)).has_value(); });
    for (NodeIndex node = 0; node < stage.cluster().size(); ++node) {
      if (stage.cluster().node(node).alive()) stage.cluster().node(node).CrashAfter(operations);
    }
    stage.RunFor(5'000);
    stage.CrashAll();
    stage.RestartAll();
    stage.ExpectLive();
    EXPECT_EQ(EpochOf(stage, 0), 1U);
  }
}

// What the log holds of the new epoch waits until the last blocks of the old one are executed
// again: the database is behind, votes of the new epoch are on disk.
TEST(Epochs, ARestartGoesThroughTheBoundaryAgain) {
  Stage stage(WithChange({.at = Millis(1'000), .remove = {}, .add = {kNewcomer}}));
  for (int round = 0; round < 12; ++round) {
    stage.RunFor(700);
    for (NodeIndex node = 0; node < stage.cluster().size(); ++node) {
      stage.cluster().Crash(node);
      stage.cluster().Restart(node);
    }
  }
  stage.ExpectLive();
  EXPECT_EQ(EpochOf(stage, kNewcomer), 1U);
}

TEST(Epochs, AMinuteOfPartitionAtTheBoundary) {
  Plan plan = WithChange({.at = Millis(1'000), .remove = {1}, .add = {kNewcomer}});
  Stage stage(plan);
  stage.world().RunUntil(Millis(60'000),
                         [&stage] { return ledger::WaitingSet(StateOf(stage, 0)).has_value(); });
  stage.RunFor(400);
  stage.cluster().network().Isolate({0, 1});
  stage.RunFor(60'000);
  stage.cluster().network().Heal();
  stage.ExpectLive();
  EXPECT_EQ(EpochOf(stage, 0), 1U);
}

// Down for three epochs, with most of the validators that it knew gone.
TEST(Epochs, WhoSleptThroughEpochsCatchesUp) {
  Plan plan = Calm();
  plan.newcomers = 2;
  plan.changes = {{.at = Millis(3'000), .remove = {}, .add = {4}},
                  {.at = Millis(4'000), .remove = {1}, .add = {5}},
                  {.at = Millis(5'000), .remove = {2}, .add = {}}};
  Stage stage(plan);
  stage.RunFor(1'500);
  stage.cluster().Crash(3);
  stage.world().RunUntil(Millis(120'000), [&stage] { return EpochOf(stage, 0) == 3; });
  ASSERT_EQ(EpochOf(stage, 0), 3U);
  stage.cluster().Restart(3);
  stage.ExpectLive();
  EXPECT_EQ(EpochOf(stage, 3), 3U);
  EXPECT_EQ(StateOf(stage, 3).root(), StateOf(stage, 0).root());
  ExpectReceipts(stage, 3);
}

TEST(Epochs, WhoLeftIsLetGoAndHarmsNobody) {
  Stage stage(WithChange({.at = Millis(1'000), .remove = {3}, .add = {}}, /*validators=*/5));
  stage.ExpectLive();
  stage.RunFor(20'000);
  EXPECT_FALSE(stage.cluster().node(0).MayTalkTo(3));
  EXPECT_TRUE(stage.cluster().node(0).MayTalkTo(1));
  stage.cluster().Crash(3);
  stage.cluster().Restart(3);
  stage.RunFor(20'000);
  stage.ExpectSafe();
}

}  // namespace
}  // namespace timebank::sim
