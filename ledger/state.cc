#include "ledger/state.h"

#include <utility>

#include "base/check.h"
#include "base/civil.h"

namespace timebank::ledger {
namespace {

std::optional<Millis> NonZero(std::uint64_t due_ms) {
  return due_ms == 0 ? std::nullopt : std::optional(Millis(due_ms));
}

// GRANT lots ascend, so the first lapses first.
std::optional<Millis> DueOfMember(const v1::Member& member, std::int64_t civil_offset_minutes) {
  for (const v1::Balance& balance : member.balances()) {
    if (balance.account() != v1::ACCOUNT_KIND_GRANT) continue;
    return EndOfMonth(balance.lot(), civil_offset_minutes);
  }
  return std::nullopt;
}

// A message of the table to parse into, or null.
const google::protobuf::Message* PrototypeOf(v1::Table table) {
  using google::protobuf::Message;
  const Message* found = nullptr;
  const auto match = [&]<typename M>(const M& prototype) {
    if (Record<M>::kTable == table) found = &prototype;
  };
  match(v1::ChainRecord::default_instance());
  match(v1::Organisation::default_instance());
  match(v1::Member::default_instance());
  match(v1::OrgAccount::default_instance());
  match(v1::Hold::default_instance());
  match(v1::Entry::default_instance());
  match(v1::Offer::default_instance());
  match(v1::Redemption::default_instance());
  match(v1::PolicyVersion::default_instance());
  match(v1::Counter::default_instance());
  match(v1::TransactionMark::default_instance());
  match(v1::DigestMark::default_instance());
  match(v1::ValidatorSetRecord::default_instance());
  match(v1::EvidenceRecord::default_instance());
  match(v1::EditionRecord::default_instance());
  match(v1::PaperBatchRecord::default_instance());
  match(v1::PairWindow::default_instance());
  match(v1::GrantMark::default_instance());
  match(v1::RecoveryRecord::default_instance());
  return found;
}

}  // namespace

State::State(chain::StateTree tree, DueIndex due, v1::ChainRecord chain)
    : tree_(std::move(tree)),
      due_(std::move(due)),
      chain_(std::make_shared<const v1::ChainRecord>(std::move(chain))) {}

bool State::Read(const StateKey& key, google::protobuf::Message& record) const {
  const auto bytes = tree_.Get(key.view());
  if (!bytes) return false;
  TB_CHECK(record.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())));
  return true;
}

void StateLoader::Add(ByteView key, ByteView value) { tree_.Put(key, value); }

std::optional<State> StateLoader::Finish() && {
  const auto chain_bytes = tree_.Get(KeyOf<v1::ChainRecord>({}).view());
  if (!chain_bytes) return std::nullopt;
  const auto parsed = ParseRecord(v1::TABLE_CHAIN, *chain_bytes);
  if (parsed == nullptr) return std::nullopt;
  const auto& chain = static_cast<const v1::ChainRecord&>(*parsed);
  DueIndex due;
  bool sound = true;
  tree_.ForEach([&](ByteView key, ByteView value) {
    if (!sound || key.empty() || key.size() > StateKey::kSizeMax) {
      sound = false;
      return;
    }
    const StateKey state_key(key);
    const auto record = ParseRecord(state_key.table(), value);
    sound = record != nullptr;
    if (!sound) return;
    const auto at = DueOf(state_key.table(), *record, chain.civil_offset_minutes());
    if (at) due.Insert({*at, state_key});
  });
  if (!sound) return std::nullopt;
  (void)tree_.Root();  // hashed here, so that the state may be shared at once
  return State(std::move(tree_), std::move(due), chain);
}

std::optional<Millis> DueOf(v1::Table table, const google::protobuf::Message& record,
                            std::int64_t civil_offset_minutes) {
  if (table == v1::TABLE_ENTRY) return NonZero(static_cast<const v1::Entry&>(record).due_ms());
  if (table == v1::TABLE_REDEMPTION) {
    return NonZero(static_cast<const v1::Redemption&>(record).due_ms());
  }
  if (table == v1::TABLE_MEMBER) {
    return DueOfMember(static_cast<const v1::Member&>(record), civil_offset_minutes);
  }
  if (table == v1::TABLE_HOLD) {
    // Other holds end with their entry or redemption.
    const auto& hold = static_cast<const v1::Hold&>(record);
    if (hold.purpose() == v1::HOLD_PURPOSE_DONATION) return NonZero(hold.expires_ms());
    return std::nullopt;
  }
  if (table == v1::TABLE_TRANSACTION) {
    // A transaction is valid up to and including valid_until_ms.
    return Millis(static_cast<const v1::TransactionMark&>(record).valid_until_ms()).Next();
  }
  if (table == v1::TABLE_PAIR) return NonZero(static_cast<const v1::PairWindow&>(record).due_ms());
  return std::nullopt;
}

std::unique_ptr<google::protobuf::Message> ParseRecord(v1::Table table, ByteView bytes) {
  const google::protobuf::Message* prototype = PrototypeOf(table);
  if (prototype == nullptr) return nullptr;
  std::unique_ptr<google::protobuf::Message> record(prototype->New());
  if (!record->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return nullptr;
  return record;
}

}  // namespace timebank::ledger
