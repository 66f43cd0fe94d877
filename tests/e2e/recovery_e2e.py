#!/usr/bin/env python3
"""The drill of RUNBOOK.md, 'More validators lost than may be', step by step with real processes: two
of four validators lose disk and keys under load, the council signs a document, four others go on in
a new era. What was recorded stays and is proven with the genesis file alone, before and after."""
import json
import os
import pathlib
import shutil
import subprocess

import crash_e2e
import epochs_e2e
import network as e2e

REASON = "fire in the data centre"


def network(build):
    net = e2e.Network(build, "--no-load")
    net.node_program = str(pathlib.Path(build).resolve() / "bin/timebank-node")
    return net


def node_command(net, config, *arguments, expect=0):
    """`timebank-node ... --json`: its answer."""
    done = subprocess.run([net.node_program, "--config", config, *arguments, "--json"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


def recovery(net, *arguments, expect=0):
    """`timebank recovery ...`, offline: its answer."""
    return net.json(*arguments, "--genesis", net.dir + "/genesis.bin", expect=expect)


def config_of(net, index):
    return net.cluster["nodes"][index]["dir"] + "/config.toml"


def receipt_of_new_street(net, name):
    """A transaction recorded now, and its receipt."""
    path = f"{net.root}/{name}.receipt"
    net.json("--as", "regulator-1", "--receipt", path, "org", "create", "--name", name, "--parent",
             "district", "--kind", "STREET")
    return path


def verify(net, receipt):
    code, out, err = net.run("verify", receipt, "--genesis", net.dir + "/genesis.bin",
                             cluster=False)
    assert code == 0, out + err


def stop(net, index):
    net.signal_node(index, 15)
    net.wait_gone(index, seconds=30)


def varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def fields(data):
    """Number and value of every field of a message of varints and bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        yield tag >> 3, value


def minutes(snapshot):
    """Minutes that members have, and the sum of all accounts, which is zero."""
    with open(snapshot, "rb") as file:
        data = file.read()
    members, everything, at = 0, 0, 12
    while at < len(data):
        kind, length = data[at], int.from_bytes(data[at + 1:at + 5], "big")
        payload, at = data[at + 5:at + 5 + length], at + 5 + length
        if kind != 2:
            continue
        key, value = payload[1:1 + payload[0]], payload[1 + payload[0]:]
        amounts = []
        if key[0] == 3:  # Member: balances
            amounts = [dict(fields(balance)).get(4, 0)
                       for number, balance in fields(value) if number == 9]
        elif key[0] == 4:  # OrgAccount: amount
            amounts = [amount for number, amount in fields(value) if number == 2]
        total = sum((amount >> 1) ^ -(amount & 1) for amount in amounts)
        everything += total
        members += total if key[0] == 3 else 0
    return members, everything


def test_two_of_four_lose_disk_and_keys_under_load(net):
    net.old_receipt = receipt_of_new_street(net, "Old-Street")
    net.work = crash_e2e.Load(net, 600, "--rate", "200")
    net.work.wait_for_proofs(500, 60)
    for index in (2, 3):
        net.kill(index)
        shutil.rmtree(net.cluster["nodes"][index]["dir"])
    net.work.stop()
    # Nothing is decided any more; what remains tells each other the highest block.
    code, out, err = net.run("--json", "--as", "regulator-1", "--timeout", "3", "org", "create",
                             "--name", "Nowhere", "--parent", "district", "--kind", "STREET")
    assert code == 3, (code, out, err)
    for _ in range(2):
        net.forget(2)
    net.lost_height = net.wait_agreed(count=2, seconds=60)[0]


def test_the_council_signs_what_the_highest_node_has(net):
    net.folders = [epochs_e2e.new_folder(net, f"validator-{5 + i}", i)[0] for i in range(2)]
    for index in (0, 1):
        stop(net, index)
    net.last = net.root + "/last.block"
    report = node_command(net, config_of(net, 0), "recovery", "save", net.last)
    assert report["height"] == net.lost_height and report["era"] == 0, report
    net.snapshot = net.root + "/last.snapshot"
    assert node_command(net, config_of(net, 0), "snapshot", "save",
                        net.snapshot)["height"] == net.lost_height
    net.before = minutes(net.snapshot)
    assert net.before[0] > 0 and net.before[1] == 0, net.before
    survivors = [net.cluster["nodes"][index]["dir"] for index in (0, 1)]
    validators = [part for folder in [*survivors, *net.folders] for part in ("--validator", folder)]
    draft = net.root + "/draft.recovery"
    made = recovery(net, "recovery", "draft", net.last, *validators, "--reason", REASON, "--out",
                    draft)
    assert made["height"] == net.lost_height and made["era"] == 1, made
    assert not any(seat["signed"] for seat in made["council"]), made
    signed = [net.root + f"/council-{i}.recovery" for i in (1, 2)]
    for seat, path in enumerate(signed, 1):
        recovery(net, "--as", f"council-{seat}", "recovery", "sign", draft, "--out", path)
    # Who does not sit in the council, or sits there alone, begins nothing.
    recovery(net, "--as", "regulator-1", "recovery", "sign", draft, "--out", draft + ".no",
             expect=5)
    alone = recovery(net, "recovery", "verify", signed[0], expect=4)
    assert "signature" in json.dumps(alone), alone
    net.document = net.root + "/ledger.recovery"
    recovery(net, "recovery", "combine", signed[0], "--out", net.document, expect=4)
    recovery(net, "recovery", "combine", *signed, "--out", net.document)
    shown = recovery(net, "recovery", "verify", net.document)
    assert shown["reason"] == REASON and len(shown["validators"]) == 4, shown


def test_a_node_refuses_what_does_not_fit(net):
    with open(net.document, "rb") as file:
        whole = file.read()
    bad = net.root + "/bad.recovery"
    for at in range(0, len(whole), len(whole) // 12):
        with open(bad, "wb") as file:
            file.write(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        node_command(net, config_of(net, 0), "recovery", "begin", bad, expect=2)
    unsigned = node_command(net, config_of(net, 0), "recovery", "begin",
                            net.root + "/draft.recovery", expect=2)
    assert "signature" in unsigned["error"], unsigned
    empty = node_command(net, net.folders[0] + "/config.toml", "recovery", "begin", net.document,
                         expect=3)
    assert "snapshot" in empty["error"], empty
    assert not os.path.exists(net.cluster["nodes"][0]["dir"] + "/data/recovery.bin")


def test_four_go_on_in_the_new_era(net):
    for folder in net.folders:
        node_command(net, folder + "/config.toml", "snapshot", "restore", net.snapshot)
    for node in net.cluster["nodes"]:
        begun = node_command(net, node["dir"] + "/config.toml", "recovery", "begin", net.document)
        assert begun["era"] == 1 and begun["height"] == net.lost_height, begun
    for index in range(4):
        net.start(index)
    net.wait_agreed(count=4, seconds=60)
    net.new_receipt = receipt_of_new_street(net, "New-Street")
    assert net.wait_agreed(count=4, seconds=60)[0] > net.lost_height
    verify(net, net.old_receipt)
    verify(net, net.new_receipt)
    sets = epochs_e2e.sets(net)
    assert epochs_e2e.names(sets) == [f"validator-{i}" for i in (1, 2, 5, 6)], sets
    # Each of the four is needed by turns: a quorum is three.
    net.kill(0)
    verify(net, receipt_of_new_street(net, "Other-Street"))
    net.start(0)
    net.wait_agreed(count=4, seconds=60)


def test_no_minute_was_lost_and_load_goes_on(net):
    stop(net, 3)
    after = net.root + "/after.snapshot"
    saved = node_command(net, config_of(net, 3), "snapshot", "save", after)
    assert saved["height"] > net.lost_height, saved
    assert minutes(after) == net.before, (minutes(after), net.before)
    # A document of an era that has begun, for a node that is ahead of it: nothing to do; another
    # one, made from the same block, would be a fork.
    node_command(net, config_of(net, 3), "recovery", "begin", net.document)
    net.start(3)
    net.wait_agreed(count=4, seconds=60)
    work = crash_e2e.Load(net, 5, "--rate", "200")
    numbers = work.finish()
    assert numbers["invalid_accepted"] == 0, numbers
    net.wait_agreed(count=4, seconds=60)
    crash_e2e.check(net, work)
    print(f"        {numbers['rate']:.0f} tx/s in the new era", flush=True)


if __name__ == "__main__":
    e2e.main(globals())
