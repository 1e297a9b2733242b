"""Spin glasses: random couplings on a lattice or between all pairs, and the Mattis model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, choice, integer, lattice_shape, spin_array
from spinglass._random import Seed, repeatable, seed_word
from spinglass.models.hopfield import Hopfield
from spinglass.models.ising import Ising, csr_couplings
from spinglass.models.spin_model import SpinModel

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Disorder = Literal["gaussian", "pm1"]


class EdwardsAnderson(SpinModel):
    """The Edwards-Anderson spin glass: random couplings between the neighbours on a lattice.

    E = -sum_<ij> J_ij s_i s_j.

    Parameters
    ----------
    shape : sequence of int
        The sides of a periodic lattice of any dimension, each at least 2. A side of 2 has two bonds
        between its pair of sites, each with its own coupling. (8,) is a ring, (8, 8) a square.
    disorder : {"pm1", "gaussian"}
        J_ij = -1 or +1 with equal chance, or normal with variance 1.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Fixes the couplings.

    Raises
    ------
    ValueError, TypeError
        If an argument has another type or range.

    Notes
    -----
    S. F. Edwards and P. W. Anderson, J. Phys. F 5, 965 (1975). With +-1 couplings, 64 replicas run
    at a time in the bits of a word, so one replica costs as much as 64.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.EdwardsAnderson((16, 16), seed=1)
    >>> found = spinglass.anneal(glass, beta_range=(0.2, 3.0), n_sweeps=500, n_replicas=64, seed=2)
    >>> state, energy = found.best
    >>> energy == glass.energy(state), energy / 256 < -1.35
    (True, True)
    """

    def __init__(
        self,
        shape: Sequence[int],
        disorder: Disorder = "pm1",
        *,
        seed: Seed = None,
    ) -> None:
        if not isinstance(shape, Sequence | np.ndarray) or isinstance(shape, str | bytes):
            side = integer(shape, "shape", at_least=2, kind="the sides, such as (8, 8)")
            raise TypeError(
                f"shape must be the sides of a lattice, got {side}: ({side},) is a ring of {side} "
                f"spins, ({side}, {side}) a square, and so on"
            )
        self._shape = lattice_shape(shape, "shape", None)
        self._disorder = cast(Disorder, choice(disorder, "disorder", get_args(Disorder)))
        self._seed = repeatable(seed)
        n, degree = int(np.prod(self._shape)), 2 * len(self._shape)
        check_memory(n * degree * 48, f"the couplings of {n} spins")
        self._model = _core.edwards_anderson(
            list(self._shape), self._disorder, seed_word(self._seed)
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The sides of the lattice. The last index runs fastest."""
        return self._shape

    @property
    def disorder(self) -> Disorder:
        """The distribution of the couplings."""
        return self._disorder

    @property
    def seed(self) -> int | np.random.SeedSequence:
        """The seed that fixes the couplings."""
        return self._seed

    @property
    def coupling_variance(self) -> float:
        """The variance of a coupling: 1."""
        return 1.0

    @property
    def n_spins(self) -> int:
        """N."""
        return int(np.prod(self._shape))

    def couplings(self) -> csr_array:
        """Return J_ij as a ``scipy.sparse.csr_array``; double bonds are added up."""
        return csr_couplings(self._model, self.n_spins)

    def to_ising(self) -> Ising:
        """Return the same model with its couplings as a sparse matrix."""
        return Ising(self.couplings())

    def __repr__(self) -> str:
        return f"EdwardsAnderson({self._shape}, disorder={self._disorder!r}, seed={self._seed!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        make = partial(EdwardsAnderson, seed=self._seed)
        return make, (self._shape, self._disorder)


