"""The square-lattice Ising model: Kaufman against all states, Onsager against Kaufman."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ellipe, ellipk

from spinglass.theory import ising2d

CATALAN = 0.915965594177219015
BETA_C = math.log(1 + math.sqrt(2)) / 2


def enumerate_states(shape, beta, coupling=1.0):
    """Return ln Z, the energy and the specific heat per spin from a sum over all states."""
    n = shape[0] * shape[1]
    spins = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    spins = spins.reshape(-1, *shape)
    neighbours = np.roll(spins, 1, 1) + np.roll(spins, 1, 2)
    energies = -coupling * (spins * neighbours).sum(axis=(1, 2))
    exponents = -beta * energies
    weights = np.exp(exponents - exponents.max())
    mean = (weights * energies).sum() / weights.sum()
    variance = (weights * (energies - mean) ** 2).sum() / weights.sum()
    return math.log(weights.sum()) + exponents.max(), mean / n, beta**2 * variance / n


def textbook(K):
    """Return Onsager's energy and specific heat as they are printed; K >= 0.1 keeps 1e-12."""
    t, k = math.tanh(2 * K), 2 * math.sinh(2 * K) / math.cosh(2 * K) ** 2
    k1, e1, kk = ellipk(k * k), ellipe(k * k), 2 * t * t - 1
    energy = -(1 + 2 / math.pi * kk * k1) / t
    bracket = k1 - e1 - (1 - t * t) * (math.pi / 2 + kk * k1)
    return energy, 4 / math.pi * (K / t) ** 2 * bracket


@pytest.mark.parametrize("beta", [1e-3, 0.05, 0.3, BETA_C, 0.6, 1.3, 2.0])
@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 2), (1, 3), (5, 1), (2, 2), (2, 3), (3, 2), (3, 3), (3, 4), (4, 4), (2, 6)],
)
def test_a_finite_lattice_is_the_sum_over_its_states(shape, beta):
    log_partition, energy, specific_heat = enumerate_states(shape, beta)
    assert ising2d.finite_log_partition(shape, beta) == pytest.approx(log_partition, rel=1e-12)
    assert ising2d.finite_energy(shape, beta) == pytest.approx(energy, rel=1e-11)
    heat = ising2d.finite_specific_heat(shape, beta)
    assert heat == pytest.approx(specific_heat, rel=1e-11, abs=1e-14)


@pytest.mark.parametrize(
    ("beta", "side", "energy"),
    [
        (0.30, 8, -0.7124673727),
        (0.30, 32, -0.7044990718),
        (0.44, 16, -1.447743465),
        (0.44, 64, -1.416121279),
        (0.50, 32, -1.745564527),
    ],
)
def test_energies_are_the_known_ones(beta, side, energy):
    digits = len(str(energy).partition(".")[2])
    assert ising2d.finite_energy(side, beta) == pytest.approx(energy, abs=0.51 * 10.0**-digits)


@pytest.mark.parametrize("shape", [(4, 4), (2, 4), (6, 2)])
def test_an_antiferromagnet_on_even_sides_has_the_energies_of_its_states(shape):
    for beta in (0.2, 0.7):
        found = ising2d.finite_energy(shape, beta, coupling=-1.0)
        assert found == pytest.approx(enumerate_states(shape, beta, -1.0)[1], rel=1e-12)


@pytest.mark.parametrize(("shape", "coupling"), [((3, 4), 0.4), ((2, 3), 2.5)])
def test_the_coupling_is_the_unit_of_energy(shape, coupling):
    expected = enumerate_states(shape, 0.6, coupling)
    assert ising2d.finite_log_partition(shape, 0.6, coupling=coupling) == pytest.approx(expected[0])
    assert ising2d.finite_energy(shape, 0.6, coupling=coupling) == pytest.approx(
        expected[1], rel=1e-12
    )
    heat = ising2d.finite_specific_heat(shape, 0.6, coupling=coupling)
    assert heat == pytest.approx(expected[2], rel=1e-11)
    assert ising2d.energy(0.6, coupling=coupling) == pytest.approx(
        coupling * ising2d.energy(0.6 * coupling), rel=1e-14
    )


