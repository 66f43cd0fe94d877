// One honest validator: the real core, its log and its storage, as a value. A step feeds one
// stimulus to a copy and checks everything that can be checked at one validator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/core.h"
#include "tests/model_check/world.h"

namespace timebank::model_check {

enum class Kind : std::uint8_t {
  kTimer,     // t_l and t_a of the view expire, and so does every other timer
  kBuilt,     // the block that the leader asked for is there
  kVotes,     // votes of the validators `mask` on position `id`, one by one
  kCert,      // a certificate of position `id`
  kProposal,  // offer `id`; of the views between, those of `mask` come with a nullification
  kBody,      // the body of block `id`
  kCrash,     // and restart; mask 1: storage is as far behind the log as it can be
};

struct Stimulus {
  Kind kind = Kind::kTimer;
  std::uint16_t id = 0;
  std::uint8_t mask = 0;
  [[nodiscard]] std::uint32_t key() const {
    return static_cast<std::uint32_t>(kind) << 20 | static_cast<std::uint32_t>(id) << 8 | mask;
  }
  [[nodiscard]] static Stimulus From(std::uint32_t key) {
    return {static_cast<Kind>(key >> 20), static_cast<std::uint16_t>(key >> 8 & 0xFFF),
            static_cast<std::uint8_t>(key & 0xFF)};
  }
};
[[nodiscard]] std::string Describe(const Stimulus& stimulus, const World& world);

// Gives a certificate that others can show now; empty where there is none.
using CertificateSource =
    std::function<std::optional<chain::Certificate>(const chain::VotePosition&)>;

// What a crash leaves.
struct Kept {
  std::vector<std::shared_ptr<const consensus::Record>> log;
  std::vector<consensus::CommittedBlock> chain;  // given out in commit, from height 1
};

struct Local {
  consensus::Core core;
  Kept kept;
  Positions sent;       // positions ever signed
  Proposals proposals;  // ever made
  bool epoch_over = false;
};

// What the explorer must know of it to tell which stimuli can come.
struct LocalInfo {
  std::uint64_t view = 0;
  std::uint64_t floor_view = 0;
  Positions claims;  // of which it holds a certificate
  Positions sent;
  Proposals proposals;
  std::vector<BlockId> missing;
  BlockId committed = 0;
  bool voted = false;      // Nullify or Finalize of the current view: its timers do nothing
  bool judged = false;     // Notarize or Nullify: no proposal is judged any more
  bool candidate = false;  // a proposal of the view is held
  bool asked = false;      // a block is being built
  bool fresh = false;      // a crash would change nothing
  bool epoch_over = false;
};

class Validator {
 public:
  Validator(World& world, std::size_t index) : world_(world), index_(index) {}

  // Started, with work to do, and nothing in its log.
  [[nodiscard]] Local Fresh() const;
  // What becomes of `from`. Throws Violation.
  [[nodiscard]] Local Step(const Local& from, const Stimulus& stimulus,
                           const CertificateSource& certificates) const;
  [[nodiscard]] LocalInfo InfoOf(const Local& local) const;
  // Equal for states that behave alike.
  [[nodiscard]] Hash Fingerprint(const Local& local) const;

  // What a restart finds. `behind`: nothing of the chain is in storage, all of it is in the log.
  [[nodiscard]] consensus::Recovered RecoveredFrom(const Kept& kept, bool behind) const;
  [[nodiscard]] consensus::Config ConfigFor(consensus::VoteSigner* signer) const;
  [[nodiscard]] std::size_t index() const { return index_; }

 private:
  using What = decltype(consensus::Event::what);
  [[nodiscard]] What From(std::size_t peer, consensus::Message message) const;
  [[nodiscard]] What BlockFor(const Local& local) const;
  [[nodiscard]] What ProposalOf(const Stimulus& stimulus,
                                const CertificateSource& certificates) const;
  [[nodiscard]] Local Restarted(Kept kept, const Positions& sent, const Proposals& proposals,
                                bool behind) const;
  void Feed(Local& local, What what, std::uint64_t after_ms = 0) const;
  void Perform(Local& local, const consensus::Output& out, const consensus::Snapshot& before) const;
  void CheckSent(Local& local, const consensus::Message& message) const;
  void NoteOwnVote(Local& local, const chain::VotePosition& position) const;
  void Commit(Local& local, const consensus::CommittedBlock& committed) const;
  void CheckHeldIsDurable(const Local& local) const;

  World& world_;
  std::size_t index_;
};

}  // namespace timebank::model_check
