"""Naive mean field is coordinate-ascent variational inference, and its free energy is a bound."""

import math

import numpy as np
import pytest

import reference
import spinglass
from partition.meanfield_models import FORMS, Truth, product_law, random_model, ring
from spinglass import meanfield
from spinglass.partition.meanfield.naive_equations import graph_colours

every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def relative_entropy(q, p):
    return float(np.sum(np.where(q > 0, q * np.log(np.where(q > 0, q, 1) / p), 0)))


@every_form
@pytest.mark.parametrize("beta", [0.0, 0.3, 2.0])
def test_the_elbo_is_the_sum_over_all_states(beta, form):
    model = random_model(8, 1, form=form)
    energies = reference.ising_law(model, beta)[1]
    batch = np.random.default_rng(2).random((3, 8))
    batch[2, :3] = 0, 1, 0.5  # certain spins have no entropy
    expected = []
    for q in batch:
        Q = product_law(q, 8)
        entropy = -float(np.sum(np.where(Q > 0, Q * np.log(np.where(Q > 0, Q, 1)), 0)))
        expected.append(entropy - beta * Q @ energies)
    np.testing.assert_allclose(meanfield.elbo(batch, model, beta), expected, rtol=1e-12)
    single = meanfield.elbo(batch[1], model, beta)
    assert isinstance(single, float)
    assert single == pytest.approx(expected[1], rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_log_partition_is_the_elbo_and_the_divergence(seed):
    model, beta = random_model(9, seed), 1.2
    truth, q = Truth(model, beta), np.random.default_rng(seed).random(9)
    divergence = relative_entropy(product_law(q, 9), truth.law)
    assert truth.log_partition - meanfield.elbo(q, model, beta) == pytest.approx(divergence)
    free_energy = -meanfield.elbo(q, model, beta) / beta  # F[Q]
    exact_free_energy = -truth.log_partition / beta
    assert divergence == pytest.approx(beta * (free_energy - exact_free_energy))


@pytest.mark.parametrize("seed", range(40))
def test_the_naive_free_energy_is_never_below_the_exact_one(seed):
    rng = np.random.default_rng(seed)
    kind = {"density": rng.uniform(0.2, 1), "strength": rng.uniform(0.1, 3), "field": rng.random()}
    model, beta = random_model(10, seed, **kind), rng.uniform(0.1, 3)
    truth = Truth(model, beta)
    found = meanfield.naive(model, beta, seed=seed)
    for x in found.solutions:
        assert x.free_energy >= -truth.log_partition / beta - 1e-12
        assert x.elbo == pytest.approx(x.log_partition, abs=1e-12)
        assert x.elbo == pytest.approx(
            meanfield.elbo((1 + x.magnetizations) / 2, model, beta), abs=1e-9
        )


@every_form
@pytest.mark.parametrize("seed", range(4))
def test_the_elbo_rises_with_every_single_update(seed, form):
    model, beta = random_model(15, seed, density=0.5, strength=2.0, form=form), 1.5
    start = np.random.default_rng(seed).random(15)
    q, elbos = meanfield.coordinate_ascent(start, model, beta, n_sweeps=8)
    assert len(elbos) == 8 * 15 + 1
    assert np.all(np.diff(elbos) >= -1e-13)
    assert elbos[15] > elbos[0] + 0.1
    # What is recorded is the bound itself: the same updates by hand, and the bound after each.
    J, h = reference.dense_couplings(model), reference.dense_fields(model)
    by_hand = start.copy()
    for k in range(8 * 15):
        i = k % 15
        by_hand[i] = 1 / (1 + math.exp(-2 * beta * (h[i] + J[i] @ (2 * by_hand - 1))))
        assert elbos[k + 1] == pytest.approx(meanfield.elbo(by_hand, model, beta), abs=1e-11)
    np.testing.assert_allclose(q, by_hand, atol=1e-12)


def test_each_update_is_the_best_value_of_its_spin():
    model, beta, i = random_model(6, 5), 1.1, 0
    start = np.full(6, 0.3)
    _, elbos = meanfield.coordinate_ascent(start, model, beta)
    tried = np.tile(start, (2001, 1))
    tried[:, i] = np.linspace(0, 1, 2001)
    best = meanfield.elbo(tried, model, beta).max()
    # The curvature in q is at most 1 / (q (1 - q)): a grid of 0.0005 comes this close.
    assert best <= elbos[1] + 1e-12
    assert best == pytest.approx(elbos[1], abs=1e-5)


@pytest.mark.parametrize("damping", [0.0, 0.6])
@every_form
def test_naive_mean_field_raises_the_elbo_in_every_sweep(form, damping):
    model, beta = random_model(150, 6, density=0.3, strength=1.5, form=form), 2.0
    state = np.random.default_rng(1).uniform(-1, 1, (3, 150))
    elbos = [meanfield.elbo((1 + state) / 2, model, beta)]
    for _ in range(25):
        kind = {"damping": damping, "max_iterations": 1, "tolerance": 1e-15}
        state = meanfield.naive(model, beta, initial=state, **kind).unfinished
        elbos.append(meanfield.elbo((1 + state) / 2, model, beta))
    rises = np.diff(elbos, axis=0)
    assert rises.min() > -1e-11
    assert rises[0].min() > 1.0


def test_a_dense_sweep_in_blocks_is_coordinate_ascent_spin_by_spin():
    model, beta = random_model(200, 7, strength=1.5), 1.5
    start = np.random.default_rng(2).uniform(-1, 1, 200)
    q, _ = meanfield.coordinate_ascent((1 + start) / 2, model, beta)
    found = meanfield.naive(model, beta, initial=start, max_iterations=1)
    np.testing.assert_allclose(found.unfinished[0], 2 * q - 1, atol=1e-11)


def test_a_sparse_sweep_by_colours_is_coordinate_ascent_in_their_order():
    model, beta = random_model(120, 8, density=0.05, strength=2.0, form=FORMS["sparse"]), 1.5
    order = np.argsort(graph_colours(model.couplings()), kind="stable")
    J = model.couplings().toarray()[np.ix_(order, order)]
    reordered = spinglass.Ising(J, model.fields[order])
    start = np.random.default_rng(3).uniform(-1, 1, 120)
    q, _ = meanfield.coordinate_ascent((1 + start[order]) / 2, reordered, beta)
    found = meanfield.naive(model, beta, initial=start, max_iterations=1)
    np.testing.assert_allclose(found.unfinished[0][order], 2 * q - 1, atol=1e-11)


@pytest.mark.parametrize(
    "couplings",
    [
        random_model(80, 9, density=0.1, form=FORMS["sparse"]).couplings(),
        spinglass.SquareLattice((5, 7)).couplings(),
        spinglass.SquareLattice(2).couplings(),
        FORMS["sparse"]((4, 4)),
    ],
    ids=["random", "odd", "small", "empty"],
)
def test_no_two_neighbours_have_the_same_colour(couplings):
    colours = graph_colours(couplings)
    rows, columns = couplings.nonzero()
    assert not np.any(colours[rows] == colours[columns])
    assert colours.min() == 0
    degrees = np.diff(couplings.indptr)
    assert colours.max() <= degrees.max()


@pytest.mark.parametrize("method", [meanfield.naive, meanfield.tap, meanfield.bethe])
def test_the_divergence_of_a_solution_is_that_of_its_product(method):
    model, beta = random_model(10, 11), 0.8
    truth, found = Truth(model, beta), method(model, beta, seed=1)
    divergences = found.kl_divergence()
    assert len(divergences) == len(found.solutions)
    for x, divergence in zip(found.solutions, divergences, strict=True):
        q = (1 + x.magnetizations) / 2
        expected = relative_entropy(product_law(q, 10), truth.law)
        assert divergence == pytest.approx(expected, abs=1e-10)
        assert meanfield.kl_divergence(q, model, beta) == pytest.approx(expected, abs=1e-10)
        assert truth.log_partition - x.elbo == pytest.approx(expected, abs=1e-10)


def test_no_product_is_nearer_than_the_best_naive_solution():
    model, beta = random_model(8, 12), 1.0
    best = meanfield.naive(model, beta, seed=1).kl_divergence()[0]
    others = np.random.default_rng(1).random((500, 8))
    assert np.all(meanfield.kl_divergence(others, model, beta) > best)
    for method in (meanfield.tap, meanfield.bethe):
        assert method(model, beta, seed=1).kl_divergence().min() > best - 1e-10


def test_a_divergence_of_too_many_spins_is_refused():
    found = meanfield.naive(spinglass.SquareLattice(8), 0.2, n_starts=1)
    with pytest.raises(ValueError, match="spins"):
        found.kl_divergence()


def test_bad_probabilities_are_named():
    model = ring(4)
    with pytest.raises(ValueError, match=r"q must have shape \(4,\) or \(n_products, 4\), got"):
        meanfield.elbo([0.5] * 3, model, 1.0)
    with pytest.raises(ValueError, match=r"q must hold probabilities between 0 and 1, got -1\.0"):
        meanfield.elbo([-1.0, 1, 1, 1], model, 1.0)
    with pytest.raises(ValueError, match=r"q must hold probabilities .* got nan"):
        meanfield.elbo([math.nan] * 4, model, 1.0)
    with pytest.raises(TypeError, match="q must hold real numbers"):
        meanfield.elbo("half", model, 1.0)
    with pytest.raises(ValueError, match="beta must be finite, got inf"):
        meanfield.elbo([0.5] * 4, model, math.inf)
    with pytest.raises(TypeError, match="model must have an energy"):
        meanfield.elbo([0.5] * 4, [[0.0]], 1.0)
    with pytest.raises(ValueError, match=r"q must have shape \(4,\), got \(2, 4\)"):
        meanfield.coordinate_ascent([[0.5] * 4] * 2, model, 1.0)
    with pytest.raises(ValueError, match="n_sweeps must be an integer >= 1, got 0"):
        meanfield.coordinate_ascent([0.5] * 4, model, 1.0, n_sweeps=0)