@pytest.mark.parametrize("K", [0.1, 0.2, 0.4, 0.43, 0.45, 0.5, 0.7, 0.9])
def test_the_infinite_lattice_is_what_onsager_printed(K):
    energy, specific_heat = textbook(K)
    assert ising2d.energy(K) == pytest.approx(energy, rel=1e-13)
    # The bracket of the textbook form is a difference, at worst 1e4 times smaller than its terms.
    assert ising2d.specific_heat(K) == pytest.approx(specific_heat, rel=2e-12)


@pytest.mark.parametrize("K", [0.01, 0.2, 0.35, 0.55, 0.8])
def test_a_large_torus_is_the_infinite_lattice(K):
    # Away from the critical point the difference is of the order of e^{-512 |g_0|}, below 1e-70.
    n = 512
    infinite = ising2d.log_partition_per_spin(K)
    ordered = math.log(2) / n**2 if K > BETA_C else 0.0  # two signs of the magnetization
    found = ising2d.finite_log_partition(n, K) / n**2
    assert found - ordered == pytest.approx(infinite, rel=1e-14)
    assert ising2d.finite_energy(n, K) == pytest.approx(ising2d.energy(K), rel=2e-14)
    heat = ising2d.specific_heat(K)
    assert ising2d.finite_specific_heat(n, K) == pytest.approx(heat, rel=1e-12)


def test_values_at_the_critical_point_are_the_known_ones():
    beta = ising2d.critical_beta()
    assert beta == pytest.approx(BETA_C, rel=1e-15)
    known = math.log(2) / 2 + 2 * CATALAN / math.pi
    assert ising2d.log_partition_per_spin(beta) == pytest.approx(known, rel=1e-15)
    assert ising2d.energy(beta) == pytest.approx(-math.sqrt(2), rel=1e-15)
    assert ising2d.specific_heat(beta) == math.inf
    assert ising2d.magnetization(beta) == 0.0


@pytest.mark.parametrize("coupling", [0.1, 0.37, 1.0, 3.0, 1e6, -0.7])
def test_the_critical_point_is_hit_whatever_the_coupling(coupling):
    beta = ising2d.critical_beta(coupling)
    assert ising2d.specific_heat(beta, coupling=coupling) == math.inf
    assert ising2d.magnetization(beta, coupling=coupling) == 0.0
    assert math.isfinite(ising2d.specific_heat(beta * (1 + 1e-14), coupling=coupling))


@pytest.mark.parametrize("exponent", range(3, 14))
def test_the_specific_heat_diverges_with_the_logarithm_of_the_distance(exponent):
    # Onsager: c = -2/pi (2 K_c)^2 ln|K - K_c| + a constant, which the difference does not hold.
    # The next order is d ln d.
    d = 10.0**-exponent
    pair = ising2d.specific_heat(np.array([BETA_C - d, BETA_C - d / 10]))
    slope = 2 / math.pi * (2 * BETA_C) ** 2 * math.log(10)
    # BETA_C itself is known to 5e-17, which moves the logarithm by 5e-17 / (d / 10).
    assert pair[1] - pair[0] == pytest.approx(slope, abs=20 * d * exponent + 1e-15 / d)


@pytest.mark.parametrize("side", [8, 32, 128, 512])
def test_the_specific_heat_at_the_critical_point_grows_with_the_logarithm_of_the_side(side):
    # c = 2/pi ln^2(1 + sqrt 2) ln L + constant + O(1/L) (Ferdinand and Fisher 1969).
    pair = [ising2d.finite_specific_heat(n, BETA_C) for n in (side, 2 * side)]
    growth = 2 / math.pi * math.log(1 + math.sqrt(2)) ** 2 * math.log(2)
    assert pair[1] - pair[0] == pytest.approx(growth, abs=0.2 / side)


@pytest.mark.parametrize("K", [1e-300, 1e-12, 1e-8, 1e-5, 1e-3])
def test_high_temperature_keeps_its_digits(K):
    # ln Z / N = ln 2 + 2 ln cosh K + tanh^4 K + 2 tanh^6 K + ...
    energy = -(2 * K + 10 / 3 * K**3)  # d/dK of K^2 - K^4 / 6 + K^4 gives 2 K + 10/3 K^3
    assert ising2d.energy(K) == pytest.approx(energy, rel=1e-13 + 20 * K**4)
    assert ising2d.finite_energy(16, K) == pytest.approx(energy, rel=1e-13 + 20 * K**4)
    heat = 2 * K * K + 10 * K**4
    assert ising2d.specific_heat(K) == pytest.approx(heat, rel=1e-13 + 100 * K**4)
    assert ising2d.finite_specific_heat(16, K) == pytest.approx(heat, rel=1e-13 + 100 * K**4)


