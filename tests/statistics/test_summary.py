"""Summaries of energies and magnetizations."""

import math

import numpy as np
import pytest
from scipy.stats import binom, norm
from scipy.stats import t as student

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
    # |m| has the longest memory: its window, W = 5 tau of it, is that of the energy too.
    window = 5 * found.tau_absolute_magnetization
    spread = math.sqrt((4 * window + 2) / energy.size)
    assert found.tau_energy == pytest.approx(5.0, rel=4 * spread)
    plain = math.sqrt(2 * found.tau_energy * energy.var() / energy.size) / N
    # Student's t of N / (2 W + 1) degrees of freedom; the variance is short by what its own mean
    # takes, tau / (N / 2) of it.
    freedom = energy.size / (2 * window + 1)
    wider = student.isf(norm.sf(2), freedom) / 2
    assert found.energy.error == pytest.approx(wider * plain, rel=2 / freedom)
    assert found.magnetization.value == pytest.approx(m.mean())
    assert found.absolute_magnetization.value == pytest.approx(size.mean())
    assert found.squared_magnetization.value == pytest.approx((m**2).mean())
    assert found.paramagnetic_susceptibility.value == pytest.approx(beta * N * (m**2).mean())
    assert found.tau_magnetization == statistics.autocorrelation_time(m)
    slowest = max((size, energy, m**2), key=statistics.autocorrelation_time)
    assert found.n_effective == pytest.approx(
        energy.size / (2 * statistics.autocorrelation_time(slowest)), rel=0.05
    )
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
    assert "1 replica of 1 measurement\n" in str(found)


def test_a_frozen_ground_state_has_a_summary():
    found = statistics.summarize(np.full((3, 20), -20.0), np.ones((3, 20)), 10, math.inf)
    assert found.energy.value == -2.0
    assert found.binder_cumulant.value == pytest.approx(2 / 3)
    nothing = statistics.summarize(np.zeros(5), np.zeros(5), 10, 1.0)
    assert math.isnan(nothing.binder_cumulant.value)


def test_a_series_too_short_for_its_memory_is_noted():
    rising = np.linspace(0.0, 1.0, 100)
    rng = np.random.default_rng(1)
    found = statistics.summarize(rising, 0.1 * rng.normal(size=100), 10, 1.0)
    assert found.note.startswith("fewer than 50 tau of E were measured")
    assert "too small" in " ".join(str(found).split())
    both = statistics.summarize(rising, rising, 10, 1.0)
    assert "50 tau of E, |m| and m^2 were" in both.note


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


def flips(replicas, n, seed=0):
    """Signs that turn at random."""
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(replicas, n))


def test_a_stripe_that_never_moved_has_no_errors_and_says_so():
    # 32 x 32 at beta = 3: E / N = -1.875, and not one spin turns.
    found = statistics.summarize(np.full((2, 150), -1920.0), np.full((2, 150), 0.25), 1024, 3.0)
    assert (found.energy.value, found.absolute_magnetization.value) == (-1.875, 0.25)
    assert found.specific_heat.value == found.susceptibility.value == 0.0
    for name, one in vars(found).items():
        if isinstance(one, statistics.Estimate):
            assert math.isnan(one.error), name
    assert math.isnan(found.n_effective)
    assert math.isnan(found.tau_energy)
    assert found.note.startswith("E, |m| and m^2 never changed")
    assert "independent" not in str(found)
    assert "-1.875(?)" in str(found)


@pytest.mark.parametrize("energy", [-2048.3, -2048.0, -1 / 3, 0.1])
def test_clusters_that_only_turn_over_have_no_error_of_their_cumulants(energy):
    # Sums of equal numbers round: no variance and no error may come of it.
    E = np.full((3, 700), energy)
    E[:, ::2] *= 1 + 1e-15
    found = statistics.summarize(E, 0.87654321 * flips(3, 700), 1024, 3.0)
    assert found.specific_heat.value == found.susceptibility.value == 0.0
    assert found.binder_cumulant.value == pytest.approx(2 / 3)
    names = "energy absolute_magnetization squared_magnetization specific_heat susceptibility"
    for name in [*names.split(), "paramagnetic_susceptibility", "binder_cumulant"]:
        assert math.isnan(getattr(found, name).error), name
    assert found.magnetization.error == pytest.approx(0.87654321 / math.sqrt(2100), rel=0.2)
    assert found.note.startswith("E, |m| and m^2 never changed")


def test_replicas_frozen_in_different_states_have_no_error():
    frozen = np.repeat([[-2.0], [-1.875], [-2.0], [-1.75]], 100, axis=1)
    found = statistics.summarize(1024 * frozen, frozen / 2, 1024, 3.0)
    assert math.isnan(found.energy.error)
    assert math.isnan(found.specific_heat.error)
    assert "never changed" in found.note


def test_one_stuck_replica_among_others_is_noted():
    energy, m = ferromagnet(replicas=4)
    energy[2] = energy[2, 0]
    assert "E never changed in 1 of 4 replicas" in statistics.summarize(energy, m, 1000, 0.5).note


def test_a_series_that_moved_once_does_not_look_known():
    step, blip = np.repeat([-20.0, -18.0], 500), np.full(1000, -20.0)
    blip[300] = -16.0
    m = 0.1 * np.random.default_rng(2).normal(size=1000)
    found = statistics.summarize(step, m, 10, 1.0)
    assert math.isnan(found.energy.error)
    assert found.note.startswith("fewer than 50 tau of E were measured")
    found = statistics.summarize(blip, m, 10, 1.0)
    # One visit of four units in a thousand: a Poisson number of 1, known to more than itself.
    assert found.energy.error > 0.4 / 1000
    assert "E changed fewer than 20 times" in found.note


