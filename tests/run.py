#!/usr/bin/env python3
"""Runs every part of the test suite and prints time and numbers per part.

  tests/run.py --build build/dev [--only NAME ...] [--long]

A part is a test binary of CMake (GoogleTest, or a program that prints "N passed, M failed"), a lint
or an end-to-end script. The last line is "N passed, M failed" with ", K skipped" where some were.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
GTEST = {"passed": re.compile(r"\[  PASSED  \] (\d+) test"),
         "failed": re.compile(r"\[  FAILED  \] (\d+) test"),
         "skipped": re.compile(r"\[  SKIPPED \] (\d+) test")}
PLAIN = re.compile(r"^(?:\S+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)


def ctest_parts(build):
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"],
                             capture_output=True, text=True, check=True)
    for test in json.loads(listing.stdout)["tests"]:
        # ctest tells no command of a program that is not there.
        missing = [sys.executable, "-c", "import sys; sys.exit('this test is not built')"]
        yield test["name"], test.get("command", missing)


def script_parts(build):
    yield "lint-layers", [sys.executable, str(ROOT / "tests/lint/layers.py")]
    yield "lint-tidy", [sys.executable, str(ROOT / "tests/lint/tidy.py"), "--format"]
    yield "lint-schema", [sys.executable, str(ROOT / "tests/lint/schema.py")]
    yield "lint-pitfalls", [sys.executable, str(ROOT / "tests/lint/pitfalls.py")]
    yield "formal", [sys.executable, str(ROOT / "tests/formal/run.py")]
    yield "mutants", [sys.executable, str(ROOT / "tests/mutants/run.py"), "--build", build]
    yield "fuzz", [sys.executable, str(ROOT / "tests/fuzz/run.py")]
    yield "vectors-second-reader", [sys.executable, str(ROOT / "tests/vectors/second_reader.py")]
    yield "linear", [sys.executable, str(ROOT / "tests/e2e/linear_test.py")]
    for script in sorted((ROOT / "tests/e2e").glob("*_e2e.py")):
        yield "e2e-" + script.stem[:-4], [sys.executable, str(script), "--build", build]


def count(output, code):
    """Passed, failed and skipped tests of one part, from its output or its exit code."""
    plain = PLAIN.findall(output)
    if plain:
        passed, failed, skipped = (int(n or 0) for n in plain[-1])
    else:
        found = {key: [int(n) for n in rx.findall(output)] for key, rx in GTEST.items()}
        if any(found.values()):
            passed, failed, skipped = (n[-1] if n else 0 for n in
                                       (found["passed"], found["failed"], found["skipped"]))
        else:
            passed, failed, skipped = (1, 0, 0) if code == 0 else (0, 1, 0)
    if code != 0 and failed == 0:
        failed = 1
    return passed, failed, skipped


def run_part(name, command):
    started = time.monotonic()
    log = ROOT / "build" / "test-logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8", errors="replace") as out:
        code = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False).returncode
    output = log.read_text(encoding="utf-8", errors="replace")
    passed, failed, skipped = count(output, code)
    seconds = time.monotonic() - started
    state = "ok" if failed == 0 else f"FAILED (exit {code})"
    print(f"{name:28} {passed:6} {failed:6} {skipped:7} {seconds:8.1f} s  {state}", flush=True)
    if failed:
        print("\n".join("    " + line for line in output.splitlines()[-60:]), flush=True)
    for line in [line for line in output.splitlines() if line.startswith("skipped: ")][:5]:
        print("    " + line, flush=True)
    return passed, failed, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build/dev"))
    parser.add_argument("--only", nargs="*", help="parts whose name contains one of these")
    parser.add_argument("--long", action="store_true", help="longer runs where a part has them")
    options = parser.parse_args()
    if options.long:
        os.environ["TIMEBANK_LONG"] = "1"
    parts = list(ctest_parts(options.build)) + list(script_parts(options.build))
    if options.only:
        parts = [p for p in parts if any(word in p[0] for word in options.only)]
    print(f"{'part':28} {'passed':>6} {'failed':>6} {'skipped':>7} {'time':>10}")
    started, totals = time.monotonic(), [0, 0, 0]
    for name, command in parts:
        totals = [a + b for a, b in zip(totals, run_part(name, command))]
    print(f"{len(parts)} parts in {time.monotonic() - started:.0f} s")
    skipped = f", {totals[2]} skipped" if totals[2] else ""
    print(f"{totals[0]} passed, {totals[1]} failed{skipped}")
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
