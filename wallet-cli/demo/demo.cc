#include "wallet-cli/demo/demo.h"

#include <signal.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
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
#include "wallet-cli/cluster.h"
#include "wallet-cli/demo/cast.h"
#include "wallet-cli/demo/founding.h"
#include "wallet-cli/demo/redemptions.h"
#include "wallet-cli/demo/report.h"
#include "wallet-cli/demo/stage.h"
#include "wallet-cli/demo/synthetic.h"
#include "wallet-cli/demo/timeline.h"
#include "wallet-cli/demo/visits.h"
#include "wallet-cli/testnet.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::uint64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kGrantMinutes = 480;
constexpr std::uint64_t kStartPatienceMs = 30'000;

using StepResult = Expected<bool, std::string>;

volatile std::sig_atomic_t g_stop = 0;

// What this demo's policy does differently from the defaults, and why.
struct Difference {
  v1::PolicyParameter parameter;
  std::int64_t value;
  const char* why;
};
constexpr Difference kDifferences[] = {
    {v1::POLICY_PARAMETER_CARD_DAY_MINUTES, 240,
     "the pilot's longest day confirmed by card is 205 minutes (default 120)"},
    {v1::POLICY_PARAMETER_GRANT_MONTH_MINUTES, kGrantMinutes,
     "the default, but for a class that holds all pilot elders"},
};

// Genesis lies on 2020-07-28: key age (F8) and newness of volunteers are over by the first order.
Millis GenesisTime() { return *FromCivil({2020, 7, 28, 0, 0, 0}, kPilotOffsetMinutes); }

class Demo {
 public:
  explicit Demo(DemoOptions options) : options_(std::move(options)) {}

  int Run() {
    started_ms_ = platform::MonotonicMs();
    if (auto step = Prepare(); !step) return Fail(step.error());
    if (auto step = Start(); !step) return Fail(step.error());
    if (options_.load) {
      if (auto step = Load(); !step) return Fail(step.error());
    } else if (auto step = MoveToEnd(); !step) {
      return Fail(step.error());
    }
    if (auto step = Save(); !step) return Fail(step.error());
    if (auto step = Report(); !step) return Fail(step.error());
    return options_.detach ? 0 : WaitForSignal();
  }

 private:
  void Say(const std::string& text) const {
    std::fprintf(stderr, "[%6.1f s] %s\n",
                 static_cast<double>(platform::MonotonicMs() - started_ms_) / 1000.0, text.c_str());
  }

