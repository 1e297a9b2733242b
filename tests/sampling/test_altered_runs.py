"""Only a run whose states, streams and sweeps belong together is continued."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import spinglass

LATTICE = spinglass.SquareLattice(8)


def sampled(initial=None, n_sweeps=6):
    return spinglass.sample(LATTICE, 0.4, n_sweeps, 2, seed=1, initial=initial)


def tempered(initial=None, n_sweeps=6):
    return spinglass.temper(LATTICE, [0.1, 0.4], n_sweeps, 2, seed=1, initial=initial)


def annealed(initial=None, n_sweeps=6):
    return spinglass.anneal(LATTICE, (0.1, 1.0), n_sweeps, 2, seed=1, initial=initial)


CALLS = [sampled, tempered, annealed]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "changes",
    [
        lambda run: {"final_states": -run.final_states},
        lambda run: {"sweeps": run.sweeps + 1},
        lambda run: {"_streams": run._streams + 1},
        lambda run: {"seed": 2},
        lambda run: {"n_spins": 64},
    ],
)
def test_a_run_that_was_altered_is_not_continued(call, changes):
    run = call()
    altered = dataclasses.replace(run, **changes(run))
    with pytest.raises(ValueError, match="initial must be a run as it was returned, got one that"):
        call(altered)
    spinglass.sample(LATTICE, 0.4, 2, initial=altered.final_states.reshape(-1, 64))


@pytest.mark.parametrize("call", CALLS)
def test_a_copy_of_a_run_is_continued_like_the_run(call):
    run = call()
    expected = call(run).final_states
    for same in (copy.copy(run), copy.deepcopy(run), pickle.loads(pickle.dumps(run))):
        np.testing.assert_array_equal(call(same).final_states, expected)


def test_a_file_of_an_altered_run_does_not_make_it_whole(tmp_path):
    run = sampled()
    dataclasses.replace(run, sweeps=3).save(tmp_path / "altered")
    with pytest.raises(ValueError, match=r"initial .* cannot be continued"):
        sampled(spinglass.Run.load(tmp_path / "altered"))
    run.save(tmp_path / "run")
    again = sampled(spinglass.Run.load(tmp_path / "run"))
    np.testing.assert_array_equal(again.final_states, sampled(run).final_states)


def test_a_ladder_that_was_tuned_goes_on():
    options = {"warmup": 200, "tune": True, "seed": 1}
    run = spinglass.temper(LATTICE, [0.1, 0.2, 0.4], 20, 2, **options)
    assert spinglass.temper(LATTICE, run.betas, 5, 2, initial=run).sweeps == run.sweeps + 5
