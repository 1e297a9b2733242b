"""Arrays of legal types in memory that is laid out, or filled, as ours never is."""

import mmap
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

import spinglass
from doors import COUPLINGS, MASK, OF_BOOLEANS, OF_REALS, OF_SPINS, OF_UNITS, SPINS, UNITS
from spinglass import _core


def with_other_bytes(mask):
    """Return booleans that NumPy takes for ``mask``, their bytes 0, 255, 2 and 1."""
    bytes_ = np.where(mask, np.resize(np.array([255, 2, 1], np.uint8), mask.shape), 0)
    return bytes_.astype(np.uint8).view(np.bool_)


def same(found, expected):
    """Hold results equal, bit for bit where no library of numerics came between."""
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("door", OF_BOOLEANS)
def test_every_byte_but_zero_is_true_in_a_mask(door):
    mask, call = OF_BOOLEANS[door]
    other = with_other_bytes(mask)
    assert set(np.unique(other.view(np.uint8))) > {0, 1}
    same(call(other), call(mask))


@pytest.mark.parametrize("door", OF_UNITS)
def test_every_byte_but_zero_is_a_unit_that_is_on(door):
    units, call = OF_UNITS[door]
    same(call(with_other_bytes(units.astype(bool))), call(units.astype(bool)))


def test_every_byte_but_zero_is_a_coupling_of_one():
    bonds = ~np.eye(4, dtype=bool)
    expected = spinglass.Ising(bonds.astype(float)).couplings()
    other = with_other_bytes(bonds)
    np.testing.assert_array_equal(spinglass.Ising(other).couplings(), expected)
    for kind in (sparse.csr_array, sparse.coo_array, sparse.csc_matrix):
        found = spinglass.Ising(kind(other)).couplings().toarray()
        np.testing.assert_array_equal(found, expected)
    rows = sparse.csr_array(with_other_bytes(UNITS.astype(bool)))
    rbm = spinglass.BernoulliRBM(3, n_iter=1, random_state=0)
    np.testing.assert_array_equal(rbm.fit(rows).components_, rbm.fit(UNITS).components_)


def test_the_core_itself_takes_every_byte_but_zero_for_true():
    other = with_other_bytes(MASK)
    model = spinglass.SquareLattice((2, 4))._model
    keywords = {
        "dynamics": "metropolis", "betas": np.full(6, 0.4), "initial": SPINS, "n_betas": 1,
        "seed": 1, "sweeps": 0, "streams": np.empty(0, np.uint64), "warmup": 0, "n_sweeps": 5,
        "every": 1, "keep_states": False, "measure": [],
    }  # fmt: skip
    states = [
        _core.sample(model, **keywords, clamp=mask)[0]["final_states"] for mask in (MASK, other)
    ]
    np.testing.assert_array_equal(*states)
    np.testing.assert_array_equal(states[0][MASK], SPINS[MASK])
    data = _core.RbmData(with_other_bytes(UNITS.astype(bool)))
    assert data.binary
    machine = _core.RbmMachine(
        np.ones((2, 8), np.float32), np.zeros(2, np.float32), np.zeros(8, np.float32)
    )
    np.testing.assert_array_equal(
        machine.free_energy(data), machine.free_energy(_core.RbmData(UNITS))
    )


@pytest.mark.parametrize("kind", [object, np.int8, np.uint8, float])
def test_a_mask_is_of_booleans(kind):
    with pytest.raises(TypeError, match=r"^clamp must be a boolean mask, got dtype"):
        spinglass.descend(spinglass.SquareLattice((2, 4)), SPINS, clamp=MASK.astype(kind))


class Subclass(np.ndarray):
    """An array of another class, which would rather not be compared."""

    def __eq__(self, other):
        raise AssertionError("the methods of a subclass are not asked")

    __hash__ = None


def unaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)
    odd = memory[1 - memory.ctypes.data % 2 :][: array.nbytes].view(array.dtype)
    odd = odd.reshape(array.shape)
    odd[...] = array
    return odd


def mapped(array):
    memory = mmap.mmap(-1, array.nbytes)
    memory.write(array.tobytes())
    return np.frombuffer(memory, array.dtype).reshape(array.shape)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "of the other byte order": lambda x: x.astype(x.dtype.newbyteorder()),
    "at odd addresses": unaligned,
    "with negative strides": lambda x: np.ascontiguousarray(x[..., ::-1])[..., ::-1],
    "with gaps": lambda x: np.repeat(x, 3, axis=-1)[..., ::3],
    "by columns": np.asfortranarray,
    "read-only": read_only,
    "of a subclass": lambda x: x.view(Subclass),
    "mapped": mapped,
    "in long doubles": lambda x: x.astype(np.longdouble),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("door", OF_SPINS | OF_REALS | OF_UNITS)
