"""What results show of themselves: a table where they are printed, one line elsewhere."""

import dataclasses
import inspect
import re
from dataclasses import dataclass, field
from html import unescape

import numpy as np
import pytest

import spinglass
from plotting.drawings import GLASS, MADE, drawn_from, machine
from spinglass import Hopfield, descend, experiments, meanfield, sample, statistics, temper
from spinglass._printed import printed
from spinglass._text import page
from spinglass.statistics import Estimate
from spinglass.theory import hopfield, sk

# What is asked for; all other public dataclasses are results.
NO_RESULTS = {
    "Experiment", "Observed", "OverlapStructureFactor", "PatternOverlaps", "Share",
    "StructureFactor", "Task", "TemperedGlass",
}  # fmt: skip


@printed
@dataclass(frozen=True)
class Walk:
    """A result that knows no table of its own."""

    length: float
    ends: np.ndarray
    seen: np.ndarray
    unknown: np.ndarray
    few: np.ndarray
    rows: np.ndarray
    by: str
    none: float | None = None
    hidden: int = field(default=3, repr=False)
    _private: int = 3


WALK = Walk(
    0.1 + 0.2, np.arange(1000.0), np.arange(10) < 3, np.full((2, 5), np.nan), np.arange(3),
    np.zeros(4, "i8, f8"), "steps " * 1000,
)  # fmt: skip


def test_a_table_of_fields_has_a_line_for_each_that_is_known():
    lines = str(WALK).splitlines()
    assert lines[:7] == [
        "Walk",
        "  length   0.3",
        "  ends     0 to 999 (1000 float64)",
        "  seen     3 true (10 bool)",
        "  unknown  nan (2 x 5 float64)",
        "  few      0 1 2",
        "  rows     (4 rows of 2 columns)",
    ]
    assert [line.split()[0] for line in lines[7:]] == ["by", "hidden"]
    assert max(map(len, lines)) < 220


def test_one_line_cuts_what_is_long():
    assert repr(WALK).startswith("Walk(length=0.30000000000000004, ends=<1000 float64>")
    assert "hidden" not in repr(WALK)
    assert len(repr(WALK)) < 300


def test_a_notebook_and_a_console_show_the_table():
    class Printer:
        def __init__(self):
            self.said = ""

        def text(self, words):
            self.said += words

    shown, within_itself = Printer(), Printer()
    WALK._repr_pretty_(shown, cycle=False)
    assert shown.said == str(WALK)
    WALK._repr_pretty_(within_itself, cycle=True)
    assert within_itself.said == repr(WALK)
    within_a_list = Printer()
    within_a_list.stack = [id([WALK]), id(WALK)]  # of what IPython prints
    WALK._repr_pretty_(within_a_list, cycle=False)
    assert within_a_list.said == repr(WALK)
    angles = printed(dataclass(type("Angles", (), {"__str__": lambda self: "<|m|> & <E>"})))()
    assert angles._repr_html_() == "<pre>&lt;|m|&gt; &amp; &lt;E&gt;</pre>"


def test_a_table_or_line_of_its_own_is_kept():
    @printed
    @dataclass(repr=False)
    class Own:
        x: int = 1

        def __repr__(self):
            return "own line"

        def __str__(self):
            return "own table"

    assert (repr(Own()), str(Own()), Own()._repr_html_()) == (
        "own line", "own table", "<pre>own table</pre>",
    )  # fmt: skip


def test_every_public_result_is_shown_as_it_prints():
    public = {
        value
        for module in (spinglass, experiments, hopfield, meanfield, sk, statistics)
        for value in vars(module).values()
        if inspect.isclass(value) and dataclasses.is_dataclass(value)
    }
    results = {
        cls
        for cls in public
        if cls.__dataclass_params__.repr  # forms of energies have a line of their own
        and cls.__name__ not in NO_RESULTS
        and not cls.__name__.endswith("Config")
    }
    assert len(results) > 20
    assert {cls.__name__ for cls in results if "_repr_pretty_" not in vars(cls)} == set()


