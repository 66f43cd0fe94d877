#include "wallet-cli/demo/interrupt.h"

#include <signal.h>

#include <csignal>

namespace timebank::cli {
namespace {

volatile std::sig_atomic_t g_stop = 0;

}  // namespace

void NoteSignals() {
  // A handler, not sigwait: the threads of gRPC do not block signals.
  struct sigaction action {};
  action.sa_handler = [](int) { g_stop = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool StopAsked() { return g_stop != 0; }

}  // namespace timebank::cli
