// The verifier first, step by step in the order in which a reader would check; then the builder.
#include "chain/receipt.h"

#include <bit>
#include <span>
#include <utility>

#include "base/check.h"
#include "chain/canonical.h"
#include "chain/certificate.h"
#include "chain/log_tree.h"
#include "chain/recovery.h"
#include "chain/transaction.h"

namespace timebank::chain {
namespace {

constexpr std::uint32_t kReceiptVersion = 1;

using Fault = std::optional<ReceiptFault>;
using RepeatedBytes = google::protobuf::RepeatedPtrField<std::string>;

Fault CheckTransaction(const v1::Receipt& receipt, const Hash& chain_id, VerifiedReceipt& out);
Expected<Hash, ReceiptFault> CheckEffects(const v1::Receipt& receipt, VerifiedReceipt& out);
Fault CheckFinal(const Header& header, std::string_view finalization, const EpochReach& reach);
Fault FollowLink(const EpochLinks& links, int index, EpochReach& reach);
std::vector<Hash> PathOf(const RepeatedBytes& hashes);

}  // namespace

Expected<VerifiedReceipt, ReceiptFault> VerifyReceipt(ByteView bytes, const Genesis& genesis) {
  const auto receipt = ParseCanonical<v1::Receipt>(bytes);
  if (!receipt) return Unexpected{ReceiptFault::kNotCanonical};
  if (receipt->version() != kReceiptVersion) return Unexpected{ReceiptFault::kUnknownVersion};
  const auto reach = WalkEpochs(receipt->epochs(), genesis);
  if (!reach) return Unexpected{reach.error()};
  VerifiedReceipt out;
  if (const Fault fault = CheckTransaction(*receipt, reach->chain_id, out)) {
    return Unexpected{*fault};
  }
  const auto effects_digest = CheckEffects(*receipt, out);
  if (!effects_digest) return Unexpected{effects_digest.error()};
  const auto header = DecodeHeader(AsBytes(receipt->header()));
  if (!header) return Unexpected{ReceiptFault::kHeader};
  out.header = *header;
  if (!VerifyInclusion(TransactionLeaf(out.transaction_id, *effects_digest), receipt->log_index(),
                       header->log_size, PathOf(receipt->log_path()), header->log_root)) {
    return Unexpected{ReceiptFault::kLogPath};
  }
  if (header->epoch != reach->epoch) return Unexpected{ReceiptFault::kEpochChain};
  if (const Fault fault = CheckFinal(*header, receipt->finalization(), *reach)) {
    return Unexpected{*fault};
  }
  return out;
}

Expected<VerifiedReceipt, ReceiptFault> VerifyReceipt(ByteView receipt, ByteView genesis) {
  const auto parsed = ParseGenesis(genesis);
  if (!parsed) return Unexpected{ReceiptFault::kGenesis};
  return VerifyReceipt(receipt, *parsed);
}

Expected<EpochReach, ReceiptFault> WalkEpochs(const EpochLinks& links, const Genesis& genesis) {
  EpochReach reach{Epoch(0), Era(0), genesis.chain_id, genesis.validators};
  for (int index = 0; index < links.size(); ++index) {
    if (const Fault fault = FollowLink(links, index, reach)) return Unexpected{*fault};
  }
  return reach;
}

Expected<Header, ReceiptFault> BlockOfRecovery(const EpochLinks& links, int index,
                                               const EpochReach& reach) {
  const v1::EpochLink& link = links.Get(index);
  const auto last = DecodeHeader(AsBytes(link.header()));
  if (!last) return Unexpected{ReceiptFault::kEpochChain};
  if (last->EndsEpoch()) {
    // Nothing of the epoch that it began is certified.
    const bool is_shown = index > 0 && links.Get(index - 1).recovery().empty() &&
                          links.Get(index - 1).header() == link.header() &&
                          links.Get(index - 1).finalization() == link.finalization();
    if (!is_shown) return Unexpected{ReceiptFault::kEpochChain};
    return *last;
  }
  if (last->epoch != reach.epoch) return Unexpected{ReceiptFault::kEpochChain};
  if (const Fault fault = CheckFinal(*last, link.finalization(), reach)) return Unexpected{*fault};
  return *last;
}

Hash TransactionLeaf(const Hash& transaction_id, const Hash& effects_digest) {
  return LogLeafHash(ByteWriter().Raw(transaction_id.view()).Raw(effects_digest.view()).bytes());
}

Hash EffectsDigest(const std::vector<std::string>& lines) {
  LogFrontier tree;
  for (const std::string& line : lines) tree.Append(LogLeafHash(AsBytes(line)));
  return tree.Root();
}

namespace {

// Sets the id, and the body when the receipt shows it.
Fault CheckTransaction(const v1::Receipt& receipt, const Hash& chain_id, VerifiedReceipt& out) {
  if (receipt.envelope().empty() == receipt.transaction_id().empty()) {
    return ReceiptFault::kTransaction;
  }
  if (receipt.envelope().empty()) {
    out.transaction_id = *Hash::From(receipt.transaction_id());  // its length is canonical
    return std::nullopt;
  }
  const auto envelope = ParseCanonical<v1::Envelope>(AsBytes(receipt.envelope()));
  if (!envelope) return ReceiptFault::kTransaction;
  if (envelope->signatures_size() != 0) return ReceiptFault::kSignaturesInside;
  if (envelope->chain_tag() != ChainTag(chain_id)) return ReceiptFault::kWrongChain;
  auto body = ParseCanonical<v1::TransactionBody>(AsBytes(envelope->body()));
  if (!body) return ReceiptFault::kTransaction;
  out.transaction_id = TransactionId(chain_id, AsBytes(envelope->body()));
  out.body = std::move(*body);
  return std::nullopt;
}

// Where `path` leads from a leaf at `index` of a tree of some size. Below the level where the
// tree's right edge is met, the bits of the index are the sides; above it every sibling is on the
// left, one for each bit left. Empty when no size gives the index so long a path.
std::optional<Hash> RootAtIndex(Hash hash, std::uint32_t index, std::span<const Hash> path) {
  std::uint32_t rest = index;
  for (std::size_t step = 0; step < path.size(); ++step) {
    const auto ones = static_cast<std::size_t>(std::popcount(rest));
    const bool at_edge = ones == path.size() - step;
    const bool is_right = at_edge || (rest & 1) != 0;
    hash = is_right ? LogNodeHash(path[step], hash) : LogNodeHash(hash, path[step]);
    rest = at_edge ? rest & (rest - 1) : rest >> 1;
  }
  return rest == 0 ? std::optional(hash) : std::nullopt;
}

// All lines, by their number, without paths; or some of them, each with its path.
Expected<Hash, ReceiptFault> CheckEffects(const v1::Receipt& receipt, VerifiedReceipt& out) {
  if (receipt.lines().empty()) return Unexpected{ReceiptFault::kEffectsLine};
  const bool shows_all = receipt.line_count() != 0;
  const auto shown = static_cast<std::uint32_t>(receipt.lines_size());
  if (shows_all && receipt.line_count() != shown) return Unexpected{ReceiptFault::kEffectsPath};
  LogFrontier all;
  std::optional<Hash> digest;
  std::uint64_t next_index = 0;
  for (const v1::ReceiptLine& line : receipt.lines()) {
    auto effects = ParseCanonical<v1::EffectsLine>(AsBytes(line.line()));
    if (!effects) return Unexpected{ReceiptFault::kEffectsLine};
    if (effects->line() != line.index()) return Unexpected{ReceiptFault::kLineNumber};
    out.lines.push_back(std::move(*effects));
    const bool in_place = shows_all ? line.index() == next_index : line.index() >= next_index;
    if (!in_place || shows_all != line.path().empty()) {
      return Unexpected{ReceiptFault::kEffectsPath};
    }
    next_index = std::uint64_t{line.index()} + 1;
    const Hash leaf = LogLeafHash(AsBytes(line.line()));
    all.Append(leaf);
    if (shows_all) continue;
    const auto root = RootAtIndex(leaf, line.index(), PathOf(line.path()));
    if (!root || (digest && *digest != *root)) return Unexpected{ReceiptFault::kEffectsPath};
    digest = root;
  }
  return shows_all ? all.Root() : *digest;
}

ReceiptFault FaultOf(CertificateError error) {
  switch (error) {
    case CertificateError::kTooFewSigners:
      return ReceiptFault::kTooFewSigners;
    case CertificateError::kBadSignature:
      return ReceiptFault::kFinalizationSignature;
    case CertificateError::kWrongSize:
    case CertificateError::kUnknownKind:
    case CertificateError::kWrongSuite:
    case CertificateError::kWrongCount:
    case CertificateError::kTrailingBits:
    case CertificateError::kSignersUnordered:
      return ReceiptFault::kFinalization;
  }
  return ReceiptFault::kFinalization;
}

Fault CheckFinal(const Header& header, std::string_view finalization, const EpochReach& reach) {
  if (header.chain_id != reach.chain_id || header.era != reach.era) {
    return ReceiptFault::kWrongChain;
  }
  if (header.validators != reach.validators.SetHash()) return ReceiptFault::kValidators;
  const auto certificate = Certificate::Decode(AsBytes(finalization));
  if (!certificate) return FaultOf(certificate.error());
  const VotePosition& position = certificate->position;
  if (position.kind != VoteKind::kFinalize) return ReceiptFault::kFinalizationKind;
  if (position.epoch != header.epoch || position.digest != header.Digest()) {
    return ReceiptFault::kFinalizationTarget;
  }
  const auto error = VerifyCertificate(*certificate, reach.chain_id, reach.validators);
  return error ? Fault(FaultOf(*error)) : std::nullopt;
}

Fault FollowRecovery(const EpochLinks& links, int index, EpochReach& reach) {
  const v1::EpochLink& link = links.Get(index);
  const auto last = BlockOfRecovery(links, index, reach);
  if (!last) return last.error();
  auto next = VerifyRecovery(AsBytes(link.recovery()), *last);
  if (!next) return ReceiptFault::kRecovery;
  if (link.next_set() != KeysOnlyRecord(next->validators)) return ReceiptFault::kNextSet;
  reach = {reach.epoch.Next(), next->era, next->chain_id, std::move(next->validators)};
  return std::nullopt;
}

Fault FollowLink(const EpochLinks& links, int index, EpochReach& reach) {
  const v1::EpochLink& link = links.Get(index);
  if (!link.recovery().empty()) return FollowRecovery(links, index, reach);
  const auto boundary = DecodeHeader(AsBytes(link.header()));
  if (!boundary || !boundary->EndsEpoch() || boundary->epoch != reach.epoch) {
    return ReceiptFault::kEpochChain;
  }
  if (const Fault fault = CheckFinal(*boundary, link.finalization(), reach)) return fault;
  auto next = ParseKeysOnlyRecord(AsBytes(link.next_set()));
  if (!next || next->SetHash() != boundary->next_validators) return ReceiptFault::kNextSet;
  reach.validators = std::move(*next);
  reach.epoch = reach.epoch.Next();
  return std::nullopt;
}

// The lengths are canonical.
std::vector<Hash> PathOf(const RepeatedBytes& hashes) {
  std::vector<Hash> path;
  for (const std::string& hash : hashes) path.push_back(*Hash::From(hash));
  return path;
}

void AddPath(const std::vector<Hash>& path, RepeatedBytes& out) {
  for (const Hash& hash : path) out.Add(hash.str());
}

void AddLines(const ReceiptParts& parts, v1::Receipt& receipt) {
  const bool shows_all = parts.shown.empty() || parts.shown.size() == parts.lines.size();
  if (shows_all) {
    receipt.set_line_count(static_cast<std::uint32_t>(parts.lines.size()));
    for (std::uint32_t i = 0; i < parts.lines.size(); ++i) {
      v1::ReceiptLine& line = *receipt.add_lines();
      line.set_index(i);
      line.set_line(parts.lines[i]);
    }
    return;
  }
  LogTree tree;
  for (const std::string& line : parts.lines) tree.Append(LogLeafHash(AsBytes(line)));
  for (std::uint32_t i : parts.shown) {
    TB_CHECK(i < parts.lines.size());
    v1::ReceiptLine& line = *receipt.add_lines();
    line.set_index(i);
    line.set_line(parts.lines[i]);
    AddPath(tree.InclusionPath(i, tree.size()), *line.mutable_path());
  }
}

}  // namespace

std::string BuildReceipt(const ReceiptParts& parts) {
  TB_CHECK(!parts.lines.empty());
  v1::Receipt receipt;
  receipt.set_version(kReceiptVersion);
  v1::Envelope envelope;
  v1::TransactionBody body;
  TB_CHECK(envelope.ParseFromString(parts.envelope));
  TB_CHECK(body.ParseFromString(envelope.body()));
  // A list shows other people's lines too, and a sweep has no envelope: their id stands for them.
  if (parts.envelope.empty() || IsListKind(body.kind_case())) {
    receipt.set_transaction_id(parts.transaction_id.str());
  } else {
    envelope.clear_signatures();
    receipt.set_envelope(CanonicalBytes(envelope));
  }
  AddLines(parts, receipt);
  receipt.set_log_index(parts.log_index);
  AddPath(parts.log_path, *receipt.mutable_log_path());
  receipt.set_header(ToString(parts.header.Encode()));
  receipt.set_finalization(parts.finalization);
  *receipt.mutable_epochs() = parts.epochs;
  return CanonicalBytes(receipt);
}

v1::EpochLink MakeEpochLink(const Header& boundary, std::string_view finalization,
                            const ValidatorSet& next) {
  v1::EpochLink link;
  link.set_header(ToString(boundary.Encode()));
  link.set_finalization(std::string(finalization));
  link.set_next_set(KeysOnlyRecord(next));
  return link;
}

v1::EpochLink MakeRecoveryLink(const Header& last, std::string_view finalization,
                               const ValidatorSet& next, std::string_view recovery) {
  v1::EpochLink link = MakeEpochLink(last, finalization, next);
  link.set_recovery(std::string(recovery));
  return link;
}

std::string_view Describe(ReceiptFault fault) {
  switch (fault) {
    case ReceiptFault::kGenesis:
      return "genesis: the file is not a valid genesis";
    case ReceiptFault::kNotCanonical:
      return "form: not the canonical bytes of a receipt";
    case ReceiptFault::kUnknownVersion:
      return "form: unknown version";
    case ReceiptFault::kTransaction:
      return "transaction: neither one envelope in form nor one id";
    case ReceiptFault::kSignaturesInside:
      return "transaction: carries signatures, which a receipt cannot prove";
    case ReceiptFault::kWrongChain:
      return "chain: made on another chain than the genesis file's";
    case ReceiptFault::kEffectsLine:
      return "effects: a line is missing or not in form";
    case ReceiptFault::kLineNumber:
      return "effects: a line is shown at another place than it names";
    case ReceiptFault::kEffectsPath:
      return "effects: the lines do not lead to one effects digest";
    case ReceiptFault::kHeader:
      return "header: not in form";
    case ReceiptFault::kLogPath:
      return "log: transaction and effects are not in the header's transaction log";
    case ReceiptFault::kEpochChain:
      return "epochs: the links do not lead from genesis to the header's epoch";
    case ReceiptFault::kNextSet:
      return "epochs: a link carries another set than its header or recovery names";
    case ReceiptFault::kRecovery:
      return "epochs: the council's recovery document does not hold";
    case ReceiptFault::kValidators:
      return "validators: a header names another set than its epoch's";
    case ReceiptFault::kFinalization:
      return "finalization: a certificate is not in form for its set";
    case ReceiptFault::kFinalizationKind:
      return "finalization: a certificate of another kind";
    case ReceiptFault::kFinalizationTarget:
      return "finalization: a certificate of another block or epoch";
    case ReceiptFault::kTooFewSigners:
      return "finalization: fewer signers than a quorum";
    case ReceiptFault::kFinalizationSignature:
      return "finalization: a signature does not verify";
  }
  return "unknown";
}

}  // namespace timebank::chain
