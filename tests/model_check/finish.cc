#include "tests/model_check/finish.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "consensus/testing/executor.h"
#include "consensus/testing/probe.h"
#include "tests/model_check/violation.h"

namespace timebank::model_check {
namespace {

constexpr std::uint64_t kStartMs = 1'000'000;  // where normalised cores stand
constexpr std::uint64_t kEnoughMs = 600'000;
constexpr std::uint64_t kDelayMs = 1;

using What = decltype(consensus::Event::what);

class Recovery {
 public:
  Recovery(const World& world, const std::array<Validator, kHonest>& who, const Trio& from,
           bool restarted);
  [[nodiscard]] std::string Run();

 private:
  struct Node {
    std::size_t index = 0;
    std::unique_ptr<consensus::LocalSigner> signer;
    std::unique_ptr<consensus::Core> core;
    std::vector<consensus::CommittedBlock> chain;
    Millis wake_at;
  };
  void Later(std::uint64_t delay_ms, std::size_t node, What what);
  void Deliver(std::size_t from, std::uint32_t to, const consensus::Message& message);
  void Feed(std::size_t node, What what);
  void Answer(std::size_t node, const consensus::Output& out);
  [[nodiscard]] bool IsDone() const;
  [[nodiscard]] std::string Explain() const;

  const World& world_;
  std::array<Node, kHonest> nodes_;
  std::uint64_t goal_ = 0;
  std::uint64_t now_ = kStartMs;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::pair<std::size_t, What>> queue_;
};

Recovery::Recovery(const World& world, const std::array<Validator, kHonest>& who, const Trio& from,
                   bool restarted)
    : world_(world) {
  for (std::size_t k = 0; k < kHonest; ++k) {
    Node& node = nodes_[k];
    const Local& local = *from[k];
    node.index = who[k].index();
    node.signer = std::make_unique<consensus::LocalSigner>(world.key(node.index), world.chain_id());
    for (const auto& record : local.kept.log) {
      const auto* mine = std::get_if<consensus::MyVoteRecord>(record.get());
      if (mine == nullptr) continue;
      Require(node.signer->Remember(mine->vote.position), "the log contradicts itself");
    }
    node.signer->RaiseFloor(local.core.snapshot().floor);
    node.chain = local.kept.chain;
    if (restarted) {
      node.core = std::make_unique<consensus::Core>(who[k].ConfigFor(node.signer.get()),
                                                    who[k].RecoveredFrom(local.kept, false));
      Later(0, k, consensus::Started{});
      Later(0, k, consensus::PoolChanged{true});
    } else {
      node.core = std::make_unique<consensus::Core>(local.core);
      consensus::testing::CoreProbe::SetSigner(*node.core, node.signer.get());
      Later(0, k, consensus::Tick{});
    }
    goal_ = std::max<std::uint64_t>(goal_, node.chain.size() + 1);
  }
  if (world.bounds().ends_epoch) goal_ = 1;  // the epoch has one block, and the next no set
  for (std::size_t k = 0; k < kHonest; ++k) {
    for (const Node& other : nodes_) {
      const consensus::PeerId peer(static_cast<std::uint32_t>(other.index));
      if (other.index != nodes_[k].index) Later(1, k, consensus::PeerConnected{peer});
    }
  }
}

std::string Recovery::Run() {
  while (!IsDone()) {
    if (queue_.empty() || queue_.begin()->first.first > kStartMs + kEnoughMs) return Explain();
    auto next = queue_.extract(queue_.begin());
    now_ = next.key().first;
    Feed(next.mapped().first, std::move(next.mapped().second));
  }
  for (const Node& node : nodes_) {
    for (std::size_t h = 0; h < goal_; ++h) {
      Require(node.chain[h].block.digest() == nodes_[0].chain[h].block.digest(),
              "two final blocks at one height");
    }
  }
  return {};
}

void Recovery::Later(std::uint64_t delay_ms, std::size_t node, What what) {
  queue_.emplace(std::pair(now_ + delay_ms, sequence_++), std::pair(node, std::move(what)));
}

void Recovery::Feed(std::size_t node, What what) {
  const consensus::Output out =
      nodes_[node].core->Step({{Millis(now_), Millis(1)}, std::move(what)});
  Require(!out.halt, "halted, as if more than f were faulty");
  for (const consensus::Outbound& outbound : out.send) {
    for (const Node& other : nodes_) {
      if (other.index == nodes_[node].index) continue;
      const auto to = static_cast<std::uint32_t>(other.index);
      if (!outbound.to || outbound.to->value() == to) Deliver(node, to, outbound.message);
    }
  }
  Answer(node, out);
}

void Recovery::Deliver(std::size_t from, std::uint32_t to, const consensus::Message& message) {
  const consensus::PeerId sender(static_cast<std::uint32_t>(nodes_[from].index));
  for (std::size_t k = 0; k < kHonest; ++k) {
    if (nodes_[k].index != to) continue;
    Later(kDelayMs, k, consensus::MessageReceived{sender, message});
  }
}

void Recovery::Answer(std::size_t node, const consensus::Output& out) {
  Node& me = nodes_[node];
  for (const consensus::CommittedBlock& committed : out.commit) {
    const std::size_t height = committed.block.header().height.value();
    if (height == me.chain.size() + 1) me.chain.push_back(committed);
  }
  for (const consensus::CheckBody& check : out.check) {
    Later(0, node,
          consensus::BodyChecked{check.block.digest(), consensus::testing::Judge(check.block)});
  }
  for (const consensus::ServeBlocks& serve : out.serve) {
    consensus::Blocks reply;
    for (std::uint64_t h = serve.request.first.value();
         h >= 1 && h <= me.chain.size() && reply.blocks.size() < serve.request.count; ++h) {
      reply.blocks.push_back(me.chain[h - 1].block);
    }
    Deliver(node, serve.to.value(), reply);
  }
  for (const consensus::ServeBlock& serve : out.serve_by_digest) {
    consensus::Message reply = consensus::Blocks{};
    if (serve.otherwise) reply = consensus::CertificateMessage{*serve.otherwise};
    for (const consensus::CommittedBlock& committed : me.chain) {
      if (committed.block.digest() == serve.digest) reply = consensus::Blocks{{committed.block}};
    }
    Deliver(node, serve.to.value(), reply);
  }
  if (out.build) {
    const consensus::BuildBlock& asked = *out.build;
    const consensus::Block block =
        consensus::testing::MakeBlock({world_.chain_id(),
                                       world_.validators(),
                                       ReplicaIndex(static_cast<std::uint16_t>(me.index)),
                                       asked.parent,
                                       asked.height,
                                       asked.parent_timestamp.Next(),
                                       {static_cast<std::uint32_t>(sequence_)}});
    Later(0, node,
          consensus::BlockBuilt{asked.position, asked.parent,
                                world_.bounds().ends_epoch ? World::Ending(block) : block});
  }
  if (out.wake_at && *out.wake_at != me.wake_at) {
    me.wake_at = *out.wake_at;
    const std::uint64_t at = std::max(now_, me.wake_at.value());
    Later(at - now_, node, consensus::Tick{});
  }
}

bool Recovery::IsDone() const {
  return std::all_of(nodes_.begin(), nodes_.end(),
                     [this](const Node& node) { return node.chain.size() >= goal_; });
}

std::string Recovery::Explain() const {
  std::string text = "no final block";
  for (const Node& node : nodes_) {
    const consensus::Snapshot s = node.core->snapshot();
    text += "; " + std::to_string(node.index) + ": view " +
            std::to_string(s.position.view.value()) + ", floor " +
            std::to_string(s.floor.view.value()) + ", height " + std::to_string(node.chain.size()) +
            (s.gate_open ? "" : ", idle");
  }
  return text;
}

}  // namespace

std::string Stall(const World& world, const std::array<Validator, kHonest>& who, const Trio& from,
                  bool restarted) {
  return Recovery(world, who, from, restarted).Run();
}

}  // namespace timebank::model_check
