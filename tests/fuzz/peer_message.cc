// What one validator sends to another: every kind of message is taken and written back as the same
// bytes, or refused for a reason.
//   input: PeerMessage
#include "node/replica/peer_codec.h"

#include <string>
#include <variant>

#include "ledger/testing/test_ledger.h"
#include "tests/fuzz/input.h"

namespace timebank::fuzz {
namespace {

void Run(Input input) {
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

}  // namespace
}  // namespace timebank::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  timebank::fuzz::Run({data, size});
  return 0;
}
