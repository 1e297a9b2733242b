"""What scikit-learn asks of an estimator, answered without scikit-learn.

Its conventions are duck-typed: parameters are the arguments of the constructor and are stored as
they are, what is learned ends with an underscore, tags are made when they are asked for. So the
estimators of this package have no base class of scikit-learn, and importing them never imports it.
https://scikit-learn.org/stable/developers/develop.html
"""

from __future__ import annotations

import inspect
import sys
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import real_array, shown
from spinglass._caller import warn_caller
from spinglass._routing import Asked, ask, routing_of


class NotFittedError(ValueError, AttributeError):
    """An estimator was asked for what it has not learned yet.

    Raised where scikit-learn is not loaded; where it is, its own class of this name is.
    """


class Estimator:
    """An object with parameters, which learns."""

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

    def get_metadata_routing(self) -> Any:
        """Return what metadata each method has asked for, as scikit-learn has it."""
        return routing_of(self)

    def set_fit_request(self, **requests: Asked) -> Self:
        """Say which arguments of ``fit`` the tools of scikit-learn pass on.

        Parameters
        ----------
        **requests : bool, None or str
            By the name of an argument, such as ``sample_weight=True``. True asks for it, False
            ignores it, None makes it an error to give it to the tool, and a text is the name that
            it has there.

        Raises
        ------
        TypeError
            If the method takes no argument of that name.
        RuntimeError
            Without ``sklearn.set_config(enable_metadata_routing=True)``.
        """
        ask(self, "fit", requests)
        return self

    def set_score_request(self, **requests: Asked) -> Self:
        """Say which arguments of ``score`` are passed on, as :meth:`set_fit_request`."""
        ask(self, "score", requests)
        return self

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
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(),
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
        warn_caller(message)


def shape_message(array: Any, name: str = "X") -> str:
    """Say what is wrong with the shape of what is no table, in the words of scikit-learn."""
    if array.ndim < 2:
        what = "1D array" if array.ndim == 1 else "scalar array"
        return (
            f"{name}: Expected 2D array, got {what} instead: {shown(array)}. Reshape your data "
            "either using array.reshape(-1, 1) if your data has a single feature or "
            "array.reshape(1, -1) if it contains a single sample."
        )
    return f"{name} must have shape (n_samples, n_features), got {array.shape}"


def check_size(array: Any, owner: str, name: str = "X") -> None:
    """Refuse a table without rows or columns, in the words of scikit-learn."""
    for axis, what in enumerate(("sample", "feature")):
        if array.shape[axis] == 0:
            raise ValueError(
                f"{name}: Found array with 0 {what}(s) (shape={array.shape}) while a minimum of 1 "
                f"is required by {owner}."
            )


_T = TypeVar("_T", bound=np.generic)

# Sums of weights and their squares are still doubles.
_LARGEST_WEIGHT = 1e100


def weighted(
    rows: NDArray[_T], sample_weight: Any
) -> tuple[NDArray[_T], NDArray[np.float64] | None]:
    """Return the rows whose weight is not 0, and their weights; None if all of these are equal."""
    if sample_weight is None:
        return rows, None
    weights = np.array(real_array(sample_weight, "sample_weight"), dtype=np.float64)
    if weights.shape != (len(rows),):
        raise ValueError(f"sample_weight must have shape ({len(rows)},), got {weights.shape}")
    valid = np.isfinite(weights) & (weights >= 0)
    if not valid.all():
        raise ValueError(f"sample_weight must be finite and >= 0, got {weights[~valid][0]}")
    if len(weights) and weights.max() > _LARGEST_WEIGHT:
        largest = weights.max()
        raise ValueError(f"sample_weight must be at most {_LARGEST_WEIGHT:g}, got {largest:g}")
    if not weights.any():
        raise ValueError("sample_weight must not be zero for all samples, got only zeros")
    if not weights.all():
        rows, weights = rows[weights > 0], weights[weights > 0]
    return rows, None if (weights == weights[0]).all() else weights


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
