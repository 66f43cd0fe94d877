#!/usr/bin/env python3
"""How fast a validator that was away catches up, and what that costs the others.

  tests/bench/catchup.py --build build/dev [--rate 100] [--behind 60]

Four validators on loopback take a steady rate. One is stopped for `--behind` seconds and started
again. Printed: its rate of blocks and transactions until it is level, as a multiple of the live
rate, and the live rate and its longest pause meanwhile beside those of before. About three minutes.
"""
import argparse
import pathlib
import re
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import crash_e2e  # noqa: E402
import network as e2e  # noqa: E402

LATE = 3  # the validator that is away
LEVEL_BLOCKS = 3


class Watch:
    """Heights and sizes of the transaction log, read from the validators' metrics."""

    def __init__(self, net):
        self.ports = []
        for node in net.cluster["nodes"]:
            config = pathlib.Path(node["dir"] + "/config.toml").read_text(encoding="utf-8")
            self.ports.append(re.search(r"^\s*metrics = .*:(\d+)", config, re.M).group(1))

    def read(self, index):
        """(height, transactions), or nothing while it does not answer."""
        try:
            url = f"http://127.0.0.1:{self.ports[index]}/metrics"
            with urllib.request.urlopen(url, timeout=2) as page:
                text = page.read().decode()
        except OSError:
            return None
        return tuple(int(float(re.search(rf"^timebank_{name} (\S+)", text, re.M).group(1)))
                     for name in ("height", "log_size"))


class Live:
    """Proofs a second, and the longest time without one, over a stretch of time."""

    def __init__(self, load):
        self.load = load
        self.begin = self.last = time.monotonic()
        self.first = self.count = load.proofs()
        self.pause = 0.0

    def look(self):
        count, now = self.load.proofs(), time.monotonic()
        if count > self.count:
            self.pause = max(self.pause, now - self.last)
            self.count, self.last = count, now

    def rate(self):
        return (self.count - self.first) / (time.monotonic() - self.begin)


def observe(load, seconds):
    live = Live(load)
    while time.monotonic() < live.begin + seconds:
        live.look()
        time.sleep(0.1)
    return live.rate(), live.pause


def catch_up(net, watch, load):
    """Blocks and transactions that it took in, seconds, and the live rate and pause meanwhile."""
    before = watch.read(0)
    net.start(LATE)
    live, start = Live(load), None
    while True:
        live.look()
        late, others = watch.read(LATE), watch.read(0)
        now = time.monotonic()
        if late and start is None:
            start = (now, late)
        if start and late and others[0] - late[0] <= LEVEL_BLOCKS:
            break
        assert now < live.begin + 600, f"not level: {late} of {others}"
        time.sleep(0.1)
    seconds = now - start[0]
    behind = before[0] - start[1][0]
    gained = tuple(late[i] - start[1][i] for i in range(2))
    return behind, gained, seconds, start[0] - live.begin, live


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(e2e.ROOT / "build/dev"))
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--behind", type=int, default=60)
    options = parser.parse_args()
    net = e2e.Network(options.build, "--no-load")
    try:
        net.up()
        watch = Watch(net)
        load = crash_e2e.Load(net, options.behind + 300, "--rate", str(options.rate))
        time.sleep(5)
        calm_rate, calm_pause = observe(load, 20)
        net.signal_node(LATE, 15)
        net.wait_gone(LATE, seconds=30)
        began = watch.read(0), time.monotonic()
        time.sleep(options.behind)
        now = watch.read(0)
        away = time.monotonic() - began[1]
        per_second = tuple((now[i] - began[0][i]) / away for i in range(2))
        behind, gained, seconds, opening, live = catch_up(net, watch, load)
        print(f"live: {per_second[0]:.1f} blocks/s, {per_second[1]:.0f} transactions/s; "
              f"{behind} blocks behind when it answered, {opening:.1f} s after its start")
        print(f"catching up: {gained[0] / seconds:.0f} blocks/s, {gained[1] / seconds:.0f} "
              f"transactions/s over {seconds:.1f} s: {gained[1] / seconds / per_second[1]:.1f} "
              "times the live rate")
        print(f"live rate meanwhile: {live.rate():.0f} of {calm_rate:.0f} proofs/s "
              f"({live.rate() / calm_rate * 100:.0f}%), longest pause {live.pause * 1000:.0f} ms, "
              f"before {calm_pause * 1000:.0f} ms")
        load.stop()
    finally:
        net.down()


if __name__ == "__main__":
    main()
