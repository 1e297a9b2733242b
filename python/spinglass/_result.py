"""What the results of experiments share: tables, files, a summary, a report, a figure.

A kind of result names its tables and its figure; the rest follows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args, overload

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._files import write_whole
from spinglass._needed import needed
from spinglass._printed import printed, table_of_fields
from spinglass._registry import above
from spinglass._result_files import as_csv, as_json, plain, write_result

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

    from spinglass._registry import Axs

Format: TypeAlias = Literal["png", "pdf", "svg"]
FORMATS: tuple[str, ...] = get_args(Format)
"""What a picture can be."""


class Result:
    """What an experiment found, a frozen dataclass: its tables, files and figure.

    A kind of result is declared with ``figure``, the function that draws it or the name of one of
    `spinglass.plotting`, and ``tables``: by the name of each file the name of a table, or of a
    method that returns one. The first is the main table. ``summary`` and ``picture`` are the files
    of `to_dict` and of the figure.
    """

    config: Any
    version: str
    _figure: ClassVar[str | Callable[..., Any]]
    _picture: ClassVar[str]
    _files: ClassVar[Mapping[str, str]]

    def __init_subclass__(
        cls,
        figure: str | Callable[..., Any],
        tables: Mapping[str, str] = MappingProxyType({}),
        summary: str = "summary.json",
        picture: str = "",
    ) -> None:
        name = figure if isinstance(figure, str) else figure.__name__
        cls._figure, cls._picture = figure, picture or f"{name}.png"
        cls._files = {**tables, summary: "to_dict"}
        printed(cls)

    @classmethod
    def files(cls, format: Format = "png") -> tuple[str, ...]:
        """Return the names of the files that `save` writes, the picture last."""
        suffix = _arguments.choice(format, "format", FORMATS)
        return (*cls._files, str(Path(cls._picture).with_suffix(f".{suffix}")))

    def _summary(self) -> dict[str, Any]:
        """Return the numbers that sum it up."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON file holds: plain numbers, None for NaN, and what was asked."""
        content = self._summary()
        if hasattr(self, "complete"):
            content["complete"] = self.complete
        content |= {"config": asdict(self.config), "version": self.version}
        return {name: plain(value) for name, value in content.items()}

    def report(self, quiet: bool = False) -> str:
        """Return in words what was found: what its command prints, and ``print`` of the result.

        Parameters
        ----------
        quiet : bool
            Leave out the notes that explain, as ``--quiet`` does.
        """
        return table_of_fields(self)

    def __str__(self) -> str:
        return self.report()

    @overload
    def plot(self, ax: Axes) -> Axes: ...
    @overload
    def plot(self, ax: Axs | None = None) -> Axes | NDArray[np.object_]: ...
    def plot(self, ax: Any = None) -> Any:
        """Draw the result (needs Matplotlib).

        The function of `spinglass.plotting` that has the name of the experiment says what is
        drawn, and how many Axes it takes.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of Axes, optional
            One Axes gets one panel. By default a new figure gets all.

        Returns
        -------
        The Axes drawn on, or an array of them.
        """
        return self._drawing()(self, ax=ax)

    def save(
        self, directory: str | os.PathLike[str], figure: bool = True, format: Format = "png"
    ) -> tuple[Path, ...]:
        """Write tables, summary and figure into ``directory``, which is made if it is not there.

        Each file appears whole or not at all. Without ``figure``, or without Matplotlib, there is
        no picture (nor one of this format left from an earlier result). Returns the paths written.

        Parameters
        ----------
        directory : path
            Where.
        figure : bool
            Whether to draw.
        format : {"png", "pdf", "svg"}
            Of the picture. The same result has the same bytes.
        """
        figure = _arguments.flag(figure, "figure")
        *_, name = self.files(format)
        figure = _arguments.flag(figure, "figure")

        def draw() -> bytes:
            picture: bytes = above("plotting").picture(self._drawing(), self, format=format)
            return picture

        contents = {file: partial(self._content, name) for file, name in self._files.items()}
        return write_result(directory, contents, name, draw if figure else None)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the results and the config, as `to_dict` gives them."""
        write_whole(_arguments.file_path(path), as_json(self.to_dict()))

    @classmethod
    def _drawing(cls) -> Callable[..., Any]:
        """Return the function that draws."""
        figure = cls._figure
        drawing: Callable[..., Any] = (
            getattr(above("plotting"), figure) if isinstance(figure, str) else figure
        )
        return drawing

    def _content(self, name: str) -> bytes:
        value = self._value(name)
        return as_json(value) if isinstance(value, dict) else as_csv(value)

    def _value(self, name: str) -> Any:
        value = getattr(self, name)
        return value() if callable(value) else value

    @property
    def _table(self) -> NDArray[Any]:
        """The main table: a structured array."""
        table = next(name for file, name in self._files.items() if file.endswith(".csv"))
        return np.asarray(self._value(table))

    def _columns(self) -> dict[str, NDArray[Any]]:
        table = self._table
        return {name: table[name].copy() for name in table.dtype.names or ()}

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the main table as a pandas DataFrame (needs ``spinglass[tables]``)."""
        made = needed("pandas", "to_dataframe", "tables").DataFrame(self._columns())
        frame: pandas.DataFrame = made
        return frame

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
        pyarrow = needed("pyarrow", "to_parquet", "tables")
        parquet = needed("pyarrow.parquet", "to_parquet", "tables")
        file = _arguments.file_path(path)
        about = {
            "spinglass.config": json.dumps(asdict(self.config)),
            "spinglass.version": self.version,
        }
        content = pyarrow.BufferOutputStream()
        parquet.write_table(pyarrow.table(self._columns(), metadata=about), content)
        write_whole(file, content.getvalue().to_pybytes())
