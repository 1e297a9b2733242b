"""Pictures from held-out images: chains that start at them, and erased halves filled in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _random
from spinglass.machines import BernoulliRBM

# Gibbs steps after which a chain is shown, a factor of three apart: nobody knows beforehand after
# how many it has left the image it started from.
CHAIN_STEPS = (0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)

CHAINS = 10

# Images of which the lower half is erased, and as many of which the right half is.
ERASED = 8

# What is filled in is the mean over so many steps, after as many that are not counted.
_STEPS = 300


def run_chains(model: BernoulliRBM, images: NDArray[Any], seed: int) -> NDArray[np.uint8]:
    """Return the states of chains from the first images, (n_chains, n_columns, n_visible)."""
    states = [_bits(images[:CHAINS])]
    for column, n_steps in enumerate(np.diff(CHAIN_STEPS).tolist()):
        word = _random.seed_word(seed, 5, column)
        drawn = model.sample(n_steps=n_steps, initial=states[-1], random_state=word)
        states.append(np.asarray(drawn, dtype=np.uint8))
    return np.stack(states, axis=1)


def with_halves_erased(
    model: BernoulliRBM, images: NDArray[Any], width: int, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.float32]]:
    """Return images, where they were erased, and the probability of each unit given the rest.

    The lower half of each of the first images is erased, and the right half of each of the next.
    """
    pixel = np.arange(images.shape[1])
    halves = (
        pixel >= (images.shape[1] // width + 1) // 2 * width,
        pixel % width >= (width + 1) // 2,
    )
    shown, erased, filled = [], [], []
    for place, half in enumerate(halves):
        chosen = _bits(images[place * ERASED : (place + 1) * ERASED])
        if not len(chosen):
            break
        words = [_random.seed_word(seed, 6, place, part) for part in range(2)]
        anything = np.random.default_rng(words[0]).integers(0, 2, chosen.shape, dtype=np.uint8)
        kept = model.sample(
            n_steps=2 * _STEPS,
            initial=np.where(half, anything, chosen),
            clamp=~half,
            every=1,
            random_state=words[1],
        )
        shown.append(chosen)
        erased.append(np.broadcast_to(half, chosen.shape))
        filled.append(kept[_STEPS:].mean(axis=0, dtype=np.float32))
    return np.concatenate(shown), np.concatenate(erased), np.concatenate(filled)


def _bits(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Return units 0 and 1, also of images that were left grey."""
    return (images >= 0.5).astype(np.uint8)
