#!/usr/bin/env python3
"""The schema's own rules (FORMATS 2) and, where npm is there, `buf lint`.

Hashed and signed messages: no optional, no maps, no strings, no floats, no int32/int64, signed
amounts sint64, oneofs hold messages only, every bytes field has a length.
"""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "api/proto"
CANONICAL = ("transaction", "record", "block")
FIELD = re.compile(r"^\s*(repeated |optional )?(map<[^>]*>|[\w.]+)\s+(\w+)\s*=\s*\d+\s*(\[.*\])?;")
BUF_VERSION = "1.75.0"


def check_canonical(name, errors):
    path = PROTO / f"timebank/v1/{name}.proto"
    in_oneof = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path.relative_to(ROOT)}:{number}"
        if re.match(r"^\s*oneof ", line):
            in_oneof = True
        elif in_oneof and line.strip() == "}":
            in_oneof = False
        field = FIELD.match(line.split("//")[0])
        if not field:
            continue
        label, kind, _, options = field.groups()
        if label == "optional " or kind.startswith("map<"):
            errors.append(f"{where}: no optional, no maps")
        if kind in ("string", "float", "double", "int32", "int64", "fixed32", "fixed64",
                    "sfixed32", "sfixed64", "sint32"):
            errors.append(f"{where}: no {kind} in a signed or hashed message")
        if kind == "bytes" and not re.search(r"\((len|max_len)\)", options or ""):
            errors.append(f"{where}: bytes without a length")
        if in_oneof and kind[0].islower():
            errors.append(f"{where}: a oneof holds messages only")


def run_buf(errors):
    npm = shutil.which("npm")
    if npm is None:
        print("schema: npm is not installed, buf lint skipped")
        return
    tools = ROOT / "build/tools"
    buf = tools / "node_modules/.bin/buf"
    if not buf.exists():
        tools.mkdir(parents=True, exist_ok=True)
        install = subprocess.run([npm, "install", "--no-audit", "--no-fund", "--prefix",
                                  str(tools), f"@bufbuild/buf@{BUF_VERSION}"],
                                 capture_output=True, text=True, check=False)
        if install.returncode != 0 or not buf.exists():
            print("schema: buf could not be installed, buf lint skipped")
            return
    lint = subprocess.run([str(buf), "lint"], cwd=PROTO, capture_output=True, text=True,
                          check=False)
    if lint.returncode != 0:
        errors.extend((lint.stdout + lint.stderr).splitlines())


def main():
    errors = []
    for name in CANONICAL:
        check_canonical(name, errors)
    run_buf(errors)
    print("\n".join(errors))
    print(f"schema: {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
