"""What an estimator has learned: arrays to read and to assign, and the width of its data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import thread_count
from spinglass.machines.rows import NATIVE, output_dtype, table
from spinglass.machines.trained import Trained
from spinglass.machines.transformer import Transformer


class Learned(Transformer):
    """An estimator whose parameters live in the core."""

    num_threads: int | None
    random_state: Any
    _trained: Trained
    fit: Callable[..., Self]
    _hidden_probabilities: Callable[[NDArray[Any]], NDArray[Any]]

    @property
    def _threads(self) -> int | None:
        return thread_count(self.num_threads)

    def _fitted(self) -> Trained:
        trained: Trained | None = self.__dict__.get("_trained")
        if trained is None:
            raise self._not_fitted()
        return trained

    def _table(self, X: Any) -> NDArray[Any]:
        """Return X as rows for the core, of as many features as the fit had."""
        self._fitted()
        n = self.n_features_in_
        if type(X) is np.ndarray and X.ndim == 2 and X.shape[1] == n and len(X):
            named = "feature_names_in_" in self.__dict__
            if X.dtype in NATIVE and X.flags.c_contiguous and not named:
                return X
        self._take_feature_names(X, reset=False)
        rows = table(X, type(self).__name__)
        if rows.shape[1] != n:
            raise ValueError(
                f"X has {rows.shape[1]} features, but {type(self).__name__} is expecting {n} "
                "features as input"
            )
        return rows

    def transform(self, X: Any) -> Any:
        """Return P(h=1|v=X).

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, (n_samples, n_components)
            float32 if both ``X`` and the data of the fit were, else float64; or the DataFrame that
            :meth:`set_output` asked for.
        """
        means = self._hidden_probabilities(self._table(X))
        dtype = np.result_type(self._trained.dtype, output_dtype(X))
        return self._in_container(means.astype(dtype, copy=False), X)

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Learn from data and return what :meth:`transform` makes of them.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        y : ignored
        **fit_params
            Of :meth:`fit`.
        """
        return self.fit(X, y, **fit_params).transform(X)

    def __sklearn_is_fitted__(self) -> bool:
        return "_trained" in self.__dict__

    @property
    def _n_features_out(self) -> int:
        return self._trained.machine.n_hidden

    @property
    def components_(self) -> NDArray[Any]:
        """W, (n_components, n_features); assigning uploads."""
        trained = self._fitted()
        return trained.array("components", lambda: trained.machine.components())

    @components_.setter
    def components_(self, values: ArrayLike) -> None:
        self._fitted().set_parameter("components", values)

    @property
    def intercept_hidden_(self) -> NDArray[Any]:
        """b, (n_components,); assigning uploads."""
        trained = self._fitted()
        return trained.array("intercept_hidden", lambda: trained.machine.intercept_hidden())

    @intercept_hidden_.setter
    def intercept_hidden_(self, values: ArrayLike) -> None:
        self._fitted().set_parameter("intercept_hidden", values)

    @property
    def intercept_visible_(self) -> NDArray[Any]:
        """a, (n_features,); assigning uploads."""
        trained = self._fitted()
        return trained.array("intercept_visible", lambda: trained.machine.intercept_visible())

    @intercept_visible_.setter
    def intercept_visible_(self, values: ArrayLike) -> None:
        self._fitted().set_parameter("intercept_visible", values)

    @property
    def h_samples_(self) -> NDArray[Any]:
        """Hidden states of the chains, (n_chains, n_components); assigning uploads."""
        trained = self._fitted()
        return trained.array("hidden", trained.trainer.hidden)

    @h_samples_.setter
    def h_samples_(self, values: ArrayLike) -> None:
        self._fitted().set_hidden(values)
