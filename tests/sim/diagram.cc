#include "tests/sim/diagram.h"

#include "base/bytes.h"

namespace timebank::sim {
namespace {

std::string Place(const chain::VotePosition& p) {
  return "e" + std::to_string(p.epoch.value()) + " v" + std::to_string(p.view.value()) +
         (p.digest.IsZero() ? "" : " " + ToHex(p.digest.view().first(3)));
}

std::string NameOf(chain::VoteKind kind, const char* notarize, const char* nullify,
                   const char* finalize) {
  switch (kind) {
    case chain::VoteKind::kNotarize:
      return notarize;
    case chain::VoteKind::kNullify:
      return nullify;
    case chain::VoteKind::kFinalize:
      return finalize;
  }
  return "?";
}

struct Text {
  std::string operator()(const consensus::Proposal& m) const {
    return "Proposal e" + std::to_string(m.position.epoch.value()) + " v" +
           std::to_string(m.position.view.value()) + " on v" +
           std::to_string(m.parent_view.value()) + " " + ToHex(m.block.digest().view().first(3)) +
           (m.block.header().EndsEpoch() ? " EPOCH_END" : "");
  }
  std::string operator()(const consensus::Vote& m) const {
    return NameOf(m.position.kind, "Notarize ", "Nullify ", "Finalize ") + Place(m.position);
  }
  std::string operator()(const consensus::CertificateMessage& m) const {
    const auto& p = m.certificate.position;
    return NameOf(p.kind, "Notarization ", "Nullification ", "Finalization ") + Place(p);
  }
  std::string operator()(const consensus::Status&) const { return ""; }
  std::string operator()(const consensus::FetchCertificates& m) const {
    return "FetchCertificates v" + std::to_string(m.first.value()) + ".." +
           std::to_string(m.last.value());
  }
  std::string operator()(const consensus::Certificates& m) const {
    return std::to_string(m.certificates.size()) + " certificates";
  }
  std::string operator()(const consensus::FetchBlocks& m) const {
    return "FetchBlocks from " + std::to_string(m.first.value()) + ", " + std::to_string(m.count);
  }
  std::string operator()(const consensus::FetchByDigest& m) const {
    return "FetchByDigest " + ToHex(m.digest.view().first(3));
  }
  std::string operator()(const consensus::Blocks& m) const {
    return std::to_string(m.blocks.size()) + " blocks";
  }
  std::string operator()(const consensus::FetchEpochChain& m) const {
    return "FetchEpochChain from " + std::to_string(m.first.value());
  }
  std::string operator()(const consensus::EpochChain& m) const {
    return std::to_string(m.finalizations.size()) + " boundaries";
  }
};

}  // namespace

void DrawMessage(std::vector<std::string>& diagram, NodeIndex from,
                 const std::vector<NodeIndex>& to, const consensus::Message& message) {
  const std::string text = std::visit(Text{}, message);
  if (text.empty()) return;
  for (const NodeIndex node : to) {
    if (diagram.size() >= kDiagramLinesMax) return;
    diagram.push_back("  n" + std::to_string(from) + "->>n" + std::to_string(node) + ": " + text);
  }
}

}  // namespace timebank::sim
