"""Mean field and beyond: the public names of `spinglass.partition.meanfield`."""

from spinglass.partition.meanfield import (
    MeanField,
    MeanFieldInterrupted,
    Solution,
    bethe,
    coordinate_ascent,
    elbo,
    kl_divergence,
    naive,
    tap,
)

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
