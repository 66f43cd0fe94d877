#include "wallet-cli/workload/world.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/civil.h"
#include "crypto/sha256.h"
#include "platform/entropy.h"

namespace timebank::cli {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;
constexpr std::uint64_t kHourMs = 60 * kMinuteMs;
constexpr std::uint64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kOffsetMinutes = 480;
constexpr std::size_t kListMax = 500;
constexpr std::uint32_t kClass = 9;
constexpr std::size_t kVisitsPerDay = 8;
constexpr std::size_t kWaveMax = 2'000;

using Wave = std::vector<client::SignedTransaction>;
using Done = Expected<bool, std::string>;

class WorldBuilder {
 public:
  WorldBuilder(Stage& stage, const OrgId& district, const std::vector<Identity>& officers,
               const WorldSize& size, const Progress& progress)
      : stage_(stage), officers_(officers), size_(size), progress_(progress) {
    world_.district = district;
  }

  Expected<World, std::string> Build() {
    MakePeople();
    progress_("organisations and staff");
    if (auto done = Organisations(); !done) return Unexpected{done.error()};
    if (auto done = Staff(); !done) return Unexpected{done.error()};
    progress_(std::to_string(size_.members) + " members");
    if (auto done = Members(); !done) return Unexpected{done.error()};
    if (auto done = ListsAndBudget(); !done) return Unexpected{done.error()};
    progress_("a month passes: nobody is new, no key is young");
    if (auto done = stage_.MoveTo(Morning(32)); !done) return Unexpected{done.error()};
    if (auto done = Grant(); !done) return Unexpected{done.error()};
    progress_(std::to_string(size_.earners) + " volunteers earn what they will give away");
    if (auto done = Earn(); !done) return Unexpected{done.error()};
    progress_("cooling-off passes; a new month's grants");
    if (auto done = stage_.MoveTo(NextMonth()); !done) return Unexpected{done.error()};
    if (auto done = Grant(); !done) return Unexpected{done.error()};
    return std::move(world_);
  }

 private:
  Identity NewPerson(std::string name, const OrgId& home) {
    Identity person;
    person.name = std::move(name);
    person.member = platform::NewId<MemberId>(stage_.Now());
    person.home = home;
    person.key = platform::NewSecretKey();
    return person;
  }

  void MakePeople() {
    world_.street = platform::NewId<OrgId>(stage_.Now());
    world_.community = platform::NewId<OrgId>(stage_.Now());
    world_.provider = platform::NewId<OrgId>(stage_.Now());
    world_.offer = platform::NewId<OfferId>(stage_.Now());
    world_.earners = size_.earners;
    street_regulator_ = NewPerson("regulator", world_.street);
    lister_ = NewPerson("lister", world_.street);
    clerk_ = NewPerson("clerk", world_.community);
    world_.merchant = NewPerson("merchant", world_.provider);
    for (std::size_t i = 0; i < size_.approvers; ++i) {
      world_.approvers.push_back(NewPerson("approver", world_.community));
    }
    for (std::size_t i = 0; i < size_.members / 2; ++i) {
      world_.volunteers.push_back(NewPerson("volunteer", world_.community));
      world_.elders.push_back(NewPerson("elder", world_.community));
    }
  }

  client::SignAs Officer(v1::Role role) const {
    for (const Identity& officer : officers_) {
      if (officer.offices.front().role == role) return As(officer, role, world_.district);
    }
    TB_CHECK(false);
    return {};
  }

  Done PlayAll(const Wave& wave, const std::string& what) {
    for (std::size_t at = 0; at < wave.size(); at += kWaveMax) {
      const std::size_t count = std::min(kWaveMax, wave.size() - at);
      const auto results = stage_.Play(std::span(wave).subspan(at, count));
      if (!results) return Unexpected{what + ": " + results.error()};
      for (const StageResult& result : *results) {
        if (!result.final) return Unexpected{what + ": " + v1::Reason_Name(result.reason)};
      }
    }
    return true;
  }

  client::SignedTransaction Create(const client::SignAs& regulator, const OrgId& org,
                                   const OrgId& parent, v1::OrganisationKind kind) const {
    v1::TransactionBody body;
    body.mutable_create_organisation()->set_org(org.str());
    body.mutable_create_organisation()->set_parent(parent.str());
    body.mutable_create_organisation()->set_kind(kind);
    body.mutable_create_organisation()->set_name("workload");
    return stage_.Sign({regulator}, body);
  }

