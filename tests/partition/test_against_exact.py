"""Estimates of ln Z against sums over all states, Kaufman's lattices, and closed forms."""

import functools
import math

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import binom, f, norm

import reference
import spinglass
from sampling.models import MODELS, random_couplings
from spinglass import estimate_log_partition, exact
from spinglass.theory import ising2d

METHODS = ["ais", "reverse-ais", "bridge"]
SEEDS = range(20)

# Twenty spins, and temperatures at which they are ordered, or glassy.
TWENTY = {
    "SK": (spinglass.SherringtonKirkpatrick(20, seed=1), 1.5),
    "+-J lattice": (spinglass.EdwardsAnderson((4, 5), seed=2), 1.0),
    "Gaussian glass": (spinglass.EdwardsAnderson((4, 5), "gaussian", seed=3), 1.0),
    "lattice in a field": (spinglass.SquareLattice((4, 5), field=0.2), 0.5),
    "antiferromagnet in a field": (spinglass.SquareLattice((2, 10), coupling=-1.0, field=0.7), 0.8),
    "cube in a field": (spinglass.CubicLattice((2, 2, 5), coupling=0.7, field=-0.3), 0.4),
    "Hopfield": (spinglass.Hopfield(spinglass.random_patterns(3, 20, seed=4)), 2.0),
    "dense with fields": (
        spinglass.Ising(random_couplings(20, 5), np.linspace(-0.5, 0.7, 20), layout="dense"),
        1.0,
    ),
}
WITHIN_ONE = math.erf(math.sqrt(0.5))
WITHIN_TWO = math.erf(math.sqrt(2.0))

# A right estimator fails one of these tests once in a thousand choices of the seeds.
FALSE_ALARM = 1e-3 / (len(TWENTY) * len(METHODS) * 2)


@functools.cache
def deviations(name):
    """(estimate - exact) / error, a row a seed, a column a method."""
    model, beta = TWENTY[name]
    truth = exact.log_partition(model, beta)
    rows = []
    for seed in SEEDS:
        one = estimate_log_partition(model, "bridge", beta=beta, betas=100, n_chains=200, seed=seed)
        sides = (one.lower, one.lower_error), (one.upper, one.upper_error), (one.value, one.error)
        assert max(error for _, error in sides) < 0.3
        rows.append([(value - truth) / error for value, error in sides])
    return np.abs(rows)


@pytest.mark.parametrize("name", TWENTY)
def test_error_bars_cover_the_exact_sum(name):
    for bound, chance in ((1, WITHIN_ONE), (2, WITHIN_TWO)):
        inside = (deviations(name) < bound).sum(axis=0)
        assert (binom.ppf(FALSE_ALARM, 20, chance) <= inside).all()
        assert (inside <= binom.isf(FALSE_ALARM, 20, chance)).all()


def test_error_bars_are_neither_too_short_nor_too_long_on_the_whole():
    # All models together are 160 estimates: that tells an error that is off by a third.
    inside = sum((deviations(name) < 1).sum(axis=0) for name in TWENTY)
    n = len(SEEDS) * len(TWENTY)
    assert (binom.ppf(1e-4, n, WITHIN_ONE) <= inside).all()
    assert (inside <= binom.isf(1e-4, n, WITHIN_ONE)).all()


@pytest.mark.parametrize("name", ["SK", "lattice in a field"])
def test_each_direction_alone_has_the_bits_that_it_has_in_the_bridge(name):
    model, beta = TWENTY[name]
    options = {"betas": 100, "n_chains": 50, "seed": 1}
    up, down, both = (estimate_log_partition(model, x, beta=beta, **options) for x in METHODS)
    np.testing.assert_array_equal(up.log_weights, both.log_weights)
    np.testing.assert_array_equal(down.reverse_log_weights, both.reverse_log_weights)
    assert (up.value, down.value) == (both.lower, both.upper)
    assert (up.upper_is_bound, down.upper_is_bound) == (False, True)


@pytest.mark.filterwarnings("ignore:forward annealing|the two|the weights|5 chains")
@pytest.mark.parametrize("name", ["SK", "+-J lattice", "lattice in a field"])
def test_fast_annealing_errs_to_its_own_side(name):
    model, beta = TWENTY[name]
    truth = exact.log_partition(model, beta)
    found = [
        estimate_log_partition(model, "bridge", beta=2 * beta, betas=5, n_chains=5, seed=seed)
        for seed in range(60)
    ]
    truth = exact.log_partition(model, 2 * beta)
    assert all(one.upper_is_bound for one in found)
    for side, values in ((-1, [x.lower for x in found]), (1, [x.upper for x in found])):
        mean, error = np.mean(values), np.std(values, ddof=1) / math.sqrt(60)
        # Jensen: a mean of five is biased, by more than the error of 60 such means.
        assert side * (mean - truth) > 5 * error