@pytest.mark.parametrize(
    ("replicas", "n"), [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (40, 1), (3, 5)]
)
def test_the_shortest_series_have_no_small_errors(replicas, n):
    rng = np.random.default_rng(3)
    found = statistics.summarize(*rng.normal(size=(2, replicas, n)), 10, 1.0)
    assert found.note or n * replicas >= 250 / 2
    if replicas == 40:  # independent replicas have the usual error
        assert found.energy.error > 0
    if replicas == 1:
        assert math.isnan(found.energy.error)
        assert math.isnan(found.specific_heat.error)


def test_seldom_turns_of_the_sign_do_not_drown_the_note():
    energy, wobble = ferromagnet(replicas=1, n=4000)
    sign = np.repeat([1.0, -1.0, 1.0], [1000, 700, 2300])
    found = statistics.summarize(energy, sign * (0.9 + 0.2 * wobble), 1000, 0.5)
    assert found.note == ""
    assert math.isnan(found.magnetization.error)
    assert found.absolute_magnetization.error > 0


def test_the_window_of_the_energy_reaches_the_slow_tail_that_it_shares_with_the_magnetization():
    # Var(E) = 1, a fifth of it follows the slow order; the rest is fast. tau of E is 0.8 + 10.
    trials, n, slow = 400, 4000, 50.0
    order = autoregressive(slow, (trials, n), seed=1)
    E = math.sqrt(0.8) * autoregressive(1.0, (trials, n), seed=2) + math.sqrt(0.2) * order
    found = [statistics.summarize(e, 2 + 0.1 * x, 10, 1.0) for e, x in zip(E, order, strict=True)]
    values, errors = np.array([[one.energy.value, one.energy.error] for one in found]).T * 10
    # sd of a standard deviation of 400 numbers: 3.5 %. The t of 8 degrees of freedom is 18 % wider
    # in its root mean square; its own window would be 30 % short (0.8 + 3 of 10.8).
    assert np.sqrt(np.mean(errors**2)) > values.std() * (1 - 4 * 0.035)
    inside = np.mean(np.abs(values) < 2 * errors)
    assert inside > binom.ppf(1e-4, trials, math.erf(math.sqrt(2))) / trials - 0.02


def telegraph(trials, n, tau, rng):
    """Signs that turn with the memory tau: rho(t) = (1 - 2 p)^t."""
    a = (2 * tau - 1) / (2 * tau + 1)
    turns = rng.random((trials, n)) < (1 - a) / 2
    return rng.choice([-1.0, 1.0], size=(trials, 1)) * np.cumprod(1.0 - 2.0 * turns, axis=1)


def test_the_window_reaches_what_the_energy_shares_with_the_sign_of_the_magnetization():
    # As in a field: a fifth of Var(E) follows the valley, which |m| does not tell apart.
    rng = np.random.default_rng(5)
    trials, n, slow = 300, 6000, 30.0
    valley = telegraph(trials, n, slow, rng)
    E = math.sqrt(0.8) * rng.normal(size=(trials, n)) + math.sqrt(0.2) * valley
    m = 0.8 * valley + 0.05 * rng.normal(size=(trials, n))
    found = [statistics.summarize(*pair, 10, 1.0) for pair in zip(E, m, strict=True)]
    values, errors = np.array([[one.energy.value, one.energy.error] for one in found]).T * 10
    # Standard deviations of 300 numbers: 4 %. The energy's own window has an error 2.8 times less.
    assert np.sqrt(np.mean(errors**2)) > values.std() * (1 - 4 * 0.041)
    inside = np.mean(np.abs(values) < 2 * errors)
    assert inside > binom.ppf(1e-4, trials, math.erf(math.sqrt(2))) / trials - 0.02


def test_a_sign_that_nothing_follows_does_not_widen_the_window():
    # As without a field: the energy knows nothing of the sign, however slowly it turns.
    rng = np.random.default_rng(6)
    wide = 0
    for valley in telegraph(200, 6000, 30.0, rng):
        E, size = rng.normal(size=6000), 0.8 + 0.05 * rng.normal(size=6000)
        window = (
            statistics.summarize(E, valley * size, 10, 1.0),
            statistics.summarize(E, size, 10, 1.0),
        )
        wide += window[0].tau_energy != window[1].tau_energy
    # Three series, four standard errors.
    assert wide <= binom.isf(1e-4, 200, 3 * 2 * norm.sf(4))


def test_replicas_that_disagree_have_the_error_of_their_spread_and_a_note():
    # A tenth of the variance lies between replicas: the window does not see it, and the error by
    # the memory is 10 times too small.
    rng = np.random.default_rng(7)
    trials, outside = 200, 0
    for _ in range(trials):
        E = rng.normal(size=(8, 1)) / 3 + rng.normal(size=(8, 2000))
        m = 0.05 * rng.normal(size=(8, 2000))
        found = statistics.summarize(E, m, 10, 1.0)
        assert "replicas disagree in E" in found.note or "tau of E were" in found.note
        assert found.specific_heat.error > 0
        outside += abs(found.energy.value) > 2 * found.energy.error
    assert found.energy.error * 10 > E.mean(1).std(ddof=1) / math.sqrt(8)
    assert outside <= binom.isf(1e-4, trials, 2 * norm.sf(2))


@pytest.mark.parametrize("replicas", [3, 8, 64])
def test_replicas_that_agree_are_hardly_ever_said_to_disagree(replicas):
    noted = sum(
        "disagree" in statistics.summarize(*ferromagnet(replicas, 1000, 10 * k), 1000, 0.5).note
        for k in range(200)
    )
    # Three series at 1e-3 each.
    assert noted <= binom.isf(1e-4, 200, 3e-3)
