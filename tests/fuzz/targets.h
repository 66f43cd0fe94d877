// The fuzz targets, one file each: any bytes are taken, and a property that does not hold aborts by
// TB_CHECK. Run by libFuzzer (libfuzzer.cc), and over the seeds by every build (replay_test.cc).
#pragma once

#include <array>
#include <string_view>

#include "tests/fuzz/input.h"

namespace timebank::fuzz {

void RunArguments(Input input);
void RunBlockBody(Input input);
void RunCanonical(Input input);
void RunCertificate(Input input);
void RunConfig(Input input);
void RunCsv(Input input);
void RunEvidence(Input input);
void RunGenesis(Input input);
void RunLog(Input input);
void RunPeerMessage(Input input);
void RunReceipt(Input input);
void RunRecord(Input input);
void RunRecovery(Input input);
void RunRules(Input input);
void RunSnapshot(Input input);
void RunStored(Input input);
void RunTransaction(Input input);

struct Target {
  std::string_view name;
  void (*run)(Input);
};
inline constexpr std::array kTargets = {
    Target{"arguments", RunArguments},
    Target{"block_body", RunBlockBody},
    Target{"canonical", RunCanonical},
    Target{"certificate", RunCertificate},
    Target{"config", RunConfig},
    Target{"csv", RunCsv},
    Target{"evidence", RunEvidence},
    Target{"genesis", RunGenesis},
    Target{"log", RunLog},
    Target{"peer_message", RunPeerMessage},
    Target{"receipt", RunReceipt},
    Target{"record", RunRecord},
    Target{"recovery", RunRecovery},
    Target{"rules", RunRules},
    Target{"snapshot", RunSnapshot},
    Target{"stored", RunStored},
    Target{"transaction", RunTransaction},
};

}  // namespace timebank::fuzz
