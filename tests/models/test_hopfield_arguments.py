"""Bad input to the Hopfield room: an error names the argument, what was expected, what came."""

import re

import numpy as np
import pytest

from spinglass import Hopfield, Patterns, corrupt, random_patterns, to_bits, to_spins

N = 6
STORED = random_patterns(3, N, seed=1)
NETWORK = Hopfield(STORED)
STATE = STORED[0].copy()
BATCH = STORED[:2].copy()


def spins_with(value, shape=(2, N)):
    """Spins all up but one, which has another value."""
    array = np.ones(shape, dtype=np.asarray(value).dtype)
    array.flat[-1] = value
    return array


# What is wrong, the exception, what the message says behind the argument's name.
WRONG_VALUES = [
    (spins_with(0), ValueError, r"must hold only -1 and \+1, got 0; to_spins turns bits"),
    (spins_with(0.0), ValueError, r"must hold only -1 and \+1, got 0.0; to_spins turns bits"),
    (spins_with(False), ValueError, r"must hold only -1 and \+1, got False; to_spins turns bits"),
    (spins_with(2), ValueError, r"must hold only -1 and \+1, got 2$"),
    (spins_with(-3), ValueError, r"must hold only -1 and \+1, got -3$"),
    (spins_with(0.5), ValueError, r"must hold only -1 and \+1, got 0\.5$"),
    (spins_with(np.nextafter(1, 2)), ValueError, r"must hold only -1 and \+1, got 1\.0000"),
    (spins_with(np.nan), ValueError, r"must hold only -1 and \+1, got nan$"),
    (spins_with(-np.inf), ValueError, r"must hold only -1 and \+1, got -inf$"),
    (spins_with(257), ValueError, r"must hold only -1 and \+1, got 257$"),
    (spins_with(np.uint8(255)), ValueError, r"must hold only -1 and \+1, got 255$"),
    (spins_with(2**63), ValueError, r"must hold only -1 and \+1, got 9223372036854775808$"),
    (spins_with(1 + 0j), TypeError, r"must hold real numbers -1 and \+1, got dtype complex"),
    (np.full((2, N), "1"), TypeError, r"must hold real numbers -1 and \+1, got dtype <U1"),
    (np.full((2, N), b"1"), TypeError, r"must hold real numbers -1 and \+1, got dtype \|S1"),
    (np.full((2, N), None), TypeError, r"must hold real numbers -1 and \+1, got dtype object"),
    (np.ones((2, N), "m8[s]"), TypeError, r"must hold real numbers -1 and \+1, got dtype timedel"),
]

TAKING_STATES = {
    "energy": NETWORK.energy,
    "local_fields": NETWORK.local_fields,
    "overlaps": NETWORK.overlaps,
    "recall": NETWORK.recall,
}


@pytest.mark.parametrize(("spins", "error", "message"), WRONG_VALUES)
@pytest.mark.parametrize("method", TAKING_STATES)
def test_states_hold_only_spins(method, spins, error, message):
    with pytest.raises(error, match="^states " + message):
        TAKING_STATES[method](spins)


@pytest.mark.parametrize(("spins", "error", "message"), WRONG_VALUES)
def test_patterns_states_and_spins_of_the_small_tools_hold_only_spins(spins, error, message):
    for name, function in [
        ("patterns", Hopfield),
        ("array", Patterns.from_array),
        ("states", corrupt),
        ("spins", to_bits),
    ]:
        with pytest.raises(error, match=f"^{name} " + message):
            function(spins)


@pytest.mark.parametrize(
    ("bits", "error", "message"),
    [
        ([0, 1, -1], ValueError, r"bits must hold only 0 and 1, got -1$"),
        ([0, 2], ValueError, r"bits must hold only 0 and 1, got 2$"),
        ([0.0, 0.5], ValueError, r"bits must hold only 0 and 1, got 0\.5$"),
        ([0.0, np.nan], ValueError, r"bits must hold only 0 and 1, got nan$"),
        (["0"], TypeError, r"bits must hold real numbers 0 and 1, got dtype <U1$"),
        ([1j], TypeError, r"bits must hold real numbers 0 and 1, got dtype complex128$"),
        ([None], TypeError, r"bits must hold real numbers 0 and 1, got dtype object$"),
    ],
)
def test_bits_are_zero_and_one(bits, error, message):
    with pytest.raises(error, match="^" + message):
        to_spins(bits)


