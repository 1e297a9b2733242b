"""What is learned, as attributes: arrays to read, and to assign, which uploads them to the core."""

from __future__ import annotations

from typing import Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import array_of
from spinglass.machines.rows import binary_states
from spinglass.machines.trained import Trained, fitted


class Parameter:
    """An array that a machine learns, of the name that the core has for it and an underscore."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name.removesuffix("_")

    @overload
    def __get__(self, model: None, owner: type) -> Self: ...
    @overload
    def __get__(self, model: Any, owner: type) -> NDArray[Any]: ...
    def __get__(self, model: Any, owner: type) -> Any:
        if model is None:
            return self
        trained = fitted(model)
        return trained.copy(self.name, lambda: _frozen(self._read(trained), trained.dtype))

    def __set__(self, model: Any, values: ArrayLike) -> None:
        self._write(fitted(model), values)

    def _read(self, trained: Trained[Any]) -> NDArray[Any]:
        values: NDArray[Any] = getattr(trained.machine, self.name)()
        return values

    def _write(self, trained: Trained[Any], values: ArrayLike) -> None:
        upload(trained, self.name, values)


class HiddenStates(Parameter):
    """The hidden states of the chains, those at beta = 1 if there are several temperatures."""

    def _read(self, trained: Trained[Any]) -> NDArray[Any]:
        states: NDArray[Any] = trained.trainer.hidden()
        return states

    def _write(self, trained: Trained[Any], values: ArrayLike) -> None:
        shape = self._read(trained).shape
        if np.shape(values) != shape:
            raise ValueError(f"{self.name}_ must have shape {shape}, got {np.shape(values)}")
        trained.trainer.set_hidden(binary_states(values, f"{self.name}_", shape[1]))
        trained.forget()


def upload(trained: Trained[Any], name: str, values: ArrayLike) -> None:
    """Go on with another array of this name, if it has the shape of the present one."""
    now = {x: getattr(trained.machine, x)() for x in trained.options.PARAMETERS}
    shape = now[name].shape
    array = array_of(values, f"{name}_", "real numbers")
    if array.dtype.kind not in "biuf" or array.shape != shape:
        raise ValueError(
            f"{name}_ must hold real numbers of shape {shape}, got {array.dtype} of shape "
            f"{array.shape}"
        )
    with np.errstate(over="ignore"):
        uploaded = np.array(array, dtype=now[name].dtype, order="C")
    finite = np.isfinite(uploaded)
    # Of double precision the core itself says what is wrong, and how large a number may be.
    if uploaded.dtype == np.float32 and not finite.all():
        culprit = array[~finite].ravel()[0]
        raise ValueError(f"{name}_ must hold finite numbers of single precision, got {culprit}")
    trained.trainer.set_machine(trained.options.machine(now | {name: uploaded}))
    trained.forget()


def _frozen(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    values = values.astype(dtype, copy=False)
    values.flags.writeable = False
    return values
