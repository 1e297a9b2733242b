"""The figure of a capacity scan of any memory: its bins, its axes, and what it may say."""

from functools import partial

import numpy as np
import pytest

from spinglass import DenseAssociativeMemory, plotting
from spinglass.experiments import capacity

pytest.importorskip("matplotlib")

CUBES = partial(DenseAssociativeMemory, order=3)


def panels(scan):
    from matplotlib.figure import Figure

    return plotting.capacity(scan, Figure().subplots(2, 2)).ravel()


@pytest.mark.parametrize("n_spins", [30, 50, 150])
def test_every_bin_of_final_overlaps_holds_equally_many_of_those_that_exist(n_spins):
    counts = {n_spins: [round(x * n_spins**2) for x in (0.06, 0.1, 0.14)]}
    scan = capacity(n_spins, n_patterns=counts, n_instances=20, memory=CUBES, seed=1)
    (steps,) = panels(scan)[2].patches
    shares, edges, _ = steps.get_data()
    possible = 1 - 2 * np.arange(n_spins + 1) / n_spins
    assert np.abs(edges[:, None] - possible).min() > 0.4 / n_spins
    assert len(set(np.histogram(possible[possible > -1e-9], edges)[0][1:])) == 1
    table = scan.summary()
    mixed = table["n_patterns"][(table["retrieval"] > 0.25) & (table["retrieval"] < 0.75)]
    ends = scan.trials["overlap"][np.isin(scan.trials["n_patterns"], mixed)]
    assert shares.sum() == pytest.approx((ends > edges[0]).mean())


def test_only_hebb_is_said_to_keep_or_lose_with_little_between():
    counts = {30: [40, 90, 200]}
    said = [
        panels(capacity(30, n_patterns=counts, n_instances=5, memory=memory, seed=1))[2].get_title()
        for memory in (None, CUBES)
    ]
    assert ["little between" in title for title in said] == [True, False]


def test_overlaps_that_stay_near_one_fill_half_of_their_panel():
    scan = capacity(
        50, n_patterns=[80, 200], n_instances=20, memory=CUBES, criterion="fixed_point", seed=1
    )
    lowest = scan.summary()["overlap"].min()
    assert lowest > 0.8
    bottom, top = panels(scan)[1].get_ylim()
    assert bottom == pytest.approx(2 * lowest - 1)
    assert 1 < top < 1.03


def test_half_points_without_a_limit_need_no_legend():
    squares = partial(DenseAssociativeMemory, order=2)
    scan = capacity((50, 100), (0.1, 0.2, 0.3), 20, memory=squares, criterion="fixed_point", seed=1)
    assert np.isfinite([half.value for half in scan.half_points]).all()
    last = panels(scan)[3]
    assert last.get_legend() is None
    low, high = last.get_xlim()
    assert low < 100**-0.5 - 0.1 * (50**-0.5 - 100**-0.5)
    assert high > 50**-0.5


def test_a_panel_of_fewer_memories_can_have_the_looks_of_one_of_more():
    scan = capacity((30, 60), (0.1, 0.2, 0.4), 20)
    from matplotlib.figure import Figure

    alone, beside, more = Figure().subplots(1, 3)
    plotting.capacity_growth([scan], alone, labels=["Hebb"])
    plotting.capacity_growth([scan], beside, labels=["Hebb"], among=3)
    plotting.capacity_growth([scan] * 3, more, labels=["Hebb", "b", "c"])
    first = [panel.containers[0].lines[0] for panel in (alone, beside, more)]
    colours = [tuple(line.get_color()) for line in first]
    assert colours[1] == colours[2]
    assert len(beside.containers) == 1
    with pytest.raises(ValueError, match="among must be an integer >= 1, got 0"):
        plotting.capacity_growth([scan], among=0)
    with pytest.raises(TypeError, match=r"^scans must be a sequence of at least one CapacityScan"):
        plotting.capacity_growth([])
