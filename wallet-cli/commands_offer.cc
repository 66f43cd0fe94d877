// Offers: what a provider gives for minutes.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "platform/entropy.h"
#include "wallet-cli/commands.h"
#include "wallet-cli/inputs.h"
#include "wallet-cli/reading.h"
#include "wallet-cli/recording.h"

namespace timebank::cli {
namespace {

constexpr Range kPieces = {0, 0xFFFFFFFFLL};

struct PublishOptions {
  std::string offer;
  std::string provider;
  std::string kind = "goods";
  std::string name;
  std::string price;
  std::string stock = "0";
  std::string limit = "0";
  bool closed = false;
};

// The provider is the organisation of the merchant who signs, unless another is named.
Result<OrgId> ProviderOf(Context& context, const std::string& text) {
  if (!text.empty()) return context.FindOrg(text, "--provider");
  const auto self = context.Self();
  if (!self) return Unexpected{self.error()};
  for (const Office& office : (*self)->offices) {
    if (office.role == v1::ROLE_MERCHANT) return office.org;
  }
  return Unexpected{UsageFailure("--provider is needed: '" + (*self)->name + "' is no merchant",
                                 v1::REASON_MISSING_FIELD)};
}

Result<Exit> Publish(Context& context, const PublishOptions& options) {
  Inputs in(context);
  Deed deed{.body = {}, .roles = {v1::ROLE_MERCHANT}};
  v1::PublishOffer& offer = *deed.body.mutable_publish_offer();
  offer.set_price_minutes(in.Minutes(options.price, "--price"));
  offer.set_stock(static_cast<std::uint32_t>(in.Number(options.stock, "--stock", kPieces)));
  offer.set_limit_per_person(
      static_cast<std::uint32_t>(in.Number(options.limit, "--limit", kPieces)));
  offer.set_kind(in.Word<v1::OfferKind>(options.kind, "--kind"));
  offer.set_name(options.name);
  offer.set_open(!options.closed);
  offer.set_offer(in.Hex(options.offer, "--offer", OfferId::kSize));
  if (offer.offer().empty()) offer.set_offer(platform::NewId<OfferId>(in.Now()).str());
  if (in.failed()) return in.failure();
  const auto provider = ProviderOf(context, options.provider);
  if (!provider) return Unexpected{provider.error()};
  offer.set_org(provider->str());
  deed.facts = {{"offer", ToHex(AsBytes(offer.offer()))}};
  return Record(context, deed);
}

Result<Exit> List(Context& context, const std::string& provider) {
  Inputs in(context);
  v1::ListOffersRequest request;
  if (!provider.empty()) request.set_org(in.Org(provider, "--provider").str());
  if (in.failed()) return in.failure();
  nlohmann::json all = nlohmann::json::array();
  Table table({context.Say(Text::kOffer), context.Say(Text::kName), "kind",
               context.Say(Text::kPrice), context.Say(Text::kStock),
               context.Say(Text::kOrganisation)});
  do {
    const auto page = ReadPublic<v1::ListOffersResponse>(context, request);
    if (!page) return Unexpected{page.error()};
    for (const v1::Offer& offer : page->offers()) {
      all.push_back({{"offer", ToHex(AsBytes(offer.offer()))},
                     {"provider", ToHex(AsBytes(offer.org()))},
                     {"kind", WordOf(offer.kind())},
                     {"name", offer.name()},
                     {"price_minutes", offer.price_minutes()},
                     {"stock", offer.stock()},
                     {"limit_per_person", offer.limit_per_person()},
                     {"open", offer.open()}});
      table.Add({ToHex(AsBytes(offer.offer())), offer.name(), WordOf(offer.kind()),
                 FormatMinutes(offer.price_minutes(), context.language()),
                 std::to_string(offer.stock()) + (offer.open() ? "" : ", closed"),
                 context.NameOfOrg(offer.org())});
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

}  // namespace

void AddOfferCommands(CLI::App& app, Program& program) {
  CLI::App* family = Program::AddFamily(app, {"offer", "What providers give for minutes", ""});
  auto options = std::make_shared<PublishOptions>();
  CLI::App* publish = program.Add(
      *family,
      {"publish", "Publish an offer, or a new version of one; signed by the merchant",
       "timebank --as merchant-p1 offer publish --name Lunch --price 30 --stock 100 --limit 2"},
      [options](Context& context) { return Publish(context, *options); });
  publish->add_option("--offer", options->offer, "id of the offer to replace");
  publish->add_option("--provider", options->provider, "default: the merchant's organisation");
  publish->add_option("--kind", options->kind, "goods or service (default goods)");
  publish->add_option("--name", options->name, "public name")->required();
  publish->add_option("--price", options->price, "minutes a piece")->required();
  publish->add_option("--stock", options->stock, "pieces");
  publish->add_option("--limit", options->limit, "pieces per person; 0: no limit");
  publish->add_flag("--closed", options->closed, "withdraw the offer");
  auto provider = std::make_shared<std::string>();
  CLI::App* list = program.Add(*family, {"list", "Offers of all providers", "timebank offer list"},
                               [provider](Context& context) { return List(context, *provider); });
  list->add_option("--provider", *provider, "only of this provider");
}

}  // namespace timebank::cli
