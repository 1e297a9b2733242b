"""Binary quadratic models of dimod, of spins or of units, and the models of the same energy."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import numbers, shown
from spinglass.adapters.biases import ising_of, pairwise_of
from spinglass.models.energy import HasEnergy, Pairwise, in_units, structure_of
from spinglass.models.ising import Ising

_VARIABLES: dict[Any, Literal["spins", "units"]] = {"SPIN": "spins", "BINARY": "units"}


def variables_of(bqm: Any) -> Literal["spins", "units"]:
    """Return the kind of variables of a binary quadratic model, or say that it is none."""
    variables = _VARIABLES.get(getattr(getattr(bqm, "vartype", None), "name", None))
    if variables is None or not hasattr(bqm, "to_numpy_vectors"):
        raise TypeError(f"bqm must be a dimod.BinaryQuadraticModel, got {shown(bqm)}")
    return variables


def from_bqm(bqm: Any) -> Ising:
    """Return the model of a binary quadratic model; `spinglass.Ising.from_bqm` documents it."""
    variables = variables_of(bqm)
    linear, pairs, offset, labels = bqm.to_numpy_vectors(return_labels=True)
    if not len(linear):
        raise ValueError("bqm must have at least one variable, got none")
    rows, columns, biases = pairs
    quadratic = rows, columns, _doubles(biases)
    return ising_of(pairwise_of(variables, _doubles(linear), quadratic, offset), labels)


def _doubles(biases: Any) -> NDArray[np.float64]:
    """Return biases in double precision; those of a model in Python objects may be anything."""
    array = np.asarray(biases)
    return numbers(array if array.dtype.kind in "biuf" else array.astype(object), "bqm")


def to_bqm(model: HasEnergy) -> Any:
    """Return a model's energy as a binary quadratic model.

    Parameters
    ----------
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, or anything else with a ``structure()``
        Its energy must have pairs of spins or units, or two layers of units, visible ones first.

    Returns
    -------
    dimod.BinaryQuadraticModel
        Of spins if the model has spins, else of binary variables.

    Raises
    ------
    ImportError
        Without dimod.
    TypeError
        If the model has no such energy.
    MemoryError
        If dense couplings do not fit in memory.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass.adapters.bqm import to_bqm
    >>> Q = [[-1.0, 2.0], [0.0, -1.5]]
    >>> bqm = to_bqm(spinglass.unit_form(spinglass.Ising.from_qubo(Q)))
    >>> bqm.vartype.name, float(bqm.linear[0]), float(bqm.quadratic[0, 1])
    ('BINARY', -1.0, 2.0)
    """
    try:
        import dimod
    except ImportError as error:
        raise ImportError("to_bqm needs dimod: pip install 'spinglass[dimod]'") from error
    from scipy.sparse import coo_array, triu

    pairs = structure_of(model)
    if not isinstance(pairs, Pairwise):
        pairs = in_units(pairs)
    upper = triu(coo_array(pairs.couplings), k=1, format="coo")
    fields = np.zeros(pairs.n_variables) if pairs.fields is None else pairs.fields
    return dimod.BinaryQuadraticModel.from_numpy_vectors(
        0.0 - fields,
        (upper.row, upper.col, 0.0 - upper.data),
        pairs.constant,
        "SPIN" if pairs.variables == "spins" else "BINARY",
        variable_order=getattr(model, "labels", None),
    )
