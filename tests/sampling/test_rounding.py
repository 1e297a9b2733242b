"""Couplings of very different size at one site: the law is right, or a warning names the site."""

import warnings

import numpy as np
import pytest
import scipy.sparse

import spinglass
from spinglass import exact
from spinglass.experiments import landscape

# <s> of that spin at beta = 1: the other has a field of 2, and weighs cosh(2 + s).
BY_HAND = (np.cosh(3) - np.cosh(1)) / (np.cosh(3) + np.cosh(1))


def between_two_walls(large, layout="auto"):
    """A spin coupled by `large` to a spin held up and to one held down, and by 1 to a third."""
    couplings = np.zeros((4, 4))
    for i, j, value in ((0, 2, large), (1, 2, large), (2, 3, 1.0)):
        couplings[i, j] = couplings[j, i] = value
    return spinglass.Ising(couplings, [10 * large, -10 * large, 0.0, 2.0], layout=layout)


LAYOUTS = pytest.mark.parametrize("layout", ["dense", "sparse"])
CALLS = {
    "sample": lambda model, **o: spinglass.sample(model, 1.0, 10, seed=1, **o),
    "temper": lambda model, **o: spinglass.temper(model, [0.5, 1.0], 10, seed=1, **o),
    "anneal": lambda model, **o: spinglass.anneal(model, betas=[1.0, 2.0], seed=1, **o),
}


@LAYOUTS
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("call", CALLS)
def test_a_coupling_that_is_lost_is_said_with_its_site(call, dynamics, layout):
    with pytest.warns(RuntimeWarning, match=r"site 2 can be wrong by 1,.*at beta = 1 "):
        CALLS[call](between_two_walls(1e9, layout), dynamics=dynamics)


@LAYOUTS
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
def test_without_a_warning_the_law_is_right(dynamics, layout):
    model = between_two_walls(3e6, layout)  # units of 2^-7
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = spinglass.sample(
            model, 1.0, 4000, n_replicas=16, warmup=100, seed=2, dynamics=dynamics, keep_states=True
        )
        expected = exact.magnetizations(model, 1.0)
    means = run.states[:, :, 2:].mean(axis=1)
    error = means.std(axis=0, ddof=1) / 4
    # Student's t with 15 degrees of freedom: 5 errors in 1 of 6000 runs. The rounding adds 2^-8.
    assert np.all(np.abs(means.mean(axis=0) - expected[2:]) < 5 * error + 2**-8)
    assert expected[2] == pytest.approx(BY_HAND, abs=1e-6)


def of_many_small(small, layout="auto"):
    """A spin coupled by 3.9e6 and -3.9e6 to two that are held up, and to 300 more."""
    couplings, fields = np.zeros((303, 303)), np.full(303, 20.0)
    couplings[0, 1:3], couplings[0, 3:] = (3.9e6, -3.9e6), small
    fields[:3] = 0.0, 1e7, 1e7
    return spinglass.Ising(couplings + couplings.T, fields, layout=layout)


def pulled_apart(large, small, layout="auto"):
    """A spin in a field, coupled by `large` and -`large` to two that are held up."""
    couplings = np.zeros((3, 3))
    couplings[0, 1:] = large, -large
    return spinglass.Ising(couplings + couplings.T, [small, 2 * large, 2 * large], layout=layout)


def small_moves(model, beta):
    """Return <s_0>, the other spins held up, and its error."""
    run = spinglass.sample(model, beta, 500, 32, "heat-bath", warmup=20, seed=3, keep_states=True)
    means = run.states[:, :, 0].mean(axis=1)
    return means.mean(), means.std(ddof=1) / np.sqrt(32)


