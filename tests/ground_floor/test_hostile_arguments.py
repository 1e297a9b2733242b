"""Every argument of every public call meets every hostile value: what is refused is named."""

import inspect
import re

import pytest

from hostile_calls import calls, hostile_values

CALLS = calls()

# Any integer is a seed, and any callable does for a callable: what it does then is its own affair.
ALLOWED = {
    "seed": {"a large integer"},
    "random_state": {"a large integer"},
    "progress": {"a type"},
    "function": {"a type"},
    "learning_rate": {"a type"},
    "dtype": {"a type"},
}

# Arguments of estimators that None leaves at their default; of functions the signature says it.
MAY_BE_NONE = {
    "num_threads", "random_state", "n_chains", "sample_weight", "clamp", "initial", "every",
    "log_partition", "transform", "dtype", "n_blocks", "seed", "snapshot_size", "picture_size",
    "ax", "image_shape", "exact", "true_couplings",
}  # fmt: skip

# A standard error is NaN where it is not known.
NOT_KNOWN = {"format_estimate": {"NaN"}, "Estimate": {"NaN", "an array of NaN", "a column with NA"}}


# Its messages are those of `Hopfield`, whose argument they name.
NAMED = {"Patterns.from_array": "patterns"}


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
                if not re.search(rf"\b{NAMED.get(name, argument)}\b", str(error)):
                    wrong.append(f"{argument}, {hostile}: {type(error).__name__}: {error}")
            else:
                wrong.append(f"{argument}, {hostile}: accepted")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("word", ["T", "temperature", "temperatures"])
@pytest.mark.parametrize(
    "name", [name for name, (_, given) in CALLS.items() if "beta" in given or "betas" in given]
)
def test_whoever_gives_a_temperature_is_told_of_beta(name, word):
    if name == "BernoulliRBM.log_partition":
        pytest.skip("its betas are no inverse temperatures")
    function, arguments = CALLS[name]
    with pytest.raises(TypeError, match=rf"takes beta.*, the inverse temperature 1/T, got {word}"):
        function(**arguments | {word: 2.0})
