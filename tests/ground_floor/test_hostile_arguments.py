"""Every argument of every public call meets every hostile value: what is refused is named."""

import inspect
import re

import numpy as np
import pytest

import spinglass
from hostile_calls import calls, hostile_values

CALLS = calls()
LANDSCAPE = spinglass.experiments.landscape(spinglass.EdwardsAnderson((3, 3), seed=1))

# Any integer is a seed, and any callable does for a callable: what it does then is its own affair.
ALLOWED = {
    "seed": {"a large integer"},
    "random_state": {"a large integer"},
    "progress": {"a type"},
    "function": {"a type"},
    "learning_rate": {"a type"},
    "draw": {"a type"},  # a function of the user's, which then needs a shape
    "dtype": {"a type"},
    "make_model": {"a type"},
    "study": {"a type"},
    "memory": {"a type"},
}

# Arguments of estimators that None leaves at their default; of functions the signature says it.
MAY_BE_NONE = {
    "num_threads", "random_state", "n_chains", "sample_weight", "clamp", "initial", "every",
    "log_partition", "transform", "dtype", "n_blocks", "seed", "snapshot_size", "picture_size",
    "ax", "image_shape", "exact", "true_couplings",
}  # fmt: skip

# A standard error is NaN where it is not known.
NOT_KNOWN = {"format_estimate": {"NaN"}, "Estimate": {"NaN", "an array of NaN", "a column with NA"}}


def is_allowed(name, function, argument, hostile):
    if hostile in ALLOWED.get(argument, ()) or hostile in NOT_KNOWN.get(name, ()):
        return True
    if hostile != "nothing":
        return False
    default = inspect.signature(function).parameters.get(argument, inspect.Parameter).default
    return default is None or argument in MAY_BE_NONE


@pytest.mark.filterwarnings("ignore")  # some of them warn first
@pytest.mark.parametrize("name", CALLS)
def test_what_no_argument_can_be_is_refused_by_the_name_of_the_argument(name):
    function, arguments = CALLS[name]
    function(**arguments)
    wrong = []
    for argument in arguments:
        for hostile, make in hostile_values().items():
            if is_allowed(name, function, argument, hostile):
                continue
            try:
                function(**arguments | {argument: make()})
            except (TypeError, ValueError, MemoryError, IndexError) as error:
                if "\n" in str(error) or not re.search(rf"\b{argument}\b", str(error)):
                    wrong.append(f"{argument}, {hostile}: {type(error).__name__}: {error}")
            else:
                wrong.append(f"{argument}, {hostile}: accepted")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("word", ["T", "Temperature", "temperatures", "temps", "T_range", "k_T"])
@pytest.mark.parametrize(
    "name", [name for name, (_, given) in CALLS.items() if "beta" in given or "betas" in given]
)
def test_whoever_gives_a_temperature_is_told_of_beta(name, word):
    if name == "BernoulliRBM.log_partition":
        pytest.skip("its betas are no inverse temperatures")
    function, arguments = CALLS[name]
    with pytest.raises(TypeError, match=rf"takes beta.*, the inverse temperature 1/T, got {word}"):
        function(**arguments | {word: 2.0})


@pytest.mark.parametrize(
    "word", ["beta", "betas", "Beta_range", "T", "temperature", "inverse_temperature"]
)
@pytest.mark.parametrize(
    "name", [name for name, (_, given) in CALLS.items() if "temperatures" in given]
)
def test_whoever_gives_a_beta_is_told_of_temperatures(name, word):
    function, arguments = CALLS[name]
    with pytest.raises(TypeError, match=rf"takes temperatures, T = 1/beta, got {word}"):
        function(**arguments | {word: 2.0})


@pytest.mark.parametrize("which", ["a", 1.5, {}, float("nan"), object(), [[0], [1, 2]]])
def test_what_no_pattern_is_called_is_an_index_error(which):
    with pytest.raises(IndexError):
        spinglass.Patterns.random(3, 9, seed=1)[which]


def test_no_argument_of_a_file_is_taken_for_what_it_looks_like(tmp_path):
    patterns = spinglass.Patterns.random(3, 9, seed=1)
    patterns.save(tmp_path / "p")
    for other in (None, "no", np.array([1, 2]), 0):
        with pytest.raises(TypeError, match="mapped must be True or False"):
            spinglass.Patterns.load(tmp_path / "p", mapped=other)
        with pytest.raises(TypeError, match="figure must be True or False"):
            LANDSCAPE.save(tmp_path / "out", figure=other)
    with pytest.raises(ValueError, match=r"path must be the path of a file, got '.*new/'"):
        patterns.save(f"{tmp_path}/new/")
    with pytest.raises(ValueError, match="path must be a path that can be encoded"):
        patterns.save(f"{tmp_path}/\ud800")


@pytest.mark.parametrize("message", [None, "x", [1.0, 2.0]])
def test_a_function_that_returns_no_number_is_named(message):
    with pytest.raises(TypeError, match="function must return a number"):
        spinglass.statistics.jackknife(lambda _: message, np.arange(20.0))
