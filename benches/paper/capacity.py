"""The storage capacity of the Hopfield network, N = 2000 to 100,000, as a stored scan.

    python benches/paper/capacity.py FOLDER

A coarse pass finds about where each size loses its memory; the second pass has seven loads within
one and a half widths of that point, where a trial tells most, and the numbers of instances below.
Both passes are stores in FOLDER. Ctrl-C, or kill it: the next call goes on. At the end the table is
printed, and the rows and the figure are written. `docs/capacity.md` shows what came out.
"""

from __future__ import annotations

import argparse
import lzma
import math
from pathlib import Path

import numpy as np

from spinglass._result_files import as_csv
from spinglass.experiments import CapacityScan, capacity

# Sizes, and for each the instances a load in the coarse pass and in the second.
SIZES = (2000, 4000, 10_000, 30_000, 100_000)
COARSE = (40, 30, 20, 10, 4)
INSTANCES = (5000, 5000, 3000, 600, 60)
STARTS = 2


def coarse(folder: Path) -> CapacityScan:
    """Look for the half-points on a wide grid."""
    loads = np.round(np.arange(0.134, 0.1701, 0.004), 3).tolist()
    return capacity(
        SIZES, loads, COARSE, STARTS, seed=1, progress=True, store=folder / "coarse.sqlite"
    )


def around(n_spins: int, half_point: float, steps: range = range(-3, 4)) -> list[float]:
    """Return loads around a half-point, seven by default, equally spaced in sqrt(load).

    The width of the fall is that of pilot runs, 0.73 N^(-1/2) in sqrt(load).
    """
    centre, width = math.sqrt(half_point), 0.73 * n_spins**-0.5
    return [round((centre + width * k / 2) ** 2, 6) for k in steps]


def fine(folder: Path, first: CapacityScan) -> CapacityScan:
    """Measure around the half-points of the coarse pass."""
    loads = {p.n_spins: around(p.n_spins, p.value) for p in first.half_points}
    return capacity(
        SIZES, loads, INSTANCES, STARTS, seed=2, progress=True, store=folder / "fine.sqlite"
    )


def table(scan: CapacityScan) -> str:
    """Return the half-points and what follows from them, as Markdown."""
    lines = ["| N | loads | instances a load | trials | half-point | error | law |"]
    lines += ["|---:|---|---:|---:|---:|---:|---:|"]
    law = dict(zip(scan.alpha_c.n_spins, scan.alpha_c.residuals, strict=True))
    for k, point in enumerate(scan.half_points):
        its = scan.config.pattern_counts(k)
        trials = np.count_nonzero(scan.trials["n_spins"] == point.n_spins)
        lines.append(
            f"| {point.n_spins:,} | {len(its)}, {its[0] / point.n_spins:.4f} to "
            f"{its[-1] / point.n_spins:.4f} | {scan.config.n_instances[k]:,} | {trials:,} "
            f"| {point.value:.5f} | {point.error:.5f} | {point.value - law[point.n_spins]:.5f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    scan = fine(folder, coarse(folder))
    print(table(scan))
    print(scan.alpha_c)
    (folder / "capacity_trials.csv.xz").write_bytes(lzma.compress(as_csv(scan.trials), preset=9))
    scan.save(folder)


if __name__ == "__main__":
    main()
