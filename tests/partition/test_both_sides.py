"""What chains say of ln Z, put together: the arithmetic alone, on numbers whose law is known."""

import math
import pickle

import numpy as np
import pytest
from scipy.stats import binom, f

from spinglass.partition.chain_weights import (
    bridge,
    effective_sample_size,
    log_mean,
    overlap,
    widened,
)
from spinglass.partition.log_partition import exactly, from_chains

TRUTH = 700.0
ABOUT = {"upper_is_bound": True, "log_base": 690.0, "beta": 1.0, "n_betas": 5, "seed": 0}


def normal_chains(width, n_up, n_down, seed):
    """Works of normal law obey Crooks' theorem if their means lie half a variance off."""
    rng = np.random.default_rng(seed)
    half = width**2 / 2
    return rng.normal(TRUTH - half, width, n_up), rng.normal(TRUTH + half, width, n_down)


def test_the_mean_of_weights_and_its_error_are_those_of_their_definition():
    weights = np.array([1.0, 2.0, 6.0])
    value, error = log_mean(np.log(weights) + 5000)
    assert value == pytest.approx(5000 + math.log(3), abs=1e-11)
    assert error == pytest.approx(weights.std(ddof=1) / math.sqrt(3) / 3, rel=1e-11)
    assert effective_sample_size(np.log(weights) - 5000) == pytest.approx(81 / 41)
    assert effective_sample_size(np.zeros(7)) == 7


@pytest.mark.parametrize(("n_up", "n_down"), [(200, 200), (50, 400)])
def test_bennetts_error_bars_cover_the_truth(n_up, n_down):
    found = [bridge(*normal_chains(1.5, n_up, n_down, seed)) for seed in range(400)]
    values, errors = np.array(found).T
    inside = int((abs(values - TRUTH) < errors).sum())
    assert binom.ppf(1e-4, 400, math.erf(math.sqrt(0.5))) <= inside
    assert inside <= binom.isf(1e-4, 400, math.erf(math.sqrt(0.5)))


@pytest.mark.parametrize("n_chains", [10, 20, 50, 100, 300])
@pytest.mark.parametrize("width", [0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 2.5])
@pytest.mark.parametrize("reverse", [False, True])
def test_two_errors_of_one_side_cover_the_truth_or_there_is_a_warning(width, n_chains, reverse):
    trials, covered, silent = 400, 0, 0
    for seed in range(trials):
        up, down = normal_chains(width, n_chains, n_chains, seed)
        found = from_chains(*((None, down) if reverse else (up, None)), **ABOUT)
        if found.warning is None:
            silent += 1
            covered += abs(found.value - TRUTH) < 2 * found.error
    # Outside of two errors without a warning no more often than one in twenty, plus chance.
    assert silent - covered <= binom.isf(1e-4, trials, 0.05)


def test_the_bridge_is_more_precise_than_either_direction():
    # Bennett's weights are those of the least variance, and the sides are among its rivals. Here
    # theory (Bennett 1976, eq. 10, by quadrature) has a variance 7 times less; F-tests say 1.
    squares = np.zeros(3)
    for seed in range(100):
        up, down = normal_chains(1.5, 100, 100, seed)
        found = from_chains(up, down, bridged=True, **ABOUT)
        sides = found.value, found.lower, found.upper
        squares += (np.array(sides) - TRUTH) ** 2
    assert (squares[1:] / squares[0] > f.isf(1e-4, 100, 100)).all()


def test_histograms_alike_overlap_fully_and_those_apart_not_at_all():
    constant = np.full(10, TRUTH)
    assert bridge(constant, constant) == (
        pytest.approx(TRUTH, abs=1e-9),
        pytest.approx(0, abs=1e-6),
    )
    assert overlap(constant, constant) == pytest.approx(1)
    up, down = normal_chains(0.3, 1000, 1000, 1)
    assert 0.9 < overlap(up, down) < 1
    apart = constant - 5000, constant + 5000
    assert overlap(*apart) == 0.0
    value, error = bridge(*apart)
    assert abs(value - TRUTH) < 1
    assert error == math.inf


def test_the_overlap_is_the_integral_of_what_the_histograms_share():
    up, down = normal_chains(1.0, 100_000, 100_000, 2)
    x = np.linspace(TRUTH - 10, TRUTH + 10, 4001)
    p, q = (
        np.exp(-((x - TRUTH + sign * 0.5) ** 2) / 2) / math.sqrt(2 * math.pi) for sign in (1, -1)
    )
    assert overlap(up, down) == pytest.approx(np.trapezoid(2 * p * q / (p + q), x), abs=0.01)


