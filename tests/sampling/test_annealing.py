"""Annealing: its range, its end in a minimum, its limits, and how it goes on."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import sparse

import reference
import spinglass
from sampling.annealing_suite import (
    INSTANCES,
    READS,
    RIVAL,
    SUITE,
    distances,
    pairs,
    ring,
    tour,
    tour_offset,
)
from spinglass import Ising, anneal, annealing_range

RNG = np.random.default_rng(14)


def shortest_tour(n_cities, seed):
    """The length of the shortest of all tours."""
    tours = np.array([(0, *tour) for tour in permutations(range(1, n_cities))])
    return distances(n_cities, seed)[tours, np.roll(tours, -1, axis=1)].sum(axis=1).min()


def lowest_energy(model):
    """The energy of the ground states, by enumeration."""
    return model.energy(spinglass.exact.ground_states(model)[0])


def uneven(n_spins, seed):
    """Sparse couplings and fields of every size."""
    rng = np.random.default_rng(seed)
    one, other = np.triu_indices(n_spins, 1)
    chosen = rng.random(len(one)) < 4 / n_spins
    values = rng.normal(size=chosen.sum()) * rng.choice([0.1, 1, 10], chosen.sum())
    couplings = pairs(n_spins, one[chosen], other[chosen], values)
    return Ising(couplings, rng.normal(size=n_spins))


MANY = {
    "2D +-J": spinglass.EdwardsAnderson((12, 12), seed=1),
    "3D Gaussian": spinglass.EdwardsAnderson((6, 6, 6), disorder="gaussian", seed=1),
    "cube": spinglass.CubicLattice(6),
    "field": spinglass.SquareLattice(12, field=0.3),
    "SK": spinglass.SherringtonKirkpatrick(150, seed=1),
    "ring": ring(200, 1),
    "weights": uneven(200, 1),
    "tour": tour(6, 1),
    "Hopfield": spinglass.Hopfield(spinglass.random_patterns(20, 150, seed=1)),
}


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", MANY)
def test_no_flip_improves_a_best_state(name, dynamics):
    model = MANY[name]
    for options in ({}, {"beta_range": (0.01, 0.02)}, {"betas": [0.0]}, {"betas": [np.inf]}):
        found = anneal(model, n_sweeps=20, n_replicas=5, dynamics=dynamics, seed=1, **options)
        assert (model.local_fields(found.best_states) * found.best_states >= 0).all()
        np.testing.assert_array_equal(found.best_energy, model.energy(found.best_states))
        assert (found.best_energy <= spinglass.descend(model, found.final_states).energy).all()
        # A sweep tells energies to 32 bits.
        assert (found.best_energy <= found.energy.min(axis=1) + 1e-4 * abs(found.best_energy)).all()


@pytest.mark.parametrize("name", MANY)
def test_no_flip_of_a_free_spin_improves_a_best_state(name):
    model = MANY[name]
    states = reference.random_spins(RNG, 4, model.n_spins)
    held = RNG.random((4, model.n_spins)) < 0.3
    found = anneal(model, n_sweeps=20, initial=states, clamp=held, seed=1)
    np.testing.assert_array_equal(found.best_states[held], states[held])
    assert (model.local_fields(found.best_states) * found.best_states >= 0)[~held].all()
    np.testing.assert_array_equal(found.clamp, held)


@pytest.mark.parametrize("kind", ["torus", "SK", "weights", "Gaussian chain"])
@pytest.mark.parametrize("seed", range(3))
def test_the_default_finds_the_ground_states_of_twenty_spins(kind, seed):
    model = {
        "torus": lambda: spinglass.EdwardsAnderson((4, 5), seed=seed),
        "SK": lambda: spinglass.SherringtonKirkpatrick(20, seed=seed),
        "weights": lambda: uneven(20, seed),
        "Gaussian chain": lambda: spinglass.EdwardsAnderson((20,), disorder="gaussian", seed=seed),
    }[kind]()
    lowest = lowest_energy(model)
    assert anneal(model, n_replicas=32, seed=1).best[1] == pytest.approx(lowest, abs=1e-9)


def test_free_spins_in_a_field_all_follow_it():
    n_spins = 10_000
    model = Ising(sparse.csr_array((n_spins, n_spins)), np.ones(n_spins))
    assert anneal(model, n_sweeps=100, seed=1).best[1] == -n_spins
    fields = RNG.normal(size=n_spins)
    model = Ising(sparse.csr_array((n_spins, n_spins)), fields)
    state, energy = anneal(model, n_sweeps=100, seed=1).best
    np.testing.assert_array_equal(state, np.where(fields > 0, 1, -1))
    assert energy == pytest.approx(-np.abs(fields).sum(), rel=1e-12)


def test_a_frustrated_ring_keeps_a_single_broken_bond():
    found = anneal(ring(1000, 1), n_sweeps=10_000, n_replicas=8, seed=1)
    assert found.best[1] == -998


@pytest.mark.parametrize("seed", range(4))
def test_penalties_do_not_hide_the_shortest_tour(seed):
    found = anneal(tour(7, seed), n_replicas=32, seed=1)
    length = found.best[1] + tour_offset(7, seed)
    assert length == pytest.approx(shortest_tour(7, seed), abs=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_tour_of_nine_cities_is_nearly_the_shortest(seed):
    # 2.80 and 2.60. From fields of random states the range would end far too hot: 6.8 and 11.
    shortest = shortest_tour(9, seed)
    found = anneal(tour(9, seed), n_replicas=64, seed=1)
    assert shortest - 1e-9 < found.best[1] + tour_offset(9, seed) < 1.05 * shortest


@pytest.mark.parametrize(("name", "n_sweeps"), RIVAL)
def test_by_default_it_finds_no_higher_energies_than_a_rival_with_as_many_sweeps(name, n_sweeps):
    difference, variance = 0.0, 0.0
    for seed in range(INSTANCES):
        found = anneal(SUITE[name](seed), n_sweeps=n_sweeps, n_replicas=READS, seed=seed)
        mean, error = RIVAL[name, n_sweeps][seed]
        difference += found.best_energy.mean() - mean
        variance += found.best_energy.var(ddof=1) / READS + error**2
    assert difference < 3 * np.sqrt(variance)


def test_the_range_follows_the_costs_of_flips_in_minima():
    # Here flips cost 0, 4 or 8.
    first, last = annealing_range(spinglass.EdwardsAnderson((32, 32), seed=1))
    assert (first, last) == (pytest.approx(4 / 8), pytest.approx(2 * np.log(1025) / 4))
    free = Ising(np.zeros((50, 50)), np.full(50, 0.5))
    assert annealing_range(free) == (pytest.approx(4.0), pytest.approx(2 * np.log(51)))
    assert annealing_range(Ising(np.zeros((5, 5)))) == (0.0, 1.0)


def test_the_range_is_the_one_that_is_used_and_scales_with_the_couplings():
    for model in MANY.values():
        used = anneal(model, n_sweeps=7, seed=5).betas
        np.testing.assert_allclose(annealing_range(model), (used[0], used[-1]))
    couplings = spinglass.SherringtonKirkpatrick(60, seed=1).couplings()
    one, other = (annealing_range(Ising(factor * couplings)) for factor in (1, 1024))
    np.testing.assert_allclose(np.array(one) / other, 1024)


def test_the_cold_end_is_colder_the_more_spins_there_are():
    ends = [annealing_range(ring(n, 1))[1] for n in (100, 1000, 10_000)]
    assert ends == pytest.approx([np.log(1 + n) / 2 for n in (100, 1000, 10_000)])


def test_spins_that_are_held_are_no_part_of_the_range():
    fields = np.where(np.arange(40) < 20, 1000.0, 1.0)
    model = Ising(np.zeros((40, 40)), fields)
    assert annealing_range(model)[0] == pytest.approx(4 / 2000)
    held = {"initial": np.ones(40), "clamp": fields > 1}
    expected = pytest.approx(4 / 2), pytest.approx(np.log(21))
    assert annealing_range(model, **held) == expected
    used = anneal(model, n_sweeps=3, seed=1, **held).betas
    assert (used[0], used[-1]) == expected


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", MANY)
def test_two_annealings_are_one_in_two_pieces(name, dynamics):
    model, betas = MANY[name], np.geomspace(0.1, 3.0, 30)
    whole = anneal(model, betas=betas, n_sweeps=30, n_replicas=3, dynamics=dynamics, seed=7)
    first = anneal(model, betas=betas[:11], n_sweeps=11, n_replicas=3, dynamics=dynamics, seed=7)
    second = anneal(model, betas=betas[11:], n_sweeps=19, dynamics=dynamics, initial=first)
    np.testing.assert_array_equal(np.hstack([first.energy, second.energy]), whole.energy)
    np.testing.assert_array_equal(second.final_states, whole.final_states)
    assert (second.sweeps, second.seed, second.n_replicas) == (30, 7, 3)
    assert (second.best_energy <= np.minimum(first.best_energy, whole.best_energy)).all()


def test_a_continued_annealing_cools_on_from_where_it_was_and_forgets_no_best():
    model = MANY["SK"]
    first = anneal(model, (0.1, 1.0), 50, 4, seed=1)
    second = anneal(model, n_sweeps=20, initial=first)
    assert second.betas[0] == first.betas[-1]
    assert second.betas[-1] == pytest.approx(annealing_range(model)[1])
    hot = anneal(model, betas=[0.0], n_sweeps=5, initial=second)
    assert (hot.best_energy <= second.best_energy).all()
    held = np.arange(150) < 30
    first = anneal(model, n_sweeps=5, initial=np.ones((2, 150)), clamp=held, seed=1)
    assert (anneal(model, n_sweeps=5, initial=first).final_states[:, held] == 1).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"seed": 2}, ValueError, "^seed must be that of the run to be continued, 1, got 2"),
        ({"dynamics": "heat-bath"}, ValueError, "^dynamics must be that of the run"),
        ({"n_replicas": 3}, ValueError, "^n_replicas must be that of the run, 2, got 3"),
        ({"clamp": np.ones(150, bool)}, ValueError, "^clamp must be that of the run"),
        ({"target": np.nan}, ValueError, "^target must be a number, got nan"),
        ({"target": "low"}, TypeError, "^target must be a real number, got 'low'"),
        ({"target": -np.inf}, ValueError, "^target must be finite, got -inf"),
        ({"max_seconds": 0}, ValueError, "^max_seconds must be > 0, got 0"),
        ({"max_seconds": True}, TypeError, "^max_seconds must be a real number, got True"),
    ],
)
def test_what_does_not_go_on_or_is_no_limit_is_named(options, error, message):
    earlier = anneal(MANY["SK"], n_sweeps=3, n_replicas=2, seed=1)
    with pytest.raises(error, match=message):
        anneal(MANY["SK"], n_sweeps=3, initial=earlier, **options)


def test_an_annealing_is_no_run_and_a_run_is_a_start():
    model = MANY["SK"]
    found = anneal(model, n_sweeps=3, seed=1)
    with pytest.raises(TypeError, match="initial must be a Run, got an Annealing"):
        spinglass.sample(model, 1.0, 3, initial=found)
    with pytest.raises(ValueError, match="initial must be a run of the same model"):
        anneal(MANY["ring"], n_sweeps=3, initial=found)
    run = spinglass.sample(model, 1.0, 3, 2, seed=1)
    assert anneal(model, n_sweeps=3, initial=run, seed=2).n_replicas == 2


def test_an_annealing_ends_once_its_target_is_reached_with_the_same_bits_on_all_threads():
    model = ring(100, 3)
    whole = anneal(model, n_sweeps=5000, n_replicas=9, seed=1)
    first = int(np.argmax((whole.energy <= -90).any(axis=0))) + 1
    for threads in (1, 2, 5):
        found = anneal(model, n_sweeps=5000, n_replicas=9, seed=1, target=-90, num_threads=threads)
        # It looks every 16 sweeps.
        assert found.sweeps == len(found.betas) == -(-first // 16) * 16 < 5000
        np.testing.assert_array_equal(found.energy, whole.energy[:, : found.sweeps])
        assert found.best[1] <= -90
    assert anneal(model, n_sweeps=50, seed=1, target=-99).sweeps == 50
    assert anneal(model, n_sweeps=50, initial=found, target=-90).sweeps == found.sweeps
    start = {"initial": found.best_states[found.best_energy.argmin()], "seed": 1}
    assert anneal(model, n_sweeps=50, target=found.best[1], **start).sweeps == 0


@pytest.mark.parametrize("name", ["SK", "3D Gaussian", "weights"])
def test_a_target_that_was_found_before_is_reached_again(name):
    model = MANY[name]
    betas = [2.0] * 40 + [1e6] * 40
    cold = anneal(model, betas=betas, n_sweeps=80, n_replicas=4, seed=1)
    again = anneal(model, betas=betas, n_sweeps=80, n_replicas=4, seed=1, target=cold.best[1])
    if cold.best[1] > cold.energy.min() - 1e-6:  # seen after a sweep, not only by descent
        assert again.sweeps < 80 or cold.energy.min(axis=0)[:64].min() > cold.best[1] + 1e-6
    assert again.best[1] <= cold.best[1]


def test_a_target_counts_the_constant_of_the_energy():
    class Shifted:
        def structure(self):
            couplings = spinglass.EdwardsAnderson((3, 5), seed=1).couplings()
            return spinglass.models.Pairwise("spins", couplings, constant=0.1)

    found = anneal(Shifted(), n_sweeps=2000, n_replicas=4, seed=1)
    lowest = lowest_energy(spinglass.EdwardsAnderson((3, 5), seed=1)) + 0.1
    assert found.best[1] == pytest.approx(lowest)
    assert anneal(Shifted(), n_sweeps=2000, n_replicas=4, seed=1, target=lowest).sweeps < 2000


def test_an_annealing_ends_when_its_time_is_over_and_can_go_on():
    model = spinglass.SquareLattice(64)
    found = anneal(model, n_sweeps=10**6, seed=1, max_seconds=0.05)
    assert 0 < found.sweeps < 10**6
    assert found.energy.shape == (1, found.sweeps)
    assert (model.local_fields(found.best_states) * found.best_states >= 0).all()
    longer = anneal(model, n_sweeps=5, initial=found)
    assert longer.sweeps == found.sweeps + 5
    same = anneal(model, betas=found.betas, n_sweeps=found.sweeps, seed=1, max_seconds=np.inf)
    np.testing.assert_array_equal(same.energy, found.energy)


def test_all_small_integer_models_end_in_a_minimum():
    # Every model of three spins with couplings and fields -1, 0 and 1: ties, free spins, no spin.
    for a, b, c, h in product([-1, 0, 1], repeat=4):
        model = Ising([[0, a, b], [a, 0, c], [b, c, 0]], [h, 0, 0])
        found = anneal(model, n_sweeps=10, n_replicas=2, seed=1)
        assert (model.local_fields(found.best_states) * found.best_states >= 0).all()
        assert found.best[1] == lowest_energy(model)