  client::SignedTransaction Register(const client::SignAs& clerk, const Identity& person,
                                     std::uint32_t birth_year) const {
    v1::TransactionBody body;
    v1::RegisterMember& message = *body.mutable_register_member();
    message.set_member(person.member.str());
    message.set_home_org(person.home.str());
    message.set_birth_year(birth_year);
    *message.add_keys() = client::ProveKey(stage_.chain_id(), person.member, *person.key);
    return stage_.Sign({clerk}, body);
  }

  client::SignedTransaction Appoint(const client::SignAs& regulator, const Identity& person,
                                    v1::Role role) const {
    v1::TransactionBody body;
    body.mutable_appoint_officer()->set_org(person.home.str());
    body.mutable_appoint_officer()->set_member(person.member.str());
    body.mutable_appoint_officer()->set_role(role);
    return stage_.Sign({regulator}, body);
  }

  Done Organisations() {
    const auto district = Officer(v1::ROLE_REGULATOR);
    const auto clerk = Officer(v1::ROLE_CLERK);
    if (auto done = PlayAll(
            {Create(district, world_.street, world_.district, v1::ORGANISATION_KIND_STREET),
             Create(district, world_.provider, world_.district, v1::ORGANISATION_KIND_PROVIDER)},
            "founding");
        !done) {
      return done;
    }
    if (auto done = PlayAll({Register(clerk, street_regulator_, 1980)}, "registering"); !done) {
      return done;
    }
    if (auto done =
            PlayAll({Appoint(district, street_regulator_, v1::ROLE_REGULATOR)}, "appointing");
        !done) {
      return done;
    }
    const auto street = As(street_regulator_, v1::ROLE_REGULATOR, world_.street);
    return PlayAll(
        {Create(street, world_.community, world_.street, v1::ORGANISATION_KIND_COMMUNITY)},
        "founding");
  }

  Done Staff() {
    const auto clerk = Officer(v1::ROLE_CLERK);
    const auto district = Officer(v1::ROLE_REGULATOR);
    const auto street = As(street_regulator_, v1::ROLE_REGULATOR, world_.street);
    Wave people = {Register(clerk, lister_, 1980), Register(clerk, clerk_, 1980),
                   Register(clerk, world_.merchant, 1980)};
    Wave offices = {Appoint(district, lister_, v1::ROLE_LISTER),
                    Appoint(street, clerk_, v1::ROLE_CLERK),
                    Appoint(district, world_.merchant, v1::ROLE_MERCHANT)};
    for (const Identity& approver : world_.approvers) {
      people.push_back(Register(clerk, approver, 1980));
      offices.push_back(Appoint(street, approver, v1::ROLE_APPROVER));
    }
    if (auto done = PlayAll(people, "registering staff"); !done) return done;
    return PlayAll(offices, "appointing staff");
  }

  Done Members() {
    const auto clerk = As(clerk_, v1::ROLE_CLERK, world_.community);
    Wave wave;
    for (const Identity& person : world_.volunteers) wave.push_back(Register(clerk, person, 1970));
    for (const Identity& person : world_.elders) wave.push_back(Register(clerk, person, 1940));
    if (auto done = PlayAll(wave, "registering members"); !done) return done;
    const auto lister = As(lister_, v1::ROLE_LISTER, world_.street);
    Wave kin;
    for (std::size_t i = 0; i < world_.earners; ++i) {
      v1::TransactionBody body;
      body.mutable_register_kin()->set_member(world_.volunteers[i].member.str());
      body.mutable_register_kin()->set_relative(world_.elders[i].member.str());
      body.mutable_register_kin()->set_kinship(v1::KINSHIP_PARENT);
      body.mutable_register_kin()->set_document_commitment(crypto::Sha256(ByteView{}).str());
      kin.push_back(stage_.Sign({lister}, body));
    }
    return PlayAll(kin, "registering relatives");
  }

