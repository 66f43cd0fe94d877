#!/usr/bin/env python3
"""The schema's own rules, the examples of docs/formats.md and, where npm is there, `buf lint`.

Hashed and signed messages: no optional, no maps, no strings, no floats, no int32/int64, signed
amounts sint64, oneofs hold messages only, every bytes field has a length.

Reservations: every enum, and the transaction kinds, reserve numbers for what is built later. A
`reserved` statement stands under a comment `// Reserved: 44 SUSPEND, 45 RECOVER_KEY; 52-59 people.`
that names the same numbers.

Examples: in docs/formats.md "`a.b[0].c` =", before text in backquotes or a block, gives the value
at that path of tests/vectors/chain.json, in hexadecimal with spaces and line breaks anywhere,
`...` for a part left out. After two spaces and a bar ("  | ") a line of a block has a remark.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "api/proto"
CANONICAL = ("transaction", "validators", "record", "block")
FIELD = re.compile(r"^\s*(repeated |optional )?(map<[^>]*>|[\w.]+)\s+(\w+)\s*=\s*\d+\s*(\[.*\])?;")
RESERVED = re.compile(r"^\s*reserved (.*);$")
LISTED = re.compile(r"(?:^|[,;] )(\d+)(?:-(\d+))? ")
EXAMPLE = re.compile(r"^(?:- )?`(\S+)` =(?: `([^`]*)`|\n```\n(.*?)```)", re.S | re.M)
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


def numbers(ranges):
    """{1, 2, 3} of (1, 3)."""
    return {n for first, last in ranges for n in range(int(first), int(last or first) + 1)}


def check_reserved(name, errors):
    path = PROTO / f"timebank/v1/{name}.proto"
    lines = path.read_text(encoding="utf-8").splitlines()
    comment, block, has_reserved = None, None, False
    for number, line in enumerate(lines, 1):
        where = f"{path.relative_to(ROOT)}:{number}"
        if re.match(r"^(enum|message TransactionBody) ?", line):
            block, has_reserved = where, False
        elif line == "}" and block:
            if not has_reserved:
                errors.append(f"{block}: no numbers are reserved for what is built later")
            block = None
        text = line.strip()
        reserved = RESERVED.match(line)
        if text.startswith("// Reserved: "):
            comment = text[len("// Reserved: "):]
        elif text.startswith("//") and comment is not None:
            comment += " " + text[2:].strip()
        elif reserved:
            has_reserved = True
            stated = numbers(re.findall(r"(\d+)(?: to (\d+))?", reserved.group(1)))
            if comment is None or numbers(LISTED.findall(comment)) != stated:
                errors.append(f"{where}: the comment above does not name these numbers")
            comment = None
        elif comment is not None:
            errors.append(f"{where}: a comment says reserved, but no `reserved` follows")
            comment = None


def vector_at(vectors, path):
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        vectors = vectors[key] if key else vectors[int(index)]
    return str(vectors)


def check_examples(errors):
    """The number of examples of docs/formats.md; those that are not in the vectors are errors."""
    vectors = json.loads((ROOT / "tests/vectors/chain.json").read_text(encoding="utf-8"))
    examples = EXAMPLE.findall((ROOT / "docs/formats.md").read_text(encoding="utf-8"))
    for path, inline, block in examples:
        lines = [line.split("  | ")[0] for line in (inline or block).splitlines()]
        parts = re.sub(r"\s", "", "".join(lines)).split("...")
        try:
            value = vector_at(vectors, path)
        except (KeyError, IndexError, TypeError):
            errors.append(f"docs/formats.md: no vector {path}")
            continue
        if not re.fullmatch(".*".join(re.escape(part) for part in parts), value):
            errors.append(f"docs/formats.md: the example of {path} is not the vector")
    if not examples:
        errors.append("docs/formats.md: no example")
    return len(examples)


def run_buf(errors):
    """What was skipped and why, or None."""
    npm = shutil.which("npm")
    if npm is None:
        return "buf lint, because npm is not installed"
    tools = ROOT / "build/tools"
    buf = tools / "node_modules/.bin/buf"
    if not buf.exists():
        tools.mkdir(parents=True, exist_ok=True)
        install = subprocess.run([npm, "install", "--no-audit", "--no-fund", "--prefix",
                                  str(tools), f"@bufbuild/buf@{BUF_VERSION}"],
                                 capture_output=True, text=True, check=False)
        if install.returncode != 0 or not buf.exists():
            return "buf lint, because npm could not install buf"
    lint = subprocess.run([str(buf), "lint"], cwd=PROTO, capture_output=True, text=True,
                          check=False)
    if lint.returncode != 0:
        errors.extend((lint.stdout + lint.stderr).splitlines())
    return None


def main():
    errors = []
    for name in CANONICAL:
        check_canonical(name, errors)
    for name in CANONICAL + ("vocabulary",):
        check_reserved(name, errors)
    examples = check_examples(errors)
    skipped = run_buf(errors)
    print("\n".join(errors))
    if skipped:
        print(f"skipped: {skipped}")
    print(f"schema: {len(errors)} errors, {examples} examples")
    print(f"{0 if errors else 1} passed, {len(errors)} failed" + (", 1 skipped" if skipped else ""))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
