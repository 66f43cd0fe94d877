// What one validator sends to another: every kind of message is taken and written back as the same
// bytes, or refused for a reason.
//   input: PeerMessage
#include "node/replica/peer_codec.h"

#include <string>
#include <variant>

#include "ledger/testing/test_ledger.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {

void RunPeerMessage(Input input) {
  static const Hash chain_id = ledger::testing::TestLedger().state().chain_id();
  const ByteView bytes = input.Rest();
  const auto message = replica::DecodePeerMessage(bytes, chain_id);
  if (!message) return;
  std::string back;
  if (const auto* gossip = std::get_if<replica::GossipMessage>(&*message)) {
    back = replica::EncodeGossip(*gossip);
  } else {
    back = replica::EncodePeerMessage(std::get<consensus::Message>(*message));
  }
  // Gossip of nothing is the one message that is read and not written.
  TB_CHECK(Same(AsBytes(back), bytes) || back.empty());
}

}  // namespace timebank::fuzz