@pytest.mark.parametrize("K", [3.0, 6.0, 15.0, 50.0])
def test_low_temperature_keeps_its_digits(K):
    # ln Z / N = 2 K + x^4 + 2 x^6 + 9/2 x^8 + ..., x = e^{-2K}.
    x = math.exp(-2 * K)
    heat = K * K * (64 * x**4 + 288 * x**6)
    assert ising2d.specific_heat(K) == pytest.approx(heat, rel=1e-13 + 50 * x**4)
    deviation = 8 * x**4 + 24 * x**6
    assert ising2d.energy(K) == pytest.approx(-2 + deviation, abs=1e-15 + 40 * x**8)
    assert ising2d.magnetization(K) == pytest.approx(1 - 2 * x**4, abs=1e-15 + 20 * x**6)


def test_zero_and_infinite_beta_are_their_limits():
    ends = np.array([0.0, math.inf])
    np.testing.assert_array_equal(ising2d.energy(ends), [0.0, -2.0])
    np.testing.assert_array_equal(ising2d.specific_heat(ends), [0.0, 0.0])
    np.testing.assert_array_equal(ising2d.magnetization(ends), [0.0, 1.0])
    np.testing.assert_array_equal(ising2d.free_energy(ends), [-math.inf, -2.0])
    log_partition = ising2d.log_partition_per_spin(ends)
    assert log_partition[0] == pytest.approx(math.log(2), rel=1e-15)
    assert log_partition[1] == math.inf
    for shape in ((1, 1), (1, 4), (2, 2), (5, 3)):
        n, loops = shape[0] * shape[1], sum(side == 1 for side in shape)
        np.testing.assert_allclose(ising2d.finite_energy(shape, ends), [-loops, -2], rtol=1e-15)
        np.testing.assert_array_equal(ising2d.finite_specific_heat(shape, ends), [0.0, 0.0])
        assert ising2d.finite_log_partition(shape, 0.0) == pytest.approx(n * math.log(2))
        assert ising2d.finite_log_partition(shape, math.inf) == math.inf


def test_a_huge_torus_does_not_overflow():
    betas = np.array([0.0, 1e-200, 1e-5, 0.3, BETA_C, 0.6, 5.0, 200.0, 1e6])
    n = 4096
    with np.errstate(all="raise", under="ignore"):
        found = ising2d.finite_log_partition(n, betas) / n**2
        assert np.all(np.isfinite(ising2d.finite_energy(n, betas)))
        assert np.all(np.isfinite(ising2d.finite_specific_heat(n, betas)))
    # ln 2 of the two signs, and at the critical point a constant (Ferdinand and Fisher: 0.6399).
    assert np.all(found >= ising2d.log_partition_per_spin(betas) * (1 - 4e-16))
    np.testing.assert_allclose(found, ising2d.log_partition_per_spin(betas), atol=0.7 / n**2)


@pytest.mark.parametrize("shape", [(3, 5), (4, 8), (2, 7), (1, 6), (12, 9)])
def test_a_torus_may_be_turned(shape):
    for beta in (0.1, 0.44, 0.7):
        turned = ising2d.finite_log_partition(shape[::-1], beta)
        assert ising2d.finite_log_partition(shape, beta) == turned


@given(beta=st.floats(0.01, 1.2), m=st.integers(1, 40), n=st.integers(1, 40))
def test_derivatives_are_those_of_the_logarithm(beta, m, n):
    step = 1e-4
    near = ising2d.finite_log_partition((m, n), beta + step * np.array([-2, -1, 0, 1, 2]))
    slope = (near[0] - 8 * near[1] + 8 * near[3] - near[4]) / (12 * step)
    # Five points err by step^4 / 30 of the fifth derivative, which is below 100 (m n)^3 here, and
    # by rounding of ln Z.
    error = step**4 * 4 * (m * n) ** 3 + 1e-15 * near[2] / step
    assert -ising2d.finite_energy((m, n), beta) * m * n == pytest.approx(slope, abs=error)
    curvature = (near[1] - 2 * near[2] + near[3]) / step**2
    error = step**2 * 10 * (m * n) ** 3 + 8e-16 * near[2] / step**2
    found = ising2d.finite_specific_heat((m, n), beta) * m * n / beta**2
    assert found == pytest.approx(curvature, abs=error)


