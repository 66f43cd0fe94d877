#!/usr/bin/env python3
"""Checks every #include of ours against the layer table of ARCHITECTURE.md.

The table is the one between the markers `<!-- layers -->` and `<!-- /layers -->`: folder, ring,
folders it may include, third-party headers it may include. A folder without a row, a row without a
folder and a cycle in the table are errors too.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
THIRD_PARTY = {
    "grpc": ("grpc/", "grpcpp/"), "rocksdb": ("rocksdb/",), "sodium": ("sodium",),
    "openssl": ("openssl/",), "absl": ("absl/",), "protobuf": ("google/protobuf/",),
    "spdlog": ("spdlog/", "fmt/"), "cli11": ("CLI/",), "toml": ("toml++/",),
    "json": ("nlohmann/",), "gtest": ("gtest/", "gmock/"), "httplib": ("httplib.h",),
    "prometheus": ("prometheus/",), "boost": ("boost/",), "rapidcheck": ("rapidcheck",),
}
PURE_FORBIDDEN = {"chrono", "thread", "mutex", "shared_mutex", "condition_variable", "future",
                  "random", "fstream", "iostream", "unordered_map", "unordered_set", "ctime",
                  "filesystem", "time.h", "unistd.h", "stop_token"}
# Headers that must stay inside .cc files (compile time, and the reader's).
SOURCE_ONLY = {"grpc", "rocksdb", "boost", "sodium", "openssl"}
GENERATED = ("timebank/v1/", "google/rpc/", "grpc/health/")  # from api/proto
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]')


def read_table():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    match = re.search(r"<!-- layers -->(.*?)<!-- /layers -->", text, re.S)
    if not match:
        sys.exit("ARCHITECTURE.md: no layer table between <!-- layers --> and <!-- /layers -->")
    rows = {}
    for line in match.group(1).splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4 or cells[0] in ("folder", "") or set(cells[0]) <= set("-: "):
            continue
        words = lambda cell: [] if cell == "-" else [w.strip() for w in cell.split(",")]
        rows[cells[0]] = {"ring": cells[1], "folders": words(cells[2]), "third": words(cells[3])}
    return rows


def check_table(rows, errors):
    for folder, row in rows.items():
        if not (ROOT / folder).is_dir():
            errors.append(f"ARCHITECTURE.md: row '{folder}' has no folder")
        for other in row["folders"]:
            if other not in rows:
                errors.append(f"ARCHITECTURE.md: '{folder}' names unknown folder '{other}'")
    seen, stack = set(), []

    def visit(folder):
        if folder in stack:
            errors.append("ARCHITECTURE.md: cycle " + " -> ".join(stack + [folder]))
            return
        if folder in seen or folder not in rows:
            return
        stack.append(folder)
        for other in rows[folder]["folders"]:
            if other != folder:
                visit(other)
        stack.pop()
        seen.add(folder)

    for folder in rows:
        visit(folder)


def folder_of(path, rows):
    """The longest row that holds `path` (a path relative to the root)."""
    best = ""
    for folder in rows:
        if (path + "/").startswith(folder + "/") and len(folder) > len(best):
            best = folder
    return best


def check_file(path, rows, errors):
    relative = path.relative_to(ROOT).as_posix()
    folder = folder_of(relative, rows)
    if not folder:
        errors.append(f"{relative}: its folder has no row in the layer table")
        return
    row = rows[folder]
    is_test = relative.endswith("_test.cc") or "/testing/" in relative
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        where, name = f"{relative}:{number}", match.group(2)
        if match.group(1) == '"' and not name.startswith(GENERATED):
            target = folder_of(name, rows)
            if not (ROOT / name).exists():
                errors.append(f"{where}: {name} does not exist (paths start at the root)")
            elif target != folder and target not in row["folders"] and not is_test:
                errors.append(f"{where}: {folder} may not include {target} ({name})")
            continue
        if name.startswith(GENERATED):
            if "api/proto" not in row["folders"]:
                errors.append(f"{where}: {folder} may not include the schema")
            if name.endswith(".grpc.pb.h") and "grpc" not in row["third"]:
                errors.append(f"{where}: {folder} may not include service stubs")
            continue
        third = next((key for key, prefixes in THIRD_PARTY.items()
                      if name.startswith(prefixes)), None)
        if third and third not in row["third"] and not is_test:
            errors.append(f"{where}: {folder} may not include {third} ({name})")
        if third in SOURCE_ONLY and relative.endswith(".h") and not is_test:
            errors.append(f"{where}: {third} headers belong into .cc files")
        if row["ring"] in ("pure", "replica") and name in PURE_FORBIDDEN and not is_test:
            errors.append(f"{where}: the {row['ring']} ring may not include <{name}>")


def main():
    rows, errors = read_table(), []
    check_table(rows, errors)
    files = [p for folder in rows for suffix in ("*.h", "*.cc")
             for p in (ROOT / folder).rglob(suffix) if "build" not in p.parts]
    for path in sorted(set(files)):
        check_file(path, rows, errors)
    print("\n".join(errors))
    print(f"layers: {len(set(files))} files, {len(rows)} layers, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
