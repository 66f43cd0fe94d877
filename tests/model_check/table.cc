// The table of one validator's local states.
#include <utility>

#include "tests/model_check/explorer.h"

namespace timebank::model_check {

Table::Table(World& world, std::size_t index) : validator_(world, index) {
  static_cast<void>(Intern(validator_.Fresh()));
}

LocalId Table::After(LocalId from, const Stimulus& stimulus,
                     const CertificateSource& certificates) {
  const std::uint64_t key = static_cast<std::uint64_t>(from) << 32 | stimulus.key();
  const auto known = edges_.find(key);
  if (known != edges_.end()) return known->second;
  const LocalId after = Intern(validator_.Step(*locals_[from], stimulus, certificates));
  edges_.emplace(key, after);
  return after;
}

std::optional<LocalId> Table::Known(LocalId from, const Stimulus& stimulus) const {
  const auto known = edges_.find(static_cast<std::uint64_t>(from) << 32 | stimulus.key());
  if (known == edges_.end()) return std::nullopt;
  return known->second;
}

LocalId Table::Intern(Local local) {
  const auto [known, fresh] = ids_.try_emplace(validator_.Fingerprint(local).str().substr(0, 16),
                                               static_cast<LocalId>(locals_.size()));
  if (fresh) {
    infos_.push_back(validator_.InfoOf(local));
    const std::string said = local.sent.to_string() + local.proposals.to_string();
    said_.push_back(
        said_ids_.try_emplace(said, static_cast<SaidId>(said_ids_.size())).first->second);
    locals_.push_back(std::make_unique<Local>(std::move(local)));
    marks_.push_back(0);
  }
  return known->second;
}

bool Table::Mark(LocalId id) {
  if (marks_[id] == epoch_) return false;
  marks_[id] = epoch_;
  return true;
}

}  // namespace timebank::model_check
