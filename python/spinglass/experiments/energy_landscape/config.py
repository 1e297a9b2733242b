"""The arguments of an energy landscape."""

from __future__ import annotations

from dataclasses import dataclass

from spinglass.experiments.config import Config, parameter
from spinglass.experiments.kinds import SEED, Kind, choice, integer
from spinglass.models.glass import Disorder

MODELS = ("sk", "hopfield")


@dataclass(frozen=True)
class LandscapeConfig(Config):
    """All arguments, resolved. Equal configs of drawn models give equal landscapes.

    If a model was given, ``model`` is its class, and there is no seed. ``n_patterns`` and
    ``disorder`` are None for models without them.
    """

    model: str = parameter(Kind(lambda model, _: model, choices=MODELS), "which model")
    n_spins: int = parameter(
        integer(2), "spins, at most 28: each one more doubles time and memory", "N", default="20"
    )
    n_patterns: int | None = parameter(
        integer(1, 2**20), "patterns of the Hopfield network", "P", default="3"
    )
    disorder: Disorder | None = parameter(
        choice(Disorder),
        "couplings of the glass: normal (the default), or of one size and either sign",
        default="",
    )
    seed: int | None = parameter(SEED, "the same seed draws the same model", "S")
