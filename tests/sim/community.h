// A small community for simulations: its genesis, its people's keys, and their signed transactions.
// Only what the public schema says; the rules are the ledger's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/prng.h"
#include "base/strong.h"
#include "chain/header.h"
#include "crypto/ed25519.h"
#include "ledger/state.h"
#include "node/replica/signed_transaction.h"
#include "tests/sim/network.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::sim {

// Ledger time at the beginning of a run; genesis lies 40 days before, so that keys are old enough.
inline constexpr std::uint64_t kRunStartMs = 1'600'000'000'000;  // 2020-09-13 20:26 local
inline constexpr std::uint64_t kDayMs = 86'400'000;
inline constexpr std::uint64_t kMinuteMs = 60'000;
inline constexpr std::uint64_t kCoolingMs = 6'000;
inline constexpr std::int64_t kGrantMinutes = 480;

class Community {
 public:
  // `pairs` elders and as many volunteers; `validators` consensus keys.
  Community(Prng prng, std::size_t pairs, std::size_t validators);

  [[nodiscard]] const std::string& genesis() const { return genesis_; }
  [[nodiscard]] const Hash& chain_id() const { return chain_id_; }
  // A recovery gave the chain another id: what is signed from now on is of that era.
  void UseChain(const Hash& chain_id) { chain_id_ = chain_id; }
  // Keys of nodes: those of genesis in the order of the set, then those that were added.
  [[nodiscard]] const std::vector<crypto::SecretKey>& validators() const { return validators_; }
  // A key for a node that is to join.
  [[nodiscard]] NodeIndex NewValidator();
  [[nodiscard]] std::size_t pairs() const { return pairs_; }
  [[nodiscard]] MemberId volunteer(std::size_t i) const { return Id<MemberId>('V', i); }
  [[nodiscard]] MemberId elder(std::size_t i) const { return Id<MemberId>('E', i); }

  // Transactions, signed by whom the rules ask for. `at`: ledger time of signing.
  [[nodiscard]] std::vector<replica::SharedTransaction> Opening(Millis at);
  [[nodiscard]] replica::SharedTransaction Order(const EntryId& entry, std::size_t pair,
                                                 Millis start, Millis at);
  [[nodiscard]] replica::SharedTransaction Claim(const EntryId& entry, std::size_t pair, Millis at);
  [[nodiscard]] replica::SharedTransaction CheckIn(const EntryId& entry, std::size_t pair,
                                                   Millis start, Millis at);
  [[nodiscard]] replica::SharedTransaction CheckOut(const EntryId& entry, std::size_t pair,
                                                    Millis end, Millis at);
  [[nodiscard]] replica::SharedTransaction Log(const EntryId& entry, std::size_t pair, Millis start,
                                               Millis end, Millis at);
  [[nodiscard]] replica::SharedTransaction Confirm(const EntryId& entry, std::size_t pair,
                                                   Millis start, Millis end, Millis at);
  [[nodiscard]] replica::SharedTransaction Approve(const EntryId& entry, std::size_t pair,
                                                   Millis start, Millis end, Millis at);
  // To the next volunteer, a relative.
  [[nodiscard]] replica::SharedTransaction Transfer(std::size_t from, std::int64_t minutes,
                                                    Millis at);
  struct SetChange {
    std::vector<NodeIndex> remove;
    std::vector<NodeIndex> add;
  };
  // By the whole council.
  [[nodiscard]] replica::SharedTransaction ChangeValidators(const SetChange& change, Epoch epoch,
                                                            Millis at);
  [[nodiscard]] replica::SharedTransaction Ready(NodeIndex node, Height height, const Hash& digest,
                                                 Millis at);
  // Canonical bytes of a Recovery that names `last` and the nodes of the new set.
  [[nodiscard]] std::string SignRecovery(const ledger::State& state, const chain::Header& last,
                                         const std::vector<NodeIndex>& set);
  // The same with a flipped bit in its signature.
  [[nodiscard]] replica::SharedTransaction Forge(const replica::SharedTransaction& transaction);

  [[nodiscard]] EntryId NewEntry(Millis at);

 private:
  template <typename Fixed>
  [[nodiscard]] static Fixed Id(char kind, std::size_t number);
  struct Signature {
    MemberId member;
    v1::Role role;
    std::string org;
  };
  [[nodiscard]] static std::vector<Signature> CouncilSeats();
  void AddPerson(v1::Genesis& genesis, const MemberId& member, const OrgId& home,
                 std::uint32_t birth_year);
  void AddOffice(v1::Genesis& genesis, const MemberId& member, const OrgId& org, v1::Role role);
  [[nodiscard]] replica::SharedTransaction Sign(v1::TransactionBody body,
                                                const std::vector<Signature>& signers, Millis at);
  [[nodiscard]] std::string Content(const EntryId& entry, std::size_t pair, Millis start,
                                    Millis end) const;

  Prng prng_;
  std::size_t pairs_;
  std::map<MemberId, crypto::SecretKey> keys_;
  std::vector<crypto::SecretKey> validators_;
  std::string genesis_;
  Hash chain_id_;
};

}  // namespace timebank::sim
