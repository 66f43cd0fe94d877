#!/usr/bin/env python3
"""Backups: of a validator at work under load and of one that is stopped; what was damaged is not
taken; what is restored follows the others, proves what was recorded, and never votes with its old
key. With a new key, by decision of the council, it votes."""
import os
import pathlib
import random
import shutil
import subprocess

import crash_e2e
import epochs_e2e
import network as e2e

VICTIM = 1  # validator-2


def network(build):
    net = e2e.Network(build, "--no-load")
    net.node_program = str(pathlib.Path(build).resolve() / "bin/timebank-node")
    net.backup = net.root + "/backup"
    return net


def config_of(net, index):
    return net.cluster["nodes"][index]["dir"] + "/config.toml"


def node_command(net, config, *arguments, expect=0):
    done = subprocess.run([net.node_program, *arguments, "--config", config], capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def status(net, index):
    return net.status()[0][net.cluster["nodes"][index]["name"]]


def test_a_backup_is_made_under_load_and_verifies(net):
    net.work = crash_e2e.Load(net, 20, "--rate", "200")
    out = node_command(net, config_of(net, VICTIM), "backup", "make", net.backup)
    assert "height" in out, out
    net.work.wait_for_proofs(net.work.proofs() + 200, 30)
    net.work.finish()
    data = net.cluster["nodes"][VICTIM]["dir"] + "/data"
    assert not os.path.exists(data + "/backup") and not os.path.exists(data + "/backup.request")
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=net.backup, check=False)
    assert sums.returncode == 0
    secrets = {"consensus.key", "tls.key", "passphrase"}
    names = {name for _, _, files in os.walk(net.backup) for name in files}
    assert not secrets & names, names
    node_command(net, config_of(net, VICTIM), "backup", "make", net.backup, expect=3)  # is there


def test_a_damaged_backup_is_refused(net):
    damaged = net.root + "/damaged"
    for change in ("flip", "lose", "add"):
        shutil.copytree(net.backup, damaged)
        files = sorted(str(path) for path in pathlib.Path(damaged).rglob("*") if path.is_file()
                       and path.name != "SHA256SUMS" and path.stat().st_size > 0)
        victim = random.choice(files)
        if change == "flip":
            with open(victim, "r+b") as file:
                at = random.randrange(os.path.getsize(victim))
                file.seek(at)
                byte = file.read(1)
                file.seek(at)
                file.write(bytes([byte[0] ^ 1]))
        elif change == "lose":
            os.remove(victim)
        else:
            shutil.copy(victim, damaged + "/log/00000099.log")
        out = node_command(net, config_of(net, VICTIM), "backup", "verify", damaged, expect=3)
        assert damaged in out, out
        shutil.rmtree(damaged)


def test_restored_it_follows_and_never_votes(net):
    height = net.wait_agreed()[0]
    node = net.cluster["nodes"][VICTIM]["dir"]
    out = node_command(net, config_of(net, VICTIM), "backup", "restore", net.backup, expect=3)
    assert "holds data: nothing was changed" in out, out
    net.kill(VICTIM)
    os.rename(node + "/data", node + "/lost")
    out = node_command(net, config_of(net, VICTIM), "backup", "restore", "--new-key", net.backup,
                       expect=3)
    assert "is no new key" in out, out
    shutil.rmtree(node + "/data")
    out = node_command(net, config_of(net, VICTIM), "backup", "restore", net.backup)
    assert "does not vote" in out, out
    net.start(VICTIM)
    net.wait_agreed(above=height - 1, seconds=60)
    assert status(net, VICTIM)["voting"] == "restored", status(net, VICTIM)
    assert "were restored from a backup" in net.log_tail(VICTIM), net.log_tail(VICTIM)
    crash_e2e.check(net, net.work)
    # Its vote would be the third of three.
    net.kill(3)
    record = ("--timeout", "6", "org", "create", "--name", "Street", "--parent", "district",
              "--kind", "STREET")
    code, out, err = net.run("--json", "--as", "regulator-1", *record)
    assert code == 3, (code, out, err)
    net.start(3)
    net.wait_agreed(above=height, seconds=60)
    # Neither does it vote after another start.
    net.kill(VICTIM)
    net.start(VICTIM)
    net.wait_agreed(seconds=60)
    assert status(net, VICTIM)["voting"] == "restored", status(net, VICTIM)


def test_with_a_new_key_it_votes(net):
    folder, index = epochs_e2e.new_validator(net, "validator-2-new", 0)
    net.kill(index)
    shutil.rmtree(folder + "/data", ignore_errors=True)
    # Of the stopped node that was restored: as good as any to begin with.
    net.kill(VICTIM)
    again = net.root + "/again"
    node_command(net, config_of(net, VICTIM), "backup", "make", again)
    out = node_command(net, config_of(net, VICTIM), "backup", "restore", "--new-key", again,
                       expect=3)
    assert "holds data" in out, out
    node_command(net, folder + "/config.toml", "backup", "restore", "--new-key", again)
    net.start(index)
    net.json(*epochs_e2e.COUNCIL, "validators", "change", "--remove", "validator-2", "--add",
             folder)
    epochs_e2e.say_ready(net, folder)
    net.forget(VICTIM)
    epochs_e2e.wait_epoch(net, 1)
    index = [node["name"] for node in net.cluster["nodes"]].index("validator-2-new")
    e2e.wait_until(lambda: status(net, index)["voting"] == "yes", 20, lambda: status(net, index))
    # Its vote is the third of three.
    gone = [node["name"] for node in net.cluster["nodes"]].index("validator-4")
    net.kill(gone)
    net.json("--as", "regulator-1", "org", "create", "--name", "Lane", "--parent", "district",
             "--kind", "STREET")
    net.start(gone)
    net.wait_agreed(seconds=60)
    crash_e2e.check(net, net.work)


if __name__ == "__main__":
    e2e.main(globals())
