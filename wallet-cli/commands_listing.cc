// `timebank org list-members`, `unlist-members` and `grant`: who belongs to a class, and the
// minutes that a month brings its members.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

constexpr Range kClasses = {1, 0xFFFFFFFFLL};
constexpr std::size_t kMembersMax = 500;  // of one transaction

struct ListingOptions {
  std::string org;
  std::string list_class;
  std::vector<std::string> members;
};

struct GrantOptions {
  std::string org;
  std::string month;
  std::string list_class;
  std::vector<std::string> members;
};

Result<Exit> ChangeList(Context& context, const ListingOptions& options, bool list) {
  Inputs in(context);
  const OrgId org = in.Org(options.org, "ORG");
  const auto list_class =
      static_cast<std::uint32_t>(in.Number(options.list_class, "--class", kClasses));
  Deed deed{.body = {}, .roles = {v1::ROLE_LISTER, v1::ROLE_ASSESSOR}};
  const auto fill = [&](auto& change) {
    change.set_org(org.str());
    change.set_list_class(list_class);
    for (const std::string& member : options.members) {
      change.add_members(in.Member(member, "MEMBERS").member.str());
    }
  };
  if (list) {
    fill(*deed.body.mutable_list_member());
  } else {
    fill(*deed.body.mutable_unlist_member());
  }
  if (in.failed()) return in.failure();
  return Record(context, deed);
}

// Everybody under `org` whom the ledger lists in `list_class`.
Result<std::vector<std::string>> Listed(Context& context, const OrgId& org,
                                        std::uint32_t list_class) {
  std::vector<std::string> members;
  v1::ListMembersRequest request;
  request.set_org(org.str());
  do {
    const auto page = Read<v1::ListMembersResponse>(context, request);
    if (!page) return Unexpected{page.error()};
    for (const v1::Member& member : page->members()) {
      const bool listed = std::ranges::any_of(member.listings(), [&](const v1::Listing& listing) {
        return listing.list_class() == list_class;
      });
      if (listed) members.push_back(member.member());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return members;
}

// One run of at most 500 members; `members` ascend, and their hash is what the officers saw.
Deed RunFor(const v1::GrantRun& run, std::span<const std::string> members) {
  Deed deed{.body = {}, .roles = {v1::ROLE_REGULATOR, v1::ROLE_FINANCE}};
  v1::GrantRun& grant = *deed.body.mutable_grant_run();
  grant = run;
  std::string all;
  for (const std::string& member : members) {
    grant.add_members(member);
    all += member;
  }
  grant.set_list_hash(crypto::Sha256(AsBytes(all)).str());
  return deed;
}

Result<Exit> Grant(Context& context, const GrantOptions& options) {
  Inputs in(context);
  v1::GrantRun run;
  const OrgId org = in.Org(options.org, "ORG");
  run.set_district(org.str());
  run.set_month(static_cast<std::uint32_t>(in.Number(options.month, "--month", {197001, 999912})));
  run.set_list_class(
      static_cast<std::uint32_t>(in.Number(options.list_class, "--class", kClasses)));
  std::vector<std::string> members;
  for (const std::string& member : options.members) {
    members.push_back(in.Member(member, "MEMBERS").member.str());
  }
  if (in.failed()) return in.failure();
  if (members.empty()) {
    auto listed = Listed(context, org, run.list_class());
    if (!listed) return Unexpected{listed.error()};
    members = std::move(*listed);
  }
  if (members.empty()) {
    return Unexpected{UsageFailure("nobody is listed in this class", v1::REASON_NOT_LISTED)};
  }
  std::ranges::sort(members);
  for (std::size_t at = 0; at < members.size(); at += kMembersMax) {
    const std::size_t count = std::min(kMembersMax, members.size() - at);
    const auto recorded = Record(context, RunFor(run, std::span(members).subspan(at, count)));
    if (!recorded) return recorded;
  }
  return Exit::kOk;
}

}  // namespace

void AddListingCommands(CLI::App& org, Program& program) {
  for (const bool list : {true, false}) {
    auto options = std::make_shared<ListingOptions>();
    const std::string name = list ? "list-members" : "unlist-members";
    CLI::App* command = program.Add(
        org,
        {name, list ? "Enter members in a class" : "Take members out of a class",
         "timebank --as lister-s1 --with assessor-1 org " + name + " s1 --class 1 M00001 M00002"},
        [options, list](Context& context) { return ChangeList(context, *options, list); });
    command->add_option("ORG", options->org, "the street")->required();
    command->add_option("MEMBERS", options->members, "identities or member ids")->required();
    command->add_option("--class", options->list_class, "number of the class")->required();
  }
  auto options = std::make_shared<GrantOptions>();
  CLI::App* grant = program.Add(
      org,
      {"grant", "Grant a month's minutes to those listed in a class",
       "timebank --as regulator-1 --with finance-1 org grant district --class 1 --month 202009"},
      [options](Context& context) { return Grant(context, *options); });
  grant->add_option("ORG", options->org, "the district")->required();
  grant->add_option("MEMBERS", options->members, "only these (default: all that are listed)");
  grant->add_option("--class", options->list_class, "number of the class")->required();
  grant->add_option("--month", options->month, "yyyymm")->required();
}

}  // namespace timebank::cli
