#include "node/rpc/access.h"

#include <gtest/gtest.h>

#include "chain/canonical.h"
#include "chain/domains.h"
#include "node/rpc/testing/sample_ledger.h"
#include "timebank/v1/block.pb.h"

namespace timebank::rpc {
namespace {

using testing::Person;
using testing::SampleLedger;

constexpr char kName[] = "node-1";

class AccessTest : public ::testing::Test {
 protected:
  Expected<Viewer, client::Error> Check(const std::string& token) {
    return CheckToken(token, {.state = sample_.state(), .audience = kName, .now = sample_.now()});
  }
  std::string Token(const client::Reader& reader) {
    return client::MakeReadToken(sample_.chain_id(), reader, kName, sample_.now());
  }
  Viewer ViewerOf(const Person& person, bool member = false) {
    const auto viewer = Check(Token(SampleLedger::As(person, member)));
    EXPECT_TRUE(viewer.has_value());
    return viewer ? *viewer : Viewer{};
  }
  // A token with one thing changed, signed properly.
  template <typename Change>
  std::string Changed(const Change& change) {
    v1::AuthToken token;
    token.set_version(1);
    token.set_member(sample_.elder.id.str());
    token.set_key_id(crypto::KeyIdOf(sample_.elder.key.public_key()).str());
    token.set_role(v1::ROLE_MEMBER);
    token.set_audience(kName);
    token.set_not_before_ms(sample_.now().value());
    token.set_expiry_ms(sample_.now().value() + client::kTokenLifeMsMax);
    change(token);
    v1::ReadToken out;
    out.set_token(chain::CanonicalBytes(token));
    out.set_signature(crypto::SuitedSignature(sample_.elder.key.Sign(
        chain::SignedBytes(chain::kAuthDomain, sample_.chain_id(), {AsBytes(out.token())}))));
    return chain::CanonicalBytes(out);
  }

