"""How many patterns memories of each energy hold, against N, as stored scans.

    python benches/paper/memories.py FOLDER

A coarse pass finds about where each size loses its memories; the second has seven numbers of
patterns around that point. A memory is kept if the pattern is a fixed point, or if a recall from it
ends at an overlap of 0.9. The last scan has 2^(N/2) patterns and the exponential energy. All passes
are stores in FOLDER. Ctrl-C, or kill it: the next call goes on. At the end the tables are printed,
and the rows are written. `docs/attention.md` shows what came out.
"""

from __future__ import annotations

import argparse
import lzma
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinglass import DenseAssociativeMemory
from spinglass._result_files import as_csv
from spinglass.experiments import CapacityScan, capacity
from spinglass.theory import memories


class Memory(NamedTuple):
    """What is measured of one energy: sizes, instances in both passes, starts, criteria."""

    order: Any
    n_spins: tuple[int, ...]
    coarse: int
    fine: int
    n_starts: int
    criteria: tuple[str, ...] = ("fixed_point", "overlap")


MEMORIES = (
    Memory(2, (50, 100, 200, 400, 800), 50, 400, 4),
    Memory(3, (50, 100, 200, 400), 50, 300, 4),
    Memory(4, (30, 50, 80, 120, 160), 40, 200, 4),
    Memory("exp", (16, 18, 20, 22, 24, 26, 28), 4, 10, 16, ("fixed_point",)),
)
# The second pass: a fixed point is lost over a wider range, to any one of its spins.
AROUND = {"fixed_point": np.geomspace(0.75, 1.33, 7), "overlap": np.geomspace(0.85, 1.18, 7)}
GUARANTEED = (20, 24, 28, 32, 36, 40)


def expected(memory: Memory, criterion: str, n_spins: int) -> float:
    """Return about the half-point: the estimate of theory, and what small networks hold beyond."""
    if memory.order == "exp":
        return memories.exponential_estimate(n_spins)
    error = {"error": 0.005} if criterion == "overlap" else {}
    return 1.5 * memories.dense_capacity(n_spins, memory.order, **error)


def scanned(folder: Path, memory: Memory, criterion: str) -> CapacityScan:
    """Run both passes, or what is left of them, and return the second."""
    counts = {n: expected(memory, criterion, n) * np.geomspace(0.5, 2, 8) for n in memory.n_spins}
    for name, instances in (("coarse", memory.coarse), ("fine", memory.fine)):
        scan = capacity(
            memory.n_spins,
            n_patterns={n: np.unique(p.round().astype(int)).tolist() for n, p in counts.items()},
            n_instances=instances,
            n_starts=memory.n_starts,
            memory=partial(DenseAssociativeMemory, order=memory.order),
            criterion=criterion,
            seed=1 if name == "coarse" else 2,
            progress=True,
            store=folder / f"{name}_{memory.order}_{criterion}.sqlite",
        )
        counts = {p.n_spins: p.n_patterns * AROUND[criterion] for p in scan.half_points}
    return scan


def guaranteed(folder: Path) -> CapacityScan:
    """Ask 100 patterns of each of ten instances whether they are stable among 2^(N/2)."""
    return capacity(
        GUARANTEED,
        n_patterns={n: [2 ** (n // 2)] for n in GUARANTEED},
        n_instances=10,
        n_starts=100,
        memory=partial(DenseAssociativeMemory, order="exp"),
        criterion="fixed_point",
        seed=3,
        progress=True,
        store=folder / "guaranteed.sqlite",
    )


def rows(memory: Memory, scan: CapacityScan) -> NDArray[np.void]:
    """Return what half-points follow from: the order (0 for "exp"), the criterion, each trial."""
    names = ("n_spins", "n_patterns", "load", "instance", "start", "overlap")
    kinds = [("order", np.int64), ("fixed_point", np.int64)]
    kinds += [(name, scan.trials.dtype[name]) for name in names]
    table = np.empty(len(scan.trials), kinds)
    table["order"] = 0 if memory.order == "exp" else memory.order
    table["fixed_point"] = scan.config.criterion == "fixed_point"
    for name in names:
        table[name] = scan.trials[name]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for memory in MEMORIES:
        for criterion in memory.criteria:
            scan = scanned(folder, memory, criterion)
            found.append(rows(memory, scan))
            for p in scan.half_points:
                half = f"{p.n_patterns:.4g} | {p.n_patterns_error:.2g}"
                print(f"| {memory.order} | {criterion} | {p.n_spins} | {half} | {p.note}")
            for law in ("power", "power_over_log", "exponential"):
                fit = scan.growth(law)
                print(law, fit.value, fit.error, fit.chi_square, fit.note, flush=True)
    published = lzma.compress(as_csv(np.concatenate(found)), preset=9)
    (folder / "memory_trials.csv.xz").write_bytes(published)
    for row in guaranteed(folder).summary():
        print(*(row[x] for x in ("n_spins", "n_patterns", "n_trials", "retrieval", "overlap")))


if __name__ == "__main__":
    main()
