"""What a run is made of: shapes, continuation, replicas, measurements."""

import pickle

import numpy as np
import pytest

import reference
import spinglass
from sampling.models import MODELS, PAIRS, UNFRUSTRATED
from spinglass import Run, TemperedRun, anneal, sample, temper

LARGER = {
    "lattice": spinglass.SquareLattice((20, 70)),
    "odd lattice in a field": spinglass.SquareLattice((15, 67), field=0.2),
    "fast lattice": spinglass.SquareLattice((6, 1024)),
    "cube": spinglass.CubicLattice((6, 5, 9)),
    "+-J lattice": spinglass.EdwardsAnderson((9, 10), seed=1),
    "Gaussian glass": spinglass.EdwardsAnderson((5, 4, 6), "gaussian", seed=2),
    "SK": spinglass.SherringtonKirkpatrick(150, seed=3),
    "Hopfield": spinglass.Hopfield(spinglass.random_patterns(12, 90, seed=4)),
}
CASES = [(name, dynamics) for name in LARGER for dynamics in ("metropolis", "heat-bath")] + [
    (name, dynamics)
    for name in ("lattice", "fast lattice", "cube")
    for dynamics in ("wolff", "swendsen-wang")
]


@pytest.mark.parametrize(("name", "dynamics"), CASES)
def test_a_continued_run_has_the_bits_of_one_long_run(name, dynamics):
    model = LARGER[name]
    whole = sample(model, 0.4, 13, 3, dynamics, warmup=5, every=2, seed=6, keep_states=True)
    part = sample(model, 0.4, 6, 3, dynamics, warmup=5, every=2, seed=6, keep_states=True)
    rest = sample(model, 0.4, 7, 3, dynamics, every=2, initial=part, keep_states=True)
    for field in ("energy", "magnetization", "states"):
        joined = np.concatenate([getattr(part, field), getattr(rest, field)], axis=1)
        np.testing.assert_array_equal(joined, getattr(whole, field), field)
    np.testing.assert_array_equal(rest.final_states, whole.final_states)
    assert rest.sweeps == whole.sweeps == 18
    again = pickle.loads(pickle.dumps(part))
    longer = sample(model, 0.4, 7, dynamics=dynamics, initial=again)
    np.testing.assert_array_equal(longer.final_states, whole.final_states)


@pytest.mark.parametrize("name", LARGER)
def test_a_continued_tempering_has_the_bits_of_one_long_run(name):
    model = LARGER[name]
    betas = np.linspace(0.1, 0.5, 5)
    whole = temper(model, betas, 12, 3, warmup=4, seed=6)
    part = temper(model, betas, 5, 3, warmup=4, seed=6)
    rest = temper(model, betas, 7, initial=pickle.loads(pickle.dumps(part)))
    np.testing.assert_array_equal(np.concatenate([part.energy, rest.energy], axis=2), whole.energy)
    np.testing.assert_array_equal(rest.final_states, whole.final_states)


@pytest.mark.parametrize(("name", "dynamics"), CASES)
def test_few_replicas_are_the_first_of_many(name, dynamics):
    model = LARGER[name]
    start = reference.random_spins(np.random.default_rng(1), 70, model.n_spins)
    for initial in (None, start):
        cut = (lambda k: None) if initial is None else (lambda k: start[:k])
        many = sample(model, 0.5, 4, 70, dynamics, seed=2, initial=cut(70))
        for count in (1, 4, 17):
            few = sample(model, 0.5, 4, count, dynamics, seed=2, initial=cut(count))
            np.testing.assert_array_equal(few.energy, many.energy[:count])
            np.testing.assert_array_equal(few.final_states, many.final_states[:count])
            np.testing.assert_array_equal(few.acceptance, many.acceptance[:count])


@pytest.mark.parametrize("name", LARGER)
def test_few_ladders_are_the_first_of_many(name):
    model = LARGER[name]
    many = temper(model, [0.1, 0.2, 0.4], 4, 30, seed=2)
    few = temper(model, [0.1, 0.2, 0.4], 4, 5, seed=2)
    np.testing.assert_array_equal(few.energy, many.energy[:5])
    np.testing.assert_array_equal(few.final_states, many.final_states[:5])


