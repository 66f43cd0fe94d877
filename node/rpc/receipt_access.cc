#include "node/rpc/receipt_access.h"

#include <algorithm>
#include <map>
#include <string>

#include "ledger/records.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {

namespace {

// What one viewer may see, line by line. Owners repeat within a list, so they are remembered.
class Eye {
 public:
  Eye(const Viewer& viewer, const ledger::State& state) : viewer_(viewer), state_(state) {}

  bool Sees(const std::string& bytes) {
    v1::EffectsLine line;
    if (!line.ParseFromString(bytes)) return false;
    if (SeesEntity(line.entity())) return true;
    return std::ranges::any_of(line.postings(), [this](const v1::Posting& posting) {
      return SeesMember(posting.owner());
    });
  }

 private:
  bool SeesMember(const std::string& text) {
    const auto known = members_.find(text);
    if (known != members_.end()) return known->second;
    const auto id = MemberId::From(text);
    const auto member = id ? state_.Find<v1::Member>(*id) : std::nullopt;
    const bool sees = member && MaySeeMember(viewer_, *member, state_);
    members_.emplace(text, sees);
    return sees;
  }

  // Of what the line is about: an entry, a redemption, a member.
  bool SeesEntity(const std::string& text) {
    const auto entry_id = EntryId::From(text);
    const auto redemption_id = RedemptionId::From(text);
    if (!entry_id || !redemption_id) return false;
    if (const auto entry = state_.Find<v1::Entry>(*entry_id)) {
      return MaySeeEntry(viewer_, *entry, state_);
    }
    if (const auto redemption = state_.Find<v1::Redemption>(*redemption_id)) {
      return MaySeeRedemption(viewer_, *redemption, state_);
    }
    return SeesMember(text);
  }

  const Viewer& viewer_;
  const ledger::State& state_;
  std::map<std::string, bool> members_;
};

// Whether `member` signed the transaction of the row, in whatever capacity.
Expected<bool, client::Error> HasSigned(const MemberId& member, const replica::TransactionRow& row,
                                        LedgerIndex& index) {
  if (row.sweep) return false;
  const auto block = index.ReadBlock(row.height);
  v1::BlockBody body;
  if (!block || block->block.body() == nullptr ||
      !body.ParseFromString(ToString(*block->block.body())) ||
      row.position >= static_cast<std::uint32_t>(body.envelopes_size())) {
    return Unexpected{BlockMissing(index, row.height)};
  }
  v1::Envelope envelope;
  v1::TransactionBody transaction;
  if (!envelope.ParseFromString(body.envelopes(static_cast<int>(row.position))) ||
      !transaction.ParseFromString(envelope.body())) {
    return Unexpected{BlockMissing(index, row.height)};
  }
  return std::ranges::any_of(transaction.signers(), [&](const v1::Signer& signer) {
    return signer.member() == member.text();
  });
}

}  // namespace

bool NeedsViewer(const replica::TransactionRow& row) { return row.sweep || row.lines.size() > 1; }

Expected<std::vector<std::uint32_t>, client::Error> LinesToShow(const LineRequest& request,
                                                                LedgerIndex& index) {
  const replica::TransactionRow& row = request.row;
  const bool needs_viewer = NeedsViewer(row);
  if (needs_viewer && !request.viewer) return Unexpected{request.viewer.error()};
  // Ascending: the last is the greatest.
  if (!request.wanted.empty() && request.wanted.back() >= row.lines.size()) {
    return Unexpected{NoReceipt(row.id)};
  }
  if (!needs_viewer || MaySeeBlocks(*request.viewer)) return request.wanted;

  Eye eye(*request.viewer, request.state);
  std::vector<std::uint32_t> seen;
  if (request.wanted.empty()) {
    for (std::uint32_t i = 0; i < row.lines.size(); ++i) {
      if (eye.Sees(row.lines[i])) seen.push_back(i);
    }
  } else {
    std::ranges::copy_if(request.wanted, std::back_inserter(seen),
                         [&](std::uint32_t i) { return eye.Sees(row.lines[i]); });
  }
  const std::size_t asked = request.wanted.empty() ? row.lines.size() : request.wanted.size();
  if (seen.size() == asked) return request.wanted;
  const auto signed_it = HasSigned(request.viewer->member, row, index);
  if (!signed_it) return Unexpected{signed_it.error()};
  if (*signed_it) return request.wanted;
  if (!request.wanted.empty() || seen.empty()) return Unexpected{NoReceipt(row.id)};
  return seen;
}

client::Error NoReceipt(const Hash& id) {
  return client::MakeError(v1::REASON_NOT_FOUND, "no final transaction " + ToHex(id.view()) +
                                                     ", or no such line of it for this reader");
}

client::Error BlockMissing(const LedgerIndex& index, Height height) {
  if (height < index.first_block()) {
    return client::MakeError(
        v1::REASON_BLOCK_DAMAGED,
        "block " + std::to_string(height.value()) + " is older than the snapshot of block " +
            std::to_string(index.first_block().value()) + " with which this node began");
  }
  return client::MakeError(v1::REASON_BLOCK_DAMAGED,
                           "this node heals it from a peer; another node has it meanwhile");
}

client::Error WhyNoReceipt(LedgerIndex& index, const Hash& id) {
  const auto row = index.FindTransaction(id);
  if (!row) return NoReceipt(id);
  if (!index.ReadBlock(row->height)) return BlockMissing(index, row->height);
  return client::MakeError(v1::REASON_NOT_YET, "the block that proves it is not here yet");
}

}  // namespace timebank::rpc
