#!/usr/bin/env python3
"""Runs the fuzz targets (libFuzzer with AddressSanitizer and UBSan) over seeds made afresh.

  tests/fuzz/run.py [TARGET ...] [--seconds N]

Builds them first, in build/fuzz, which takes clang 14 from Debian (`./dev fuzz` installs it). All targets
take turns on the cores, N seconds each. What an input that fails looks like is kept in
build/fuzz/found; the program with that file as its argument shows it again. The last line is
"N passed, M failed", or "... skipped" where there is no clang.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/fuzz"
SECONDS = 10
# No decoder keeps more than a few times its input, the longest of which is below 64 KiB here.
INPUT_BYTES_MAX = 60_000
MEMORY_MB_MAX = 700  # of which the sanitizer takes most
BLOCK_MB_MAX = 16
SLOW_SECONDS = 10
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=16:detect_stack_use_after_return=0",
               "UBSAN_OPTIONS": "print_stacktrace=1"}


def build():
    """The error, or nothing."""
    log = ROOT / "build/fuzz-build.log"
    log.parent.mkdir(exist_ok=True)
    commands = [["cmake", "--build", "--preset", "fuzz"]]
    if not (BUILD / "build.ninja").exists():
        commands.insert(0, ["cmake", "--preset", "fuzz"])
    with open(log, "w", encoding="utf-8", errors="replace") as out:
        for command in commands:
            code = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
                                  check=False).returncode
            if code != 0:
                out.flush()
                return "\n".join(log.read_text(errors="replace").splitlines()[-40:])
    return None


def make_seeds():
    seeds = BUILD / "seeds"
    shutil.rmtree(seeds, ignore_errors=True)
    subprocess.run([BUILD / "tests/fuzz/timebank_fuzz_seeds", ROOT / "tests/vectors/chain.json",
                    seeds], check=True)
    return seeds


def run_target(name, seeds, seconds):
    """Whether it passed, and what it printed."""
    corpus, found = BUILD / "corpus" / name, BUILD / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    command = [BUILD / f"tests/fuzz/fuzz_{name}", f"-max_total_time={seconds}",
               f"-max_len={INPUT_BYTES_MAX}", f"-rss_limit_mb={MEMORY_MB_MAX}",
               f"-malloc_limit_mb={BLOCK_MB_MAX}", f"-timeout={SLOW_SECONDS}",
               "-use_value_profile=1", "-print_final_stats=1",
               f"-artifact_prefix={found}/{name}-", corpus, seeds / name]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False,
                         env=os.environ | ENVIRONMENT)
    executed, edges, memory = (int((re.findall(pattern, run.stderr) or ["0"])[-1]) for pattern in
                               (r"number_of_executed_units:\s+(\d+)", r"cov: (\d+)",
                                r"peak_rss_mb:\s+(\d+)"))
    state = "ok" if run.returncode == 0 and executed > 0 else "FAILED"
    print(f"{name:14} {executed:9} inputs {edges:6} edges {memory:5} MB  {state}", flush=True)
    return state == "ok", run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    options = parser.parse_args()
    if not shutil.which("clang++-14"):
        print("skipped: fuzzing, because clang++-14 is not installed")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    if error := build():
        print(error)
        print("0 passed, 1 failed")
        return 1
    names = sorted(p.name[len("fuzz_"):] for p in (BUILD / "tests/fuzz").glob("fuzz_*")
                   if os.access(p, os.X_OK) and p.is_file())
    for target in options.targets:
        if target not in names:
            sys.exit(f"no target '{target}'; there are {', '.join(names)}")
    names = options.targets or names
    seeds = make_seeds()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = list(pool.map(lambda name: run_target(name, seeds, options.seconds), names))
    for output in [output for passed, output in results if not passed]:
        print("\n".join(output.splitlines()[-60:]))
    passed = sum(passed for passed, _ in results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