RESULTS = {
    **{
        name: lambda name=name: drawn_from(name)[0]
        for name in MADE
        if name not in ("annealings", "avalanches", "basins", "capacity_growth", "chains",
                        "filters", "inverse", "learning_curves", "reconstructions")
    },
    "avalanches": lambda: drawn_from("avalanches")[0][0],
    "basins": lambda: drawn_from("basins")[0][0],
    "summary": lambda: drawn_from("run")[0].summary(),
    "summaries": lambda: drawn_from("tempered_run")[0].summary(),
    "many summaries": lambda: temper(GLASS, np.linspace(0.1, 2, 100), 5, seed=1).summary(),
    "estimate": lambda: Estimate(-0.70451, 0.00003),
    "estimates": lambda: drawn_from("tempered_run")[0].summary().energy,
    "single recall": lambda: Hopfield(np.ones((1, 9))).recall(np.ones(9)),
    "descent": lambda: descend(GLASS, np.ones((3, 16))),
    "nothing measured": lambda: sample(GLASS, 1.0, 1, every=2, seed=1),
    "likelihood": lambda: machine().log_likelihood(np.eye(8)),
    "pairs": lambda: GLASS.structure(),
    "layers": lambda: machine().structure(),
    "parisi": lambda: sk.replica_symmetry_breaking(2.0, steps=2),
    "symmetric": lambda: sk.replica_symmetric(2.0),
    "half-point": lambda: drawn_from("capacity")[0].half_points[0],
    "growth": lambda: drawn_from("capacity_growth")[0][0].growth(),
    "alpha_c": lambda: drawn_from("capacity")[0].alpha_c,
    "ground energy": lambda: drawn_from("sk")[0].ground_energy,
    "crossing": lambda: next(iter(drawn_from("ising")[0].crossings.values())),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_results_show_a_table_and_not_a_dataclass_of_a_thousand_characters(name):
    pytest.importorskip("matplotlib")
    result = RESULTS[name]()
    words = str(result)
    assert len(repr(result)) < 400
    assert "\n" not in repr(result)
    assert "array(" not in words
    assert max(map(len, words.splitlines())) <= 140
    assert unescape(re.sub(r"</?pre>", "", result._repr_html_())) == words


def test_what_a_run_prints_says_what_was_run_and_found():
    run = drawn_from("run")[0]
    first, *rest = str(run).splitlines()
    assert first.startswith(f"{run.model}, metropolis: 100 sweeps, acceptance 0.")
    assert "\n".join(rest) == str(run.summary())
    ladder = drawn_from("tempered_run")[0]
    lines = str(ladder).splitlines()
    assert lines[1].startswith("2 ladders of 3 temperatures, swaps ")
    assert "\n".join(lines[2:]) == str(ladder.summary())
    long = dataclasses.replace(run, energy=np.zeros((1, 1_000_001)))
    assert str(long).splitlines()[1:] == ["summary() has the means of 1000001 measurements"]
    found = drawn_from("annealing")[0]
    lowest = (found.best_energy == found.best[1]).sum()
    assert str(found).endswith(f"in {lowest} of 5 replicas")
    assert "50 sweeps, beta from" in str(found)


def test_what_an_experiment_prints_is_what_its_command_prints(tmp_path, capsys):
    from spinglass.cli import main

    flags = ["--spins", "10", "--seed", "3", "--quiet", "--out", str(tmp_path)]
    assert main(["landscape", *flags]) == 0
    assert capsys.readouterr().out == experiments.landscape(n_spins=10, seed=3).report(True) + "\n"
    scan = drawn_from("capacity")[0]
    assert str(scan) == scan.report()
    assert str(scan).startswith(scan.report(quiet=True).split("\n\n")[0])
    assert "alpha_c at least" in scan._repr_html_()


def test_notes_are_as_wide_as_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    assert max(map(len, page(["table"], ["word " * 50]).splitlines())) <= 30
