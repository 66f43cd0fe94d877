#include "node/storage/block_store.h"

#include <utility>

namespace timebank::storage {
namespace {

using consensus::CommittedBlock;
using platform::Done;
using platform::Fail;
using platform::Result;
using platform::Status;

Unexpected<BlockError> Refuse(BlockFault fault, Height height, const std::string& why) {
  return Unexpected<BlockError>{
      {.fault = fault, .text = "block " + std::to_string(height.value()) + ": " + why}};
}

}  // namespace

void BlockStore::AddRows(const CommittedBlock& block, const RecordLocation& body,
                         std::vector<KvWrite>& writes) {
  const Bytes height = NumberKey(block.block.header().height.value());
  const Hash& digest = block.block.digest();
  writes.push_back(
      {Column::kBlocks, height,
       Encode(BlockRow{.body = body, .digest = digest, .finalization = block.finalization})});
  writes.push_back({Column::kDigests, ToBytes(digest.view()), height});
}

Expected<CommittedBlock, BlockError> BlockStore::Read(Height height) const {
  auto row = ReadBlockRow(kv_, height);
  if (!row) return Unexpected<BlockError>{row.error()};
  const auto payload = log_.Read(row->body);
  if (!payload) return Refuse(BlockFault::kDamaged, height, payload.error());
  auto record = consensus::DecodeRecord(consensus::RecordType::kBody, *payload);
  const auto* body = record ? std::get_if<consensus::BodyRecord>(&*record) : nullptr;
  if (body == nullptr || body->block.digest() != row->digest ||
      body->block.header().height != height) {
    return Refuse(BlockFault::kDamaged, height, "the log holds something else in its place");
  }
  return CommittedBlock{.block = body->block, .finalization = std::move(row->finalization)};
}

Expected<BlockRow, BlockError> ReadBlockRow(const KvStore& kv, Height height) {
  const auto value = kv.Get(Column::kBlocks, NumberKey(height.value()));
  if (!value) return Refuse(BlockFault::kNoRow, height, value.error());
  if (!*value) return Refuse(BlockFault::kAbsent, height, "not stored here");
  auto row = DecodeBlockRow(**value);
  if (!row) return Refuse(BlockFault::kNoRow, height, "its row in the database is damaged");
  return std::move(*row);
}

Result<std::optional<Height>> BlockStore::HeightOf(const Hash& digest) const {
  const auto value = kv_.Get(Column::kDigests, digest.view());
  if (!value) return Fail(value.error());
  if (!*value) return std::optional<Height>();
  const auto number = ParseNumber(**value);
  if (!number) return Fail("the row of block " + ToHex(digest.view()) + " is damaged");
  return std::optional(Height(*number));
}

Status BlockStore::Verify(Height first, Height last) const {
  for (Height height = first; height <= last; height = height.Next()) {
    if (const auto block = Read(height); !block) return Fail(block.error().text);
    const auto row = ReadBlockRow(kv_, height);
    if (!row) return Fail(row.error().text);
    const LogPosition& end = log_.next();
    if (row->body.segment > end.segment ||
        (row->body.segment == end.segment && row->body.offset >= end.offset)) {
      return Fail("block " + std::to_string(height.value()) +
                  ": the batch that holds it, the log's last, is damaged");
    }
  }
  return Done{};
}

Status BlockStore::Heal(const consensus::Block& block) {
  const Height height = block.header().height;
  auto row = ReadBlockRow(kv_, height);
  if (!row) return Fail(row.error().text);
  if (block.digest() != row->digest) {
    return Fail("the copy offered for block " + std::to_string(height.value()) +
                " is another block");
  }
  if (Read(height)) return Done{};
  const auto appended = log_.AppendAndSync(
      {{consensus::RecordType::kBody, consensus::EncodeRecord(consensus::BodyRecord{block})}});
  row->body = appended.locations[0];
  const KvWrite write{Column::kBlocks, NumberKey(height.value()), Encode(*row)};
  return kv_.Write({&write, 1});
}

}  // namespace timebank::storage