@pytest.mark.parametrize(
    "shape", [(), (0,), (N - 1,), (N + 1,), (2, N + 1), (N, 2), (1, 2, N), (1, 1, 1, N), (2, 0)]
)
@pytest.mark.parametrize("method", TAKING_STATES)
def test_states_have_the_width_of_the_network(method, shape):
    expected = rf"^states must have shape \({N},\) or \(n_states, {N}\), got "
    with pytest.raises(ValueError, match=expected + re.escape(str(shape))):
        TAKING_STATES[method](np.ones(shape))


@pytest.mark.parametrize("shape", [(), (0,), (5,), (0, 5), (5, 0), (0, 0), (1, 2, 3)])
def test_patterns_are_at_least_one_row_of_at_least_one_spin(shape):
    expected = r" must have shape \(n_patterns, n_spins\) with at least one .*, got "
    for name, function in [("patterns", Hopfield), ("array", Patterns.from_array)]:
        with pytest.raises(ValueError, match=f"^{name}" + expected + re.escape(str(shape))):
            function(np.ones(shape))


def test_bytes_that_the_core_checks_have_the_name_of_the_argument_too():
    for name, function in [("patterns", Hopfield), ("array", Patterns.from_array)]:
        with pytest.raises(ValueError, match=rf"^{name} must hold only -1 and \+1, got 2"):
            function(np.full((2, 3), 2, np.int8))


@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 1, 1, 1)])
def test_corrupt_takes_one_state_or_a_batch(shape):
    expected = r"^states must have shape \(n_spins,\) or \(n_states, n_spins\), got "
    with pytest.raises(ValueError, match=expected + re.escape(str(shape))):
        corrupt(np.ones(shape))


def test_corrupt_takes_no_scalar():
    with pytest.raises(ValueError, match=r"^states must have shape .*, got \(\)"):
        corrupt(1)


def test_ragged_lists_are_refused_by_name():
    with pytest.raises(ValueError, match=r"^patterns "):
        Hopfield([[1, -1], [1]])
    with pytest.raises(ValueError, match=r"^states "):
        NETWORK.recall([[1] * N, [1]])
    with pytest.raises(ValueError, match=r"^thresholds "):
        Hopfield(STORED, thresholds=[1.0, [2.0]])


THRESHOLDS = [
    (np.zeros(N - 1), ValueError, rf"must have shape \({N},\), got \({N - 1},\)"),
    (np.zeros((1, N)), ValueError, rf"must have shape \({N},\), got \(1, {N}\)"),
    (0.5, ValueError, rf"must have shape \({N},\), got \(\)"),
    ([0, 0, np.nan, 0, 0, 0], ValueError, "must be finite, got nan"),
    ([0, 0, 0, 0, 0, np.inf], ValueError, "must be finite, got inf"),
    ([-np.inf, 0, 0, 0, 0, 0], ValueError, "must be finite, got -inf"),
    # Finite, but N theta is not.
    ([1.7e308, 0, 0, 0, 0, 0], ValueError, "must be finite, got inf"),
    (np.zeros(N, dtype=complex), TypeError, "must hold real numbers, got dtype complex128"),
    (["0"] * N, TypeError, "must hold real numbers, got dtype <U1"),
    ([None] * N, TypeError, "must hold real numbers, got dtype object"),
]


@pytest.mark.parametrize(("thresholds", "error", "message"), THRESHOLDS)
def test_thresholds_are_one_finite_number_a_spin(thresholds, error, message):
    with pytest.raises(error, match="^thresholds " + message):
        Hopfield(STORED, thresholds=thresholds)


CLAMPS = [
    (np.zeros(N), TypeError, "must be a boolean mask, got dtype float64"),
    ([0] * N, TypeError, "must be a boolean mask, got dtype int64"),
    (
        np.ma.masked_equal([True, False] * 3, True),
        ValueError,
        "must hold booleans, got masked values",
    ),
    ([[True] * N, [True]], ValueError, "must be an array of booleans, got rows of unequal length"),
    (["True"] * N, TypeError, "must be a boolean mask, got dtype <U4"),
    (True, ValueError, rf"must have shape \({N},\) or that of states \(2, {N}\), got \(\)"),
    (np.zeros(N - 1, bool), ValueError, rf"must have shape \({N},\) or .*, got \({N - 1},\)"),
    (np.zeros((1, N), bool), ValueError, rf"must have shape \({N},\) or .*, got \(1, {N}\)"),
    (np.zeros((3, N), bool), ValueError, rf"must have shape \({N},\) or .*, got \(3, {N}\)"),
    (np.zeros((2, N + 1), bool), ValueError, rf"must have shape \({N},\) or .*, got \(2, {N + 1}"),
    (np.zeros((1, 2, N), bool), ValueError, rf"must have shape \({N},\) or .*, got \(1, 2, {N}\)"),
]