  int Fail(const std::string& what) {
    StopNodes(cluster_.nodes, 5'000);
    return PrintFailure({Exit::kLocal, "", what,
                         "look at " + options_.dir + "/validator-*/node.log; `./dev down --dir " +
                             options_.dir + "` stops what is left"},
                        options_.json);
  }

  StepResult Prepare() {
    if (!options_.until.empty()) {
      auto civil = ParseCivil(options_.until);
      if (!civil || options_.until.size() != 10) {
        return Unexpected{"--until wants a date like 2021-01-25, not '" + options_.until + "'"};
      }
      civil->hour = 9;
      until_ = FromCivil(*civil, kPilotOffsetMinutes);
    }
    std::error_code error;
    options_.dir = std::filesystem::absolute(options_.dir, error).lexically_normal();
    if (options_.dir.ends_with('/')) options_.dir.pop_back();
    if (std::filesystem::exists(options_.dir + "/cluster.json", error)) {
      const auto old = ReadCluster(options_.dir + "/cluster.json");
      for (const ClusterNode& node : old ? old->nodes : std::vector<ClusterNode>()) {
        if (IsRunning(node.pid)) {
          return Unexpected{"a demo runs in " + options_.dir + " already; `./dev down --dir " +
                            options_.dir + "` stops it"};
        }
      }
      // A demo's folder is ours to begin anew.
      std::filesystem::remove_all(options_.dir, error);
    }
    if (options_.load && options_.data.empty()) {
      options_.data = options_.dir + ".data";
      Say("no data directory given: making a pilot of our own in " + options_.data);
      if (auto made = WriteSyntheticPilot(options_.data, {}); !made) return made;
    }
    if (!options_.load) return true;
    auto data = LoadPilot(options_.data);
    if (!data) return Unexpected{data.error()};
    data_ = std::move(*data);
    return true;
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
    for (const Difference& difference : kDifferences) {
      testnet_options.policy.push_back({difference.parameter, difference.value});
    }
    auto testnet = InitTestnet(testnet_options);
    if (!testnet) return Unexpected{testnet.error()};
    testnet_ = std::move(*testnet);
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
    std::vector<Step> steps = PlanTimeline(data_, GenesisTime());
    if (until_) std::erase_if(steps, [&](const Step& step) { return step.at > *until_; });
    std::size_t elders = 0;
    for (const PilotMember& member : data_.members) elders += member.elder ? 1 : 0;
    FoundingPlan plan;
    plan.offer = platform::NewId<OfferId>(GenesisTime());
    // Every elder for every month of the timeline, and two more for the months after it.
    const std::size_t months =
        GrantMonths(GenesisTime(), steps.empty() ? GenesisTime() : steps.back().at).size() + 2;
    plan.budget_minutes = static_cast<std::int64_t>(elders * months) * kGrantMinutes;
    Say("founding the ledger: " + std::to_string(cast_.communities.size()) + " communities, " +
        std::to_string(data_.members.size()) + " members, " +
        std::to_string(cast_.people.size() - data_.members.size()) + " staff");
    auto founded =
        Found(*stage_, cast_, data_, plan, [this](const std::string& what) { Say("  " + what); });
    if (!founded) return founded;
    if (auto step = SaveIdentities(); !step) return step;
    player_ = std::make_unique<VisitPlayer>(*stage_, cast_, data_);
    Say("living " + std::to_string(data_.visits.size()) + " visits in " +
        std::to_string(steps.size()) + " steps");
    if (auto step = PlaySteps(steps); !step) return step;
    if (auto step = MoveToEnd(); !step) return step;
    const std::uint32_t month = LocalMonth(stage_->Now(), kPilotOffsetMinutes);
    if (granted_.empty() || granted_.back() != month) {
      if (auto step = RunGrant(*stage_, cast_, data_, month); !step) return step;
    }
    auto redeemed = PlayRedemptions(*stage_, cast_, data_, plan.offer);
    if (!redeemed) return Unexpected{redeemed.error()};
    redemptions_ = *redeemed;
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
    const Millis today = platform::WallTime();
    const Millis end = until_.value_or(today);
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
    report.members = data_.members.size();
    report.visits = player_ ? player_->approved() : 0;
    report.redemptions = redemptions_;
    report.transactions = stage_->transactions();
    report.seconds = (platform::MonotonicMs() - started_ms_) / 1000;
    report.refused = data_.refused;
    if (player_) {
      report.refused.insert(report.refused.end(), player_->refused().begin(),
                            player_->refused().end());
    }
    for (const Difference& difference : kDifferences) {
      report.policy.push_back(
          {v1::PolicyParameter_Name(difference.parameter), difference.value, difference.why});
    }
    return PrintReport(*client_, cluster_, report, options_.json);
  }

  int WaitForSignal() {
    // A handler, not sigwait: the threads of gRPC do not block signals.
    struct sigaction action {};
    action.sa_handler = [](int) { g_stop = 1; };
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    Say("running; Ctrl-C stops it (--detach leaves it running)");
    while (g_stop == 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    StopNodes(cluster_.nodes, 20'000);
    return 0;
  }

  DemoOptions options_;
  std::uint64_t started_ms_ = 0;
  std::optional<Millis> until_;
  PilotData data_;
  Testnet testnet_;
  Cluster cluster_;
  Cast cast_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<Stage> stage_;
  std::unique_ptr<VisitPlayer> player_;
  std::vector<std::uint32_t> granted_;
  std::uint64_t redemptions_ = 0;
};

}  // namespace

int DemoUp(const DemoOptions& options) { return Demo(options).Run(); }

int DemoDown(const std::string& dir, bool json) {
  const auto cluster = ReadCluster(dir + "/cluster.json");
  if (!cluster) return PrintFailure({Exit::kLocal, "", cluster.error(), ""}, json);
  int running = 0;
  for (const ClusterNode& node : cluster->nodes) running += IsRunning(node.pid) ? 1 : 0;
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
