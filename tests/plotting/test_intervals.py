"""The bar behind a limit is the interval, wherever the value of one law alone lies."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("matplotlib.pyplot")

from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection

from plotting.drawings import drawn_from
from spinglass import plotting
from spinglass.plotting.figure import interval_bar


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    plt.close("all")


def bars(drawn):
    """Return both ends of every bar of an interval in a figure."""
    width = interval_bar()["elinewidth"]
    return [
        bar.get_segments()[0]
        for ax in np.ravel(drawn)
        for bar in ax.collections
        if isinstance(bar, LineCollection) and bar.get_linewidth()[0] == width
    ]


def outside(interval, value):
    return not interval[0] <= value <= interval[1]


def test_the_bar_of_a_critical_load_is_its_interval():
    (line,) = drawn_from("capacity_line")
    alphas = [scan.alpha_c for scan in line.scans]
    assert any(outside(alpha.interval, alpha.value) for alpha in alphas)
    for bar, alpha in zip(bars(plotting.capacity_line(line)), alphas, strict=True):
        assert bar[:, 0] == pytest.approx(alpha.interval)
    for scan, alpha in zip(line.scans, alphas, strict=True):
        (bar,) = bars(plotting.capacity(scan))
        assert bar[:, 1] == pytest.approx(alpha.interval)


def test_the_bar_of_a_ground_state_energy_is_its_interval(monkeypatch):
    (glasses,) = drawn_from("sk")
    fit = dataclasses.replace(glasses.ground_energy, value=-0.7, interval=(-0.8, -0.75))
    monkeypatch.setitem(vars(glasses), "ground_energy", fit)  # where the property is kept
    (bar,) = bars(plotting.sk(glasses))
    assert bar[:, 1] == pytest.approx(fit.interval)
