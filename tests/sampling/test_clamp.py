"""Held spins never move, and the others follow the exact conditional law."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import chi2, norm

import reference
from sampling.models import LOCAL, MODELS, UNFRUSTRATED
from sampling.test_exact import FALSE_ALARM, N_REPLICAS, chi_square
from sampling.test_runs import LARGER
from spinglass import anneal, sample, spin_form, temper

# Between few free spins Metropolis flips what has no field in nearly every sweep; a site rests once
# in a few sweeps, and after these all memory is lost.
N_SWEEPS = 120


def law_given(model, beta, held, values):
    """The law of all states, without those in which a held spin has another value."""
    law, energies = reference.ising_law(model, beta)
    states = reference.all_states(model.n_spins)
    law = law * (states[:, held] == values[held]).all(axis=1)
    return law / law.sum(), energies


def case(model, seed):
    """A state, and which third of its spins is held."""
    rng = np.random.default_rng(seed)
    held = np.zeros(model.n_spins, dtype=bool)
    held[rng.choice(model.n_spins, model.n_spins // 3, replace=False)] = True
    return reference.random_spins(rng, model.n_spins), held


def assert_follows(states, law, held, start, where):
    assert (states[:, held] == start[held]).all()
    # Numbers of free spins count the states that the held ones allow.
    allowed = law[(reference.all_states(len(held))[:, held] == start[held]).all(axis=1)]
    statistic, freedom = chi_square(states[:, ~held], allowed)
    assert statistic < chi2.isf(FALSE_ALARM, max(freedom, 1)), where


@pytest.mark.parametrize("dynamics", LOCAL)
@pytest.mark.parametrize("name", MODELS)
def test_free_spins_follow_the_boltzmann_law_given_the_held_ones(name, dynamics):
    model = MODELS[name]
    for beta in (0.0, 0.45):
        for seed in range(2):
            start, held = case(model, seed)
            run = sample(
                model, beta, N_SWEEPS, N_REPLICAS, dynamics, every=N_SWEEPS, initial=start,
                seed=seed, clamp=held,
            )  # fmt: skip
            law, energies = law_given(model, beta, held, start)
            assert_follows(run.final_states, law, held, start, (beta, seed))
            mean = law @ energies
            error = np.sqrt(law @ (energies - mean) ** 2 / N_REPLICAS)
            assert abs(run.energy.mean() - mean) < norm.isf(FALSE_ALARM / 2) * error + 1e-6
            np.testing.assert_allclose(run.energy[:, -1], model.energy(run.final_states), atol=1e-6)
            magnetization = run.final_states.mean(axis=1, dtype=float)
            np.testing.assert_allclose(run.magnetization[:, -1], magnetization, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_tempering_follows_the_conditional_law_at_every_temperature(name):
    model, betas = MODELS[name], [0.1, 0.4, 0.9]
    start, held = case(model, 7)
    run = temper(
        model, betas, N_SWEEPS, N_REPLICAS, "heat-bath", every=N_SWEEPS, initial=start, seed=1,
        clamp=held,
    )  # fmt: skip
    for k, beta in enumerate(betas):
        law, _ = law_given(model, beta, held, start)
        assert_follows(run.final_states[:, k], law, held, start, beta)


@pytest.mark.parametrize("dynamics", LOCAL)
@pytest.mark.parametrize("name", MODELS)
def test_annealing_finds_the_lowest_state_that_the_held_spins_allow(name, dynamics):
    model = MODELS[name]
    start, held = case(model, 3)
    law, energies = law_given(model, 0.0, held, start)
    found = anneal(model, (0.1, 5.0), 100, 50, dynamics, initial=start, seed=3, clamp=held)
    assert found.best[1] == pytest.approx(energies[law > 0].min(), abs=1e-9)
    assert (found.best_states[:, held] == start[held]).all()


def bits(run):
    return [getattr(run, name) for name in ("energy", "magnetization", "final_states")]


@pytest.mark.parametrize("dynamics", LOCAL)
@pytest.mark.parametrize("name", LARGER)
def test_each_replica_holds_its_own_spins_and_depends_on_them_alone(name, dynamics):
    model, rng = LARGER[name], np.random.default_rng(1)
    states = reference.random_spins(rng, 6, model.n_spins)
    masks = rng.random((6, model.n_spins)) < np.array([0, 0.1, 0.5, 0, 0.9, 1])[:, None]
    free = sample(model, 0.5, 8, 1, dynamics, initial=states, seed=1)
    run = sample(model, 0.5, 8, 1, dynamics, initial=states, seed=1, clamp=masks)
    assert (run.final_states == states)[masks].all()
    for mine, other in zip(bits(run), bits(free), strict=True):
        np.testing.assert_array_equal(mine[[0, 3]], other[[0, 3]])
    np.testing.assert_array_equal(run.final_states[5], states[5])
    assert run.acceptance[5] == 0
    assert (run.energy[5] == run.energy[5, 0]).all()
    # In two pieces, the second of which is not told again what is held.
    first = sample(model, 0.5, 3, 1, dynamics, initial=states, seed=1, clamp=masks)
    second = sample(model, 0.5, 5, 1, dynamics, initial=first)
    np.testing.assert_array_equal(np.hstack([first.energy, second.energy]), run.energy)
    np.testing.assert_array_equal(second.final_states, run.final_states)
    np.testing.assert_array_equal(second.clamp, masks)


@pytest.mark.parametrize("name", MODELS)
def test_a_mask_that_holds_nothing_changes_no_bit(name):
    model = MODELS[name]
    start, nothing = reference.random_spins(np.random.default_rng(2), model.n_spins), [False]
    for dynamics in LOCAL + (["wolff", "swendsen-wang"] if name in UNFRUSTRATED else []):
        arguments = {"initial": start, "seed": 5, "n_replicas": 3, "dynamics": dynamics}
        for run, betas in ((sample, 0.4), (temper, [0.1, 0.4]), (anneal, (0.1, 0.4))):
            one = run(model, betas, 9, **arguments)
            two = run(model, betas, 9, **arguments, clamp=nothing * model.n_spins)
            np.testing.assert_array_equal(one.energy, two.energy)
            np.testing.assert_array_equal(one.final_states, two.final_states)


def test_a_clamped_heat_bath_is_the_clamped_recall_of_a_network():
    model = LARGER["Hopfield"]
    start, held = case(model, 4)
    run = sample(model, 1.3, 7, 1, "heat-bath", initial=start, seed=9, clamp=held)
    found = model.recall(start, beta=1.3, max_sweeps=7, seed=9, clamp=held)
    np.testing.assert_array_equal(run.final_states[0], found.states)


def test_a_tuned_ladder_holds_its_spins():
    model = LARGER["SK"]
    start, held = case(model, 5)
    run = temper(
        model, np.linspace(0.1, 1, 5), 40, 2, warmup=200, initial=start, tune=True, seed=1,
        clamp=held,
    )  # fmt: skip
    assert (run.final_states[..., held] == start[held]).all()
    assert run.n_sweeps == 40
    assert run.warmup == 200


def test_a_form_is_sampled_with_its_constant():
    form = spin_form(MODELS["dense with fields"])
    shifted = type(form)(form.couplings, form.fields, constant=2.5)
    start, held = case(MODELS["dense with fields"], 6)
    run = sample(shifted, 0.3, 5, 2, initial=start, seed=1, clamp=held)
    np.testing.assert_allclose(run.energy[:, -1], shifted.energy(run.final_states), atol=1e-9)
    plain = sample(form, 0.3, 5, 2, initial=start, seed=1, clamp=held)
    np.testing.assert_array_equal(plain.final_states, run.final_states)


MODEL = MODELS["SK"]
STATE = np.ones(MODEL.n_spins, dtype=np.int8)
HELD = STATE > 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"clamp": HELD.astype(float)}, TypeError, "clamp must be a boolean mask, got dtype float"),
        ({"clamp": HELD[:3]}, ValueError, r"clamp must have shape \(8,\) or .*, got \(3,\)"),
        ({"clamp": [HELD] * 3}, ValueError, r"clamp must have shape .* got \(3, 8\)"),
        ({"initial": None}, ValueError, "clamp needs initial: held spins keep the values"),
        (
            {"dynamics": "wolff"},
            ValueError,
            'dynamics must be "metropolis" or "heat-bath" in a run with a clamp, got \'wolff\'',
        ),
    ],
)
def test_a_clamp_is_checked(arguments, error, message):
    arguments = {"n_replicas": 2, "initial": STATE, "clamp": HELD} | arguments
    for run, betas in ((sample, 0.3), (temper, [0.1, 0.3]), (anneal, (0.1, 0.3))):
        with pytest.raises(error, match=message):
            run(MODEL, betas, 5, **arguments)


def test_a_ladder_and_a_continued_run_keep_what_they_hold():
    states = np.array([[STATE, -STATE]])
    with pytest.raises(ValueError, match="initial must have one value at all betas for each spin"):
        temper(MODEL, [0.1, 0.2], 5, initial=states, clamp=HELD)
    run = sample(MODEL, 0.3, 5, initial=STATE, clamp=HELD)
    with pytest.raises(ValueError, match="clamp must be that of the run to be continued"):
        sample(MODEL, 0.3, 5, initial=run, clamp=~HELD)
    assert sample(MODEL, 0.3, 5, initial=run, clamp=HELD).sweeps == 10


DIGESTS = """
import hashlib
import numpy as np
import spinglass
from sampling.test_runs import LARGER

