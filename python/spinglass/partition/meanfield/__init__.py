"""Mean field and beyond: naive, Thouless-Anderson-Palmer, and Bethe (belief propagation).

Three answers to the question what a spin model does on average, without sampling and without a sum
over 2^N states. Each ignores something: naive mean field all correlations, TAP the echo of echoes,
Bethe the loops. Each may have several solutions, so each starts several times and returns those
that differ.

Only the free energy of naive mean field is a bound of the exact one.
"""

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
