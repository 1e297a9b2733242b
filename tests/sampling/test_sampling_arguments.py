"""Bad input to the spin models and to sampling: a named error."""

import numpy as np
import pytest
from scipy import sparse

from spinglass import (
    CubicLattice,
    EdwardsAnderson,
    Hopfield,
    Ising,
    Mattis,
    SherringtonKirkpatrick,
    SpinModel,
    SquareLattice,
    anneal,
    sample,
    temper,
)

GOOD = np.array([[0.0, 1.0, -0.5], [1.0, 0.0, 0.25], [-0.5, 0.25, 0.0]])


def changed(place, value, matrix=GOOD):
    copy = np.array(matrix, dtype=np.result_type(matrix, type(value)))
    copy[place] = value
    return copy


BAD_COUPLINGS = [
    (
        1e150 * GOOD,
        ValueError,
        r"and fields must be at most 1e\+150 in sum, got 3.5e\+150",
    ),
    (GOOD[:2], ValueError, r"couplings must have shape \(n_spins, n_spins\), got \(2, 3\)"),
    (GOOD[0], ValueError, r"couplings must have shape \(n_spins, n_spins\), got \(3,\)"),
    (np.zeros((0, 0)), ValueError, r"couplings must have shape \(n_spins, n_spins\), got \(0, 0\)"),
    (changed((0, 1), 2.0), ValueError, r"couplings must be symmetric, got 2 at \(0, 1\) and 1 at"),
    (changed((1, 1), 2.0), ValueError, r"couplings must have a zero diagonal, got 2 at \(1, 1\)"),
    (changed((0, 2), np.nan), ValueError, "couplings must be finite, got nan"),
    (changed((0, 2), np.inf), ValueError, "couplings must be finite, got inf"),
    (GOOD.astype(complex), TypeError, "couplings must hold real numbers, got dtype complex128"),
    ([[0, "a"], ["a", 0]], TypeError, "couplings must hold real numbers, got dtype <U"),
    ([[0, 1], [1]], ValueError, "couplings must be an array of real numbers, got rows of unequal"),
]


@pytest.mark.parametrize(("couplings", "error", "message"), BAD_COUPLINGS)
def test_dense_couplings_are_checked(couplings, error, message):
    with pytest.raises(error, match=message):
        Ising(couplings)


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.coo_matrix, sparse.lil_array])
@pytest.mark.parametrize(
    ("couplings", "error", "message"),
    [case for case in BAD_COUPLINGS if isinstance(case[0], np.ndarray) and case[0].ndim == 2],
)
def test_sparse_couplings_are_checked(couplings, error, message, kind):
    if not couplings.size:
        pytest.skip("an empty matrix is another test")
    with pytest.raises(error, match=message):
        Ising(kind(couplings))


