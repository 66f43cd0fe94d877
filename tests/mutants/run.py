#!/usr/bin/env python3
"""Builds the breaks of mutants.txt and sees each of them die where it is known to.

  tests/mutants/run.py --build build/dev

Two programs: seeds of the simulator, and the exhaustive check. The last line adds up both.
"""
import argparse
import pathlib
import re
import subprocess
import sys

CLOSING = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = parser.parse_args().build
    made = subprocess.run(["cmake", "--build", build, "--target", "mutants"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if made.returncode != 0:
        print(made.stdout[-3000:] + "\n0 passed, 1 failed")
        return 1
    passed = failed = 0
    bin_ = pathlib.Path(build) / "bin"
    for command in ([bin_ / "timebank_model_mutants"], [bin_ / "timebank_mutants", "--known"]):
        run = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        print(run.stdout, end="")
        closing = CLOSING.findall(run.stdout)
        if not closing:
            print(f"{command[0].name} ended with {run.returncode}: {run.stderr[-2000:]}")
        passed += int(closing[-1][0]) if closing else 0
        failed += int(closing[-1][1]) if closing else 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