@pytest.mark.filterwarnings("ignore:forward annealing|the two|the weights")
def test_the_bridge_is_more_precise_than_either_direction():
    # Of all combinations of both Bennett's has the least variance, and either side is one of them.
    # Were it no better, the ratio of the sums of squares would follow F(40, 40).
    model = TWENTY["SK"][0]
    truth = exact.log_partition(model, 2.0)
    found = [
        estimate_log_partition(model, "bridge", beta=2.0, betas=10, n_chains=100, seed=seed)
        for seed in range(40)
    ]
    squares = [
        sum((x - truth) ** 2 for x in values)
        for values in zip(*((one.value, one.lower, one.upper) for one in found), strict=True)
    ]
    assert min(squares[1:]) / squares[0] > f.isf(1e-3, 40, 40)


@pytest.mark.filterwarnings("ignore:forward annealing|the two|the weights")
@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath", "swendsen-wang", "wolff"])
@pytest.mark.parametrize("name", MODELS)
def test_the_two_directions_obey_crooks_theorem(name, dynamics):
    # p_reverse(x) = p_forward(x) exp(x - ln Z), of paths with two sweeps between: this holds
    # only if the reverse sweeps are the time reversal of the forward ones.
    model, n, edges = MODELS[name], 12_000, 9
    try:
        found = estimate_log_partition(
            model, "bridge", beta=1.0, betas=3, n_chains=n, n_sweeps=2, dynamics=dynamics, seed=3
        )
    except ValueError as error:
        assert dynamics in str(error)  # noqa: PT017 clusters that the model does not allow
        return
    truth = exact.log_partition(model, 1.0)
    ups, downs = found.log_weights, found.reverse_log_weights
    cuts = np.quantile(np.concatenate([ups, downs]), np.linspace(0, 1, edges)[1:-1]) + 1e-9
    bins_up, bins_down = np.searchsorted(cuts, ups), np.searchsorted(cuts, downs)
    for k in range(edges + 1):
        inside_up, inside_down = bins_up == k, bins_down == k
        if min(inside_up.sum(), inside_down.sum()) < 100:
            continue
        weights = np.where(inside_up, np.exp(ups - truth), 0.0)
        share = inside_down.mean()
        error = math.hypot(weights.std(), math.sqrt(share * (1 - share))) / math.sqrt(n)
        assert abs(weights.mean() - share) < norm.isf(1e-3 / len(MODELS) / 60) * error + 1e-9, k
    assert abs(found.value - truth) < norm.isf(1e-3 / len(MODELS) / 8) * found.error + 1e-9


@pytest.mark.parametrize(("beta", "betas"), [(0.3, 500), (0.44, 2000)])
def test_kaufmans_lattice_is_met_from_both_sides(beta, betas):
    lattice = spinglass.SquareLattice(32)
    truth = ising2d.finite_log_partition(32, beta)
    found = estimate_log_partition(
        lattice, "bridge", beta=beta, betas=betas, warmup=3000, seed=1, dynamics="heat-bath"
    )
    assert found.error < 0.2
    assert abs(found.value - truth) < 4 * found.error
    assert not found.upper_is_bound
    assert found.lower - 4 * found.lower_error < truth < found.upper + 4 * found.upper_error


def test_clusters_anneal_where_single_spins_freeze():
    # At beta = 0.6 single spins leave stripes behind; clusters do not know of them.
    lattice = spinglass.SquareLattice(16)
    truth = ising2d.finite_log_partition(16, 0.6)
    found = estimate_log_partition(
        lattice, "bridge", beta=0.6, betas=200, warmup=50, dynamics="swendsen-wang", seed=2
    )
    assert found.error < 0.3
    assert abs(found.value - truth) < 4 * found.error


