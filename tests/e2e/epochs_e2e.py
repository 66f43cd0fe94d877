#!/usr/bin/env python3
"""Validators come, go and change their keys under load, with real processes: what clients were told
stays, and receipts verify with the genesis file alone."""
import time

import crash_e2e
import network as e2e

COUNCIL = ("--as", "council-1", "--with", "council-2")


def network(build):
    return e2e.Network(build, "--no-load")


def load(net, seconds):
    """A rate that leaves two cores time for a newcomer to catch up."""
    return crash_e2e.Load(net, seconds, "--rate", "200")


def sets(net):
    return net.json("validators", "list")


def names(validators):
    return sorted(validator["name"] for validator in validators["current"]["validators"])


def wait_epoch(net, epoch, seconds=60):
    """Until every node that answers is in the epoch."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen, _ = net.status()
        if seen and all(node["epoch"] == epoch for node in seen.values()):
            return
        time.sleep(0.2)
    raise AssertionError(f"not all in epoch {epoch} after {seconds} s: {net.status()}")


def new_validator(net, name, which):
    """Its folder, its process; gives its index in cluster.json."""
    folder = f"{net.dir}/{name}"
    net.json("validators", "new", "--name", name, "--out", folder,
             "--port-base", str(net.port_base + 12 + 3 * which))
    index = len(net.cluster["nodes"]) - 1
    net.start(index)
    return folder, index


def say_ready(net, folder, seconds=60):
    """As soon as it has caught up: until then the command says what it lacks."""
    end = time.monotonic() + seconds
    while True:
        code, out, err = net.run("--json", "--as", "council-1", "validators", "ready", folder)
        if code == 0:
            return
        assert time.monotonic() < end, out + err
        time.sleep(0.5)


def verify_receipt(net):
    """Of an entry made now: it leads through all epochs, offline."""
    path = f"{net.root}/{time.monotonic_ns()}.receipt"
    net.json("--as", "regulator-1", "--receipt", path, "org", "create", "--name", "Street",
             "--parent", "district", "--kind", "STREET")
    code, out, err = net.run("verify", path, "--genesis", net.dir + "/genesis.bin", cluster=False)
    assert code == 0, out + err


def test_only_the_council_decides(net):
    for who in (("--as", "regulator-1"), ("--as", "council-1"),
                ("--as", "council-1", "--with", "regulator-1")):
        code, out, err = net.run(*who, "validators", "change", "--remove", "validator-2")
        assert code != 0, out
    assert sets(net)["epoch"] == 0


def test_a_fifth_validator_joins_and_one_leaves_under_load(net):
    work = load(net, 40)
    folder, index = new_validator(net, "validator-5", 0)
    net.json(*COUNCIL, "validators", "change", "--add", folder)
    assert sets(net)["waiting"]["awaited"], "the change waits for the newcomer"
    say_ready(net, folder)
    wait_epoch(net, 1)
    assert names(sets(net)) == [f"validator-{i}" for i in range(1, 6)]
    # Of five four decide: without the newcomer's vote nothing would go on now.
    net.kill(1)
    work.wait_for_proofs(work.proofs() + 100, 30)
    net.start(1)
    net.wait_agreed(count=5, seconds=90)
    net.json(*COUNCIL, "validators", "change", "--remove", "validator-4")
    end = time.monotonic() + 60
    while sets(net)["epoch"] != 2:
        assert time.monotonic() < end, sets(net)
        time.sleep(0.2)
    assert names(sets(net)) == ["validator-1", "validator-2", "validator-3", "validator-5"]
    numbers = work.finish()
    assert numbers["invalid_accepted"] == 0, numbers
    print(f"        longest pause {numbers['pause_ms']:.0f} ms, {numbers['rate']:.0f} tx/s",
          flush=True)
    # Who left follows no longer; it is taken out of the list of nodes.
    net.forget(3)
    wait_epoch(net, 2)
    net.wait_agreed(count=4, seconds=60)
    crash_e2e.check(net, work)
    verify_receipt(net)


def test_a_key_is_rotated_and_all_restart_one_by_one_under_load(net):
    work = load(net, 60)
    folder, index = new_validator(net, "validator-3-new", 1)
    net.json(*COUNCIL, "validators", "change", "--remove", "validator-3", "--add", folder)
    say_ready(net, folder)
    end = time.monotonic() + 60
    while sets(net)["epoch"] != 3:
        assert time.monotonic() < end, sets(net)
        time.sleep(0.2)
    gone = [node["name"] for node in net.cluster["nodes"]].index("validator-3")
    net.forget(gone)
    wait_epoch(net, 3)
    for index in range(4):
        net.signal_node(index, 15)
        net.wait_gone(index, seconds=30)
        net.start(index)
        work.wait_for_proofs(work.proofs() + 50, 60)
    work.finish()
    net.wait_agreed(count=4, seconds=90)
    crash_e2e.check(net, work)
    verify_receipt(net)


if __name__ == "__main__":
    e2e.main(globals())
