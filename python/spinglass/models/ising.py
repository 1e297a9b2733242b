"""The Ising model with any couplings, dense or sparse.

The energy is E(s) = -1/2 sum_{i != j} J_ij s_i s_j - sum_i h_i s_i + constant. In a sweep the
couplings are 32-bit integers. The unit of each site is a power of two, such that its local field
stays below 2^30 units. This is finer than single precision, and sums do not drift. Multiples of the
unit (integers, +-1, and the random models of this package) are exact. Energies are computed in
double precision from the couplings as given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, choice, finite, real_vector, shown
from spinglass._registry import above
from spinglass.models.couplings import DENSE_BYTES, bands, symmetric_couplings
from spinglass.models.layout import Layout, faster_layout
from spinglass.models.spin_model import SpinModel

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# The square of an energy must still be a number.
LARGEST_ENERGY = 1e150


class Ising(SpinModel):
    """An Ising model with any couplings, dense or sparse.

    Parameters
    ----------
    couplings : array_like or scipy.sparse matrix or array, (n_spins, n_spins)
        J_ij: real, finite, symmetric (to sixteen units in the last place of the largest), zero
        diagonal. The energy counts each pair once. A positive coupling favours equal spins (dimod
        has the opposite sign).
    fields : array_like, (n_spins,), optional
        h_i; a positive field favours +1.
    constant : float
        A number that is added to every energy, and leaves the law as it is.
    labels : sequence of hashable, optional
        Names of the spins, all different. They do not enter any calculation.
    layout : {"auto", "dense", "sparse"}
        How the couplings are kept for the sweeps: as rows over all spins, or as lists of the spins
        that are coupled to each spin. The default is the faster one for this matrix, whether it is
        given as an array or as a sparse matrix.

    Raises
    ------
    ValueError, TypeError
        If the couplings are not square, not symmetric, not finite or have a diagonal, the fields
        are not N finite numbers, the constant is not finite, or the labels are not N different
        ones.
    MemoryError
        If the couplings do not fit in memory.

    Notes
    -----
    Rows update tiles of sites for many replicas at a time. Lists update replicas side by side, 64
    in a word if all couplings are +-c, there is no field, and no spin has more than 16 neighbours.
    By default lists are used if a spin has at most 192 + N / 16 neighbours on average, as in every
    matrix of up to 205 spins, and rows otherwise. However, a sparse matrix becomes rows only if a
    quarter of all pairs are coupled. The choice depends only on the matrix, not on replicas,
    threads or processor; docs/sampling.md has the measurements. The choice affects the bits of a
    run and the last digits of energies, but not the law. ``layout`` and ``repr`` show the choice:
    ``Ising(<dense couplings of 100 spins, kept as sparse>)`` has lists, although :meth:`couplings`
    returns an array, because an array was given.

    In a sweep a coupling is a 32-bit integer (see the module). Energies are float64, from the
    couplings as given.

    :meth:`from_qubo`, :meth:`from_networkx` and :meth:`from_bqm` (dimod) make the model of what
    other packages have.

    Examples
    --------
    A frustrated triangle has six ground states, of energy -1:

    >>> import spinglass
    >>> triangle = spinglass.Ising([[0, -1, -1], [-1, 0, -1], [-1, -1, 0]])
    >>> triangle.energy([[1, 1, -1], [1, 1, 1]]).tolist()
    [-1.0, 3.0]
    """

    def __init__(
        self,
        couplings: Any,
        fields: ArrayLike | None = None,
        *,
        constant: float = 0.0,
        labels: Sequence[Hashable] | None = None,
        layout: Literal["auto", "dense", "sparse"] = "auto",
    ) -> None:
        choice(layout, "layout", ("auto", *get_args(Layout)))
        matrix = symmetric_couplings(couplings)
        self._is_sparse = not isinstance(matrix, np.ndarray)
        self._n_spins = int(matrix.shape[0])
        self._fields = None if fields is None else real_vector(fields, "fields", self._n_spins)
        self._constant = finite(constant, "constant")
        self._labels = _names(labels, self._n_spins)
        with np.errstate(over="ignore"):
            parts = [matrix] if self._is_sparse else [matrix[rows] for rows in bands(matrix)]
            largest = sum(float(abs(part).sum()) for part in parts)
            if self._fields is not None:
                largest += float(np.abs(self._fields).sum())
            largest += abs(self._constant)
        if largest > LARGEST_ENERGY:
            terms = "couplings, fields and constant" if self._constant else "couplings and fields"
            raise ValueError(f"{terms} must be at most {LARGEST_ENERGY:g} in sum, got {largest:g}")
        self._layout = faster_layout(matrix) if layout == "auto" else layout
        self._model = _kept(matrix, self._layout, self._fields)

    @property
    def n_spins(self) -> int:
        """N."""
        return self._n_spins

    @property
    def fields(self) -> NDArray[np.float64] | None:
        """The fields h_i, or None."""
        return self._fields

    @property
    def constant(self) -> float:
        """A number that is added to every energy."""
        return self._constant

    @property
    def labels(self) -> Sequence[Hashable]:
        """The names of the spins, or their numbers: ``dict(zip(model.labels, state))``."""
        return range(self._n_spins) if self._labels is None else self._labels

    @property
    def layout(self) -> Layout:
        """How the couplings are kept: "dense" or "sparse". The form that was given may differ."""
        return self._layout

    def couplings(self) -> NDArray[np.float64] | csr_array:
        """Return J_ij, (n_spins, n_spins): an array, or a csr_array if it was sparse."""
        if self._is_sparse and self._layout == "sparse":
            return csr_couplings(self._model, self._n_spins)
        check_memory(8 * self._n_spins**2, f"a copy of the couplings of {self._n_spins} spins")
        if self._layout == "sparse":
            return csr_couplings(self._model, self._n_spins).toarray()
        return _csr(self._model.couplings()) if self._is_sparse else self._model.couplings()

    def to_ising(self) -> Ising:
        """Return itself."""
        return self

    def __repr__(self) -> str:
        given = "sparse" if self._is_sparse else "dense"
        kept = "" if self._layout == given else f", kept as {self._layout}"
        fields = "" if self._fields is None else ", fields=..."
        constant = f", constant={self._constant:g}" if self._constant else ""
        return f"Ising(<{given} couplings of {self._n_spins} spins{kept}>{fields}{constant})"

    def __reduce__(self) -> tuple[Any, ...]:
        make = partial(Ising, constant=self._constant, labels=self._labels, layout=self._layout)
        return make, (self.couplings(), self._fields)

    @classmethod
    def from_qubo(cls, Q: Any, offset: float = 0.0) -> Ising:
        """Return the model of a quadratic unconstrained binary optimisation (QUBO).

        Parameters
        ----------
        Q : dict, array_like or scipy.sparse matrix or array, (n, n)
            The energy of units x is sum_ij Q_ij x_i x_j + offset, over all i and j. A matrix can be
            upper or lower triangular, or have parts of each pair on both sides. A dict has pairs of
            labels as keys, ``{("a", "b"): 2.0, ("a", "a"): -1.0}``; what it has for (i, j) and for
            (j, i) is added.
        offset : float
            A number that is added to every energy.

        Returns
        -------
        Ising
            With x = (1 + s) / 2. Its constant makes every energy that of the QUBO, whoever reports
            it. ``labels`` are those of a dict, sorted if they can be. The couplings are sparse but
            for a dense matrix.

        Raises
        ------
        ValueError, TypeError
            If the matrix is not square, a key is not a pair, there is no variable, or a number is
            not real and finite.
        MemoryError
            If the couplings do not fit in memory.

        Examples
        --------
        Choose one of two, and "b" rather than "a":

        >>> import spinglass
        >>> Q = {("a", "a"): -1.0, ("b", "b"): -1.5, ("a", "b"): 3.0}
        >>> model = spinglass.Ising.from_qubo(Q)
        >>> state, energy = spinglass.anneal(model, n_sweeps=20, n_replicas=4, seed=1).best
        >>> energy, dict(zip(model.labels, spinglass.to_bits(state).tolist()))
        (-1.5, {'a': 0, 'b': 1})
        """
        return above("qubo").from_qubo(Q, offset)  # type: ignore[no-any-return]

    @classmethod
    def from_bqm(cls, bqm: Any) -> Ising:
        """Return the model of a binary quadratic model of dimod.

        Parameters
        ----------
        bqm : dimod.BinaryQuadraticModel
            Of spins or of binary variables, with x = (1 + s) / 2.

        Returns
        -------
        Ising
            Its energies are those of ``bqm``, with the offset. ``labels`` are the variables, sorted
            if they can be. Couplings and fields have the opposite sign of dimod's biases.

        Raises
        ------
        ValueError, TypeError
            If it is no such model, has no variable, or a bias is not finite.
        MemoryError
            If the couplings do not fit in memory.

        Examples
        --------
        >>> import dimod, spinglass
        >>> bqm = dimod.BinaryQuadraticModel({"a": -1.0}, {("a", "b"): 2.0}, 0.5, "SPIN")
        >>> model = spinglass.Ising.from_bqm(bqm)
        >>> model.labels, model.energy([1, -1]), float(bqm.energy({"a": 1, "b": -1}))
        (('a', 'b'), -2.5, -2.5)
        """
        return above("bqm").from_bqm(bqm)  # type: ignore[no-any-return]

    @classmethod
    def from_networkx(
        cls, graph: Any, weight: str | None = "weight", coupling: float = 1.0
    ) -> Ising:
        """Return the model of a graph of networkx.

        Parameters
        ----------
        graph : networkx.Graph or networkx.MultiGraph
            A spin for each node. Several edges of one pair are added.
        weight : str or None
            The name of the edges' weights. An edge that has none counts as 1; with None all do.
        coupling : float
            J_ij is this times the weight of the edge. -1 is an antiferromagnet, whose ground states
            are the largest cuts.

        Returns
        -------
        Ising
            With sparse couplings. ``labels`` are the nodes, in the order of the graph.

        Raises
        ------
        ValueError, TypeError
            If it is no such graph, is directed, has no node or an edge from a node to itself, or a
            weight is not real and finite.

        Examples
        --------
        >>> import networkx, spinglass
        >>> graph = networkx.Graph([("a", "b"), ("b", "c")])
        >>> graph.add_edge("c", "a", weight=0.5)
        >>> model = spinglass.Ising.from_networkx(graph, coupling=-1.0)
        >>> state, energy = spinglass.anneal(model, n_sweeps=20, n_replicas=4, seed=1).best
        >>> spins = dict(zip(model.labels, state.tolist()))
        >>> energy, spins["a"] == spins["c"] == -spins["b"]
        (-1.5, True)
        """
        return above("graph").from_networkx(graph, weight, coupling)  # type: ignore[no-any-return]


def _names(labels: Any, n_spins: int) -> tuple[Hashable, ...] | None:
    """Return different names of all spins, or None where they are the numbers of the spins."""
    if labels is None or (isinstance(labels, range) and labels == range(n_spins)):
        return None
    if isinstance(labels, set | frozenset):
        raise TypeError(f"labels must be in the order of the spins, got {shown(labels)}")
    try:
        names = tuple(labels)
        counts = Counter(names)
    except MemoryError:
        raise
    except Exception as error:  # of a tensor that needs a gradient it is a RuntimeError
        raise TypeError(f"labels must be a sequence of hashable names: {error}") from None
    if len(names) != n_spins:
        raise ValueError(f"labels must be {n_spins} names, got {len(names)}")
    if len(counts) < n_spins:
        name, count = counts.most_common(1)[0]
        raise ValueError(f"labels must all be different, got {shown(name)} {count} times")
    return None if names == tuple(range(n_spins)) else names


def _kept(matrix: Any, layout: Layout, fields: NDArray[np.float64] | None) -> _core.SpinModel:
    """Return the model of the core that keeps checked couplings in this layout."""
    is_array = isinstance(matrix, np.ndarray)
    if layout == "dense":
        if not is_array:
            n_spins = matrix.shape[0]
            check_memory(DENSE_BYTES * n_spins**2, f"a model of {n_spins} spins, kept as dense,")
        return _core.dense_model(matrix if is_array else matrix.toarray(), fields)
    rows = _csr(matrix) if is_array else matrix
    indptr, indices = (np.asarray(x, dtype=np.int64) for x in (rows.indptr, rows.indices))
    return _core.sparse_model(indptr, indices, rows.data, fields)


def _csr(matrix: NDArray[np.float64]) -> Any:
    from scipy.sparse import csr_array

    return csr_array(matrix)


def csr_couplings(model: Any, n_spins: int) -> csr_array:
    """Return the couplings of a sparse model of the core; double bonds are added up."""
    from scipy.sparse import csr_array

    offsets, columns, values = model.couplings()
    matrix = csr_array((values, columns, offsets), shape=(n_spins, n_spins))
    matrix.sum_duplicates()
    return matrix
