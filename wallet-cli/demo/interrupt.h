// Ctrl-C and SIGTERM while validators of ours run: they are noted, and whoever works looks.
#pragma once

namespace timebank::cli {

// From now on the first SIGINT or SIGTERM is noted; a second one ends the program as usual.
void NoteSignals();
[[nodiscard]] bool StopAsked();

}  // namespace timebank::cli
