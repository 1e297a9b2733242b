"""A graph of networkx becomes a spin model: a spin for each node, a coupling for each edge."""

import numpy as np
import pytest

import spinglass
from spinglass import Ising

networkx = pytest.importorskip("networkx")


def test_couplings_are_weights_and_one_where_there_is_none():
    graph = networkx.Graph([("b", "a"), ("a", (1, 2))])
    graph.add_edge("b", (1, 2), weight=-2.5)
    graph.add_node("alone")
    model = Ising.from_networkx(graph, coupling=-2.0)
    assert model.labels == ("b", "a", (1, 2), "alone")
    b, a, pair, alone = range(4)
    expected = np.zeros((4, 4))
    expected[b, a] = expected[a, pair] = -2.0
    expected[b, pair] = 5.0
    np.testing.assert_array_equal(model.couplings().toarray(), expected + expected.T)
    assert not model.couplings().toarray()[alone].any()


def test_the_name_of_the_weights_is_chosen():
    graph = networkx.Graph()
    graph.add_edge(0, 1, weight=3.0, J=-1)
    for weight, coupling in (("weight", 3.0), ("J", -1.0), ("other", 1.0), (None, 1.0)):
        assert Ising.from_networkx(graph, weight).couplings()[0, 1] == coupling


def test_several_edges_of_a_pair_are_added():
    graph = networkx.MultiGraph([(0, 1), (1, 0), (1, 2)])
    graph.add_edge(0, 1, weight=0.5)
    couplings = Ising.from_networkx(graph).couplings()
    assert (couplings[0, 1], couplings[1, 0], couplings[1, 2]) == (2.5, 2.5, 1.0)


def test_the_couplings_are_those_that_networkx_has():
    graph = networkx.gnm_random_graph(40, 200, seed=1)
    weights = np.random.default_rng(1).normal(size=200)
    for (a, b), weight in zip(graph.edges, weights, strict=True):
        graph.edges[a, b]["weight"] = weight
    expected = networkx.to_numpy_array(graph)
    np.testing.assert_array_equal(Ising.from_networkx(graph).couplings().toarray(), expected)


def test_a_periodic_grid_is_the_square_lattice():
    graph = networkx.grid_2d_graph(4, 5, periodic=True)
    model, lattice = Ising.from_networkx(graph), spinglass.SquareLattice((4, 5))
    assert model.labels[7] == (1, 2)
    np.testing.assert_array_equal(model.couplings().toarray(), lattice.couplings().toarray())


def test_a_graph_of_nodes_alone_has_no_couplings():
    graph = networkx.empty_graph(3)
    assert Ising.from_networkx(graph).energy([1, -1, 1]) == 0.0


def looped():
    return networkx.Graph([("a", "b"), ("b", "b")])


@pytest.mark.parametrize(
    ("graph", "options", "error", "message"),
    [
        (networkx.Graph(), {}, ValueError, "graph must have at least one node"),
        (networkx.DiGraph([(0, 1)]), {}, ValueError, "graph must be undirected"),
        (networkx.MultiDiGraph([(0, 1)]), {}, ValueError, r"graph.to_undirected\(\) has its edges"),
        (networkx.DiGraph([(0, 1), (1, 0)]), {}, ValueError, "and one of the weights of a pair"),
        (looped(), {}, ValueError, r"got one at 'b': .*selfloop_edges\(graph\)"),
        ([(0, 1)], {}, TypeError, r"graph must be a graph of networkx, got \[\(0, 1\)\]"),
        (networkx.path_graph(2), {"coupling": np.nan}, ValueError, "coupling must be"),
        (networkx.path_graph(2), {"weight": 1.0}, TypeError, "weight must be the name"),
        (networkx.path_graph(3), {"coupling": 1e308}, ValueError, "must be at most"),
    ],
)
def test_what_is_no_graph_of_a_model_is_refused(graph, options, error, message):
    with pytest.raises(error, match=message):
        Ising.from_networkx(graph, **options)


@pytest.mark.parametrize("weight", ["2", None, 1j, np.nan, np.inf, [1.0]])
def test_a_weight_is_a_finite_number(weight):
    graph = networkx.Graph([(0, 1)])
    graph.add_edge(1, 2, weight=weight)
    with pytest.raises((TypeError, ValueError), match=r"weights|couplings"):
        Ising.from_networkx(graph)


def test_ising_tells_the_right_door():
    with pytest.raises(TypeError, match=r"got a graph; spinglass.Ising.from_networkx\(graph\)"):
        Ising(networkx.path_graph(3))
