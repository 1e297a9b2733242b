"""The dense couplings, in every dtype, against the product of the pattern matrix with itself."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import reference
from spinglass import Hopfield, Patterns, random_patterns

INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4", ">u2"]
FLOATS = ["f2", "f4", "f8", ">f8", "g"]


@given(n_spins=st.integers(1, 150), n_patterns=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
@example(n_spins=1, n_patterns=1, seed=0)
@example(n_spins=2, n_patterns=1, seed=0)
@example(n_spins=129, n_patterns=60, seed=0)
def test_couplings_are_exact_in_every_dtype_that_holds_them(n_spins, n_patterns, seed):
    patterns = reference.random_spins(np.random.default_rng(seed), n_patterns, n_spins)
    network, exact = Hopfield(patterns), reference.integer_couplings(patterns)
    for dtype in INTEGERS:
        bounds = np.iinfo(dtype)
        if exact.min() < bounds.min or exact.max() > bounds.max:
            with pytest.raises(OverflowError, match=r"N J.* = -?\d+ does not fit in"):
                network.couplings(dtype)
            continue
        found = network.couplings(dtype)
        assert found.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(found, exact)
    for dtype in FLOATS:
        found = network.couplings(dtype)
        assert found.dtype == np.dtype(dtype)
        # One rounding to double, and where it is narrower one to the dtype.
        np.testing.assert_array_equal(found, (exact / n_spins).astype(dtype))


@pytest.mark.parametrize("shape", [(513, 130), (1100, 257), (3, 700)])
def test_couplings_of_many_blocks_are_symmetric_with_an_empty_diagonal(shape):
    patterns = random_patterns(*shape, seed=1)
    couplings = Hopfield(patterns).couplings(np.int64)
    np.testing.assert_array_equal(couplings, reference.integer_couplings(patterns))
    np.testing.assert_array_equal(couplings, couplings.T)
    assert not couplings.diagonal().any()


def test_double_precision_is_the_default():
    patterns = random_patterns(3, 10, seed=1)
    expected = reference.integer_couplings(patterns) / 10
    np.testing.assert_array_equal(Hopfield(patterns).couplings(), expected)
    assert Hopfield(patterns).couplings().dtype == np.float64


def test_thresholds_are_no_couplings():
    patterns = random_patterns(3, 10, seed=1)
    with_thresholds = Hopfield(patterns, thresholds=np.ones(10)).couplings()
    np.testing.assert_array_equal(with_thresholds, Hopfield(patterns).couplings())


@pytest.mark.parametrize(
    ("dtype", "fits", "overflows"),
    [("i1", 127, 128), ("i2", 32767, 32768), ("u1", 255, 256), ("u2", 65535, 65536)],
)
def test_the_largest_coupling_that_fits_is_given_and_the_next_is_an_overflow(
    dtype, fits, overflows
):
    def network(count):
        return Hopfield(np.ones((count, 2), dtype=np.int8))

    assert network(fits).couplings(dtype)[0, 1] == fits
    with pytest.raises(OverflowError, match=f"= {overflows} does not fit in"):
        network(overflows).couplings(dtype)


def test_the_most_negative_coupling_of_a_signed_dtype_fits():
    opposed = np.ones((128, 2), dtype=np.int8)
    opposed[:, 1] = -1
    assert Hopfield(opposed).couplings("i1").tolist() == [[0, -128], [-128, 0]]
    with pytest.raises(OverflowError, match="-129 does not fit in int8"):
        Hopfield(np.vstack([opposed, opposed[:1]])).couplings("i1")


def test_negative_couplings_do_not_fit_in_an_unsigned_dtype():
    with pytest.raises(OverflowError, match="N J = -1 does not fit in uint32"):
        Hopfield([[1, -1]]).couplings("u4")


@pytest.mark.parametrize("dtype", [bool, complex, str, object, "datetime64[s]", "V8"])
def test_a_dtype_that_is_no_real_number_is_refused(dtype):
    with pytest.raises(TypeError, match="dtype must be a real float or integer dtype, got"):
        Hopfield([[1, -1]]).couplings(dtype)


@pytest.mark.parametrize("dtype", ["i1", "u8", "f2", "f8"])
def test_a_matrix_that_fits_in_no_memory_is_refused_with_its_cost(dtype):
    network = Hopfield(Patterns.random(1, 1_000_000, seed=1))
    with pytest.raises(MemoryError, match=r"1000000 x 1000000 .* needs .* TB, .* GB are avail"):
        network.couplings(dtype)
