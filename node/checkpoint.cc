#include "node/checkpoint.h"

#include <spdlog/spdlog.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "platform/clock.h"
#include "platform/entropy.h"
#include "platform/file.h"

namespace timebank::node {

namespace {

using platform::Fail;
using platform::Result;
using platform::Status;

constexpr std::uint64_t kAnswerWithinMs = 120'000;
constexpr auto kAskAgain = std::chrono::milliseconds(200);
constexpr std::size_t kRequestBytes = 33;  // 32 hexadecimal digits and the line's end

std::string RequestPath(const std::string& data_dir) { return data_dir + "/backup.request"; }
std::string FolderPath(const std::string& data_dir) { return data_dir + "/backup"; }
std::string AnswerPath(const std::string& data_dir) { return FolderPath(data_dir) + "/answer"; }

// False when the node is stopping: then it has not run.
bool RunOnReplica(rpc::Inbox& inbox, const std::function<void()>& what) {
  const auto done = std::make_shared<std::promise<void>>();
  std::future<void> ran = done->get_future();
  const auto has_run = std::make_shared<bool>(false);
  // The promise breaks with the query, if that is dropped.
  bool put = inbox.PutQuery([what, has_run, done](replica::Replica& /*replica*/) {
    what();
    *has_run = true;
    done->set_value();
  });
  if (!put) return false;
  ran.wait();
  return *has_run;
}

Result<storage::LogPosition> MakeCheckpoint(const std::string& folder,
                                            storage::NodeStorage& storage, rpc::Inbox& inbox) {
  const char* const kStopping = "the node is stopping, or too busy to answer";
  if (auto made = platform::CreateDirectories(folder, 0700); !made) return Fail(made.error());
  if (!RunOnReplica(inbox, [&storage] { storage.HoldMarks(true); })) return Fail(kStopping);
  const Status copied = storage.CopyDatabase(folder + "/kv");
  storage::LogPosition end;
  if (!RunOnReplica(inbox, [&storage, &end] {
        end = storage.log_end();
        storage.HoldMarks(false);
      })) {
    return Fail(kStopping);
  }
  if (!copied) return Fail(copied.error());
  return end;
}

// "3 1234 77": segment, offset and number of the batch that comes next.
std::string TextOf(const storage::LogPosition& end) {
  return std::to_string(end.segment) + " " + std::to_string(end.offset) + " " +
         std::to_string(end.number);
}

std::optional<storage::LogPosition> ParseEnd(std::string_view text) {
  storage::LogPosition end;
  const char* at = text.data();
  const char* const last = text.data() + text.size();
  const auto take = [&at, last](auto& number) {
    if (at != last && *at == ' ') ++at;
    const auto parsed = std::from_chars(at, last, number);
    at = parsed.ptr;
    return parsed.ec == std::errc();
  };
  if (!take(end.segment) || !take(end.offset) || !take(end.number)) return std::nullopt;
  return end;
}

}  // namespace

void AnswerBackupRequest(const std::string& data_dir, storage::NodeStorage& storage,
                         rpc::Inbox& inbox) {
  const std::string request = RequestPath(data_dir);
  if (!platform::FileExists(request)) return;
  const auto line = platform::ReadTextFile(request);
  std::error_code ignored;
  std::filesystem::remove(request, ignored);
  if (!line || line->size() != kRequestBytes) return;
  std::filesystem::remove_all(FolderPath(data_dir), ignored);
  const auto end = MakeCheckpoint(FolderPath(data_dir), storage, inbox);
  if (end) {
    spdlog::info("a copy of the database was made for a backup, in {}", FolderPath(data_dir));
  } else {
    spdlog::error("no copy for a backup: {}", end.error());
  }
  const std::string answer = *line + (end ? TextOf(*end) : end.error());
  const auto written = platform::WriteFileAtomically(AnswerPath(data_dir), AsBytes(answer));
  if (!written) spdlog::error("{}", written.error());
}

Result<storage::LogPosition> RequestCheckpoint(const std::string& data_dir) {
  const std::string line =
      ToHex(platform::Random<FixedBytes<struct RequestTag, 16>>().view()) + "\n";
  const std::string request = RequestPath(data_dir);
  if (auto asked = platform::WriteFileAtomically(request, AsBytes(line)); !asked) {
    return Fail(asked.error());
  }
  const std::uint64_t until = platform::MonotonicMs() + kAnswerWithinMs;
  while (platform::MonotonicMs() < until) {
    std::this_thread::sleep_for(kAskAgain);
    if (!platform::FileExists(AnswerPath(data_dir))) continue;
    const auto answer = platform::ReadTextFile(AnswerPath(data_dir));
    if (!answer || !answer->starts_with(line)) continue;
    const std::string rest = answer->substr(line.size());
    const auto end = ParseEnd(rest);
    if (!end) return Fail("the node could not copy its database: " + rest);
    return *end;
  }
  std::error_code ignored;
  std::filesystem::remove(request, ignored);
  return Fail("a process holds the data in " + data_dir +
              " and does not answer; is it a node of this version?");
}

void RemoveCheckpoint(const std::string& data_dir) {
  std::error_code ignored;
  std::filesystem::remove_all(FolderPath(data_dir), ignored);
}

}  // namespace timebank::node
