"""The SK model: replica symmetry by slow quadrature, Parisi's steps by limits and known values."""

import itertools
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from spinglass.theory import parisi, sk


def gaussian_average(function, q, field, beta):
    """Average function(beta (h + sqrt(q) z)) over z by adaptive quadrature around the kink."""
    kink = -field / math.sqrt(q)
    edges = kink + np.array([-20, -3, 0, 3, 20]) / (beta * math.sqrt(q))
    edges = np.unique(np.clip([-9, *edges, 9], -9, 9))

    def integrand(z):
        density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        return density * function(beta * (field + math.sqrt(q) * z))

    panels = itertools.pairwise(edges)
    return sum(quad(integrand, a, b, epsabs=1e-13, epsrel=0)[0] for a, b in panels)


def log_2cosh(x):
    return abs(x) + math.log1p(math.exp(-2 * abs(x)))


@pytest.mark.parametrize(
    ("beta", "field"), [(0.5, 0.3), (1.3, 0.0), (2.0, 0.0), (2.0, 0.7), (10.0, 0.0), (10.0, 1.5)]
)
def test_the_replica_symmetric_state_solves_its_equation_by_quadrature(beta, field):
    def excess(q):
        return gaussian_average(lambda x: math.tanh(x) ** 2, q, field, beta) - q

    q = brentq(excess, 0.02 if field else 0.1 * (1 - 1 / beta), 1.0, xtol=1e-14)
    found = sk.replica_symmetric(beta, field=field)
    assert found.overlap == pytest.approx(q, abs=1e-11)
    m = gaussian_average(math.tanh, q, field, beta)
    assert found.magnetization == pytest.approx(m, abs=1e-11)
    f = -beta / 4 * (1 - q) ** 2 - gaussian_average(log_2cosh, q, field, beta) / beta
    assert found.free_energy == pytest.approx(f, abs=1e-11)
    u = -beta / 2 * (1 - q * q) - field * m
    assert found.energy == pytest.approx(u, abs=1e-10)
    assert found.entropy == pytest.approx(beta * (u - f), abs=1e-9)
    sech4 = gaussian_average(lambda x: math.cosh(min(abs(x), 300.0)) ** -4, q, field, beta)
    assert found.stability == pytest.approx(1 - beta**2 * sech4, abs=1e-9)


@pytest.mark.parametrize("field", [1e-300, 1e-30, 1e-12, 1e-9, 1e-8, 1e-7, 1e-6, 1e-4])
def test_in_a_weak_field_the_overlap_is_that_of_the_expansions(field):
    # q = h / sqrt(2) at T = 1, and h^2 / (T^2 - 1) above, up to terms of relative order h.
    critical = sk.replica_symmetric(1.0, field=field).overlap
    assert critical == pytest.approx(field / math.sqrt(2), rel=max(5 * field, 1e-13))
    for temperature in (1.5, 10.0):
        above = sk.replica_symmetric(1 / temperature, field=field).overlap
        expected = field**2 / (temperature**2 - 1)
        assert above == pytest.approx(expected, rel=max(5 * field, 1e-13), abs=1e-320)


@pytest.mark.parametrize("temperature", [1 - 1e-7, 1.0, 1 + 1e-7, 1.001, 1.1])
def test_the_overlap_grows_with_the_field_without_a_jump(temperature):
    found = [
        sk.replica_symmetric(1 / temperature, field=h).overlap
        for h in np.geomspace(1e-9, 1e-2, 400)
    ]
    slopes = np.diff(np.log(found))  # of a power between 0 and 2, and there is no kink
    assert (slopes > 0).all()
    assert (abs(np.diff(slopes)) < 0.05 * slopes.max()).all()


def test_the_replica_symmetric_ground_state_is_the_known_one():
    found = sk.replica_symmetric(math.inf)
    assert found.energy == found.free_energy == pytest.approx(-math.sqrt(2 / math.pi), rel=1e-14)
    assert found.entropy == pytest.approx(-1 / (2 * math.pi), rel=1e-13)
    assert found.overlap == 1.0
    near = sk.replica_symmetric(1e7)
    assert near.energy == pytest.approx(found.energy, abs=1e-7)
    assert near.entropy == pytest.approx(found.entropy, abs=1e-6)