  SampleLedger sample_;
};

TEST_F(AccessTest, AMembersOwnTokenIsTaken) {
  const auto viewer = Check(Token(SampleLedger::As(sample_.elder)));
  ASSERT_TRUE(viewer.has_value()) << viewer.error().message;
  EXPECT_EQ(viewer->member, sample_.elder.id);
  EXPECT_EQ(viewer->role, v1::ROLE_MEMBER);
}

TEST_F(AccessTest, NoTokenIsToldApartFromABadOne) {
  EXPECT_EQ(Check("").error().reason, v1::REASON_NO_TOKEN);
  EXPECT_EQ(Check("garbage").error().reason, v1::REASON_TOKEN_REFUSED);
  EXPECT_EQ(Check(std::string(5000, 'x')).error().reason, v1::REASON_TOKEN_REFUSED);
}

TEST_F(AccessTest, EveryPartOfATokenIsChecked) {
  const std::uint64_t now = sample_.now().value();
  EXPECT_TRUE(Check(Changed([](v1::AuthToken&) {})).has_value());
  const std::pair<const char*, std::function<void(v1::AuthToken&)>> cases[] = {
      {"another node", [](v1::AuthToken& t) { t.set_audience("node-2"); }},
      {"no audience", [](v1::AuthToken& t) { t.set_audience(""); }},
      {"over", [&](v1::AuthToken& t) { t.set_not_before_ms(now - 1000), t.set_expiry_ms(now); }},
      {"later", [&](v1::AuthToken& t) { t.set_not_before_ms(now + 1); }},
      {"a millisecond too long",
       [&](v1::AuthToken& t) { t.set_expiry_ms(now + client::kTokenLifeMsMax + 1); }},
      {"unknown member", [](v1::AuthToken& t) { t.set_member(std::string(16, 'z')); }},
      {"another's key",
       [this](v1::AuthToken& t) {
         t.set_key_id(crypto::KeyIdOf(sample_.stranger.key.public_key()).str());
       }},
      {"an office not held",
       [this](v1::AuthToken& t) {
         t.set_role(v1::ROLE_AUDITOR), t.set_org(sample_.district.str());
       }},
      {"a member with an organisation",
       [this](v1::AuthToken& t) { t.set_org(sample_.district.str()); }},
      {"no role of ours", [](v1::AuthToken& t) { t.set_role(9999); }},
      {"version", [](v1::AuthToken& t) { t.set_version(2); }},
  };
  for (const auto& [name, change] : cases) {
    SCOPED_TRACE(name);
    const auto viewer = Check(Changed(change));
    ASSERT_FALSE(viewer.has_value());
    EXPECT_EQ(viewer.error().reason, v1::REASON_TOKEN_REFUSED);
  }
}

TEST_F(AccessTest, AnotherMembersTokenCannotBeSignedByOneself) {
  client::Reader forged = SampleLedger::As(sample_.elder);
  forged.key = &sample_.stranger.key;
  EXPECT_EQ(Check(Token(forged)).error().reason, v1::REASON_TOKEN_REFUSED);
}

TEST_F(AccessTest, ATokenOfAnotherChainIsRefused) {
  const std::string token =
      client::MakeReadToken(Hash{}, SampleLedger::As(sample_.elder), kName, sample_.now());
  EXPECT_EQ(Check(token).error().reason, v1::REASON_TOKEN_REFUSED);
}

TEST_F(AccessTest, AnyChangedBitSpoilsAToken) {
  const std::string good = Token(SampleLedger::As(sample_.elder));
  ASSERT_TRUE(Check(good).has_value());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(Check(bad).has_value()) << "byte " << i;
  }
}

TEST_F(AccessTest, WhoSeesAMember) {
  const v1::Member elder = sample_.Record(sample_.elder);
  struct Case {
    const char* name;
    Viewer viewer;
    bool sees;
  };
  const Case cases[] = {
      {"the elder", ViewerOf(sample_.elder), true},
      {"a neighbour", ViewerOf(sample_.volunteer), false},
      {"somebody elsewhere", ViewerOf(sample_.stranger), false},
      {"the community's approver", ViewerOf(sample_.approver_a), true},
      {"the same person as a member", ViewerOf(sample_.approver_a, /*member=*/true), false},
      {"another street's reviewer", ViewerOf(sample_.reviewer_b), false},
      {"the district's auditor", ViewerOf(sample_.auditor), true},
      {"a merchant", ViewerOf(sample_.merchant), false},
      {"an operator", ViewerOf(sample_.operator_), false},
      {"an exporter", ViewerOf(sample_.exporter), false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(MaySeeMember(c.viewer, elder, sample_.state()), c.sees);
  }
}

TEST_F(AccessTest, AProxySeesWithTheScopeViewAndOnlyUntilItEnds) {
  v1::Member elder = sample_.Record(sample_.elder);
  const Viewer proxy = ViewerOf(sample_.stranger);
  v1::ProxyGrant* grant = elder.add_proxies();
  grant->set_proxy(sample_.stranger.id.str());
  const std::uint64_t block_time = sample_.state().time().value();
  struct Case {
    const char* name;
    std::uint32_t scope;
    std::uint64_t until_ms;
    bool sees;
  };
  const Case cases[] = {{"view", 4, 0, true},
                        {"view among others", 15, block_time + 1, true},
                        {"over", 4, block_time, false},
                        {"others only", 11, 0, false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    grant->set_scope(c.scope);
    grant->set_until_ms(c.until_ms);
    EXPECT_EQ(MaySeeMember(proxy, elder, sample_.state()), c.sees);
  }
}

TEST_F(AccessTest, PartiesAndOfficersSeeAnEntry) {
  v1::Entry entry;
  entry.set_elder(sample_.elder.id.str());
  entry.set_volunteer(sample_.volunteer.id.str());
  entry.set_community(sample_.community_a.str());
  EXPECT_TRUE(MaySeeEntry(ViewerOf(sample_.elder), entry, sample_.state()));
  EXPECT_TRUE(MaySeeEntry(ViewerOf(sample_.volunteer), entry, sample_.state()));
  EXPECT_TRUE(MaySeeEntry(ViewerOf(sample_.approver_a), entry, sample_.state()));
  EXPECT_FALSE(MaySeeEntry(ViewerOf(sample_.stranger), entry, sample_.state()));
  EXPECT_FALSE(MaySeeEntry(ViewerOf(sample_.reviewer_b), entry, sample_.state()));
  EXPECT_FALSE(MaySeeEntry(ViewerOf(sample_.merchant), entry, sample_.state()));
}

TEST_F(AccessTest, TheProviderSeesItsRedemptionsAndNoOthers) {
  v1::Redemption redemption;
  redemption.set_holder(sample_.elder.id.str());
  redemption.set_org(sample_.provider.str());
  EXPECT_TRUE(MaySeeRedemption(ViewerOf(sample_.merchant), redemption, sample_.state()));
  EXPECT_TRUE(MaySeeRedemption(ViewerOf(sample_.elder), redemption, sample_.state()));
  EXPECT_FALSE(MaySeeRedemption(ViewerOf(sample_.volunteer), redemption, sample_.state()));
  redemption.set_org(sample_.community_b.str());
  EXPECT_FALSE(MaySeeRedemption(ViewerOf(sample_.merchant), redemption, sample_.state()));
}

TEST_F(AccessTest, BodiesAreForAuditorsExportersAndOperators) {
  EXPECT_TRUE(MaySeeBlocks(ViewerOf(sample_.auditor)));
  EXPECT_TRUE(MaySeeBlocks(ViewerOf(sample_.exporter)));
  EXPECT_TRUE(MaySeeBlocks(ViewerOf(sample_.operator_)));
  EXPECT_FALSE(MaySeeBlocks(ViewerOf(sample_.approver_a)));
  EXPECT_FALSE(MaySeeBlocks(ViewerOf(sample_.elder)));
  EXPECT_FALSE(MaySeeBlocks(ViewerOf(sample_.auditor, /*member=*/true)));
}

TEST_F(AccessTest, TheTreeIsClimbedUpwardsOnly) {
  const ledger::State& state = sample_.state();
  EXPECT_TRUE(LiesUnder(sample_.community_a, sample_.district, state));
  EXPECT_TRUE(LiesUnder(sample_.community_a, sample_.community_a, state));
  EXPECT_FALSE(LiesUnder(sample_.district, sample_.community_a, state));
  EXPECT_FALSE(LiesUnder(sample_.community_a, sample_.street_b, state));
  EXPECT_FALSE(LiesUnder(OrgId{}, OrgId{}, state));
}

}  // namespace
}  // namespace timebank::rpc
