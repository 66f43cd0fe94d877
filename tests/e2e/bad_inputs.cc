// Every kind of bad input over gRPC: a stable reason, and not one bit of the state changes.
#include <limits>

#include "base/civil.h"
#include "crypto/sha256.h"
#include "platform/entropy.h"
#include "tests/e2e/hostile.h"
#include "wallet-cli/demo/stage.h"

namespace timebank::hostile {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;
constexpr std::uint64_t kHourMs = 60 * kMinuteMs;
constexpr std::uint64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kOffsetMinutes = 480;

class BadInputs {
 public:
  BadInputs(Net& net, Tally& tally)
      : net_(net), tally_(tally), volunteer_(net.Person("M00005")), elder_(net.Person("M00025")) {}

  void Run() {
    Signatures();
    Encodings();
    Lifetimes();
    Signers();
    Visits();
    SelfApproval();
    Amounts();
    Reads();
  }

 private:
  using Body = v1::TransactionBody;

  client::SignedTransaction Build(const client::SignAs& signer, const Body& body) const {
    return client::BuildTransaction(net_.chain_id(), net_.Now(), {signer}, body);
  }
  client::SignedTransaction BuildAt(Millis now, const Body& body) const {
    return client::BuildTransaction(net_.chain_id(), now, {cli::AsMember(volunteer_)}, body);
  }

  Body DonateTo(std::int64_t minutes) const {
    Body body;
    body.mutable_donate()->set_hold(platform::NewId<EntryId>(net_.Now()).str());
    body.mutable_donate()->set_org(volunteer_.home.str());
    body.mutable_donate()->set_minutes(minutes);
    return body;
  }

  v1::EntryContent Visit(const MemberId& volunteer, std::uint64_t days_ago, int hour, int minutes) {
    CivilTime civil = ToCivil(Millis(net_.Now().value() - days_ago * kDayMs), kOffsetMinutes);
    civil.hour = hour;
    civil.minute = civil.second = 0;
    const Millis start = *FromCivil(civil, kOffsetMinutes);
    v1::EntryContent content;
    content.set_version(1);
    content.set_entry(platform::NewId<EntryId>(net_.Now()).str());
    content.set_community(elder_.home.str());
    content.set_kind(v1::ENTRY_KIND_VOLUNTEER);
    content.set_category(v1::CATEGORY_ERRAND);
    content.set_volunteer(volunteer.str());
    content.set_elder(elder_.member.str());
    content.set_start_ms(start.value());
    content.set_end_ms(start.value() + static_cast<std::uint64_t>(minutes) * kMinuteMs);
    content.set_place(v1::PLACE_CLAIM_MATCH);
    content.set_channel(v1::CHANNEL_APP);
    return content;
  }
  static Body Submit(const v1::EntryContent& content) {
    Body body;
    body.mutable_submit_entry()->set_content(content.SerializeAsString());
    return body;
  }
  static Body Confirm(const v1::EntryContent& content) {
    v1::ConfirmAction action;
    action.set_version(1);
    action.set_entry(content.entry());
    action.set_content_hash(crypto::Sha256(AsBytes(content.SerializeAsString())).str());
    action.set_channel(v1::CHANNEL_APP);
    Body body;
    body.mutable_confirm_entry()->set_action(action.SerializeAsString());
    return body;
  }

  // Refused with this reason, and the ledger is where it was.
  void Refused(const std::string& what, const std::string& envelope, v1::Reason reason) {
    const auto before = net_.Status();
    const Outcome outcome = net_.Submit(envelope);
    const auto after = net_.Status();
    const bool same =
        before.height() == after.height() && before.state_root() == after.state_root();
    tally_.Check(!outcome.ok && outcome.error.reason == reason && same, what,
                 outcome.Name() + (same ? "" : ", and the state changed") + ", expected " +
                     v1::Reason_Name(reason));
  }
  Outcome Recorded(const std::string& what, const std::string& envelope) {
    Outcome outcome = net_.Submit(envelope);
    tally_.Check(outcome.ok && !outcome.receipt.empty(), what, outcome.Name());
    return outcome;
  }

  static std::string Changed(const client::SignedTransaction& from,
                             const std::function<void(v1::Envelope&)>& change) {
    v1::Envelope envelope;
    (void)envelope.ParseFromString(from.envelope);
    change(envelope);
    return envelope.SerializeAsString();
  }

