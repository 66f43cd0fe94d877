#include "node/replica/snapshot.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/check.h"
#include "chain/canonical.h"
#include "chain/certificate.h"
#include "chain/domains.h"
#include "chain/log_tree.h"
#include "chain/receipt.h"
#include "chain/recovery.h"
#include "chain/state_tree.h"
#include "consensus/limits.h"
#include "ledger/keys.h"
#include "node/replica/block_body.h"
#include "timebank/v1/record.pb.h"

namespace timebank::replica {
namespace {

using chain::Certificate;
using consensus::CommittedBlock;
using std::optional;

constexpr std::string_view kMagic = "TBsnapsh";

enum class PartType : std::uint8_t { kBlock = 1, kRecord = 2, kTransaction = 3, kEnd = 4 };

// The first byte of a block part.
enum class BlockRole : std::uint8_t { kEnded = 0, kTop = 1, kRecovered = 2 };

struct BlockPart {
  BlockRole role = BlockRole::kEnded;
  EndedEpoch epoch;
};
optional<BlockPart> DecodeBlock(ByteView payload);
optional<chain::ValidatorSet> NextSet(const consensus::Block& block);
optional<TransactionRow> DecodeRow(ByteView payload);

// One reading of a snapshot: its parts in order, each checked as far as it can be.
class Reading {
 public:
  Reading(const ReadBytes& read, const chain::Genesis& genesis, const SnapshotReceiver& receiver)
      : read_(read), genesis_(genesis), receiver_(receiver) {}
  Expected<SnapshotContent, SnapshotError> Run();

 private:
  // Of one leaf of the log, what can be compared only when all are here.
  struct Leaf {
    Hash hash;
    std::uint64_t height = 0;
    std::uint32_t position = 0;
    bool sweep = false;
    bool known = false;
  };

  // Blocks above `after` are of this chain, up to the next one's.
  struct EraStart {
    Height after;
    Hash chain_id;
  };

  optional<SnapshotFault> ReadStart();
  optional<SnapshotFault> ReadPart();
  bool Fill(std::size_t size);
  optional<SnapshotFault> TakeBlock();
  optional<SnapshotFault> TakeRecovered(const EndedEpoch& epoch);
  optional<SnapshotFault> TakeTop(CommittedBlock block);
  optional<SnapshotFault> TakeRecord();
  optional<SnapshotFault> TakeTransaction();
  optional<SnapshotFault> TakeEnd();
  optional<SnapshotFault> CheckState();
  optional<SnapshotFault> CheckLog() const;
  [[nodiscard]] const chain::Header& top() const { return content_.block.block.header(); }
  [[nodiscard]] bool IsSweep(const TransactionRow& row) const;

