"""The tables of results for other programs: nothing is lost on the way."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

from spinglass._result_files import as_csv
from spinglass.experiments import capacity, ising, meanfield, memories, open_store, renormalize, sk

RESULTS = {
    "capacity": lambda: capacity(60, loads=(0.1, 0.3), n_instances=3),
    "ising": lambda: ising(4, [2.0, 3.0], n_sweeps=40, n_replicas=2, snapshot_size=None),
    "meanfield": lambda: meanfield(4, [2.0, 3.0], n_sweeps=40, n_replicas=2),
    "memories": lambda: memories("projection", effort=0.02),
    "renormalize": lambda: renormalize(
        16, [2.2, 2.4], n_sweeps=40, n_replicas=2, picture_size=None
    ),
    "sk": lambda: sk(16, n_instances=3, n_sweeps=20),
}


@pytest.fixture(scope="module", params=RESULTS)
def result(request):
    return RESULTS[request.param]()


def same(table, columns):
    """Say whether columns by name are those of a structured array: kinds, bits and NaN."""
    assert list(columns) == list(table.dtype.names)
    for name, column in columns.items():
        is_text = table.dtype[name].kind == "U"  # which pandas has as objects
        assert is_text or column.dtype == table.dtype[name], name
        assert np.array_equal(column, table[name], equal_nan=column.dtype.kind == "f"), name
    return True


def test_a_dataframe_has_every_column_with_its_kind_and_its_bits(result):
    pytest.importorskip("pandas")
    frame = result.to_dataframe()
    assert same(result._table, {name: frame[name].to_numpy() for name in frame.columns})
    assert len(frame) > 0


def test_parquet_has_every_column_with_its_kind_its_bits_and_what_was_asked(result, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    result.to_parquet(tmp_path / "rows.parquet")
    table = parquet.read_table(tmp_path / "rows.parquet")
    columns = {name: table[name].to_numpy() for name in table.column_names}
    assert same(result._table, columns)
    about = table.schema.metadata
    assert json.loads(about[b"spinglass.config"])["seed"] == result.config.seed
    assert about[b"spinglass.version"].decode() == result.version
    pandas = pytest.importorskip("pandas")
    pandas.testing.assert_frame_equal(
        pandas.read_parquet(tmp_path / "rows.parquet"), result.to_dataframe()
    )


def test_csv_has_every_digit(result, tmp_path):
    result.to_csv(tmp_path / "rows.csv")
    table = result._table
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(table)
    for name in table.dtype.names:
        if table.dtype[name].kind == "U":
            assert [row[name] for row in rows] == table[name].tolist()
            continue
        read = np.array([float(row[name]) for row in rows])
        assert np.array_equal(read, table[name].astype(float), equal_nan=True), name


def test_a_result_of_nothing_has_its_columns_all_the_same(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("pandas")
    scan = capacity(60, loads=(0.1,), n_instances=1)
    empty = type(scan)(scan.config, scan.version, scan.trials[:0])
    empty.to_parquet(tmp_path / "rows.parquet")
    assert parquet.read_table(tmp_path / "rows.parquet").column_names == list(
        scan.trials.dtype.names
    )
    assert empty.to_dataframe().dtypes["converged"].kind == "b"


def test_a_store_exports_what_is_done(tmp_path):
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    scan = capacity(60, loads=(0.1, 0.3), n_instances=3, store=tmp_path / "scan.sqlite")
    stored = open_store(tmp_path / "scan.sqlite")
    assert stored.to_dataframe().equals(scan.to_dataframe())
    stored.to_csv(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_bytes() == as_csv(scan.trials)
    stored.to_parquet(tmp_path / "rows.parquet")
    assert (tmp_path / "rows.parquet").read_bytes().startswith(b"PAR1")
    assert stored.config == scan.config
    assert stored.name == "capacity"


@pytest.mark.parametrize(
    ("method", "module"), [("to_dataframe", "pandas"), ("to_parquet", "pyarrow")]
)
def test_what_is_not_installed_is_told(method, module, tmp_path, monkeypatch):
    scan = capacity(60, loads=(0.1,), n_instances=1)
    monkeypatch.setitem(sys.modules, module, None)
    arguments = [tmp_path / "rows"] if method == "to_parquet" else []
    message = rf"{method} needs {module}: pip install 'spinglass\[tables\]'"
    with pytest.raises(ImportError, match=message):
        getattr(scan, method)(*arguments)
    assert not list(tmp_path.iterdir())


def test_an_export_that_fails_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    scan = capacity(60, loads=(0.1,), n_instances=1)
    file = tmp_path / "rows.parquet"
    file.write_text("the one before")

    def fail(*_):
        raise OSError("full")

    monkeypatch.setattr(parquet, "write_table", fail)
    with pytest.raises(OSError, match="full"):
        scan.to_parquet(file)
    assert file.read_text() == "the one before"
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_pandas_and_pyarrow_are_imported_only_when_called():
    code = (
        "import sys, spinglass.experiments; "
        "print(sorted({'pandas', 'pyarrow', 'distributed'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
