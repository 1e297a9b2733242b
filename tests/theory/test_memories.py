"""Estimates of what memories hold: held against exact sums over binomial overlaps, and limits."""

import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from spinglass.theory import memories


def noise_terms(n_spins, order, rectified=False):
    """Return the values that one foreign pattern adds to a field, exactly, and their law.

    The overlap a of the other N - 1 spins is binomial, and the sign eta of the spin is a coin.
    """
    k = np.arange(n_spins)
    a, weight = 2 * k - (n_spins - 1), binom.pmf(k, n_spins - 1, 0.5)

    def power(x):
        return np.where(x > 0, x, 0) ** order if rectified else x**order

    terms = (power(a + 1) - power(a - 1)) / 2
    return np.concatenate([terms, -terms]), np.concatenate([weight, weight]) / 2


def signal(n_spins, order):
    return (n_spins**order - (n_spins - 2) ** order) / 2


def exact_error(n_spins, n_patterns, order):
    """Return the probability that the foreign patterns outweigh a spin's own, by convolution."""
    terms, weight = noise_terms(n_spins, order)
    reach = int(abs(terms).max()) * (n_patterns - 1)
    size = 1 << (2 * reach + 1).bit_length()
    law = np.zeros(size)
    np.add.at(law, terms.astype(int) % size, weight)
    sums = np.fft.irfft(np.fft.rfft(law) ** (n_patterns - 1), size)
    values = np.fft.fftfreq(size, 1 / size)
    return sums[values < -signal(n_spins, order)].sum()


@pytest.mark.parametrize("order", [2, 3, 4])
def test_the_error_is_that_of_the_exact_sum_within_the_bound_of_berry_and_esseen(order):
    n_spins = 14
    n_patterns = round(memories.dense_capacity(n_spins, order, error=0.2))
    terms, weight = noise_terms(n_spins, order)
    variance, third = (weight @ abs(terms) ** power for power in (2, 3))
    ratio = signal(n_spins, order) / math.sqrt((n_patterns - 1) * variance)
    bound = 0.4748 * third / variance**1.5 / math.sqrt(n_patterns - 1)
    exact = exact_error(n_spins, n_patterns, order)
    assert abs(exact - norm.cdf(-ratio)) < bound < 0.2
    # What is left is the difference between the moments at this N and their leading order.
    estimate = memories.dense_error(n_spins, n_patterns, order)
    assert abs(estimate - exact) < bound + abs(estimate - norm.cdf(-ratio))


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_the_ratio_of_signal_and_noise_becomes_that_of_exact_moments(order, rectified):
    deviations = []
    for n_spins in (200, 800):
        n_patterns = memories.dense_capacity(n_spins, order, error=0.01, rectified=rectified)
        terms, weight = noise_terms(n_spins, order, rectified)
        exact = signal(n_spins, order) / math.sqrt(n_patterns * (weight @ terms**2.0))
        deviations.append(exact / -norm.ppf(0.01) - 1)
    # The relative corrections are of the order 1/N.
    assert abs(deviations[1]) < abs(deviations[0]) / 3 or max(map(abs, deviations)) < 1e-6
    assert abs(deviations[0]) < order**2 / 200


def test_the_errors_of_small_networks_are_larger_than_the_estimate_and_approach_it():
    ratios = []
    for n_spins in (14, 28, 56):
        n_patterns = round(memories.dense_capacity(n_spins, 3, error=0.005))
        estimate = memories.dense_error(n_spins, n_patterns, 3)
        ratios.append(exact_error(n_spins, n_patterns, 3) / estimate)
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] > 1


def test_capacities_have_the_published_prefactors():
    # alpha_n = 1 / ((2n-3)!! z^2), with z = 2.5758 at an error of one half of a per cent.
    alphas = memories.dense_capacity(100, [2, 3, 4], error=0.005) / 100.0 ** np.array([1, 2, 3])
    assert alphas == pytest.approx(np.array([1, 1 / 3, 1 / 15]) / 2.575829304**2, rel=1e-8)
    flawless = memories.dense_capacity(1000, [2, 3, 4, 5])
    factorials = np.array([1, 3, 15, 105])
    expected = 1000.0 ** np.arange(1, 5) / (2 * factorials * math.log(1000))
    assert flawless == pytest.approx(expected, rel=1e-12)


