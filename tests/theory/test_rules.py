"""What other rules hold: the equations solved another way, their limits and published values."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf
from scipy.stats import norm

from spinglass.theory import hopfield, memories


def test_hebb_is_the_hopfield_model_at_zero_temperature():
    assert memories.critical_load("hebb") == pytest.approx(hopfield.critical_load(), rel=1e-12)
    overlap = hopfield.critical_overlap(math.inf)
    assert memories.critical_overlap("hebb") == pytest.approx(overlap, abs=1e-7)


@pytest.mark.parametrize(
    ("rule", "share", "digits", "published"),
    [
        ("hebb", 1, 3, 0.138),  # Amit, Gutfreund and Sompolinsky 1985
        ("clipped", 1, 3, 0.102),  # Sompolinsky 1986
        ("sequence", 1, 3, 0.269),  # Duering, Coolen and Sherrington 1998
    ],
)
def test_the_load_is_the_published_one(rule, share, digits, published):
    assert round(memories.critical_load(rule, share=share), digits) == published


@pytest.mark.parametrize("rule", ["hebb", "clipped", "sequence", "diluted"])
def test_a_state_exists_at_the_critical_load_and_none_above(rule):
    """Iterate m = erf(m / sqrt(2V)) with the noise of the state, from a perfect memory."""
    options = {"share": 0.3} if rule == "diluted" else {}
    critical = memories.critical_load(rule, **options)
    noise = {"clipped": math.pi / 2 - 1, "diluted": 0.7 / 0.3}.get(rule, 0.0)

    def end(load):
        m, C = 1.0, 0.0
        for _ in range(20_000):
            r = 1 / (1 - C**2) if rule == "sequence" else 1 / (1 - C) ** 2
            V = load * (r + noise)
            m, C = erf(m / math.sqrt(2 * V)), math.sqrt(2 / math.pi / V) * math.exp(-m * m / 2 / V)
            if m < 0.05 or C > 1:
                return 0.0
        return m

    assert end(0.999 * critical) > memories.critical_overlap(rule, **options)
    assert end(1.001 * critical) == 0.0


def test_dilution_goes_from_all_bonds_to_none():
    assert memories.critical_load("diluted", share=1) == memories.critical_load("hebb")
    bonds = [memories.critical_load("diluted", share=c) / c for c in (1, 0.5, 0.1, 1e-3, 1e-12)]
    assert (np.diff(bonds) > 0).all()
    # (m/y)^2 / 2 is 2/pi (1 - 2 y^2/3), and r = 9/(4 y^4) beside d = 1/c: y^6 = 27 c/4 at the most.
    share = 1e-15
    y = (6.75 * share) ** (1 / 6)
    assert memories.critical_overlap("diluted", share=share) == pytest.approx(erf(y), rel=1e-3)
    expected = 2 / math.pi * (1 - 2 * y**2 / 3 - 9 * share / (4 * y**4))
    found = memories.critical_load("diluted", share=share) / share
    assert found == pytest.approx(expected, rel=y**4)


@pytest.mark.parametrize("f", [0.5, 0.1, 0.01, 1e-6])
def test_no_other_threshold_stores_more_at_low_activity(f):
    """Search all pairs of thresholds on a grid: none beats the optimum, and one comes near it."""
    x_1 = np.linspace(-4, 1, 401)[:, None]
    width = np.linspace(0.5, 12, 601)
    H_1, H_0 = norm.sf(x_1), norm.sf(x_1 + width)
    sigma = (H_1 - H_0) / width
    C = (f * norm.pdf(x_1) + (1 - f) * norm.pdf(x_1 + width)) / sigma
    loads = np.where(C < 1, sigma * (1 - C), 0) ** 2 / (f * H_1 + (1 - f) * H_0)
    best = memories.critical_load("low-activity", activity=f)
    assert 0.995 * best < loads.max() <= best * (1 + 1e-12)
    k, j = np.unravel_index(loads.argmax(), loads.shape)
    overlap = memories.critical_overlap("low-activity", activity=f)
    assert H_1[k, 0] - H_0[k, j] == pytest.approx(overlap, abs=0.02)


def test_few_active_units_store_about_the_inverse_of_their_share():
    """f |ln f| load grows towards 1/2, slowly (Tsodyks and Feigelman 1988)."""
    shares = np.array([1e-3, 1e-6, 1e-12, 1e-40])
    scaled = [memories.critical_load("low-activity", activity=f) for f in shares]
    scaled = np.array(scaled) * shares * -np.log(shares)
    assert (np.diff(scaled) > 0).all()
    assert 0.35 < scaled[-1] < 0.5


@pytest.mark.parametrize("margin", [0, 0.1, 1, 2, 6])
def test_the_load_at_a_margin_is_the_inverse_of_its_integral(margin):
    square, _ = quad(lambda t: norm.pdf(t) * (t + margin) ** 2, -margin, np.inf, epsabs=1e-13)
    assert memories.gardner_load(margin) == pytest.approx(1 / square, rel=1e-9)


def test_the_probability_is_that_of_the_sum_over_divisions():
    for n in (1, 2, 5, 12):
        for P in (1, 2, 5, 12, 13, 40):
            ways = 2 * sum(math.comb(P - 1, k) for k in range(n))
            assert memories.cover_probability(n, P) == pytest.approx(ways / 2**P, rel=1e-12)
    assert memories.cover_probability(1000, 2000) == pytest.approx(0.5, rel=1e-12)
    assert memories.cover_probability(3, 1e18) == 0.0
    table = memories.cover_probability([[3], [5]], [2, 6, 8])
    assert table.shape == (2, 3)
    assert table[1, 2] == memories.cover_probability(5, 8)


def test_two_inputs_in_general_position_learn_as_often_as_coins_say():
    """Of labels of P random points in the plane, count those that a line through 0 divides."""
    rng = np.random.default_rng(1)
    P, trials = 5, 4000
    angles = rng.uniform(0, 2 * np.pi, (trials, P))
    turned = np.sort(np.where(rng.random((trials, P)) < 0.5, angles, angles + np.pi) % (2 * np.pi))
    gaps = np.diff(turned, append=turned[:, :1] + 2 * np.pi)
    share = (gaps.max(axis=1) > np.pi).mean()  # all in one half plane
    exact = memories.cover_probability(2, P)
    assert abs(share - exact) < 4 * math.sqrt(exact * (1 - exact) / trials)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: memories.critical_load("Hebb"), 'rule must be "hebb", "clipped", .* got .Hebb'),
        (lambda: memories.critical_load("diluted", share=0), "share must be above 0 .* got 0"),
        (lambda: memories.critical_load("hebb", share=0.5), "share must be left out with .*'hebb'"),
        (
            lambda: memories.critical_load("clipped", activity=0.1),
            "activity must be left out with rule 'clipped', got 0.1",
        ),
        (
            lambda: memories.critical_overlap("low-activity", activity=0.6),
            "activity must be above 0 and at most 1/2, got 0.6",
        ),
        (lambda: memories.gardner_load(-0.1), "margin must be finite and at least 0, got -0.1"),
        (lambda: memories.gardner_load(math.nan), "margin must be finite"),
        (lambda: memories.cover_probability(0, 3), "n_inputs must be whole and at least 1, got 0"),
        (lambda: memories.cover_probability(3, 2.5), "n_patterns must be whole .* got 2.5"),
        (lambda: memories.cover_probability([1, 2], [1, 2, 3]), r"shapes must fit .*n_inputs"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
