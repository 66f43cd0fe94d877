// Organisations: founding them, who holds which office, policy, thresholds and budget.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "platform/entropy.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

using Json = nlohmann::json;

constexpr Range kAnyInteger = {std::numeric_limits<std::int64_t>::min(),
                               std::numeric_limits<std::int64_t>::max()};
constexpr int kCategoryWeights = 1000;  // PolicyParameter of a category's weight: this + category

struct CreateOptions {
  std::string name;
  std::string parent;
  std::string kind;
};

struct OfficeOptions {
  std::string org;
  std::string member;
  std::string role;
};

struct PolicyOptions {
  std::string org;
  std::string from;
  std::vector<std::string> values;
};

struct ThresholdOptions {
  std::string org;
  std::string action;
  std::string persons;
};

Result<Exit> Create(Context& context, const CreateOptions& options) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_REGULATOR}};
  v1::CreateOrganisation& create = *deed.body.mutable_create_organisation();
  const OrgId parent = in.Org(options.parent, "--parent");
  create.set_parent(parent.str());
  create.set_kind(in.Word<v1::OrganisationKind>(options.kind, "--kind"));
  create.set_name(options.name);
  const OrgId id = platform::NewId<OrgId>(in.Now());
  if (in.failed()) return in.failure();
  create.set_org(id.str());
  deed.at = parent;
  deed.facts = {{"org", ToHex(id.view())}};
  return Record(context, deed);
}

// The office is also noted in the identity of this machine, if that is where the person is.
void NoteOffice(Context& context, const std::string& name, const Office& office, bool held) {
  const IdentityStore store = context.Identities();
  auto identity = store.OpenPublic(name);
  if (!identity) return;
  // The key, where there is one, stays in its own file; the public part names it again.
  if (auto opened = store.Open(name)) identity = std::move(opened);
  std::erase_if(identity->offices, [&](const Office& known) {
    return known.role == office.role && known.org == office.org;
  });
  if (held) identity->offices.push_back(office);
  const auto saved = store.SavePublic(*identity);
  if (!saved) PrintFailure(LocalFailure(saved.error()), /*json=*/false);
}

// Whose regulators appoint officers of `org`: the parent's, of a root its own.
OrgId ParentOf(Context& context, const OrgId& org) {
  v1::GetOrganisationRequest request;
  request.set_org(org.str());
  const auto answer = ReadPublic<v1::GetOrganisationResponse>(context, request);
  const auto parent = answer ? OrgId::From(answer->organisation().parent()) : std::nullopt;
  return parent.value_or(org);
}

Result<Exit> ChangeOffice(Context& context, const OfficeOptions& options, bool appoint) {
  Inputs in(context);
  const OrgId org = in.Org(options.org, "ORG");
  const SlipParty member = in.Member(options.member, "MEMBER");
  const auto role = in.Word<v1::Role>(options.role, "--office");
  if (in.failed()) return in.failure();
  Deed deed{.body = {}, .roles = {v1::ROLE_REGULATOR}};
  deed.at = ParentOf(context, org);
  const auto fill = [&](auto& change) {
    change.set_org(org.str());
    change.set_member(member.member.str());
    change.set_role(role);
  };
  if (appoint) {
    fill(*deed.body.mutable_appoint_officer());
  } else {
    fill(*deed.body.mutable_dismiss_officer());
  }
  const auto recorded = Record(context, deed);
  if (recorded) NoteOffice(context, options.member, {role, org}, appoint);
  return recorded;
}