@given(beta=st.floats(0.0, 1e3) | st.floats(0.4, 0.5) | st.floats(0.0, math.inf))
def test_energy_magnetization_and_heat_stay_in_their_bounds(beta):
    assert -2.0 <= ising2d.energy(beta) <= 0.0
    assert 0.0 <= ising2d.magnetization(beta) <= 1.0
    assert ising2d.specific_heat(beta) >= 0.0
    assert ising2d.specific_heat(beta, coupling=1e10) >= 0.0
    assert ising2d.free_energy(beta) <= ising2d.energy(beta) * (1 - 1e-15)
    assert -2.0 <= ising2d.finite_energy((6, 4), beta) <= 0.0


def test_magnetization_is_yangs():
    beta = np.array([0.45, 0.5, 0.7, 1.0])
    np.testing.assert_allclose(
        ising2d.magnetization(beta), (1 - np.sinh(2 * beta) ** -4) ** 0.125, rtol=1e-13
    )
    assert np.all(ising2d.magnetization([0.0, 0.2, 0.44]) == 0.0)
    # m ~ (8 sqrt 2 (K - K_c))^{1/8} next to the critical point.
    d = 1e-12
    expected = (8 * math.sqrt(2) * d) ** 0.125
    assert ising2d.magnetization(BETA_C + d) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "function",
    [
        ising2d.log_partition_per_spin,
        ising2d.free_energy,
        ising2d.energy,
        ising2d.specific_heat,
        ising2d.magnetization,
        lambda beta: ising2d.finite_log_partition((4, 3), beta),
        lambda beta: ising2d.finite_energy((4, 3), beta),
        lambda beta: ising2d.finite_specific_heat((4, 3), beta),
    ],
)
def test_an_array_gives_the_value_of_each_and_a_scalar_a_float(function):
    betas = np.array([[0.1, 0.3], [0.5, 2.0]])
    values = function(betas)
    assert values.shape == betas.shape
    each = [function(float(beta)) for beta in betas.flat]
    assert all(type(value) is float for value in each)
    np.testing.assert_allclose(values.ravel(), each, rtol=1e-15)
    assert function([]).shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((4, -0.1), ValueError, r"beta must be >= 0 \(the inverse temperature\), got -0\.1"),
        ((4, [0.1, math.nan]), ValueError, "beta must be >= 0"),
        ((4, "0.1"), TypeError, "beta must hold real numbers"),
        ((4, 0.1, 0.0), ValueError, r"coupling must be finite and not 0, got 0\.0"),
        ((4, 0.1, math.inf), ValueError, "coupling must be finite and not 0, got inf"),
        ((4, 0.1, "1"), TypeError, "coupling must be a real number"),
        ((0, 0.1), ValueError, "shape must be an integer >= 1, got 0"),
        (((4, 2.5), 0.1), TypeError, "shape must be an integer >= 1, got 2.5"),
        (((4, 4, 4), 0.1), ValueError, "shape must be one side length or two"),
        (((4, 3), 0.1, -1.0), ValueError, r"coupling must be > 0 on a lattice of shape \(4, 3\)"),
    ],
)
def test_a_bad_argument_is_named(arguments, error, message):
    for function in (
        ising2d.finite_log_partition,
        ising2d.finite_energy,
        ising2d.finite_specific_heat,
    ):
        shape, beta, *coupling = arguments
        with pytest.raises(error, match=message):
            function(shape, beta, **dict(zip(["coupling"], coupling, strict=False)))


def test_a_bad_beta_or_coupling_of_the_infinite_lattice_is_named():
    for function in (
        ising2d.energy,
        ising2d.specific_heat,
        ising2d.free_energy,
        ising2d.magnetization,
        ising2d.log_partition_per_spin,
    ):
        with pytest.raises(ValueError, match="beta must be >= 0"):
            function(-1.0)
        with pytest.raises(ValueError, match="coupling must be finite and not 0"):
            function(1.0, coupling=0.0)
    with pytest.raises(ValueError, match="coupling must be finite and not 0"):
        ising2d.critical_beta(0)
