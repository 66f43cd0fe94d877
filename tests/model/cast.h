// People and organisations of a made-up world, by name: their ids, their keys, the genesis that
// lists them, and envelopes signed by them. Names give ids and keys, so runs are the same.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "chain/genesis.h"
#include "crypto/ed25519.h"
#include "timebank/v1/record.pb.h"
#include "timebank/v1/transaction.pb.h"

namespace timebank::model {

// Who signs, with which of its keys (1 is the first), in what capacity.
struct Signature {
  std::string name;
  int key = 1;
  v1::Role role = v1::ROLE_MEMBER;
  std::string org;  // Name; empty for MEMBER and PROXY.
};

struct OfficeOf {
  std::string org;
  v1::Role role = v1::ROLE_UNSPECIFIED;
};

class Cast {
 public:
  explicit Cast(std::uint64_t genesis_ms);

  // Genesis. An organisation's parent comes before it; an empty parent makes a root.
  v1::Organisation& AddOrg(const std::string& name, v1::OrganisationKind kind,
                           const std::string& parent);
  v1::Member& AddMember(const std::string& name, const std::string& home, std::uint32_t birth_year);
  // Requires: AddMember(name) before.
  void AddOffice(const std::string& name, v1::Role role, const std::string& org);
  [[nodiscard]] v1::Genesis& genesis() { return genesis_; }
  // The offices given so far, in genesis or by NoteOffice: a script looks up here in what capacity
  // somebody signs.
  [[nodiscard]] const std::vector<OfficeOf>& OfficesOf(const std::string& name) const;
  void NoteOffice(const std::string& name, OfficeOf office) { offices_[name].push_back(office); }
  // Fixes the genesis and with it the chain id.
  [[nodiscard]] const chain::Genesis& Seal();
  // Requires: Seal().
  [[nodiscard]] const Hash& chain_id() const { return sealed_->chain_id; }

  // 16 bytes of the hash of the name: members and organisations are told apart by `kind`.
  [[nodiscard]] static std::string MemberId(std::string_view name);
  [[nodiscard]] static std::string OrgId(std::string_view name);
  [[nodiscard]] static std::string OfferId(std::string_view name);
  // A client-made id (FORMATS 1): `made_ms` as u48, then 10 bytes of the hash of the name.
  [[nodiscard]] static std::string TimedId(std::string_view name, std::uint64_t made_ms);
  // FORMATS 1: the id of a paper line.
  [[nodiscard]] static std::string SlipId(const std::string& org_id, std::string_view serial,
                                          std::uint64_t start_ms);
  [[nodiscard]] const crypto::SecretKey& KeyOf(const std::string& name, int number) const;
  [[nodiscard]] v1::NewKey NewKeyOf(const std::string& name, int number) const;

  // Sets signers, and version and nonce where unset, and signs. The canonical bytes.
  [[nodiscard]] std::string Sign(v1::TransactionBody body, const std::vector<Signature>& by);
  // A statement that the PIN of `card` was right for `action`, signed by `service`.
  [[nodiscard]] v1::PinProof SignPin(const std::string& service, const v1::PinStatement& statement);

 private:
  v1::Genesis genesis_;
  std::map<std::string, int> member_index_;
  std::map<std::string, std::vector<OfficeOf>> offices_;
  std::optional<chain::Genesis> sealed_;
  std::uint64_t nonce_ = 0;
  mutable std::map<std::pair<std::string, int>, crypto::SecretKey> keys_;
};

}  // namespace timebank::model
