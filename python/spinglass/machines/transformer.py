"""Estimators that transform data to hidden units: the names of the columns, and their container."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import choice
from spinglass._estimator import Estimator
from spinglass._routing import Asked, ask


class Transformer(Estimator):
    """The methods of scikit-learn's mixin for an estimator that has ``fit`` and ``transform``."""

    fit: Callable[..., Any]
    transform: Callable[[Any], NDArray[np.floating[Any]]]

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> NDArray[np.floating[Any]]:
        """Train on data and return the result of :meth:`transform` for them.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        y : ignored
        **fit_params
            Passed to :meth:`fit`.
        """
        self.fit(X, y, **fit_params)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the fit has warned of these data
            return self.transform(X)

    def set_partial_fit_request(self, **requests: Asked) -> Self:
        """Say which arguments of ``partial_fit`` are passed on, as :meth:`set_fit_request`."""
        ask(self, "partial_fit", requests)
        return self

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what ``transform`` and ``fit_transform`` return.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            A NumPy array, or a DataFrame of that library. None changes nothing.
        """
        if transform is not None:
            transform = choice(transform, "transform", ("default", "pandas", "polars"))
            # The name is that of scikit-learn, whose clone copies it.
            self._sklearn_output_config = {"transform": transform}
        return self

    def _in_container(self, values: NDArray[Any], X: Any) -> Any:
        """Return an array, or the DataFrame that was asked for."""
        config = getattr(self, "_sklearn_output_config", {})
        kind = config.get("transform")
        if kind is None and "sklearn" in sys.modules:
            kind = sys.modules["sklearn"].get_config()["transform_output"]
        if kind == "pandas":
            import pandas

            index = X.index if isinstance(X, pandas.DataFrame) else None
            names = self.get_feature_names_out()
            return pandas.DataFrame(values, index=index, columns=names, copy=False)
        if kind == "polars":
            import polars

            return polars.DataFrame(values, schema=list(self.get_feature_names_out()), orient="row")
        return values

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns that ``transform`` makes.

        Parameters
        ----------
        input_features : ignored
            Accepted for compatibility with scikit-learn.

        Returns
        -------
        numpy.ndarray of str objects, (n_components,)
            Each name is the name of the class in lower case, followed by a number.
        """
        self._check_is_fitted()
        prefix = type(self).__name__.lower()
        n_hidden = self.__dict__["_trained"].machine.n_hidden
        return np.array([f"{prefix}{k}" for k in range(n_hidden)], dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return "_trained" in self.__dict__

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, TransformerTags

        tags = super().__sklearn_tags__()
        tags.transformer_tags = TransformerTags(preserves_dtype=["float64", "float32"])
        tags.input_tags = InputTags(sparse=True)
        return tags
