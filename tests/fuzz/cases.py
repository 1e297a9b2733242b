"""A case: a valid call with some arguments replaced, the same for the same seed and number."""

import copy
import random
from dataclasses import dataclass
from typing import Any

from fuzz.calls import calls
from fuzz.values import wrong_or_extreme

# Of one replaced argument, the fault is plain; two may be wrong together.
CHANCE_OF_ONE_MORE = 0.35
# The valid value of the same argument in another call: another model, another ladder.
CHANCE_OF_A_RELATIVE = 0.15
# Arguments that may be called.
CALLED = {
    "callbacks", "draw", "function", "learning_rate", "make_model", "progress", "study",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A call, and in words what was replaced in it."""

    name: str
    number: int
    function: Any
    arguments: dict[str, Any]
    said: dict[str, str]

    def __str__(self):
        replaced = ", ".join(f"{name} = {said}" for name, said in self.said.items())
        return f"{self.name} {self.number}: {replaced}"


def relatives(argument):
    """Return valid values of an argument of this name in all calls."""
    return [given[argument] for _, given in calls().values() if argument in given]


def own(function):
    """Return a function whose object nobody else has: an estimator changes when it is fitted."""
    bound = getattr(function, "__self__", None)
    if hasattr(bound, "get_params") and not isinstance(bound, type):
        return getattr(copy.deepcopy(bound), function.__name__)
    return function


def case(name, number, seed=0):
    """Return a case of a call, by its number."""
    rng = random.Random(f"{seed} {name} {number}")
    function, valid = calls()[name]
    said, arguments = {}, dict(valid)
    left = sorted(set(valid) - {"ax"})
    while left:
        argument = left.pop(rng.randrange(len(left)))
        if rng.random() < CHANCE_OF_A_RELATIVE:
            value = rng.choice(relatives(argument))
            said[argument] = f"that of another call, {type(value).__name__}"
        else:
            said[argument], value = wrong_or_extreme(rng, valid[argument])
        if said[argument] == "a type" and argument in CALLED:  # what it does is its own affair
            said[argument], value = "None", None
        arguments[argument] = value
        if rng.random() > CHANCE_OF_ONE_MORE:
            break
    return Case(name, number, own(function), arguments, said)