@pytest.mark.parametrize(("name", "dynamics"), CASES)
def test_replicas_are_all_different(name, dynamics):
    model = LARGER[name]
    start = np.ones(model.n_spins, dtype=np.int8)
    run = sample(model, 0.1, 3, 70, dynamics, initial=start, seed=3)
    assert len(np.unique(run.final_states, axis=0)) == 70
    other = sample(model, 0.1, 3, 70, dynamics, initial=start, seed=4)
    assert not (run.final_states == other.final_states).all(axis=1).any()


@pytest.mark.parametrize(("name", "dynamics"), PAIRS)
def test_measurements_are_those_of_the_states(name, dynamics):
    model = MODELS[name]
    run = sample(model, 0.5, 12, 5, dynamics, warmup=2, every=3, keep_states=True, seed=1)
    assert run.states.shape == (5, 4, model.n_spins)
    energies = model.energy(run.states.reshape(-1, model.n_spins)).reshape(5, 4)
    np.testing.assert_allclose(run.energy, energies, rtol=0, atol=1e-7)
    np.testing.assert_array_equal(run.magnetization, run.states.mean(axis=2))
    np.testing.assert_array_equal(run.states[:, -1], run.final_states)
    dense = reference.ising_energies(
        reference.dense_couplings(model), run.final_states, reference.dense_fields(model)
    )
    np.testing.assert_allclose(run.energy[:, -1], dense, rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", ["SK", "Gaussian glass", "+-J lattice", "lattice", "Hopfield"])
def test_energies_of_the_random_models_are_exact(name):
    model = LARGER[name]
    run = sample(model, 0.8, 50, 20, seed=1)
    np.testing.assert_allclose(run.energy[:, -1], model.energy(run.final_states), rtol=1e-13)


@pytest.mark.parametrize("name", LARGER)
def test_acceptance_counts_the_flips(name):
    model = LARGER[name]
    run = sample(model, 0.6, 1, 6, seed=1, keep_states=True, warmup=1)
    before = sample(model, 0.6, 1, 6, seed=1)
    flipped = (run.final_states != before.final_states).mean(axis=1)
    np.testing.assert_allclose(run.acceptance * 2 - before.acceptance, flipped, atol=1e-12)


def test_acceptance_of_a_ladder_falls_with_beta():
    run = temper(LARGER["SK"], [0.2, 0.6, 1.5], 50, 4, seed=1)
    assert (np.diff(run.acceptance.mean(axis=0)) < 0).all()


def test_the_shapes_of_a_tempered_run():
    model = LARGER["SK"]
    betas = np.linspace(0.3, 1.2, 4)
    run = temper(model, betas, 20, 3, every=5, keep_states=True, seed=1)
    assert isinstance(run, TemperedRun)
    assert isinstance(run, Run)
    assert run.energy.shape == run.magnetization.shape == (3, 4, 4)
    assert run.states.shape == (3, 4, 4, 150)
    assert run.final_states.shape == (3, 4, 150)
    assert run.swap_rates.shape == (3,)
    energies = model.energy(run.states.reshape(-1, 150)).reshape(3, 4, 4)
    np.testing.assert_allclose(run.energy, energies, rtol=1e-12)
    overlaps = run.overlaps(0)
    assert overlaps.values.shape == (3, 4)
    first = (run.states[0, 0, 2].astype(int) @ run.states[2, 0, 2]) / 150
    assert overlaps.values[1, 2] == pytest.approx(first, abs=1e-12)


def test_a_tuned_ladder_keeps_its_ends_and_evens_out_its_swaps():
    model = spinglass.SherringtonKirkpatrick(100, seed=1)
    betas = np.concatenate([[0.1], np.linspace(1.0, 1.2, 6), [2.0]])
    plain = temper(model, betas, 2000, 4, seed=2)
    tuned = temper(model, betas, 2000, 4, warmup=2000, tune=True, seed=2)
    assert tuned.betas[[0, -1]] == pytest.approx(betas[[0, -1]])
    assert (np.diff(tuned.betas) > 0).all()
    assert tuned.swap_rates.min() > plain.swap_rates.min() + 0.1
    assert np.ptp(tuned.swap_rates) < np.ptp(plain.swap_rates) / 2


def test_walkers_go_round_a_short_ladder():
    run = temper(LARGER["lattice"], [0.1, 0.11, 0.12], 300, 2, seed=1)
    assert (run.round_trips > 5).all()


def test_the_distribution_of_overlaps_is_a_density():
    run = sample(LARGER["SK"], 0.5, 5, 4, seed=1)
    overlaps = run.overlaps()
    assert overlaps.values.shape == (6, 5)
    q, density = overlaps.distribution(bins=11)
    assert density.sum() * (q[1] - q[0]) == pytest.approx(1)
    q, density = overlaps.distribution(symmetric=True)
    np.testing.assert_allclose(density, density[::-1])


@pytest.mark.parametrize("unit", [1e-140, 1e-40, 1e-30, 1e30, 1e45, 1e140])
@pytest.mark.parametrize("name", ["dense with fields", "sparse with fields", "SK", "+-J lattice"])
def test_the_unit_of_energy_does_not_matter(name, unit):
    model = MODELS[name].to_ising()
    fields = None if model.fields is None else unit * model.fields
    scaled = spinglass.Ising(unit * model.couplings(), fields, layout=model.layout)
    energies = {beta: reference.ising_law(model, beta)[0] @ reference.ising_law(model, beta)[1]
                for beta in (0.3, 1.0)}  # fmt: skip
    for beta, exact in energies.items():
        run = sample(scaled, beta / unit, 60, 2000, "heat-bath", every=60, seed=1)
        measured = run.energy[:, -1] / unit
        # Five standard errors.
        assert abs(measured.mean() - exact) < 5 * measured.std() / np.sqrt(2000)


def test_a_ladder_prints_its_summaries_as_a_table():
    run = temper(LARGER["SK"], [0.1, 0.2], 100, 2, seed=1)
    assert [one.beta for one in run.summary()] == [0.1, 0.2]
    lines = str(run.summary()).splitlines()
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1


def test_the_error_of_an_alternating_magnetization_is_that_of_independent_numbers():
    # Nearly all spins turn over in a hot Metropolis sweep.
    model = spinglass.SquareLattice(8)
    deviations = []
    for seed in range(40):
        one = sample(model, 0.02, 400, 2, seed=seed).summary().magnetization
        deviations.append(one.value / one.error)
    # Student-like numbers of variance about 1; an error twenty times too small would make it 400.
    assert np.mean(np.square(deviations)) < 3


def test_a_sequence_of_starts_says_how_many_replicas():
    model = UNFRUSTRATED["3 x 3 lattice"]
    start = reference.random_spins(np.random.default_rng(0), 5, 9)
    assert sample(model, 1.0, 2, initial=start).n_replicas == 5
    assert sample(model, 1.0, 2, 7, initial=start[0]).n_replicas == 7


def test_annealing_follows_the_temperatures_it_is_given():
    model = MODELS["SK"]
    found = anneal(model, n_sweeps=6, betas=[3.0, 1.0, 2.0], seed=1)
    assert found.betas.tolist() == [3, 3, 1, 1, 2, 2]
    assert found.energy.shape == (1, 6)
    geometric = anneal(model, (0.1, 10), 3, seed=1)
    np.testing.assert_allclose(geometric.betas, [0.1, 1, 10])


def test_a_large_cold_lattice_stays_ordered_from_an_ordered_start():
    lattice = spinglass.SquareLattice(64)
    run = sample(lattice, 0.6, 50, initial=np.ones(64 * 64), seed=1)
    assert run.magnetization[0, -1] > 0.95