@LAYOUTS
def test_small_couplings_that_are_lost_together_are_added_up(layout):
    # Each is below the unit of 2^-7, and beta times a unit is small; their sum is 1.08.
    with pytest.warns(RuntimeWarning, match=r"site 0 can be wrong by 1\.08,"):
        spinglass.sample(of_many_small(0.0036, layout), 1.0, 5, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean, error = small_moves(of_many_small(2.0**-7, layout), 0.25)
    assert abs(mean - np.tanh(0.25 * 300 * 2.0**-7)) < 5 * error


@LAYOUTS
def test_at_zero_temperature_a_sign_that_is_lost_is_said(layout):
    for large in (1e9, 1e12):
        with pytest.warns(RuntimeWarning, match=r"site 0 can be wrong by 0\.8,.*beta = inf"):
            spinglass.sample(pulled_apart(large, 0.8, layout), np.inf, 5, seed=1)
    with pytest.warns(RuntimeWarning, match=r"site 0 .*beta = inf"):
        spinglass.temper(pulled_apart(1e9, 0.8, layout), [1e-9, np.inf], 5, seed=1)
    with pytest.warns(RuntimeWarning, match=r"site 0 .*beta = inf"):
        spinglass.sample(of_many_small(0.0036, layout), np.inf, 5, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for small in (0.8, -0.8):
            assert small_moves(pulled_apart(1e6, small, layout), np.inf)[0] == np.sign(small)


BOTH = ("dense", "sparse")
# One value outweighs the rest; frustrated, but exact.
ONE_LARGE = [
    spinglass.Ising([[0.0, 1e15], [1e15, 0.0]], [1.0, 0.0], layout=layout) for layout in BOTH
]
MULTIPLES = [spinglass.Ising(-1e15 * (1 - np.eye(3)), layout=layout) for layout in BOTH]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "model",
    [
        spinglass.SherringtonKirkpatrick(100, seed=1),
        spinglass.EdwardsAnderson((8, 8), disorder="gaussian", seed=1),
        *ONE_LARGE,
        *MULTIPLES,
    ],
    ids=["SK", "Edwards-Anderson"]
    + [f"{what}, {layout}" for what in ("one large", "multiples") for layout in BOTH],
)
def test_harmless_rounding_goes_without_a_word(model):
    spinglass.sample(model, 5.0, 10, seed=1)
    spinglass.anneal(model, n_sweeps=50, seed=1)


def gaussian(n_spins, degree, seed=1):
    """Normal couplings that nobody rounded, on a random graph; or between all."""
    rng = np.random.default_rng(seed)
    if degree is None:
        full = np.triu(rng.normal(size=(n_spins, n_spins)), 1) / np.sqrt(n_spins)
        return spinglass.Ising(full + full.T)
    ends = rng.integers(0, n_spins, (2, n_spins * degree // 2))
    ends = ends[:, ends[0] != ends[1]]
    half = scipy.sparse.coo_array((rng.normal(size=ends.shape[1]), ends), (n_spins, n_spins))
    return spinglass.Ising(scipy.sparse.csr_array(half) + scipy.sparse.csr_array(half.T))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("n_spins", "degree"), [(1000, None), (100_000, 6), (20_000, 60)])
@pytest.mark.parametrize("beta", [1.0, 1000.0, np.inf])
def test_normal_couplings_of_ones_own_go_without_a_word(n_spins, degree, beta):
    spinglass.sample(gaussian(n_spins, degree), beta, 1, seed=1)


@pytest.mark.parametrize("large", [1e15, 1e16, 1e17])
def test_zero_temperature_says_what_doubles_lose(large):
    # Alone the spin in the field of 0.8 has one ground state; here two count as equal.
    with pytest.warns(RuntimeWarning, match=r"energies are rounded .*at beta = inf"):
        exact.ground_states(pulled_apart(large, 0.8))
    with pytest.warns(RuntimeWarning, match=r"energies are rounded .*at beta = inf"):
        landscape(pulled_apart(large, 0.8))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("large", [1.0, 1e9, 1e14])
def test_zero_temperature_tells_states_apart_that_doubles_tell_apart(large):
    model = pulled_apart(large, 0.8)
    assert exact.ground_states(model).tolist() == [[1, 1, 1]]
    assert landscape(model).minima["plateau"].max() == 1


def test_a_sum_over_states_says_what_doubles_lose():
    with pytest.warns(RuntimeWarning, match="energies are rounded to about 24"):
        exact.magnetizations(between_two_walls(1e16), 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for large in (1e9, 1e12):
            found = exact.magnetizations(between_two_walls(large), 1.0)
            # The energies, of 22 large, are rounded to 2^-53 of themselves: so are the weights.
            assert found[2] == pytest.approx(BY_HAND, abs=100 * large * 2.0**-53)
        exact.log_partition(between_two_walls(1e16), 1e-20)
