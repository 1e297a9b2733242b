"""The theory of the Hopfield model, held against its equations written out and solved slowly."""

import itertools
import math
import pickle
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar
from scipy.special import erf

from spinglass.theory import hopfield, replica

QUAD_ERROR = 1e-12


def gaussian_average(function, m, sigma, temperature):
    """Average function(h / T) over h = m + sigma z by adaptive quadrature around the kink."""
    kink, width = -m / sigma, temperature / sigma
    edges = kink + width * np.array([-20, -5, -1, 0, 1, 5, 20])
    edges = np.unique(np.clip([-9.0, *edges, 0.0, 9.0], -9.0, 9.0))

    def integrand(z):
        density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        return density * function((m + sigma * z) / temperature)

    panels = itertools.pairwise(edges)
    return sum(quad(integrand, a, b, epsabs=QUAD_ERROR, epsrel=0)[0] for a, b in panels)


def solve_slowly(load, beta):
    """Iterate the AGS equations downwards from m = q = r = 1 to their largest solution."""
    m, q, r = 1.0, 1.0, 1.0
    for _ in range(5000):
        before, sigma = m, math.sqrt(load * r)
        if beta == math.inf:
            y = m / math.sqrt(2 * load * r)
            m = math.erf(y)
            c = math.sqrt(2 / (math.pi * load * r)) * math.exp(-y * y)
        else:
            q = gaussian_average(lambda x: math.tanh(x) ** 2, m, sigma, 1 / beta)
            m = gaussian_average(math.tanh, m, sigma, 1 / beta)
            c = beta * (1 - q)
        if c >= 1:  # which no retrieval state has: the iteration has fallen past the last one
            return 0.0, q, math.inf
        previous, r = r, q / (1 - c) ** 2
        if abs(m - before) + abs(r - previous) < QUAD_ERROR:
            return m, q, r
    raise AssertionError("the iteration does not settle")


def solve_spin_glass_slowly(load, beta):
    """Find the solution with m = 0 by the root of load r = sigma^2 in sigma."""

    def order(sigma):
        return gaussian_average(lambda x: math.tanh(x) ** 2, 0.0, sigma, 1 / beta)

    def excess(sigma):
        q = order(sigma)
        return sigma * (1 - beta * (1 - q)) - math.sqrt(load * q)

    sigma = brentq(excess, 0.5 * math.sqrt(1 - 1 / beta), 2.0, xtol=QUAD_ERROR)
    return 0.0, order(sigma), sigma**2 / load


def ags_free_energy(load, beta, m, q, r):
    """Evaluate the free energy as AGS print it, without the constant load/2."""
    c = beta * (1 - q)
    log_cosh = gaussian_average(
        lambda x: abs(x) + math.log1p(math.exp(-2 * abs(x))), m, math.sqrt(load * r), 1 / beta
    )
    crosstalk = (math.log(1 - c) - beta * q / (1 - c)) / beta
    return m * m / 2 + load / 2 * (crosstalk + beta * r * (1 - q)) - log_cosh / beta


def test_critical_point_at_zero_temperature_is_the_known_one():
    assert hopfield.critical_load() == pytest.approx(0.13790556649, abs=0.5e-11)
    assert hopfield.critical_overlap() == pytest.approx(0.96741711569, abs=0.5e-11)


def test_critical_point_at_zero_temperature_maximizes_the_load_in_closed_form():
    # With y = m / sqrt(2 load r): sqrt(2 load) = erf(y) / y - 2 / sqrt(pi) exp(-y^2).
    def minus_root(y):
        return 2 / math.sqrt(math.pi) * math.exp(-y * y) - math.erf(y) / y

    best = minimize_scalar(minus_root, bracket=(1.0, 1.5, 2.0), tol=1e-12)
    assert hopfield.critical_load() == pytest.approx(best.fun**2 / 2, abs=1e-15)
    # A minimum is located to the square root of rounding, and so is the overlap there.
    assert hopfield.critical_overlap() == pytest.approx(math.erf(best.x), abs=1e-7)


