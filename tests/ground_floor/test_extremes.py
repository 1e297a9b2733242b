"""Numbers at the end of what a double holds, and counts that no memory holds: refused by name.

Each was found by `python -m tests.fuzz`.
"""

import numpy as np
import pytest

import spinglass
from spinglass import experiments, meanfield, statistics, theory

LATTICE = spinglass.SquareLattice(3)
RUN = spinglass.sample(LATTICE, 0.4, 9, 2, seed=1, measure=("overlap",))
SPINS = np.where(np.random.default_rng(0).random((40, 6)) < 0.5, -1, 1)
UNITS = (SPINS > 0).astype(np.uint8)
HUGE = np.broadcast_to(np.int8(1), (2**20, 2**22))


def weighted(weights):
    return lambda: spinglass.InverseIsing(max_iter=3).fit(SPINS, sample_weight=weights)


WEIGHTS_OF_ONE = np.r_[1.0, np.full(39, 1e-30)]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (weighted(np.r_[1e154, np.ones(39)]), "sample_weight must be at most 1e"),
        (weighted(WEIGHTS_OF_ONE), "sample_weight must not differ so much"),
        (lambda: statistics.binning([0.0, 1e308, -1e308]), "series must be at most 1e"),
        (lambda: statistics.standard_error([0.0, 5e-324]), "series must be .* apart"),
        (lambda: theory.sk.replica_symmetric(1.0, field=1e308), "field must be at most"),
        (lambda: theory.ising2d.energy(0.4, coupling=1e308), "coupling must be at most"),
        (lambda: spinglass.BernoulliRBM(3, learning_rate=1e308).fit(UNITS), "learning_rate"),
        (lambda: spinglass.BernoulliRBM(3, k=2**31 - 1).fit(UNITS), "k must be .* at most 1048576"),
        (
            lambda: spinglass.estimate_log_partition(LATTICE, beta=1e308, betas=9, n_chains=9),
            "beta times the energies",
        ),
        (lambda: experiments.capacity([64], [1e308], 2), "loads must be at most"),
        (lambda: spinglass.Patterns.load("\ud800"), "path must be a path that can be encoded"),
    ],
)
def test_a_number_beyond_what_can_be_calculated_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: spinglass.Hopfield(HUGE), "patterns"),
        (lambda: spinglass.to_bits(HUGE), "spins"),
        (lambda: spinglass.BernoulliRBM(3).fit(HUGE), "X"),
        (lambda: statistics.binning(HUGE.view(bool)), "series"),
        (lambda: meanfield.coordinate_ascent([0.5] * 9, LATTICE, 0.4, 2**62), "n_sweeps"),
        (lambda: theory.ising2d.finite_energy(2**40, 0.4), "shape"),
        (lambda: RUN.overlaps().distribution(2**62), "bins"),
    ],
)
def test_what_would_not_fit_in_memory_is_refused_before_it_is_read(call, name):
    with pytest.raises(MemoryError, match=rf"\b{name}\b.* needs .* TB, but only"):
        call()


def test_the_line_of_stability_is_found_in_strong_fields():
    # Far out it is 4 / (3 sqrt(2 pi)) exp(-h^2 / 2), with corrections of order T h.
    h = 20.0
    asymptote = 4 / (3 * np.sqrt(2 * np.pi)) * np.exp(-h * h / 2)
    assert theory.sk.de_almeida_thouless(h) == pytest.approx(asymptote, rel=1e-10)


def test_equal_numbers_may_be_as_large_as_they_like():
    assert np.isnan(statistics.standard_error([1e200, 1e200]))
    assert theory.sk.replica_symmetric(1e200, field=1.0).overlap == pytest.approx(1.0)


def test_a_binder_cumulant_that_hangs_on_one_measurement_has_no_error():
    magnetization = np.zeros((2, 30))
    magnetization[0, 4] = 3.0  # all others cancel exactly where it is left out
    energy = np.sin(np.arange(60.0)).reshape(2, 30)
    found = statistics.summarize(energy, magnetization, 9, 0.4)
    assert np.isnan(found.binder_cumulant.error)