@pytest.mark.parametrize(("clamp", "error", "message"), CLAMPS)
def test_a_clamp_is_a_mask_of_spins(clamp, error, message):
    with pytest.raises(error, match="^clamp " + message):
        NETWORK.recall(BATCH, clamp=clamp)


SEED = r"^seed must be None, an integer >= 0, a SeedSequence or a Generator, got "
SEEDS = [
    (-1, ValueError, "-1"),
    (np.int8(-128), ValueError, "-128"),
    (True, TypeError, "True"),
    (np.False_, TypeError, r"np\.False_"),
    (1.0, TypeError, r"1\.0"),
    ("1", TypeError, "'1'"),
    ([1, 2], TypeError, r"\[1, 2\]"),
    (np.random.RandomState(1), TypeError, "RandomState"),
]
SEEDED = {
    "Patterns.random": lambda seed: Patterns.random(2, 3, seed=seed),
    "random_patterns": lambda seed: random_patterns(2, 3, seed=seed),
    "corrupt": lambda seed: corrupt(STATE, seed=seed),
    "recall": lambda seed: NETWORK.recall(STATE, seed=seed),
}


@pytest.mark.parametrize(("seed", "error", "came"), SEEDS)
@pytest.mark.parametrize("function", SEEDED)
def test_a_seed_is_no_negative_number_and_no_boolean(function, seed, error, came):
    with pytest.raises(error, match=SEED + ".*" + came):
        SEEDED[function](seed)


@pytest.mark.parametrize(
    ("count", "error", "message"),
    [
        (0, ValueError, "an integer >= 1, got 0"),
        (-1, ValueError, "an integer >= 1, got -1"),
        (1.0, TypeError, r"an integer >= 1, got 1\.0"),
        (True, TypeError, "an integer >= 1, got True"),
        ("2", TypeError, "an integer >= 1, got '2'"),
        (1025, ValueError, "between 1 and 1024, got 1025"),
        (10**9, ValueError, "between 1 and 1024, got 1000000000"),
        (2**63, ValueError, "an integer >= 1 and at most 9223372036854775807, got "),
        (2**64, ValueError, "an integer >= 1 and at most 9223372036854775807, got "),
    ],
)
def test_a_number_of_threads_is_one_that_a_system_starts(count, error, message):
    for call in (
        lambda: NETWORK.recall(STATE, num_threads=count),
        lambda: Patterns.random(2, 3, num_threads=count),
    ):
        with pytest.raises(error, match="^num_threads must be " + message):
            call()


@pytest.mark.parametrize(
    ("beta", "error", "message"),
    [
        (-0.1, ValueError, r"must be >= 0 .*, got -0\.1"),
        (-np.inf, ValueError, "must be >= 0 .*, got -inf"),
        (np.nan, ValueError, "must be a number, got nan"),
        (None, TypeError, "must be a real number, got None"),
        (1j, TypeError, "must be a real number, got 1j"),
        ([1.0, 2.0], TypeError, r"must be a real number, got \[1\.0, 2\.0\]"),
        ("cold", TypeError, "must be a real number, got 'cold'"),
        pytest.param(
            "1.0",
            TypeError,
            r"must be a real number, got '1\.0'",
        ),
    ],
)
def test_an_inverse_temperature_is_a_number_from_zero_to_infinity(beta, error, message):
    with pytest.raises(error, match="^beta " + message):
        NETWORK.recall(STATE, beta=beta)


@pytest.mark.parametrize(
    ("flip", "error", "message"),
    [
        (-0.01, ValueError, r"must be between 0 and 1, got -0\.01"),
        (1.01, ValueError, r"must be between 0 and 1, got 1\.01"),
        (10, ValueError, "must be between 0 and 1, got 10"),
        (np.inf, ValueError, "must be between 0 and 1, got inf"),
        (np.nan, ValueError, "must be a number, got nan"),
        (None, TypeError, "must be a real number, got None"),
        pytest.param(
            "0.5",
            TypeError,
            r"must be a real number, got '0\.5'",
        ),
    ],
)
def test_a_fraction_of_flips_is_between_zero_and_one(flip, error, message):
    with pytest.raises(error, match="^flip " + message):
        corrupt(STATE, flip)


