"""How good each method is where couplings are weak, and in the Sherrington-Kirkpatrick model.

Multiply all couplings by x. Plefka's expansion of the free energy at given magnetizations is a
series in x: naive mean field has its terms up to x, TAP those up to x^2. The free energy is
stationary, so the first missing term is the error: x^2 and x^3. Bethe has all terms of single
bonds and lacks those of loops, the first of which is x^L for loops of L bonds.
"""

import math

import numpy as np
import pytest

import reference
import spinglass
from partition.meanfield_models import Truth, random_model, ring
from spinglass import meanfield


def errors(method, model, x, beta=1.0):
    """Return the errors of ln Z and of the magnetizations with all couplings times x."""
    J, h = reference.dense_couplings(model), reference.dense_fields(model)
    weak = spinglass.Ising(x * J, h)
    found = method(weak, beta, n_starts=1, tolerance=1e-14).best
    truth = Truth(weak, beta)
    rms = np.sqrt(np.mean((found.magnetizations - truth.magnetizations) ** 2))
    return np.array([abs(found.log_partition - truth.log_partition), rms])


def order_of(method, model, x=0.1):
    """Return the power of x with which the errors vanish, from two couplings."""
    return np.log2(errors(method, model, x) / errors(method, model, x / 2))


@pytest.mark.parametrize("seed", range(4))
def test_errors_vanish_with_the_second_third_and_third_power_on_a_full_graph(seed):
    model = random_model(7, seed, strength=1.0)
    np.testing.assert_allclose(order_of(meanfield.naive, model), 2, atol=0.3)
    np.testing.assert_allclose(order_of(meanfield.tap, model), 3, atol=0.3)
    np.testing.assert_allclose(order_of(meanfield.bethe, model), 3, atol=0.3)
    naive, tap = (errors(method, model, 0.1) for method in (meanfield.naive, meanfield.tap))
    assert np.all(tap < naive / 5)


@pytest.mark.parametrize("length", [3, 4, 5])
def test_bethe_errs_first_in_the_power_of_the_shortest_loop(length):
    J = reference.dense_couplings(ring(length))
    model = spinglass.Ising(J, np.linspace(0.1, 0.8, length))
    np.testing.assert_allclose(order_of(meanfield.bethe, model, x=0.2), length, atol=0.35)
    np.testing.assert_allclose(order_of(meanfield.naive, model, x=0.05), 2, atol=0.3)
    np.testing.assert_allclose(order_of(meanfield.tap, model, x=0.05), 3, atol=0.35)


@pytest.mark.parametrize("K", [0.1, 0.3])
def test_a_pair_without_fields_shows_the_missing_terms(K):
    # ln Z = 2 ln 2 + ln cosh K, ln cosh K = K^2 / 2 - K^4 / 12 + K^6 / 45 - ...
    pair = spinglass.Ising([[0, K], [K, 0]])
    exact = 2 * math.log(2) + math.log(math.cosh(K))
    naive, tap, bethe = (
        method(pair, 1.0, n_starts=1).best.log_partition
        for method in (meanfield.naive, meanfield.tap, meanfield.bethe)
    )
    assert exact - naive == pytest.approx(K**2 / 2 - K**4 / 12, abs=K**6 / 40)
    assert tap - exact == pytest.approx(K**4 / 12 - K**6 / 45, abs=K**8 / 50)
    assert tap > exact  # no bound: beyond the exact ln Z
    assert bethe == pytest.approx(exact, abs=1e-12)


def test_tap_may_lie_on_either_side_of_the_exact_free_energy():
    signs = set()
    for seed in range(10):
        model = random_model(7, seed)
        found = meanfield.tap(model, 0.7, n_starts=1)
        signs.add(found.best.log_partition > Truth(model, 0.7).log_partition)
    assert signs == {True, False}


@pytest.mark.parametrize(("disorder", "deviation"), [("gaussian", 1.0), ("pm1", 0.0)])
@pytest.mark.parametrize("beta", [0.4, 0.8])
def test_the_paramagnet_of_the_sk_model_has_the_known_free_energy(beta, disorder, deviation):
    N = 500
    found = meanfield.tap(spinglass.SherringtonKirkpatrick(N, disorder, seed=1), beta, seed=1)
    assert [x.n_starts for x in found.solutions] == [8]
    np.testing.assert_allclose(found.best.magnetizations, 0.0, atol=1e-7)
    # The sum of all J_ij^2, i < j, is (N - 1) / 2 in the mean; its deviation is 1 if J is normal.
    mean = N * math.log(2) + beta**2 * (N - 1) / 4
    reach = 5 * deviation * beta**2 / 2 + 1e-6 * N  # couplings are rounded to 1e-6
    assert found.best.log_partition == pytest.approx(mean, abs=reach)


def test_in_the_sk_model_tap_and_bethe_are_nearer_than_naive_mean_field():
    better = []
    for seed in range(6):
        glass = spinglass.SherringtonKirkpatrick(12, seed=seed)
        field = np.random.default_rng(seed).normal(size=12)
        model = spinglass.Ising(glass.couplings(), 0.5 * field)
        naive, tap, bethe = (
            errors(method, model, 1.0, beta=0.6)
            for method in (meanfield.naive, meanfield.tap, meanfield.bethe)
        )
        better.append([tap < naive, bethe < naive])
    assert np.mean(better) > 0.9


def test_naive_mean_field_orders_the_sk_model_where_it_should_not():
    # Naive mean field freezes at T = 2, the largest eigenvalue; the model does at T = 1.
    glass = spinglass.SherringtonKirkpatrick(300, seed=2)
    naive = meanfield.naive(glass, 0.75, seed=1)
    assert np.sqrt(np.mean(naive.best.magnetizations**2)) > 0.3
    tap = meanfield.tap(glass, 0.75, seed=1)
    np.testing.assert_allclose(tap.best.magnetizations, 0.0, atol=1e-7)
    assert tap.best.free_energy < naive.best.free_energy


@pytest.mark.parametrize("order", ["bolthausen", "plain"])
def test_tap_iterates_in_the_order_that_was_asked_for(order):
    model, beta, damping = random_model(20, 1), 0.9, 0.2
    J, h = reference.dense_couplings(model), reference.dense_fields(model)
    m = echo = np.random.default_rng(1).uniform(-1, 1, 20)
    start = m
    for k in range(1, 5):
        late = echo if order == "bolthausen" else m
        after = np.tanh(beta * (h + J @ m - beta * late * (J**2 @ (1 - m**2))))
        m, echo = damping * m + (1 - damping) * after, m
        kind = {"order": order, "damping": damping, "max_iterations": k}
        found = meanfield.tap(model, beta, initial=start, **kind)
        np.testing.assert_allclose(found.unfinished[0], m, atol=1e-14)


def test_the_order_of_bolthausen_converges_where_the_plain_one_does_not():
    glass = spinglass.SherringtonKirkpatrick(300, seed=3)
    options = {"damping": 0.0, "max_iterations": 600, "seed": 1}
    assert meanfield.tap(glass, 0.9, **options).converged
    plain = meanfield.tap(glass, 0.9, order="plain", **options)
    assert len(plain.failed) == 8
