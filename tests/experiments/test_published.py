"""The rows that were published: they give the numbers of the page, and their seeds give them."""

import lzma
import re
from pathlib import Path

import numpy as np
import pytest

from spinglass.experiments import CapacityConfig, CapacityScan, capacity
from spinglass.experiments.retrieval_capacity.result import trial_columns

DOCS = Path(__file__).parents[2] / "docs"
SEED = 2
TRIAL = trial_columns(CapacityConfig((1,), ((1.0,),), (1,), 1, 0.0, 0.9, 1, 0))


@pytest.fixture(scope="module")
def scan():
    kinds = [(name, np.int64 if TRIAL[name] == np.bool_ else TRIAL[name]) for name in TRIAL.names]
    with lzma.open(DOCS / "data" / "capacity_trials.csv.xz", "rt") as file:
        assert file.readline().strip().split(",") == list(TRIAL.names)
        trials = np.loadtxt(file, delimiter=",", dtype=kinds).astype(TRIAL)
    sizes = np.unique(trials["n_spins"])
    its = [trials[trials["n_spins"] == n] for n in sizes]
    config = CapacityConfig(
        n_spins=tuple(sizes.tolist()),
        loads=tuple(tuple(np.unique(t["load"]).tolist()) for t in its),
        n_instances=tuple(int(t["instance"].max()) + 1 for t in its),
        n_starts=2,
        flip=0.0,
        threshold=0.9,
        max_sweeps=1000,
        seed=SEED,
    )
    return CapacityScan(config, "0.1.0", trials)


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
