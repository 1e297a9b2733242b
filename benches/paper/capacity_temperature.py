"""The line alpha_c(T) of the Hopfield network, N = 1000 to 100,000, as stored scans.

    python benches/paper/capacity_temperature.py FOLDER

At each temperature a coarse pass finds about where each size loses its memory; the next passes have
seven loads within one and a half widths of that point, where a trial tells most. Every trial is a
run of the heat bath from a pattern, and is looked at after 100, 400 and 1600 sweeps. From
N = 30,000 on a trial ends when its overlap falls below 0.35, from where few memories come back. All
passes are stores in FOLDER. Ctrl-C, or kill it: the next call goes on. At the end the table is
printed, and the rows are written. `docs/capacity.md` shows what came out.
"""

from __future__ import annotations

import argparse
import lzma
from pathlib import Path

import numpy as np
from capacity import around
from numpy.typing import NDArray

from spinglass._result_files import as_csv
from spinglass.experiments import CapacityScan, capacity
from spinglass.theory import hopfield

TEMPERATURES = (0.02, 0.05, 0.1, 0.2, 0.4)
LENGTHS = (100, 400, 1600)
ABANDON = 0.35
# Instances a load in the coarse pass, and at each of the seven loads.
COARSE = {1000: 40, 2000: 30, 4000: 20, 10_000: 10, 30_000: 6}
WHOLE = {1000: 860, 2000: 640, 4000: 430, 10_000: 145}
ABANDONED = {30_000: 57}
# The largest size, at two temperatures alone.
LARGEST, AT = {100_000: 15}, (0.05, 0.1)


def scanned(
    folder: Path,
    name: str,
    temperature: float,
    instances: dict[int, int],
    loads: dict[int, list[float]],
    **options: float,
) -> CapacityScan:
    """Run one pass, or what is left of it."""
    return capacity(
        tuple(instances),
        loads,
        tuple(instances.values()),
        1,
        beta=1 / temperature,
        sweeps=LENGTHS,
        progress=True,
        store=folder / f"{name}_{temperature:g}.sqlite",
        **options,
    )


def middle(scan: CapacityScan) -> dict[int, float]:
    """Return the half-points after the second of the three lengths, by size."""
    return {p.n_spins: p.value for p in scan.half_points_by_sweeps[LENGTHS[1]]}


def passes(folder: Path, temperature: float, sizes: list[dict[int, int]]) -> list[CapacityScan]:
    """Measure one temperature: the scans around its half-points, the last of these large sizes."""
    theory = hopfield.critical_load(1 / temperature)
    wide = {n: around(n, theory, range(-5, 6)) for n in COARSE}
    first = scanned(folder, "coarse", temperature, COARSE, wide, seed=1, abandon=ABANDON)
    centre = middle(first)
    near = {n: around(n, centre[n]) for n in COARSE}
    whole = scanned(folder, "whole", temperature, WHOLE, {n: near[n] for n in WHOLE}, seed=2)
    scans = [whole]
    for instances in sizes:
        loads = {n: near.get(n) or around(n, centre[max(COARSE)]) for n in instances}
        name = f"from_{min(instances)}"
        scan = scanned(folder, name, temperature, instances, loads, seed=2, abandon=ABANDON)
        centre = middle(scan)
        scans.append(scan)
    return scans


def table(temperature: float, scans: list[CapacityScan]) -> str:
    """Return the half-points of one temperature as Markdown, their errors in the last digit."""
    lines = []
    for scan in scans:
        for k, n in enumerate(scan.config.n_spins):
            trials = np.count_nonzero(scan.trials["n_spins"] == n)
            points = [points[k] for points in scan.half_points_by_sweeps.values()]
            values = " | ".join(f"{p.value:.5f}({p.error * 1e5:.0f})" for p in points)
            lines.append(f"| {temperature:g} | {n:,} | {trials:,} | {values} |")
    return "\n".join(lines)


def rows(temperature: float, scans: list[CapacityScan]) -> NDArray[np.void]:
    """Return the trials of one temperature; none was abandoned where that was not asked for."""
    columns = [("temperature", np.float64), *scans[-1].trials.dtype.descr]
    tables = [np.zeros(len(scan.trials), columns) for scan in scans]
    for table, scan in zip(tables, scans, strict=True):
        table["temperature"] = temperature
        for name in scan.trials.dtype.names:
            table[name] = scan.trials[name]
    return np.concatenate(tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for temperature in TEMPERATURES:
        passes(folder, temperature, [ABANDONED])
    trials = []
    for temperature in TEMPERATURES:
        sizes = [ABANDONED, LARGEST] if temperature in AT else [ABANDONED]
        scans = passes(folder, temperature, sizes)
        print(table(temperature, scans), flush=True)
        trials.append(rows(temperature, scans))
    published = lzma.compress(as_csv(np.concatenate(trials)), preset=9)
    (folder / "capacity_temperature_trials.csv.xz").write_bytes(published)


if __name__ == "__main__":
    main()