  void Signatures() {
    const auto good = Build(cli::AsMember(volunteer_), DonateTo(1));
    Refused(
        "a changed signature",
        Changed(good, [](v1::Envelope& envelope) { envelope.mutable_signatures(0)->back() ^= 1; }),
        v1::REASON_BAD_SIGNATURE);
    Refused(
        "one signature too many",
        Changed(good,
                [](v1::Envelope& envelope) { envelope.add_signatures(envelope.signatures(0)); }),
        v1::REASON_SIGNATURE_COUNT);
    Refused("no signature",
            Changed(good, [](v1::Envelope& envelope) { envelope.clear_signatures(); }),
            v1::REASON_SIGNATURE_COUNT);
    Refused(
        "another ledger's tag",
        Changed(good, [](v1::Envelope& envelope) { envelope.mutable_chain_tag()->back() ^= 1; }),
        v1::REASON_WRONG_CHAIN);
    Hash other = net_.chain_id();
    other.data.back() ^= std::byte{1};
    Refused("signed for another ledger under our tag",
            client::BuildTransaction(other, net_.Now(), {cli::AsMember(volunteer_)}, DonateTo(1))
                .envelope,
            v1::REASON_BAD_SIGNATURE);
    const Outcome first = Recorded("the same untouched", good.envelope);
    const auto before = net_.Status();
    const Outcome again = net_.Submit(good.envelope);
    tally_.Check(again.ok && again.receipt == first.receipt &&
                     net_.Status().state_root() == before.state_root(),
                 "the same once more is answered with the first receipt", again.Name());
  }

