// Backups of a node at work. Its database is held by this process alone, so the program that makes
// the backup asks for a consistent copy through files in the data directory, where only the node's
// user and root may write:
//   backup.request   a line made up by the asker
//   backup/kv        the copy of the database, as links to the files that it shares with it
//   backup/answer    the asker's line; then where the log ends that goes with it, or what is wrong
// The asker copies both from there, at leisure: the log up to that point never changes.
#pragma once

#include <optional>
#include <string>

#include "node/rpc/inbox.h"
#include "node/storage/node_storage.h"
#include "platform/status.h"

namespace timebank::node {

// The node's side. To be called about every second, on one thread; waits for the replica's.
void AnswerBackupRequest(const std::string& data_dir, storage::NodeStorage& storage,
                         rpc::Inbox& inbox);

// The asker's side: where the log ends that goes with the copy in `data_dir`/backup/kv.
[[nodiscard]] platform::Result<storage::LogPosition> RequestCheckpoint(const std::string& data_dir);
void RemoveCheckpoint(const std::string& data_dir);

}  // namespace timebank::node
