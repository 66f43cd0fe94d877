#include "node/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include "chain/genesis.h"
#include "ledger/validators.h"
#include "node/backup_files.h"
#include "node/checkpoint.h"
#include "node/replica/replica.h"
#include "node/restored_mark.h"
#include "node/storage/node_storage.h"
#include "node/toml.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/keyfile.h"

namespace timebank::node {

namespace {

using platform::Done;
using platform::Fail;
using platform::FailErrno;
using platform::Result;
using platform::Status;

constexpr char kAboutFile[] = "backup.toml";
constexpr char kGenesisFile[] = "genesis.bin";
constexpr char kClockFile[] = "clock_offset_ms";  // of development networks

// The lock that RocksDB takes on a database, held while a stopped node is copied.
class DatabaseLock {
 public:
  DatabaseLock() = default;
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;
  ~DatabaseLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  // False: a process has it.
  [[nodiscard]] Result<bool> Take(const std::string& path) {
    fd_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd_ < 0) return FailErrno("cannot open " + path);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd_, F_SETLK, &lock) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    return FailErrno("cannot lock " + path);
  }

 private:
  int fd_ = -1;
};

// A replica that opens and then does nothing: nobody hears it and nothing is asked of it.
class NoPeers final : public replica::Transport {
 public:
  void SetPeers(const std::vector<replica::Peer>& /*peers*/) override {}
  void Send(const replica::PeerKey& /*to*/, const replica::SharedMessage& /*message*/,
            replica::Lane /*lane*/) override {}
  void Broadcast(const replica::SharedMessage& /*message*/, replica::Lane /*lane*/) override {}
  void Disconnect(const replica::PeerKey& /*peer*/, consensus::Misbehaviour /*reason*/) override {}
};
class NoVerifier final : public replica::Verifier {
 public:
  void Verify(replica::VerifyJob /*job*/) override {}
};
class NoClients final : public replica::ClientSink {
 public:
  void Answer(std::uint64_t /*ticket*/, const replica::SubmitAnswer& /*answer*/) override {}
  void Dropped(const replica::SubmitAnswer& /*answer*/) override {}
  void Final(const replica::FinalBlock& /*block*/) override {}
};

// What data were found to be, once they had opened and proven themselves.
struct BackupState {
  std::string name;  // of the validator whose backup it is
  Height height;
  Hash state_root;
  bool has_own_key = false;  // the configured key is a validator's in that state
};

struct About {
  std::string name;
  crypto::PublicKey key;
};

Result<About> ReadAbout(const std::string& backup) {
  const std::string path = backup + "/" + kAboutFile;
  const auto text = platform::ReadTextFile(path);
  if (!text) return Fail(text.error());
  try {
    const toml::table table = toml::parse(*text, path);
    const auto bytes = FromHex(table["key"].value_or(std::string()));
    const auto key = bytes ? crypto::ParseSuitedKey(*bytes) : std::nullopt;
    if (!key) return Fail(path + ": key is no public key");
    return About{table["name"].value_or(std::string()), *key};
  } catch (const toml::parse_error& error) {
    return Fail(path + ": " + std::string(error.description()));
  }
}

Status WriteAbout(const Config& config, const std::string& version, FileCopier& copier) {
  const auto key = platform::ReadPublicKey(config.key_file);
  if (!key) return Fail(key.error().text);
  const toml::table about{{"name", config.name},
                          {"key", ToHex(AsBytes(crypto::SuitedKey(*key)))},
                          {"version", version},
                          {"made_at_ms", static_cast<std::int64_t>(platform::WallTime().value())}};
  std::ostringstream text;
  text
      << "# A backup of a timebank validator's data; timebank-node backup restore brings it back.\n"
      << about << "\n";
  return copier.Write(kAboutFile, AsBytes(text.str()));
}

Status CopyNode(const Config& config, FileCopier& copier) {
  DatabaseLock lock;
  const auto stopped = lock.Take(config.data_dir + "/kv/LOCK");
  if (!stopped) return Fail(stopped.error());
  if (*stopped) {
    if (Status copied = copier.CopyDatabase(config.data_dir + "/kv"); !copied) return copied;
    return copier.CopyLog(std::nullopt);
  }
  const auto end = RequestCheckpoint(config.data_dir);
  if (!end) return Fail(end.error());
  Status copied = copier.CopyDatabase(config.data_dir + "/backup/kv");
  RemoveCheckpoint(config.data_dir);
  if (!copied) return copied;
  return copier.CopyLog(*end);
}

Result<BackupState> ProveData(const std::string& data_dir, const chain::Genesis& genesis,
                              const std::string& genesis_bytes, const crypto::PublicKey& own) {
  storage::NodeStorageOptions options;
  options.chain_id = genesis.chain_id;
  auto storage = storage::NodeStorage::Open(data_dir, std::move(options));
  if (!storage) return Fail(storage.error());
  NoPeers peers;
  NoVerifier verifier;
  NoClients clients;
  replica::Config config;
  config.genesis = genesis_bytes;
  const auto replica = replica::Replica::Open(
      config, {.storage = **storage, .transport = peers, .verifier = verifier, .clients = clients});
  if (!replica) return Fail(data_dir + ": " + std::string(Describe(replica.error())));
  const chain::Header& header = (*replica)->final_view().header;
  const auto set = ledger::CurrentSet(*(*replica)->final_view().state);
  BackupState state{.name = {},
                    .height = header.height,
                    .state_root = header.state_root,
                    .has_own_key = set.IndexOf(own).has_value()};
  if (Status closed = (*storage)->Close(); !closed) return Fail(closed.error());
  return state;
}

