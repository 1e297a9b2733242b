"""The extrapolation of ground-state energies to infinite N."""

import math

import numpy as np
import pytest

from spinglass.experiments.sherrington_kirkpatrick.ground_state import extrapolate

SIZES = np.array([32, 64, 128, 256, 512, 1024])
LAW = -0.763167 + 0.70 * SIZES ** (-2 / 3)


def test_exact_energies_give_back_the_law():
    found = extrapolate(SIZES, LAW, np.full(6, 1e-3))
    assert found.value == pytest.approx(-0.763167, abs=1e-12)
    assert found.amplitude == pytest.approx(0.70, abs=1e-9)
    assert found.chi_square == pytest.approx(0, abs=1e-12)
    assert found.p_value == pytest.approx(1)
    assert found.n_spins == tuple(SIZES)
    assert found.spread == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(found.at(SIZES), LAW, rtol=1e-12)


def test_the_error_is_how_far_noisy_energies_scatter():
    rng, errors = np.random.default_rng(1), np.array([1, 1, 2, 2, 3, 3]) * 1e-3
    found = [extrapolate(SIZES, LAW + errors * rng.normal(size=6), errors) for _ in range(400)]
    whole = [x for x in found if len(x.n_spins) == 6]
    # All but the twentieth that chi-square calls unlikely, give or take four standard errors.
    assert abs(len(whole) / 400 - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 400)
    for name, truth in (("value", -0.763167), ("amplitude", 0.70)):
        pulls = [(getattr(x, name) - truth) / _error(x, name) for x in whole]
        assert abs(np.mean(pulls)) < 5 / math.sqrt(len(pulls))
        assert np.std(pulls) == pytest.approx(1, abs=5 / math.sqrt(2 * len(pulls)))


def _error(found, name):
    return {"value": found.error, "amplitude": found.amplitude_error}[name]


def test_sizes_that_are_too_small_for_the_law_are_left_out():
    bent = LAW + 2.0 * SIZES ** (-4 / 3)
    found = extrapolate(SIZES, bent, np.full(6, 1e-4))
    assert found.n_spins[0] > 32
    assert found.n_spins[-1] == 1024
    assert abs(found.value + 0.763167) < abs(extrapolate(SIZES, bent, np.ones(6)).value + 0.763167)


def test_three_sizes_stay_however_bad_the_fit():
    found = extrapolate(SIZES, np.sin(SIZES), np.full(6, 1e-6))
    assert found.n_spins == (256, 512, 1024)
    assert found.p_value < 1e-6
    assert math.isnan(found.spread)


def test_the_order_of_the_sizes_and_sizes_without_an_error_do_not_matter():
    errors = np.arange(1, 7) * 1e-3
    order = np.random.default_rng(2).permutation(6)
    found, other = (extrapolate(SIZES[k], LAW[k], errors[k]) for k in (np.arange(6), order))
    assert found.value == pytest.approx(other.value, abs=1e-12)
    assert found.n_spins == other.n_spins
    errors[3] = np.nan
    assert extrapolate(SIZES, LAW, errors).n_spins == (32, 64, 128, 512, 1024)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_without_three_sizes_there_is_no_extrapolation(count):
    found = extrapolate(SIZES[:count], LAW[:count], np.ones(count))
    assert np.isnan([found.value, found.error, *found.interval]).all()
    assert found.n_spins == tuple(SIZES[:count])


@pytest.mark.parametrize(
    ("further", "y"), [(0.0, 1.0), (0.3, 1.0), (-0.3, 1.0), (1.0, 4 / 3), (2.0, 5 / 3)]
)
def test_the_interval_covers_what_was_planted_whatever_the_further_term(further, y):
    rng, n_runs, errors = np.random.default_rng(3), 200, np.array([11, 9, 7, 6, 7, 9]) * 1e-4
    truth = LAW + further * SIZES**-y
    covered = 0
    for _ in range(n_runs):
        low, high = extrapolate(SIZES, truth + errors * rng.normal(size=6), errors).interval
        covered += low < -0.763167 < high
    # At 95 %, less 3.5 standard deviations of a binomial share.
    assert covered / n_runs > 0.95 - 3.5 * math.sqrt(0.95 * 0.05 / n_runs)