  void Encodings() {
    const auto good = Build(cli::AsMember(volunteer_), DonateTo(1));
    Refused("truncated", good.envelope.substr(0, good.envelope.size() - 10), v1::REASON_MALFORMED);
    Refused("nothing at all", "", v1::REASON_WRONG_CHAIN);
    Refused("a field that the schema does not have", good.envelope + std::string("\x78\x01", 2),
            v1::REASON_UNKNOWN_FIELD);
    // The length of chain_tag, 8, in two bytes instead of one.
    std::string padded = good.envelope;
    padded.replace(1, 1, std::string("\x88\x00", 2));
    Refused("a length in more bytes than needed", padded, v1::REASON_NON_CANONICAL);
    Body long_name;
    long_name.mutable_create_organisation()->set_name(std::string(20'000, 'x'));
    Refused("a name of 20 KB", Build(cli::AsMember(volunteer_), long_name).envelope,
            v1::REASON_OVERSIZE);
    Refused("an envelope of 300 KiB", std::string(300'000, 'x'), v1::REASON_OVERSIZE);
  }

  void Lifetimes() {
    const std::uint64_t now = net_.Now().value();
    Refused("expired", BuildAt(Millis(now - 2 * kHourMs), DonateTo(1)).envelope,
            v1::REASON_EXPIRED);
    Refused("valid for too long", BuildAt(Millis(now + 2 * kHourMs), DonateTo(1)).envelope,
            v1::REASON_VALIDITY_TOO_LONG);
  }

  void Signers() {
    const crypto::SecretKey key = platform::NewSecretKey();
    Refused("somebody unknown",
            Build({.member = platform::NewId<MemberId>(net_.Now()), .org = {}, .key = &key},
                  DonateTo(1))
                .envelope,
            v1::REASON_UNKNOWN_MEMBER);
    Refused("a key that is not the member's",
            Build({.member = volunteer_.member, .org = {}, .key = &key}, DonateTo(1)).envelope,
            v1::REASON_UNKNOWN_KEY);
  }

  void Visits() {
    const auto as_volunteer = cli::AsMember(volunteer_);
    const v1::EntryContent visit = Visit(volunteer_.member, 3, 10, 30);
    Recorded("a visit at ten", Build(as_volunteer, Submit(visit)).envelope);
    v1::EntryContent other = Visit(volunteer_.member, 3, 10, 45);
    other.set_start_ms(other.start_ms() + 29 * kMinuteMs);
    Refused("overlapping by one minute", Build(as_volunteer, Submit(other)).envelope,
            v1::REASON_F1_OVERLAP);
    v1::EntryContent conflict = visit;
    conflict.set_end_ms(visit.end_ms() + kMinuteMs);
    Refused("the same id with another end", Build(as_volunteer, Submit(conflict)).envelope,
            v1::REASON_CONFLICT);
    v1::EntryContent backwards = Visit(volunteer_.member, 4, 10, 30);
    backwards.set_end_ms(backwards.start_ms() - kMinuteMs);
    Refused("ending before it began", Build(as_volunteer, Submit(backwards)).envelope,
            v1::REASON_BAD_FIELD);
    v1::EntryContent endless = Visit(volunteer_.member, 4, 10, 30);
    endless.set_end_ms(std::numeric_limits<std::uint64_t>::max());
    const Outcome outcome = net_.Submit(Build(as_volunteer, Submit(endless)).envelope);
    tally_.Check(!outcome.ok, "ending at the end of time", outcome.Name());
  }

  void SelfApproval() {
    const cli::Identity& approver = net_.Officer(v1::ROLE_APPROVER, elder_.home);
    const v1::EntryContent visit = Visit(approver.member, 3, 15, 30);
    Recorded("an approver's own visit", Build(cli::AsMember(approver), Submit(visit)).envelope);
    Recorded("confirmed by the elder", Build(cli::AsMember(elder_), Confirm(visit)).envelope);
    Body body;
    v1::ApprovalLine& line = *body.mutable_approve_entries()->add_lines();
    line.set_entry(visit.entry());
    line.set_content_hash(crypto::Sha256(AsBytes(visit.SerializeAsString())).str());
    Refused("approving what one submitted",
            Build(cli::As(approver, v1::ROLE_APPROVER, elder_.home), body).envelope,
            v1::REASON_F3_SEPARATION_OF_DUTIES);
    Refused("approving without the office", Build(cli::AsMember(volunteer_), body).envelope,
            v1::REASON_F15_WRONG_SCOPE);
  }

  void Amounts() {
    const auto signer = cli::AsMember(volunteer_);
    Refused("minus one minute", Build(signer, DonateTo(-1)).envelope,
            v1::REASON_AMOUNT_NOT_POSITIVE);
    Refused("no minutes", Build(signer, DonateTo(0)).envelope, v1::REASON_AMOUNT_NOT_POSITIVE);
    for (const std::int64_t much :
         {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
      const Outcome outcome = net_.Submit(Build(signer, DonateTo(much)).envelope);
      tally_.Check(!outcome.ok && outcome.error.reason != v1::REASON_UNSPECIFIED,
                   "as many minutes as a number holds", outcome.Name());
    }
    // Visit 5 of the pilot earned 55 minutes; one is in the donation above.
    Refused("one minute more than one has", Build(signer, DonateTo(55)).envelope,
            v1::REASON_F13_INSUFFICIENT);
    Recorded("all that one has", Build(signer, DonateTo(54)).envelope);
  }

  std::string Token(const client::Reader& reader, std::string_view audience, Millis now) const {
    return client::MakeReadToken(net_.chain_id(), reader, audience, now);
  }

  void Read(const std::string& what, const std::string& token, const MemberId& member,
            v1::Reason reason) {
    const Outcome outcome = net_.ReadMember(member, token);
    const bool good = reason == v1::REASON_UNSPECIFIED
                          ? outcome.ok
                          : !outcome.ok && outcome.error.reason == reason;
    tally_.Check(good, what, outcome.Name());
  }

  void Reads() {
    const client::Reader self{.member = volunteer_.member, .org = {}, .key = &*volunteer_.key};
    const client::Reader forged{.member = elder_.member, .org = {}, .key = &*volunteer_.key};
    const std::string& name = net_.node().name;
    const Millis now = net_.Now();
    Read("reading without a token", "", volunteer_.member, v1::REASON_NO_TOKEN);
    Read("reading oneself", Token(self, name, now), volunteer_.member, v1::REASON_UNSPECIFIED);
    Read("reading somebody else", Token(self, name, now), elder_.member, v1::REASON_NOT_ENTITLED);
    Read("a token in another's name", Token(forged, name, now), elder_.member,
         v1::REASON_TOKEN_REFUSED);
    Read("a token for another node", Token(self, "elsewhere", now), volunteer_.member,
         v1::REASON_TOKEN_REFUSED);
    Read("a token that is over", Token(self, name, Millis(now.value() - kHourMs)),
         volunteer_.member, v1::REASON_TOKEN_REFUSED);
  }

  Net& net_;
  Tally& tally_;
  const cli::Identity& volunteer_;
  const cli::Identity& elder_;
};

}  // namespace

void TryBadInputs(Net& net, Tally& tally) { BadInputs(net, tally).Run(); }

}  // namespace timebank::hostile
