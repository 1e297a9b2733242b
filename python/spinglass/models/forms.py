"""The same energies in spins -1 and +1 and in units 0 and 1.

`spinglass.models.energy` has the equations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import (
    copied,
    finite,
    real_array,
    real_vector,
    spin_array,
    units_hint,
)
from spinglass._shapes import Many, One
from spinglass.models.couplings import symmetric_couplings
from spinglass.models.energy import HasEnergy, Pairwise, in_spins, in_units, structure_of
from spinglass.models.ising import Ising


@dataclass(frozen=True, eq=False, repr=False)
class SpinForm:
    """E(s) = -1/2 sum_{i != j} J_ij s_i s_j - sum_i h_i s_i + constant, spins -1 and +1.

    Attributes
    ----------
    couplings : numpy.ndarray or scipy.sparse.csr_array of float64, (n, n)
        J_ij: symmetric, zero diagonal.
    fields : numpy.ndarray of float64, (n,)
        h_i; zeros if None is given.
    constant : float
        A number that is added to every energy.

    Raises
    ------
    ValueError, TypeError
        If the couplings are not square, not symmetric, not finite or have a diagonal, or the fields
        or the constant are not finite numbers.

    Examples
    --------
    >>> import spinglass
    >>> form = spinglass.SpinForm([[0, 1], [1, 0]], constant=2.0)
    >>> form.energy([[1, 1], [1, -1]]).tolist()
    [1.0, 3.0]
    """

    couplings: Any
    fields: Any = None
    constant: float = 0.0

    _structure_is_checked = True

    def __post_init__(self) -> None:
        _check(self, "fields")

    def __repr__(self) -> str:
        return _repr(self, "spins", "fields")

    def structure(self) -> Pairwise:
        """Return couplings, fields and constant: the structure of the energy."""
        return Pairwise("spins", self.couplings, self.fields, self.constant)

    @overload
    def energy(self, spins: One) -> float: ...
    @overload
    def energy(self, spins: Many) -> NDArray[np.float64]: ...
    @overload
    def energy(self, spins: ArrayLike) -> Any: ...
    def energy(self, spins: ArrayLike) -> float | NDArray[np.float64]:
        """Return the energy of a state, or of each state of a batch.

        Parameters
        ----------
        spins : array_like, (n,) or (n_states, n)
            -1 and +1.

        Returns
        -------
        float or numpy.ndarray of float64, (n_states,)
        """
        states = spin_array(spins, "spins", len(self.fields))
        return _energy(self.couplings, self.fields, self.constant, states, "spins")

    def to_ising(self) -> Ising:
        """Return the :class:`Ising` model of these couplings and fields, without the constant."""
        return Ising(self.couplings, self.fields if self.fields.any() else None)


@dataclass(frozen=True, eq=False, repr=False)
class UnitForm:
    """E(u) = -1/2 sum_{i != j} W_ij u_i u_j - sum_i b_i u_i + constant, units 0 and 1.

    A quadratic unconstrained binary optimisation, E = u Q u, has W = -(Q + Q^T) off the diagonal,
    and b = -diag Q. :meth:`Ising.from_qubo` makes the spin model of one.

    Attributes
    ----------
    couplings : numpy.ndarray or scipy.sparse.csr_array of float64, (n, n)
        W_ij: symmetric, zero diagonal.
    biases : numpy.ndarray of float64, (n,)
        b_i; zeros if None is given.
    constant : float
        A number that is added to every energy.

    Raises
    ------
    ValueError, TypeError
        As :class:`SpinForm`.

    Examples
    --------
    >>> import numpy as np
    >>> Q = np.array([[-1.0, 2.0], [0.0, -1.0]])  # one of two, not both
    >>> form = UnitForm(-(Q + Q.T) * (1 - np.eye(2)), -np.diag(Q))
    >>> form.energy([[0, 0], [0, 1], [1, 0], [1, 1]]).tolist()
    [0.0, -1.0, -1.0, 0.0]
    >>> spin_form(form).energy([-1, 1])
    -1.0
    """

    couplings: Any
    biases: Any = None
    constant: float = 0.0

    _structure_is_checked = True

    def __post_init__(self) -> None:
        _check(self, "biases")

    def __repr__(self) -> str:
        return _repr(self, "units", "biases")

    def structure(self) -> Pairwise:
        """Return couplings, biases and constant: the structure of the energy."""
        return Pairwise("units", self.couplings, self.biases, self.constant)

    @overload
    def energy(self, units: One) -> float: ...
    @overload
    def energy(self, units: Many) -> NDArray[np.float64]: ...
    @overload
    def energy(self, units: ArrayLike) -> Any: ...
    def energy(self, units: ArrayLike) -> float | NDArray[np.float64]:
        """Return the energy of a state, or of each state of a batch.

        Parameters
        ----------
        units : array_like, (n,) or (n_states, n)
            0 and 1.

        Returns
        -------
        float or numpy.ndarray of float64, (n_states,)
        """
        n, given = len(self.biases), real_array(units, "units", "numbers 0 and 1")
        states = copied(given, given.dtype)  # what is checked is ours
        valid = np.equal(states, 0) | np.equal(states, 1)
        if not valid.all():
            culprit = states[~valid].ravel()[0]
            raise ValueError(f"units must hold only 0 and 1, got {culprit}{units_hint(culprit)}")
        if states.ndim == 0 or states.shape[-1] != n:
            raise ValueError(f"units must have shape ({n},) or (n_states, {n}), got {states.shape}")
        return _energy(self.couplings, self.biases, self.constant, states, "units")


def spin_form(model: HasEnergy) -> SpinForm:
    """Return the couplings, fields and constant of a model in spins -1 and +1.

    Parameters
    ----------
    model : SpinModel, BernoulliRBM, UnitForm, SpinForm, or anything else with a ``structure()``
        Its energy must have pairs of spins or units, or two layers of units. With two layers the
        form has all units, visible ones first.

    Returns
    -------
    SpinForm
        Sparse if the model's couplings are.

    Raises
    ------
    TypeError
        If the model has no such energy.
    MemoryError
        If dense couplings do not fit in memory.

    Examples
    --------
    >>> import spinglass
    >>> machine = spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit([[0, 1, 1]])
    >>> form = spinglass.spin_form(machine)
    >>> bool(abs(form.energy([-1, 1, 1, 1, -1]) - machine.energy([[0, 1, 1]], [[1, 0]])[0]) < 1e-12)
    True
    """
    if isinstance(model, SpinForm):
        return model
    form = in_spins(structure_of(model))
    return SpinForm(form.couplings, form.fields, form.constant)


def unit_form(model: HasEnergy) -> UnitForm:
    """Return the couplings, biases and constant of a model in units 0 and 1, u = (1 + s) / 2.

    Parameters
    ----------
    model : SpinModel, BernoulliRBM, SpinForm, UnitForm, or anything else with a ``structure()``
        As in :func:`spin_form`.

    Returns
    -------
    UnitForm
        Sparse if the model's couplings are.

    Raises
    ------
    TypeError
        If the model has no such energy.
    MemoryError
        If dense couplings do not fit in memory.

    Examples
    --------
    >>> import spinglass
    >>> ring = spinglass.Ising([[0, 1, 1], [1, 0, 1], [1, 1, 0]], fields=[0.5, 0, 0])
    >>> form = spinglass.unit_form(ring)
    >>> form.biases.tolist(), form.constant
    ([-3.0, -4.0, -4.0], -2.5)
    >>> form.energy([1, 0, 1]), ring.energy([1, -1, 1])
    (0.5, 0.5)
    """
    if isinstance(model, UnitForm):
        return model
    form = in_units(structure_of(model))
    return UnitForm(form.couplings, form.fields, form.constant)


def _check(form: SpinForm | UnitForm, linear: str) -> None:
    """Replace what was given by checked copies that cannot be written to."""
    couplings = symmetric_couplings(form.couplings)
    if couplings is form.couplings or np.may_share_memory(
        getattr(couplings, "data", couplings), getattr(form.couplings, "data", form.couplings)
    ):
        couplings = couplings.copy()
    n, given = couplings.shape[0], getattr(form, linear)
    values = real_vector(np.zeros(n) if given is None else given, linear, n)
    array = couplings if isinstance(couplings, np.ndarray) else couplings.data
    array.flags.writeable = False
    object.__setattr__(form, "couplings", couplings)
    object.__setattr__(form, linear, values)
    object.__setattr__(form, "constant", finite(form.constant, "constant"))


def _repr(form: SpinForm | UnitForm, variables: str, linear: str) -> str:
    kind = "dense" if isinstance(form.couplings, np.ndarray) else "sparse"
    couplings = f"<{kind} couplings of {form.couplings.shape[0]} {variables}>"
    return f"{type(form).__name__}({couplings}, {linear}=..., constant={form.constant:g})"


def _energy(
    couplings: Any, linear: NDArray[np.float64], constant: float, states: Any, name: str
) -> float | NDArray[np.float64]:
    if states.ndim > 2:
        n = len(linear)
        raise ValueError(f"{name} must have shape ({n},) or (n_states, {n}), got {states.shape}")
    batch = np.atleast_2d(states).astype(np.float64)
    pairs = (np.asarray((couplings @ batch.T).T) * batch).sum(axis=1)
    energies: NDArray[np.float64] = constant - pairs / 2 - (batch * linear).sum(axis=1)
    return float(energies[0]) if states.ndim == 1 else energies
