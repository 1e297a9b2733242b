"""The interface of every spin model: its number of spins, its energy and its fields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, spin_rows
from spinglass._registry import above
from spinglass._shapes import Many, One
from spinglass.models.energy import Pairwise

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class SpinModel(ABC):
    """A model of spins -1 and +1 with pair couplings and fields.

    The energy is E(s) = -1/2 sum_{i != j} J_ij s_i s_j - sum_i h_i s_i. The models are subclasses
    of this class. All of them can be passed to :func:`~spinglass.sample`, :func:`~spinglass.anneal`
    and :func:`~spinglass.temper`.

    Examples
    --------
    >>> import spinglass
    >>> model = spinglass.Mattis([1, -1, 1, 1])
    >>> isinstance(model, spinglass.SpinModel), model.n_spins, model.energy([1, -1, 1, 1])
    (True, 4, -1.5)
    """

    _model: _core.SpinModel

    @property
    @abstractmethod
    def n_spins(self) -> int:
        """N."""

    @abstractmethod
    def to_ising(self) -> SpinModel:
        """Return the same model as an :class:`Ising`, with its couplings as a matrix."""

    @abstractmethod
    def couplings(self) -> NDArray[np.float64] | csr_array:
        """Return J_ij, (n_spins, n_spins), as an array or a ``scipy.sparse.csr_array``."""

    @property
    def fields(self) -> NDArray[np.float64] | None:
        """The fields h_i, (n_spins,), or None."""
        return None

    @property
    def constant(self) -> float:
        """A number that is added to every energy."""
        return 0.0

    _structure_is_checked = True

    def structure(self) -> Pairwise:
        """Return couplings, fields and constant: the structure of the energy."""
        return Pairwise("spins", self.couplings(), self.fields, self.constant)

    @overload
    def energy(self, states: One) -> float: ...
    @overload
    def energy(self, states: Many) -> NDArray[np.float64]: ...
    @overload
    def energy(self, states: ArrayLike) -> Any: ...
    def energy(self, states: ArrayLike) -> float | NDArray[np.float64]:
        """Return the energy of a state, or of each state of a batch.

        Parameters
        ----------
        states : array_like, (n_spins,) or (n_states, n_spins)
            Spins -1 and +1.

        Returns
        -------
        float or numpy.ndarray of float64, (n_states,)
            The total energy, not per spin, from the couplings as they were given.

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.
        """
        batch, single = self._batch(states)
        energies = self._model.energy(batch)
        if self.constant:
            energies = energies + self.constant
        return float(energies[0]) if single else energies

    def local_fields(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return sum_j J_ij s_j + h_i for every spin.

        Parameters
        ----------
        states : array_like, (n_spins,) or (n_states, n_spins)
            Spins -1 and +1.

        Returns
        -------
        numpy.ndarray of float64, shaped as states

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.
        """
        batch, single = self._batch(states)
        check_memory(8 * batch.size, f"the local fields of {batch.shape[0]} states")
        fields = self._model.local_fields(batch)
        return fields[0] if single else fields

    def to_bqm(self) -> Any:
        """Return the same energy as a ``dimod.BinaryQuadraticModel`` of spins.

        Returns
        -------
        dimod.BinaryQuadraticModel
            Its biases have the opposite sign of couplings and fields, as dimod has it, and its
            offset is the constant. The variables are the ``labels`` of an :class:`Ising`, the
            numbers of the spins otherwise.

        Raises
        ------
        ImportError
            Without dimod, which ``pip install 'spinglass[dimod]'`` brings.
        MemoryError
            If the couplings do not fit in memory.

        Examples
        --------
        >>> import spinglass
        >>> ring = spinglass.SquareLattice((2, 2), field=0.5)
        >>> bqm = ring.to_bqm()
        >>> float(bqm.linear[0]), float(bqm.quadratic[0, 1])  # both bonds of the pair
        (-0.5, -2.0)
        """
        return above("bqm").to_bqm(self)

    def _batch(self, states: ArrayLike) -> tuple[NDArray[np.int8], bool]:
        """Return the states as a batch, and whether it was a single one."""
        return spin_rows(states, self.n_spins)
