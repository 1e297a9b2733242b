"""Couplings of very different size at one site: the law is right, or a warning names the site."""

import warnings

import numpy as np
import pytest

import spinglass
from spinglass import exact

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
    with pytest.warns(RuntimeWarning, match=r"site 2 is rounded to multiples of 2,.*at beta = 1 "):
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
