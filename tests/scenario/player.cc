#include "tests/scenario/player.h"

#include <algorithm>

#include "chain/canonical.h"

namespace timebank::scenario {
namespace {

constexpr Time kMinuteMs = 60'000;

// chain=wrong, signature=wrong|missing|extra: what the door has to refuse.
std::string Tampered(const Line& line, const std::string& bytes) {
  v1::Envelope envelope;
  if (!envelope.ParseFromString(bytes)) return bytes;
  if (line.Option("chain") == "wrong") envelope.set_chain_tag("another!");
  const std::string signature = line.Option("signature");
  if (signature == "wrong") envelope.mutable_signatures(0)->back() ^= 1;
  if (signature == "missing") envelope.clear_signatures();
  if (signature == "extra") envelope.add_signatures(envelope.signatures(0));
  return chain::CanonicalBytes(envelope);
}

}  // namespace

// What genesis says may stand anywhere in the file and comes first; then all else in its order.
std::vector<std::string> Player::Play(const std::vector<Line>& lines) {
  std::vector<Line> steps;
  for (const Line& line : lines) {
    if (!Declare(line)) steps.push_back(line);
  }
  if (!cast_) return {"no genesis"};
  ledgers_ = std::make_unique<model::SideBySide>(cast_->Seal());
  for (const Line& line : steps) {
    Step(line);
    for (; errors_noted_ < verbs_->errors().size(); ++errors_noted_) {
      Fail(line, verbs_->errors()[errors_noted_]);
    }
    NoteDifferences(line);
    // What follows a failure would only repeat it.
    if (!failures_.empty()) return failures_;
  }
  if (ledgers_) ledgers_->CompareAll();
  if (!steps.empty()) NoteDifferences(steps.back());
  return failures_;
}

bool Player::Declare(const Line& line) {
  if (line.verb == "genesis") {
    const auto at = ParseTime(Word(line, 0) + " " + Word(line, 1));
    cast_ = std::make_unique<model::Cast>(at.value_or(0));
    verbs_ = std::make_unique<Verbs>(*cast_);
    return true;
  }
  if (!cast_) return false;
  const auto number = [&](const std::string& key) {
    return verbs_->NumberOf(line.Option(key, "0"));
  };
  if (line.verb == "org") {
    const std::string parent = line.words.size() > 3 ? line.words[3] : "";
    auto& org = cast_->AddOrg(Word(line, 0), verbs_->OrgKindOf(Word(line, 1)), parent);
    org.set_budget_minutes(number("budget"));
    is_org_[Word(line, 0)] = true;
    return true;
  }
  if (line.verb == "member") {
    auto& member = cast_->AddMember(Word(line, 0), line.Option("home"),
                                    static_cast<std::uint32_t>(number("born")));
    if (line.Option("status") == "frozen") member.set_status(v1::MEMBER_STATUS_FROZEN);
    verbs_->SetHome(Word(line, 0), line.Option("home"));
    return true;
  }
  if (line.verb == "officer") {
    cast_->AddOffice(Word(line, 0), verbs_->RoleOf(Word(line, 1)), Word(line, 2));
    return true;
  }
  if (line.verb == "budget") {
    for (auto& org : *cast_->genesis().mutable_organisations()) {
      const bool named = org.org() == model::Cast::OrgId(Word(line, 0));
      if (named) org.set_budget_minutes(verbs_->NumberOf(Word(line, 1)));
    }
    return true;
  }
  if (line.verb == "bound") {
    auto* bound = cast_->genesis().add_bounds();
    bound->set_parameter(verbs_->ParameterOf(Word(line, 0)));
    bound->set_min(number("min"));
    bound->set_max(number("max"));
    return true;
  }
  return false;
}

void Player::Step(const Line& line) {
  if (line.verb == "at") {
    const auto at = ParseTime(Word(line, 0) + (line.words.size() > 1 ? " " + line.words[1] : ""));
    if (at) return MoveTo(line, *at);
    return Fail(line, "not a time");
  }
  if (line.verb == "advance") {
    const auto by = ParseDuration(Word(line, 0));
    if (by) return MoveTo(line, ledgers_->now_ms() + static_cast<Time>(*by));
    return Fail(line, "not a duration");
  }
  if (line.verb == "expect") return Expect(line);
  if (line.verb == "visit") return Visit(line);
  if (line.verb == "slip") return verbs_->Slip(line);
  if (line.verb == "repeat") return Submit(line, last_envelope_);
  if (Verbs::Knows(line.verb)) return Send(line);
  Fail(line, "no such verb");
}

void Player::MoveTo(const Line& line, Time at_ms) {
  if (at_ms < ledgers_->now_ms()) return Fail(line, "time goes backwards");
  if (at_ms > ledgers_->now_ms()) ledgers_->BeginBlock(at_ms);
}

void Player::Send(const Line& line) {
  v1::TransactionBody body = verbs_->Build(line, ledgers_->now_ms());
  Submit(line, Tampered(line, cast_->Sign(std::move(body), verbs_->SignersOf(line))));
}

void Player::Submit(const Line& line, const std::string& envelope) {
  const model::Answers answers = ledgers_->Submit(envelope);
  last_envelope_ = envelope;
  if (answers.real.reason == v1::REASON_UNSPECIFIED) verbs_->Accepted();
  if (print_) print_(line.text + "   -> " + Describe(answers.real));
  ExpectAnswer(line, answers);
}

// A visit from order to approval, everybody in time and the elder by its own key: the usual way to
// come by minutes. Ends two minutes after the visit.
void Player::Visit(const Line& line) {
  const std::string id = Word(line, 0);
  const std::string elder = line.Option("elder");
  const std::string volunteer = line.Option("volunteer");
  const Time start = ParseTime(line.Option("start")).value_or(0);
  const Time end = start + static_cast<Time>(verbs_->NumberOf(line.Option("minutes"))) * kMinuteMs;
  const auto step = [&](const std::string& verb, const std::string& by) {
    Line part = line;
    part.verb = verb;
    part.words = {id};
    part.by = {by};
    part.options.erase("elder");
    part.options.erase("volunteer");
    if (verb == "order") part.options["elder"] = elder;
    Send(part);
  };
  MoveTo(line, std::max(ledgers_->now_ms(), start - 60 * kMinuteMs));
  step("order", elder);
  step("claim", volunteer);
  MoveTo(line, start);
  step("checkin", volunteer);
  MoveTo(line, end);
  step("checkout", volunteer);
  step("submit", volunteer);
  MoveTo(line, end + kMinuteMs);
  step("confirm", elder);
  MoveTo(line, end + 2 * kMinuteMs);
  step("approve", line.Option("approver", "A"));
}

void Player::Fail(const Line& line, const std::string& message) {
  failures_.push_back(line.file + ":" + std::to_string(line.number) + ": " + line.text + ": " +
                      message);
}

void Player::NoteDifferences(const Line& line) {
  const auto& differences = ledgers_->differences();
  for (; differences_noted_ < differences.size(); ++differences_noted_) {
    Fail(line, differences[differences_noted_]);
  }
}

}  // namespace timebank::scenario