def test_the_paramagnet_is_exact():
    betas = np.array([0.0, 0.3, 1.0])
    np.testing.assert_array_equal(sk.energy(betas), -betas / 2)
    for beta in (0.3, 1.0):
        found = sk.replica_symmetric(beta)
        assert found.overlap == found.magnetization == 0.0
        assert found.energy == pytest.approx(-beta / 2, rel=1e-14)
        assert found.free_energy == pytest.approx(sk.free_energy(beta), rel=1e-14)
        assert found.free_energy == pytest.approx(-beta / 4 - math.log(2) / beta, rel=1e-14)
    assert sk.free_energy(0.0) == -math.inf
    assert sk.replica_symmetric(0.0).entropy == pytest.approx(math.log(2))


def test_the_paramagnetic_energy_is_that_of_small_samples_in_the_mean():
    # Couplings of variance 1/N: <E>/N = -beta/2 (1 - 1/N) + O(beta^3) by expansion in beta.
    rng, n, beta = np.random.default_rng(3), 10, 0.1
    spins = 1.0 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    energies = []
    for _ in range(400):
        J = np.triu(rng.normal(size=(n, n)) / math.sqrt(n), 1)
        E = -np.einsum("si,ij,sj->s", spins, J, spins, optimize=True)
        w = np.exp(-beta * (E - E.min()))
        energies.append((w @ E) / w.sum() / n)
    error = np.std(energies) / math.sqrt(len(energies))
    expected = sk.energy(beta) * (1 - 1 / n)
    assert np.mean(energies) == pytest.approx(expected, abs=4.5 * error + beta**3)


@pytest.mark.parametrize("field", [0.0, 0.2, 1.0])
def test_the_entropy_is_minus_the_slope_of_the_free_energy(field):
    for T in (0.05, 0.4, 0.9, 1.7):
        low, high = (
            sk.replica_symmetric(1 / (T + d), field=field).free_energy for d in (-1e-4, 1e-4)
        )
        # The error is 1e-8 / 6 of the third derivative, below 1/T^2, beside rounding / 1e-4.
        slope = pytest.approx((low - high) / 2e-4, abs=1e-8 / T**2 + 1e-10)
        assert sk.replica_symmetric(1 / T, field=field).entropy == slope


def test_a_field_turned_round_turns_the_magnetization():
    up, down = sk.replica_symmetric(2.0, field=0.7), sk.replica_symmetric(2.0, field=-0.7)
    assert down.magnetization == -up.magnetization < 0.0
    assert (down.energy, down.overlap) == (up.energy, up.overlap)


@settings(max_examples=50)
@given(
    beta=st.floats(0.0, 100.0) | st.floats(0.99, 1.01) | st.floats(0.0, math.inf),
    field=st.floats(-3.0, 3.0) | st.floats(-1e3, 1e3),
)
def test_the_replica_symmetric_state_stays_in_its_bounds(beta, field):
    found = sk.replica_symmetric(beta, field=field)
    assert 0.0 <= found.overlap <= 1.0
    assert abs(found.magnetization) <= 1.0
    assert found.magnetization * field >= 0.0
    assert -0.17 < found.entropy <= math.log(2) * (1 + 1e-14)
    assert found.free_energy <= found.energy + 0.17 / max(beta, 1e-300)


# --- the AT line


def test_the_at_line_has_its_known_limits():
    assert sk.de_almeida_thouless(0.0) == 1.0
    for h in (1e-3, 1e-4, 1e-5):
        distance = (0.75 * h * h) ** (1 / 3)
        # The next order is relative to the distance.
        found = 1 - sk.de_almeida_thouless(h)
        assert found == pytest.approx(distance, rel=1.5 * distance + 1e-4)
    for h in (4.0, 8.0, 30.0):
        strong = 4 / (3 * math.sqrt(2 * math.pi)) * math.exp(-h * h / 2)
        assert sk.de_almeida_thouless(h) == pytest.approx(strong, rel=10 * strong + 1e-8)


@pytest.mark.parametrize("field", [1e-4, 1e-7, 1e-10, -1e-12, 1e-100, 5e-324])
def test_the_at_line_ends_in_the_law_of_weak_fields(field):
    distance = float(np.cbrt(0.75) * np.cbrt(abs(field)) ** 2)
    found = 1 - sk.de_almeida_thouless(field)
    # The law has two more terms of its own, and 1 - T the rounding of T.
    assert found == pytest.approx(distance - distance**2 / 3, abs=distance**3 + 2**-52)