@pytest.mark.parametrize(
    ("temperature", "load"), [(0.02, 0.138184), (0.1, 0.135049), (0.2, 0.122559), (0.4, 0.081037)]
)
def test_critical_loads_at_finite_temperature_are_the_known_ones(temperature, load):
    assert hopfield.critical_load(1 / temperature) == pytest.approx(load, abs=0.5e-6)


def test_a_little_noise_raises_the_critical_load():
    assert hopfield.critical_load() < hopfield.critical_load(1 / 0.01)
    assert hopfield.critical_load(1 / 0.01) < hopfield.critical_load(1 / 0.02)
    assert hopfield.critical_load(1 / 0.05) < hopfield.critical_load()


@pytest.mark.parametrize(
    ("load", "beta"),
    [
        (0.12, math.inf),
        (0.05, math.inf),
        (0.13, 1 / 0.01),
        (0.12, 1 / 0.05),
        (0.1, 1 / 0.1),
        (0.1, 1 / 0.2),
        (0.001, 1 / 0.3),
        (0.06, 1 / 0.4),
        (0.004, 1 / 0.8),
    ],
)
def test_overlap_solves_the_equations_evaluated_by_quadrature(load, beta):
    m, _, _ = solve_slowly(load, beta)
    # Each step here shrinks the error to less than 3/4. So the iteration stops within 4 times its
    # last step and the error of one quadrature, which has at most 8 panels.
    assert hopfield.retrieval_overlap(load, beta) == pytest.approx(m, abs=4 * (1 + 8) * QUAD_ERROR)
    assert m > 0.5


@pytest.mark.parametrize("beta", [math.inf, 1 / 0.2])
def test_the_equations_lose_their_solution_at_the_critical_load(beta):
    critical = hopfield.critical_load(beta)
    assert solve_slowly(0.99 * critical, beta)[0] > hopfield.critical_overlap(beta)
    assert solve_slowly(1.01 * critical, beta)[0] == 0.0


@pytest.mark.parametrize("temperature", [0.0, 1e-4, 0.01, 0.1, 0.4, 0.8, 0.99])
def test_retrieval_ends_at_the_critical_load(temperature):
    beta = 1 / temperature if temperature else math.inf
    load, overlap = hopfield.critical_load(beta), hopfield.critical_overlap(beta)
    assert hopfield.retrieval_overlap(load * (1 + 1e-12), beta) == 0.0
    # The end is a fold, so m - m_c grows as the square root of the distance: a hundredth of the
    # distance is a tenth of the rise, up to corrections of the order of sqrt(1e-6).
    rise = [hopfield.retrieval_overlap(load * (1 - x), beta) - overlap for x in (1e-6, 1e-8)]
    assert rise[0] > 0
    assert rise[1] / rise[0] == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize("temperature", [0.0, 0.1, 0.5, *(1 - 10.0 ** -np.arange(1, 12))])
def test_the_critical_load_itself_is_retrieved(temperature):
    beta = 1 / temperature if temperature else math.inf
    load, overlap = hopfield.critical_load(beta), hopfield.critical_overlap(beta)
    # m - m_c is about m_c sqrt(1 - load / load_c), and the load is known to 1e-15 / (1 - T).
    error = overlap * math.sqrt(10 * 1e-15 / (1 - temperature))
    for ulps in range(8):
        near = load * (1 - ulps * 2.3e-16)
        assert hopfield.retrieval_overlap(near, beta) == pytest.approx(overlap, abs=error)


@pytest.mark.parametrize("temperature", [0.0, 0.01, 0.1, 0.3, 0.7, 0.95])
def test_overlap_falls_with_the_load(temperature):
    beta = 1 / temperature if temperature else math.inf
    loads = np.linspace(0.0, hopfield.critical_load(beta), 60)
    overlaps = hopfield.retrieval_overlap(loads, beta)
    # Errors of exp(-m^2 / 2 sigma^2) below rounding leave plateaus at 1, up to an ulp or two.
    assert np.all(np.diff(overlaps) <= 4e-16)
    assert np.all(np.diff(overlaps[overlaps < 0.999]) < 0)
    assert overlaps[-1] == pytest.approx(hopfield.critical_overlap(beta), abs=1e-7)


