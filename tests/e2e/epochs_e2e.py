#!/usr/bin/env python3
"""Validators come, go and change their keys under load, with real processes: what clients were told
stays, and receipts verify with the genesis file alone."""
import json
import os
import pathlib
import shutil
import subprocess
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


def new_folder(net, name, which):
    """The folder of a validator that does not run yet, and its index in cluster.json."""
    folder = f"{net.dir}/{name}"
    net.json("validators", "new", "--name", name, "--out", folder,
             "--port-base", str(net.port_base + 12 + 3 * which))
    return folder, len(net.cluster["nodes"]) - 1


def new_validator(net, name, which):
    """Its folder, its process; gives its index in cluster.json."""
    folder, index = new_folder(net, name, which)
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
    # Whoever is asked may be a block behind.
    e2e.wait_until(lambda: sets(net).get("waiting", {}).get("awaited"), 20,
                   lambda: "the change does not wait for the newcomer")
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


def snapshot(net, *arguments, expect=0):
    """`timebank-node ... snapshot ... --json`: its answer."""
    program = str(pathlib.Path(net.timebank).parent / "timebank-node")
    run = subprocess.run([program, *arguments, "--json"], capture_output=True, text=True,
                         timeout=120, check=False)
    assert run.returncode == expect, (arguments, run.returncode, run.stdout, run.stderr)
    return json.loads(run.stdout)


def without(net, index, call):
    """`call()` while cluster.json does not name the node."""
    path = net.dir + "/cluster.json"
    whole = net.cluster
    shutil.copy(path, path + ".whole")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**whole, "nodes": whole["nodes"][:index] + whole["nodes"][index + 1:]}, file)
    try:
        return call()
    finally:
        os.replace(path + ".whole", path)


def config_of(net, index):
    return net.cluster["nodes"][index]["dir"] + "/config.toml"


def refuse_snapshots(net, saved, folder):
    """Bad snapshots, and a good one for the wrong node: refused, and nothing is left behind."""
    with open(saved, "rb") as file:
        whole = file.read()
    bad = net.root + "/bad.snapshot"
    flipped = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
               for at in range(len(whole) // 9, len(whole), len(whole) // 9)]
    for content in [whole[:-1], whole[:len(whole) // 2], b"", b"no snapshot at all", *flipped]:
        with open(bad, "wb") as file:
            file.write(content)
        snapshot(net, "snapshot", "verify", bad, "--genesis", net.dir + "/genesis.bin", expect=3)
        snapshot(net, "--config", folder + "/config.toml", "snapshot", "restore", bad, expect=3)
        assert not os.path.exists(folder + "/data"), os.listdir(folder)
    voter = snapshot(net, "--config", config_of(net, 1), "--data-dir", net.root + "/again",
                     "snapshot", "restore", saved, expect=2)
    assert "may have voted" in voter["error"] and not os.path.exists(net.root + "/again"), voter
    running = snapshot(net, "--config", config_of(net, 1), "snapshot", "save", bad + ".new",
                       expect=3)
    assert "stopped" in running["error"] and not os.path.exists(bad + ".new"), running


def test_a_rotated_validator_starts_from_a_snapshot_under_load(net):
    before = sets(net)["epoch"]
    work = load(net, 30)
    net.signal_node(0, 15)
    net.wait_gone(0, seconds=30)
    saved = net.root + "/ledger.snapshot"
    report = snapshot(net, "--config", config_of(net, 0), "snapshot", "save", saved)
    net.start(0)
    assert report["height"] > 0 and report["epoch"] == before and report["transactions"] > 0, report
    assert snapshot(net, "snapshot", "verify", saved, "--genesis",
                    net.dir + "/genesis.bin") == report
    folder, index = new_folder(net, "validator-2-new", 2)
    refuse_snapshots(net, saved, folder)
    assert snapshot(net, "--config", folder + "/config.toml", "snapshot", "restore",
                    saved) == report
    net.start(index)
    net.json(*COUNCIL, "validators", "change", "--remove", "validator-2", "--add", folder)
    say_ready(net, folder)
    assert f"recovered at height {report['height']}," in net.log_tail(index, 20_000)
    end = time.monotonic() + 60
    while sets(net)["epoch"] != before + 1:
        assert time.monotonic() < end, sets(net)
        time.sleep(0.2)
    net.forget([node["name"] for node in net.cluster["nodes"]].index("validator-2"))
    numbers = work.finish()
    assert numbers["invalid_accepted"] == 0, numbers
    wait_epoch(net, before + 1)
    net.wait_agreed(count=4, seconds=90)
    index = [node["name"] for node in net.cluster["nodes"]].index("validator-2-new")
    without(net, index, lambda: crash_e2e.check(net, work))
    after = load(net, 10)
    after.finish()
    net.wait_agreed(count=4, seconds=60)
    crash_e2e.check(net, after)  # of all four, also of the one that began with the snapshot
    verify_receipt(net)
    missing = json.loads(net.run("--json", "workload", "check", work.record, timeout=600)[1])
    old = missing["first_missing"]
    assert old and all(one["node"] == "validator-2-new" and "older than the snapshot" in one["why"]
                       for one in old), missing
    # A start reads all of it back and proves it.
    net.signal_node(index, 15)
    net.wait_gone(index, seconds=30)
    net.start(index)
    net.wait_agreed(count=4, seconds=60)


if __name__ == "__main__":
    e2e.main(globals())