  const ReadBytes& read_;
  const chain::Genesis& genesis_;
  const SnapshotReceiver& receiver_;
  SnapshotContent content_;
  std::uint64_t offset_ = 0;  // of the part being read
  Bytes payload_;
  PartType last_ = PartType::kBlock;
  bool has_top_ = false;
  chain::EpochLinks links_;
  std::vector<EraStart> eras_;
  chain::StateTree state_;
  Bytes last_key_;
  Hash last_id_;
  std::vector<Leaf> leaves_;
};

}  // namespace

std::string_view Describe(SnapshotFault fault) {
  switch (fault) {
    case SnapshotFault::kNoSnapshot:
      return "this is no snapshot, or one of another version of the format";
    case SnapshotFault::kTruncated:
      return "it ends too early";
    case SnapshotFault::kPart:
      return "a part is of unknown type, too long or out of order";
    case SnapshotFault::kBlock:
      return "a block is not in form, or its body is not that of its header";
    case SnapshotFault::kOtherChain:
      return "it is of another chain than the genesis file";
    case SnapshotFault::kEpochs:
      return "its ended epochs do not lead from genesis to the validators of its block";
    case SnapshotFault::kFinalization:
      return "no quorum of its epoch's validators stands for its block";
    case SnapshotFault::kRecord:
      return "a record of the state is not in form or out of order";
    case SnapshotFault::kStateRoot:
      return "its records are not the state that the validators attest: one is wrong, missing or "
             "too many";
    case SnapshotFault::kTransaction:
      return "a transaction is not in form, out of order, or says of itself what its lines do not";
    case SnapshotFault::kLogRoot:
      return "its transactions are not the log that the validators attest: one is wrong or missing";
    case SnapshotFault::kTrailing:
      return "bytes follow after its end";
    case SnapshotFault::kNotTaken:
      return "it could not be stored";
  }
  return "unknown";
}

Expected<SnapshotContent, SnapshotError> ReadSnapshot(const ReadBytes& read,
                                                      const chain::Genesis& genesis,
                                                      const SnapshotReceiver& receiver) {
  return Reading(read, genesis, receiver).Run();
}

namespace {

Expected<SnapshotContent, SnapshotError> Reading::Run() {
  optional<SnapshotFault> fault = ReadStart();
  while (!fault && last_ != PartType::kEnd) fault = ReadPart();
  if (fault) return Unexpected{SnapshotError{*fault, offset_}};
  content_.bytes = offset_;
  return std::move(content_);
}

optional<SnapshotFault> Reading::ReadStart() {
  if (!Fill(kMagic.size() + sizeof kSnapshotVersion)) return SnapshotFault::kNoSnapshot;
  const Bytes expected = ByteWriter().Raw(kMagic).U32(kSnapshotVersion).Take();
  if (payload_ != expected) return SnapshotFault::kNoSnapshot;
  offset_ = payload_.size();
  return std::nullopt;
}

optional<SnapshotFault> Reading::ReadPart() {
  constexpr std::size_t kHead = 5;
  if (!Fill(kHead)) return SnapshotFault::kTruncated;
  ByteReader head(payload_);
  const std::uint8_t number = head.U8();
  const std::size_t length = head.U32();
  const bool known = number >= static_cast<std::uint8_t>(PartType::kBlock) &&
                     number <= static_cast<std::uint8_t>(PartType::kEnd);
  if (!known || length > kSnapshotPartMax) return SnapshotFault::kPart;
  const auto type = static_cast<PartType>(number);
  // Blocks up to the one of the snapshot, and only then the rest.
  if (type < last_ || has_top_ == (type == PartType::kBlock)) return SnapshotFault::kPart;
  last_ = type;
  if (!Fill(length)) return SnapshotFault::kTruncated;
  optional<SnapshotFault> fault;
  switch (type) {
    case PartType::kBlock:
      fault = TakeBlock();
      break;
    case PartType::kRecord:
      fault = TakeRecord();
      break;
    case PartType::kTransaction:
      fault = TakeTransaction();
      break;
    case PartType::kEnd:
      fault = TakeEnd();
      break;
  }
  if (!fault) offset_ += kHead + length;
  return fault;
}

bool Reading::Fill(std::size_t size) {
  payload_.resize(size);
  return read_(payload_) == size;
}

// Which block is the snapshot's own is said, because that one may end its epoch too. Whether the
// links hold is known at the top.
optional<SnapshotFault> Reading::TakeBlock() {
  auto part = DecodeBlock(payload_);
  if (!part) return SnapshotFault::kBlock;
  CommittedBlock& block = part->epoch.block;
  if (content_.sets.empty()) {
    content_.sets.push_back(genesis_.validators);
    eras_.push_back({Height(0), genesis_.chain_id});
  }
  // A block that ended its epoch is shown once more where a recovery followed it.
  if (block.block.header().chain_id != eras_.back().chain_id) return SnapshotFault::kOtherChain;
  const auto is_unknown = [](const Hash&) { return SharedTransaction(); };
  if (!ReadBody(block.block, is_unknown)) return SnapshotFault::kBlock;
  if (part->role == BlockRole::kTop) return TakeTop(std::move(block));
  if (part->role == BlockRole::kRecovered) return TakeRecovered(part->epoch);
  const auto next = NextSet(block.block);
  if (!next) return SnapshotFault::kEpochs;
  *links_.Add() =
      chain::MakeEpochLink(block.block.header(), ToString(block.finalization.Encode()), *next);
  content_.sets.push_back(*next);
  return receiver_.block(block) ? std::nullopt : optional(SnapshotFault::kNotTaken);
}

optional<SnapshotFault> Reading::TakeRecovered(const EndedEpoch& epoch) {
  const chain::Header& last = epoch.block.block.header();
  const auto next = chain::VerifyRecovery(AsBytes(epoch.recovery), last);
  if (!next) return SnapshotFault::kEpochs;
  *links_.Add() = chain::MakeRecoveryLink(last, ToString(epoch.block.finalization.Encode()),
                                          next->validators, epoch.recovery);
  content_.sets.push_back(next->validators);
  eras_.push_back({last.height, next->chain_id});
  return receiver_.block(epoch.block) ? std::nullopt : optional(SnapshotFault::kNotTaken);
}

optional<SnapshotFault> Reading::TakeTop(CommittedBlock block) {
  const auto reach = chain::WalkEpochs(links_, genesis_);
  const chain::Header& header = block.block.header();
  if (!reach || header.epoch != reach->epoch || header.era != reach->era ||
      header.validators != reach->validators.SetHash()) {
    return SnapshotFault::kEpochs;
  }
  const chain::VotePosition& position = block.finalization.position;
  const bool names_it = position.kind == chain::VoteKind::kFinalize &&
                        position.epoch == header.epoch && position.view > View(0) &&
                        position.digest == block.block.digest();
  if (!names_it ||
      chain::VerifyCertificate(block.finalization, reach->chain_id, reach->validators)) {
    return SnapshotFault::kFinalization;
  }
  if (const auto next = NextSet(block.block)) content_.sets.push_back(*next);
  has_top_ = true;
  content_.block = std::move(block);
  leaves_.resize(top().log_size);
  return receiver_.block(content_.block) ? std::nullopt : optional(SnapshotFault::kNotTaken);
}

optional<SnapshotFault> Reading::TakeRecord() {
  ByteReader in(payload_);
  const std::size_t key_size = in.U8();
  const ByteView key = in.Raw(key_size);
  const ByteView value = in.Raw(in.remaining());
  if (!in.ok() || key.empty() || key.size() > ledger::StateKey::kSizeMax || value.empty()) {
    return SnapshotFault::kRecord;
  }
  if (!std::ranges::lexicographical_compare(last_key_, key)) return SnapshotFault::kRecord;
  last_key_ = ToBytes(key);
  state_.Put(key, value);
  ++content_.records;
  return receiver_.record(key, value) ? std::nullopt : optional(SnapshotFault::kNotTaken);
}

// Once, when the last record is here.
optional<SnapshotFault> Reading::CheckState() {
  if (state_.Root() != top().state_root) return SnapshotFault::kStateRoot;
  state_ = {};
  return std::nullopt;
}

optional<SnapshotFault> Reading::TakeTransaction() {
  if (content_.transactions == 0) {
    if (const auto fault = CheckState()) return fault;
  }
  auto row = DecodeRow(payload_);
  if (row) row->sweep = IsSweep(*row);
  const bool is_next = row && (content_.transactions == 0 || row->id > last_id_);
  if (!is_next || row->log_index >= leaves_.size()) return SnapshotFault::kTransaction;
  Leaf& leaf = leaves_[row->log_index];
  if (leaf.known) return SnapshotFault::kTransaction;
  leaf = {.hash = row->leaf_hash,
          .height = row->height.value(),
          .position = row->position,
          .sweep = row->sweep,
          .known = true};
  last_id_ = row->id;
  ++content_.transactions;
  return receiver_.transaction(*row) ? std::nullopt : optional(SnapshotFault::kNotTaken);
}

// By the chain id of its era.
bool Reading::IsSweep(const TransactionRow& row) const {
  const auto later =
      std::ranges::find_if(eras_, [&row](const EraStart& era) { return era.after >= row.height; });
  // No block lies at height 0: then no era of the file's is the transaction's.
  return later != eras_.begin() && row.id == chain::SweepId(std::prev(later)->chain_id, row.height);
}

optional<SnapshotFault> Reading::TakeEnd() {
  if (!payload_.empty()) return SnapshotFault::kPart;
  if (content_.transactions == 0) {
    if (const auto fault = CheckState()) return fault;
  }
  if (const auto fault = CheckLog()) return fault;
  return Fill(1) ? optional(SnapshotFault::kTrailing) : std::nullopt;
}

// The leaves give the root, and each transaction has the place among those of its block that it
// claims.
optional<SnapshotFault> Reading::CheckLog() const {
  chain::LogFrontier log;
  std::uint64_t height = 0;
  std::uint32_t next = 0;
  for (const Leaf& leaf : leaves_) {
    if (!leaf.known) return SnapshotFault::kLogRoot;
    log.Append(leaf.hash);
    if (leaf.height < height) return SnapshotFault::kTransaction;
    const bool is_first = leaf.height > height;
    if (is_first) next = 0;
    height = leaf.height;
    if (leaf.sweep && !is_first) return SnapshotFault::kTransaction;
    if (leaf.position != next) return SnapshotFault::kTransaction;
    if (!leaf.sweep) ++next;
  }
  if (log.size() != top().log_size || log.Root() != top().log_root) return SnapshotFault::kLogRoot;
  return std::nullopt;
}

optional<BlockPart> DecodeBlock(ByteView payload) {
  ByteReader in(payload);
  const std::uint8_t role = in.U8();
  const std::size_t proof_size = in.U16();
  auto finalization = Certificate::Decode(in.Raw(proof_size));
  const auto header = chain::DecodeHeader(in.Raw(chain::kHeaderSize));
  if (role > static_cast<std::uint8_t>(BlockRole::kRecovered)) return std::nullopt;
  BlockPart part{static_cast<BlockRole>(role), {}};
  if (part.role == BlockRole::kRecovered) {
    const std::size_t size = in.U32();
    part.epoch.recovery = ToString(in.Raw(size));
  }
  if (!in.ok() || !finalization || !header || in.remaining() > consensus::kBodyBytesMax) {
    return std::nullopt;
  }
  auto body = std::make_shared<const Bytes>(ToBytes(in.Raw(in.remaining())));
  part.epoch.block =
      CommittedBlock{consensus::Block(*header, std::move(body)), std::move(*finalization)};
  return part;
}

// The set that follows the last block of an epoch; the body is that of the header. Empty for
// others.
optional<chain::ValidatorSet> NextSet(const consensus::Block& block) {
  v1::BlockBody body;
  if (!block.header().EndsEpoch() || !body.ParseFromString(ToString(*block.body()))) {
    return std::nullopt;
  }
  return chain::ParseKeysOnlyRecord(AsBytes(body.next_set()));
}

// Height and leaf follow from the lines.
optional<TransactionRow> DecodeRow(ByteView payload) {
  ByteReader in(payload);
  TransactionRow row;
  row.id = in.Read<Hash>();
  row.log_index = in.U64();
  row.position = in.U32();
  const std::uint32_t lines = in.U32();
  for (std::uint32_t i = 0; i < lines && in.ok(); ++i) {
    const std::size_t length = in.U32();
    const ByteView bytes = in.Raw(length);
    const auto line = chain::ParseCanonical<v1::EffectsLine>(bytes);
    if (!in.ok() || !line || (i > 0 && Height(line->height()) != row.height)) return std::nullopt;
    row.height = Height(line->height());
    row.lines.push_back(ToString(bytes));
  }
  if (!in.AtEnd() || row.lines.empty()) return std::nullopt;
  row.leaf_hash = chain::TransactionLeaf(row.id, chain::EffectsDigest(row.lines));
  return row;
}

void WritePart(PartType type, ByteView payload, const std::function<void(ByteView)>& write) {
  TB_CHECK(payload.size() <= kSnapshotPartMax);
  write(ByteWriter()
            .U8(static_cast<std::uint8_t>(type))
            .U32(static_cast<std::uint32_t>(payload.size()))
            .Raw(payload)
            .bytes());
}

Bytes EncodeBlock(BlockRole role, const EndedEpoch& epoch) {
  const consensus::Block& block = epoch.block.block;
  const Bytes proof = epoch.block.finalization.Encode();
  ByteWriter out;
  out.U8(static_cast<std::uint8_t>(role)).U16(static_cast<std::uint16_t>(proof.size()));
  out.Raw(proof).Raw(block.header().Encode());
  if (role == BlockRole::kRecovered) {
    out.U32(static_cast<std::uint32_t>(epoch.recovery.size())).Raw(AsBytes(epoch.recovery));
  }
  return out.Raw(*block.body()).Take();
}

}  // namespace

void WriteSnapshot(const SnapshotSource& source, const std::function<void(ByteView)>& write) {
  write(ByteWriter().Raw(kMagic).U32(kSnapshotVersion).bytes());
  for (const EndedEpoch& epoch : source.ended_epochs) {
    const BlockRole role = epoch.recovery.empty() ? BlockRole::kEnded : BlockRole::kRecovered;
    WritePart(PartType::kBlock, EncodeBlock(role, epoch), write);
  }
  WritePart(PartType::kBlock, EncodeBlock(BlockRole::kTop, {source.block}), write);
  source.visit_records([&write](ByteView key, ByteView value) {
    ByteWriter out;
    out.U8(static_cast<std::uint8_t>(key.size())).Raw(key).Raw(value);
    WritePart(PartType::kRecord, out.bytes(), write);
  });
  source.visit_transactions([&write](const TransactionRow& row) {
    ByteWriter out;
    out.Raw(row.id.view()).U64(row.log_index).U32(row.position);
    out.U32(static_cast<std::uint32_t>(row.lines.size()));
    for (const std::string& line : row.lines) {
      out.U32(static_cast<std::uint32_t>(line.size())).Raw(line);
    }
    WritePart(PartType::kTransaction, out.bytes(), write);
  });
  WritePart(PartType::kEnd, {}, write);
}

}  // namespace timebank::replica
