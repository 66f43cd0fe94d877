#!/usr/bin/env python3
"""The house rules that a machine can check: sizes, columns, characters, words, formatting.

  tests/lint/tidy.py            check
  tests/lint/tidy.py --format   also run clang-format in check mode where it is installed
"""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER_MAX, SOURCE_MAX, FUNCTION_MAX, COLUMNS_MAX = 150, 500, 60, 100
# Pure code: no floating point, ever.
PURE = ("base/", "crypto/", "chain/", "ledger/", "consensus/", "node/replica/")
WORDS = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")
FLOATS = re.compile(r"\b(double|float)\b")
BANNED_NAMES = re.compile(r"(^|/)(util|utils|common|helpers?|manager|misc)(\.|/|_test\.)")
NOT_FUNCTION = re.compile(r"^(namespace|class|struct|enum|union|extern|#|//|\}|using|typedef)")


def tracked_files():
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]
    return [p for p in ROOT.rglob("*") if p.is_file() and "build" not in p.parts]


def check_functions(name, lines, errors):
    """Function bodies that start at column 0, as clang-format writes them."""
    start = None
    for number, line in enumerate(lines, 1):
        opens = line.rstrip().endswith("{") and not line.startswith((" ", "\t"))
        if start is None and opens and not NOT_FUNCTION.match(line) and "(" in line + lines[max(
                0, number - 2)]:
            start = number
        elif start is not None and line.startswith("}"):
            if number - start + 1 > FUNCTION_MAX:
                errors.append(f"{name}:{start}: function of {number - start + 1} lines "
                              f"(at most {FUNCTION_MAX})")
            start = None


def check_cpp(path, name, errors):
    lines = path.read_text(encoding="utf-8").splitlines()
    limit = HEADER_MAX if name.endswith(".h") else SOURCE_MAX
    if len(lines) > limit:
        errors.append(f"{name}: {len(lines)} lines (at most {limit})")
    own_header = (name.endswith(".cc") and path.with_suffix(".h").exists()) or name.endswith("_test.cc")
    if not own_header and (not lines or not lines[0].startswith("//")):
        errors.append(f"{name}:1: a file opens with what it owns")
    if name.endswith(".h") and "#pragma once" not in lines:
        errors.append(f"{name}: no #pragma once")
    pure = name.startswith(PURE) and not name.endswith("_test.cc") and "/testing/" not in name
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if len(line) > COLUMNS_MAX:
            errors.append(f"{where}: {len(line)} columns (at most {COLUMNS_MAX})")
        if WORDS.search(line):
            errors.append(f"{where}: say it in an issue, not in the code: {line.strip()}")
        if not line.isascii() and not name.startswith(("wallet-cli/", "api/client/", "tests/")):
            errors.append(f"{where}: not ASCII")
        if pure and FLOATS.search(line.split("//")[0]):
            errors.append(f"{where}: floating point in the deterministic core")
        if "using namespace" in line:
            errors.append(f"{where}: using namespace")
    if name.endswith(".cc"):
        check_functions(name, lines, errors)


def check_format(files, errors):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if tool is None:
        print("skipped: formatting, because clang-format is not installed")
        return 1
    run = subprocess.run([tool, "--dry-run", "--Werror", *map(str, files)], cwd=ROOT,
                         capture_output=True, text=True, check=False)
    for line in run.stderr.splitlines():
        if "error:" in line:
            errors.append(line.replace(str(ROOT) + "/", ""))
    return 0


def main():
    errors, cpp, skipped = [], [], 0
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        if BANNED_NAMES.search(name):
            errors.append(f"{name}: a name that says nothing")
        if name.endswith((".h", ".cc")):
            cpp.append(path)
            check_cpp(path, name, errors)
        if name.endswith(".md"):
            heads = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
            if len(re.findall(r"^# ", heads, re.M)) != 1:
                errors.append(f"{name}: exactly one title (# ...)")
    if "--format" in sys.argv:
        skipped = check_format(cpp, errors)
    print("\n".join(errors[:200]))
    print(f"tidy: {len(cpp)} C++ files, {len(errors)} errors")
    if skipped:
        print(f"{0 if errors else 1} passed, {len(errors)} failed, {skipped} skipped")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
