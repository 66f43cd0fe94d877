#!/usr/bin/env python3
"""Runs the fuzz targets: libFuzzer with AddressSanitizer and UBSan, over seeds made afresh.

  tests/fuzz/run.py [TARGET ...] [--seconds N]

Builds them first, in build/fuzz, with clang 14 from Debian (`./dev test` and `./dev fuzz` install it).
The targets take turns on the cores, N seconds each. A target fails at a crash, a leak, an input that takes
long or too much memory, and when the seeds bring it nowhere that no input at all does. The input is
kept in build/fuzz/found, and the line that shows it again is printed. What was learnt stays in
build/fuzz/corpus for the next run. The last line is "N passed, M failed", or "... skipped" where there
is no clang.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/fuzz"
PROGRAM = BUILD / "bin/timebank_fuzz"
SECONDS = 60 if os.environ.get("TIMEBANK_LONG") else 10
GRACE_SECONDS = 300  # for what libFuzzer does before and after
# No decoder keeps more than a few times its input, the longest of which is below 64 KiB here.
INPUT_BYTES_MAX = 60_000
MEMORY_MB_MAX = 700  # of which the sanitizer takes most
BLOCK_MB_MAX = 16
# These read bytes that were not scanned first, and protobuf reserves 50 MB for a text that says it is as long.
BLOCK_MB_MAX_OF = {"block_body": 64, "rules": 64}
SLOW_SECONDS = 10
SANITIZERS = {"ASAN_OPTIONS": "quarantine_size_mb=16:detect_stack_use_after_return=0",
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
    subprocess.run([BUILD / "bin/timebank_fuzz_seeds", ROOT / "tests/vectors/chain.json", seeds],
                   check=True)
    return seeds


def fuzz(name, seconds, *arguments):
    """libFuzzer's exit code and what it printed."""
    command = [PROGRAM, f"-max_len={INPUT_BYTES_MAX}", f"-rss_limit_mb={MEMORY_MB_MAX}",
               f"-malloc_limit_mb={BLOCK_MB_MAX_OF.get(name, BLOCK_MB_MAX)}",
               f"-timeout={SLOW_SECONDS}", f"-artifact_prefix={BUILD}/found/{name}-", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False,
                         env=os.environ | SANITIZERS | {"FUZZ_TARGET": name},
                         timeout=seconds + GRACE_SECONDS)
    return run.returncode, run.stderr


def last_number(pattern, output):
    return int((re.findall(pattern, output) or ["0"])[-1])


def edges_of_nothing(name):
    with tempfile.TemporaryDirectory() as nothing:
        return last_number(r"cov: (\d+)", fuzz(name, 0, "-runs=0", nothing)[1])


def run_target(name, seeds, seconds):
    """Whether it passed, and what there is to say if not."""
    corpus = BUILD / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    folders = [folder for folder in (corpus, seeds / name, ROOT / "tests/fuzz/found" / name)
               if folder.exists()]
    code, output = fuzz(name, seconds, f"-max_total_time={seconds}", "-use_value_profile=1",
                        "-print_final_stats=1", *folders)
    executed = last_number(r"number_of_executed_units:\s+(\d+)", output)
    memory = last_number(r"peak_rss_mb:\s+(\d+)", output)
    edges, start = last_number(r"cov: (\d+)", output), edges_of_nothing(name)
    passed = code == 0 and executed > 0 and edges > start
    print(f"{name:14} {executed:9} inputs {edges:6} edges, {start:4} without seeds "
          f"{memory:5} MB  {'ok' if passed else 'FAILED'}", flush=True)
    return passed, report(name, output)


def report(name, output):
    lines = [line for line in output.splitlines() if not re.match(r"#\d+\s+[A-Z]+ ", line)][-60:]
    kept = re.findall(r"Test unit written to (\S+)", output)
    if kept:
        lines += [f"the input is kept: {kept[-1]}",
                  f"again: FUZZ_TARGET={name} {PROGRAM.relative_to(ROOT)} {kept[-1]}",
                  f"when it is mended, it goes to tests/fuzz/found/{name}"]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    options = parser.parse_args()
    if not shutil.which("clang++-14"):
        print("skipped: fuzzing, because clang++-14 is not installed")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    started = time.monotonic()
    if error := build():
        print(error)
        print("0 passed, 1 failed")
        return 1
    print(f"built in {time.monotonic() - started:.0f} s", flush=True)
    seeds = make_seeds()
    names = sorted(folder.name for folder in seeds.iterdir())
    for target in options.targets:
        if target not in names:
            sys.exit(f"no target '{target}'; there are {', '.join(names)}")
    names = options.targets or names
    (BUILD / "found").mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = list(pool.map(lambda name: run_target(name, seeds, options.seconds), names))
    for text in [text for passed, text in results if not passed]:
        print(text)
    passed = sum(passed for passed, _ in results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