def test_an_array_means_the_same_in_every_layout(door, layout):
    array, call = (OF_SPINS | OF_REALS | OF_UNITS)[door]
    same(call(LAYOUTS[layout](array)), call(array))


@pytest.mark.parametrize("door", OF_SPINS | OF_UNITS)
def test_halves_and_wide_integers_hold_spins_and_units_as_well(door):
    array, call = (OF_SPINS | OF_UNITS)[door]
    for dtype in (np.float16, np.int16, ">i4", np.float64, np.longdouble):
        same(call(array.astype(dtype)), call(array))


def test_one_number_may_stand_for_a_whole_array():
    up = np.broadcast_to(np.int8(1), (5, 8))
    assert up.strides == (0, 0)
    network = spinglass.Hopfield(up)
    assert (network.recall(np.broadcast_to(np.float64(1), (3, 8))).states == 1).all()
    held = np.broadcast_to(np.True_, (3, 8))
    found = spinglass.descend(spinglass.SquareLattice((2, 4)), SPINS[:3], clamp=held)
    np.testing.assert_array_equal(found.states, SPINS[:3])
    fields = np.broadcast_to(0.5, 8)
    np.testing.assert_array_equal(spinglass.Ising(np.zeros((8, 8)), fields).fields, fields)
    ones = np.broadcast_to(np.float64(1), (4, 8))
    rbm = spinglass.BernoulliRBM(2, n_iter=1, random_state=0)
    np.testing.assert_array_equal(rbm.fit(ones).components_, rbm.fit(ones.copy()).components_)


def test_the_core_refuses_what_is_not_laid_out_in_rows():
    square = np.asfortranarray(np.triu(np.ones((4, 4)), 1) + np.tril(np.ones((4, 4)), -1))
    for couplings in (square, unaligned(square), square[::-1]):
        with pytest.raises(ValueError, match=r"^couplings must be a C-contiguous, aligned array"):
            _core.dense_model(couplings)


# What is wrong with a matrix of 60 rows of two; it would make SciPy write beyond its arrays.
WRONG = {
    "an index beyond all columns": "(a.row if 'coo' in kind else a.indices)[0] = 10**9",
    "an index of the next column": "(a.row if 'coo' in kind else a.indices)[0] = 60",
    "a negative index": "(a.row if 'coo' in kind else a.indices)[0] = -5",
    "rows that go back": "a.indptr[5:-1] = -7",
    "a row beyond the end": "a.indptr[30:-1] = 10**9",
    "a last row beyond the end": "a.indptr[-1] = 10**9",
    "too few numbers": "a.data = a.data[:1]",
}

TRY = """
import sys
import numpy as np, scipy.sparse, spinglass
from spinglass.plotting import inverse

kind, door, damage = sys.argv[1:]
dense = np.roll(np.eye(60), 1, axis=1)
a = getattr(scipy.sparse, kind)(dense + dense.T)
exec(damage)
rows = np.random.default_rng(1).choice([-1, 1], (600, 60))
DOORS = {
    "couplings": lambda: spinglass.Ising(a),
    "form": lambda: spinglass.SpinForm(a),
    "X": lambda: spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit(a),
    "true_couplings": lambda: spinglass.InverseIsing("mean-field").fit(rows).plot(a),
}
try:
    DOORS[door]()
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("door", ["couplings", "form", "X"])
@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        *(("csr_array", wrong) for wrong in WRONG),
        *(("csc_matrix", wrong) for wrong in list(WRONG)[::2]),
        *(("bsr_array", wrong) for wrong in list(WRONG)[1::2]),
        *(("coo_array", wrong) for wrong in list(WRONG)[:3]),
    ],
)
def test_a_sparse_matrix_out_of_order_is_refused_and_never_computed_with(kind, wrong, door):
    refused(kind, wrong, door)


def test_a_sparse_matrix_out_of_order_is_not_drawn():
    pytest.importorskip("matplotlib")
    refused("csr_array", "an index beyond all columns", "true_couplings")


def refused(kind, wrong, door):
    # In a process of its own: what is not refused can end it, or spoil its memory.
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRY, kind, door, WRONG[wrong]],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    name = "couplings" if door == "form" else door
    assert run.stdout.startswith(f"{name} must be a sparse matrix in order, got "), run.stdout


def test_sparse_matrices_of_every_format_mean_the_same():
    expected = spinglass.Ising(COUPLINGS).couplings()
    rbm = spinglass.BernoulliRBM(3, n_iter=1, random_state=0)
    learned = rbm.fit(UNITS).components_
    for kind in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil"):
        for suffix in ("array", "matrix"):
            make = getattr(sparse, f"{kind}_{suffix}")
            given = make(COUPLINGS)
            np.testing.assert_array_equal(spinglass.Ising(given).couplings().toarray(), expected)
            assert (given != make(COUPLINGS)).nnz == 0
            np.testing.assert_array_equal(rbm.fit(make(UNITS)).components_, learned)