@pytest.mark.parametrize("temperature", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-12, 1e-300])
def test_critical_load_joins_zero_temperature_with_the_known_slope(temperature):
    # Thermal noise is even, so at fixed sigma/m it moves m and C by O(T^2), and q = 1 - T C alone
    # moves load = sigma^2 (1-C)^2 / q, to load (1 + T C). At the maximum sigma/m may be held fixed.
    load, overlap = hopfield.critical_load(), hopfield.critical_overlap()
    y = brentq(lambda y: math.erf(y) - overlap, 1, 2, xtol=1e-15)
    c = 2 / math.sqrt(math.pi) * math.exp(-y * y) * y / overlap
    # The second order is about -0.5 T^2.
    bound = temperature**2 + 1e-15
    assert abs(hopfield.critical_load(1 / temperature) - load * (1 + temperature * c)) < bound


@pytest.mark.parametrize("temperature", [1e-2, 1e-3, 1e-4, 1e-6, 1e-12])
@pytest.mark.parametrize("load", [0.0, 0.05, 0.1, 0.13])
def test_overlap_joins_zero_temperature(load, temperature):
    # As above, T acts like a change of the load by load C T. Up to load 0.13 |dm/dload| < 1 and
    # C < 0.18, which makes 0.0234 T; the rest is for the second order.
    cold, warm = (hopfield.retrieval_overlap(load, beta) for beta in (math.inf, 1 / temperature))
    assert abs(warm - cold) < 0.03 * temperature + 1e-14


