#!/usr/bin/env python3
"""One byte flipped in a stopped node's data: the node refuses to start and says what to do, or the
byte did not matter. An old block is never served damaged and is healed; a torn last batch is none."""
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import time

import network as e2e

VICTIM = 3
RECENT_BLOCKS = 1024  # node/storage/live_tail.h
EXIT_STORAGE = 3
LONE = 1150  # each is a block of its own
SEGMENT_HEADER, BATCH_HEADER, RECORD_HEADER, BATCH_TRAILER = 32, 16, 5, 8
BODY, HEIGHT_AT = 1, 46  # of a body record; where its header holds the height
# Flips of one run. The larger the part, the more; all of them must be refused.
FLIPS = {"sst": 10, "MANIFEST": 3, "CURRENT": 2, "recent": 6, "log": 6}


def network(build):
    return e2e.Network(build, "--no-load")


class Batch:
    """Where one batch of the log lies, and which bodies are in it."""

    def __init__(self, path, begin, end):
        self.path, self.begin, self.end, self.bodies = path, begin, end, []


def batches_of(data):
    """All batches of a sound log, in order."""
    found = []
    for path in sorted(pathlib.Path(data, "log").glob("*.log")):
        content, at = path.read_bytes(), SEGMENT_HEADER
        while at + BATCH_HEADER < len(content):
            number, length = struct.unpack_from(">QI", content, at)
            if number == 0:
                break
            batch = Batch(path, at, at + BATCH_HEADER + length + BATCH_TRAILER)
            record = at + BATCH_HEADER
            while record < batch.end - BATCH_TRAILER:
                kind, size = struct.unpack_from(">BI", content, record)
                begin = record + RECORD_HEADER
                if kind == BODY:
                    height = struct.unpack_from(">Q", content, begin + HEIGHT_AT)[0]
                    batch.bodies.append((height, begin, size))
                record = begin + size
            found.append(batch)
            at = batch.end
    return found


def flip(path, offset, bit=None):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ (1 << (random.randrange(8) if bit is None else bit))]))


