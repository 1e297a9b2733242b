"""Results on disk: what is written, in which order, and what is not left."""

import numpy as np
import pytest

from spinglass._result_files import as_csv, write_result


def test_a_table_is_written_with_its_names_and_truth_as_1_and_0():
    table = np.array([(1, 0.1, True), (2, np.nan, False)], dtype="i8, f8, ?")
    assert as_csv(table) == b"f0,f1,f2\n1,0.1,1\n2,nan,0\n"
    assert as_csv(table[:0]) == b"f0,f1,f2\n"


def test_a_file_is_written_before_the_next_is_made(tmp_path):
    def interrupted():
        raise KeyboardInterrupt

    contents = {"rows.csv": lambda: b"rows", "summary.json": interrupted}
    with pytest.raises(KeyboardInterrupt):
        write_result(tmp_path / "new", contents, "figure.png", None)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["rows.csv"]
    assert (tmp_path / "new" / "rows.csv").read_bytes() == b"rows"


def test_no_figure_is_left_from_an_earlier_result(tmp_path):
    pytest.importorskip("matplotlib")
    contents = {"rows.csv": lambda: b"rows"}
    both = (tmp_path / "rows.csv", tmp_path / "figure.png")
    assert write_result(tmp_path, contents, "figure.png", lambda: b"figure") == both
    assert both[1].read_bytes() == b"figure"
    assert write_result(tmp_path, contents, "figure.png", None) == both[:1]
    assert sorted(tmp_path.iterdir()) == [both[0]]