// The mark comes first: whatever happens then, these data do not vote with the keys in it.
Result<BackupState> RestoreInto(const std::string& data_dir, const Config& config,
                                const std::string& backup, bool for_new_key) {
  const auto genesis_bytes = platform::ReadFile(config.genesis_file);
  if (!genesis_bytes) return Fail(genesis_bytes.error());
  const auto genesis = chain::ParseGenesis(*genesis_bytes);
  if (!genesis) return Fail(config.genesis_file + " is no genesis");
  const auto sums = CheckSums(backup);
  if (!sums) return Fail(sums.error());
  const auto about = ReadAbout(backup);
  if (!about) return Fail(about.error());
  if (auto made = platform::CreateDirectories(data_dir, 0700); !made) return Fail(made.error());
  const auto own = platform::ReadPublicKey(config.key_file);
  if (!own) return Fail(own.error().text);
  if (auto marked = WriteRestoredMark(data_dir, {about->key, *own}); !marked) {
    return Fail(marked.error());
  }
  FileCopier copier(backup, data_dir);
  for (const auto& [name, hash] : *sums) {
    if (name == kAboutFile || name == kGenesisFile) continue;
    if (Status copied = copier.CopyFile(name); !copied) return Fail(copied.error());
    if (copier.sums().at(name) != hash)
      return Fail(backup + "/" + name + " changes while it is read");
  }
  auto state = ProveData(data_dir, *genesis, ToString(*genesis_bytes), *own);
  if (!state) return state;
  state->name = about->name;
  if (!for_new_key) return state;
  if (*own == about->key || state->has_own_key) {
    return Fail(config.key_file + " is no new key: the backup knows it as a validator's. " +
                data_dir + " is restored and does not vote");
  }
  if (auto marked = WriteRestoredMark(data_dir, {about->key}); !marked) return Fail(marked.error());
  return state;
}

// Files of a restore that was cut short, which has no mark of a start yet.
Status RequireFree(const std::string& data_dir) {
  std::error_code error;
  if (!std::filesystem::exists(data_dir, error) || std::filesystem::is_empty(data_dir, error)) {
    return Done{};
  }
  const auto mark = ReadRestoredMark(data_dir);
  const bool unfinished = mark && !mark->empty() && !storage::HasStarted(data_dir);
  if (!unfinished) {
    return Fail(data_dir +
                " holds data: nothing was changed. Keep them: their votes keep this validator "
                "honest. Move the folder to another place, then restore");
  }
  for (const char* part : {"/kv", "/log", "/clock_offset_ms"}) {
    std::filesystem::remove_all(data_dir + part, error);
  }
  return Done{};
}

Status MakeBackup(const Config& config, const std::string& out, const std::string& version) {
  if (platform::FileExists(out)) return Fail(out + " exists: a backup is a new folder");
  const std::string partial = out + ".partial";
  std::error_code ignored;
  std::filesystem::remove_all(partial, ignored);
  if (auto made = platform::CreateDirectories(partial, 0700); !made) return made;
  FileCopier copier(config.data_dir, partial);
  if (Status copied = CopyNode(config, copier); !copied) return copied;
  const auto genesis = platform::ReadFile(config.genesis_file);
  if (!genesis) return Fail(genesis.error());
  if (Status written = copier.Write(kGenesisFile, *genesis); !written) return written;
  if (platform::FileExists(config.data_dir + "/" + kClockFile)) {
    if (Status copied = copier.CopyFile(kClockFile); !copied) return copied;
  }
  if (Status written = WriteAbout(config, version, copier); !written) return written;
  if (Status written = copier.WriteSums(); !written) return written;
  if (::rename(partial.c_str(), out.c_str()) != 0) return FailErrno("cannot rename " + partial);
  return platform::SyncDirectory(platform::DirectoryOf(out));
}

Result<BackupState> VerifyBackup(const Config& config, const std::string& backup) {
  const std::string scratch = backup + ".verify";
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  auto state = RestoreInto(scratch, config, backup, /*for_new_key=*/false);
  std::filesystem::remove_all(scratch, ignored);
  return state;
}

std::string TextOf(const BackupState& state) {
  return "validator " + state.name + ", height " + std::to_string(state.height.value()) +
         ", state root " + ToHex(state.state_root.view());
}

}  // namespace

Result<std::string> RunBackupAction(const Config& config, BackupAction action,
                                    const std::string& path, const std::string& version) {
  std::string folder = path;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const bool for_new_key = action == BackupAction::kRestoreForNewKey;
  if (for_new_key || action == BackupAction::kRestore) {
    if (Status unused = RequireFree(config.data_dir); !unused) return Fail(unused.error());
    const auto state = RestoreInto(config.data_dir, config, folder, for_new_key);
    if (!state) return Fail(state.error());
    const std::string does = for_new_key ? ". It votes once its key is in the set"
                                         : ". It follows and does not vote; see 'A validator that "
                                           "lost its data' in the runbook";
    return config.data_dir + " is restored: " + TextOf(*state) + does;
  }
  if (action == BackupAction::kMake) {
    if (Status made = MakeBackup(config, folder, version); !made) return Fail(made.error());
  }
  const auto state = VerifyBackup(config, folder);
  if (!state) return Fail(state.error());
  return folder + " is whole and opens: " + TextOf(*state);
}

}  // namespace timebank::node
