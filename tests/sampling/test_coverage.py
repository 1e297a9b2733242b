"""Error bars of runs at the critical point cover the truth, or a note says that they may not.

A small part of ``benches/coverage.py``: a lattice of 16 x 16, whose |m| has tau = 10 sweeps.
"""

import math

import numpy as np
import pytest
from scipy.stats import binom

from spinglass import SquareLattice, StructureFactor, sample
from spinglass.statistics import correlation_length, summarize
from spinglass.statistics.summary import slowest_of
from spinglass.theory import ising2d

L, TAU, RUNS = 16, 10.2, 400
BETA = ising2d.critical_beta()
ONE, TWO = math.erf(math.sqrt(0.5)), math.erf(math.sqrt(2))

# Moments of |m| by 1.28 million sweeps of Swendsen-Wang: the errors are 0.1 %, a tenth or less of
# those of the longest runs here.
FIRST, SECOND, FOURTH = 0.71319, 0.54493, 0.34611
TRUTH = {
    "energy": ising2d.finite_energy((L, L), BETA),
    "specific_heat": ising2d.finite_specific_heat((L, L), BETA),
    "absolute_magnetization": FIRST,
    "susceptibility": BETA * L * L * (SECOND - FIRST**2),
    "binder_cumulant": 1 - FOURTH / (3 * SECOND**2),
}
# The correlation length, by 512,000 such sweeps: the error is 0.3 %.
LENGTH = 14.57


@pytest.fixture(scope="module")
def run():
    lattice = SquareLattice(L)
    start = sample(lattice, BETA, 60, RUNS, "swendsen-wang", every=60, seed=1).final_states
    measure = [StructureFactor()]
    return sample(lattice, BETA, round(500 * TAU), initial=start, every=2, measure=measure, seed=2)


def summaries(run, length):
    """Each replica on its own, cut to this many tau."""
    n = round(length * TAU / run.every)
    return [
        summarize(E[:n], m[:n], run.n_spins, run.beta)
        for E, m in zip(run.energy, run.magnetization, strict=True)
    ]


def outside(found, name, width):
    """Whether the truth is outside of so many errors; an unknown error has no outside."""
    estimates = [getattr(one, name) for one in found]
    return np.array([abs(one.value - TRUTH[name]) > width * one.error for one in estimates])


def test_a_long_run_covers_the_truth_as_often_as_its_errors_say(run):
    found = summaries(run, 500)
    for name in TRUTH:
        for width, share in ((1, ONE), (2, TWO)):
            assert (~outside(found, name, width)).sum() >= binom.ppf(1e-4, RUNS, share), name


@pytest.mark.parametrize("length", [30, 39, 50, 100, 200, 500])
def test_the_truth_is_hardly_ever_outside_of_two_errors_without_a_note(run, length):
    found = summaries(run, length)
    noted = np.array([bool(one.note) for one in found])
    if length <= 50:  # one in a hundred at most finds tau five times too small
        assert (~noted).sum() <= binom.isf(1e-4, RUNS, 0.01)
    if length == 500:
        assert noted.sum() <= binom.isf(1e-4, RUNS, 0.01)
    for name in TRUTH:
        silent = outside(found, name, 2) & ~noted
        assert silent.sum() <= binom.isf(1e-4, RUNS, 1 - TWO), name


@pytest.mark.parametrize("length", [100, 500])
def test_two_errors_of_the_correlation_length_cover_the_truth(run, length):
    n = round(length * TAU / run.every)
    factor = run.measured["structure_factor"]
    found = [
        correlation_length(
            factor[k : k + 1, :n, 0],
            factor[k : k + 1, :n, 1:].mean(axis=-1),
            2 * np.sin(np.pi / L),
            window=slowest_of(run.energy[k : k + 1, :n], run.magnetization[k : k + 1, :n]),
        )
        for k in range(RUNS)
    ]
    inside = [abs(one.value - LENGTH) <= 2 * one.error for one in found]
    assert sum(inside) >= binom.ppf(1e-4, RUNS, TWO)
