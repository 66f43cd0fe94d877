#include "node/replica/epoch_links.h"

#include <utility>

#include "base/check.h"
#include "chain/genesis.h"
#include "ledger/era.h"
#include "ledger/validators.h"

namespace timebank::replica {

SharedEpochLinks EpochLinks::UpTo(const ledger::State& state, Storage& storage) {
  const auto wanted = static_cast<int>(state.chain().epoch());
  if (links_->size() == wanted) return links_;
  auto longer = std::make_shared<chain::EpochLinks>(*links_);
  while (longer->size() < wanted) {
    const v1::ValidatorSetRecord next =
        ledger::SetOf(state, Epoch(static_cast<std::uint64_t>(longer->size()) + 1));
    const auto boundary = storage.ReadBlock(Height(next.boundary_height()));
    if (!boundary) return nullptr;
    const auto set = chain::ValidatorsOf(next.validators());
    TB_CHECK(set.has_value());
    const chain::Header& header = boundary->block.header();
    const std::string finalization = ToString(boundary->finalization.Encode());
    const auto recovery =
        next.era() == 0 ? std::nullopt : ledger::RecoveryOf(state, chain::Era(next.era()));
    *longer->Add() = recovery ? chain::MakeRecoveryLink(header, finalization, *set, *recovery)
                              : chain::MakeEpochLink(header, finalization, *set);
  }
  links_ = std::move(longer);
  return links_;
}

}  // namespace timebank::replica
