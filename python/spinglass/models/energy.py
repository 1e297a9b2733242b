"""Every model with an energy describes it by data: its variables and the structure of the energy.

A model's ``structure()`` is one of three: pairs (couplings, fields, constant), two layers (weights,
biases), or neither. Every calculation (sums, annealing, mean field, the change between spins and
units) looks at the structure, never at the class: the list of structures is complete, while models
are added all the time.

With s = 2u - 1, a quadratic function of spins is a quadratic function of units, and vice versa:

    E(s) = -1/2 sum_{i != j} J_ij s_i s_j - sum_i h_i s_i + c
    E(u) = -1/2 sum_{i != j} W_ij u_i u_j - sum_i b_i u_i + d

    W = 4 J,   b_i = 2 h_i - 2 sum_j J_ij,   d = c + sum_i h_i - 1/2 sum_{ij} J_ij

(S. G. Brush, Rev. Mod. Phys. 39, 883 (1967), sect. IV, of the Ising model and the lattice gas).
Nothing is approximated. The factors are powers of two, so only the sums are rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import (
    attribute,
    check_memory,
    choice,
    finite,
    foreign_model,
    real_array,
    real_vector,
)
from spinglass._printed import printed
from spinglass.models.couplings import symmetric_couplings

_Floats: TypeAlias = NDArray[np.float64]


@printed
@dataclass(frozen=True, eq=False)
class Pairwise:
    """E(x) = -1/2 sum_{i != j} J_ij x_i x_j - sum_i h_i x_i + constant.

    Attributes
    ----------
    variables : {"spins", "units"}
        x is -1 and +1, or 0 and 1.
    couplings : numpy.ndarray or scipy.sparse.csr_array of float64, (n, n)
        J_ij: symmetric, zero diagonal.
    fields : numpy.ndarray of float64, (n,), or None
        h_i.
    constant : float
        A number that is added to every energy.

    Examples
    --------
    >>> from spinglass import exact
    >>> from spinglass.models import Pairwise
    >>> class Pair:
    ...     def structure(self):
    ...         return Pairwise("spins", [[0.0, 1.0], [1.0, 0.0]])
    >>> exact.ground_states(Pair()).tolist()
    [[-1, -1], [1, 1]]
    """

    variables: Literal["spins", "units"]
    couplings: Any
    fields: _Floats | None = None
    constant: float = 0.0

    @property
    def n_variables(self) -> int:
        """Number of spins or units."""
        return int(self.couplings.shape[0])

    def dense_couplings(self) -> _Floats:
        """Return J_ij as a dense array."""
        couplings = self.couplings
        dense = couplings if isinstance(couplings, np.ndarray) else couplings.toarray()
        return np.ascontiguousarray(dense)


@printed
@dataclass(frozen=True, eq=False)
class Layered:
    """E(v, h) of visible and hidden units that are coupled across the layers only.

    With units 0 and 1 in both layers E = -a.v - b.h - h W v. With real visible units E =
    sum_i (v_i - a_i)^2 / (2 s_i) - b.h - sum_ji h_j W_ji v_i / s_i.

    Attributes
    ----------
    visible : {"units", "real"}
        The kind of the visible variables. Hidden ones are units 0 and 1.
    weights : numpy.ndarray, (n_hidden, n_visible)
        W.
    visible_biases : numpy.ndarray, (n_visible,)
        a.
    hidden_biases : numpy.ndarray, (n_hidden,)
        b.
    variances : numpy.ndarray, (n_visible,), or None
        s_i, of real visible units.

    Examples
    --------
    >>> import numpy as np
    >>> from spinglass import exact
    >>> from spinglass.models import Layered
    >>> class Uncoupled:
    ...     def structure(self):
    ...         return Layered("units", np.zeros((2, 3)), np.zeros(3), np.zeros(2))
    >>> bool(np.isclose(exact.log_partition(Uncoupled()), 5 * np.log(2)))  # five free units
    True
    """

    visible: Literal["units", "real"]
    weights: NDArray[Any]
    visible_biases: NDArray[Any]
    hidden_biases: NDArray[Any]
    variances: NDArray[Any] | None = None

    @property
    def n_variables(self) -> int:
        """Number of variables of both layers."""
        return len(self.visible_biases) + len(self.hidden_biases)


@dataclass(frozen=True)
class Unstructured:
    """An energy that has neither pairs nor layers, and is known only by its values.

    Attributes
    ----------
    variables : {"spins", "units", "real"}
        The kind of the variables.
    n_variables : int
        Number of variables.

    Examples
    --------
    >>> from spinglass import exact
    >>> from spinglass.models import Unstructured
    >>> class Triple:
    ...     def structure(self):
    ...         return Unstructured("spins", 3)
    >>> try:
    ...     exact.log_partition(Triple())
    ... except TypeError as error:
    ...     print(error)
    model must have pairs or two layers, got an energy without pairs of spins
    """

    variables: Literal["spins", "units", "real"]
    n_variables: int


Structure: TypeAlias = Pairwise | Layered | Unstructured


@runtime_checkable
class HasEnergy(Protocol):
    """The protocol of every model with an energy: spin models, machines, forms.

    Examples
    --------
    Your own class can follow it:

    >>> import numpy as np
    >>> from spinglass import exact
    >>> class Ring:
    ...     def structure(self):
    ...         couplings = np.roll(np.eye(5), 1, axis=1)
    ...         return Pairwise("spins", couplings + couplings.T)
    >>> round(exact.log_partition(Ring()), 6)  # 5 ln(2 cosh 1) + ln(1 + tanh(1)^5)
    5.86275
    """

    def structure(self) -> Structure:
        """Return the variables of the model and the structure of its energy."""


def structure_of(model: Any) -> Structure:
    """Return the structure of a model; raise TypeError if it has no energy.

    The structure of a user's own model is checked. Models of this package keep checked arrays.
    """
    if not isinstance(model, HasEnergy) or isinstance(model, type):
        raise TypeError(
            "model must have an energy (a spin model, a fitted Boltzmann machine, a SpinForm or a "
            f"UnitForm), got {_instead(model)}"
        )
    structure = model.structure()
    return structure if getattr(model, "_structure_is_checked", False) else _checked(structure)


def _instead(model: Any) -> str:
    """Return what came instead of a model, and the way from it to one."""
    from scipy.sparse import issparse

    if what := foreign_model(model):
        return what
    name = type(model).__name__
    if isinstance(model, np.ndarray) or issparse(model):
        return f"{name}; spinglass.Ising(couplings) is the model of a matrix of couplings"
    if isinstance(model, Mapping):
        return "a dict; spinglass.Ising.from_qubo(Q) is the model of a QUBO"
    return name + (": its to_ising() has one" if attribute(model, "to_ising") else "")


def _checked(structure: Any) -> Structure:
    """Return what a model answered with arrays in double precision, or say what is wrong."""
    if isinstance(structure, Pairwise):
        choice(structure.variables, "structure(): variables", ("spins", "units"))
        couplings = symmetric_couplings(structure.couplings)
        fields = structure.fields
        if fields is not None:
            fields = real_vector(fields, "structure(): fields", couplings.shape[0])
        constant = finite(structure.constant, "structure(): constant")
        return Pairwise(structure.variables, couplings, fields, constant)
    if isinstance(structure, Layered):
        choice(structure.visible, "structure(): visible", ("units", "real"))
        weights = real_array(structure.weights, "structure(): weights").astype(np.float64)
        if weights.ndim != 2 or not np.isfinite(weights).all():
            raise ValueError(
                "structure(): weights must be finite numbers of shape (n_hidden, n_visible), got "
                f"shape {weights.shape}"
            )
        n_hidden, n_visible = weights.shape
        variances = structure.variances
        if (structure.visible == "real") != (variances is not None):
            raise ValueError(
                "structure(): variances must be given for real visible variables, and only for them"
            )
        if variances is not None:
            variances = real_vector(variances, "structure(): variances", n_visible)
            if not (variances > 0).all():
                raise ValueError("structure(): variances must be positive")
        return Layered(
            structure.visible,
            weights,
            real_vector(structure.visible_biases, "structure(): visible_biases", n_visible),
            real_vector(structure.hidden_biases, "structure(): hidden_biases", n_hidden),
            variances,
        )
    if isinstance(structure, Unstructured):
        return structure
    raise TypeError(
        "structure() must return Pairwise, Layered or Unstructured (of spinglass.models), got "
        f"{type(structure).__name__}"
    )


def in_spins(structure: Structure) -> Pairwise:
    """Return the same energy with pairs of spins -1 and +1; visible units come first."""
    if isinstance(structure, Pairwise) and structure.variables == "spins":
        return structure
    units = in_units(structure)
    biases, rows = _fields(units), _row_sums(units.couplings)
    return Pairwise(
        "spins",
        units.couplings / 4,
        biases / 2 + rows / 4,
        units.constant - float(biases.sum()) / 2 - float(rows.sum()) / 8,
    )


def in_units(structure: Structure) -> Pairwise:
    """Return the same energy with pairs of units 0 and 1; visible units come first."""
    if isinstance(structure, Layered) and structure.visible == "units":
        return _across(structure)
    if not isinstance(structure, Pairwise):
        raise TypeError(
            "model must have pairs of spins or units, or two layers of units, got "
            f"{name_of(structure)}"
        )
    if structure.variables == "units":
        return structure
    fields, rows = _fields(structure), _row_sums(structure.couplings)
    return Pairwise(
        "units",
        4 * structure.couplings,
        2 * fields - 2 * rows,
        structure.constant + float(fields.sum()) - float(rows.sum()) / 2,
    )


def name_of(structure: Structure) -> str:
    """Return the words for a structure that messages use."""
    if isinstance(structure, Layered):
        return f"two layers with {structure.visible} visible variables".replace("units", "0/1")
    kind = "pairs of " if isinstance(structure, Pairwise) else "an energy without pairs of "
    return f"{kind}{structure.variables}"


def _across(structure: Layered) -> Pairwise:
    W, b, a = (
        np.asarray(x, dtype=np.float64)
        for x in (structure.weights, structure.hidden_biases, structure.visible_biases)
    )
    n = len(a) + len(b)
    check_memory(28 * n * n, f"the couplings of {n} units")
    couplings = np.zeros((n, n))
    couplings[: len(a), len(a) :] = W.T
    couplings[len(a) :, : len(a)] = W
    return Pairwise("units", couplings, np.concatenate([a, b]))


def _fields(structure: Pairwise) -> _Floats:
    return np.zeros(structure.n_variables) if structure.fields is None else structure.fields


def _row_sums(couplings: Any) -> _Floats:
    return np.asarray(couplings.sum(axis=1), dtype=np.float64).ravel()
