// A genesis file: what is taken makes a first state whose records load again to the same root.
//   input: Genesis
#include "chain/genesis.h"

#include "chain/canonical.h"
#include "crypto/sha256.h"
#include "ledger/state.h"
#include "tests/fuzz/targets.h"

namespace timebank::fuzz {

void RunGenesis(Input input) {
  const ByteView bytes = input.Rest();
  const auto genesis = chain::ParseGenesis(bytes);
  if (!genesis) {
    TB_CHECK(!chain::Describe(genesis.error()).empty());
    return;
  }
  TB_CHECK(Same(AsBytes(chain::CanonicalBytes(genesis->message)), bytes));
  TB_CHECK(genesis->chain_id == crypto::Sha256(bytes));
  const auto state = ledger::State::FromGenesis(*genesis);
  if (!state) {
    TB_CHECK(!ledger::Describe(state.error()).empty());
    return;
  }
  ledger::StateLoader loader;
  state->tree().ForEach([&](ByteView key, ByteView value) { loader.Add(key, value); });
  const auto loaded = std::move(loader).Finish();
  TB_CHECK(loaded.has_value());
  TB_CHECK(loaded->root() == state->root());
  TB_CHECK(loaded->next_due() == state->next_due());
}

}  // namespace timebank::fuzz
