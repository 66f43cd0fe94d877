#include "node/recovery.h"

#include <memory>
#include <optional>
#include <utility>

#include "chain/canonical.h"
#include "chain/recovery_file.h"
#include "ledger/era.h"
#include "ledger/state.h"
#include "node/replica/replica.h"
#include "node/storage/node_storage.h"
#include "platform/file.h"

namespace timebank::node {
namespace {

using platform::Status;

constexpr unsigned kPublicMode = 0644;

Unexpected<StartFailure> Refuse(Exit exit, std::string text) {
  return Unexpected{StartFailure{exit, std::move(text)}};
}

// Nobody hears what a replica says that is only opened.
class Silence final : public replica::Transport,
                      public replica::Verifier,
                      public replica::ClientSink {
 public:
  void SetPeers(const std::vector<replica::Peer>&) override {}
  void Send(const replica::PeerKey&, const replica::SharedMessage&, replica::Lane) override {}
  void Broadcast(const replica::SharedMessage&, replica::Lane) override {}
  void Disconnect(const replica::PeerKey&, consensus::Misbehaviour) override {}
  void Verify(replica::VerifyJob) override {}
  void Answer(std::uint64_t, const replica::SubmitAnswer&) override {}
  void Dropped(const replica::SubmitAnswer&) override {}
  void Final(const replica::FinalBlock&) override {}
};

// The stopped node, read and checked as at a start; it takes no step.
struct Opened {
  chain::Genesis genesis;
  std::unique_ptr<storage::NodeStorage> storage;
  std::unique_ptr<Silence> silence;
  std::unique_ptr<replica::Replica> replica;