def test_couplings_symmetric_to_rounding_are_taken():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 6))
    couplings = x @ rng.permutation(np.eye(6)) @ x.T
    couplings = (couplings + couplings.T * (1 + 1e-16)) / 2
    couplings[3, 5] *= 1 + 4e-16
    np.fill_diagonal(couplings, 0)
    model = Ising(couplings)
    assert (model.couplings() == model.couplings().T).all()
    for dtype in (np.float32, np.int8, bool):
        assert Ising(np.array([[0, 1], [1, 0]], dtype=dtype)).energy([1, 1]) == -1


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ([1.0, 2.0], ValueError, r"fields must have shape \(3,\), got \(2,\)"),
        ([1.0, np.nan, 0.0], ValueError, "fields must be finite, got nan"),
        (["a", "b", "c"], TypeError, "fields must hold real numbers"),
    ],
)
def test_fields_are_checked(fields, error, message):
    for couplings in (GOOD, sparse.csr_array(GOOD)):
        with pytest.raises(error, match=message):
            Ising(couplings, fields)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SquareLattice(1), ValueError, "size must be an integer >= 2, got 1"),
        (lambda: SquareLattice((4, 1)), ValueError, "size must be an integer >= 2, got 1"),
        (lambda: SquareLattice((4, 4, 4)), ValueError, "size must be an integer or 2 of them"),
        (lambda: CubicLattice((4, 4)), ValueError, "size must be an integer or 3 of them"),
        (lambda: SquareLattice(4.5), TypeError, "size must be an integer"),
        (lambda: SquareLattice("4"), TypeError, "size must be an integer"),
        (lambda: SquareLattice(10**9), (ValueError, MemoryError), "size must|needs"),
        (lambda: SquareLattice(4, coupling=np.nan), ValueError, "coupling must be"),
        (lambda: SquareLattice(4, field=np.inf), ValueError, "field must be finite, got inf"),
        (lambda: SquareLattice(4, coupling="J"), TypeError, "coupling must be a real number"),
        (
            lambda: SquareLattice(4, coupling=1e308),
            ValueError,
            "coupling and field must give energies up",
        ),
        (lambda: Ising(np.ma.masked_equal(GOOD, 1.0)), ValueError, "got masked values"),
        (lambda: EdwardsAnderson(()), ValueError, "shape must be one or more integers"),
        (lambda: EdwardsAnderson((4, 1)), ValueError, "shape must be an integer >= 2, got 1"),
        (lambda: EdwardsAnderson((4, 4), "cauchy"), ValueError, "disorder must be"),
        (lambda: EdwardsAnderson((4, 4), seed=-1), ValueError, "seed must be"),
        (lambda: EdwardsAnderson((10**6, 10**5)), MemoryError, "needs"),
        (lambda: SherringtonKirkpatrick(1), ValueError, "n_spins must be an integer >= 2, got 1"),
        (lambda: SherringtonKirkpatrick(8, "uniform"), ValueError, "disorder must be"),
        (lambda: SherringtonKirkpatrick(10**6), MemoryError, "needs"),
        (lambda: Mattis([[1, 1]]), ValueError, r"pattern must have shape \(n_spins,\)"),
        (lambda: Mattis([1, 0]), ValueError, "pattern must hold only"),
        (lambda: Mattis([]), ValueError, "pattern must have shape"),
    ],
)
def test_models_are_checked(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_spin_model_without_a_size_and_couplings_is_none():
    class Sized(SpinModel):
        @property
        def n_spins(self):
            return 1

    with pytest.raises(TypeError, match="abstract class SpinModel"):
        SpinModel()
    with pytest.raises(TypeError, match=r"abstract class Sized .*to_ising"):
        Sized()


MODEL = SherringtonKirkpatrick(6, seed=1)
RUN = sample(MODEL, 1.0, 3, 2, seed=1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": GOOD}, TypeError, "model must have an energy .a spin model"),
        ({"beta": -0.1}, ValueError, "beta must be >= 0"),
        ({"beta": np.nan}, ValueError, "beta must be a number, got nan"),
        ({"beta": "0.1"}, TypeError, "beta must be a real number"),
        ({"n_sweeps": 0}, ValueError, "n_sweeps must be an integer >= 1, got 0"),
        ({"n_sweeps": 1.5}, TypeError, "n_sweeps must be an integer"),
        ({"n_replicas": 0}, ValueError, "n_replicas must be an integer >= 1, got 0"),
        ({"n_replicas": 2**33}, (ValueError, MemoryError), "n_replicas"),
        ({"n_replicas": 2**31}, MemoryError, "n_replicas: 2147483648 replicas of 6 spins needs"),
        ({"dynamics": "kawasaki"}, ValueError, "dynamics must be"),
        ({"warmup": -1}, ValueError, "warmup must be an integer >= 0, got -1"),
        ({"every": 0}, ValueError, "every must be an integer >= 1, got 0"),
        ({"num_threads": 0}, ValueError, "num_threads must be"),
        ({"num_threads": 10**6}, ValueError, "num_threads must be between 1 and 1024"),
        ({"seed": "x"}, TypeError, "seed must be"),
        ({"progress": 3}, TypeError, "progress must be"),
        (
            {"initial": np.ones(5)},
            ValueError,
            r"initial must have shape \(6,\) or \(1, 6\), got \(5,\)",
        ),
        (
            {"initial": np.ones((2, 6)), "n_replicas": 3},
            ValueError,
            r"initial must have shape \(6,\) or \(3, 6\), got \(2, 6\)",
        ),
        ({"initial": np.zeros(6)}, ValueError, "initial must hold only -1 and"),
        ({"initial": RUN, "n_replicas": 3}, ValueError, "n_replicas must be that of the run, 2"),
        ({"initial": RUN, "seed": 2}, ValueError, "seed must be that of the run"),
        ({"initial": RUN, "dynamics": "heat-bath"}, ValueError, "dynamics must be that of the run"),
        (
            {"initial": RUN, "model": SherringtonKirkpatrick(7, seed=1)},
            ValueError,
            "initial must be a run",
        ),
        (
            {"keep_states": True, "n_sweeps": 10**12},
            MemoryError,
            "^keep_states: 1 x 1000000000000 states of 6 spins needs 22.0 TB",
        ),
        (
            {"keep_states": True, "n_sweeps": 10**12, "every": 10, "n_replicas": 3},
            MemoryError,
            "^keep_states: 3 x 100000000000 states of 6 spins needs",
        ),
        (
            {"n_sweeps": 10**12},
            MemoryError,
            "^n_sweeps: the energies of 1 x 1000000000000 measurements needs 16.0 TB",
        ),
        (
            {"n_sweeps": 10**6, "n_replicas": 2 * 10**6},
            MemoryError,
            "^n_replicas: the energies of 2000000 x 1000000 measurements needs",
        ),
    ],
)
def test_samples_are_checked(arguments, error, message):
    with pytest.raises(error, match=message):
        sample(**{"model": MODEL, "beta": 1.0, "n_sweeps": 2} | arguments)


