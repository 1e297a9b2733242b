"""Results of experiments: their files, their main table, and the figure that they ask for."""

import csv
import json
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from spinglass import _registry, _result
from spinglass._registry import drawn_by
from spinglass._result import Result


@dataclass(frozen=True)
class WalkConfig:
    n_walks: int


@dataclass(frozen=True, eq=False)
class Walks(Result, figure="walk", tables={"ends.csv": "ends", "all.csv": "steps"}):
    config: WalkConfig
    version: str
    ends: np.ndarray
    complete: bool = True

    def steps(self):
        return self.ends[:1]

    def _summary(self):
        return {"mean": float(self.ends["x"].mean()), "error": np.nan}


WALKS = Walks(WalkConfig(2), "1.0", np.array([(1, 0.5), (2, np.nan)], dtype="i8, f8"))
WALKS.ends.dtype.names = ("x", "y")


def test_a_result_writes_its_tables_its_summary_and_no_picture_without_a_figure(tmp_path):
    paths = WALKS.save(tmp_path / "new", figure=False)
    assert [path.name for path in paths] == ["ends.csv", "all.csv", "summary.json"]
    assert (tmp_path / "new" / "ends.csv").read_text() == "x,y\n1,0.5\n2,nan\n"
    assert (tmp_path / "new" / "all.csv").read_text() == "x,y\n1,0.5\n"
    assert json.loads((tmp_path / "new" / "summary.json").read_text()) == WALKS.to_dict()
    assert Walks.files() == ("ends.csv", "all.csv", "summary.json", "walk.png")


def test_the_summary_has_no_nan_and_says_what_was_asked():
    assert WALKS.to_dict() == {
        "mean": 1.5, "error": None, "complete": True, "config": {"n_walks": 2}, "version": "1.0",
    }  # fmt: skip


def test_the_first_table_is_the_main_one(tmp_path):
    WALKS.to_csv(tmp_path / "rows.csv")
    with open(tmp_path / "rows.csv") as file:
        assert list(csv.reader(file)) == [["x", "y"], ["1", "0.5"], ["2", "nan"]]
    pandas = pytest.importorskip("pandas")
    expected = pandas.DataFrame({"x": [1, 2], "y": [0.5, np.nan]})
    pandas.testing.assert_frame_equal(WALKS.to_dataframe(), expected)


def test_a_result_is_drawn_and_saved_by_the_function_it_names(monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    plotting = SimpleNamespace(
        walk=lambda result, ax=None, **more: (result, ax, more),
        picture=lambda draw, result, format: f"{draw(result)[0].version} {format}".encode(),
    )
    for module in (_registry, _result):
        monkeypatch.setattr(module, "above", lambda room: {"plotting": plotting}[room])
    assert WALKS.plot() == (WALKS, None, {})
    assert WALKS.plot("axes") == (WALKS, "axes", {})
    plot = drawn_by("walk", "Draw a walk.")
    assert plot(3, "axes", exact=2.0) == (3, "axes", {"exact": 2.0})
    assert plot(3) == (3, None, {})
    assert plot.__doc__.startswith("Draw a walk.\n\nParameters")
    assert WALKS.save(tmp_path)[-1] == tmp_path / "walk.png"
    assert (tmp_path / "walk.png").read_bytes() == b"1.0 png"
    assert WALKS.save(tmp_path, format="svg")[-1] == tmp_path / "walk.svg"
    assert (tmp_path / "walk.svg").read_bytes() == b"1.0 svg"
    assert (tmp_path / "walk.png").exists()
    with pytest.raises(ValueError, match="format must be"):
        WALKS.save(tmp_path, format="jpg")