class SherringtonKirkpatrick(SpinModel):
    """The Sherrington-Kirkpatrick spin glass: a random coupling of variance 1/N for every pair.

    Parameters
    ----------
    n_spins : int
        N, at least 2.
    disorder : {"gaussian", "pm1"}
        J_ij normal with variance 1/N, or -1/sqrt(N) and +1/sqrt(N) with equal chance.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Fixes the couplings.

    Raises
    ------
    ValueError, TypeError
        If an argument has another type or range.
    MemoryError
        If 12 N^2 bytes do not fit in memory.

    Notes
    -----
    D. Sherrington and S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975). The couplings are rounded
    to multiples of a power of two, about 1e-6 of their width, so that their sums are exact in a
    sweep. The theory is in :mod:`spinglass.theory.sk`.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.SherringtonKirkpatrick(200, seed=1)
    >>> run = spinglass.sample(glass, beta=0.5, n_sweeps=500, n_replicas=16, seed=2)
    >>> bool(abs(run.energy.mean() / 200 + 0.25) < 0.05)
    True
    """

    def __init__(self, n_spins: int, disorder: Disorder = "gaussian", *, seed: Seed = None) -> None:
        self._n_spins = integer(n_spins, "n_spins", at_least=2, at_most=2**20)
        self._disorder = cast(Disorder, choice(disorder, "disorder", get_args(Disorder)))
        self._seed = repeatable(seed)
        check_memory(12 * self._n_spins**2, f"the couplings of {self._n_spins} spins")
        self._model = _core.sherrington_kirkpatrick(
            self._n_spins, self._disorder, seed_word(self._seed)
        )

    @property
    def coupling_variance(self) -> float:
        """The variance of a coupling: 1/N."""
        return 1.0 / self._n_spins

    @property
    def n_spins(self) -> int:
        """N."""
        return self._n_spins

    @property
    def disorder(self) -> Disorder:
        """The distribution of the couplings."""
        return self._disorder

    @property
    def seed(self) -> int | np.random.SeedSequence:
        """The seed that fixes the couplings."""
        return self._seed

    def couplings(self) -> NDArray[np.float64]:
        """Return J_ij, (n_spins, n_spins): symmetric, zero diagonal."""
        check_memory(8 * self._n_spins**2, f"a copy of the couplings of {self._n_spins} spins")
        return self._model.couplings()  # type: ignore[no-any-return]

    def to_ising(self) -> Ising:
        """Return the same model as an :class:`Ising`."""
        return Ising(self.couplings(), layout="dense")

    def __repr__(self) -> str:
        return (
            f"SherringtonKirkpatrick({self._n_spins}, disorder={self._disorder!r}, "
            f"seed={self._seed!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        make = partial(SherringtonKirkpatrick, seed=self._seed)
        return make, (self._n_spins, self._disorder)


class Mattis(Hopfield):
    """The Mattis model, J_ij = xi_i xi_j / N: a ferromagnet after a change of variables.

    Parameters
    ----------
    pattern : array_like, (n_spins,)
        xi, -1 and +1.

    Raises
    ------
    ValueError, TypeError
        If the pattern has another shape or holds other values.

    Notes
    -----
    D. C. Mattis, Phys. Lett. A 56, 421 (1976). The model is a Hopfield network with one memory. The
    spins s_i xi_i are those of the Curie-Weiss ferromagnet, so the model has no frustration, and it
    orders at beta = 1.

    Examples
    --------
    >>> import spinglass
    >>> model = spinglass.Mattis([1, -1, 1, 1])
    >>> model.energy([1, -1, 1, 1])
    -1.5
    """

    def __init__(self, pattern: ArrayLike) -> None:
        spins = spin_array(pattern, "pattern")
        if spins.ndim != 1 or not spins.size:
            raise ValueError(f"pattern must have shape (n_spins,), got {spins.shape}")
        super().__init__(spins[None])

    @property
    def pattern(self) -> NDArray[np.int8]:
        """Xi."""
        return np.asarray(self.patterns[0], dtype=np.int8)

    def __repr__(self) -> str:
        return f"Mattis(n_spins={self.n_spins})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Mattis, (self.pattern,)
