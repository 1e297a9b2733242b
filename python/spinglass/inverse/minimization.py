"""The minimum of a convex objective of couplings and fields, with or without penalties.

The minimiser is SciPy's L-BFGS-B (Byrd, Lu, Nocedal and Zhu, SIAM J. Sci. Comput. 16, 1190 (1995)).
This file chooses the coordinates. Pseudo-likelihood and flow are sums over sites i of a function of
the field f_i. So the second derivative along a change D of the couplings, bordered by that of the
fields, is about sum_i a_i D_i^T C D_i = tr(D A D C). Here C = <s s^T> includes a spin that is
always up, and a_i is the mean curvature of site i. With V^T C V = 1, V^T A V = diag(alpha) and
D = V Z V^T, this is sum_pq Z_pq^2 (alpha_p + alpha_q) / 2. In the coordinates
Z_pq sqrt(alpha_p + alpha_q) the objective is about round, and L-BFGS needs a quarter of the steps.
The penalty l2 tr(D D) / 2 is approximated by l2 tr(D A D) / (2 a) with the mean curvature a, which
is a small addition to C.

With l1, each coupling is the difference of two variables that are not negative. These can be
exactly zero, and coordinates are only scaled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinglass.inverse.samples import Samples
from spinglass.inverse.solution import Solution

Array = NDArray[np.float64]

# The value at couplings and fields, its gradient by both, and the mean curvature of each site.
Objective = Callable[[Array, Array], tuple[float, Array, Array, Array]]
Report = Callable[[int, float, float], None]

# The penalty under which mean-field couplings are good enough to begin with.
_START_L2 = 1e-3

# A step that is too long for the last one: the parameters still run.
_LONG_STEP = 0.05

# A way that is too long after the gradient is below tol. A minimum so far off would have a
# curvature below tol / 2, and would need as many samples as nobody has. Where there is none, the
# search ends where rounding ends it, with short steps or not.
_LONG_WAY = 2.0

# Parameters from which on it is worth a look whether larger ones are still better.
_LARGE = 6.0

# Couplings that may be on their way to infinity, where one short step may be an accident.
_STRONG = 3.0
_SHORT_STEPS = 3

# Iterations in the same coordinates, if there is a penalty.
_STRETCH = 25

# Parameters beyond this in so many iterations have no bound: no number of samples tells e^{-60}
# from 0. The minimiser's first steps may go too far and come back.
_ABSURD = 30.0
_PATIENCE = 5


class Penalty(NamedTuple):
    """l1 sum_{i<j} |J_ij| + (l2 / 2) sum_{i<j} J_ij^2."""

    l1: float
    l2: float

    def value(self, couplings: Array) -> float:
        """Return the penalty."""
        return float(
            self.l1 / 2 * np.abs(couplings).sum() + self.l2 / 4 * np.square(couplings).sum()
        )

    def residual(self, couplings: Array, pair_gradient: Array, field_gradient: Array) -> float:
        """Return the largest component of the smallest subgradient; the gradient is without l1."""
        at_zero = np.maximum(np.abs(pair_gradient) - self.l1, 0.0)
        by = np.where(couplings == 0, at_zero, np.abs(pair_gradient + self.l1 * np.sign(couplings)))
        np.fill_diagonal(by, 0.0)
        return float(max(by.max(), np.abs(field_gradient).max()))


class DivergingError(ValueError):
    """The objective has no minimum: it decreases without end as parameters grow.

    ``found`` is the end of the search, or None if that end has no meaning.
    """

    def __init__(self, message: str, found: Solution | None = None) -> None:
        super().__init__(message)
        self.found = found


class _Point(NamedTuple):
    couplings: Array
    fields: Array
    value: float  # with the penalties
    pair_gradient: Array  # without l1
    field_gradient: Array


class Descent:
    """An objective on its way down."""

    def __init__(
        self,
        objective: Objective,
        samples: Samples,
        penalty: Penalty,
        tol: float,
        max_iter: int,
        report: Report,
        wrong: float = 0.0,
    ) -> None:
        self._objective, self._samples, self._penalty = objective, samples, penalty
        self._tol, self._max_iter, self._report = tol, max_iter, report
        self._wrong = wrong  # what one spin against its field adds to the value at least
        self._iterations = 0
        self._last_step = 0.0
        self._absurd = 0
        self._short_steps = 0
        self._ended = False
        self._flat_since: _Point | None = None

    def run(self) -> Solution:
        """Return the minimum.

        Raises
        ------
        DivergingError
            If there is none.
        """
        self._at = self._accepted = self._start()
        gave_up = self._residual() > self._tol and not self._descend()
        at = self._accepted
        converged = self._residual() <= self._tol and self._last_step <= _LONG_STEP
        where = f"the gradient is {self._residual():.1e} at most, and tol={self._tol:g}"
        found = Solution(
            at.couplings,
            at.fields,
            self._iterations,
            converged,
            at.value,
            message=(
                f"the minimiser gave up after {self._iterations} iterations, finding no lower "
                f"value; {where}: raise tol"
                if gave_up
                else f"after {self._iterations} iterations {where}: raise max_iter or tol"
            ),
        )
        self._check_bounded(at, found)
        return found

    def _descend(self) -> bool:
        """Minimise; return False if the minimiser found no way down, with iterations left."""
        if self._penalty.l1:
            self._split()
        elif not self._penalty.l2:
            self._round(self._max_iter)
        else:
            # Few samples bound couplings so little that curvatures change on the way: look again.
            before = -1
            while not self._ended and before < self._iterations < self._max_iter:
                before = self._iterations
                self._round(min(_STRETCH, self._max_iter - before))
        return self._ended or self._iterations >= self._max_iter or self._residual() <= self._tol

    def _evaluate(self, couplings: Array, fields: Array) -> _Point:
        value, pair_gradient, field_gradient, self._curvature = self._objective(couplings, fields)
        pair_gradient = pair_gradient + self._penalty.l2 * couplings
        value += self._penalty.value(couplings)
        self._at = _Point(couplings, fields, value, pair_gradient, field_gradient)
        return self._at

    def _residual(self) -> float:
        at = self._accepted
        return self._penalty.residual(at.couplings, at.pair_gradient, at.field_gradient)

    def _start(self) -> _Point:
        """Begin with independent spins, or with mean-field couplings if they are better."""
        from spinglass.inverse.closed_form import mean_field

        m = self._samples.magnetizations
        independent = self._evaluate(np.zeros((len(m), len(m))), np.arctanh(m))
        if self._penalty.l1:
            return independent
        curvature = self._curvature
        guess = mean_field(self._samples, max(self._penalty.l2, _START_L2))
        start = self._evaluate(guess.couplings, guess.fields)
        if start.value < independent.value:
            return start
        self._curvature = curvature
        return independent

    def _accept(self) -> None:
        """Take a step that is done, and look whether it was the last."""
        before, at = self._accepted, self._at
        self._last_step = _distance(at, before)
        self._accepted = at
        self._iterations += 1
        residual = self._residual()
        self._flat_since = (self._flat_since or at) if residual <= self._tol else None
        self._report(self._iterations, at.value, residual)
        largest = max(np.abs(at.couplings).max(), np.abs(at.fields).max())
        self._short_steps = self._short_steps + 1 if self._last_step <= _LONG_STEP else 0
        enough = _SHORT_STEPS if np.abs(at.couplings).max() > _STRONG else 1
        done = residual <= self._tol and self._short_steps >= enough
        self._absurd += bool(largest > _ABSURD)
        if done or self._absurd >= _PATIENCE:
            self._ended = True
            raise StopIteration

    def _minimise(self, function: Any, start: Array, iterations: int, bounds: Any = None) -> None:
        from scipy.optimize import minimize

        last = start

        def evaluate(x: Array) -> tuple[float, Array]:
            nonlocal last
            last = x.copy()
            value: tuple[float, Array] = function(x)
            return value

        def accept(intermediate_result: Any) -> None:
            if not np.array_equal(intermediate_result.x, last):
                evaluate(intermediate_result.x)
            self._accept()

        minimize(
            evaluate,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            callback=accept,
            options={"maxiter": iterations, "maxfun": 20 * iterations, "ftol": 0.0,
                     "gtol": 0.0, "maxcor": 10},
        )  # fmt: skip

    def _round(self, iterations: int) -> None:
        """Minimise in coordinates in which the objective is about round."""
        from scipy.linalg import eigh

        start, n = self._accepted, len(self._accepted.fields) + 1
        moments = _bordered(self._samples.correlations, self._samples.magnetizations, 1.0)
        # A state that never occurs costs nothing: a little more of everything bounds what it does.
        moments = 0.999 * moments + 0.001 * np.eye(n)
        curvature = np.concatenate([[0.0], np.maximum(self._curvature, 1e-6)])
        # l2 tr(D D) / 2 is about tr(D A D) times this: more of every variance, but of couplings.
        moments[1:, 1:] += self._penalty.l2 / (2 * curvature[1:].mean()) * np.eye(n - 1)
        alpha, basis = eigh(np.diag(curvature), moments)
        alpha = np.maximum(alpha, 0.0)
        sums = alpha[:, None] + alpha
        scale = np.divide(1.0, np.sqrt(sums), out=np.zeros_like(sums), where=sums > 1e-9)
        upper = np.triu_indices(n)
        # A matrix off its diagonal has every number twice.
        twice = np.where(upper[0] == upper[1], 1.0, np.sqrt(0.5))

        def function(z: Array) -> tuple[float, Array]:
            half = np.zeros((n, n))
            half[upper] = z * twice
            half[np.diag_indices(n)] /= 2
            change = basis @ ((half + half.T) * scale) @ basis.T
            np.fill_diagonal(change, 0.0)
            at = self._evaluate(
                _symmetric(start.couplings + change[1:, 1:]), start.fields + change[0, 1:]
            )
            pair_gradient = _bordered(at.pair_gradient, at.field_gradient, 0.0)
            by = (basis.T @ pair_gradient @ basis) * scale
            return at.value, by[upper] * np.where(upper[0] == upper[1], 0.5, np.sqrt(0.5))

        self._minimise(function, np.zeros(len(upper[0])), iterations)

    def _split(self) -> None:
        """Minimise with couplings in two parts, neither negative."""
        start, n = self._accepted, len(self._accepted.fields)
        upper = np.triu_indices(n, 1)
        pairs = len(upper[0])
        curvature = np.maximum(self._curvature, 1e-6)
        pair_scale = 1 / np.sqrt((curvature[:, None] + curvature)[upper] + self._penalty.l2)
        scale = np.concatenate([pair_scale, pair_scale, 1 / np.sqrt(curvature)])
        first = start.couplings[upper]
        x = np.concatenate([np.maximum(first, 0), np.maximum(-first, 0), start.fields]) / scale

        def function(x: Array) -> tuple[float, Array]:
            positive, negative, fields = np.split(x * scale, [pairs, 2 * pairs])
            couplings = np.zeros((n, n))
            couplings[upper] = positive - negative
            couplings += couplings.T
            at = self._evaluate(couplings, fields)
            l1, pair_gradient = self._penalty.l1, at.pair_gradient[upper]
            # Both parts are paid for: their sum is |J| only where one is zero.
            excess = l1 * float((positive + negative - np.abs(positive - negative)).sum())
            gradient = np.concatenate([pair_gradient + l1, l1 - pair_gradient, at.field_gradient])
            return at.value + excess, gradient * scale

        bounds = [(0, None)] * (2 * pairs) + [(None, None)] * n
        self._minimise(function, x, self._max_iter, bounds)

    def _check_bounded(self, at: _Point, found: Solution) -> None:
        """Raise if it goes down for ever."""
        large = max(np.abs(at.couplings).max(), np.abs(at.fields).max())
        where = f"the couplings run away ({large:.1f} after {self._iterations} iterations): "
        few = "X has too few samples, or too few different ones, to bound them. "
        running = self._absurd >= _PATIENCE
        if self._penalty.l1 or self._penalty.l2:
            if running:
                raise DivergingError(f"{where}{few}Raise l2 (or l1)")
            return
        flat = self._residual() <= self._tol
        if flat and not running:
            way = _distance(at, self._flat_since or at)
            running = self._last_step > _LONG_STEP or way > _LONG_WAY
        # Below this no spin is against its field in any sample, so that more of all is better.
        if at.value < self._wrong:
            raise DivergingError(f"{where}{few}Set l2 (or l1) above 0")
        if large > _LARGE and not running:
            grown = [x * np.where(np.abs(x) > _LARGE, 1.1, 1.0) for x in (at.couplings, at.fields)]
            running = self._evaluate(*grown).value <= at.value
        if running:
            raise DivergingError(f"{where}{few}Set l2 (or l1) above 0", found)


def _distance(one: _Point, other: _Point) -> float:
    couplings = np.abs(one.couplings - other.couplings).max()
    return float(max(couplings, np.abs(one.fields - other.fields).max()))


def _bordered(matrix: Array, vector: Array, corner: float) -> Array:
    """Return a matrix with another row and column, in front."""
    return np.block([[np.array([[corner]]), vector[None]], [vector[:, None], matrix]])


def _symmetric(matrix: Array) -> Array:
    return (matrix + matrix.T) / 2
