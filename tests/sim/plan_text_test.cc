// The language of plans: what is written is read as the same plan, which runs the same way; what is
// no sentence is told.
#include <gtest/gtest.h>

#include "tests/sim/run.h"
#include "tests/sim/sentence.h"

namespace timebank::sim {
namespace {

TEST(PlanText, IsReadAsTheSamePlan) {
  for (const Profile profile : {Profile::kSwarm, Profile::kLite, Profile::kByzantine}) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      const std::string text = PlanText(PlanOf(seed, profile));
      const PlanOrError parsed = ParsePlan(text);
      ASSERT_TRUE(parsed.plan.has_value()) << parsed.error;
      EXPECT_EQ(PlanText(*parsed.plan), text);
    }
  }
}

TEST(PlanText, RunsAsThePlanDid) {
  for (const std::uint64_t seed : {3U, 11U, 14U}) {
    const Plan plan = PlanOf(seed);
    const PlanOrError parsed = ParsePlan(PlanText(plan));
    ASSERT_TRUE(parsed.plan.has_value()) << parsed.error;
    EXPECT_EQ(RunPlan(seed, *parsed.plan).trace, RunPlan(seed, plan).trace) << seed;
  }
}

// Every field away from its default, every kind of fault and liar.
TEST(PlanText, HoldsEverythingThatAPlanHolds) {
  Plan plan = {.seed = 9,
               .validators = 13,
               .newcomers = 2,
               .twins = {1, 2},
               .dead = {3},
               .cut = {4},
               .block_transactions = 1,
               .pairs = 3,
               .visits = 4};
  plan.network = {.delay_min_ms = 2, .delay_max_ms = 7};
  plan.network.loss_per_mille = 5;
  plan.network.duplicate_per_mille = 6;
  plan.changes = {{Millis(1), {}, {13}}, {Millis(2), {5}, {}}, {Millis(3), {6, 7}, {14}}};
  for (std::uint64_t kind = 0; kind < Byzantine::kKinds; ++kind) {
    plan.byzantine[kind] = static_cast<Byzantine::Kind>(kind);
  }
  for (std::uint64_t kind = 0; kind < kFaultKinds; ++kind) {
    plan.faults.push_back({.kind = static_cast<Fault::Kind>(kind),
                           .at = Millis(1'001 * kind),
                           .for_ms = 10 + kind,
                           .nodes = {0, 1, 12},
                           .n = 4 + kind,
                           .off_ms = -3'050});
  }
  plan.heal_at = Millis(99'999);
  plan.expect_one_root = true;
  plan.expect_epoch = 3;
  plan.expect_height_max = 70;
  const std::string text = PlanText(plan);
  const PlanOrError parsed = ParsePlan(text);
  ASSERT_TRUE(parsed.plan.has_value()) << parsed.error;
  EXPECT_EQ(PlanText(*parsed.plan), text);
  const Plan& read = *parsed.plan;
  EXPECT_EQ(read.seed, plan.seed);
  EXPECT_EQ(read.byzantine, plan.byzantine);
  EXPECT_EQ(read.twins, plan.twins);
  EXPECT_EQ(read.dead, plan.dead);
  EXPECT_EQ(read.cut, plan.cut);
  EXPECT_EQ(read.pairs, plan.pairs);
  EXPECT_EQ(read.visits, plan.visits);
  EXPECT_EQ(read.block_transactions, plan.block_transactions);
  EXPECT_EQ(read.network.loss_per_mille, plan.network.loss_per_mille);
  EXPECT_EQ(read.heal_at, plan.heal_at);
  EXPECT_EQ(read.expect_epoch, plan.expect_epoch);
  EXPECT_EQ(read.expect_height_max, plan.expect_height_max);
  EXPECT_TRUE(read.expect_one_root);
  ASSERT_EQ(read.changes.size(), plan.changes.size());
  EXPECT_EQ(read.changes[2].remove, plan.changes[2].remove);
  EXPECT_EQ(read.changes[2].add, plan.changes[2].add);
  ASSERT_EQ(read.faults.size(), plan.faults.size());
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    EXPECT_EQ(read.faults[i].kind, plan.faults[i].kind);
    EXPECT_EQ(read.faults[i].at, plan.faults[i].at);
    EXPECT_EQ(read.faults[i].for_ms, plan.faults[i].for_ms);
  }
}

TEST(PlanText, ExpectsNoChangeToo) {
  Plan plan;
  plan.expect_epoch = 0;
  EXPECT_EQ(ParsePlan(PlanText(plan)).plan->expect_epoch, 0U);
  EXPECT_EQ(ParsePlan(PlanText(Plan())).plan->expect_epoch, std::nullopt);
}

TEST(PlanText, ReadsAsItIsSpoken) {
  const PlanOrError parsed = ParsePlan(
      "# a remark\n\n  4 validators keep the ledger  # another\n"
      "at 5.25 s validators 0 and 1 are cut off from the others for 60 s\n"
      "at 5 s validator 2 crashes, and is back 0.5 s later\n");
  ASSERT_TRUE(parsed.plan.has_value()) << parsed.error;
  ASSERT_EQ(parsed.plan->faults.size(), 2U);
  EXPECT_EQ(parsed.plan->faults[0].kind, Fault::Kind::kCrash);
  EXPECT_EQ(parsed.plan->faults[0].for_ms, 500U);
  EXPECT_EQ(parsed.plan->faults[1].at, Millis(5'250));
  EXPECT_EQ(parsed.plan->faults[1].nodes, (std::set<NodeIndex>{0, 1}));
}

TEST(PlanText, TellsTheLineThatIsNoSentence) {
  for (const char* line :
       {"at 5 s the earth quakes for 1 s", "at 5 validator 2 crashes, and is back 1 s later",
        "at 5 s validator two crashes, and is back 1 s later", "at 5.1234 s all is well again",
        "at 5 s all is well again and again", "at -5 s all is well again", "4 validators",
        "at 5 s nobody hears validators for 2 s", "seed 99999999999999999999"}) {
    EXPECT_EQ(ParsePlan("4 validators keep the ledger\n" + std::string(line)).error, line);
  }
  EXPECT_FALSE(ParsePlan("3 validators keep the ledger").plan.has_value());
  EXPECT_FALSE(ParsePlan("1 elders are visited 8 times in all").plan.has_value());
  EXPECT_FALSE(ParsePlan("4 elders are visited 3 times in all").plan.has_value());
}

TEST(PlanText, AShrunkPlanFailsAsTheLargeOneDid) {
  Plan plan = PlanOf(7, Profile::kLite);
  ASSERT_FALSE(plan.faults.empty());
  plan.expect_height_max = 1;  // which no run keeps
  const Plan small = Shrink(7, plan);
  EXPECT_TRUE(small.faults.empty());
  EXPECT_EQ(small.pairs, kPairsMin);
  EXPECT_EQ(small.visits, kPairsMin);
  EXPECT_EQ(small.newcomers, 0U);
  const PlanOrError parsed = ParsePlan(PlanText(small));
  ASSERT_TRUE(parsed.plan.has_value()) << parsed.error;
  const RunResult again = RunPlan(parsed.plan->seed, *parsed.plan);
  EXPECT_EQ(again.verdict, Verdict::kCorrectness);
  EXPECT_EQ(again.trace, RunPlan(7, small).trace);
}

}  // namespace
}  // namespace timebank::sim
