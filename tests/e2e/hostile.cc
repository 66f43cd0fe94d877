#include "tests/e2e/hostile.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "node/config.h"
#include "platform/clock.h"
#include "platform/file.h"

namespace timebank::hostile {
namespace {

constexpr std::uint32_t kWaitMs = 10'000;
constexpr auto kCallTime = std::chrono::seconds(15);

[[noreturn]] void GiveUp(const std::string& why) {
  std::printf("FAILED  %s\n0 passed, 1 failed\n", why.c_str());
  std::exit(1);
}

void Limit(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kCallTime);
}

}  // namespace

std::string Outcome::Name() const {
  return ok ? "OK" : v1::Reason_Name(error.reason) + " (" + error.message + ")";
}

Net::Net(const std::string& cluster_path) {
  auto cluster = cli::ReadCluster(cluster_path);
  if (!cluster) GiveUp(cluster.error());
  cluster_ = std::move(*cluster);
  const auto bytes = platform::ReadFile(cluster_.genesis);
  if (!bytes) GiveUp(bytes.error());
  auto genesis = chain::ParseGenesis(ByteView(*bytes));
  if (!genesis) GiveUp(cluster_.genesis + " is no genesis");
  genesis_ = std::move(*genesis);
  nodes_ = cluster_.Addresses();
  const auto channel = client::ChannelTo(node(), *genesis_);
  transactions_ = v1::TransactionService::NewStub(channel);
  ledger_ = v1::LedgerService::NewStub(channel);
  status_ = v1::NodeService::NewStub(channel);
}

const cli::Identity& Net::Person(const std::string& name) {
  const auto known = people_.find(name);
  if (known != people_.end()) return known->second;
  const cli::IdentityStore store(cluster_.identities_dir, platform::PassphraseIs(""),
                                 /*allow_plain=*/true);
  auto identity = store.Open(name);
  if (!identity) GiveUp(identity.error());
  return people_.emplace(name, std::move(*identity)).first->second;
}

const cli::Identity& Net::Officer(v1::Role role, const OrgId& org) {
  const cli::IdentityStore store(cluster_.identities_dir, platform::PassphraseIs(""),
                                 /*allow_plain=*/true);
  for (const std::string& name : store.Names()) {
    const auto identity = store.OpenPublic(name);
    if (!identity) continue;
    const bool holds = std::ranges::any_of(identity->offices, [&](const cli::Office& office) {
      return office.role == role && office.org == org;
    });
    if (holds) return Person(name);
  }
  GiveUp("nobody is " + v1::Role_Name(role) + " there");
}

Millis Net::Now() const {
  return Millis(static_cast<std::uint64_t>(static_cast<std::int64_t>(platform::WallTime().value()) +
                                           cluster_.offset_ms));
}

Outcome Net::Submit(const std::string& envelope) {
  v1::SubmitRequest request;
  request.set_envelope(envelope);
  request.set_wait_ms(kWaitMs);
  v1::SubmitResponse response;
  grpc::ClientContext context;
  Limit(context);
  const grpc::Status status = transactions_->Submit(&context, request, &response);
  if (status.ok()) return {.ok = true, .error = {}, .receipt = response.receipt()};
  return {.ok = false, .error = client::FromStatus(status), .receipt = {}};
}

Outcome Net::ReadMember(const MemberId& member, const std::string& token) {
  v1::GetMemberRequest request;
  request.set_member(member.str());
  v1::GetMemberResponse response;
  grpc::ClientContext context;
  Limit(context);
  if (!token.empty()) context.AddMetadata(client::kTokenMetadata, token);
  const grpc::Status status = ledger_->GetMember(&context, request, &response);
  if (status.ok()) return {.ok = true, .error = {}, .receipt = {}};
  return {.ok = false, .error = client::FromStatus(status), .receipt = {}};
}

v1::GetStatusResponse Net::Status() {
  v1::GetStatusResponse response;
  grpc::ClientContext context;
  Limit(context);
  const grpc::Status status = status_->GetStatus(&context, v1::GetStatusRequest(), &response);
  if (!status.ok()) GiveUp("the node does not tell its status: " + status.error_message());
  return response;
}

std::string PeerAddressOf(const cli::ClusterNode& node) {
  const auto config = node::LoadConfig(node.dir + "/config.toml");
  return config ? config->peer_listen : std::string();
}

Hash PinOf(const Net& net, const std::string& name) {
  for (const v1::Validator& validator : net.genesis().message.validators()) {
    if (validator.name() == name) return *Hash::From(validator.tls_key_hash());
  }
  return {};
}

void Tally::Check(bool good, const std::string& what, const std::string& why) {
  ++(good ? passed_ : failed_);
  std::printf("%s  %s%s%s\n", good ? "ok    " : "FAILED", what.c_str(), good ? "" : ": ",
              good ? "" : why.c_str());
  std::fflush(stdout);
}

int Tally::Close() const {
  std::printf("%d passed, %d failed\n", passed_, failed_);
  return failed_ == 0 && passed_ > 0 ? 0 : 1;
}

}  // namespace timebank::hostile
