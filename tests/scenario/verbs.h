// The verbs of the scenario language: each makes one kind of transaction from the words of a line.
// Remembers what earlier lines said of an entry, so that later ones need not repeat it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/model/cast.h"
#include "tests/scenario/script.h"

namespace timebank::scenario {

using Time = std::uint64_t;

class Verbs {
 public:
  using Body = v1::TransactionBody;
  explicit Verbs(model::Cast& cast) : cast_(cast) {}

  [[nodiscard]] static bool Knows(const std::string& verb);
  // The transaction without signers, at block time `now_ms`.
  [[nodiscard]] Body Build(const Line& line, Time now_ms);
  // Who signs it: the capacity is the one written (`A:approver@elm`), else an office that the verb
  // asks for, else member or proxy.
  [[nodiscard]] std::vector<model::Signature> SignersOf(const Line& line);
  // The last built transaction stands: later lines speak of its content.
  void Accepted();

  // Notes a member's home, from genesis or registration.
  void SetHome(const std::string& member, const std::string& org) { homes_[member] = org; }
  // `slip`: a line for a later `paper`.
  void Slip(const Line& line);
  // Id of an entry, redemption or hold that was named before; made now otherwise.
  [[nodiscard]] std::string IdOf(const Line& line, const std::string& name);
  // Unreadable words so far.
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
  // "60", or a duration in milliseconds.
  [[nodiscard]] std::int64_t NumberOf(const std::string& text);
  // "approver", "COOLING_MS" or a number, "community".
  [[nodiscard]] v1::Role RoleOf(const std::string& name);
  [[nodiscard]] std::uint32_t ParameterOf(const std::string& name);
  [[nodiscard]] v1::OrganisationKind OrgKindOf(const std::string& name);

 private:
  struct Known {
    std::string id;
    std::string elder;
    std::string community;
    std::string category = "companionship";
    std::string kind = "volunteer";
    Time start_ms = 0;
    std::string content;  // canonical bytes, once submitted
    v1::PaperLine slip;
  };
  using Fill = void (Verbs::*)(const Line&, Body&);
  struct Entry {
    const char* verb;
    Fill fill;
    std::vector<v1::Role> offices;  // in whose capacity one signs it, first fit first
  };
  static const std::vector<Entry>& Table();

  // verbs.cc
  void CreateOrg(const Line& line, Body& body);
  void Appoint(const Line& line, Body& body);
  void Dismiss(const Line& line, Body& body);
  void Policy(const Line& line, Body& body);
  void Threshold(const Line& line, Body& body);
  void ApproveBudget(const Line& line, Body& body);
  void Register(const Line& line, Body& body);
  void AddKey(const Line& line, Body& body);
  void RevokeKey(const Line& line, Body& body);
  void Proxy(const Line& line, Body& body);
  void Kin(const Line& line, Body& body);
  void List(const Line& line, Body& body);
  void Unlist(const Line& line, Body& body);
  void Grant(const Line& line, Body& body);
  void Donate(const Line& line, Body& body);
  void RevokeDonation(const Line& line, Body& body);
  void Transfer(const Line& line, Body& body);
  // service_verbs.cc
  void Order(const Line& line, Body& body);
  void Claim(const Line& line, Body& body);
  void CheckIn(const Line& line, Body& body);
  void CheckOut(const Line& line, Body& body);
  void Submit(const Line& line, Body& body);
  void Confirm(const Line& line, Body& body);
  void Approve(const Line& line, Body& body);
  void Review(const Line& line, Body& body);
  void Reject(const Line& line, Body& body);
  void Cancel(const Line& line, Body& body);
  void NoShow(const Line& line, Body& body);
  void Paper(const Line& line, Body& body);
  void Correct(const Line& line, Body& body);
  void Offer(const Line& line, Body& body);
  void Redeem(const Line& line, Body& body);
  void Accept(const Line& line, Body& body);
  void Decline(const Line& line, Body& body);
  void Fulfil(const Line& line, Body& body);
  void ConfirmRedemption(const Line& line, Body& body);
  void CancelRedemption(const Line& line, Body& body);
  v1::EntryContent Content(const Line& line, const Known& known, const std::string& volunteer);
  void AddPin(const Line& line, const std::string& card, const std::string& action,
              v1::PinProof& pin);

  std::string Word(const Line& line, std::size_t index);
  Time At(const Line& line, const std::string& key, Time otherwise);
  std::uint32_t Number(const Line& line, const std::string& key, const std::string& otherwise);
  v1::Role Capacity(const Line& line, const std::string& name, std::string& org);
  template <typename Enum>
  Enum Named(bool (*parse)(const std::string&, Enum*), const std::string& prefix,
             const std::string& name);

  model::Cast& cast_;
  Time now_ms_ = 0;
  std::map<std::string, std::string> homes_;
  std::map<std::string, Known> known_;
  std::string pending_name_;
  std::string pending_content_;
  std::vector<std::string> errors_;
};

}  // namespace timebank::scenario
