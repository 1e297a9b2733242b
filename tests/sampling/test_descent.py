"""Descent ends in a local minimum, and is the same on every path."""

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import reference
import spinglass
from sampling.models import MODELS
from sampling.test_runs import LARGER
from spinglass import Descent, Interrupted, descend, spin_form, unit_form

ALL = MODELS | {f"larger {name}": model for name, model in LARGER.items()}


def plain(model, spins, held, max_sweeps):
    """Descent as one would write it down."""
    spins, sweeps, flips, converged = spins.copy(), 0, 0, False
    while sweeps < max_sweeps and not converged:
        sweeps, before = sweeps + 1, flips
        for site in np.flatnonzero(~held):
            if model.local_fields(spins)[site] * spins[site] < 0:
                spins[site] *= -1
                flips += 1
        converged = flips == before
    return spins, sweeps, flips, converged


@pytest.mark.parametrize("name", MODELS)
def test_a_descent_is_the_one_that_one_would_write_down(name):
    model, rng = MODELS[name], np.random.default_rng(1)
    states = reference.random_spins(rng, 20, model.n_spins)
    masks = rng.random(states.shape) < rng.choice([0, 0.3, 1], 20)[:, None]
    for max_sweeps in (1, 2, 100):
        found = descend(model, states, clamp=masks, max_sweeps=max_sweeps)
        for k, (start, held) in enumerate(zip(states, masks, strict=True)):
            spins, *rest = plain(model, start, held, max_sweeps)
            np.testing.assert_array_equal(found.states[k], spins)
            assert [found.sweeps[k], found.flips[k], found.converged[k]] == rest
    assert found.converged.all()


@pytest.mark.parametrize("name", ALL)
def test_a_descent_ends_in_a_local_minimum_below_its_start(name):
    model = ALL[name]
    states = reference.random_spins(np.random.default_rng(2), 30, model.n_spins)
    found = descend(model, states)
    assert found.converged.all()
    assert (found.sweeps >= 1).all()
    assert (model.local_fields(found.states) * found.states >= 0).all()
    np.testing.assert_array_equal(found.energy, model.energy(found.states))
    assert (found.energy <= model.energy(states)).all()
    again = descend(model, found.states)
    np.testing.assert_array_equal(again.states, found.states)
    assert (again.sweeps == 1).all()
    assert (again.flips == 0).all()
    for threads in (1, 3):
        other = descend(model, states, num_threads=threads)
        np.testing.assert_array_equal(other.states, found.states)
        np.testing.assert_array_equal(other.flips, found.flips)


@pytest.mark.parametrize("max_sweeps", [1, 2, 1000])
@pytest.mark.parametrize("thresholds", [None, np.linspace(-0.1, 0.1, 300)])
def test_the_descent_of_a_network_is_its_recall(thresholds, max_sweeps):
    network = spinglass.Hopfield(spinglass.random_patterns(40, 300, seed=1), thresholds=thresholds)
    rng = np.random.default_rng(3)
    states = reference.random_spins(rng, 25, 300)
    for clamp in (None, rng.random(300) < 0.2, rng.random((25, 300)) < 0.5):
        found = descend(network, states, clamp=clamp, max_sweeps=max_sweeps)
        recalled = network.recall(states, clamp=clamp, max_sweeps=max_sweeps)
        for field in ("states", "energy", "converged", "sweeps", "flips"):
            np.testing.assert_array_equal(getattr(found, field), getattr(recalled, field), field)


def test_a_single_state_gives_scalars():
    model = MODELS["SK"]
    found = descend(model, np.ones(8))
    assert isinstance(found, Descent)
    assert found.states.shape == (8,)
    assert [type(x) for x in (found.energy, found.converged, found.sweeps, found.flips)] == [
        float, bool, int, int,
    ]  # fmt: skip
    assert (found.model, found.max_sweeps) == (repr(model), 1000)
    assert found.version == spinglass.__version__
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).states, found.states)
    assert descend(model, np.ones((0, 8))).states.shape == (0, 8)


def test_a_form_descends_with_its_constant_and_units_are_refused():
    form = spin_form(MODELS["sparse with fields"])
    shifted = type(form)(form.couplings, form.fields, constant=-1.25)
    found = descend(shifted, np.ones(7))
    assert found.energy == pytest.approx(shifted.energy(found.states), abs=1e-12)
    machine = spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit([[0, 1, 1, 0, 1]])
    for model, kind in ((unit_form(form), "pairs of units"), (machine, "two layers with 0/1")):
        with pytest.raises(TypeError, match=f"model must have pairs of spins, got {kind}.*: spin_"):
            descend(model, np.ones(7))
    assert descend(spin_form(machine), np.ones(7)).converged


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"states": np.ones(7)}, ValueError, r"states must have shape \(8,\) or"),
        ({"states": np.ones((2, 2, 8))}, ValueError, r"states must have shape \(8,\) or"),
        ({"states": np.zeros(8)}, ValueError, "states must hold only -1 and"),
        ({"max_sweeps": 0}, ValueError, "max_sweeps must be an integer >= 1, got 0"),
        ({"clamp": np.ones(8)}, TypeError, "clamp must be a boolean mask, got dtype float64"),
        ({"clamp": np.ones(7, bool)}, ValueError, r"clamp must have shape \(8,\) or"),
        ({"num_threads": 0}, ValueError, "num_threads must be an integer >= 1, got 0"),
        ({"model": np.ones((8, 8))}, TypeError, "model must have an energy"),
    ],
)
def test_a_descent_is_checked(arguments, error, message):
    with pytest.raises(error, match=message):
        descend(**{"model": MODELS["SK"], "states": np.ones(8)} | arguments)


# Promised are 0.2 s; shared machines that test wheels get five times that.
BOUND = 1.0

INTERRUPT = """
import json, os, pickle, signal, sys, threading, time
import numpy as np
import spinglass

model = spinglass.SherringtonKirkpatrick(1500, seed=1)
states = np.random.default_rng(1).choice(np.array([-1, 1], dtype=np.int8), (20_000, 1500))
sent = []
def send():
    time.sleep(0.6)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=send, daemon=True).start()
try:
    spinglass.descend(model, states)
except spinglass.Interrupted as error:
    latency = time.monotonic() - sent[0]
    kept = pickle.loads(pickle.dumps(error))
else:
    sys.exit("the call was over before it was interrupted")
assert (kept.total, kept.done) == (20_000, len(kept.finished)) and kept.done > 0
few = kept.finished[:3]
whole = spinglass.descend(model, states[few])
assert (whole.states == kept.result.states[:3]).all()
assert kept.result.converged.all()
print(json.dumps({"latency": latency}))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_keeps_the_descents_that_were_finished(record_property):
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPT], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    latency = json.loads(run.stdout)["latency"]
    record_property("latency", latency)
    assert latency < BOUND
    assert issubclass(Interrupted, KeyboardInterrupt)