def test_the_at_line_has_no_step_where_the_law_of_weak_fields_begins():
    below, above = (1 - sk.de_almeida_thouless(x) for x in (np.nextafter(1e-4, 0), 1e-4))
    # The equation is solved to rounding, some 2^-52, of two terms that differ by (1 - T)^2.
    assert below == pytest.approx(above, abs=10 * 2**-52 / above**2)


@pytest.mark.parametrize("field", [0.05, 0.5, 1.5, -0.5])
def test_stability_is_lost_on_the_at_line(field):
    T = sk.de_almeida_thouless(field)
    assert sk.replica_symmetric(1 / (T * 1.001), field=field).stability > 0
    assert sk.replica_symmetric(1 / (T * 0.999), field=field).stability < 0
    assert sk.replica_symmetric(1 / T, field=field).stability == pytest.approx(0.0, abs=1e-9)


def test_the_at_line_of_an_array_is_that_of_each():
    fields = np.array([[0.0, 0.3], [-1.0, 2.0]])
    found = sk.de_almeida_thouless(fields)
    assert found.shape == fields.shape
    assert found[1, 0] == sk.de_almeida_thouless(1.0)
    assert type(sk.de_almeida_thouless(0.3)) is float


# --- Parisi's steps


@pytest.mark.parametrize("T", [0.8, 0.4, 0.1])
def test_the_derivatives_of_parisis_free_energy_are_those_of_differences(T):
    q, m = np.array([0.2, 0.5, 0.7]), np.array([0.1, 0.4])
    _, by_q, by_m = parisi.free_energy(q, m, T)
    d = 1e-5
    for i in range(3):
        step = d * np.eye(3)[i]
        pair = [parisi.free_energy(q + s * step, m, T)[0] for s in (-1, 1)]
        assert by_q[i] == pytest.approx((pair[1] - pair[0]) / (2 * d), abs=1e-6)
    for i in range(2):
        step = d * np.eye(2)[i]
        pair = [parisi.free_energy(q, m + s * step, T)[0] for s in (-1, 1)]
        assert by_m[i] == pytest.approx((pair[1] - pair[0]) / (2 * d), abs=1e-6)


@pytest.mark.parametrize("beta", [1.5, 3.0, 8.0])
def test_one_step_of_vanishing_height_is_replica_symmetric(beta):
    glass = sk.replica_symmetric(beta)
    q = glass.overlap
    f, by_q, _ = parisi.free_energy(np.array([q - 1e-9, q]), np.array([0.3]), 1 / beta)
    assert f == pytest.approx(glass.free_energy, abs=1e-8)
    assert by_q[1] == pytest.approx(0.0, abs=1e-7)


def test_one_step_is_the_double_integral_written_out():
    T, q, m = 0.5, np.array([0.2, 0.6]), np.array([0.3])
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / w.sum()
    field = math.sqrt(q[0]) * z[:, None] + math.sqrt(q[1] - q[0]) * z
    inner = np.log((2 * np.cosh(field / T)) ** m[0] @ w) / m[0]
    f = -T * (w @ inner) - (1 - q[1]) / (2 * T)
    f += (m[0] * (q[1] ** 2 - q[0] ** 2) + 1 - q[1] ** 2) / (4 * T)
    # 80 nodes see a kink of width T / sqrt(0.4) = 0.8 to better than 1e-9.
    assert parisi.free_energy(q, m, T)[0] == pytest.approx(f, abs=1e-9)


def test_more_steps_raise_the_free_energy_and_settle():
    beta = 2.0
    steps = [sk.replica_symmetry_breaking(beta, steps=k) for k in (1, 2, 3)]
    f = np.array([sk.replica_symmetric(beta).free_energy, *(one.free_energy for one in steps)])
    rises = np.diff(f)
    assert np.all(rises > 0)
    assert np.all(rises[1:] < rises[:-1] / 5)  # as k^-4, or (2k + 1)^-4, at least
    for k, one in enumerate(steps, start=1):
        assert one.overlaps.shape == (k + 1,)
        assert one.breakpoints.shape == (k,)
        assert np.all(np.diff(one.overlaps) > 0)
        assert np.all(np.diff(one.breakpoints) > 0)
        assert one.entropy > sk.replica_symmetric(beta).entropy
        assert one.free_energy == pytest.approx(one.energy - one.entropy / beta, rel=1e-14)


