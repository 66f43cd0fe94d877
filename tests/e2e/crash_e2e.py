#!/usr/bin/env python3
"""kill -9 under load: of one validator, and of all four at once, ten times. Whatever a client holds
a proof of is there afterwards, on every validator."""
import json
import os
import random
import subprocess
import time

import network as e2e


def network(build):
    return e2e.Network(build, "--no-load")


class Load:
    """`timebank workload run` in the background, its proofs recorded in a file."""

    def __init__(self, net, seconds, *options):
        self.record = f"{net.root}/{time.monotonic_ns()}.record"
        env = dict(os.environ, TIMEBANK_CLUSTER=net.dir + "/cluster.json", TIMEBANK_LANG="en")
        self.errors = open(self.record + ".err", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [net.timebank, "--json", "workload", "run", "--seconds", str(seconds), "--lone", "0",
             "--members", "2000", "--window", "200", "--record", self.record, *options],
            stdout=subprocess.PIPE, stderr=self.errors, env=env, text=True)
        self.wait_for_proofs(1, 300)

    def proofs(self):
        try:
            with open(self.record, "rb") as file:
                return file.read().count(b"\n")
        except FileNotFoundError:
            return 0

    def wait_for_proofs(self, count, seconds):
        end = time.monotonic() + seconds
        while self.proofs() < count:
            assert self.process.poll() is None, open(self.errors.name, encoding="utf-8").read()
            assert time.monotonic() < end, f"{self.proofs()} proofs after {seconds} s"
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=60)

    def finish(self):
        out, _ = self.process.communicate(timeout=180)
        assert self.process.returncode == 0, open(self.errors.name, encoding="utf-8").read()
        return json.loads(out)


def check(net, load):
    found = net.json("workload", "check", load.record, timeout=600)
    assert found["transactions"] == load.proofs() and found["missing"] == 0, found
    print(f"        {found['transactions']} recorded transactions, all on {found['nodes']} nodes",
          flush=True)


def test_one_validator_killed_under_load(net):
    load = Load(net, 25)
    for index in (1, 3):
        time.sleep(2)
        net.kill(index)
        load.wait_for_proofs(load.proofs() + 100, 20)
        time.sleep(1)
        net.start(index)
    numbers = load.finish()
    print(f"        longest pause {numbers['pause_ms']:.0f} ms, {numbers['rate']:.0f} tx/s, "
          f"{numbers['failovers']} failovers", flush=True)
    assert numbers["failovers"] >= 2 and numbers["invalid_accepted"] == 0, numbers
    net.wait_agreed(seconds=60)
    check(net, load)


def test_all_validators_killed_ten_times(net):
    load = Load(net, 600)
    for _ in range(10):
        time.sleep(random.uniform(0, 1.5))
        for index in range(4):
            net.signal_node(index, 9)
        for index in range(4):
            net.wait_gone(index)
        before = load.proofs()
        for index in range(4):
            net.start(index)
        load.wait_for_proofs(before + 1, 60)
    load.stop()
    net.wait_agreed(seconds=60)
    check(net, load)


if __name__ == "__main__":
    e2e.main(globals())