def test_what_follows_from_two_sides_stands_in_the_result():
    up, down = normal_chains(0.5, 60, 80, 3)
    found = from_chains(up, down, bridged=True, **ABOUT)
    assert (found.method, found.n_chains, found.n_betas) == ("bridge", 80, 5)
    assert found.lower == log_mean(up)[0]
    assert -found.upper == log_mean(-down)[0]
    assert found.lower_error == widened(log_mean(up)[1], up)
    assert found.upper_error == widened(log_mean(-down)[1], -down)
    assert found.gap == found.upper - found.lower
    assert (found.lower_is_bound, found.upper_is_bound) == (True, True)
    assert found.effective_sample_size == effective_sample_size(up)
    assert found.reverse_effective_sample_size == effective_sample_size(-down)
    assert found.overlap == overlap(up, down)
    np.testing.assert_array_equal(found.works, 690 - up)
    np.testing.assert_array_equal(found.reverse_works, down - 690)
    assert np.log(np.exp(-found.works).mean()) == pytest.approx(found.lower - 690)
    assert found.warning is None
    again = pickle.loads(pickle.dumps(found))
    assert (again.value, again.error) == (found.value, found.error)
    middle = from_chains(up, down, **ABOUT)
    assert (middle.method, middle.value) == ("two-sided", (found.lower + found.upper) / 2)
    assert middle.error >= found.gap / 2


def test_one_side_knows_nothing_of_the_other():
    up, down = normal_chains(0.5, 60, 80, 4)
    below = from_chains(up, None, **ABOUT | {"upper_is_bound": False})
    assert (below.method, below.value, below.error) == ("ais", below.lower, below.lower_error)
    assert (below.upper, below.gap, below.overlap, below.reverse_works) == (None,) * 4
    above = from_chains(None, down, **ABOUT)
    assert (above.method, above.value) == ("reverse-ais", above.upper)
    assert (above.lower, above.lower_is_bound, above.works) == (None, False, None)


def test_doubts_are_named():
    far = normal_chains(8.0, 100, 100, 5)
    found = from_chains(*far, bridged=True, **ABOUT)
    assert "neither is to be trusted: the chains were too fast" in found.warning
    assert "chains in common, too few" in found.warning
    # Bennett's error would be many times the distance between the two sides.
    assert bridge(*far)[1] > found.error
    assert found.error > found.gap / 2
    swapped = from_chains(far[1] - 40, far[0] + 40, bridged=True, **ABOUT)
    assert swapped.gap < 0
    assert swapped.warning.endswith("reverse chains did not start in equilibrium")
    assert swapped.error >= -swapped.gap
    for alone in ((far[0], None), (None, far[1])):
        assert "equal ones, too few for the error" in from_chains(*alone, **ABOUT).warning
    # Two chains cannot be uneven enough to be noticed, and do not know their spread.
    assert from_chains(far[0][:2], None, **ABOUT).warning.startswith("2 chains are too few")


@pytest.mark.parametrize("bridged", [True, False])
def test_the_picture_shows_both_directions_and_what_follows(bridged):
    pytest.importorskip("matplotlib").use("Agg")
    found = from_chains(*normal_chains(1.0, 100, 100, 6), bridged=bridged, **ABOUT)
    ax = found.plot(exact=TRUTH)
    texts = [text.get_text() for text in ax.get_legend().texts]
    assert {"forward annealing", "reverse annealing", r"exact: $\ln Z$ = 700.00"} <= set(texts)
    assert found.method in ax.get_title()
    assert sum(f"{found.value:.2f}" in text for text in texts) == bridged
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx(
        [found.lower, found.upper, *([found.value] if bridged else []), TRUTH]
    )


@pytest.mark.parametrize("spread", [1e-9, 1e-4, 0.1])
def test_a_tiny_error_of_the_bridge_is_not_lost(spread):
    """Of two equal narrow histograms the bridge is half-way between the means."""
    up, down = normal_chains(spread, 200, 200, 6)
    _, error = bridge(up, down)
    expected = math.hypot(up.std(), down.std()) / (2 * math.sqrt(200))
    # To first order in the spread, and up to 2/n: by so much the formulas of the error differ.
    assert error == pytest.approx(expected, rel=spread + 2 / 200)


def test_printed_it_says_what_is_known():
    up, down = normal_chains(1.0, 100, 100, 7)
    text = str(from_chains(up, down, bridged=True, **ABOUT | {"upper_is_bound": False}))
    first, below, above = text.splitlines()
    assert first.startswith("ln Z = ")
    assert first.endswith("(bridge)")
    assert below.endswith("a bound on average")
    assert "from above" in above
    assert "bound" not in above
    assert "not to be trusted: 3 chains are too few" in str(from_chains(up[:3], None, **ABOUT))
    assert str(exactly(1.5, 0)) == "ln Z = 1.5 (exact)"
