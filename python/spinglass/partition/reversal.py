"""The same model with its sweeps run backwards.

A sweep visits the sites one after the other, and each visit obeys detailed balance. The sweep as a
whole does not: its time reversal visits the sites in the opposite order. Crooks' theorem holds
between an annealing and its reversal, sweeps included (G. E. Crooks, Phys. Rev. E 61, 2361 (2000)),
and with it Bennett's estimate; sweeps in the same order both ways would bias it. A model whose
sites are numbered the other way round is swept the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinglass.models.hopfield import Hopfield
from spinglass.models.ising import Ising
from spinglass.models.lattice import Lattice
from spinglass.models.spin_model import SpinModel


@dataclass(frozen=True)
class Reversal:
    """A model, and which of the original's sites each of its sites is; None if all are their own.

    Attributes
    ----------
    model : SpinModel
    order : numpy.ndarray of int64, (n_spins,), or None
    """

    model: SpinModel
    order: NDArray[np.int64] | None

    def states(self, states: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return states of the original as states of this model."""
        return states if self.order is None else np.ascontiguousarray(states[:, self.order])


def reversal_of(model: SpinModel, dynamics: str) -> Reversal:
    """Return a model of the same law whose sweep is the time reversal of that of ``model``."""
    if dynamics in ("wolff", "swendsen-wang"):
        return Reversal(model, None)  # their sweeps obey detailed balance
    if isinstance(model, Lattice):
        colours = _colours(model.shape)
        if colours.max(initial=0) < 2:
            # Colour after colour. A step to the side exchanges the two, and nobody can tell.
            return Reversal(model, None)
        order = np.argsort(colours, kind="stable")[::-1]
    else:
        order = np.arange(model.n_spins)[::-1]
    order = np.ascontiguousarray(order, dtype=np.int64)
    if isinstance(model, Hopfield):
        thresholds = None if model.thresholds is None else model.thresholds[order]
        return Reversal(Hopfield(model.patterns.to_array()[:, order], thresholds), order)
    ising = model.to_ising()
    fields = None if ising.fields is None else ising.fields[order]
    return Reversal(Ising(ising.couplings()[order][:, order], fields), order)


def _colours(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the place of each site's colour in a sweep of a lattice.

    Along a side the sites count 0, 1, 0, 1, ..., and 2 at the end of an odd side; a colour is the
    sum of these, modulo 2 if all sides are even and 3 otherwise.
    """
    total = np.zeros(shape, dtype=np.int64)
    for axis, side in enumerate(shape):
        shade = np.arange(side) % 2
        if side % 2:
            shade[-1] = 2
        total += shade.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    return np.asarray(total % (2 if all(side % 2 == 0 for side in shape) else 3)).ravel()
