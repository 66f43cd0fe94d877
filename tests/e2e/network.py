"""A development network of real processes for end-to-end tests: start, ask, break, stop.

Everything goes through the programs a user has: `timebank` and `timebank-node`. Ports lie on
loopback; processes are ended by their ids.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port_base(count=20):
    """The start of a run of free ports, below the kernel's ephemeral range."""
    for _ in range(200):
        base = random.randrange(12000, 30000)
        try:
            for port in range(base, base + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    raise RuntimeError("no free ports")


def wait_until(condition, seconds, story):
    """Until `condition()` is true; `story()` is what a failure tells."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {story()}"
        time.sleep(0.2)


class Skip(Exception):
    """Raised by a test that this machine cannot run; says why."""


class Network:
    def __init__(self, build, *up_arguments):
        self.timebank = str(pathlib.Path(build).resolve() / "bin/timebank")
        self.root = tempfile.mkdtemp(prefix="timebank-e2e-")
        self.dir = self.root + "/net"
        self.port_base = free_port_base()
        self.report = None
        self.up_arguments = up_arguments

    def up(self, timeout=900):
        run = subprocess.run(
            [self.timebank, "dev", "up", "--detach", "--json", "--dir", self.dir,
             "--port-base", str(self.port_base), *self.up_arguments],
            capture_output=True, text=True, timeout=timeout, check=False)
        assert run.returncode == 0, f"dev up failed ({run.returncode}): {run.stderr[-3000:]}"
        self.report = json.loads(run.stdout)
        return self

    @property
    def cluster(self):
        with open(self.dir + "/cluster.json", encoding="utf-8") as file:
            return json.load(file)

    def run(self, *arguments, cluster=True, timeout=120):
        """Exit code, stdout and stderr of one call of `timebank`."""
        env = dict(os.environ, TIMEBANK_LANG="en")
        if cluster:
            env["TIMEBANK_CLUSTER"] = self.dir + "/cluster.json"
        else:
            env.pop("TIMEBANK_CLUSTER", None)
        done = subprocess.run([self.timebank, *arguments], capture_output=True, text=True,
                              timeout=timeout, env=env, cwd=self.root, check=False)
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments, expect=0, **options):
        code, out, err = self.run("--json", *arguments, **options)
        assert code == expect, f"{arguments}: exit {code}, expected {expect}\n{out}\n{err}"
        return json.loads(out)

    def status(self):
        """Per node name: its status, of the nodes that answer."""
        code, out, _ = self.run("--json", "status")
        nodes = json.loads(out)
        nodes = nodes.get("nodes", nodes) if isinstance(nodes, dict) else nodes
        return {n["name"]: n for n in nodes if "height" in n}, code

    def wait_agreed(self, count=4, seconds=30, above=-1):
        """Waits until `count` nodes stand at one height (> above) with one state root."""
        end = time.monotonic() + seconds
        seen = {}
        while time.monotonic() < end:
            seen, _ = self.status()
            points = {(n["height"], n["state_root"]) for n in seen.values()}
            if len(seen) >= count and len(points) == 1 and points.copy().pop()[0] > above:
                return points.pop()
            time.sleep(0.2)
        raise AssertionError(f"no agreement of {count} nodes within {seconds} s: {seen}")

    def pid(self, index):
        return self.cluster["nodes"][index]["pid"]

    def signal_node(self, index, number):
        os.kill(self.pid(index), number)

    def wait_gone(self, index, seconds=20):
        pid, end = self.pid(index), time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                    is_zombie = stat.read().rsplit(")", 1)[1].split()[0] == "Z"
                # The first thread may be one while others still hold the files and their locks.
                if is_zombie and len(os.listdir(f"/proc/{pid}/task")) == 1:
                    return
            except FileNotFoundError:
                return
            time.sleep(0.02)
        raise AssertionError(f"node {index} does not end")

    def kill(self, index):
        self.signal_node(index, signal.SIGKILL)
        self.wait_gone(index)

    def start(self, index, release="timebank-node"):
        """Starts a stopped node again and records its process id in cluster.json."""
        cluster = self.cluster
        node = cluster["nodes"][index]
        program = str(pathlib.Path(self.timebank).parent / release)
        log = open(node["dir"] + "/node.log", "ab")
        process = subprocess.Popen([program, "--config", node["dir"] + "/config.toml"],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True)
        node["pid"] = process.pid
        with open(self.dir + "/cluster.json", "w", encoding="utf-8") as file:
            json.dump(cluster, file, indent=2)
        return process

    def forget(self, index):
        """Ends a node for good, if it still runs, and takes it out of cluster.json."""
        try:
            self.kill(index)
        except ProcessLookupError:
            pass
        cluster = self.cluster
        del cluster["nodes"][index]
        with open(self.dir + "/cluster.json", "w", encoding="utf-8") as file:
            json.dump(cluster, file, indent=2)

    def log_tail(self, index, size=3000):
        with open(self.cluster["nodes"][index]["dir"] + "/node.log", "rb") as file:
            return file.read()[-size:].decode(errors="replace")

    def story(self):
        """What the nodes say of themselves, for a test that failed."""
        try:
            return self.run("status")[1] + "".join(f"--- {node['name']}\n{self.log_tail(i, 1500)}\n"
                                  for i, node in enumerate(self.cluster["nodes"]))
        except Exception as error:  # the test's own failure is what counts
            return f"(no story of the nodes: {error})\n"

    def down(self):
        try:
            for node in self.cluster["nodes"]:
                try:
                    os.kill(node["pid"], signal.SIGKILL)
                except ProcessLookupError:
                    pass
        except FileNotFoundError:
            pass
        shutil.rmtree(self.root, ignore_errors=True)


def main(module, arguments=None):
    """Runs every `test_*` function of `module` in order of definition; they share `module.NETWORK`
    when there is a `network(build)` function. Prints the plain closing line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=str(ROOT / "build/dev"))
    parser.add_argument("--only", default="")
    options = parser.parse_args(arguments)
    passed, failed, skipped, net = 0, 0, 0, None
    try:
        net = module["network"](options.build)
        net.up()
        for name, test in list(module.items()):
            if not name.startswith("test_") or options.only not in name:
                continue
            began = time.monotonic()
            try:
                test(net)
                passed += 1
                print(f"ok      {name} {time.monotonic() - began:.1f} s", flush=True)
            except Skip as why:
                skipped += 1
                print(f"skipped: {name}: {why}", flush=True)
            except Exception:  # a failing test must not hide the others
                failed += 1
                print(f"FAILED  {name}\n{traceback.format_exc()}{net.story()}", flush=True)
    except Exception:
        failed += 1
        print(f"FAILED  bringing the network up\n{traceback.format_exc()}", flush=True)
    finally:
        if net is not None:
            net.down()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)
