#include "wallet-cli/demo/demo.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "api/client/client.h"
#include "base/civil.h"
#include "platform/clock.h"
#include "platform/entropy.h"
#include "platform/file.h"
#include "wallet-cli/arguments.h"
#include "wallet-cli/cluster.h"
#include "wallet-cli/demo/cast.h"
#include "wallet-cli/demo/demo_folder.h"
#include "wallet-cli/demo/founding.h"
#include "wallet-cli/demo/interrupt.h"
#include "wallet-cli/demo/redemptions.h"
#include "wallet-cli/demo/report.h"
#include "wallet-cli/demo/stage.h"
#include "wallet-cli/demo/synthetic.h"
#include "wallet-cli/demo/timeline.h"
#include "wallet-cli/demo/visits.h"
#include "wallet-cli/failure.h"
#include "wallet-cli/testnet.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::uint64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kGrantMinutes = 480;
constexpr std::uint64_t kStartPatienceMs = 30'000;
// How far beyond the wall clock a demo may stop: every month of it gets a grant run.
constexpr std::uint64_t kUntilAheadMs = 366 * kDayMs;

using StepResult = Expected<bool, std::string>;

// What this demo's policy does differently from the defaults.
constexpr std::int64_t kCardDayMinutes = 240;
constexpr std::pair<v1::PolicyParameter, std::int64_t> kDifferences[] = {
    {v1::POLICY_PARAMETER_CARD_DAY_MINUTES, kCardDayMinutes},
    {v1::POLICY_PARAMETER_GRANT_MONTH_MINUTES, kGrantMinutes},
};

// Minutes that the data has confirmed by card for one elder on one local day, at most.
std::int64_t LongestCardDay(const PilotData& data) {
  std::map<std::pair<std::string, std::uint32_t>, std::int64_t> days;
  std::int64_t longest = 0;
  for (const PilotVisit& visit : data.visits) {
    if (visit.entry_number.empty() || visit.channel != PilotChannel::kCard) continue;
    std::int64_t& day = days[{visit.elder, LocalDay(visit.confirmed_at, kPilotOffsetMinutes)}];
    longest = std::max(longest, day += visit.minutes);
  }
  return longest;
}

std::vector<PolicyLine> PolicyLines(const PilotData& data) {
  const std::int64_t longest = LongestCardDay(data);
  const std::string card = longest == 0
                               ? "room for days of help that are confirmed by card (default 120)"
                               : "the longest day confirmed by card in the data is " +
                                     std::to_string(longest) + " minutes (default 120)";
  return {{v1::PolicyParameter_Name(v1::POLICY_PARAMETER_CARD_DAY_MINUTES), kCardDayMinutes, card},
          {v1::PolicyParameter_Name(v1::POLICY_PARAMETER_GRANT_MONTH_MINUTES), kGrantMinutes,
           "the default, but for a class that holds all elders of the data"}};
}

// Genesis lies on 2020-07-28: key age (F8) and newness of volunteers are over by the first order.
Millis GenesisTime() { return *FromCivil({kGenesisYear, 7, 28, 0, 0, 0}, kPilotOffsetMinutes); }

class Demo {
 public:
  explicit Demo(DemoOptions options) : options_(std::move(options)) {}

  int Run() {
    started_ms_ = platform::MonotonicMs();
    if (auto ready = Prepare(); !ready) {
      return PrintFailure(ready.error(), options_.json, options_.language);
    }
    // Before the first process is started: who ends this program ends the validators, too.
    NoteSignals();
    if (auto step = Live(); !step) return Fail(step.error());
    return options_.detach && !StopAsked() ? 0 : WaitForSignal();
  }

 private:
  void Say(const std::string& text) const {
    std::fprintf(stderr, "[%6.1f s] %s\n",
                 static_cast<double>(platform::MonotonicMs() - started_ms_) / 1000.0, text.c_str());
  }

  StepResult Live() {
    if (auto step = Start(); !step) return step;
    if (auto step = options_.load ? Load() : MoveToEnd(); !step) return step;
    if (auto step = Save(); !step) return step;
    return Report();
  }

