// timebank_hostile CLUSTER.json bad-inputs|client-flood|peer-flood|peer-port|double-vote [COUNT]
#include <cstdio>
#include <cstdlib>
#include <string>

#include "api/client/tls.h"
#include "tests/e2e/hostile.h"

int main(int argc, char** argv) {
  if (argc < 3 || !timebank::client::RequireTls13()) {
    std::fprintf(stderr,
                 "timebank_hostile CLUSTER "
                 "bad-inputs|client-flood|peer-flood|peer-port|double-vote [COUNT]\n");
    return 2;
  }
  timebank::hostile::Net net(argv[1]);
  timebank::hostile::Tally tally;
  const std::string what = argv[2];
  const std::size_t count = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 100'000;
  if (what == "bad-inputs") timebank::hostile::TryBadInputs(net, tally);
  if (what == "client-flood") timebank::hostile::FloodClientPort(net, tally, count);
  if (what == "peer-flood") timebank::hostile::FloodPeerPorts(net, tally, count);
  if (what == "peer-port") timebank::hostile::TryPeerPort(net, tally);
  if (what == "double-vote") timebank::hostile::VoteTwice(net, tally);
  return tally.Close();
}