// "CARD_DAY_MINUTES=240" or "1005=1200" (1000 + category: weight per mille).
Result<v1::PolicyValue> ParsePolicyValue(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return Unexpected{UsageFailure("'" + text + "' is not PARAMETER=VALUE")};
  }
  const std::string name = text.substr(0, equals);
  const auto value = ParseNumber(text.substr(equals + 1), name, kAnyInteger);
  if (!value) return Unexpected{value.error()};
  v1::PolicyValue out;
  out.set_value(*value);
  const auto number = ParseNumber(name, name, {1, kCategoryWeights + 65'535});
  if (number) {
    out.set_parameter(static_cast<std::uint32_t>(*number));
    return out;
  }
  const auto parameter = ParseWord(*v1::PolicyParameter_descriptor(), name, "PARAMETER");
  if (!parameter) return Unexpected{parameter.error()};
  out.set_parameter(static_cast<std::uint32_t>(*parameter));
  return out;
}

Result<Exit> SetPolicy(Context& context, const PolicyOptions& options) {
  Inputs in(context);
  const OrgId org = in.Org(options.org, "ORG");
  const Millis from = in.Time(options.from, "--from");
  if (in.failed()) return in.failure();
  std::vector<v1::PolicyValue> values;
  for (const std::string& text : options.values) {
    const auto value = ParsePolicyValue(text);
    if (!value) return Unexpected{value.error()};
    values.push_back(*value);
  }
  std::ranges::sort(values, {}, &v1::PolicyValue::parameter);
  Deed deed{.body = {}, .roles = {v1::ROLE_REGULATOR}};
  deed.at = org;
  v1::SetPolicy& set = *deed.body.mutable_set_policy();
  set.set_org(org.str());
  set.set_effective_from_ms(from.value());
  for (const v1::PolicyValue& value : values) *set.add_values() = value;
  return Record(context, deed);
}

Result<Exit> ShowPolicy(Context& context, const std::string& text) {
  Inputs in(context);
  v1::GetPolicyRequest request;
  request.set_org(in.Org(text, "ORG").str());
  if (in.failed()) return in.failure();
  const auto policy = ReadPublic<v1::GetPolicyResponse>(context, request);
  if (!policy) return Unexpected{policy.error()};
  Json all = Json::array();
  Table table({"parameter", "value", "bounds", "set by"});
  for (const v1::PolicySetting& setting : policy->settings()) {
    const std::string by =
        setting.source_org().empty() ? "default" : context.NameOfOrg(setting.source_org());
    all.push_back({{"parameter", setting.parameter()},
                   {"name", setting.name()},
                   {"value", setting.value()},
                   {"min", setting.min()},
                   {"max", setting.max()},
                   {"source_org", ToHex(AsBytes(setting.source_org()))}});
    table.Add({setting.name(), std::to_string(setting.value()),
               std::to_string(setting.min()) + " .. " + std::to_string(setting.max()), by});
  }
  if (context.json()) {
    PrintJson(all);
  } else {
    PrintText(table.Text());
  }
  return Exit::kOk;
}

// The number of a transaction kind by its name in the schema: "approve_entries".
Result<std::uint32_t> KindOf(const std::string& name) {
  const auto* kinds = v1::TransactionBody::descriptor()->FindOneofByName("kind");
  for (int i = 0; i < kinds->field_count(); ++i) {
    if (kinds->field(i)->name() == name) {
      return static_cast<std::uint32_t>(kinds->field(i)->number());
    }
  }
  return Unexpected{UsageFailure("--action '" + name + "' is no kind of transaction")};
}

Result<Exit> SetThreshold(Context& context, const ThresholdOptions& options) {
  Inputs in(context);
  const OrgId org = in.Org(options.org, "ORG");
  const auto persons = in.Number(options.persons, "--persons", {1, 16});
  if (in.failed()) return in.failure();
  const auto action = KindOf(options.action);
  if (!action) return Unexpected{action.error()};
  Deed deed{.body = {}, .roles = {v1::ROLE_REGULATOR}};
  deed.at = org;
  v1::SetThreshold& set = *deed.body.mutable_set_threshold();
  set.set_org(org.str());
  set.set_action(*action);
  set.set_persons(static_cast<std::uint32_t>(persons));
  return Record(context, deed);
}

Result<Exit> ApproveBudget(Context& context, const std::string& text, const std::string& minutes) {
  Inputs in(context);
  const OrgId org = in.Org(text, "ORG");
  const std::int64_t amount = in.Minutes(minutes, "--minutes");
  if (in.failed()) return in.failure();
  Deed deed{.body = {}, .roles = {v1::ROLE_REGULATOR, v1::ROLE_FINANCE}};
  deed.body.mutable_approve_budget()->set_district(org.str());
  deed.body.mutable_approve_budget()->set_minutes(amount);
  return Record(context, deed);
}

Json JsonOf(Context& context, const v1::Organisation& org) {
  return {{"org", ToHex(AsBytes(org.org()))},
          {"parent", ToHex(AsBytes(org.parent()))},
          {"kind", WordOf(org.kind())},
          {"name", org.name()},
          {"created", Rfc3339(org.created_ms(), context.CivilOffset())},
          {"budget_minutes", org.budget_minutes()}};
}

Result<Exit> List(Context& context) {
  v1::ListOrganisationsRequest request;
  Json all = Json::array();
  Table table({context.Say(Text::kOrganisation), "code", "kind", context.Say(Text::kName)});
  do {
    const auto page = ReadPublic<v1::ListOrganisationsResponse>(context, request);
    if (!page) return Unexpected{page.error()};
    for (const v1::Organisation& org : page->organisations()) {
      all.push_back(JsonOf(context, org));
      table.Add({ToHex(AsBytes(org.org())), context.NameOfOrg(org.org()), WordOf(org.kind()),
                 org.name()});
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (context.json()) {
    PrintJson(all);
  } else {
    PrintText(table.Text());
  }
  return Exit::kOk;
}

Result<Exit> Show(Context& context, const std::string& text) {
  Inputs in(context);
  v1::GetOrganisationRequest request;
  request.set_org(in.Org(text, "ORG").str());
  if (in.failed()) return in.failure();
  const auto answer = ReadPublic<v1::GetOrganisationResponse>(context, request);
  if (!answer) return Unexpected{answer.error()};
  Json out = JsonOf(context, answer->organisation());
  Table table({context.Say(Text::kAccount), context.Say(Text::kAmount)});
  for (const v1::OrgBalance& balance : answer->balances()) {
    out["balances"].push_back({{"account", WordOf(balance.account())},
                               {"lot", balance.lot()},
                               {"amount", balance.amount()}});
    table.Add({WordOf(balance.account()), FormatCount(balance.amount())});
  }
  if (context.json()) {
    PrintJson(out);
    return Exit::kOk;
  }
  PrintText(out["name"].get<std::string>() + " (" + out["kind"].get<std::string>() + ")\norg " +
            out["org"].get<std::string>() + "\nparent " +
            context.NameOfOrg(answer->organisation().parent()));
  PrintText(table.Text());
  return Exit::kOk;
}

void AddOffices(CLI::App& family, Program& program) {
  for (const bool appoint : {true, false}) {
    auto options = std::make_shared<OfficeOptions>();
    const std::string name = appoint ? "appoint" : "dismiss";
    CLI::App* command = program.Add(
        family,
        {name, appoint ? "Give a person an office" : "Take an office from a person",
         "timebank --as regulator-1 org " + name + " c03 wang --office approver"},
        [options, appoint](Context& context) { return ChangeOffice(context, *options, appoint); });
    command->add_option("ORG", options->org, "organisation of the office")->required();
    command->add_option("MEMBER", options->member, "the person")->required();
    command->add_option("--office", options->role, "approver, reviewer, clerk, ...")->required();
  }
}

void AddPolicy(CLI::App& family, Program& program) {
  CLI::App* policy = Program::AddFamily(family, {"policy", "Parameters of the rules", ""});
  auto shown = std::make_shared<std::string>();
  CLI::App* show = program.Add(
      *policy,
      {"show", "Parameters in force, their bounds and origin", "timebank org policy show c03"},
      [shown](Context& context) { return ShowPolicy(context, *shown); });
  show->add_option("ORG", *shown, "organisation")->required();
  auto options = std::make_shared<PolicyOptions>();
  CLI::App* set = program.Add(*policy,
                              {"set", "A new version of parameters, in force from a future time",
                               "timebank --as regulator-1 org policy set district --from "
                               "'2021-03-01' CARD_DAY_MINUTES=240"},
                              [options](Context& context) { return SetPolicy(context, *options); });
  set->add_option("ORG", options->org, "organisation")->required();
  set->add_option("VALUES", options->values, "PARAMETER=VALUE ...")->required();
  set->add_option("--from", options->from, "time from which they hold")->required();
  auto threshold = std::make_shared<ThresholdOptions>();
  CLI::App* persons = program.Add(
      family,
      {"threshold", "How many persons must sign one kind of action",
       "timebank --as regulator-1 org threshold district --action create_organisation --persons 2"},
      [threshold](Context& context) { return SetThreshold(context, *threshold); });
  persons->add_option("ORG", threshold->org, "organisation")->required();
  persons->add_option("--action", threshold->action, "kind of transaction")->required();
  persons->add_option("--persons", threshold->persons, "1 to 16")->required();
}

}  // namespace

void AddOrgCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"org", "Organisations, offices, policy, grants", ""});
  auto options = std::make_shared<CreateOptions>();
  CLI::App* create = program.Add(
      *family,
      {"create", "Found an organisation; signed by the parent's regulators",
       "timebank --as regulator-1 org create --parent district --kind street --name Hongqiao"},
      [options](Context& context) { return Create(context, *options); });
  create->add_option("--parent", options->parent, "organisation above it")->required();
  create->add_option("--kind", options->kind, "street, community, provider, ...")->required();
  create->add_option("--name", options->name, "public name")->required();
  program.Add(*family, {"list", "All organisations", "timebank org list"}, List);
  auto shown = std::make_shared<std::string>();
  CLI::App* show =
      program.Add(*family, {"show", "An organisation and its accounts", "timebank org show c03"},
                  [shown](Context& context) { return Show(context, *shown); });
  show->add_option("ORG", *shown, "id, code or name")->required();
  AddOffices(*family, program);
  AddPolicy(*family, program);
  auto district = std::make_shared<std::string>();
  auto minutes = std::make_shared<std::string>();
  CLI::App* budget = program.Add(
      *family,
      {"budget", "Raise the total that a district may issue",
       "timebank --as regulator-1 --with finance-1 org budget district --minutes 600000"},
      [district, minutes](Context& context) {
        return ApproveBudget(context, *district, *minutes);
      });
  budget->add_option("ORG", *district, "the district")->required();
  budget->add_option("--minutes", *minutes, "total since genesis")->required();
  AddListingCommands(*family, program);
}

}  // namespace timebank::cli
