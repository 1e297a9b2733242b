"""An array that somebody else writes to during a call: results are as of a valid array, or none."""

import sys
import threading
from contextlib import suppress

import numpy as np
import pytest

import spinglass
from doors import COUPLINGS, OF_BOOLEANS, OF_REALS, OF_SPINS, OF_UNITS, SPINS, UNITS
from spinglass import _core

PACKAGE = spinglass.__file__.rpartition("/")[0]

# What is neither a spin nor a unit nor a number, by the kind of the array.
BAD = {"i": 0, "u": 7, "f": np.nan, "b": None}

# Results that are spins or units, by what they must be among.
STATES = {np.dtype(np.int8): {-1, 0, 1}, np.dtype(np.uint8): {0, 1}}


class Writer:
    """Writes to an array between two lines of the package: before line number ``at``."""

    def __init__(self, array, at):
        self.array, self.at, self.lines = array, at, 0

    def line(self, frame, event, _):
        if event == "line":
            if self.lines == self.at:
                write(self.array)
            self.lines += 1
        return self.line

    def __call__(self, frame, event, _):
        return self.line if frame.f_code.co_filename.startswith(PACKAGE) else None


def write(array):
    if array.dtype == np.bool_:
        array.view(np.uint8)[...] = 255 - array.view(np.uint8)
    else:
        array.ravel()[:: array.size // 3 or 1] = BAD[array.dtype.kind]


def call_while(writer, call):
    """Call under the eyes of a writer; None if the array was refused."""
    before = sys.gettrace()
    sys.settrace(writer)
    try:
        return call(writer.array)
    except ValueError:
        return None
    finally:
        sys.settrace(before)


def check(door, results):
    for result in map(np.asarray, results or []):
        if result.dtype in STATES and door != "to_bits":
            found = set(np.unique(result).tolist())
            assert found <= STATES[result.dtype] - ({0} if result.dtype == np.int8 else set())
        else:
            assert np.isfinite(result).all()


DOORS = OF_SPINS | OF_UNITS | OF_REALS | OF_BOOLEANS


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("door", DOORS)
def test_a_writer_between_any_two_lines_makes_no_invalid_result(door):
    array, call = DOORS[door]
    quiet = Writer(array.copy(), at=-1)
    call_while(quiet, call)
    assert quiet.lines > 10
    # Loops repeat their lines: what comes late is looked at ever more sparsely.
    moments = {*range(min(80, quiet.lines)), *np.geomspace(1, quiet.lines, 40).astype(int)}
    for moment in sorted(moments):
        check(door, call_while(Writer(array.copy(), moment), call))


def during(array, call):
    """Return what a call of ``(array, progress)`` finds while its array is written to."""
    wrote = []

    def progress(done, total):
        wrote.append(done)
        write(array)

    found = call(array, progress)
    assert wrote
    return found


LONG = {
    "recall": (
        np.resize(SPINS, (4000, 8)),
        lambda x, p: spinglass.Hopfield(SPINS).recall(
            x, beta=1.0, max_sweeps=2000, seed=1, num_threads=1, progress=p
        ).states,
    ),
    "sample": (
        np.resize(SPINS, (64, 8)),
        lambda x, p: spinglass.sample(
            spinglass.Ising(COUPLINGS), beta=0.5, n_sweeps=10**5, initial=x, seed=1, progress=p,
            num_threads=1,
        ).final_states,
    ),
    "fit": (
        np.resize(UNITS, (600, 8)).astype(np.float64),
        lambda x, p: spinglass.BernoulliRBM(3, n_iter=5, random_state=0)
        .fit(x, progress=p)
        .components_,
    ),
    "chains": (
        UNITS,
        lambda x, p: spinglass.BernoulliRBM(3, n_iter=1, random_state=0)
        .fit(UNITS)
        .sample(6, 100, initial=x, random_state=1, progress=p),
    ),
    "inference": (
        np.resize(np.vstack([SPINS, SPINS[:, ::-1]]), (600, 8)),
        lambda x, p: spinglass.InverseIsing(l2=0.1).fit(x, progress=p).couplings_,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_what_is_written_during_a_call_comes_too_late(name):
    array, call = LONG[name]
    expected = call(array.copy(), lambda done, total: None)
    np.testing.assert_allclose(during(array.copy(), call), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: spinglass.Hopfield(x[:2]).recall(x[:50]).states,
        lambda x: spinglass.Patterns.from_array(x).to_array()[:5],
        lambda x: spinglass.corrupt(x, 0.01, seed=1),
        lambda x: spinglass.descend(spinglass.SquareLattice((40, 50)), x[:9]).states,
        lambda x: _core.corrupt_states(x, 3, 1),
    ],
)
def test_spins_stay_spins_while_a_thread_writes_without_end(call):
    array = np.ones((1500, 2000), np.int8)
    done = threading.Event()

    def write_on():
        while not done.is_set():
            array[...] = 0  # NumPy does this without the GIL
            array[...] = 1

    writer = threading.Thread(target=write_on, daemon=True)
    writer.start()
    try:
        for _ in range(12):
            with suppress(ValueError):
                assert set(np.unique(call(array)).tolist()) <= {-1, 1}
    finally:
        done.set()
        writer.join()
