"""Errors of correlated averages, held against series whose memory is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import binom
from scipy.stats import t as student

from spinglass import statistics
from spinglass.statistics import Estimate, format_estimate


def autoregressive(tau, shape, seed):
    """Return stationary AR(1) series of mean 0, variance 1 and rho(t) = a^t.

    tau = 1/2 + a / (1 - a), so a = (2 tau - 1) / (2 tau + 1).
    """
    a = (2 * tau - 1) / (2 * tau + 1)
    noise = np.random.default_rng(seed).normal(size=shape)
    noise[..., 1:] *= math.sqrt(1 - a * a)
    return lfilter([1.0], [1.0, -a], noise, axis=-1)


# --- autocorrelation


@given(
    n=st.integers(1, 40),
    replicas=st.integers(1, 4),
    seed=st.integers(0, 2**32),
)
def test_the_autocorrelation_is_the_sum_written_out(n, replicas, seed):
    x = np.random.default_rng(seed).normal(size=(replicas, n)) + 3.0
    d = x - x.mean()
    covariance = np.array(
        [np.sum(d[:, : n - t] * d[:, t:]) / (replicas * (n - t)) for t in range(n)]
    )
    expected = covariance / covariance[0] if x.size > 1 else [1.0]
    # A Fourier transform errs by a few roundings of the largest sum, divided by n - t = 1.
    np.testing.assert_allclose(statistics.autocorrelation(x), expected, atol=1e-13 * n)
    np.testing.assert_allclose(
        statistics.autocorrelation(x, max_lag=n // 2), expected[: n // 2 + 1], atol=1e-13 * n
    )


def test_replicas_in_different_states_are_correlated_at_every_lag():
    x = np.array([[-1.0] * 50, [1.0] * 50])
    np.testing.assert_allclose(statistics.autocorrelation(x), 1.0, atol=1e-12)


def test_leading_axes_are_replicas():
    x = autoregressive(3.0, (2, 3, 100), seed=1)
    rho = statistics.autocorrelation(x, 10)
    np.testing.assert_array_equal(rho, statistics.autocorrelation(x.reshape(6, 100), 10))
    assert rho.shape == (11,)


def test_many_replicas_are_transformed_in_pieces(monkeypatch):
    x = autoregressive(3.0, (50, 100), seed=1)
    whole = statistics.autocorrelation(x)
    monkeypatch.setattr("spinglass.statistics.correlation._CHUNK", 700)
    np.testing.assert_allclose(statistics.autocorrelation(x), whole, atol=1e-12)


# --- autocorrelation time and standard error


@pytest.mark.parametrize("tau", [0.5, 2.0, 10.0, 50.0])
@pytest.mark.parametrize("replicas", [1, 5])
def test_the_autocorrelation_time_of_an_ar1_series_is_the_known_one(tau, replicas):
    n = 200_000 // replicas
    found = statistics.autocorrelation_time(autoregressive(tau, (replicas, n), seed=7))
    # Madras and Sokal: relative error sqrt((4 W + 2) / N), W = 5 tau and at least 3; the window
    # cuts off e^-5.
    error = tau * math.sqrt((4 * max(5 * tau, 3) + 2) / 200_000)
    assert found == pytest.approx(tau, abs=4.5 * error + tau * math.exp(-5))


def test_a_wider_window_takes_in_a_weak_tail():
    slow = autoregressive(200.0, 2_000_000, seed=1)
    x = autoregressive(0.5, 2_000_000, seed=2) + math.sqrt(0.05) * slow
    tau = (0.5 + 0.05 * 200.0) / 1.05  # sum of rho weighted by the variances
    # W = 100 tau: the relative error is sqrt((4 W + 2) / N) = 4.5 %.
    assert statistics.autocorrelation_time(x, window=100) == pytest.approx(tau, rel=0.25)
    assert statistics.autocorrelation_time(x, window=2) < 0.7 * tau


@pytest.mark.parametrize(
    "series", [[3.0], [0.1] * 7, [[0.1] * 3] * 5, np.full((2, 1), 1e300), [[1.0], [2.0]]]
)
def test_series_that_do_not_vary_in_time_have_the_time_of_independent_ones(series):
    assert statistics.autocorrelation_time(series) == 0.5


def test_an_alternating_series_has_a_small_positive_time():
    x = np.tile([1.0, -1.0], 500)
    assert 0.0 < statistics.autocorrelation_time(x) < 0.01
    assert 0.0 < statistics.standard_error(x) < 0.01


def test_the_standard_error_of_few_measurements_is_defined():
    assert math.isnan(statistics.standard_error([3.0]))
    assert statistics.standard_error([0.1] * 5) == 0.0
    # One measurement in each of R replicas: the usual standard error of the mean.
    x = [1.0, 2.0, 4.0, 9.0]
    expected = np.std(x, ddof=1) / 2
    assert statistics.standard_error(np.array(x)[:, None]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("replicas", "n", "tau"),
    [
        (1, 1000, 0.5),
        (1, 1000, 2.0),
        (1, 1000, 10.0),  # 100 tau: the limit of what is promised
        (1, 10000, 100.0),
        (8, 200, 5.0),
        (8, 100, 10.0),
        (8, 20, 20.0),  # no window fits: the spread of the replicas is taken
        (40, 10, 50.0),
        (4, 1000, 10.0),
    ],
)
def test_the_true_mean_is_as_often_within_the_error_as_it_should_be(replicas, n, tau):
    trials = 2000
    x = autoregressive(tau, (trials, replicas, n), seed=11)
    errors = np.array([statistics.standard_error(one) for one in x])
    deviations = np.abs(x.mean(axis=(1, 2))) / errors
    # The error squared has the relative variance 2 (2W + 1) / N, or 2 / (R - 1) of the replicas:
    # so the deviations follow Student's t of N / (2W + 1) or R - 1 degrees of freedom.
    window = max(5 * tau, 3)
    freedom = max(replicas * n / (2 * window + 1), replicas - 1)
    for width in (1.0, 2.0):
        expected = 1 - 2 * student.sf(width, freedom)
        low, high = binom.ppf([1e-4, 1 - 1e-4], trials, expected) / trials
        # 0.03: chi-square is not quite the distribution of the error squared, nor is W fixed.
        assert low - 0.03 < np.mean(deviations < width) < high + 0.03
    # In the mean of the squares the error is unbiased, up to the bias of W (Wolff 2004).
    variance = np.mean(x.mean(axis=(1, 2)) ** 2)
    noise = math.sqrt((2 + 2 / freedom) / trials)
    assert np.mean(errors**2) / variance == pytest.approx(1.0, abs=0.14 + 4 * noise)


# --- binning


def test_binning_of_independent_numbers_is_flat():
    x = np.random.default_rng(5).normal(size=(4, 4096))
    levels = statistics.binning(x)
    np.testing.assert_array_equal(levels.block_length, 2 ** np.arange(13))
    np.testing.assert_array_equal(levels.n_blocks, 4 * 4096 // levels.block_length)
    deviation = (levels.standard_error - 1 / math.sqrt(x.size)) / levels.uncertainty
    assert np.all(np.abs(deviation[levels.n_blocks >= 64]) < 4)


def test_binning_of_an_ar1_series_rises_to_the_plateau_as_its_formula_says():
    tau, n = 10.0, 2**20
    a = (2 * tau - 1) / (2 * tau + 1)
    levels = statistics.binning(autoregressive(tau, n, seed=3))
    b = levels.block_length.astype(float)
    # Variance of a mean of b terms: (1 + a) / (1 - a) / b - 2 a (1 - a^b) / (b (1 - a))^2.
    variance = (1 + a) / (1 - a) / b - 2 * a * (1 - a**b) / (b * (1 - a)) ** 2
    expected = np.sqrt(variance * b / n)
    # Correlated blocks make fewer independent ones: their uncertainty is at most sqrt(2 tau) more.
    few = levels.n_blocks >= 64
    width = levels.uncertainty * np.sqrt(np.maximum(1, 2 * tau / b)) + 1e-12
    assert np.all((np.abs(levels.standard_error - expected) / width)[few] < 4.5)
    plateau = levels.standard_error[levels.block_length == 1024][0]
    assert statistics.standard_error(autoregressive(tau, n, seed=3)) == pytest.approx(
        plateau, rel=4.5 / math.sqrt(2 * 1024)
    )


def test_binning_leaves_out_what_does_not_fill_a_block():
    levels = statistics.binning([1.0, 2.0, 3.0, 4.0, 100.0])
    np.testing.assert_array_equal(levels.block_length, [1, 2])
    np.testing.assert_array_equal(levels.n_blocks, [5, 2])
    assert levels.standard_error[1] == pytest.approx(1.0)  # blocks 1.5 and 3.5
    assert len(statistics.binning([1.0]).block_length) == 0


# --- jackknife


def test_the_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(2).normal(size=1000)
    value, error = statistics.jackknife(lambda mean: mean, x, n_blocks=1000)
    assert value == pytest.approx(x.mean(), abs=1e-14)
    assert error == pytest.approx(x.std(ddof=1) / math.sqrt(1000), rel=1e-10)


@given(cuts=st.integers(2, 30), replicas=st.integers(1, 3), seed=st.integers(0, 2**32))
def test_the_jackknife_leaves_out_one_block_at_a_time(cuts, replicas, seed):
    n = 31
    x = np.random.default_rng(seed).normal(size=(replicas, n))
    edges = np.linspace(0, n, cuts + 1).astype(int)
    values = []
    for replica in range(replicas):
        for k in range(cuts):
            keep = np.ones((replicas, n), dtype=bool)
            keep[replica, edges[k] : edges[k + 1]] = False
            values.append((x[keep] ** 2).mean() - x[keep].mean() ** 2)
    blocks = len(values)
    value, error = statistics.jackknife(
        lambda a, b: a - b * b, x**2, x, n_blocks=blocks, bias_corrected=False
    )
    assert value == pytest.approx(x.var(), rel=1e-10)
    assert error == pytest.approx(math.sqrt((blocks - 1) * np.var(values)), rel=1e-9)


def test_the_jackknife_takes_out_the_bias_of_a_variance():
    x = np.random.default_rng(2).normal(size=50)
    value, _ = statistics.jackknife(lambda a, b: a - b * b, x**2, x, n_blocks=50)
    assert value == pytest.approx(x.var(ddof=1), rel=1e-10)


def test_the_jackknife_error_of_a_correlated_variance_is_right():
    tau, n, trials = 10.0, 4000, 500
    x = autoregressive(tau, (trials, n), seed=4)
    found = np.array([statistics.jackknife(lambda a, b: a - b * b, y**2, y) for y in x])
    # Bias-corrected: the variance, 1, up to the noise of the mean over trials.
    scatter = found[:, 0].std()
    assert found[:, 0].mean() == pytest.approx(1.0, abs=4.5 * scatter / math.sqrt(trials) + 0.002)
    # 5 % short by blocks of 10 tau, and the noise of a standard deviation of 500 numbers, 3.2 %.
    assert np.sqrt(np.mean(found[:, 1] ** 2)) == pytest.approx(scatter, rel=0.05 + 4 * 0.032)
    inside = np.mean(np.abs(found[:, 0] - 1) < found[:, 1])
    assert inside == pytest.approx(0.66, abs=0.03 + 4 * 0.021)


def test_replicas_are_the_blocks_of_short_series():
    x = autoregressive(20.0, (10, 20), seed=9)
    value, error = statistics.jackknife(lambda mean: mean, x)
    assert value == pytest.approx(x.mean())
    assert error == pytest.approx(x.mean(axis=1).std(ddof=1) / math.sqrt(10))


def test_a_constant_function_has_no_error():
    assert statistics.jackknife(lambda mean: 2.0, [1.0, 2.0, 3.0, 4.0]) == (2.0, 0.0)
    value, error = statistics.jackknife(lambda mean: 2 * mean, [1.5])
    assert value == 3.0
    assert math.isnan(error)


# --- estimates


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-0.704512, 0.000031, "-0.70451(3)"),
        (0.1234, 0.0195, "0.123(19)"),
        (0.1234, 0.0199, "0.12(2)"),
        (9.9996, 0.00096, "10.000(1)"),
        (12.345, 1.5, "12.3(1.5)"),
        (12.345, 3.0, "12(3)"),
        (1234.5, 60, "1230(60)"),
        (1.0, 10.4, "1(10)"),
        (3e8, 2e6, "3.00(2)e+08"),
        (1.23456e-10, 5e-13, "1.235(5)e-10"),
        (0.0, 0.01, "0.000(10)"),
        (5, 3e7, "0(3)e+07"),
        (-2.0, 0.0, "-2(0)"),
        (0.5, math.nan, "0.5(?)"),
        (1.0, math.inf, "1(inf)"),
        (math.nan, 0.1, "nan"),
        (-math.inf, math.nan, "-inf"),
        (np.float64(0.25), np.float64(0.03), "0.25(3)"),
    ],
)
def test_a_value_is_written_with_its_error_in_parentheses(value, error, text):
    assert format_estimate(value, error) == text
    assert str(Estimate(value, error)) == text


@given(
    value=st.floats(-1e8, 1e8) | st.floats(-1e-3, 1e-3) | st.floats(allow_nan=False),
    error=st.floats(1e-300, 1e300) | st.floats(1e-6, 1e4),
)
def test_what_is_written_is_the_value_within_a_third_of_the_error(value, error):
    text = format_estimate(value, error)
    if not math.isfinite(value):
        assert text == str(value)
        return
    if error < 1e-16 * abs(value):
        assert text == f"{value!r}(0)"
        return
    number, _, rest = text.partition("(")
    inside, _, power = rest.partition(")")
    written = float(number + power)
    places = len(number.partition(".")[2])
    scale = 1.0 if "." in inside or places == 0 else 10.0**-places
    spelled = float(inside) * scale * float("1" + power if power else 1)
    # Rounding the error to a digit of 2 or more moves it by a quarter at most, to half a unit in
    # the last place; the value by half of a unit, a quarter of the error.
    assert spelled == pytest.approx(error, rel=0.26, abs=1e-320)
    assert written == pytest.approx(value, rel=1e-12, abs=0.34 * error)


# --- summaries


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


# --- arguments


@pytest.mark.parametrize(
    ("series", "error", "message"),
    [
        ([], ValueError, "series must have shape"),
        (3.0, ValueError, r"series must have shape .* got shape \(\)"),
        ([1.0, math.nan], ValueError, "series must hold finite numbers, got nan"),
        (["a"], TypeError, "series must hold real numbers"),
        ([[1.0], [1.0, 2.0]], ValueError, "series must be an array of real numbers"),
    ],
)
def test_a_bad_series_is_named(series, error, message):
    for function in (
        statistics.autocorrelation,
        statistics.autocorrelation_time,
        statistics.standard_error,
        statistics.binning,
        lambda x: statistics.jackknife(np.sum, x),
    ):
        with pytest.raises(error, match=message):
            function(series)


def test_other_bad_arguments_are_named():
    x = np.arange(10.0)
    with pytest.raises(ValueError, match="max_lag must be an integer >= 0 and at most 9, got 10"):
        statistics.autocorrelation(x, max_lag=10)
    with pytest.raises(ValueError, match="window must be a positive number, got 0"):
        statistics.autocorrelation_time(x, window=0)
    with pytest.raises(TypeError, match="function must be callable"):
        statistics.jackknife(x)
    with pytest.raises(TypeError, match="series must be at least one array"):
        statistics.jackknife(np.sum)
    with pytest.raises(ValueError, match="series must all have one shape"):
        statistics.jackknife(np.add, x, x[1:])
    with pytest.raises(ValueError, match="n_blocks must be an integer >= 2"):
        statistics.jackknife(np.sin, x, n_blocks=1)
    with pytest.raises(ValueError, match="magnetization must have the shape of energy"):
        statistics.summarize(x, x[1:], 10, 1.0)
    with pytest.raises(ValueError, match="energy must hold finite numbers"):
        statistics.summarize(np.where(x > 3, np.inf, x), x, 10, 1.0)
    with pytest.raises(ValueError, match="n_spins must be an integer >= 1"):
        statistics.summarize(x, x, 0, 1.0)
    with pytest.raises(ValueError, match="beta must be >= 0"):
        statistics.summarize(x, x, 10, -1.0)
