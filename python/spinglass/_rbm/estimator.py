"""What scikit-learn asks of an estimator, answered without scikit-learn.

Its conventions are duck-typed: parameters are the arguments of the constructor and are stored as
they are, what is learned ends with an underscore, tags are made when they are asked for. So the
estimators here have no base class of scikit-learn, and importing them never imports it.
https://scikit-learn.org/stable/developers/develop.html
"""

from __future__ import annotations

import inspect
import sys
import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class NotFittedError(ValueError, AttributeError):
    """An estimator was asked for what it has not learned yet.

    Raised where scikit-learn is not loaded; where it is, its own class of this name is.
    """


class Estimator:
    """An object with parameters, which learns and then transforms."""

    n_features_in_: int
    feature_names_in_: NDArray[np.object_]

    @classmethod
    def _parameters(cls) -> dict[str, Any]:
        """Return the parameters in order of their names, with their defaults."""
        parameters = inspect.signature(cls).parameters.items()
        return {name: parameter.default for name, parameter in sorted(parameters)}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Parameters
        ----------
        deep : bool
            For the sake of scikit-learn; no parameter is an estimator.
        """
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; they are checked when they are used.

        Raises
        ------
        ValueError
            If there is no parameter of that name.
        """
        names = list(self._parameters())
        for name in params:
            if name not in names:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: "
                    f"{names}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what ``transform`` and ``fit_transform`` return.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            A NumPy array, or a DataFrame of that library; None changes nothing.
        """
        if transform is not None:
            if transform not in ("default", "pandas", "polars"):
                raise ValueError(
                    f'transform must be "default", "pandas" or "polars", got {transform!r}'
                )
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
            For the sake of scikit-learn.

        Returns
        -------
        numpy.ndarray of str objects, (n_components,)
            The name of the class in lower case, and a number.
        """
        self._check_is_fitted()
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}{k}" for k in range(self._n_features_out)], dtype=object)

    @property
    def _n_features_out(self) -> int:
        raise NotImplementedError

    def __sklearn_is_fitted__(self) -> bool:
        raise NotImplementedError

    def _check_is_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise self._not_fitted()

    def _not_fitted(self) -> Exception:
        exceptions = sys.modules.get("sklearn.exceptions")
        kind = NotFittedError if exceptions is None else exceptions.NotFittedError
        error: Exception = kind(
            f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with appropriate "
            "arguments before using this estimator."
        )
        return error

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=["float64", "float32"]),
            input_tags=InputTags(sparse=True),
        )

    def __repr__(self) -> str:
        defaults = self._parameters()
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not (value is defaults[name] or np.array_equal(value, defaults[name]))
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """Return what a notebook shows: the diagram of scikit-learn where that is loaded."""
        shown = {"text/plain": repr(self)}
        if "sklearn.utils" in sys.modules:
            from sklearn.utils import estimator_html_repr

            shown["text/html"] = estimator_html_repr(self)
        return shown

    def _take_feature_names(self, X: Any, *, reset: bool) -> None:
        """Remember the names of the columns, or hold them against those of the fit."""
        names = _feature_names(X)
        if reset:
            self.__dict__.pop("feature_names_in_", None)
            if names is not None:
                self.feature_names_in_ = names
            return
        known = self.__dict__.get("feature_names_in_")
        if names is None and known is None:
            return
        owner = type(self).__name__
        if known is None:
            message = f"X has feature names, but {owner} was fitted without feature names"
        elif names is None:
            message = f"X does not have valid feature names, but {owner} was fitted with them"
        elif len(names) == len(known) and (names == known).all():
            return
        elif len(names) != len(known):
            return  # the number of features is reported, which says more
        else:
            unseen = sorted(set(names) - set(known))
            what = f"unseen at fit: {unseen[:5]}" if unseen else "they are in another order"
            raise ValueError(
                "The feature names should match those that were passed during fit.\n" + what
            )
        warnings.warn(message, UserWarning, stacklevel=4)


def _feature_names(X: Any) -> NDArray[np.object_] | None:
    """Return the names of the columns if X is a DataFrame and all of them are strings."""
    columns = getattr(X, "columns", None)
    if columns is None or callable(columns):
        return None
    strings = [isinstance(name, str) for name in columns]
    if any(strings) and not all(strings):
        raise TypeError(
            "Feature names are only supported if all input features have string names, but X has "
            "columns of other types too: X.columns = X.columns.astype(str) makes them strings"
        )
    return np.asarray(list(columns), dtype=object) if strings and all(strings) else None
