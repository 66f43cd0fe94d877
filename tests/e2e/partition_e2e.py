#!/usr/bin/env python3
"""Delays, partitions, broken connections and a frozen validator under load: nothing that a client
holds a proof of is lost, roots are equal afterwards, and a side without a quorum records nothing."""
import signal
import time

import crash_e2e
import network as e2e
import proxy


def network(build):
    return proxy.ProxiedNetwork(build, "--no-load")


def load(net, seconds):
    """A rate that a network with delays can carry: what waits is not the subject here."""
    return crash_e2e.Load(net, seconds, "--rate", "200")


def grows(work, count, seconds):
    work.wait_for_proofs(work.proofs() + count, seconds)


def end(net, work):
    """The load stops by itself; then all agree, and every validator has all that was proven."""
    numbers = work.finish()
    print(f"        longest pause {numbers['pause_ms']:.0f} ms, {numbers['rate']:.0f} tx/s",
          flush=True)
    assert numbers["invalid_accepted"] == 0, numbers
    net.wait_agreed(seconds=60)
    crash_e2e.check(net, work)


def test_delays_partition_and_isolation_under_load(net):
    work = load(net, 35)
    net.proxy.delay(0.05, 0.2)
    grows(work, 200, 30)
    # Two and two: neither side has a quorum.
    net.proxy.cut((0, 1), (2, 3))
    time.sleep(2)  # what was under way
    before = work.proofs()
    time.sleep(8)
    assert work.proofs() == before, f"{work.proofs() - before} recorded without a quorum"
    net.proxy.heal()
    grows(work, 200, 30)
    # One alone: the others go on, and it catches up.
    net.proxy.cut((0, 1, 3))
    grows(work, 200, 30)
    e2e.wait_until(lambda: net.status()[0]["validator-3"]["reachable"] == 1, 20,
                   lambda: net.status())
    net.proxy.heal()
    net.proxy.delay(0, 0)
    end(net, work)


def test_broken_connections_and_a_frozen_validator_under_load(net):
    work = load(net, 25)
    before = work.proofs()
    net.proxy.storm(8)
    grows(work, 100, 30)
    print(f"        {work.proofs() - before} recorded during the storm and after", flush=True)
    net.signal_node(2, signal.SIGSTOP)
    try:
        time.sleep(2)
        began = work.proofs()
        time.sleep(8)
        assert work.proofs() > began + 200, "three of four go on"
    finally:
        net.signal_node(2, signal.SIGCONT)
    end(net, work)


if __name__ == "__main__":
    e2e.main(globals())