@pytest.mark.parametrize(("steps", "ground"), [(1, -0.76526), (2, -0.76361)])
def test_ground_states_of_one_and_two_steps_are_the_known_ones(steps, ground):
    # At T = 0.02 the energy is above that of T = 0 by S'(0) T^2 / 2 (one step) or so: below 5e-5.
    found = sk.replica_symmetry_breaking(50.0, steps)
    assert found.energy == pytest.approx(ground, abs=5e-5)


@pytest.mark.parametrize("steps", [1, 2])
def test_the_energy_is_the_derivative_of_the_free_energy(steps):
    beta, d = 2.5, 1e-3
    low, high = (
        (beta + s) * sk.replica_symmetry_breaking(beta + s, steps).free_energy for s in (-d, d)
    )
    found = sk.replica_symmetry_breaking(beta, steps).energy
    assert found == pytest.approx((high - low) / (2 * d), abs=1e-6)


def test_the_energy_joins_the_paramagnet_and_the_ground_state():
    # u = -beta/2 + (1 - T)^2 / 2 (1 + O(1 - T)) below the critical temperature.
    for d in (1e-2, 1e-3, 1e-4):
        excess = sk.energy(1 / (1 - d)) + 0.5 / (1 - d)
        assert excess / d**2 == pytest.approx(0.5, abs=d)
    cold = sk.energy(math.inf)
    assert sk.GROUND_STATE_ENERGY - 1.5e-4 < cold < sk.GROUND_STATE_ENERGY
    # The interpolation meets the solution where it ends.
    pair = sk.energy(1 / (parisi.WARMEST + np.array([-1e-6, 1e-6])))
    assert pair[1] - pair[0] == pytest.approx(2e-6 * 0.5, rel=0.1)
    # Its curvature is so small that a solution beyond its nodes lies on it.
    beyond = parisi.solve(0.88, 1).energy
    assert sk.energy(1 / 0.88) == pytest.approx(beyond, abs=2e-6)


def test_parisis_solution_does_not_depend_on_the_kernels_of_numpy_and_blas():
    # Kernels differ in the last digits, which soft directions once turned into no solution.
    code = "from spinglass.theory import parisi; print(repr(parisi.solve(0.75, 3).energy))"
    disguise = {
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL",
        "OPENBLAS_CORETYPE": "Haswell",
    }
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=os.environ | disguise, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert float(ran.stdout) == pytest.approx(parisi.solve(0.75, 3).energy, abs=1e-9)


def test_the_energy_rises_with_the_temperature_and_lies_above_a_bound():
    T = np.array([0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0, 1.5])
    u = sk.energy(1 / T)
    assert np.all(np.diff(u) > 0)
    # u >= f >= f_RS, with equality of the last two in the paramagnet only.
    f = np.array([sk.replica_symmetric(1 / t).free_energy for t in T])
    assert np.all(u > f)


# --- arguments


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"beta must be >= 0 .*got -1\.0"):
        sk.energy(-1.0)
    with pytest.raises(ValueError, match="beta must be at most 1"):
        sk.free_energy([0.5, 1.5])
    with pytest.raises(TypeError, match="beta must be a real number"):
        sk.replica_symmetric("2")
    with pytest.raises(ValueError, match="field must be finite, got inf"):
        sk.replica_symmetric(1.0, field=math.inf)
    with pytest.raises(ValueError, match="field must be finite, got nan"):
        sk.de_almeida_thouless([0.1, math.nan])
    with pytest.raises(TypeError, match="field must hold real numbers"):
        sk.de_almeida_thouless("strong")
    with pytest.raises(ValueError, match=r"beta must be between 1\.18 and 50, got 1\.0"):
        sk.replica_symmetry_breaking(1.0)
    with pytest.raises(ValueError, match="steps must be an integer >= 1 and at most 3, got 4"):
        sk.replica_symmetry_breaking(2.0, steps=4)
