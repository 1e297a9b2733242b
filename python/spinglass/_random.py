"""Seeds: each becomes one 64-bit word, so that a seed means the same streams everywhere.

Functions call it ``seed``, estimators ``random_state`` as scikit-learn does, which takes a
``RandomState`` too.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from spinglass._arguments import integer, shown

Seed: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None
RandomState: TypeAlias = Seed | np.random.RandomState


def repeatable(seed: Seed) -> int | np.random.SeedSequence:
    """Return what a result records as its seed: given again, it gives the same streams."""
    if seed is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(0, 2**64, dtype=np.uint64))
    if isinstance(seed, np.random.SeedSequence):
        return seed
    kind = "None, an integer >= 0, a SeedSequence or a Generator"
    return integer(seed, "seed", at_least=0, at_most=None, kind=kind)


def seed_word(seed: Seed, *spawn_key: int) -> int:
    """Return the 64-bit word that keys the core's random streams.

    Parameters
    ----------
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        ``None`` draws fresh entropy from the system; a ``Generator`` is advanced by one draw.
    *spawn_key : int
        Coordinates of the child stream, such as ``(n_spins, n_patterns, instance)``.
    """
    known = repeatable(seed)
    if isinstance(known, np.random.SeedSequence):
        sequence = np.random.SeedSequence(
            known.entropy, spawn_key=(*known.spawn_key, *spawn_key), pool_size=known.pool_size
        )
    else:
        sequence = np.random.SeedSequence(known, spawn_key=spawn_key)
    return int(sequence.generate_state(1, np.uint64)[0])


def random_word(random_state: Any) -> int:
    """Return the 64-bit word that a ``random_state`` stands for.

    None draws from NumPy's global state, as it does in scikit-learn; a RandomState or a Generator
    is advanced.
    """
    if random_state is None or random_state is np.random:
        random_state = legacy(None)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**64, dtype=np.uint64))
    try:
        return seed_word(random_state)
    except (TypeError, ValueError) as error:
        raise type(error)(
            "random_state must be None, an integer >= 0, a RandomState, a SeedSequence or a "
            f"Generator, got {shown(random_state)}"
        ) from None


def legacy(random_state: Any) -> np.random.RandomState | np.random.Generator:
    """Return the generator that scikit-learn would use, or the nearest to it."""
    if random_state is None or random_state is np.random:
        return np.random.mtrand._rand
    if isinstance(random_state, np.random.RandomState | np.random.Generator):
        return random_state
    if not isinstance(random_state, np.random.SeedSequence) and random_state < 2**32:
        return np.random.RandomState(random_state)
    return np.random.default_rng(random_word(random_state))
