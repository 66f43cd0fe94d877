#include "chain/recovery_file.h"

#include <utility>

#include "base/check.h"
#include "chain/canonical.h"

namespace timebank::chain {
namespace {

constexpr std::uint32_t kVersion = 1;

Unexpected<RecoveryFileFault> Refuse(ReceiptFault links) {
  return Unexpected{RecoveryFileFault{links, std::nullopt}};
}

using VerifyFunction = Expected<NewEra, RecoveryFault> (*)(ByteView, const Header&);

Expected<RecoveryProof, RecoveryFileFault> Verify(ByteView file, const Genesis& genesis,
                                                  VerifyFunction verify) {
  auto in = ParseCanonical<v1::RecoveryFile>(file);
  if (!in || in->version() != kVersion) return Refuse(ReceiptFault::kNotCanonical);
  if (in->epochs().empty()) return Refuse(ReceiptFault::kEpochChain);
  const int last = in->epochs_size() - 1;
  const EpochLinks before(in->epochs().begin(), in->epochs().begin() + last);
  const auto reach = WalkEpochs(before, genesis);
  if (!reach) return Refuse(reach.error());
  const auto block = BlockOfRecovery(in->epochs(), last, *reach);
  if (!block) return Refuse(block.error());
  const v1::EpochLink& link = in->epochs(last);
  auto next = verify(AsBytes(link.recovery()), *block);
  if (!next) return Unexpected{RecoveryFileFault{ReceiptFault::kRecovery, next.error()}};
  if (link.next_set() != KeysOnlyRecord(next->validators)) return Refuse(ReceiptFault::kNextSet);
  auto recovery = ParseCanonical<v1::Recovery>(AsBytes(link.recovery()));
  TB_CHECK(recovery.has_value());
  return RecoveryProof{std::move(*in->mutable_epochs()), *block, std::move(*recovery),
                       std::move(*next)};
}

}  // namespace

std::string BuildRecoveryFile(const EpochLinks& links) {
  TB_CHECK(!links.empty() && !links.rbegin()->recovery().empty());
  v1::RecoveryFile out;
  out.set_version(kVersion);
  *out.mutable_epochs() = links;
  return CanonicalBytes(out);
}

Expected<RecoveryProof, RecoveryFileFault> VerifyRecoveryFile(ByteView file,
                                                              const Genesis& genesis) {
  return Verify(file, genesis, &VerifyRecovery);
}

Expected<RecoveryProof, RecoveryFileFault> VerifyRecoveryDraftFile(ByteView file,
                                                                   const Genesis& genesis) {
  return Verify(file, genesis, &VerifyRecoveryDraft);
}

std::string_view Describe(const RecoveryFileFault& fault) {
  return fault.recovery ? Describe(*fault.recovery) : Describe(fault.links);
}

}  // namespace timebank::chain
