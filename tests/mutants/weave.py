#!/usr/bin/env python3
"""Writes copies of the protocol's sources in which each break of mutants.txt can be switched on at
run time: weave.py OUT FILE...

mutants.txt holds blocks: "NAME: what is broken", where it is known to die, "in FILE", then pairs of
lines "- original" and "+ replacement", where MUTANT in a replacement is the condition that its
break is on. An original that is not found exactly once is an error: the list follows the code.
Several breaks may share an edit. Where it dies: "seed N" of the simulator, "model" (the exhaustive
check), or both. "mutants.cc" gets all of it in order; the first break has number 1.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read():
    """[name, text, seed, in the model] of each break, {(file, original, replacement): numbers}."""
    names, edits, file, original = [], {}, None, None
    listing = (ROOT / "tests/mutants/mutants.txt").read_text(encoding="utf-8")
    for line in listing.splitlines():
        text = line[2:].replace("\\n", "\n")
        if not line or line.startswith("#"):
            continue
        if line.startswith("in "):
            file = line[3:]
        elif line.startswith("seed "):
            names[-1][2] = int(line[5:])
        elif line == "model":
            names[-1][3] = True
        elif line.startswith("- "):
            original = text
        elif line.startswith("+ "):
            edits.setdefault((file, original, text), []).append(len(names))
        else:
            names.append([*line.split(": ", 1), 0, False])
    return names, edits


def main():
    out = pathlib.Path(sys.argv[1])
    sources = {name: (ROOT / name).read_text(encoding="utf-8") for name in sys.argv[2:]}
    names, edits = read()
    for (file, original, replacement), numbers in edits.items():
        found = sources[file].count(original)
        if found != 1:
            sys.exit(f"mutants {numbers}: in {file} this is there {found} times: {original}")
        on = " || ".join(f"::timebank_mutant == {number}" for number in numbers)
        sources[file] = sources[file].replace(original, replacement.replace("MUTANT", f"({on})"))
    for name, text in sources.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        woven = f'extern int timebank_mutant;\n#line 1 "{ROOT / name}"\n{text}'
        if not path.exists() or path.read_text(encoding="utf-8") != woven:
            path.write_text(woven, encoding="utf-8")
    listing = "".join(f'    {{"{name}", "{text}", {seed}, {str(model).lower()}}},\n'
                      for name, text, seed, model in names)
    (out / "mutants.cc").write_text(
        '#include "tests/mutants/mutants.h"\n\nnamespace timebank::mutants {\n'
        f"extern const std::vector<Mutant> kMutants = {{\n{listing}}};\n"
        "}  // namespace timebank::mutants\n", encoding="utf-8")


if __name__ == "__main__":
    main()