@pytest.mark.parametrize("method", METHODS)
def test_independent_spins_are_exact(method):
    fields = np.array([0.3, -2.0, 0.0, 700.0, 1e-9])
    model = spinglass.Ising(np.zeros((5, 5)), fields)
    truth = sum(np.logaddexp(1.5 * h, -1.5 * h) for h in fields)
    found = estimate_log_partition(model, method, beta=1.5, betas=10, n_chains=7, seed=1)
    assert found.value == pytest.approx(truth, abs=1e-9)
    assert found.error < 1e-7
    assert found.upper_is_bound == (method != "ais")
    lattice = spinglass.SquareLattice(64, coupling=0.0, field=-0.4)
    found = estimate_log_partition(lattice, method, beta=0.7, seed=1)
    assert found.value == pytest.approx(4096 * np.log(2 * np.cosh(0.28)), rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("betas", [10, [0.0]])
def test_at_beta_zero_all_states_count_alike(method, betas):
    model = spinglass.SherringtonKirkpatrick(30, seed=1)
    found = estimate_log_partition(model, method, beta=0, betas=betas, n_chains=3, warmup=3, seed=1)
    assert found.value == pytest.approx(30 * math.log(2), rel=1e-12)
    assert found.error < 1e-7


def test_a_single_step_is_importance_sampling():
    model = TWENTY["dense with fields"][0]
    found = estimate_log_partition(model, betas=[0, 0.1], method="bridge", n_chains=500, seed=1)
    assert abs(found.value - exact.log_partition(model, 0.1)) < 4 * found.error
    assert (found.beta, found.n_betas) == (0.1, 2)


def test_parts_without_a_bond_between_them_multiply():
    a, b = random_couplings(8, 1), random_couplings(9, 2)
    together = np.zeros((20, 20))  # three spins are alone
    together[:8, :8], together[8:17, 8:17] = a, b
    parts = [spinglass.Ising(a), spinglass.Ising(b)]
    truth = sum(exact.log_partition(one, 1.2) for one in parts) + 3 * math.log(2)
    found = estimate_log_partition(
        spinglass.Ising(together), "bridge", beta=1.2, betas=100, n_chains=300, seed=3
    )
    assert abs(found.value - truth) < 4 * found.error < 0.2


def test_a_boltzmann_machine_in_spins_has_its_own_partition_function():
    rng = np.random.default_rng(1)
    machine = spinglass.BernoulliRBM(4, n_iter=0, random_state=0).fit(np.zeros((1, 6)))
    machine.components_ = rng.normal(size=(4, 6))
    machine.intercept_visible_ = rng.normal(size=6)
    model, offset = machine.to_ising()
    found = estimate_log_partition(model, "bridge", beta=1.0, betas=100, n_chains=300, seed=1)
    assert abs(found.value - offset - machine.log_partition().value) < 4 * found.error < 0.2


def test_the_ladder_and_the_sweeps_may_be_chosen():
    model, beta = TWENTY["Gaussian glass"]
    truth = exact.log_partition(model, beta)
    ladder = beta * np.linspace(0, 1, 30) ** 1.5
    for options in ({"n_sweeps": 5}, {"dynamics": "metropolis"}, {}):
        found = estimate_log_partition(
            model, betas=ladder, method="bridge", n_chains=300, seed=1, **options
        )
        assert found.beta == ladder[-1]
        assert abs(found.value - truth) < 4 * found.error < 0.3


def test_starts_that_are_exact_make_the_upper_side_a_bound():
    model = spinglass.SherringtonKirkpatrick(22, seed=1)  # too many for the table
    beta, n = 0.8, 400
    run = spinglass.temper(model, [0.3, 0.5, 0.8], 300, n, warmup=300, every=300, seed=5)
    truth = exact.log_partition(model, beta)
    options = {"beta": beta, "method": "bridge", "betas": 100, "n_chains": n, "seed": 2}
    found = estimate_log_partition(model, initial=run, warmup=0, **options)
    assert not found.upper_is_bound
    same = estimate_log_partition(
        model, initial=run.final_states[:, -1], initial_is_exact=True, warmup=50, **options
    )
    assert same.upper_is_bound
    np.testing.assert_array_equal(same.reverse_log_weights, found.reverse_log_weights)
    assert abs(found.value - truth) < 4 * found.error < 0.2
    single = estimate_log_partition(model, initial=np.ones(22), warmup=300, **options)
    assert abs(single.value - truth) < 4 * single.error < 0.2


@pytest.mark.filterwarnings("ignore")
def test_starts_out_of_equilibrium_turn_the_sides_around_and_are_named():
    # All spins up are far too low in energy at this temperature.
    lattice = spinglass.SquareLattice(24)
    found = estimate_log_partition(
        lattice, "bridge", beta=0.3, betas=300, warmup=0, initial=np.ones(576), seed=1
    )
    assert found.gap != 0
    assert "did not start in equilibrium" in found.warning


def test_logarithms_of_sums_are_those_of_the_states():
    # The stand of the reference itself: three spins on a chain, all eight states by hand.
    energies = reference.ising_energies(
        np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]), reference.all_states(3)
    )
    truth = logsumexp(-0.7 * energies)
    assert truth == pytest.approx(math.log(2 * (2 * math.cosh(0.7)) ** 2))
    chain = spinglass.Ising([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    found = estimate_log_partition(chain, "bridge", beta=0.7, betas=30, n_chains=500, seed=1)
    assert abs(found.value - truth) < 4 * found.error < 0.2
