// What the code of a rule sees: the block's time, records to read and edit, minutes to move,
// effects lines to write. One TxContext per transaction, and one per item of the sweep.
//
// A rule returns kOk or the reason of refusal. It may check and edit in any order: what a refused
// transaction (or a refused line of a list) edited is undone by the caller.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/civil.h"
#include "base/strong.h"
#include "chain/transaction.h"
#include "ledger/accounts.h"
#include "ledger/keys.h"
#include "ledger/policy.h"
#include "ledger/records.h"

namespace timebank::ledger {

using v1::Reason;
inline constexpr Reason kOk = v1::REASON_UNSPECIFIED;

// Client-made times and ids may be ahead of the block by this much (docs/ledger.md).
inline constexpr std::uint64_t kClientAheadMs = 5'000;

// The block that is being executed.
struct BlockFacts {
  Height height;
  Millis time;
  const v1::ChainRecord* chain = nullptr;  // as of the parent: its constants
};

// Who signed, known to exist and with an active key.
struct Signer {
  MemberId member;
  v1::Role role = v1::ROLE_UNSPECIFIED;
  OrgId org;  // zero for MEMBER and PROXY
  KeyId key_id;
  Millis key_since;
};

class TxContext {
 public:
  // Without an id: an item of the sweep.
  TxContext(Records& records, const BlockFacts& block, const Hash& transaction_id = {})
      : records_(records), block_(block), transaction_id_(transaction_id) {}

  // ---- Block ----
  [[nodiscard]] Millis now() const { return block_.time; }
  [[nodiscard]] std::uint64_t now_ms() const { return block_.time.value(); }
  [[nodiscard]] Height height() const { return block_.height; }
  [[nodiscard]] const v1::ChainRecord& chain() const { return *block_.chain; }
  [[nodiscard]] std::int64_t civil_offset() const { return chain().civil_offset_minutes(); }

  [[nodiscard]] const Hash& transaction_id() const { return transaction_id_; }

  // ---- Records: tx.Find<v1::Member>(id), null when there is none ----
  [[nodiscard]] Records& records() { return records_; }
  template <typename M>
  [[nodiscard]] const M* Find(const typename Record<M>::Id& id) {
    return records_.Find<M>(id);
  }
  template <typename M>
  [[nodiscard]] M* Edit(const typename Record<M>::Id& id) {
    return records_.Edit<M>(id);
  }
  template <typename M>
  [[nodiscard]] M& EditOrCreate(const typename Record<M>::Id& id) {
    return records_.EditOrCreate<M>(id);
  }
  template <typename M>
  void Erase(const typename Record<M>::Id& id) {
    records_.Erase<M>(id);
  }
  // Parameters of an organisation as of `at`; without it, as of block time. Resolved once per
  // transaction: a rule that changes policy asks before.
  [[nodiscard]] const Policy& PolicyOf(const OrgId& org, Millis at);
  [[nodiscard]] const Policy& PolicyOf(const OrgId& org) { return PolicyOf(org, now()); }

  // ---- Signers (authority.h judges them) ----
  [[nodiscard]] const std::vector<Signer>& signers() const { return signers_; }
  void AddSigner(const Signer& signer) { signers_.push_back(signer); }

  // ---- Effects ----
  // Starts the next line, outcome DONE; what is moved from here on belongs to it. Every
  // transaction has at least one line; lists have one per line, in order.
  v1::EffectsLine& BeginLine(ByteView entity);
  // Requires: a line was begun.
  [[nodiscard]] v1::EffectsLine& line();
  [[nodiscard]] std::vector<v1::EffectsLine>& lines() { return lines_; }
  // Moves minutes, a posting each, into the current line. Zero moves nothing. AMOUNT_NOT_POSITIVE
  // when negative, else the refusals of AddToBalance for either account.
  [[nodiscard]] Reason Move(const Account& from, const Account& to, std::int64_t minutes);
  // A line of a list, judged by itself: `judge` gives kOk or the reason; refused, its edits are
  // undone and the line says REFUSED. F14 is judged here per line.
  template <typename Judge>
  Reason RunLine(ByteView entity, Judge&& judge) {
    const Mark mark = BeginListLine(entity);
    return EndListLine(mark, std::forward<Judge>(judge)());
  }
  // The verdict on a list whose lines were run: kOk when it stands (docs/ledger.md, "Lists").
  [[nodiscard]] Reason ListVerdict(bool all_or_nothing) const;

  // A person concerned who must not be frozen, dormant, deceased or suspended (F14, judged last).
  void AddParty(const MemberId& member);
  [[nodiscard]] Reason JudgeParties() const;

 private:
  struct Mark {
    Records::Savepoint savepoint = 0;
    bool party_blocked = false;
  };
  Mark BeginListLine(ByteView entity);
  Reason EndListLine(const Mark& mark, Reason verdict);
  void AddPosting(const Account& account, std::int64_t amount);

  Records& records_;
  const BlockFacts& block_;
  Hash transaction_id_;
  std::map<std::pair<OrgId, Millis>, Policy> policies_;
  std::vector<Signer> signers_;
  std::vector<v1::EffectsLine> lines_;
  bool party_blocked_ = false;
};

}  // namespace timebank::ledger
