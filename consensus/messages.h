// What validators say to each other (CONSENSUS 3), as plain values. The replica codes them for the
// wire. A body is opaque here: bytes named by the digest of their header.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "chain/certificate.h"
#include "chain/header.h"

namespace timebank::consensus {

// Views restart at 1 in each epoch, so positions compare by epoch first.
struct Position {
  Epoch epoch;
  View view;
  friend auto operator<=>(const Position&, const Position&) = default;
};

// Shared because one body is at once in the tree, in a record and in messages; never changed.
using SharedBytes = std::shared_ptr<const Bytes>;

// A header, its digest (computed once) and its body. A null body: header only.
class Block {
 public:
  Block() = default;
  Block(const chain::Header& header, SharedBytes body)
      : header_(header), digest_(header.Digest()), body_(std::move(body)) {}
  [[nodiscard]] const chain::Header& header() const { return header_; }
  [[nodiscard]] const Hash& digest() const { return digest_; }
  [[nodiscard]] const SharedBytes& body() const { return body_; }

 private:
  chain::Header header_;
  Hash digest_;
  SharedBytes body_;
};

struct Vote {
  chain::VotePosition position;
  ReplicaIndex signer;
  crypto::Signature signature;
  friend bool operator==(const Vote&, const Vote&) = default;
};

// The leader's signature is its Notarize vote on {epoch, view, parent_view, digest of block}.
struct Proposal {
  Position position;
  View parent_view;
  // Notarization or Finalization of the parent; empty when parent_view is 0 in the first epoch.
  std::optional<chain::Certificate> parent_proof;
  Block block;
  // Of the views between parent and this one, ascending; the highest
  // kProposalNullificationsMax of them.
  std::vector<chain::Certificate> nullifications;
  crypto::Signature signature;
};

struct CertificateMessage {
  chain::Certificate certificate;
};

struct Status {
  Position position;  // current epoch and view
  Position floor;     // last final position
  Hash floor_digest;
  std::optional<chain::Certificate> notarization;  // the highest above the floor
};

// Certificates of the views first..last; the reply starts with the Finalization of the answerer's
// floor when that lies at or above `first`.
struct FetchCertificates {
  Epoch epoch;
  View first;
  View last;
};
struct Certificates {
  std::vector<chain::Certificate> certificates;  // at most kFetchCertificatesMax
};

// Final blocks by height, ascending: `count` of them, or fewer. The asker checks digests.
struct FetchBlocks {
  Height first;
  std::uint32_t count = 0;
  bool headers_only = false;
};
// One block, final or not. Who does not have it answers with the Finalization of its floor.
struct FetchByDigest {
  Hash digest;
};
// The answer to both. Empty: not now, ask somebody else.
struct Blocks {
  std::vector<Block> blocks;
};

// The Finalizations that ended the epochs from `first` on. The blocks are fetched as all others.
struct FetchEpochChain {
  Epoch first;
};
struct EpochChain {
  std::vector<chain::Certificate> finalizations;  // ascending, at most kFetchEpochsMax
};

using Message =
    std::variant<Proposal, Vote, CertificateMessage, Status, FetchCertificates, Certificates,
                 FetchBlocks, FetchByDigest, Blocks, FetchEpochChain, EpochChain>;

// A connection's other end. Below the size of the set: that validator, proven by its TLS key.
// From kFirstObserverPeer on: an observer, numbered by the driver.
using PeerId = Strong<struct PeerTag, std::uint32_t>;
inline constexpr std::uint32_t kFirstObserverPeer = 1U << 16;

}  // namespace timebank::consensus
