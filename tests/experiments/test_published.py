"""The rows that were published: they give the numbers of the page, and their seeds give them."""

import lzma
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from spinglass import DenseAssociativeMemory, theory
from spinglass.experiments import CapacityConfig, CapacityScan, capacity
from spinglass.experiments.retrieval_capacity.result import trial_columns
from spinglass.statistics import format_estimate

DOCS = Path(__file__).parents[2] / "docs"
SEED = 2
ONE_TRIAL = trial_columns(CapacityConfig((1,), ((1.0,),), (1,), 1, 0.0, 0.9, 1, 0))


def rows_of(name, columns):
    """Read rows with these columns; a truth is 0 or 1 in the file."""
    kinds = [(x, np.int64 if columns[x] == np.bool_ else columns[x]) for x in columns.names]
    with lzma.open(DOCS / "data" / f"{name}.csv.xz", "rt") as file:
        assert file.readline().strip().split(",") == list(columns.names)
        return np.loadtxt(file, delimiter=",", dtype=kinds).astype(columns)


def config_of(trials, n_starts, threshold, **options):
    sizes = np.unique(trials["n_spins"])
    its = [trials[trials["n_spins"] == n] for n in sizes]
    return CapacityConfig(
        n_spins=tuple(sizes.tolist()),
        loads=tuple(tuple(np.unique(t["load"]).tolist()) for t in its),
        n_instances=tuple(int(t["instance"].max()) + 1 for t in its),
        n_starts=n_starts,
        flip=0.0,
        threshold=threshold,
        max_sweeps=1000,
        seed=SEED,
        **options,
    )


@pytest.fixture(scope="module")
def scan():
    trials = rows_of("capacity_trials", ONE_TRIAL)
    return CapacityScan(config_of(trials, 2, 0.9), "0.1.0", trials)


@pytest.fixture(scope="module")
def warm_scans():
    """The scans at temperatures. Their networks of N < 30,000 ran to the end."""
    options = {"sweeps": (100, 400, 1600), "average": 0.5, "abandon": 0.35}
    one = CapacityConfig((1,), ((1.0,),), (1,), 1, 0.0, 0.5, 1, 0, beta=10.0, **options)
    columns = [("temperature", np.float64), *trial_columns(one).descr]
    rows = rows_of("capacity_temperature_trials", np.dtype(columns))
    scans = []
    for temperature in np.unique(rows["temperature"]):
        trials = rows[rows["temperature"] == temperature]
        (threshold,) = np.unique(trials["threshold"])
        config = config_of(trials, 1, float(threshold), beta=1 / temperature, **options)
        scans.append(CapacityScan(config, "0.2.0", trials))
    return scans


def test_the_table_of_the_page_is_that_of_the_rows(scan):
    assert scan.complete
    page = (DOCS / "capacity.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| ([\d,]+) \| 7, .* \| ([\d,]+) \| (0\.\d+) \| (0\.\d+) \|", page, re.M)
    told = [(int(n.replace(",", "")), float(x), float(error)) for n, _, x, error in table]
    found = [(p.n_spins, round(p.value, 5), round(p.error, 5)) for p in scan.half_points]
    assert told == found
    alpha = scan.alpha_c
    assert f"alpha_c = {alpha.value:.5f}" in page
    assert f"x = {alpha.exponent:.3f}" in page


@pytest.mark.parametrize(("n_spins", "instances"), [(2000, 3), (10_000, 1)])
def test_the_seed_gives_the_published_rows(scan, n_spins, instances):
    k = scan.config.n_spins.index(n_spins)
    again = capacity(n_spins, scan.config.loads[k][:2], instances, n_starts=2, seed=SEED).trials
    published = scan.trials[
        (scan.trials["n_spins"] == n_spins)
        & (scan.trials["instance"] < instances)
        & np.isin(scan.trials["n_patterns"], again["n_patterns"])
    ]
    order = ["n_patterns", "instance", "start"]
    assert (np.sort(published, order=order) == np.sort(again, order=order)).all()


def test_the_table_of_the_line_is_that_of_the_rows(warm_scans):
    page = (DOCS / "capacity.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (0\.\d+) \| ([\d,]+) \| ([\d,]+) \| (0\..*) \|$", page, re.M)
    found = []
    for scan in warm_scans:
        assert scan.complete
        for points in zip(*scan.half_points_by_sweeps.values(), strict=True):
            n = points[0].n_spins
            trials = np.count_nonzero(scan.trials["n_spins"] == n)
            values = " | ".join(f"{p.value:.5f}({p.error * 1e5:.0f})" for p in points)
            found.append((f"{scan.config.temperature:g}", f"{n:,}", f"{trials:,}", values))
    assert told == found


def test_another_threshold_moves_no_half_point_of_a_large_network(warm_scans):
    for scan in warm_scans:
        for step in (-0.1, 0.1):
            config = replace(scan.config, threshold=scan.config.threshold + step)
            moved = CapacityScan(config, scan.version, scan.trials)
            for before, after in zip(scan.half_points, moved.half_points, strict=True):
                if before.n_spins >= 4000:
                    assert abs(after.value - before.value) < before.error


