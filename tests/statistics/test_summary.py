"""Summaries of energies and magnetizations."""

import math

import numpy as np
import pytest

from correlated import autoregressive
from spinglass import statistics


def ferromagnet(replicas=4, n=2000, seed=0):
    """Return energies and magnetizations with a memory."""
    energy = -700 + 20 * autoregressive(5.0, (replicas, n), seed)
    return energy, 0.05 * autoregressive(8.0, (replicas, n), seed + 1)


def test_a_summary_holds_the_observables():
    energy, m = ferromagnet()
    N, beta = 1000, 0.5
    found = statistics.summarize(energy, m, N, beta)
    size = np.abs(m)
    assert found.energy.value == pytest.approx(energy.mean() / N)
    assert found.energy.error == pytest.approx(statistics.standard_error(energy) / N)
    assert found.magnetization.value == pytest.approx(m.mean())
    assert found.absolute_magnetization.value == pytest.approx(size.mean())
    assert found.squared_magnetization.value == pytest.approx((m**2).mean())
    assert found.paramagnetic_susceptibility.value == pytest.approx(beta * N * (m**2).mean())
    assert found.tau_energy == statistics.autocorrelation_time(energy)
    assert found.tau_magnetization == statistics.autocorrelation_time(m)
    assert found.tau_absolute_magnetization == statistics.autocorrelation_time(size)
    # Corrections of the bias are of the order of 2 tau / N of the variance.
    heat = beta**2 * energy.var() / N
    assert found.specific_heat.value == pytest.approx(heat, rel=0.01)
    chi = beta * N * ((m**2).mean() - size.mean() ** 2)
    assert found.susceptibility.value == pytest.approx(chi, rel=0.01)
    binder = 1 - (m**4).mean() / (3 * (m**2).mean() ** 2)
    assert found.binder_cumulant.value == pytest.approx(binder, abs=0.01)
    assert found.n_effective == pytest.approx(
        energy.size / (2 * max(found.tau_energy, found.tau_absolute_magnetization))
    )
    assert found.note == ""
    assert (found.n_spins, found.n_replicas, found.n_measurements) == (N, 4, 2000)


def test_the_errors_of_a_summary_are_what_repetitions_scatter():
    runs = [statistics.summarize(*ferromagnet(2, 1000, 10 * k), 1000, 0.5) for k in range(300)]
    truth = {
        "energy": -0.7,
        "magnetization": 0.0,
        "absolute_magnetization": 0.05 * math.sqrt(2 / math.pi),
        "squared_magnetization": 0.05**2,
        "specific_heat": 0.25 * 400 / 1000,
        "susceptibility": 500 * 0.05**2 * (1 - 2 / math.pi),
        "paramagnetic_susceptibility": 500 * 0.05**2,
        "binder_cumulant": 0.0,
    }
    for name, value in truth.items():
        found = np.array([[getattr(r, name).value, getattr(r, name).error] for r in runs])
        scatter = found[:, 0].std()
        # A cumulant is known to its next order in 1 / n_effective only.
        assert found[:, 0].mean() == pytest.approx(value, abs=scatter * (4.5 / 300**0.5 + 0.1))
        # Blocks of 10 tau are 5 % short. Relative errors of the two sides: of the root of a mean
        # square, and of a standard deviation (the cumulant's distribution has a kurtosis of 5).
        squares = found[:, 1] ** 2
        kurtosis = np.mean((found[:, 0] - found[:, 0].mean()) ** 4) / scatter**4
        noise = np.hypot(squares.std() / squares.mean() / 2, math.sqrt((kurtosis - 1) / 4))
        tolerance = 0.1 + 4.5 * noise / math.sqrt(300)
        assert math.sqrt(squares.mean()) == pytest.approx(scatter, rel=tolerance)


def test_the_fluctuations_of_a_large_energy_keep_their_digits():
    energy, m = ferromagnet()
    near = statistics.summarize(energy, m, 1000, 0.5)
    far = statistics.summarize(energy - 1e9, m, 1000, 0.5)
    # Energies of 1e9 are themselves known to 1e-7, of a standard deviation of 20.
    assert far.specific_heat.value == pytest.approx(near.specific_heat.value, rel=1e-7)
    assert far.specific_heat.error == pytest.approx(near.specific_heat.error, rel=1e-6)


def test_a_single_measurement_at_zero_temperature_has_a_summary():
    found = statistics.summarize([[-5.0]], [[-0.5]], 10, math.inf)
    assert found.energy.value == -0.5
    assert found.absolute_magnetization.value == 0.5
    assert found.binder_cumulant.value == pytest.approx(2 / 3)
    for name in ("energy", "magnetization", "binder_cumulant", "specific_heat", "susceptibility"):
        assert math.isnan(getattr(found, name).error)
    assert math.isnan(found.specific_heat.value)
    assert found.note == "a single measurement has no error"
    assert "1 replica of 1 measurement," in str(found)


def test_a_frozen_ground_state_has_a_summary():
    found = statistics.summarize(np.full((3, 20), -20.0), np.ones((3, 20)), 10, math.inf)
    assert (found.energy.value, found.energy.error) == (-2.0, 0.0)
    assert found.binder_cumulant.value == pytest.approx(2 / 3)
    assert found.note == ""
    nothing = statistics.summarize(np.zeros(5), np.zeros(5), 10, 1.0)
    assert math.isnan(nothing.binder_cumulant.value)


def test_a_series_too_short_for_its_memory_is_noted():
    rising = np.linspace(0.0, 1.0, 100)
    rng = np.random.default_rng(1)
    found = statistics.summarize(rising, 0.1 * rng.normal(size=100), 10, 1.0)
    assert found.note.startswith("fewer than 50 tau of E were measured")
    assert "too small" in str(found)
    both = statistics.summarize(rising, rising, 10, 1.0)
    assert "50 tau of E, |m| and m were" in both.note


def test_a_table_has_at_most_80_columns_and_every_observable():
    energy, m = ferromagnet(n=100)
    for scale in (1e-12, 1.0, 1e12):
        found = statistics.summarize(-scale * energy, -scale * m, 2**40, 1e-5)
        text = str(found)
        assert max(map(len, text.splitlines())) <= 80
        for name in ("energy", "absolute_magnetization", "specific_heat", "binder_cumulant"):
            assert str(getattr(found, name)) in text
        assert "k_B" in text
    values = [line.index(")") for line in text.splitlines() if "e+" in line and "(" in line[36:]]
    assert values
