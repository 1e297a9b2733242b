"""Files of Max-Cut instances and of spin glasses are read strictly."""

import os
from itertools import product

import numpy as np
import pytest

import spinglass
from spinglass import Ising, _arguments
from spinglass.adapters import instance_files, read_max_cut, read_spin_glass

SQUARE = "4 5\n1 2 1\n2 3 -2\n3 4 1\n4 1 5\n1 3 0.5\n"
EDGES = {(0, 1): 1.0, (1, 2): -2.0, (2, 3): 1.0, (0, 3): 5.0, (0, 2): 0.5}
STATES = np.array(list(product([-1, 1], repeat=4)))


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "graph.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_the_energy_is_minus_the_cut(file):
    model = read_max_cut(file(SQUARE))
    cuts = [sum(w for (i, j), w in EDGES.items() if s[i] != s[j]) for s in STATES]
    assert model.energy(STATES).tolist() == [-cut for cut in cuts]
    assert model.labels == (1, 2, 3, 4)
    assert -spinglass.anneal(model, n_sweeps=50, n_replicas=8, seed=1).best[1] == max(cuts)


def test_couplings_of_a_glass_are_the_numbers_of_the_file(file):
    model = read_spin_glass(file(SQUARE))
    energies = [-sum(w * s[i] * s[j] for (i, j), w in EDGES.items()) for s in STATES]
    assert model.energy(STATES).tolist() == energies
    assert model.labels == (1, 2, 3, 4)
    assert model.constant == 0.0


@pytest.mark.parametrize(
    "text",
    [
        SQUARE.replace("\n", "\r\n"),
        SQUARE.rstrip(),
        "# a square\n\n" + SQUARE.replace("1 2 1", "\t1   2 +1.0 # first\n\n  # nothing"),
        SQUARE.replace("2 3 -2", "3 2 -20.e-1").replace("0.5", ".5"),
        SQUARE + "\n \n",
        "\ufeff" + SQUARE,  # as some editors begin a file
    ],
)
def test_blanks_and_comments_are_passed_over(file, text):
    found, expected = read_spin_glass(file(text)), read_spin_glass(file(SQUARE))
    np.testing.assert_array_equal(found.couplings().toarray(), expected.couplings().toarray())


def test_a_graph_without_edges_has_nodes(file):
    assert read_max_cut(file("3 0\n")).energy([1, 1, -1]) == 0.0
    assert read_max_cut(file("3 0")).n_spins == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected the numbers of nodes and of edges, got ''"),
        ("\n\n1 2 1\n", "line 3: expected the numbers of nodes and of edges, got '1 2 1'"),
        ("a b\n", "line 1: expected the numbers of nodes and of edges, got 'a b'"),
        ("1000000000 0\n", "line 1: expected the numbers of nodes and of edges"),
        ("-4 1\n1 2 1\n", "line 1: expected the numbers of nodes"),
        ("2 1\n1 2\n", "line 2: expected two nodes and a weight, got '1 2'"),
        ("2 1\n1 2 1 1\n", "line 2: expected two nodes and a weight, got '1 2 1 1'"),
        ("3 2\n1 2 1\n\n1 x 1\n", "line 4: expected two nodes and a weight, got '1 x 1'"),
        ("2 1\n1 2 1e\n", "line 2: expected two nodes and a weight"),
        ("2 1\n1 2 nan\n", "line 2: expected two nodes and a weight, got '1 2 nan'"),
        ("2 1\n1 2 0x10\n", "line 2: expected two nodes and a weight"),
        ("2 1\n1.0 2 1\n", "line 2: expected two nodes and a weight"),
        ("2 1\n1 2 1\x00\n", "line 2: expected two nodes and a weight"),
        ("2 1\n1 2 \xff\n".encode("latin-1"), r"line 2: expected two nodes and a weight, .*xff"),
        ("2 1\n1 2 1e999\n", "line 2: expected a finite weight, got '1 2 1e999'"),
        ("2 1\n1 3 1\n", "line 2: expected nodes from 1 to 2, got '1 3 1'"),
        ("2 1\n0 1 1\n", "line 2: expected nodes from 1 to 2, got '0 1 1'"),
        ("3 2\n1 2 1\n# here\n3 3 1\n", "line 4: expected two different nodes, got '3 3 1'"),
        ("3 2\n1 2 1\n2 1 1\n", "line 3: expected an edge that is on no line before, got '2 1 1'"),
        ("3 2\n1 2 1\n", "the first line says 2 edges, got 1"),
        ("3 1\n1 2 1\n1 3 1\n", "the first line says 1 edges, got 2"),
        ("0 0\n", "the graph must have at least one node"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(file, text, message):
    for read in (read_max_cut, read_spin_glass):
        with pytest.raises(ValueError, match=message) as caught:
            read(file(text))
        assert "graph.txt" in str(caught.value)


def test_a_file_in_many_pieces_is_read_whole(file, monkeypatch):
    monkeypatch.setattr(instance_files, "_PIECE", 7)
    test_the_energy_is_minus_the_cut(file)


def test_a_large_file_gives_the_couplings_that_were_written(file):
    n, rng = 500, np.random.default_rng(1)
    rows, columns = np.triu_indices(n, 1)
    weights = rng.normal(size=rows.size)
    edges = zip(rows + 1, columns + 1, weights.tolist(), strict=True)
    lines = [f"{n} {rows.size}", *(f"{i} {j} {w!r}" for i, j, w in edges)]
    couplings = np.zeros((n, n))
    couplings[rows, columns] = couplings[columns, rows] = weights
    np.testing.assert_array_equal(
        read_spin_glass(file("\n".join(lines))).couplings().toarray(), couplings
    )


def test_a_header_that_promises_too_many_nodes_is_refused(file, monkeypatch):
    monkeypatch.setattr(_arguments, "available_memory", lambda: 10**9)
    with pytest.raises(MemoryError, match=r"the graph in .*graph.txt needs"):
        read_max_cut(file("999999999 0\n"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is not a regular file"):
        read_max_cut(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        read_max_cut(tmp_path / "missing")
    with pytest.raises(TypeError, match="path must be a path"):
        read_max_cut(3)


def test_a_matrix_of_the_same_couplings_is_the_same_model(file):
    run = spinglass.sample(read_spin_glass(file(SQUARE)), 1.0, 5, seed=1)
    other = Ising(read_spin_glass(file(SQUARE)).couplings())
    assert spinglass.sample(other, 1.0, 5, initial=run).sweeps == 10
