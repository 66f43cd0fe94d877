// Every rule of the ledger, on bodies that no honest program builds: a few transactions and pauses
// on top of a small time bank with visits under way. TestLedger aborts when admission, leader
// and voter disagree, when the books do not balance or when the records do not load again.
//   input: steps of { pause u8 | length u16 | TransactionBody }
#include <optional>

#include "tests/fuzz/targets.h"
#include "tests/fuzz/time_bank.h"

namespace timebank::fuzz {
namespace {

constexpr int kStepsMax = 4;

void Pause(ledger::testing::TestLedger& bank, std::uint8_t pause) {
  // Mostly none: minutes, hours and days would be past what the other steps are about.
  if (pause < 0xE0) return;
  const std::uint64_t units = (pause & 7U) + 1U;
  const std::uint64_t unit = pause < 0xE8   ? ledger::testing::kMinuteMs
                             : pause < 0xF0 ? ledger::testing::kHourMs
                                            : ledger::testing::kDayMs;
  bank.Advance(units * unit);
  bank.Tick();
}

}  // namespace

void RunRules(Input input) {
  static const ledger::testing::TestLedger start = TimeBank();
  std::optional<ledger::testing::TestLedger> bank;
  for (int step = 0; step < kStepsMax && !input.empty(); ++step) {
    const std::uint8_t pause = input.U8();
    v1::TransactionBody body;
    const ByteView bytes = input.Part();
    if (!body.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) continue;
    body.DiscardUnknownFields();
    if (!bank) bank.emplace(start);
    Pause(*bank, pause);
    (void)bank->SubmitBody(body);
  }
}

}  // namespace timebank::fuzz
