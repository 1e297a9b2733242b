"""What a mean-field method found: its distinct solutions, and how each start fared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed
from spinglass._registry import drawn_by
from spinglass.partition.meanfield.problem import Floats

START = np.dtype(
    [
        ("converged", np.bool_),
        ("iterations", np.int64),
        ("change", np.float64),
        ("solution", np.int64),
    ]
)

NAMES = {"naive": "naive mean field", "tap": "TAP", "bethe": "Bethe approximation"}
_NOTES = {
    "naive": "a bound: F >= the exact free energy, ln Z <= the exact one",
    "tap": "no bound: F may lie on either side of the exact free energy",
    "bethe": "no bound (exact if the bonds form no loop)",
}
_SHOWN = 12  # solutions, or failed starts, that a report lists


@printed
@dataclass(frozen=True, eq=False)
class Solution:
    """One solution of a method's equations.

    Attributes
    ----------
    magnetizations : numpy.ndarray of float64, (n_spins,)
        m_i = <s_i>; of units u, 2 <u_i> - 1.
    log_partition : float
        The method's ln Z. A lower bound of the exact one for naive mean field only. The constant of
        the energy counts, here and in what follows.
    free_energy : float
        -ln Z / beta, total, in units of energy; -inf at beta = 0. An upper bound of the exact one
        for naive mean field only.
    energy : float
        The method's mean energy, total.
    entropy : float
        ln Z + beta energy, total, in nats. TAP and Bethe can make it negative.
    elbo : float
        ln Z - D_KL(Q||P) of the product Q of the magnetizations, a lower bound of the exact ln Z
        whatever the method; for naive mean field it is ``log_partition``.
    correlations : numpy.ndarray of float64, (n_bonds,), or None
        <s_i s_j> of each row of ``MeanField.bonds`` (Bethe only), also of units; not connected.
    starts : tuple of int
        Which starts led here.
    iterations : tuple of int
        How many each of them took.
    residual : float
        The largest difference between the two sides of the method's equations, of m or for Bethe
        of beta u (relative where that is above 1).

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import meanfield
    >>> best = meanfield.naive(spinglass.SquareLattice(8), beta=0.4, seed=1).best
    >>> best.magnetizations.shape, best.free_energy < 0
    ((64,), True)
    """

    magnetizations: Floats = field(repr=False)
    log_partition: float
    free_energy: float
    energy: float
    entropy: float
    elbo: float
    correlations: Floats | None = field(repr=False)
    starts: tuple[int, ...]
    iterations: tuple[int, ...]
    residual: float

    @property
    def n_starts(self) -> int:
        """How many starts led here."""
        return len(self.starts)


@printed
@dataclass(frozen=True, eq=False, repr=False)
class MeanField:
    """The distinct solutions of a mean-field method; printed, it is the report of convergence.

    Attributes
    ----------
    method : str
        "naive", "tap" or "bethe".
    beta : float
        The inverse temperature.
    solutions : tuple of Solution
        Those that differ, by ascending free energy of the method. For naive mean field the first
        is the best: its bound is the tightest. TAP and Bethe free energies are no bounds.
    bonds : numpy.ndarray of int, (n_bonds, 2), or None
        The pairs i < j of nonzero coupling that ``Solution.correlations`` speak of (Bethe only).
    starts : numpy.ndarray, (n_starts,)
        One row a start: ``converged``, ``iterations``, ``change`` (the last one), and
        ``solution``, its number or -1.
    unfinished : numpy.ndarray of float64, (n_failed, n_spins)
        Where the starts that did not converge ended; as ``initial`` they go on from there.
    damping, tolerance, separation : float
        As given.
    max_iterations : int
        As given.
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, ...
        Of which these are solutions.
    seed : int or numpy.random.SeedSequence
        What was given or drawn; given again it repeats the starts.
    version : str
        Of the package.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import meanfield
    >>> found = meanfield.naive(spinglass.SquareLattice(8), beta=0.4, seed=1)
    >>> len(found.solutions), found.best is found.solutions[0]
    (2, True)
    """

    method: str
    beta: float
    solutions: tuple[Solution, ...]
    bonds: NDArray[np.intp] | None
    starts: NDArray[np.void]
    unfinished: Floats
    damping: float
    max_iterations: int
    tolerance: float
    separation: float
    model: Any
    seed: int | np.random.SeedSequence
    version: str

    @property
    def best(self) -> Solution:
        """The solution of lowest free energy; RuntimeError if no start converged."""
        if not self.solutions:
            raise RuntimeError(
                f"no start of {len(self.starts)} converged within {self.max_iterations} "
                "iterations: try more damping, more iterations, or a higher temperature"
            )
        return self.solutions[0]

    @property
    def converged(self) -> bool:
        """Whether every start converged."""
        return bool(self.starts["converged"].all())

    @property
    def failed(self) -> tuple[int, ...]:
        """The starts that did not converge."""
        return tuple(int(k) for k in np.flatnonzero(~self.starts["converged"]))

    def kl_divergence(self) -> Floats:
        """Return D_KL(Q||P) of each solution's product of magnetizations to the exact P, in nats.

        D_KL(Q||P) = ln Z - elbo = beta (F[Q] - F), with the exact F summed over all 2^N states.

        Raises
        ------
        ValueError
            If there are too many spins to sum over.
        """
        from spinglass.partition.exact import averages as exact

        known = float(exact.log_partition(self.model, self.beta))
        return np.array([known - x.elbo for x in self.solutions])

    plot = drawn_by("solutions", "Draw the magnetizations of each solution, in ascending order.")

    def __repr__(self) -> str:
        return (
            f"<{NAMES[self.method]} of {self.model!r} at beta = {self.beta:g}: "
            f"{_counted(len(self.solutions), 'solution')}, "
            f"{int(self.starts['converged'].sum())} of {len(self.starts)} starts converged>"
        )

    def __str__(self) -> str:
        n = self.unfinished.shape[1]
        lines = [
            f"{NAMES[self.method]}, {n} spins, beta = {self.beta:g}: "
            f"{_counted(len(self.solutions), 'solution')} "
            f"from {_counted(len(self.starts), 'start')}",
        ]
        if self.solutions:
            lines += [
                f"  ({_NOTES[self.method]})",
                "  no.          F / N    ln Z / N  mean m   rms m  starts  iterations  residual",
            ]
        for k, x in enumerate(self.solutions[:_SHOWN]):
            m = x.magnetizations
            low, high = min(x.iterations), max(x.iterations)
            span = f"{low}" if low == high else f"{low}-{high}"
            lines.append(
                f"  {k:<3d} {x.free_energy / n:14.8f}  {x.log_partition / n:10.6f}  "
                f"{m.mean():6.3f}  {np.sqrt(np.mean(m * m)):6.3f}  {x.n_starts:6d}  "
                f"{span:>10s}  {x.residual:8.0e}"
            )
        if len(self.solutions) > _SHOWN:
            lines.append(f"  and {len(self.solutions) - _SHOWN} more")
        if self.failed:
            which = ", ".join(str(k) for k in self.failed[:_SHOWN])
            more = ", ..." if len(self.failed) > _SHOWN else ""
            rows = self.starts[list(self.failed)]
            lines.append(
                f"  not converged after {int(rows['iterations'].max())} iterations: "
                f"{_counted(len(self.failed), 'start')} ({which}{more}),\n"
                f"    last changes {rows['change'].min():.0e} to {rows['change'].max():.0e} "
                f"(tolerance {self.tolerance:.0e}, damping {self.damping:g})"
            )
        return "\n".join(lines)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
