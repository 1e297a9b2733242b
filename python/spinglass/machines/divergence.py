"""Signs that a training goes wrong, which are looked for in its first epochs."""

from __future__ import annotations

import numpy as np

from spinglass import _core

# A hidden unit whose mean probability is this near to 0 or 1 has stopped to tell data apart.
_SATURATED_PROBABILITY = 1e-3
_SATURATED_SHARE = 0.95
# Weights of trained machines of units stay near 10: one of 100 leaves nothing to chance.
_ABSURD_WEIGHT = 100.0


def saturated(trainer: _core.RbmTrainer | _core.GaussianRbmTrainer) -> str | None:
    """Say that nearly all hidden units are stuck, if they are."""
    activity = trainer.activity()
    stuck = (activity < _SATURATED_PROBABILITY) | (activity > 1 - _SATURATED_PROBABILITY)
    if stuck.mean() < _SATURATED_SHARE:
        return None
    return (
        f"{stuck.sum()} of {len(stuck)} hidden units are saturated (always on or always off): they "
        "tell nothing of the data. Lower learning_rate, or begin elsewhere (initial_bias, centered)"
    )


def saturated_or_grown(trainer: _core.RbmTrainer) -> str | None:
    """Say the same, or that some weight is absurd: of real units weights may have any size."""
    if found := saturated(trainer):
        return found
    largest = float(np.abs(trainer.machine().components()).max())
    if largest < _ABSURD_WEIGHT:
        return None
    return f"some weight is {largest:.3g}: the training diverges. Lower learning_rate"