for name, model in LARGER.items():
    rng, content = np.random.default_rng(1), hashlib.sha256()
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (19, model.n_spins))
    clamp = rng.random(states.shape) < 0.4
    for dynamics in ("metropolis", "heat-bath"):
        for beta in (0.0, 0.44, np.inf):
            run = spinglass.sample(model, beta, 4, 1, dynamics, initial=states, seed=1, clamp=clamp)
            content.update(run.energy.tobytes() + run.final_states.tobytes())
    run = spinglass.temper(model, [0.1, 0.2], 4, 1, initial=states[0], seed=1, clamp=clamp[0])
    content.update(run.energy.tobytes() + run.final_states.tobytes())
    found = spinglass.descend(model, states, clamp=clamp, max_sweeps=4)
    content.update(found.states.tobytes() + found.energy.tobytes() + found.flips.tobytes())
    print(name, content.hexdigest())
"""


def digests(level, threads):
    environment = {"SPINGLASS_SIMD": level, "RAYON_NUM_THREADS": threads}
    path = os.pathsep.join([os.path.dirname(os.path.dirname(__file__)), *sys.path])
    return subprocess.run(
        [sys.executable, "-c", DIGESTS],
        capture_output=True,
        text=True,
        env=os.environ | environment | {"PYTHONPATH": path},
        check=False,
    )


@pytest.mark.parametrize("level", ["portable", "avx2", "avx512"])
def test_clamped_runs_and_descents_have_the_same_bits_on_every_path(level):
    one, other = digests("", "1"), digests(level, "3")
    if other.returncode and "this machine has only" in other.stderr:
        pytest.skip(f"this machine has no {level}")
    assert other.returncode == 0, other.stderr
    assert one.stdout == other.stdout
    assert one.stdout.count("\n") == len(LARGER)
