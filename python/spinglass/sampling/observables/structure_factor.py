"""Structure factors on a lattice: of the spins, and of the overlap of two replicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from spinglass._arguments import integer, lattice_shape, several, shown
from spinglass.sampling.observables.observable import Asked, lattice_of

# Larger numbers are the same wave vectors again.
_LARGEST = 2**31

_S = TypeVar("_S", bound="StructureFactor | OverlapStructureFactor")


@dataclass(frozen=True)
class StructureFactor:
    """S(k) = |sum_r s_r exp(i k.r)|^2 / N of the spins of a lattice, for ``measure`` of `sample`.

    The series, ``run.measured["structure_factor"]``, has a last axis of the wave vectors.
    :meth:`~spinglass.Run.correlation_length` follows from k = 0 and the smallest other k.

    Parameters
    ----------
    wave_vectors : sequence of sequences of int, optional
        k as integers n, one for each side L: k = 2 pi n / L. The default is k = 0 and the smallest
        k along each side, (1, 0, ...), (0, 1, ...), ....
    shape : sequence of int, optional
        The sides of the lattice, for a model that does not have them: its sites are then in C
        order, the last side fastest.

    Raises
    ------
    TypeError, ValueError
        If the wave vectors are not integers, not equally long, or none.

    Examples
    --------
    >>> import spinglass
    >>> lattice = spinglass.SquareLattice(8)
    >>> run = spinglass.sample(
    ...     lattice, 0.3, 1000, 4, measure=[spinglass.StructureFactor()], seed=1
    ... )
    >>> run.measured["structure_factor"].shape  # k = 0 and two others
    (4, 1000, 3)
    >>> print(run.correlation_length())
    1.57(5)
    """

    wave_vectors: Sequence[Sequence[int]] | None = None
    shape: Sequence[int] | None = None

    name: ClassVar[str] = "structure_factor"
    of_pairs: ClassVar[bool] = False
    is_odd: ClassVar[bool] = False
    axes: ClassVar[tuple[str, ...]] = ("wave_vector",)

    def __post_init__(self) -> None:
        _check(self)

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for, if the model is a lattice."""
        return _asked(self, model, core)


@dataclass(frozen=True)
class OverlapStructureFactor:
    """S(k) = |sum_r q_r exp(i k.r)|^2 / N of the overlaps q_r = s_r^a s_r^b of replica pairs.

    It is the Fourier transform of the spin-glass correlations [s_r s_r']^2. The series,
    ``run.measured["overlap_structure_factor"]``, has a row for each pair of replicas and a last
    axis of the wave vectors. ``run.correlation_length("overlap_structure_factor")`` is the
    correlation length of the spin glass.

    Parameters
    ----------
    wave_vectors, shape
        As for :class:`~spinglass.StructureFactor`.

    Raises
    ------
    TypeError, ValueError
        As for :class:`~spinglass.StructureFactor`.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.EdwardsAnderson((6, 6), seed=1)
    >>> run = spinglass.sample(
    ...     glass, 0.5, 1000, 3, measure=[spinglass.OverlapStructureFactor()], seed=1
    ... )
    >>> run.measured["overlap_structure_factor"].shape  # three pairs, k = 0 and two others
    (3, 1000, 3)
    """

    wave_vectors: Sequence[Sequence[int]] | None = None
    shape: Sequence[int] | None = None

    name: ClassVar[str] = "overlap_structure_factor"
    of_pairs: ClassVar[bool] = True
    is_odd: ClassVar[bool] = False
    axes: ClassVar[tuple[str, ...]] = ("overlap_wave_vector",)

    def __post_init__(self) -> None:
        _check(self)

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for, if the model is a lattice."""
        return _asked(self, model, core)


def _check(factor: StructureFactor | OverlapStructureFactor) -> None:
    """Make tuples of integers of the arguments."""
    if factor.shape is not None:
        object.__setattr__(factor, "shape", lattice_shape(factor.shape, "shape", None))
    if factor.wave_vectors is None:
        return
    rows = several(factor.wave_vectors, "wave_vectors") or []
    given = [row for row in (several(row, "wave_vectors") for row in rows) if row]
    if not given or len(given) < len(rows) or len({len(row) for row in given}) > 1:
        raise ValueError(
            "wave_vectors must be tuples of integers, one for each side, got "
            f"{shown(factor.wave_vectors)}"
        )
    wave_vectors = tuple(
        tuple(integer(n, "wave_vectors", at_least=-_LARGEST, at_most=_LARGEST) for n in row)
        for row in given
    )
    object.__setattr__(factor, "wave_vectors", wave_vectors)


def smallest(factor: StructureFactor | OverlapStructureFactor) -> tuple[int, list[int], float]:
    """Return the numbers of k = 0 and of the smallest other k, and 2 sqrt(sum sin^2(k / 2))."""
    given, sides = np.array(factor.wave_vectors), np.array(factor.shape)
    turns = np.pi * (given % sides) / sides
    sizes = 2.0 * np.sqrt((np.sin(turns) ** 2).sum(axis=1))
    (zero,), others = np.nonzero(sizes == 0.0), sizes > 0.0
    if not zero.size or not others.any():
        raise ValueError(
            "a correlation length needs wave_vectors with k = 0 and another k, got "
            f"{factor.wave_vectors}"
        )
    least = float(sizes[others].min())
    chosen = np.flatnonzero(others & (sizes < least * (1 + 1e-9)))
    return int(zero[0]), chosen.tolist(), least


def _asked(factor: _S, model: Any, core: Any) -> Asked:
    given = None if factor.shape is None else tuple(factor.shape)
    shape = lattice_of(model, core) if given is None else given
    if shape is None or int(np.prod(shape, dtype=object)) != core.n_spins:
        raise ValueError(
            f"{type(factor).__name__} needs a lattice (SquareLattice, CubicLattice, "
            f"EdwardsAnderson), or the shape of one of {core.n_spins} spins, got {model!r}"
            + ("" if given is None else f" and shape={given}")
        )
    smallest = np.concatenate([np.zeros((1, len(shape)), int), np.eye(len(shape), dtype=int)])
    vectors = smallest if factor.wave_vectors is None else np.array(factor.wave_vectors)
    if vectors.shape[1] != len(shape):
        raise ValueError(
            f"wave_vectors must have {len(shape)} integers each, one for each side, got "
            f"{vectors.shape[1]}"
        )
    request = {
        "kind": "structure_factor",
        "of_pairs": factor.of_pairs,
        "sides": list(shape),
        "wave_vectors": vectors.ravel().tolist(),
    }
    kept = replace(factor, wave_vectors=tuple(map(tuple, vectors.tolist())), shape=shape)
    return Asked(request, (len(vectors),), kept)
