#!/usr/bin/env python3
"""Checks the table of failures of real implementations in docs/testing.md: each of P1 to P20 has a row, every
test and story that the row names is there, and one of them has the number in its name."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PITFALLS = 20


def tests():
    """SUITE.NAME of every GoogleTest."""
    names = set()
    for path in ROOT.rglob("*_test.cc"):
        if "build" in path.relative_to(ROOT).parts:
            continue
        for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", path.read_text()):
            names.add(f"{suite}.{name}")
    return names


def named_in(row):
    """Patterns of tests in one row: `Suite.Name`, `Suite.*`, `Suite.Part{One,Two}`."""
    for name in re.findall(r"`([A-Z]\w*\S*?)`", row):
        head, _, parts = name.rstrip("}").partition("{")
        for part in parts.split(","):
            whole = (head + part).replace(".", r"\.").replace("*", ".*")
            yield name, re.compile(whole + (r".*" if "." not in name else "") + "$")


def main():
    rows = re.findall(r"^\| P(\d+) \|(.*)$", (ROOT / "docs/testing.md").read_text(), re.M)
    known, errors = tests(), []
    if [int(number) for number, _ in rows] != list(range(1, PITFALLS + 1)):
        errors.append(f"docs/testing.md: P1 to P{PITFALLS} have one row each, in order")
    for number, row in rows:
        found = set()
        for name, pattern in named_in(row):
            matches = {test for test in known if pattern.match(test)}
            found |= matches
            if not matches:
                errors.append(f"docs/testing.md: P{number}: no test is called {name}")
        for story in re.findall(r"story `(\w+)`", row):
            if not (ROOT / f"tests/scenario/network/{story}.txt").exists():
                errors.append(f"docs/testing.md: P{number}: there is no story {story}")
        if not any(re.search(rf"P{number}(?!\d)", test) for test in found):
            errors.append(f"docs/testing.md: P{number}: no test has the number in its name")
    for error in errors:
        print(error)
    print(f"pitfalls: {len(rows)} rows, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
