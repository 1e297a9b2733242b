"""Mean field and beyond: the public names of `spinglass.partition.meanfield`."""

from spinglass._interrupted import Interrupted as MeanFieldInterrupted
from spinglass.partition.meanfield.belief_propagation import bethe
from spinglass.partition.meanfield.naive_equations import naive
from spinglass.partition.meanfield.solution import MeanField, Solution
from spinglass.partition.meanfield.tap_equations import tap
from spinglass.partition.meanfield.variational import coordinate_ascent, elbo, kl_divergence

__all__ = [
    "MeanField",
    "MeanFieldInterrupted",
    "Solution",
    "bethe",
    "coordinate_ascent",
    "elbo",
    "kl_divergence",
    "naive",
    "tap",
]