class Trial:
    """The victim's program on a copy of its data. Ends by itself when it refuses."""

    def __init__(self, net):
        self.net = net
        self.data = net.root + "/copy"
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(net.kept, self.data)
        self.said = ""

    def start(self, seconds=30):
        """The exit code, or None once the node serves; it is stopped then."""
        program = str(pathlib.Path(self.net.timebank).parent / "timebank-node")
        node = self.net.cluster["nodes"][VICTIM]
        log = self.net.root + "/trial.log"
        with open(log, "wb") as out:
            process = subprocess.Popen(
                [program, "--config", node["dir"] + "/config.toml", "--data-dir", self.data],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        end, code = time.monotonic() + seconds, None
        try:
            while code is None and "serving clients" not in self.said:
                assert time.monotonic() < end, f"neither serves nor refuses: {self.said[-2000:]}"
                time.sleep(0.02)
                code = process.poll()
                with open(log, encoding="utf-8", errors="replace") as file:
                    self.said = file.read()
        finally:
            if code is None:
                process.terminate()
                process.wait(30)
        return code

    def must_refuse(self, what, *names):
        code = self.start()
        assert code == EXIT_STORAGE, f"{what}: exit {code}\n{self.said[-2000:]}"
        assert "Keep the whole data directory" in self.said, f"{what}: {self.said[-2000:]}"
        assert any(name in self.said for name in names), f"{what}: {names}\n{self.said[-2000:]}"

    def must_start(self, what):
        code = self.start()
        assert code is None, f"{what}: exit {code}\n{self.said[-2000:]}"


def height_of_victim(net):
    return max(height for batch in net.batches for height, _, _ in batch.bodies)


def live_batches(net):
    """What a start must read: from the oldest recent block on, without the very last batch, which
    looks torn when it is damaged."""
    oldest = height_of_victim(net) - RECENT_BLOCKS + 1
    first = next(i for i, b in enumerate(net.batches) if any(h >= oldest for h, _, _ in b.bodies))
    return net.batches[first:-1]


def data_of(net):
    return net.cluster["nodes"][VICTIM]["dir"] + "/data"


def workload(net, *arguments):
    env = dict(os.environ, TIMEBANK_CLUSTER=net.dir + "/cluster.json", TIMEBANK_LANG="en")
    run = subprocess.run(
        [net.timebank, "--json", "workload", "run", "--seconds", "1", "--members", "2000",
         "--window", "20", *arguments],
        capture_output=True, text=True, timeout=600, env=env, check=False)
    assert run.returncode == 0, run.stdout + run.stderr[-2000:]


def test_more_blocks_than_are_recent(net):
    net.record = net.root + "/load.record"
    workload(net, "--lone", "0", "--record", net.record)  # these blocks will be old ones
    workload(net, "--lone", str(LONE))
    net.wait_agreed()
    for index in range(4):
        net.signal_node(index, signal.SIGTERM)
    for index in range(4):
        net.wait_gone(index)
    net.kept = net.root + "/kept"
    shutil.copytree(data_of(net), net.kept)
    net.batches = batches_of(net.kept)
    assert height_of_victim(net) > RECENT_BLOCKS + 20, height_of_victim(net)
    Trial(net).must_start("untouched")


def test_a_flip_in_the_database_is_refused(net):
    kv = pathlib.Path(net.kept, "kv")
    tables = sorted(kv.glob("*.sst"))
    assert tables
    flips = [(tables[i % len(tables)], None) for i in range(max(FLIPS["sst"], len(tables)))]
    flips += [(next(kv.glob("MANIFEST-*")), None)] * FLIPS["MANIFEST"]
    flips += [(kv / "CURRENT", None)] * FLIPS["CURRENT"]
    for path, _ in flips:
        trial = Trial(net)
        offset = random.randrange(path.stat().st_size)
        flip(f"{trial.data}/kv/{path.name}", offset)
        # The database, or the log that knows better than a manifest which lost its end.
        trial.must_refuse(f"{path.name} at {offset}", path.name, "/kv", "the database")


def flip_in(trial, batch, offset):
    flip(f"{trial.data}/log/{batch.path.name}", offset)


def test_a_flip_in_the_live_log_is_refused(net):
    live = live_batches(net)
    for _ in range(FLIPS["log"]):
        batch, trial = random.choice(live), Trial(net)
        offset = random.randrange(batch.begin, batch.end)
        flip_in(trial, batch, offset)
        trial.must_refuse(f"{batch.path.name} at {offset}", batch.path.name)


def test_a_flip_in_a_recent_block_is_refused(net):
    oldest = height_of_victim(net) - RECENT_BLOCKS + 1
    blocks = [(batch, body) for batch in net.batches[:-1] for body in batch.bodies
              if body[0] >= oldest]
    chosen = [blocks[0], blocks[-1]] + random.sample(blocks, FLIPS["recent"] - 2)
    for batch, (height, begin, size) in chosen:
        trial = Trial(net)
        flip_in(trial, batch, begin + random.randrange(size))
        trial.must_refuse(f"block {height}", batch.path.name)


def test_what_is_missing_is_not_made_anew(net):
    for name in ("kv", "log"):
        trial = Trial(net)
        shutil.rmtree(f"{trial.data}/{name}")
        trial.must_refuse(f"no {name}", f"/{name}")
        again = trial.start()
        assert again == EXIT_STORAGE, f"no {name}, second start: {again}"


def test_a_torn_last_batch_is_no_error(net):
    last = net.batches[-1]
    for begin in (last.begin, (last.begin + last.end) // 2, last.end - 1):
        trial = Trial(net)
        with open(f"{trial.data}/log/{last.path.name}", "r+b") as file:
            file.seek(begin)
            file.write(bytes(last.end - begin))
        trial.must_start(f"last batch zero from {begin}")


def test_text_and_unused_bytes_do_not_matter(net):
    last = net.batches[-1]
    for path, offset in ((f"log/{last.path.name}", last.end + 5000), ("kv/IDENTITY", 3),
                         ("started", 3)):
        trial = Trial(net)
        flip(f"{trial.data}/{path}", offset)
        trial.must_start(path)


def receipt(net, index, transaction):
    node = net.cluster["nodes"][index]
    return net.run("--json", "--timeout", "5", "--node", f"{node['name']}={node['grpc']}",
                   "receipt", "get", transaction)


def test_an_old_block_is_not_served_damaged_and_is_healed(net):
    limit = height_of_victim(net) - RECENT_BLOCKS
    bodies = {height: (batch, begin, size) for batch in net.batches
              for height, begin, size in batch.bodies if height <= limit}
    with open(net.record, encoding="ascii") as file:
        recorded = [line.split() for line in file]
    transaction, height = next((i, int(h)) for i, h in recorded if int(h) in bodies)
    batch, begin, size = bodies[height]
    flip(f"{data_of(net)}/log/{batch.path.name}", begin + size - 1)
    net.start(VICTIM)  # alone: nobody can heal it
    end = time.monotonic() + 30
    while f"block {height}: " not in net.log_tail(VICTIM, 20000):
        receipt(net, VICTIM, transaction)
        assert time.monotonic() < end, net.log_tail(VICTIM)
    code, out, err = receipt(net, VICTIM, transaction)
    assert code != 0, out + err
    for index in range(3):
        net.start(index)
    while f"block {height} was healed from a peer" not in net.log_tail(VICTIM, 20000):
        assert time.monotonic() < end + 30, net.log_tail(VICTIM)
        time.sleep(0.2)
    net.wait_agreed()
    for index in range(4):
        code, out, err = receipt(net, index, transaction)
        assert code == 0, f"node {index}: {out}{err}"


def test_a_halted_node_does_not_start_again(net):
    net.kill(VICTIM)
    trial = Trial(net)
    pathlib.Path(trial.data, "divergence.txt").write_text("dump\n", encoding="ascii")
    code = trial.start()
    assert code == 6 and "divergence.txt" in trial.said, (code, trial.said)


if __name__ == "__main__":
    e2e.main(globals())
