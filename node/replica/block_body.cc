#include "node/replica/block_body.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "chain/canonical.h"
#include "chain/genesis.h"
#include "chain/log_tree.h"
#include "consensus/limits.h"
#include "crypto/sha256.h"
#include "timebank/v1/block.pb.h"

namespace timebank::replica {
namespace {

using consensus::BodyVerdict;

Hash ExtrasRoot(const v1::BlockBody& body) {
  chain::LogFrontier tree;
  for (const std::string& item : body.evidence()) tree.Append(chain::LogLeafHash(AsBytes(item)));
  if (!body.next_set().empty()) tree.Append(chain::LogLeafHash(AsBytes(body.next_set())));
  return tree.Root();
}

// With EPOCH_END the body carries the set that the header names, else none.
bool NamesNextSet(const v1::BlockBody& body, const chain::Header& header) {
  if (!header.EndsEpoch()) return body.next_set().empty();
  const auto set = chain::ParseKeysOnlyRecord(AsBytes(body.next_set()));
  return set && set->SetHash() == header.next_validators;
}

}  // namespace

BlockBody MakeBody(const BlockContent& content,
                   const std::optional<chain::ValidatorSet>& next_set) {
  v1::BlockBody body;
  chain::LogFrontier tree;
  for (const SharedTransaction& transaction : content.transactions) {
    body.add_envelopes(transaction->envelope);
    tree.Append(chain::LogLeafHash(AsBytes(transaction->envelope)));
  }
  for (const std::string& item : content.evidence) body.add_evidence(item);
  if (next_set) body.set_next_set(chain::KeysOnlyRecord(*next_set));
  const std::string bytes = chain::CanonicalBytes(body);
  TB_CHECK(bytes.size() <= consensus::kBodyBytesMax);
  return {std::make_shared<const Bytes>(ToBytes(AsBytes(bytes))), tree.Root(), ExtrasRoot(body)};
}

Expected<BlockContent, BodyVerdict> ReadBody(const consensus::Block& block,
                                             const FindKnown& find_known) {
  TB_CHECK(block.body() != nullptr);
  const chain::Header& header = block.header();
  auto body = chain::ParseCanonical<v1::BlockBody>(*block.body());
  if (!body) return Unexpected{BodyVerdict::kMismatch};
  chain::LogFrontier tree;
  for (const std::string& envelope : body->envelopes()) {
    tree.Append(chain::LogLeafHash(AsBytes(envelope)));
  }
  const bool is_this = tree.Root() == header.tx_root && ExtrasRoot(*body) == header.extras_root;
  if (!is_this) return Unexpected{BodyVerdict::kMismatch};
  if (!NamesNextSet(*body, header)) return Unexpected{BodyVerdict::kInvalid};
  if (header.tx_count != static_cast<std::uint32_t>(body->envelopes_size())) {
    return Unexpected{BodyVerdict::kInvalid};
  }
  BlockContent content;
  for (std::string& envelope : *body->mutable_envelopes()) {
    SharedTransaction known = find_known(crypto::Sha256(AsBytes(envelope)));
    if (known == nullptr) {
      auto read = ReadTransaction(std::move(envelope), header.chain_id);
      if (!read) return Unexpected{BodyVerdict::kInvalid};
      known = std::move(*read);
    }
    content.transactions.push_back(std::move(known));
  }
  content.evidence.assign(body->evidence().begin(), body->evidence().end());
  return content;
}

}  // namespace timebank::replica
