"""Fuzzing at length: `python -m tests.fuzz --help`."""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz import damage
from fuzz.session import kinds, session


def of_files(n, seed):
    """Read mutants of files, print how many were refused and what went wrong."""
    faults = 0
    for kind, done, refused, wrong in damage.session(n, seed):
        print(
            f"{kind}: {done} mutants, {refused} refused, {len(wrong)} faults",
            *wrong[:5],
            sep="\n  ",
        )
        faults += len(wrong)
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=100, help="of each call")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each call, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="the name of one call")
    parser.add_argument("--case", type=int, help="the number of one case")
    parser.add_argument("--files", type=int, help="so many mutants of a file of each kind instead")
    asked = parser.parse_args()
    if asked.files is not None:
        return of_files(asked.files, asked.seed)
    sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)
    first, cases = (0, asked.cases) if asked.case is None else (asked.case, 1)
    began = time.monotonic()
    said = session(cases, asked.seconds, asked.seed, asked.only, first)
    done = {}
    for line in said:
        if "done" in line:
            done[line["name"]] = done.get(line["name"], 0) + line["done"]
        if "long" in line:
            print("long:", line["long"])
    for (name, kind), lines in sorted(kinds(said).items()):
        print(f"\n{name}: {kind}: {len(lines)} cases, the first:")
        print(f"  {lines[0]['case']}\n  {lines[0]['fault']}")
        print(lines[0].get("output", ""), end="")
    print(f"\n{sum(done.values())} cases of {len(done)} calls in {time.monotonic() - began:.0f} s")
    fewer = {name: n for name, n in done.items() if n < cases}
    if fewer:
        print("fewer than asked for, for want of time:", *(f"{x} {n}" for x, n in fewer.items()))
    return 1 if kinds(said) else 0


if __name__ == "__main__":
    sys.exit(main())
