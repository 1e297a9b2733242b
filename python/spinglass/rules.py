"""Learning rules: what makes a memory of patterns, as published. Names of `spinglass.models`."""

from spinglass.models.dreaming_rules import daydreaming, unlearned
from spinglass.models.hebbian_rules import clipped, covariance, diluted, hebb
from spinglass.models.perceptron_rule import minover, perceptron
from spinglass.models.projection_rule import projection
from spinglass.models.storkey_rule import storkey

__all__ = [
    "clipped",
    "covariance",
    "daydreaming",
    "diluted",
    "hebb",
    "minover",
    "perceptron",
    "projection",
    "storkey",
    "unlearned",
]
