// Random transactions through both ledgers: the same answers, line by line, and the same books.
// TIMEBANK_PROPERTY_N sets how many transactions (20,000 by default), TIMEBANK_PROPERTY_SEED the
// first seed. A failure prints seed, step, transaction and both answers.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "chain/canonical.h"
#include "tests/model/generator.h"
#include "tests/model/side_by_side.h"

namespace timebank::model {
namespace {

constexpr std::uint64_t kStepsPerWorld = 2'000;
constexpr Time kFirstDayMs = 86'400'000 + 3'600'000 * 8;
constexpr std::uint64_t kStepsDefault = 20'000;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// How often each answer came up, by kind of transaction.
struct Coverage {
  std::map<std::string, std::uint64_t> reasons;
  std::map<std::uint32_t, std::uint64_t> flags;
  std::map<std::string, std::uint64_t> states;
  std::map<int, std::uint64_t> done;

  void Note(const v1::TransactionBody& body, const Verdict& verdict) {
    ++reasons[NameOf(verdict.reason)];
    for (const LineVerdict& line : verdict.lines) ++reasons["line " + NameOf(line)];
    if (verdict.reason == v1::REASON_UNSPECIFIED) ++done[body.kind_case()];
  }
  void NoteEnd(const NaiveLedger& ledger) {
    for (const auto& [id, visit] : ledger.visits()) {
      ++states[v1::EntryState_Name(visit.state)];
      for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
        if ((visit.flags & bit) != 0) ++flags[bit];
      }
    }
    for (const auto& [id, purchase] : ledger.purchases()) {
      ++states[v1::RedemptionState_Name(purchase.state)];
    }
  }
  void Print() const {
    for (const auto& [name, count] : reasons) std::cout << "  " << name << " " << count << "\n";
    for (const auto& [flag, count] : flags) {
      std::cout << "  " << v1::Flag_Name(static_cast<v1::Flag>(flag)) << " " << count << "\n";
    }
    for (const auto& [name, count] : states) std::cout << "  " << name << " " << count << "\n";
    for (const auto& [kind, count] : done) {
      const auto* field = v1::TransactionBody::descriptor()->FindFieldByNumber(kind);
      std::cout << "  done: " << field->name() << " " << count << "\n";
    }
  }
};

// The body, with what travels as bytes inside it.
std::string Readable(const v1::TransactionBody& body) {
  std::string text = body.DebugString();
  const auto add = [&](const std::string& bytes, auto message) {
    if (!bytes.empty() && message.ParseFromString(bytes)) text += message.DebugString();
  };
  add(body.submit_entry().content(), v1::EntryContent());
  add(body.correct_entry().replacement(), v1::EntryContent());
  for (const auto& line : body.paper_batch().lines()) add(line.content(), v1::EntryContent());
  add(body.confirm_entry().action(), v1::ConfirmAction());
  add(body.redeem().action(), v1::RedeemAction());
  add(body.confirm_redemption().action(), v1::ConfirmRedemptionAction());
  return text;
}

// Plays one world. Returns what differed first, with all that is needed to see why; or empty.
std::string PlayWorld(std::uint64_t seed, std::uint64_t steps, Coverage& coverage) {
  const Prng root(seed);
  Prng world_random = root.Fork("world");
  Prng random = root.Fork("transactions");
  MadeUpWorld world(world_random);
  SideBySide ledgers(world.cast.Seal());
  Generator generator(random, world, ledgers);
  // Mostly after the first day, when the keys of genesis are old enough (F8).
  if (!random.Chance(1, 8)) ledgers.BeginBlock(ledgers.now_ms() + kFirstDayMs);
  std::string last;
  const auto report = [&](std::uint64_t step, const std::string& what) {
    std::string text = "seed " + std::to_string(seed) + " step " + std::to_string(step) + " time " +
                       std::to_string(ledgers.now_ms()) + "\n" + what;
    for (const std::string& difference : ledgers.differences()) text += "\n" + difference;
    return text;
  };
  for (std::uint64_t step = 0; step < steps; ++step) {
    if (random.Chance(1, 4)) {
      ledgers.BeginBlock(generator.NextTime());
      if (!ledgers.differences().empty()) return report(step, "a new block");
    }
    const Draft draft = generator.Next();
    const bool repeat = !last.empty() && random.Chance(1, 50);
    const std::string envelope = repeat ? last : world.cast.Sign(draft.body, draft.by);
    const Answers answers = ledgers.Submit(envelope);
    if (!repeat) coverage.Note(draft.body, answers.naive);
    last = envelope;
    if (!ledgers.differences().empty()) {
      std::string signers = repeat ? "the last envelope again" : "";
      for (const Signature& by : draft.by) {
        signers += " " + by.name + "/" + std::to_string(by.key) + ":" + v1::Role_Name(by.role) +
                   "@" + by.org;
      }
      return report(step, Readable(draft.body) + signers);
    }
  }
  ledgers.CompareAll();
  if (!ledgers.differences().empty()) return report(steps, "the end");
  coverage.NoteEnd(ledgers.naive());
  return {};
}

TEST(Property, TheLedgerAgreesWithTheNaiveOne) {
  std::uint64_t steps = FromEnvironment("TIMEBANK_PROPERTY_N", kStepsDefault);
  std::uint64_t seed = FromEnvironment("TIMEBANK_PROPERTY_SEED", 1);
  Coverage coverage;
  while (steps > 0) {
    const std::uint64_t now = std::min(steps, kStepsPerWorld);
    const std::string difference = PlayWorld(seed, now, coverage);
    if (!difference.empty()) FAIL() << difference;
    steps -= now;
    ++seed;
  }
  coverage.Print();
}

}  // namespace
}  // namespace timebank::model
