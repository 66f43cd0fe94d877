#!/usr/bin/env python3
"""The formal model (consensus/model): explored completely, and broken.

  tests/formal/run.py [--views N] [--explore]

1. Every state of the model in two views (--views), with spin. A run that did not end says so.
2. Each rule taken away in turn: spin has to find what then goes wrong.
--explore: 1 alone. The last line is "N passed, M failed".
"""
import argparse
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "consensus/model"
MEMORY_MIB = 4096  # of one exploration; it stops there
# What is taken away, and what has to follow.
BREAKS = {
    "BREAK_I1": ("two Notarize in a view", "two_notarized"),
    "BREAK_I2": ("Finalize and Nullify in a view", "final_and_nullified"),
    "BREAK_SYNC": ("a vote leaves before it is on disk", "final_and_nullified"),
    "BREAK_FLOOR": ("a vote at or below the floor", "final_and_nullified"),
    "BREAK_SKIPPED_VIEWS": ("a view skipped without its Nullification", "final_passed_by"),
    "NEED=1": ("a quorum of 2f", "final_and_nullified"),
    "ENDS_EPOCH BREAK_EPOCH_END": ("a child of the last block of an epoch", "fork"),
}


def build(folder, source, defines, flags):
    """A checker of the model in its own folder."""
    folder.mkdir()
    command = ["spin", "-a", *[f"-D{define}" for define in defines], str(MODEL / source)]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode == 0:
        made = subprocess.run(["gcc", "-w", "-DSAFETY", *flags, "-o", "pan", "pan.c"], cwd=folder,
                              capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise RuntimeError(f"{source} {defines}: {made.stdout}{made.stderr}")
    return folder / "pan"


def explore(folder, defines):
    """What pan found: states, depth, seconds, complete, the violated claim or None."""
    pan = build(folder, "simplex.pml", defines, ["-O2", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MIB}"])
    started = time.monotonic()
    out = subprocess.run([str(pan), "-m1000000", "-w24"], cwd=folder, capture_output=True,
                         text=True, check=False).stdout
    seconds = time.monotonic() - started
    states = re.search(r"(\d+) states, stored", out)
    depth = re.search(r"depth reached (\d+)", out)
    violated = re.search(r"assertion violated +!\((\w+)\)", out)
    wrong = re.search(r"errors: (\d+)", out)
    complete = (wrong is not None and wrong[1] == "0" and "max search depth too small" not in out
                and "Search not completed" not in out)
    return {"states": int(states[1]) if states else 0, "depth": int(depth[1]) if depth else 0,
            "seconds": seconds, "complete": complete, "violated": violated[1] if violated else None}


def check_whole(folder, defines):
    found = explore(folder, defines)
    end = ("exhaustive" if found["complete"] else
           f"VIOLATION: {found['violated']}" if found["violated"] else "NOT exhaustive: stopped")
    return found["complete"], (f"model {' '.join(defines)}: {found['states']} states, depth "
                               f"{found['depth']}, {found['seconds']:.1f} s, {end}")


def check_break(folder, name):
    what, expected = BREAKS[name]
    found = explore(folder, ["VIEWS=2", *name.split()])
    return found["violated"] == expected, f"broken, {what}: {found['violated'] or 'NOT FOUND'}"


def check_final(folder):
    found = explore(folder, ["VIEWS=2", "SHOW_FINAL"])
    return found["violated"] == "finalized", "a block of the last view can become final"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=
                                     argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--explore", action="store_true")
    options = parser.parse_args()
    if shutil.which("spin") is None:
        print("spin is not installed (Debian package spin)\n0 passed, 1 failed")
        return 1
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        folder = pathlib.Path(scratch)
        views = f"VIEWS={options.views}"
        jobs = [pool.submit(check_whole, folder / "whole", [views]),
                pool.submit(check_whole, folder / "ends", [views, "ENDS_EPOCH"])]
        if not options.explore:
            jobs += [pool.submit(check_break, folder / f"break{k}", name)
                     for k, name in enumerate(BREAKS)]
            jobs.append(pool.submit(check_final, folder / "final"))
        for job in jobs:
            good, line = job.result()
            print(("" if good else "FAILED: ") + line, flush=True)
            passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
