// Where the passphrase of encrypted keys comes from.
#pragma once

#include <string>

#include "platform/keyfile.h"

namespace timebank::cli {

// The first line of `file` where one is named, else TIMEBANK_PASSPHRASE, else asked for on the
// terminal, once, without showing it. The error says how to give one.
[[nodiscard]] platform::PassphraseSource Passphrase(const std::string& file);
// The same for keys that are being made: typed twice, because a slip would lose them.
[[nodiscard]] platform::PassphraseSource NewPassphrase(const std::string& file);

}  // namespace timebank::cli