  [[nodiscard]] const replica::FinalView& view() const { return replica->final_view(); }
};

struct GenesisFile {
  std::string bytes;
  chain::Genesis genesis;
};

Expected<GenesisFile, StartFailure> LoadGenesis(const std::string& path) {
  const auto bytes = platform::ReadFile(path);
  if (!bytes) return Refuse(Exit::kIdentity, bytes.error());
  auto genesis = chain::ParseGenesis(*bytes);
  if (!genesis) return Refuse(Exit::kIdentity, path + " is no genesis file");
  return GenesisFile{ToString(*bytes), std::move(*genesis)};
}

Expected<Opened, StartFailure> Open(const Config& config, GenesisFile file,
                                    const std::string& recovery) {
  if (!platform::FileExists(config.data_dir + "/kv/CURRENT")) {
    return Refuse(Exit::kStorage,
                  config.data_dir +
                      " holds data of no node; restore a snapshot of the last block "
                      "first: timebank-node snapshot restore");
  }
  storage::NodeStorageOptions options;
  options.chain_id = file.genesis.chain_id;
  auto storage = storage::NodeStorage::Open(config.data_dir, std::move(options));
  if (!storage) return Refuse(Exit::kStorage, storage.error() + ". The node must be stopped");
  Opened opened{std::move(file.genesis), std::move(*storage), std::make_unique<Silence>(), nullptr};
  replica::Config replica_config;
  replica_config.genesis = std::move(file.bytes);
  replica_config.recovery = recovery;
  Silence& silence = *opened.silence;
  auto replica = replica::Replica::Open(
      replica_config,
      {.storage = *opened.storage, .transport = silence, .verifier = silence, .clients = silence});
  if (!replica) {
    return Refuse(Exit::kStorage, config.data_dir + ": " +
                                      std::string(replica::Describe(replica.error())) +
                                      ". Nothing was changed");
  }
  opened.replica = std::move(*replica);
  return opened;
}

RecoveryResult ReportAndClose(Opened opened) {
  const replica::FinalView& view = opened.view();
  const RecoveryReport report{view.header.height, Epoch(opened.view().state->chain().epoch()),
                              view.digest,        view.header.state_root,
                              view.header.era,    view.header.chain_id};
  opened.replica.reset();
  const Status closed = opened.storage->Close();
  return closed ? RecoveryResult(report) : Refuse(Exit::kStorage, closed.error());
}

Status WriteLastBlock(const replica::FinalView& view, const std::string& file) {
  chain::EpochLinks links = *view.epochs;
  v1::EpochLink& link = *links.Add();
  link.set_header(ToString(view.header.Encode()));
  link.set_finalization(ToString(view.finalization->Encode()));
  link.set_recovery(chain::CanonicalBytes(ledger::ProveCouncil(*view.state)));
  return platform::CreateFileExclusively(file, AsBytes(chain::BuildRecoveryFile(links)),
                                         kPublicMode);
}

}  // namespace

std::string RecoveryPath(const std::string& data_dir) { return data_dir + "/recovery.bin"; }

Expected<std::string, StartFailure> ReadRecovery(const std::string& data_dir,
                                                 const chain::Genesis& genesis) {
  const std::string path = RecoveryPath(data_dir);
  if (!platform::FileExists(path)) return std::string();
  const auto bytes = platform::ReadFile(path);
  if (!bytes) return Refuse(Exit::kStorage, bytes.error());
  const auto proof = chain::VerifyRecoveryFile(*bytes, genesis);
  if (!proof) {
    return Refuse(Exit::kStorage, path + ": " + std::string(chain::Describe(proof.error())));
  }
  return chain::CanonicalBytes(proof->recovery);
}

RecoveryResult SaveLastBlock(const Config& config, const std::string& file) {
  auto genesis = LoadGenesis(config.genesis_file);
  if (!genesis) return Unexpected{genesis.error()};
  auto opened = Open(config, std::move(*genesis), {});
  if (!opened) return Unexpected{opened.error()};
  const replica::FinalView& view = opened->view();
  const bool whole = view.finalization && view.epochs != nullptr &&
                     view.finalization->position.digest == view.digest &&
                     opened->replica->status().consensus.floor_digest == view.digest;
  if (!whole) {
    return Refuse(Exit::kStorage,
                  "the last certified block is not whole in " + config.data_dir +
                      ". Start the node, let it catch up, stop it by SIGTERM and try again");
  }
  const Status written = WriteLastBlock(view, file);
  if (!written) return Refuse(Exit::kUsage, written.error());
  return ReportAndClose(std::move(*opened));
}

RecoveryResult BeginEra(const Config& config, const std::string& file) {
  auto genesis = LoadGenesis(config.genesis_file);
  if (!genesis) return Unexpected{genesis.error()};
  const auto bytes = platform::ReadFile(file);
  if (!bytes) return Refuse(Exit::kUsage, bytes.error());
  const auto proof = chain::VerifyRecoveryFile(*bytes, genesis->genesis);
  if (!proof) {
    return Refuse(Exit::kIdentity, file + ": " + std::string(chain::Describe(proof.error())));
  }
  const std::string path = RecoveryPath(config.data_dir);
  if (platform::FileExists(path)) {
    const auto held = ReadRecovery(config.data_dir, genesis->genesis);
    if (!held) return Unexpected{held.error()};
    const auto old = chain::ParseCanonical<v1::Recovery>(AsBytes(*held));
    const auto document = chain::ParseCanonical<v1::RecoveryDocument>(AsBytes(old->document()));
    if (document->era() >= proof->next.era.value() &&
        *held != chain::CanonicalBytes(proof->recovery)) {
      return Refuse(Exit::kStorage, path +
                                        " is there: another document began this era. Two of one "
                                        "era fork the ledger; nothing was changed");
    }
  }
  auto opened = Open(config, std::move(*genesis), chain::CanonicalBytes(proof->recovery));
  if (!opened) return Unexpected{opened.error()};
  const Status written = platform::WriteFileAtomically(path, *bytes);
  if (!written) return Refuse(Exit::kStorage, written.error());
  return ReportAndClose(std::move(*opened));
}

}  // namespace timebank::node