@pytest.mark.parametrize(
    ("max_sweeps", "error", "message"),
    [
        (0, ValueError, "an integer >= 1, got 0"),
        (-5, ValueError, "an integer >= 1, got -5"),
        (2.5, TypeError, r"an integer >= 1, got 2\.5"),
        (np.inf, TypeError, "an integer >= 1, got inf"),
        (True, TypeError, "an integer >= 1, got True"),
        (None, TypeError, "an integer >= 1, got None"),
        pytest.param(
            2**64,
            ValueError,
            ".*, got 18446744073709551616",
        ),
    ],
)
def test_a_cap_on_sweeps_is_a_positive_integer(max_sweeps, error, message):
    with pytest.raises(error, match="^max_sweeps must be " + message):
        NETWORK.recall(STATE, max_sweeps=max_sweeps)


@pytest.mark.parametrize("update", ["", "Sequential", "parallel", "sequential "])
def test_an_unknown_update_is_refused_by_name(update):
    expected = '^update must be "sequential", "random" or "synchronous", got '
    with pytest.raises(ValueError, match=expected + re.escape(repr(update))):
        NETWORK.recall(STATE, update)


@pytest.mark.parametrize("update", [None, 3, b"random", ["random"]])
def test_an_update_that_is_no_string_is_refused_by_name(update):
    with pytest.raises((TypeError, ValueError), match=r'^update must be "sequential", .* got '):
        NETWORK.recall(STATE, update)


@pytest.mark.parametrize("progress", [1, 0, "bar", [print]])
def test_progress_is_a_choice_or_a_callable(progress):
    expected = r"^progress must be False, True or a callable, got "
    with pytest.raises(TypeError, match=expected + re.escape(repr(progress))):
        NETWORK.recall(STATE, progress=progress)


@pytest.mark.parametrize("name", ["n_patterns", "n_spins"])
@pytest.mark.parametrize(
    ("count", "error", "message"),
    [
        (0, ValueError, "an integer >= 1, got 0"),
        (-3, ValueError, "an integer >= 1, got -3"),
        (10.0, TypeError, r"an integer >= 1, got 10\.0"),
        (True, TypeError, "an integer >= 1, got True"),
        ("10", TypeError, "an integer >= 1, got '10'"),
        (None, TypeError, "an integer >= 1, got None"),
    ],
)
def test_counts_of_patterns_and_spins_are_positive_integers(name, count, error, message):
    for function in (Patterns.random, random_patterns):
        with pytest.raises(error, match=f"^{name} must be {message}"):
            function(**{"n_patterns": 4, "n_spins": 4, name: count})


@pytest.mark.parametrize("shape", [(10**7, 10**7), (1, 10**13), (2**70, 1), (1, 2**70)])
def test_patterns_that_fit_in_no_memory_are_refused_with_their_cost(shape):
    expected = rf"^{shape[0]} patterns of {shape[1]} spins needs? .* TB, .* only .* GB are avail"
    with pytest.raises(MemoryError, match=expected):
        Patterns.random(*shape)


def test_an_array_of_patterns_that_fits_in_no_memory_is_refused_with_its_cost():
    patterns = Patterns.random(50, 400_000, seed=1)
    many = np.zeros(5_000_000, dtype=np.int8)
    with pytest.raises(MemoryError, match=r"400000 spins needs .* TB, .* only .* GB are avail"):
        patterns[many]


def test_patterns_are_made_by_name():
    with pytest.raises(TypeError, match=r"Patterns\.random, Patterns\.from_array or Patterns\.lo"):
        Patterns()


@pytest.mark.parametrize("path", [None, 7, 1.5, [], object()])
def test_a_path_is_a_path(path):
    for function in (Patterns.load, Patterns.random(1, 1).save):
        with pytest.raises(TypeError, match=r"^path must be a path, got "):
            function(path)


def test_a_network_goes_on_working_after_it_refused_something():
    expected = NETWORK.recall(STATE).states
    for bad in (np.zeros(N), np.ones(N + 1), np.full(N, np.nan)):
        with pytest.raises(ValueError, match=r"^states "):
            NETWORK.recall(bad)
    np.testing.assert_array_equal(NETWORK.recall(STATE).states, expected)


def test_an_array_too_large_is_refused_before_its_packed_form_is_drawn():
    with pytest.raises(MemoryError, match=r"^an array of 1000000 patterns of 1000000 spins needs"):
        random_patterns(10**6, 10**6)


def test_overlaps_too_many_are_refused_before_the_states_are_looked_at():
    states = np.broadcast_to(np.int8(1), (10**12, 3))
    with pytest.raises(MemoryError, match=r"^states: a copy of shape \(1000000000000, 3\) needs"):
        NETWORK.overlaps(states)