  int Fail(const std::string& what) {
    StopNodes(cluster_.nodes, 20'000);
    if (!cluster_.nodes.empty()) (void)Save();
    Failure failure = LocalFailure(what);
    if (StopAsked()) {
      failure.exit = Exit::kNotRecorded;
      failure.what = "stopped by a signal before the demo was there; its validators are stopped";
      failure.next = "begin anew: `dev up` with the same --dir";
    } else if (!cluster_.nodes.empty()) {
      failure.next = "look at " + options_.dir + "/validator-*/node.log";
    }
    return PrintFailure(failure, options_.json, options_.language);
  }

  // All that can be wrong with the command line and the data, before anything is changed.
  Result<Done> Prepare() {
    if (auto done = ReadUntil(); !done) return done;
    std::error_code error;
    options_.dir = std::filesystem::absolute(options_.dir, error).lexically_normal();
    if (options_.dir.ends_with('/')) options_.dir.pop_back();
    if (auto fine = CheckDemoFolder(options_.dir); !fine) return fine;
    if (options_.load) {
      if (auto done = ReadData(); !done) return done;
    }
    return ClearDemoFolder(options_.dir);
  }

  Result<Done> ReadUntil() {
    end_ = platform::WallTime();
    if (options_.until.empty()) return Done{};
    auto civil = ParseCivil(options_.until);
    if (!civil || options_.until.size() != 10) {
      return Unexpected{
          UsageFailure("--until wants a date like 2021-01-25, not '" + options_.until + "'")};
    }
    civil->hour = 9;
    until_ = FromCivil(*civil, kPilotOffsetMinutes);
    const Millis last(end_.value() + kUntilAheadMs);
    if (!until_ || *until_ < GenesisTime() || *until_ > last) {
      return Unexpected{UsageFailure(
          "--until " + options_.until + " is not within the demo's time: the ledger begins on " +
          DayOf(GenesisTime()) + ", and no later day than " + DayOf(last) + " is taken")};
    }
    end_ = *until_;
    return Done{};
  }

  static std::string DayOf(Millis at) {
    return FormatCivil(ToCivil(at, kPilotOffsetMinutes)).substr(0, 10);
  }

  Result<Done> ReadData() {
    if (options_.data.empty()) {
      options_.data = options_.dir + ".data";
      if (auto fine = CheckDemoFolder(options_.data); !fine) return fine;
      Say("no data directory given: making a pilot of our own in " + options_.data);
      auto made = WriteSyntheticPilot(options_.data, {});
      if (made) made = MarkDemoFolder(options_.data, "a pilot that `timebank dev up` invented");
      if (!made) return Unexpected{LocalFailure(made.error())};
    }
    std::error_code error;
    options_.data = std::filesystem::absolute(options_.data, error).lexically_normal();
    if (options_.data.ends_with('/')) options_.data.pop_back();
    if (LiesWithin(options_.data, options_.dir)) {
      return Unexpected{UsageFailure("--data " + options_.data + " lies in --dir " + options_.dir +
                                     ", which is begun anew")};
    }
    // A row of the future is one that cannot have been by the wall clock; --until only stops early.
    auto data = LoadPilot(options_.data, std::max(end_, platform::WallTime()));
    if (!data) return Unexpected{UsageFailure("--data: " + data.error())};
    data_ = std::move(*data);
    return Done{};
  }

  StepResult Start() {
    const Millis wall = platform::WallTime();
    TestnetOptions testnet_options;
    testnet_options.validators = options_.validators;
    testnet_options.out = options_.dir;
    testnet_options.port_base = options_.port_base;
    testnet_options.development = true;
    testnet_options.genesis = GenesisTime();
    testnet_options.clock_offset_ms = static_cast<std::int64_t>(GenesisTime().value() + kHourMs) -
                                      static_cast<std::int64_t>(wall.value());
    testnet_options.district_name = "Pilot district";
    for (const auto& [parameter, value] : kDifferences) {
      testnet_options.policy.push_back({parameter, value});
    }
    auto testnet = InitTestnet(testnet_options);
    if (!testnet) return Unexpected{testnet.error()};
    testnet_ = std::move(*testnet);
    staff_ = testnet_.officers.size();
    if (auto step = MarkDemoFolder(options_.dir, ToHex(testnet_.chain_id.view())); !step) {
      return step;
    }
    cluster_.chain_id = ToHex(testnet_.chain_id.view());
    cluster_.genesis = testnet_.genesis_path;
    cluster_.identities_dir = testnet_.identities_directory;
    cluster_.offset_ms = testnet_options.clock_offset_ms;
    cluster_.development = true;
    for (const TestnetNode& node : testnet_.nodes) {
      const auto pid = StartNode(options_.node_program, node.directory);
      if (!pid) return Unexpected{pid.error()};
      cluster_.nodes.push_back({node.name, node.address, node.directory, *pid});
    }
    if (auto step = Save(); !step) return step;
    Say("started " + std::to_string(cluster_.nodes.size()) + " validators (DEVELOPMENT network)");
    return WaitUntilServing();
  }

  StepResult WaitUntilServing() {
    auto genesis = platform::ReadFile(testnet_.genesis_path);
    if (!genesis) return Unexpected{genesis.error()};
    client::ClientOptions client_options;
    client_options.genesis = ToString(*genesis);
    client_options.nodes = cluster_.Addresses();
    auto client = client::Client::Open(client_options);
    if (!client) return Unexpected{client.error()};
    client_ = std::move(*client);
    const std::uint64_t end = platform::MonotonicMs() + kStartPatienceMs;
    for (std::size_t i = 0; i < cluster_.nodes.size();) {
      if (StopAsked()) return Unexpected{std::string("a signal asked to stop")};
      const ClusterNode& node = cluster_.nodes[i];
      if (!IsRunning(node.pid)) {
        return Unexpected{node.name + " ended at once:\n" + LogTail(node.dir, 5)};
      }
      // The port first: a channel that failed once waits longer and longer before it tries again.
      if (IsListening(node.grpc) && client_->Status(i)) {
        ++i;
      } else if (platform::MonotonicMs() > end) {
        return Unexpected{node.name + " does not answer:\n" + LogTail(node.dir, 5)};
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
    auto dev_key = platform::OpenKeyFile(options_.dir + "/dev.key", platform::PassphraseIs(""),
                                         {.allow_plain = true});
    if (!dev_key) return Unexpected{dev_key.error().text};
    stage_ = std::make_unique<Stage>(cluster_.Addresses(), client_->genesis(), *dev_key,
                                     cluster_.offset_ms);
    return true;
  }

  StepResult Load() {
    const StaffPlan staff = PlanStaff(data_);
    cast_ = BuildCast(data_, staff, testnet_.district, testnet_.officers, GenesisTime());
    staff_ = cast_.staff;
    const std::vector<Step> steps = PlanTimeline(data_, GenesisTime(), end_);
    std::size_t elders = 0;
    for (const PilotMember& member : data_.members) elders += member.elder ? 1 : 0;
    FoundingPlan plan;
    plan.offer = platform::NewId<OfferId>(GenesisTime());
    // Every elder for every month until the end, and two more for the months after it.
    const std::size_t months = GrantMonths(GenesisTime(), end_).size() + 2;
    plan.budget_minutes = static_cast<std::int64_t>(elders * months) * kGrantMinutes;
    Say("founding the ledger: " + std::to_string(cast_.communities.size()) + " communities, " +
        std::to_string(data_.members.size()) + " members, " + std::to_string(cast_.staff) +
        " staff");
    auto founded =
        Found(*stage_, cast_, data_, plan, [this](const std::string& what) { Say("  " + what); });
    if (!founded) return founded;
    if (auto step = SaveIdentities(); !step) return step;
    player_ = std::make_unique<VisitPlayer>(*stage_, cast_, data_);
    Say("living " + std::to_string(data_.visits.size()) + " visits in " +
        std::to_string(steps.size()) + " steps");
    if (auto step = PlaySteps(steps); !step) return step;
    player_->Leave(end_);
    if (auto step = MoveToEnd(); !step) return step;
    const std::uint32_t month = LocalMonth(stage_->Now(), kPilotOffsetMinutes);
    if (granted_.empty() || granted_.back() != month) {
      if (auto step = RunGrant(*stage_, cast_, data_, month); !step) return step;
    }
    auto redeemed = PlayRedemptions(*stage_, cast_, data_, plan.offer);
    if (!redeemed) return Unexpected{redeemed.error()};
    redemptions_ = std::move(*redeemed);
    return true;
  }

  StepResult PlaySteps(const std::vector<Step>& steps) {
    std::size_t tenth = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (auto moved = stage_->MoveTo(steps[i].at); !moved) return moved;
      if (steps[i].kind == StepKind::kGrantRun) {
        granted_.push_back(steps[i].month);
        auto run = RunGrant(*stage_, cast_, data_, steps[i].month);
        if (!run) return run;
      } else if (auto played = player_->Play(steps[i]); !played) {
        return played;
      }
      if ((i + 1) * 10 / steps.size() > tenth) {
        tenth = (i + 1) * 10 / steps.size();
        Say("  " + FormatCivil(ToCivil(stage_->Now(), kPilotOffsetMinutes)) + ": " +
            std::to_string(tenth * 10) + "%, " + std::to_string(player_->approved()) +
            " visits approved, " + std::to_string(player_->refused().size()) + " refused");
      }
    }
    return true;
  }

  // Cooling-off ends on its way: one stop when the last credits are due, then the end itself.
  StepResult MoveToEnd() {
    const Millis end = until_.value_or(platform::WallTime());
    const Millis settled(stage_->Now().value() + 8 * kDayMs);
    if (settled < end) {
      if (auto moved = stage_->MoveTo(settled); !moved) return moved;
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    if (until_) return stage_->MoveTo(end);
    return stage_->MoveToWallClock();
  }

  StepResult SaveIdentities() {
    const IdentityStore store(testnet_.identities_directory, platform::PassphraseIs(""), true);
    for (const auto& [name, person] : cast_.people) {
      if (platform::FileExists(store.directory() + "/" + name + ".json")) continue;
      if (auto made = store.Create(person, /*plain=*/true); !made) return made;
    }
    const std::string text = OrganisationsJson(cast_);
    const auto written =
        platform::WriteFileAtomically(options_.dir + "/organisations.json", AsBytes(text));
    if (!written) return Unexpected{written.error()};
    return true;
  }

  StepResult Save() {
    if (stage_) cluster_.offset_ms = stage_->offset_ms();
    return WriteCluster(options_.dir + "/cluster.json", cluster_);
  }

  StepResult Report() {
    DemoReport report;
    report.dir = options_.dir;
    report.program = options_.program;
    report.identity = data_.members.empty() ? "clerk-1" : data_.members.front().number;
    report.data = options_.load ? options_.data : "";
    report.data_note = options_.load ? ProvenanceOf(options_.data) : "";
    report.members = data_.members.size();
    report.staff = staff_;
    report.redemptions = redemptions_;
    report.transactions = stage_->transactions();
    report.seconds = (platform::MonotonicMs() - started_ms_) / 1000;
    report.refused = data_.refused;
    if (player_) {
      report.visits = player_->approved();
      report.row_minutes = player_->row_minutes();
      report.approved_minutes = player_->approved_minutes();
      report.in_part = player_->in_part();
      report.refused.insert(report.refused.end(), player_->refused().begin(),
                            player_->refused().end());
    }
    report.policy = PolicyLines(data_);
    return PrintReport(*client_, cluster_, report, options_.json);
  }

  int WaitForSignal() {
    Say("running; Ctrl-C stops it (--detach leaves it running)");
    while (!StopAsked()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    StopNodes(cluster_.nodes, 20'000);
    return 0;
  }

  DemoOptions options_;
  std::uint64_t started_ms_ = 0;
  std::optional<Millis> until_;
  Millis end_;  // no step after it: --until, or the wall clock at the start
  PilotData data_;
  Testnet testnet_;
  Cluster cluster_;
  Cast cast_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<Stage> stage_;
  std::unique_ptr<VisitPlayer> player_;
  std::vector<std::uint32_t> granted_;
  std::size_t staff_ = 0;
  Redemptions redemptions_;
};

}  // namespace

int DemoUp(const DemoOptions& options) { return Demo(options).Run(); }

int DemoDown(const std::string& dir, bool json) {
  const auto cluster = ReadCluster(dir + "/cluster.json");
  if (!cluster) return PrintFailure({Exit::kLocal, "", cluster.error(), ""}, json);
  int running = 0;
  for (const ClusterNode& node : cluster->nodes) running += IsRunningNode(node) ? 1 : 0;
  const int killed = StopNodes(cluster->nodes, 20'000);
  if (json) {
    PrintJson({{"stopped", running}, {"killed", killed}});
  } else {
    PrintText(std::to_string(running) + " validators stopped" +
              (killed > 0 ? ", " + std::to_string(killed) + " had to be killed" : ""));
  }
  return 0;
}

}  // namespace timebank::cli
