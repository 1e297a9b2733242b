"""Square and cubic lattices: nearest neighbours, one coupling, one field, periodic boundaries.

A lattice keeps its shape and one bit per spin, but no matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import finite, lattice_shape
from spinglass.models.ising import LARGEST_ENERGY, Ising
from spinglass.models.spin_model import SpinModel

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Lattice(SpinModel):
    """A periodic lattice with one coupling and one field. Its subclasses fix the dimension."""

    _dimension: int

    def __init__(
        self,
        size: int | Sequence[int],
        *more: Any,
        coupling: float = 1.0,
        field: float = 0.0,
    ) -> None:
        if more:
            sides = ", ".join(["8"] * self._dimension)
            name = type(self).__name__
            raise TypeError(
                f"{name} takes one argument without a name, size, got {(size, *more)}: its sides "
                f"are one tuple, {name}(({sides})), and coupling and field are given by name"
            )
        self._shape = lattice_shape(size, "size", self._dimension)
        self._coupling = finite(coupling, "coupling")
        self._field = finite(field, "field")
        largest = self.n_spins * (len(self._shape) * abs(self._coupling) + abs(self._field))
        if largest > LARGEST_ENERGY:
            raise ValueError(
                f"coupling and field must give energies up to {LARGEST_ENERGY:g}, got {largest:g}"
            )
        self._model = _core.lattice_model(list(self._shape), self._coupling, self._field)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sides. The last index runs fastest: ``states.reshape(-1, *shape)`` gives pictures."""
        return self._shape

    @property
    def coupling(self) -> float:
        """J."""
        return self._coupling

    @property
    def field(self) -> float:
        """The field h."""
        return self._field

    @property
    def fields(self) -> NDArray[np.float64] | None:
        """The field h of every spin, or None."""
        return np.full(self.n_spins, self._field) if self._field else None

    @property
    def n_spins(self) -> int:
        """N."""
        return int(np.prod(self._shape))

    def couplings(self) -> csr_array:
        """Return J_ij as a ``scipy.sparse.csr_array``. The lattice itself does not use it."""
        from scipy.sparse import coo_array

        sites = np.arange(self.n_spins).reshape(self._shape)
        pairs = [
            (sites, np.roll(sites, step, axis)) for axis in range(sites.ndim) for step in (1, -1)
        ]
        rows, columns = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
        values = np.full(rows.size, self._coupling)
        return coo_array((values, (rows, columns)), shape=(self.n_spins,) * 2).tocsr()

    def to_ising(self) -> Ising:
        """Return the same model with its couplings as a sparse matrix."""
        return Ising(self.couplings(), self.fields)

    def __repr__(self) -> str:
        field = f", field={self._field:g}" if self._field else ""
        return f"{type(self).__name__}({self._shape}, coupling={self._coupling:g}{field})"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), coupling=self._coupling, field=self._field), (self._shape,)


class SquareLattice(Lattice):
    """The Ising model on a periodic square lattice, E = -J sum_<ij> s_i s_j - h sum_i s_i.

    Parameters
    ----------
    size : int or (int, int)
        L, or rows and columns; at least 2. A side of 2 has two bonds between its pair of sites.
    coupling : float
        J; positive is ferromagnetic.
    field : float
        h.

    Raises
    ------
    ValueError, TypeError
        If a side is below 2, or J or h is not finite.

    Notes
    -----
    A spin takes one bit. Updates visit the lattice colour by colour (a checkerboard, if both sides
    are even). The kernel is fastest with metropolis moves, no field, an even number of rows and a
    multiple of 1024 columns. E. Ising, Z. Phys. 31, 253 (1925); L. Onsager, Phys. Rev. 65, 117
    (1944): :mod:`spinglass.theory.ising2d`.

    Examples
    --------
    >>> import spinglass
    >>> lattice = spinglass.SquareLattice(32)
    >>> run = spinglass.sample(lattice, beta=0.3, n_sweeps=2000, warmup=200, seed=1)
    >>> bool(abs(run.energy.mean() / lattice.n_spins + 0.704499) < 0.01)
    True
    """

    _dimension = 2


class CubicLattice(Lattice):
    """The Ising model on a periodic cubic lattice, E = -J sum_<ij> s_i s_j - h sum_i s_i.

    Parameters
    ----------
    size : int or (int, int, int)
        L, or the three sides; at least 2. A side of 2 has two bonds between its pair of sites.
    coupling : float
        J; positive is ferromagnetic.
    field : float
        h.

    Raises
    ------
    ValueError, TypeError
        If a side is below 2, or J or h is not finite.

    Notes
    -----
    Its critical point is beta_c J = 0.2216546 (Ferrenberg, Xu and Landau, Phys. Rev. E 97, 043301
    (2018)).

    Examples
    --------
    >>> import spinglass
    >>> cube = spinglass.CubicLattice(8)
    >>> float(cube.energy([1] * 512))
    -1536.0
    """

    _dimension = 3