def test_a_capacity_is_where_the_error_is_what_was_asked_for():
    errors = np.array([1e-6, 0.01, 0.3])
    for rectified in (False, True):
        loads = memories.dense_capacity(300, 4, error=errors, rectified=rectified)
        assert memories.dense_error(300, loads, 4, rectified=rectified) == pytest.approx(errors)
    doubled = memories.dense_capacity(300, 4, rectified=True)
    assert doubled == 2 * memories.dense_capacity(300, 4)


def test_without_errors_a_pattern_has_less_than_one_wrong_spin_and_fewer_as_n_grows():
    sizes = np.array([1e2, 1e4, 1e8, 1e16])
    wrong = sizes * memories.dense_error(sizes, memories.dense_capacity(sizes, 3), 3)
    assert (np.diff(wrong) < 0).all()
    assert wrong[0] < 1


def test_the_guarantee_is_the_large_deviation_rate_of_binomial_overlaps():
    # P(overlap >= x N) is exp(-N I(x)) up to a power of N: ln P / N -> -I(x), twice the exponent.
    n_spins, radius = 1500, 0.1
    tail = binom.logsf(n_spins * (1 - radius) - 1, n_spins, 0.5)
    log_guarantee = math.log(memories.exponential_guarantee(n_spins, radius)) / n_spins
    assert log_guarantee == pytest.approx(-tail / n_spins / 2, abs=math.log(n_spins) / n_spins)
    assert memories.exponential_guarantee(40) == pytest.approx(2.0**20, rel=1e-12)
    assert memories.exponential_guarantee(40, 0.5) == pytest.approx(1.0, abs=1e-12)


def test_the_estimate_makes_the_mean_of_the_other_terms_that_of_the_pattern():
    n_spins = 24
    k = np.arange(n_spins + 1)
    mean = binom.pmf(k, n_spins, 0.5) @ np.exp(2.0 * k - n_spins)
    assert memories.exponential_estimate(n_spins) * mean == pytest.approx(math.exp(n_spins))
    assert math.log2(memories.exponential_estimate(100)) / 100 == pytest.approx(0.817, abs=5e-4)


def test_arrays_are_broadcast_and_numbers_are_floats():
    table = memories.dense_error([[100], [200]], [10, 100, 1000], order=3)
    assert table.shape == (2, 3)
    assert table[1, 2] == memories.dense_error(200, 1000, 3)
    assert isinstance(table[1, 2], float)
    assert memories.exponential_guarantee([10, 20], 0.1).shape == (2,)
    assert isinstance(memories.exponential_estimate(10), float)


def test_what_no_double_holds_is_infinite():
    assert memories.dense_capacity(1e10, 40) == math.inf
    assert memories.dense_error(1e10, 10, 40) == 0.0
    assert memories.exponential_guarantee(1e4) == memories.exponential_estimate(1e4) == math.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: memories.dense_error(0, 1), "n_spins must be finite and >= 1, got 0"),
        (lambda: memories.dense_error(10, [1, math.nan]), "n_patterns must be .*, got nan"),
        (lambda: memories.dense_error(10, 1, 1), "order must be finite and >= 2, got 1"),
        (lambda: memories.dense_error(10, 1, 2.5), "order must be an integer from 2 .*got 2.5"),
        (lambda: memories.dense_error([1, 2], [1, 2, 3]), r"shapes must fit .*n_spins \(2,\)"),
        (lambda: memories.dense_capacity(1), "n_spins must be finite and >= 2, got 1"),
        (lambda: memories.dense_capacity(10, error=0.5), "error must be above 0 and below 1/2"),
        (lambda: memories.exponential_guarantee(10, 0.6), "radius must lie between 0 and 1/2"),
        (lambda: memories.exponential_estimate(math.inf), "n_spins must be finite"),
    ],
)
def test_what_is_out_of_range_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