@pytest.mark.parametrize(
    ("betas", "error", "message"),
    [
        ([], ValueError, "betas must be a list of at least one number"),
        ([0.2, 0.1], ValueError, "betas must ascend strictly, got 0.2 before 0.1"),
        ([0.1, 0.1], ValueError, "betas must ascend strictly"),
        ([-0.1, 0.1], ValueError, "betas must be numbers >= 0, got -0.1"),
        ([0.1, np.nan], ValueError, "betas must be numbers >= 0, got nan"),
        ([[0.1, 0.2]], ValueError, "betas must be a list of at least one number"),
        (["a"], TypeError, "betas must hold real numbers"),
    ],
)
def test_ladders_are_checked(betas, error, message):
    with pytest.raises(error, match=message):
        temper(MODEL, betas, 5)


def test_tempering_arguments_are_checked():
    with pytest.raises(MemoryError, match=r"^n_sweeps: the energies of 1 x 2 x 1000000000000"):
        temper(MODEL, [0.1, 0.2], 10**12)
    with pytest.raises(MemoryError, match=r"^keep_states: 1 x 2 x 1000000000000 states of 6 spins"):
        temper(MODEL, [0.1, 0.2], 10**12, keep_states=True)
    with pytest.raises(MemoryError, match=r"^n_replicas: 2147483648 x 2 replicas of 6 spins needs"):
        temper(MODEL, [0.1, 0.2], 5, 2**31)
    with pytest.raises(ValueError, match="tune needs a warmup of at least"):
        temper(MODEL, [0.1, 0.2, 0.3], 5, tune=True)
    with pytest.raises(TypeError, match="initial must be a TemperedRun, got a Run"):
        temper(MODEL, [0.1, 0.2], 5, initial=RUN)
    run = temper(MODEL, [0.1, 0.2], 5, seed=1)
    with pytest.raises(ValueError, match="betas must be as many as in the run, 2, got 3"):
        temper(MODEL, [0.1, 0.2, 0.3], 5, initial=run)
    with pytest.raises(TypeError, match="initial must be a Run, got a TemperedRun"):
        sample(MODEL, 0.1, 5, initial=run)
    with pytest.raises(ValueError, match="overlaps need at least 2 replicas, got 1"):
        run.overlaps()
    with pytest.raises(IndexError):
        temper(MODEL, [0.1, 0.2], 5, 2, seed=1).overlaps(5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"beta_range": (2.0, 1.0)}, ValueError, "beta_range must be two finite numbers"),
        ({"beta_range": (0.1, np.inf)}, ValueError, "beta_range must be two finite numbers"),
        ({"beta_range": (-1.0, 1.0)}, ValueError, "beta_range must be two finite numbers"),
        ({"beta_range": 1.0}, ValueError, "beta_range must be two numbers"),
        ({"betas": [0.1], "beta_range": (0.1, 1)}, ValueError, "must not both be given"),
        ({"betas": []}, ValueError, "betas must be a list of at least one number"),
        ({"betas": [-1.0]}, ValueError, "^betas must be >= 0"),
        ({"betas": [np.nan]}, ValueError, "^betas must be a number, got nan"),
        ({"betas": ["hot"]}, TypeError, "^betas must be a real number, got 'hot'"),
        ({"betas": [1, 2, 3], "n_sweeps": 2}, ValueError, "n_sweeps must be at least the number"),
        ({"n_sweeps": 10**13}, MemoryError, "n_sweeps: the energies of"),
        ({"n_replicas": 2**31, "n_sweeps": 10}, MemoryError, "^n_replicas: 2147483648 replicas of"),
    ],
)
def test_annealing_schedules_are_checked(arguments, error, message):
    with pytest.raises(error, match=message):
        anneal(MODEL, **arguments)