  Done ListsAndBudget() {
    const auto lister = As(lister_, v1::ROLE_LISTER, world_.street);
    Wave wave;
    for (std::size_t at = 0; at < world_.elders.size(); at += kListMax) {
      v1::TransactionBody body;
      body.mutable_list_member()->set_org(world_.street.str());
      body.mutable_list_member()->set_list_class(kClass);
      for (const std::string& id : ElderIds(at)) body.mutable_list_member()->add_members(id);
      wave.push_back(stage_.Sign({lister, Officer(v1::ROLE_ASSESSOR)}, body));
    }
    v1::TransactionBody offer;
    v1::PublishOffer& publish = *offer.mutable_publish_offer();
    publish.set_offer(world_.offer.str());
    publish.set_org(world_.provider.str());
    publish.set_kind(v1::OFFER_KIND_SERVICE);
    publish.set_name("workload");
    publish.set_price_minutes(1);
    publish.set_stock(1'000'000'000);
    publish.set_open(true);
    wave.push_back(stage_.Sign({As(world_.merchant, v1::ROLE_MERCHANT, world_.provider)}, offer));
    v1::TransactionBody budget;
    budget.mutable_approve_budget()->set_district(world_.district.str());
    // Far above what other runs on this network may have set: a budget only rises.
    budget.mutable_approve_budget()->set_minutes(
        static_cast<std::int64_t>(stage_.Now().value() / 1000));
    wave.push_back(stage_.Sign({Officer(v1::ROLE_REGULATOR), Officer(v1::ROLE_FINANCE)}, budget));
    return PlayAll(wave, "lists, offer and budget");
  }

  // Up to kListMax elders from `at`, ascending by id.
  std::vector<std::string> ElderIds(std::size_t at) const {
    std::vector<std::string> ids;
    for (std::size_t i = at; i < std::min(world_.elders.size(), at + kListMax); ++i) {
      ids.emplace_back(world_.elders[i].member.text());
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  Done Grant() {
    Wave wave;
    for (std::size_t at = 0; at < world_.elders.size(); at += kListMax) {
      v1::TransactionBody body;
      v1::GrantRun& run = *body.mutable_grant_run();
      run.set_district(world_.district.str());
      run.set_month(LocalMonth(stage_.Now(), kOffsetMinutes));
      run.set_list_class(kClass);
      std::string all;
      for (const std::string& id : ElderIds(at)) {
        run.add_members(id);
        all += id;
      }
      run.set_list_hash(crypto::Sha256(AsBytes(all)).str());
      wave.push_back(stage_.Sign({Officer(v1::ROLE_REGULATOR), Officer(v1::ROLE_FINANCE)}, body));
    }
    return PlayAll(wave, "the grant run");
  }

  // One visit of 200 minutes each, yesterday, with an order and check-ins: unflagged, so that it is
  // credited without a review.
  Done Earn() {
    Wave order;
    Wave claim;
    std::vector<EntryId> ids;
    const Millis start(stage_.Now().value() + kMinuteMs);
    for (std::size_t i = 0; i < world_.earners; ++i) {
      ids.push_back(platform::NewId<EntryId>(stage_.Now()));
      v1::TransactionBody body;
      v1::PlaceOrder& place = *body.mutable_place_order();
      place.set_entry(ids[i].str());
      place.set_elder(world_.elders[i].member.str());
      place.set_community(world_.community.str());
      place.set_category(v1::CATEGORY_COMPANIONSHIP);
      place.set_kind(v1::ENTRY_KIND_VOLUNTEER);
      place.set_planned_start_ms(start.value());
      place.set_planned_minutes(200);
      order.push_back(stage_.Sign({AsMember(world_.elders[i])}, body));
      v1::TransactionBody claimed;
      claimed.mutable_claim_order()->set_entry(ids[i].str());
      claim.push_back(stage_.Sign({AsMember(world_.volunteers[i])}, claimed));
    }
    if (auto done = PlayAll(order, "ordering"); !done) return done;
    if (auto done = PlayAll(claim, "claiming"); !done) return done;
    const Millis end(start.value() + 200 * kMinuteMs);
    if (auto done = stage_.MoveTo(Millis(end.value() + kMinuteMs)); !done) return done;
    return Visit(ids, start, end);
  }

  Done Visit(const std::vector<EntryId>& ids, Millis start, Millis end) {
    Wave in;
    Wave out;
    Wave log;
    Wave confirm;
    std::vector<v1::ApprovalLine> lines;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto volunteer = AsMember(world_.volunteers[i]);
      v1::TransactionBody body;
      body.mutable_check_in()->set_entry(ids[i].str());
      body.mutable_check_in()->set_at_ms(start.value());
      body.mutable_check_in()->set_place(v1::PLACE_CLAIM_MATCH);
      in.push_back(stage_.Sign({volunteer}, body));
      body.mutable_check_out()->set_entry(ids[i].str());
      body.mutable_check_out()->set_at_ms(end.value());
      body.mutable_check_out()->set_place(v1::PLACE_CLAIM_MATCH);
      out.push_back(stage_.Sign({volunteer}, body));
      v1::EntryContent content;
      content.set_version(1);
      content.set_entry(ids[i].str());
      content.set_community(world_.community.str());
      content.set_kind(v1::ENTRY_KIND_VOLUNTEER);
      content.set_category(v1::CATEGORY_COMPANIONSHIP);
      content.set_volunteer(world_.volunteers[i].member.str());
      content.set_elder(world_.elders[i].member.str());
      content.set_start_ms(start.value());
      content.set_end_ms(end.value());
      content.set_place(v1::PLACE_CLAIM_MATCH);
      content.set_channel(v1::CHANNEL_APP);
      body.mutable_submit_entry()->set_content(content.SerializeAsString());
      log.push_back(stage_.Sign({volunteer}, body));
      v1::ConfirmAction action;
      action.set_version(1);
      action.set_entry(ids[i].str());
      action.set_content_hash(crypto::Sha256(AsBytes(content.SerializeAsString())).str());
      action.set_channel(v1::CHANNEL_APP);
      body.mutable_confirm_entry()->set_action(action.SerializeAsString());
      confirm.push_back(stage_.Sign({AsMember(world_.elders[i])}, body));
      v1::ApprovalLine line;
      line.set_entry(ids[i].str());
      line.set_content_hash(action.content_hash());
      lines.push_back(std::move(line));
    }
    if (auto done = PlayAll(in, "checking in"); !done) return done;
    if (auto done = PlayAll(out, "checking out"); !done) return done;
    if (auto done = PlayAll(log, "logging"); !done) return done;
    if (auto done = PlayAll(confirm, "confirming"); !done) return done;
    return Approve(lines);
  }

  Done Approve(const std::vector<v1::ApprovalLine>& lines) {
    Wave wave;
    for (std::size_t at = 0, who = 0; at < lines.size(); at += 400, ++who) {
      v1::TransactionBody body;
      body.mutable_approve_entries()->set_all_or_nothing(true);
      for (std::size_t i = at; i < std::min(lines.size(), at + 400); ++i) {
        *body.mutable_approve_entries()->add_lines() = lines[i];
      }
      wave.push_back(
          stage_.Sign({As(world_.approvers.at(who), v1::ROLE_APPROVER, world_.community)}, body));
    }
    return PlayAll(wave, "approving");
  }

  // 09:00 local time, `days` from now.
  Millis Morning(std::uint64_t days) const {
    CivilTime civil = ToCivil(Millis(stage_.Now().value() + days * kDayMs), kOffsetMinutes);
    civil.hour = 9;
    civil.minute = 0;
    civil.second = 0;
    return *FromCivil(civil, kOffsetMinutes);
  }

  // 22:30 on the 25th of the month that starts after cooling-off: many days of it lie behind.
  Millis NextMonth() const {
    CivilTime civil = ToCivil(Millis(stage_.Now().value() + 9 * kDayMs), kOffsetMinutes);
    civil.day = 25;
    civil.hour = 22;
    civil.minute = 30;
    civil.second = 0;
    if (++civil.month == 13) {
      civil.month = 1;
      ++civil.year;
    }
    return *FromCivil(civil, kOffsetMinutes);
  }

  Stage& stage_;
  const std::vector<Identity>& officers_;
  const WorldSize size_;
  const Progress& progress_;
  World world_;
  Identity street_regulator_;
  Identity lister_;
  Identity clerk_;
};

}  // namespace

Expected<World, std::string> BuildWorld(Stage& stage, const OrgId& district,
                                        const std::vector<Identity>& officers,
                                        const WorldSize& size, const Progress& progress) {
  return WorldBuilder(stage, district, officers, size, progress).Build();
}

std::size_t ElderOf(const World& world, std::size_t index, std::size_t k) {
  return (index + 7 * k + 1) % world.elders.size();
}

std::string VisitContent(const World& world, Millis now, std::size_t index, std::size_t k) {
  CivilTime civil = ToCivil(Millis(now.value() - (1 + k / kVisitsPerDay) * kDayMs), kOffsetMinutes);
  const std::uint64_t slot = 8 * 60 + 30 * (k % kVisitsPerDay);
  civil.hour = static_cast<int>(slot / 60);
  civil.minute = static_cast<int>(slot % 60);
  civil.second = 0;
  const Millis start = *FromCivil(civil, kOffsetMinutes);
  v1::EntryContent content;
  content.set_version(1);
  content.set_entry(platform::NewId<EntryId>(now).str());
  content.set_community(world.community.str());
  content.set_kind(v1::ENTRY_KIND_VOLUNTEER);
  content.set_category(v1::CATEGORY_COMPANIONSHIP);
  content.set_volunteer(world.volunteers[index].member.str());
  content.set_elder(world.elders[ElderOf(world, index, k)].member.str());
  content.set_start_ms(start.value());
  content.set_end_ms(start.value() + 15 * kMinuteMs);
  content.set_place(v1::PLACE_CLAIM_MATCH);
  content.set_channel(v1::CHANNEL_APP);
  return content.SerializeAsString();
}

}  // namespace timebank::cli