@pytest.mark.parametrize(
    ("temperature", "n_spins", "instances", "abandon"),
    [(0.1, 1000, 4, None), (0.1, 1000, 4, 0.35), (0.02, 30_000, 1, 0.35)],
)
def test_the_seed_gives_the_published_rows_of_the_line(
    warm_scans, temperature, n_spins, instances, abandon
):
    scan = next(scan for scan in warm_scans if scan.config.temperature == temperature)
    loads = scan.config.loads[scan.config.n_spins.index(n_spins)][:2]
    options = {"beta": scan.config.beta, "sweeps": scan.config.sweeps, "abandon": abandon}
    again = capacity(n_spins, loads, instances, n_starts=1, seed=SEED, **options).trials
    published = scan.trials[
        (scan.trials["n_spins"] == n_spins)
        & (scan.trials["instance"] < instances)
        & np.isin(scan.trials["n_patterns"], again["n_patterns"])
    ]
    order = ["n_patterns", "instance", "start"]
    published, again = np.sort(published, order=order), np.sort(again, order=order)
    ended = np.ones(len(again), bool) if abandon is None else ~again["abandoned"]
    assert ended.any()
    for name in ("n_patterns", "instance", "overlap_100", "overlap_400", "overlap", "flips"):
        assert (published[name][ended] == again[name][ended]).all()


@pytest.fixture(scope="module")
def memory_rows():
    names = ["n_spins", "n_patterns", "load", "instance", "start", "overlap"]
    kinds = [("order", np.int64), ("fixed_point", np.int64)]
    return rows_of("memory_trials", np.dtype(kinds + [(name, ONE_TRIAL[name]) for name in names]))


def memory_scan(rows, order, criterion):
    its = rows[(rows["order"] == order) & (rows["fixed_point"] == (criterion == "fixed_point"))]
    sizes = np.unique(its["n_spins"])
    counts = [np.unique(its["n_patterns"][its["n_spins"] == n]).tolist() for n in sizes]
    config = config_of(
        its,
        int(its["start"].max()) + 1,
        1.0 if criterion == "fixed_point" else 0.9,
        memory="dense",
        criterion=criterion,
        n_patterns=tuple(map(tuple, counts)),
    )
    return CapacityScan(config, "0.2.0", its)


def test_the_tables_of_memories_are_those_of_the_rows(memory_rows):
    page = (DOCS / "attention.md").read_text(encoding="utf-8")
    for order in (2, 3, 4):
        scans = [memory_scan(memory_rows, order, x) for x in ("fixed_point", "overlap")]
        for stable, kept in zip(*(scan.half_points for scan in scans), strict=True):
            n = stable.n_spins
            ratio = stable.n_patterns / theory.memories.dense_capacity(n, order)
            share, error = (x / n ** (order - 1) for x in (kept.n_patterns, kept.n_patterns_error))
            line = [counted(stable), f"{ratio:.2f}", counted(kept), format_estimate(share, error)]
            assert f"| order {order} | {n} | {' | '.join(line)} |\n" in page
    for half in memory_scan(memory_rows, 0, "fixed_point").half_points:
        ratio = theory.memories.exponential_estimate(half.n_spins)
        over = format_estimate(half.n_patterns / ratio, half.n_patterns_error / ratio)
        assert f"| {half.n_spins} | {counted(half)} | {over} |" in page


def counted(half):
    """Return a number of patterns with its error in the last digits."""
    if half.n_patterns < 1000:
        return format_estimate(half.n_patterns, half.n_patterns_error)
    return f"{half.n_patterns:,.0f}({half.n_patterns_error:.0f})"


@pytest.mark.parametrize(
    ("order", "n_spins", "criterion"),
    [(2, 100, "overlap"), (3, 50, "fixed_point"), (4, 30, "overlap"), ("exp", 16, "fixed_point")],
)
def test_the_seed_gives_the_published_rows_of_memories(memory_rows, order, n_spins, criterion):
    code = 0 if order == "exp" else order
    scan = memory_scan(memory_rows, code, criterion)
    counts = scan.config.n_patterns[scan.config.n_spins.index(n_spins)][:2]
    again = capacity(
        n_spins, n_patterns=counts, n_instances=3, n_starts=scan.config.n_starts, seed=SEED,
        memory=partial(DenseAssociativeMemory, order=order), criterion=criterion,
    ).trials  # fmt: skip
    published = scan.trials[
        (scan.trials["n_spins"] == n_spins)
        & (scan.trials["instance"] < 3)
        & np.isin(scan.trials["n_patterns"], counts)
    ]
    names = ["n_patterns", "instance", "start", "overlap"]
    assert (np.sort(published[names]) == np.sort(again[names])).all()


@pytest.mark.parametrize("n_spins", [20, 24])
def test_nearly_all_patterns_are_stable_where_it_is_guaranteed(n_spins):
    """The page has this up to N = 40, of 1000 trials a size by the same call."""
    page = (DOCS / "attention.md").read_text(encoding="utf-8")
    scan = capacity(
        n_spins, n_patterns=[2 ** (n_spins // 2)], n_instances=10, n_starts=100, seed=3,
        memory=partial(DenseAssociativeMemory, order="exp"), criterion="fixed_point",
    )  # fmt: skip
    (row,) = scan.summary()
    assert f"| {n_spins} | {row['n_patterns']:,} | {row['retrieval']:.4f} |" in page
