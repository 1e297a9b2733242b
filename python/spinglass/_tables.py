"""The main table of a result for other programs: a DataFrame, CSV, Parquet."""

from __future__ import annotations

import json
import os
from abc import abstractmethod
from dataclasses import asdict
from importlib import import_module
from typing import Any

from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._files import as_csv, write_whole


class Tabular:
    """A result with a main table, and a ``config`` and a ``version`` to go with it."""

    config: Any
    version: str

    @property
    @abstractmethod
    def _table(self) -> NDArray[Any]:
        """The main table: a structured array."""

    def to_dataframe(self) -> Any:
        """Return the main table as a pandas DataFrame (needs ``spinglass[tables]``)."""
        pandas = _imported("pandas", "to_dataframe")
        table = self._table
        return pandas.DataFrame({name: table[name].copy() for name in table.dtype.names or ()})

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the main table as CSV, one line a row under a line of names.

        Truth values are 1 and 0, and every other number has all its digits. The file appears whole
        or not at all.
        """
        write_whole(_arguments.file_path(path), as_csv(self._table))

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write the main table as Parquet (needs ``spinglass[tables]``).

        Its metadata has ``spinglass.config`` (JSON) and ``spinglass.version``. The file appears
        whole or not at all.
        """
        pyarrow = _imported("pyarrow", "to_parquet")
        parquet = _imported("pyarrow.parquet", "to_parquet")
        file, table = _arguments.file_path(path), self._table
        about = {
            "spinglass.config": json.dumps(asdict(self.config)),
            "spinglass.version": self.version,
        }
        columns = {name: table[name].copy() for name in table.dtype.names or ()}
        content = pyarrow.BufferOutputStream()
        parquet.write_table(pyarrow.table(columns, metadata=about), content)
        write_whole(file, content.getvalue().to_pybytes())


def _imported(module: str, method: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise ImportError(f"{method} needs {name}: pip install 'spinglass[tables]'") from error
