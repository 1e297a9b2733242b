"""Several temperatures side by side: independent runs, each with the bits it is said to have."""

import pickle

import numpy as np
import pytest

import reference
import spinglass
from sampling.measured import observables_of, of_states
from sampling.models import LOCAL, MODELS
from sampling.test_runs import CASES, LARGER
from spinglass import LadderRun, Run, TemperedRun, sample, temper

BETAS = [0.2, 0.35, 0.5]


@pytest.mark.parametrize("n_replicas", [1, 3, 64])
@pytest.mark.parametrize(("name", "dynamics"), CASES)
def test_each_temperature_is_a_part_of_a_run_at_it(name, dynamics, n_replicas):
    model = LARGER[name]
    given = {"warmup": 1, "every": 2, "keep_states": True, "seed": 3, "measure": ()}
    run = sample(model, BETAS, 4, n_replicas, dynamics, num_threads=2, **given)
    assert type(run) is LadderRun
    assert run.energy.shape == (n_replicas, 3, 2)
    assert run.states.shape == (n_replicas, 3, 2, model.n_spins)
    for t, beta in enumerate(BETAS):
        alone = sample(model, beta, 4, 3 * n_replicas, dynamics, num_threads=1, **given)
        rows = slice(t * n_replicas, (t + 1) * n_replicas)
        for field in ("energy", "magnetization", "states", "final_states", "acceptance"):
            expected = getattr(alone, field)[rows]
            np.testing.assert_array_equal(getattr(run, field)[:, t], expected, field)
    first = sample(model, BETAS[0], 4, n_replicas, dynamics, **given)
    np.testing.assert_array_equal(run.energy[:, 0], first.energy)


@pytest.mark.parametrize("name", [*LARGER, "sparse with fields"])
def test_series_are_those_of_the_states_at_each_temperature(name):
    model = (MODELS | LARGER)[name]
    run = sample(model, BETAS, 5, 4, measure=observables_of(model), keep_states=True, seed=1)
    for key, series in run.measured.items():
        for t in range(3):
            expected = of_states(model, run.states[:, t], key)
            if key.endswith("structure_factor"):
                np.testing.assert_allclose(series[:, t], expected, rtol=1e-9, atol=1e-9)
            else:
                np.testing.assert_array_equal(series[:, t], expected, key)
    assert run.overlaps(1).values.shape == (6, 5)
    assert len(run.overlap_summary()) == len(run.summary()) == 3


@pytest.mark.parametrize("name", LARGER)
def test_a_continued_run_has_the_bits_of_one_long_run(name, tmp_path):
    model = LARGER[name]
    given = {"every": 2, "seed": 6, "measure": observables_of(model)}
    whole = sample(model, BETAS, 13, 3, warmup=5, **given)
    part = sample(model, BETAS, 6, 3, warmup=5, **given)
    part.save(tmp_path / "run")
    for again in (part, pickle.loads(pickle.dumps(part)), Run.load(tmp_path / "run")):
        assert type(again) is LadderRun
        rest = sample(model, BETAS, 7, every=2, initial=again)
        np.testing.assert_array_equal(np.concatenate([part.energy, rest.energy], 2), whole.energy)
        np.testing.assert_array_equal(rest.final_states, whole.final_states)
        for key, series in whole.measured.items():
            joined = np.concatenate([part.measured[key], rest.measured[key]], 2)
            np.testing.assert_array_equal(joined, series, key)


def test_starts_and_held_spins_belong_to_their_replica_and_temperature():
    model = MODELS["+-J lattice"]
    starts = reference.random_spins(np.random.default_rng(1), 6, 9).reshape(2, 3, 9)
    held = np.arange(9) < 4
    same = starts[:, :1].repeat(3, axis=1)
    run = sample(model, BETAS, 30, initial=same, clamp=np.stack([held, ~held]), seed=1)
    np.testing.assert_array_equal(run.final_states[0][:, held], same[0][:, held])
    np.testing.assert_array_equal(run.final_states[1][:, ~held], same[1][:, ~held])
    frozen = sample(model, BETAS, 3, initial=same, clamp=held | True, seed=1)
    np.testing.assert_array_equal(frozen.final_states, same)
    with pytest.raises(ValueError, match="one value at all betas for each spin that clamp holds"):
        sample(model, BETAS, 3, initial=starts, clamp=held, seed=1)