@pytest.mark.parametrize("temperature", [0.05, 0.3, 0.7, 0.99])
def test_averages_do_not_depend_on_which_noise_is_summed(temperature):
    # Crosstalk just above and below T takes the two different sums; all else moves by 1e-13.
    above = replica.state(0.4, temperature * (1 + 1e-13), temperature)
    below = replica.state(0.4, temperature * (1 - 1e-13), temperature)
    np.testing.assert_allclose(above, below, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("beta", [1.001, 1.1, 2.0, 5.0, 50.0])
def test_without_load_the_overlap_is_the_curie_weiss_magnetization(beta):
    m = brentq(lambda m: m - math.tanh(beta * m), 1e-3, 1.0, xtol=1e-16)
    # Rounding is divided by the slope of m - tanh(beta m), about 2 (beta - 1) for beta near 1.
    error = 1e-15 / min(1.0, beta - 1)
    assert hopfield.retrieval_overlap(0.0, beta) == pytest.approx(m, abs=error)


def test_without_load_and_temperature_recall_is_perfect():
    assert hopfield.retrieval_overlap(0.0) == 1.0


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_nothing_is_retrieved_at_or_above_temperature_one(beta):
    assert hopfield.critical_load(beta) == 0.0
    assert hopfield.critical_overlap(beta) == 0.0
    assert hopfield.ferromagnetic_load(beta) == 0.0
    assert hopfield.retrieval_overlap(0.0, beta) == 0.0


@pytest.mark.parametrize("distance", [1e-3, 1e-4, 0.9e-5, 1e-6, 1e-8])
def test_lines_meet_temperature_one_as_the_landau_expansion_says(distance):
    # In units of 1 - T, with x = (m / sigma)^2: m^2 + 3 sigma^2 = 3, 1 - C = 2 m^2 / 3,
    # load = 4 x^2 / ((1 + x) (3 + x)^2); free energies to second order in 1 - T.
    def landau(x):
        s2 = 3 / (3 + x)
        m2, load = x * s2, 4 * x * x / ((1 + x) * (3 + x) ** 2)
        root = math.sqrt(load)
        retrieval = -m2 * m2 / 12 - 5 / 6 * m2 * s2 - s2 * s2 / 4 + load / 2 * math.log(2 * m2 / 3)
        glass = -((1 + root) ** 2) / 4 + load / 2 * math.log(root) - root / 2 * (1 + root)
        return load, retrieval - glass

    critical = landau((3 + math.sqrt(33)) / 2)[0]
    ferromagnetic = landau(brentq(lambda x: landau(x)[1], 5, 100, xtol=1e-13))[0]
    beta = 1 / (1 - distance)
    # The next order is relative to 1 - T; rounding costs 1e-16 / (1 - T) and about 1e-8 at worst.
    tolerance = distance + 1e-7
    assert hopfield.critical_load(beta) / distance**2 == pytest.approx(critical, rel=tolerance)
    crossing = hopfield.ferromagnetic_load(beta) / distance**2
    assert crossing == pytest.approx(ferromagnetic, rel=tolerance)


def test_retrieval_states_are_ground_states_below_load_0_0519():
    # At T = 0 the energies are -(m^2 + load r) / 2 and, for the spin glass, with
    # sigma = sqrt(load) + sqrt(2/pi), -sigma^2 / 2: equal where m^2 (1 + rho^2) = sigma^2.
    def excess(rho):
        m = erf(1 / (math.sqrt(2) * rho))
        c = math.sqrt(2 / math.pi) * math.exp(-0.5 / rho**2) / (rho * m)
        sigma = rho * m * (1 - c) + math.sqrt(2 / math.pi)
        return sigma**2 - m * m * (1 + rho**2), (rho * m * (1 - c)) ** 2

    crossing = excess(brentq(lambda rho: excess(rho)[0], 0.1, 0.4, xtol=1e-15))[1]
    assert hopfield.ferromagnetic_load() == pytest.approx(crossing, abs=1e-13)
    assert math.floor(1000 * hopfield.ferromagnetic_load()) == 51  # AGS: 0.051


@pytest.mark.parametrize("temperature", [0.05, 0.3, 0.7])
def test_free_energies_cross_at_the_ferromagnetic_load(temperature):
    beta = 1 / temperature
    excess = []
    for load in hopfield.ferromagnetic_load(beta) * np.array([0.95, 1.0, 1.05]):
        retrieval = ags_free_energy(load, beta, *solve_slowly(load, beta))
        glass = ags_free_energy(load, beta, *solve_spin_glass_slowly(load, beta))
        excess.append(retrieval - glass)
    # Stationary in (m, q, r), the energies feel the error of the solution only in second order.
    assert abs(excess[1]) < 10 * QUAD_ERROR
    assert excess[0] < -100 * QUAD_ERROR
    assert excess[2] > 100 * QUAD_ERROR


def test_spin_glass_temperature_is_one_plus_the_root_of_the_load():
    assert hopfield.spin_glass_temperature(0.0) == 1.0
    np.testing.assert_array_equal(hopfield.spin_glass_temperature([0.01, 4.0]), [1.1, 3.0])


def test_phase_diagram_lines_lie_in_order():
    diagram = hopfield.phase_diagram(n_points=41)
    assert diagram.temperature[0] == 0.0
    assert diagram.temperature[-1] == 1.0
    assert np.all(diagram.ferromagnetic_load[:-1] < diagram.critical_load[:-1])
    assert np.all(diagram.ferromagnetic_load[:-1] > 0.0)
    assert diagram.critical_load[-1] == diagram.ferromagnetic_load[-1] == 0.0
    assert np.all(hopfield.spin_glass_temperature(diagram.critical_load) >= diagram.temperature)
    assert diagram.load[-1] > diagram.critical_load.max()


def test_phase_diagram_holds_the_values_of_the_functions():
    diagram = hopfield.phase_diagram(n_points=5)
    assert diagram.critical_load[0] == hopfield.critical_load()
    assert diagram.critical_load[2] == hopfield.critical_load(2.0)
    assert diagram.ferromagnetic_load[2] == hopfield.ferromagnetic_load(2.0)
    glass = hopfield.spin_glass_temperature(diagram.load)
    np.testing.assert_allclose(diagram.spin_glass_temperature, glass, rtol=1e-15)


def test_phase_diagram_pickles():
    diagram = hopfield.phase_diagram(n_points=3)
    again = pickle.loads(pickle.dumps(diagram))
    np.testing.assert_array_equal(again.critical_load, diagram.critical_load)


def test_phase_diagram_draws_into_the_axes_it_is_given():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert hopfield.phase_diagram(n_points=5).plot(ax=ax) is ax
    assert "load" in ax.get_xlabel()
    assert "temperature" in ax.get_ylabel()


def test_a_plot_without_matplotlib_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'spinglass\[plot\]'"):
        hopfield.phase_diagram(n_points=2).plot()


def test_an_array_of_loads_gives_the_overlap_of_each():
    loads = np.array([[0.0, 0.05, 0.1], [0.13, 0.2, math.inf]])
    overlaps = hopfield.retrieval_overlap(loads, 5.0)
    assert overlaps.shape == loads.shape
    each = [hopfield.retrieval_overlap(load, 5.0) for load in loads.flat]
    assert all(type(overlap) is float for overlap in each)
    np.testing.assert_array_equal(overlaps.ravel(), each)


@given(
    load=st.floats(0.0, 0.2) | st.floats(0.0, 1e-3),
    beta=st.floats(0.0, allow_nan=False) | st.floats(0.9, 5.0),
)
def test_overlap_is_positive_exactly_up_to_the_critical_load(load, beta):
    overlap, critical = hopfield.retrieval_overlap(load, beta), hopfield.critical_load(beta)
    assert 0.0 <= overlap <= 1.0
    assert (overlap > 0.0) == (load <= critical and critical > 0.0)
    assert 0.0 <= hopfield.ferromagnetic_load(beta) <= critical < 0.1382


@pytest.mark.parametrize(
    ("load", "error", "message"),
    [
        (-0.1, ValueError, r"load must be >= 0, got -0\.1"),
        ([0.1, -0.2], ValueError, r"load must be >= 0, got -0\.2"),
        (math.nan, ValueError, "load must be >= 0, got nan"),
        ("0.1", TypeError, "load must be a real number >= 0, got '0.1'"),
        (None, TypeError, "load must be a real number >= 0, got None"),
        (1j, TypeError, "load must be a real number >= 0, got 1j"),
        ([[0.1], [0.1, 0.2]], TypeError, "load must be a real number >= 0"),
    ],
)
def test_a_bad_load_is_named(load, error, message):
    with pytest.raises(error, match=message):
        hopfield.retrieval_overlap(load)
    with pytest.raises(error, match=message):
        hopfield.spin_glass_temperature(load)


@pytest.mark.parametrize(
    ("beta", "error", "message"),
    [
        (-1.0, ValueError, r"beta must be >= 0, got -1\.0"),
        (math.nan, ValueError, "beta must be >= 0, got nan"),
        ("inf", TypeError, "beta must be a real number >= 0, got 'inf'"),
        ([1.0, 2.0], TypeError, r"beta must be one number, got an array of shape \(2,\)"),
    ],
)
def test_a_bad_beta_is_named(beta, error, message):
    functions = [
        hopfield.critical_load,
        hopfield.critical_overlap,
        hopfield.ferromagnetic_load,
        lambda beta: hopfield.retrieval_overlap(0.1, beta),
    ]
    for function in functions:
        with pytest.raises(error, match=message):
            function(beta)


@pytest.mark.parametrize(
    ("n_points", "error"), [(1, ValueError), (2.5, TypeError), (True, TypeError)]
)
def test_a_bad_number_of_points_is_named(n_points, error):
    with pytest.raises(error, match="n_points must be an integer >= 2, got"):
        hopfield.phase_diagram(n_points)
