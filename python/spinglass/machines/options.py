"""Parameters that all machines have, checked, and learning rates.

scikit-learn wants parameters checked when they are used, not when they are given, so this happens
at the beginning of each fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import finite, flag, fraction, integer, shown, thread_count

# Children of the word that random_state gave, one for each thing that draws before a fit is over.
WEIGHTS = 0
TRAINING = 1

# Ctrl-C is noticed between updates, so that an update must come to its end.
_MOST_STEPS = 2**20

# What single precision holds.
_LARGEST = float(np.finfo(np.float32).max)


def common(model: Any) -> dict[str, Any]:
    """Check the parameters that all machines have, and return those of training by name."""
    if not isinstance(model.verbose, bool | np.bool_):
        integer(model.verbose, "verbose", at_least=0)
    thread_count(model.num_threads)
    check_learning_rate(model.learning_rate)
    momentum = fraction(model.momentum, "momentum")
    if momentum == 1.0:
        raise ValueError("momentum must be below 1, got 1.0")
    return {
        "n_components": integer(model.n_components, "n_components", at_least=1, at_most=2**31 - 1),
        "batch_size": integer(model.batch_size, "batch_size", at_least=1, at_most=2**31 - 1),
        "n_iter": integer(model.n_iter, "n_iter", at_least=0, at_most=2**53),
        "k": integer(model.k, "k", at_least=1, at_most=_MOST_STEPS),
        "persistent": flag(model.persistent, "persistent"),
        "momentum": momentum,
        "weight_decay": not_negative(model.weight_decay, "weight_decay"),
    }


def not_negative(value: Any, name: str) -> float:
    """Return a number that is at least 0, or say that it is none."""
    number = finite(value, name)
    if number < 0:
        raise ValueError(f"{name} must be >= 0, got {shown(value)}")
    return number


def check_learning_rate(rate: Any) -> None:
    """Refuse what is neither a rate nor a schedule."""
    if callable(rate):
        return
    if isinstance(rate, Sequence) and not isinstance(rate, str):
        if len(rate) != 2:
            raise ValueError(f"learning_rate must be (first, last), got {shown(rate)}")
        ends = [finite(end, "learning_rate") for end in rate]
        if min(ends) < 0 or max(ends) == 0:
            raise ValueError(f"learning_rate must not be negative or always 0, got {shown(rate)}")
    else:
        ends = [finite(rate, "learning_rate")]
        if ends[0] <= 0:
            raise ValueError(f"learning_rate must be > 0, got {shown(rate)}")
    if max(ends) > _LARGEST:
        raise ValueError(f"learning_rate must be at most {_LARGEST:.2g}, got {shown(rate)}")


def learning_rates(rate: Any, first: int, count: int, total: float) -> NDArray[np.float32]:
    """Return the learning rates of updates ``first`` to ``first + count`` of ``total``.

    Parameters
    ----------
    rate : float, pair of float or callable
        As the parameter ``learning_rate``, checked.
    total : float
        Infinite if it is not known.
    """
    if callable(rate):
        rates = np.empty(count)
        for place in range(count):
            rates[place] = value = finite(rate(first + place, total), "learning_rate(update)")
            if value < 0:
                raise ValueError(f"learning_rate(update) must be >= 0, got {value}")
    elif isinstance(rate, Sequence):
        start, end = (float(x) for x in rate)
        rates = start + (end - start) * (np.arange(first, first + count) / total)
    else:
        return np.full(count, float(rate), np.float32)
    return rates.astype(np.float32)