def test_starts_of_each_temperature_are_where_its_replicas_begin():
    # At zero temperature a ground state stays: which starts were given is then seen at the end.
    model = spinglass.SquareLattice(4)
    signs = np.array([[1, -1, 1], [-1, -1, 1]], dtype=np.int8)
    starts = signs[..., None] * np.ones(16, dtype=np.int8)
    run = sample(model, [5.0, 10.0, np.inf], 3, initial=starts, dynamics="heat-bath", seed=1)
    np.testing.assert_array_equal(np.sign(run.final_states.sum(-1)), signs)


@pytest.mark.parametrize("dynamics", LOCAL)
def test_averages_are_those_of_the_law_at_each_temperature(dynamics):
    model = MODELS["3 x 3 lattice in a negative field"]
    run = sample(model, BETAS, 20_000, 4, dynamics, warmup=50, seed=1)
    for beta, summary in zip(BETAS, run.summary(), strict=True):
        law, energies = reference.ising_law(model, beta)
        assert abs(summary.energy.value - law @ energies / 9) < 5 * summary.energy.error


def test_a_ladder_is_shown_saved_and_read_as_such(tmp_path):
    run = sample(MODELS["SK"], BETAS, 50, 2, seed=1)
    assert "2 replicas at 3 temperatures" in str(run)
    run.save(tmp_path / "run")
    assert type(LadderRun.load(tmp_path / "run")) is LadderRun
    with pytest.raises(ValueError, match="must hold a TemperedRun, got a LadderRun"):
        TemperedRun.load(tmp_path / "run")
    frame = run.to_dataframe()
    assert frame.columns.tolist() == ["replica", "beta", "sweep", "energy", "magnetization"]
    data = run.to_xarray()
    assert data["energy"].dims == ("chain", "draw", "beta")
    assert "swap_rates" not in data
    np.testing.assert_array_equal(data["overlap"].sel(beta=0.35).T, run.overlaps(1).values.T)


def test_an_interrupted_ladder_keeps_what_it_has():
    def stop(done, total):
        if done > 600:
            raise KeyboardInterrupt

    with pytest.raises(spinglass.Interrupted) as caught:
        sample(LARGER["lattice"], BETAS, 3_000_000, 2, every=300, progress=stop, seed=1)
    run = pickle.loads(pickle.dumps(caught.value)).result
    assert run.energy.shape == (2, 3, run.n_measurements)
    assert 0 < run.n_measurements < 10_000


def test_what_cannot_be_side_by_side_is_named():
    model = MODELS["SK"]
    for bad in ([0.5, 0.5], [0.5, 0.4], [], [[0.5]], [-1.0, 0.0], [np.nan], ["0.5"], {0.5}):
        with pytest.raises((TypeError, ValueError), match="beta"):
            sample(model, bad, 5)
    single, ladder = sample(model, 0.5, 5, seed=1), sample(model, BETAS, 5, seed=1)
    with pytest.raises(TypeError, match="initial must be a LadderRun, got a Run"):
        sample(model, BETAS, 5, initial=single)
    with pytest.raises(TypeError, match="initial must be a Run, got a LadderRun"):
        sample(model, 0.5, 5, initial=ladder)
    with pytest.raises(TypeError, match="initial must be a LadderRun, got a TemperedRun"):
        sample(model, BETAS, 5, initial=temper(model, BETAS, 5, seed=1))
    with pytest.raises(ValueError, match="beta must be as many as in the run, 3, got 2"):
        sample(model, BETAS[:2], 5, initial=ladder)
