"""Graphs of networkx: a spin for each node, a coupling for each edge."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from spinglass._arguments import finite, real_array, shown
from spinglass.adapters.biases import places
from spinglass.models.ising import LARGEST_ENERGY, Ising


def from_networkx(graph: Any, weight: str | None = "weight", coupling: float = 1.0) -> Ising:
    """Return the model of a graph; `spinglass.Ising.from_networkx` documents it."""
    from scipy.sparse import coo_array

    if not all(hasattr(graph, name) for name in ("nodes", "edges", "is_directed")):
        raise TypeError(f"graph must be a graph of networkx, got {shown(graph)}")
    if weight is not None and not isinstance(weight, str):
        raise TypeError(f"weight must be the name of an attribute of edges, got {shown(weight)}")
    factor = finite(coupling, "coupling")
    if graph.is_directed():
        raise ValueError(
            "graph must be undirected, because couplings are symmetric, got a directed graph: "
            "graph.to_undirected() has its edges without their directions, and one of the weights "
            "of a pair that has both"
        )
    labels = list(graph.nodes)
    edges = list(graph.edges(data=False if weight is None else weight, default=1.0))
    if not labels:
        raise ValueError("graph must have at least one node, got an empty graph")
    ends = places(labels, chain.from_iterable(edge[:2] for edge in edges)).reshape(-1, 2)
    rows, columns = ends.T
    if (rows == columns).any():
        node = labels[rows[rows == columns][0]]
        raise ValueError(
            f"graph must have no edge from a node to itself, got one at {shown(node)}: "
            "graph.remove_edges_from(list(networkx.selfloop_edges(graph))) removes them"
        )
    weights = np.ones(len(edges))
    if weight is not None and edges:
        weights = real_array([edge[2] for edge in edges], f'the weights "{weight}"')
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused
        couplings = factor * weights.astype(np.float64)
        largest = 2 * np.abs(couplings).sum()
    if np.isfinite(weights.astype(np.float64)).all() and largest > LARGEST_ENERGY:
        raise ValueError(
            f"coupling times the weights must be at most {LARGEST_ENERGY:g} in sum, got {largest:g}"
        )
    one_way = coo_array((couplings, (rows, columns)), shape=(len(labels),) * 2).tocsr()
    return Ising(one_way + one_way.T, labels=labels)
