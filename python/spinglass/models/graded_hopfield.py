"""The Hopfield network of graded neurons: a circuit whose voltages settle in a minimum.

J. J. Hopfield, Proc. Natl. Acad. Sci. USA 81, 3088 (1984). Neuron i has the potential u_i and the
output V_i = tanh(gain_i u_i), and the circuit obeys (eq. 5 there)

    C_i du_i/dt = sum_j T_ij V_j - u_i / R_i + I_i.

With symmetric T no trajectory raises the energy (eq. 7 there)

    E(V) = -1/2 sum_ij T_ij V_i V_j - sum_i I_i V_i + sum_i (1/R_i) int_0^{V_i} artanh(V)/gain_i dV,

because dE/dt = -sum_i C_i (dV_i/du_i) (du_i/dt)^2. The integrals are (1/2) [(1+V) ln(1+V) +
(1-V) ln(1-V)] / (gain R), which vanish at a large gain. What is left is the energy of spins, whose
minima are at corners.

At rest V_i = tanh(gain_i R_i (sum_j T_ij V_j + I_i)). These are the equations of naive mean field
at beta = gain R, and E is its free energy but for a constant, F = E - N ln 2 / beta.
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import real_array, shown
from spinglass._progress import Progress
from spinglass._random import Seed
from spinglass._shapes import Many, One
from spinglass._text import counted
from spinglass.models.couplings import symmetric_couplings
from spinglass.models.energy import HasEnergy, Unstructured, in_spins, structure_of
from spinglass.models.relaxation import Method, Relaxation, relaxed

# Between such bounds squares and ratios of all quantities are doubles.
_SMALLEST = 1e-50
_LARGEST = 1e50

# The most that the rates of a circuit may exceed 1 / (R C): beyond, no step resolves both.
STIFFEST = 1e12


class GradedHopfield:
    """A Hopfield network of neurons with continuous outputs between -1 and +1.

    C_i du_i/dt = sum_j T_ij V_j - u_i / R_i + I_i with V_i = tanh(gain_i u_i).

    Parameters
    ----------
    couplings : array_like, scipy.sparse matrix or array, or a model with pairs of spins
        T_ij: real, finite, symmetric, (n_neurons, n_neurons). A neuron may be coupled to itself. A
        model (:class:`Hopfield`, :class:`Ising`, ...) gives its couplings, and its fields are
        currents.
    gain : float or array_like, (n_neurons,)
        The slope dV/du at u = 0: positive.
    resistance, capacitance : float or array_like, (n_neurons,)
        R_i and C_i: positive. R C is the time constant of a neuron.
    currents : float or array_like, (n_neurons,)
        I_i. The fields of a model are added.

    Raises
    ------
    ValueError, TypeError
        If the couplings are not square, symmetric and finite, or another argument is not one
        number or one for each neuron, or is out of range (1e-50 to 1e50 for what is positive), or
        if the rates are more than 1e12 times 1 / (R C).
    MemoryError
        If dense couplings do not fit in memory.

    Notes
    -----
    At rest V_i = tanh(gain R (sum_j T_ij V_j + I_i)), as in naive mean field at beta = gain R. With
    zero diagonal and a large gain, the stable states are those of spins in the same couplings.

    Examples
    --------
    >>> import spinglass
    >>> patterns = spinglass.random_patterns(3, 60, seed=1)
    >>> network = spinglass.GradedHopfield(spinglass.Hopfield(patterns), gain=5.0)
    >>> start = spinglass.corrupt(patterns[1], flip=0.2, seed=2)
    >>> found = network.relax(0.1 * start)
    >>> found.converged, bool(((found.states > 0) == (patterns[1] > 0)).all())
    (True, True)
    """

    def __init__(
        self,
        couplings: Any,
        gain: ArrayLike,
        resistance: ArrayLike = 1.0,
        capacitance: ArrayLike = 1.0,
        currents: ArrayLike = 0.0,
    ) -> None:
        fields: Any = None
        if isinstance(couplings, HasEnergy) and not isinstance(couplings, type):
            try:
                structure = in_spins(structure_of(couplings))
            except TypeError as error:  # it is called the model there
                raise TypeError(str(error).replace("model", "couplings", 1)) from None
            self._couplings, fields = structure.couplings, structure.fields
        else:
            self._couplings = symmetric_couplings(couplings, with_diagonal=True)
        n = self.n_neurons
        self._gain = _positive(gain, "gain", n)
        self._resistance = _positive(resistance, "resistance", n)
        self._capacitance = _positive(capacitance, "capacitance", n)
        self._currents = _each(currents, "currents", n)
        if fields is not None:
            self._currents = self._currents + fields
        sums = np.asarray(abs(self._couplings).sum(axis=1)).ravel() + np.abs(self._currents)
        with np.errstate(over="ignore"):
            stiffness = float((self._gain * self._resistance * sums).max())
        if not stiffness <= STIFFEST:
            raise ValueError(
                "gain times resistance times couplings and currents must be at most "
                f"{STIFFEST:g}, got {stiffness:g}"
            )

    @property
    def n_neurons(self) -> int:
        """N."""
        return int(self._couplings.shape[0])

    @property
    def gain(self) -> NDArray[np.float64]:
        """The gains, (n_neurons,)."""
        return self._gain

    @property
    def currents(self) -> NDArray[np.float64]:
        """The currents I_i, with the fields of a model, (n_neurons,)."""
        return self._currents

    @property
    def time_constants(self) -> NDArray[np.float64]:
        """R_i C_i, (n_neurons,)."""
        constants: NDArray[np.float64] = self._resistance * self._capacitance
        return constants

    def couplings(self) -> Any:
        """Return a copy of T_ij, an array or a ``scipy.sparse.csr_array``."""
        return self._couplings.copy()

    def structure(self) -> Unstructured:
        """Return that the energy has no pairs of spins."""
        return Unstructured("real", self.n_neurons)

    def __repr__(self) -> str:
        low, high = self._gain.min(), self._gain.max()
        gains = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        return f"GradedHopfield(<couplings of {counted(self.n_neurons, 'neuron')}>, gain={gains})"

    @overload
    def energy(self, states: One) -> float: ...
    @overload
    def energy(self, states: Many) -> NDArray[np.float64]: ...
    @overload
    def energy(self, states: ArrayLike) -> Any: ...
    def energy(self, states: ArrayLike) -> float | NDArray[np.float64]:
        """Return the energy that no trajectory raises.

        E(V) = -1/2 sum_ij T_ij V_i V_j - sum_i I_i V_i
        + sum_i [(1 + V_i) ln(1 + V_i) + (1 - V_i) ln(1 - V_i)] / (2 gain_i R_i).

        Parameters
        ----------
        states : array_like, (n_neurons,) or (n_states, n_neurons)
            Outputs V, between -1 and +1.

        Returns
        -------
        float or numpy.ndarray of float64, (n_states,)

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.

        Examples
        --------
        >>> import spinglass
        >>> spinglass.GradedHopfield([[0, 1], [1, 0]], gain=1e9).energy([[1, 1], [0, 0]]).round(6)
        array([-1.,  0.])
        """
        array = real_array(states, "states")
        n = self.n_neurons
        if array.ndim not in (1, 2) or array.shape[-1] != n:
            raise ValueError(f"states must have shape ({n},) or (n_states, {n}), got {array.shape}")
        outputs = np.array(array, dtype=np.float64)
        wrong = ~(np.abs(outputs) <= 1)
        if wrong.any():
            raise ValueError(f"states must lie between -1 and +1, got {outputs[wrong][0]}")
        energies = self._energies(np.atleast_2d(outputs))
        return float(energies[0]) if outputs.ndim == 1 else energies

    def relax(
        self,
        initial: ArrayLike | None = None,
        *,
        n_starts: int = 1,
        max_time: float | None = None,
        tolerance: float = 1e-6,
        rtol: float = 1e-8,
        method: Method | None = None,
        keep_trajectory: bool = True,
        max_seconds: float | None = None,
        seed: Seed = None,
        progress: Progress = False,
    ) -> Relaxation:
        """Follow the circuit until it is at rest.

        Parameters
        ----------
        initial : array_like, (n_neurons,) or (n_starts, n_neurons), optional
            Potentials u at time 0. By default each is uniform between -0.1 and 0.1 over its gain.
        n_starts : int
            Number of starts; with ``initial`` it is left out.
        max_time : float, optional
            The end, in the units of R C: from 1e-30 to 1e15 time constants. By default it is 100 of
            the largest.
        tolerance : float
            A circuit is at rest when R_i C_i |du_i/dt| is at most this times (|u_i| + 1/gain_i) for
            every neuron.
        rtol : float
            Largest relative error of a step, 1e-13 to 0.01; the absolute one is rtol / gain.
        method : {"LSODA", "BDF", "Radau", "RK45", "DOP853"}, optional
            A solver of SciPy. The default is LSODA, which changes to an implicit method where the
            circuit is stiff, and RK45 for more than 1000 neurons, where a step has no matrix to
            factor.
        keep_trajectory : bool
            Whether the result has the trajectories.
        max_seconds : float, optional
            The integration ends after this time, so the result depends on the machine.
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
            Start k depends only on (seed, k).
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in starts.

        Returns
        -------
        Relaxation

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        MemoryError
            If the starts do not fit in memory.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the starts that are finished.

        Notes
        -----
        A state at rest may be a saddle: without currents u = 0 is one. What passes through SciPy
        is not the same on every processor to the last digit.

        Examples
        --------
        One neuron is a capacitor that is charged, u = R I (1 - exp(-t / R C)):

        >>> import numpy as np, spinglass
        >>> neuron = spinglass.GradedHopfield([[0.0]], gain=1.0, currents=2.0)
        >>> path = neuron.relax([0.0], max_time=3.0).trajectory
        >>> bool(np.allclose(path.potentials[:, 0], 2 * (1 - np.exp(-path.times)), atol=1e-6))
        True
        """
        return relaxed(
            self, initial, n_starts, max_time, tolerance, rtol, method, keep_trajectory,
            max_seconds, seed, progress,
        )  # fmt: skip

    def _outputs(self, potentials: NDArray[np.float64]) -> NDArray[np.float64]:
        outputs: NDArray[np.float64] = np.tanh(self._gain * potentials)
        return outputs

    def _rates(self, _: float, potentials: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return du/dt."""
        return self._imbalance(potentials) / self.time_constants

    def _imbalance(self, potentials: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return R C du/dt = R (T V + I) - u."""
        inflow = self._couplings @ self._outputs(potentials) + self._currents
        imbalance: NDArray[np.float64] = self._resistance * inflow - potentials
        return imbalance

    def _jacobian(self, _: float, potentials: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivatives of du_i/dt by u_j."""
        slopes = self._gain * (1 - self._outputs(potentials) ** 2)
        scaled = self._couplings * slopes
        dense: NDArray[np.float64] = scaled if isinstance(scaled, np.ndarray) else scaled.toarray()
        dense = dense / self._capacitance[:, None]
        dense[np.diag_indices_from(dense)] -= 1 / self.time_constants
        return dense

    def _energies(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import xlogy

        pairs = (np.asarray((self._couplings @ outputs.T).T) * outputs).sum(axis=1)
        entropies = xlogy(1 + outputs, 1 + outputs) + xlogy(1 - outputs, 1 - outputs)
        energies: NDArray[np.float64] = (
            -pairs / 2
            - outputs @ self._currents
            + entropies @ (0.5 / (self._gain * self._resistance))
        )
        return energies


def _each(values: ArrayLike, name: str, n: int) -> NDArray[np.float64]:
    """Return one finite number for each neuron."""
    array = real_array(values, name)
    if array.dtype == np.bool_:
        raise TypeError(f"{name} must hold real numbers, got {shown(values)}")
    if array.shape not in ((), (n,)):
        raise ValueError(f"{name} must be a number or have shape ({n},), got {array.shape}")
    numbers = np.array(np.broadcast_to(array, (n,)), dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be finite, got {numbers[~np.isfinite(numbers)][0]}")
    numbers.flags.writeable = False
    return numbers


def _positive(values: ArrayLike, name: str, n: int) -> NDArray[np.float64]:
    numbers = _each(values, name, n)
    if not ((numbers >= _SMALLEST) & (numbers <= _LARGEST)).all():
        came = shown(values) if np.ndim(values) == 0 else f"{numbers.min():g} to {numbers.max():g}"
        raise ValueError(f"{name} must be from {_SMALLEST:g} to {_LARGEST:g}, got {came}")
    return numbers