@pytest.mark.parametrize("dynamics", ["wolff", "swendsen-wang"])
@pytest.mark.parametrize(
    "model",
    [
        SquareLattice(4, field=0.1),
        SquareLattice(5, coupling=-1.0),
        SherringtonKirkpatrick(10, seed=1),
        EdwardsAnderson((6, 6), seed=1),
        Ising([[0, -1, -1], [-1, 0, -1], [-1, -1, 0]], layout="dense"),
        Ising(sparse.csr_array(GOOD)),
        Ising(np.abs(GOOD), [0.0, 0.1, 0.0], layout="dense"),
        Ising(np.abs(GOOD), [0.0, 0.1, 0.0], layout="sparse"),
        Hopfield([[1, 1, -1, 1], [1, -1, 1, 1], [1, 1, 1, -1]]),
    ],
    ids=repr,
)
def test_cluster_moves_need_a_model_without_frustration_and_field(model, dynamics):
    with pytest.raises(ValueError, match=f"dynamics must be .*{dynamics}"):
        sample(model, 1.0, 2, dynamics=dynamics)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_replicas": 11}, "n_replicas: 11 replicas of 600 spins needs 105.6 kB"),
        ({"n_replicas": 10, "n_sweeps": 100}, "n_replicas: 10 replicas of 600 spins needs 112.0"),
        ({"n_sweeps": 6000}, "n_sweeps: the energies of 1 x 6000 measurements needs 105.6 kB"),
        ({"n_replicas": 10, "keep_states": True}, "keep_states: 10 x 2 states of 600 spins needs"),
        ({"keep_states": True, "n_sweeps": 160}, "keep_states: 1 x 160 states of 600 spins needs"),
    ],
)
def test_what_does_not_fit_is_said_of_the_argument_to_change(monkeypatch, arguments, message):
    # With 2 measurements 10 replicas take 96 kB, 320 bytes, and 12 kB of states.
    model = SherringtonKirkpatrick(600, seed=1)
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 100_000)
    with pytest.raises(MemoryError, match=f"^{message}"):
        sample(model, 1.0, **{"n_sweeps": 2} | arguments)


def test_nothing_measured_is_said():
    run = sample(MODEL, 1.0, 3, every=5, seed=1)
    assert run.energy.shape == (1, 0)
    with pytest.raises(ValueError, match="nothing was measured"):
        run.summary()


def test_other_threads_may_write_to_what_was_given():
    start = np.ones((4, 6), dtype=np.int8)
    run = sample(MODEL, 1.0, 3, initial=start, seed=1)
    assert (start == 1).all()
    for layout in ("dense", "sparse"):
        couplings = GOOD.copy()
        model = Ising(couplings, layout=layout)
        couplings[:] = 7
        np.testing.assert_array_equal(model.couplings(), GOOD)
    assert run.n_replicas == 4
