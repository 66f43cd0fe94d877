#include "tests/sim/checkers.h"

#include "base/check.h"
#include "base/minutes.h"
#include "chain/evidence.h"
#include "chain/receipt.h"
#include "ledger/state.h"
#include "node/replica/receipts.h"
#include "timebank/v1/block.pb.h"
#include "timebank/v1/record.pb.h"

namespace timebank::sim {
namespace {

std::string At(NodeIndex node, Height height) {
  return " at height " + std::to_string(height.value()) + " of node " + std::to_string(node);
}

}  // namespace

Checkers::Checkers(const std::string& genesis)
    : genesis_([&] {
        auto parsed = chain::ParseGenesis(AsBytes(genesis));
        TB_CHECK(parsed.has_value());
        return std::move(*parsed);
      }()) {}

void Checkers::Fail(std::string what) {
  if (!violation_) violation_ = std::move(what);
}

void Checkers::Cast(NodeIndex from, const chain::VotePosition& vote) {
  const consensus::Position position{vote.epoch, vote.view};
  const auto key = std::pair(from, VoteKey(position, vote.kind));
  const auto [first, is_new] = votes_.emplace(key, vote);
  if (!is_new && first->second != vote) {
    Fail("two votes of one kind in view " + std::to_string(position.view.value()) + " by node " +
         std::to_string(from));
  }
  const auto excluded = vote.kind == chain::VoteKind::kNullify ? chain::VoteKind::kFinalize
                                                               : chain::VoteKind::kNullify;
  if (vote.kind == chain::VoteKind::kNotarize) return;
  if (votes_.contains({from, VoteKey(position, excluded)})) {
    Fail("Nullify and Finalize in view " + std::to_string(position.view.value()) + " by node " +
         std::to_string(from));
  }
}

void Checkers::Final(NodeIndex node, const replica::FinalBlock& block) {
  const chain::Header& header = block.block.block.header();
  const Hash& digest = block.block.block.digest();
  const Height height = header.height;
  if (height.value() > digests_.size() + 1) Fail("a height was left out" + At(node, height));
  const auto [known, is_new] = digests_.emplace(height, digest);
  if (!is_new && known->second != digest) Fail("two final blocks" + At(node, height));
  if (is_new) {
    JudgeEvidence(node, block.block.block);
    for (const replica::TransactionRow& row : block.rows) {
      if (!final_.emplace(row.id, height).second) Fail("a transaction twice" + At(node, height));
      if (!row.sweep && !submitted_.contains(row.id)) {
        Fail("a transaction nobody submitted" + At(node, height));
      }
    }
  }
  // One receipt of every block, each time by another node.
  // Where the block that ended an epoch cannot be read just now, receipts wait until it is healed.
  if (!block.proven_by || block.rows.empty() || block.epochs == nullptr) return;
  if (height.value() % genesis_.validators.size() != node) return;
  const std::size_t row = height.value() % block.rows.size();
  Receipt(node, block.rows[row].id, replica::MakeReceipt(block, row, {}));
}

// P17: whoever is named did vote twice.
void Checkers::JudgeEvidence(NodeIndex node, const consensus::Block& block) {
  v1::BlockBody body;
  TB_CHECK(body.ParseFromString(ToString(*block.body())));
  for (const std::string& item : body.evidence()) {
    const Height height = block.header().height;
    if (!evidence_.emplace(item, height).second) Fail("evidence twice" + At(node, height));
    const auto evidence = chain::DecodeEvidence(AsBytes(item));
    if (!evidence) {
      Fail("evidence that does not decode" + At(node, height));
    } else if (trusted_.contains(evidence->validator)) {
      Fail("a correct validator is accused of " + std::string(Describe(evidence->kind)) +
           At(node, height));
    }
  }
}

void Checkers::State(NodeIndex node, const replica::FinalView& view) {
  if (view.state->root() != view.header.state_root) {
    Fail("state root differs" + At(node, view.header.height));
  }
  const auto sum = SumOfBalances(*view.state);
  if (!sum || *sum != 0) Fail("balances do not sum to zero" + At(node, view.header.height));
}

void Checkers::Receipt(NodeIndex node, const Hash& id, const std::optional<std::string>& receipt) {
  const std::string where = " from node " + std::to_string(node);
  if (!receipt) return Fail("no receipt" + where);
  const auto verified = chain::VerifyReceipt(AsBytes(*receipt), genesis_);
  if (!verified) {
    return Fail("receipt refused: " + std::string(Describe(verified.error())) + where);
  }
  if (verified->transaction_id != id) Fail("receipt of another transaction" + where);
  const auto agreed = digests_.find(verified->header.height);
  if (agreed != digests_.end() && agreed->second != verified->header.Digest()) {
    Fail("receipt proven by a block that is not agreed" + where);
  }
  ++receipts_;
}

void Checkers::AnsweredFinal(NodeIndex node, const Hash& id, Height height) {
  const auto known = final_.find(id);
  if (known == final_.end() || known->second != height) {
    Fail("final only for one client" + At(node, height));
  }
}

std::optional<std::int64_t> SumOfBalances(const ledger::State& state) {
  std::optional<std::int64_t> sum = 0;
  const auto add = [&sum](std::int64_t amount) {
    if (sum) sum = CheckedAdd(*sum, amount);
  };
  state.tree().ForEach([&](ByteView key, ByteView value) {
    const auto table = std::to_integer<int>(key[0]);
    const auto size = static_cast<int>(value.size());
    if (table == v1::TABLE_MEMBER) {
      v1::Member member;
      TB_CHECK(member.ParseFromArray(value.data(), size));
      for (const v1::Balance& balance : member.balances()) add(balance.amount());
    } else if (table == v1::TABLE_ORG_ACCOUNT) {
      v1::OrgAccount account;
      TB_CHECK(account.ParseFromArray(value.data(), size));
      add(account.amount());
    }
  });
  return sum;
}

}  // namespace timebank::sim
