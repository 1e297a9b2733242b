"""Metadata for the methods of an estimator, such as ``sample_weight``, as scikit-learn routes them.

A tool of scikit-learn (a pipeline, a search) passes metadata on to a method only if the estimator
has asked for them: ``model.set_fit_request(sample_weight=True)``. Everything that a method takes
besides X and y can be asked for. scikit-learn is imported when something is asked for, or by its
tools. https://scikit-learn.org/stable/metadata_routing.html
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

Asked = bool | str | None

_NO_METADATA = ("self", "X", "y")


def metadata_of(estimator: type[Any], method: str) -> list[str]:
    """Return what a method takes besides X and y."""
    parameters = inspect.signature(getattr(estimator, method)).parameters.values()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p.name for p in parameters if p.kind in named and p.name not in _NO_METADATA]


def routing_of(estimator: Any) -> Any:
    """Return the request of an estimator, made anew if nothing was asked for."""
    known = estimator.__dict__.get("_metadata_request")  # the name that scikit-learn copies
    if known is not None:
        return known
    from sklearn.utils.metadata_routing import MetadataRequest

    kind = type(estimator)
    request = MetadataRequest(owner=kind.__name__)
    for method in ("fit", "partial_fit", "score"):
        for name in metadata_of(kind, method) if hasattr(kind, method) else ():
            getattr(request, method).add_request(param=name, alias=None)
    return request


def ask(estimator: Any, method: str, requests: Mapping[str, Asked]) -> None:
    """Ask for metadata of a method."""
    from sklearn import get_config

    if not get_config()["enable_metadata_routing"]:
        raise RuntimeError(
            f"set_{method}_request needs metadata routing: "
            "sklearn.set_config(enable_metadata_routing=True)"
        )
    known = metadata_of(type(estimator), method)
    for name in requests:
        if name not in known:
            raise TypeError(f"{method} takes no {name!r}, only {', '.join(known)}")
    found = routing_of(estimator)
    for name, alias in requests.items():
        getattr(found, method).add_request(param=name, alias=alias)
    estimator._metadata_request = found
