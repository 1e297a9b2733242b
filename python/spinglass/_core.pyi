"""The Rust core. Private: the package in front of it is the interface."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CapacityTrials",
    "DenseModel",
    "HopfieldNetwork",
    "LatticeModel",
    "PackedPatterns",
    "SparseModel",
    "__version__",
    "anneal",
    "available_threads",
    "corrupt_states",
    "energy",
    "local_fields",
    "random_spins",
    "sample",
    "simd_level",
    "temper",
]

__version__: str

_Progress = Callable[[int, int], object] | None
_Spins = NDArray[np.int8]

def simd_level() -> str: ...
def available_threads() -> int: ...
def corrupt_states(states: _Spins, count: int, seed: int) -> _Spins: ...

@final
class LatticeModel:
    def __new__(cls, shape: Sequence[int], coupling: float, field: float) -> LatticeModel: ...

@final
class DenseModel:
    def __new__(
        cls, couplings: NDArray[np.float64], fields: NDArray[np.float64] | None = None
    ) -> DenseModel: ...
    @staticmethod
    def sherrington_kirkpatrick(n_spins: int, disorder: str, seed: int) -> DenseModel: ...
    def couplings(self) -> NDArray[np.float64]: ...

@final
class SparseModel:
    def __new__(
        cls,
        offsets: NDArray[np.int64],
        neighbours: NDArray[np.int64],
        couplings: NDArray[np.float64],
        fields: NDArray[np.float64] | None = None,
    ) -> SparseModel: ...
    @staticmethod
    def edwards_anderson(shape: Sequence[int], disorder: str, seed: int) -> SparseModel: ...
    def couplings(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]: ...

@final
class PackedPatterns:
    @staticmethod
    def random(
        n_patterns: int, n_spins: int, seed: int, num_threads: int | None = None
    ) -> PackedPatterns: ...
    @staticmethod
    def from_array(spins: _Spins) -> PackedPatterns: ...
    @staticmethod
    def from_bytes(n_patterns: int, n_spins: int, bytes: bytes) -> PackedPatterns: ...
    @staticmethod
    def from_file(
        n_patterns: int, n_spins: int, path: str | PathLike[str], offset: int
    ) -> PackedPatterns: ...
    @property
    def n_patterns(self) -> int: ...
    @property
    def n_spins(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    def padding_is_zero(self) -> bool: ...
    def same_bits(self, other: PackedPatterns) -> bool: ...
    def to_bytes(self) -> bytes: ...
    def append_to(self, path: str | PathLike[str]) -> None: ...
    def unpack(self, which: Sequence[int]) -> _Spins: ...

@final
class HopfieldNetwork:
    def __new__(
        cls, patterns: PackedPatterns, thresholds: NDArray[np.float64] | None = None
    ) -> HopfieldNetwork: ...
    def energy(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.float64]: ...
    def local_fields(
        self, states: _Spins, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def overlaps(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.int64]: ...
    def couplings(self, out: NDArray[Any], num_threads: int | None = None) -> None: ...
    def recall(
        self,
        states: _Spins,
        update: str,
        beta: float,
        max_sweeps: int,
        seed: int,
        clamp: NDArray[np.bool_] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...

@final
class CapacityTrials:
    def __new__(
        cls,
        n_spins: Sequence[int],
        n_patterns: Sequence[int],
        seeds: Sequence[int],
        n_flips: Sequence[int],
        n_starts: int,
        max_sweeps: int,
    ) -> CapacityTrials: ...
    def run(self, num_threads: int | None = None, progress: _Progress = None) -> None: ...
    def rows(self) -> dict[str, NDArray[Any]]: ...

_Model: TypeAlias = LatticeModel | DenseModel | SparseModel | HopfieldNetwork
_Outcome: TypeAlias = tuple[dict[str, Any], BaseException | None]

def energy(
    model: _Model, states: _Spins, num_threads: int | None = None
) -> NDArray[np.float64]: ...
def local_fields(
    model: _Model, states: _Spins, num_threads: int | None = None
) -> NDArray[np.float64]: ...
def random_spins(
    seed: int, n_replicas: int, n_spins: int, num_threads: int | None = None
) -> _Spins: ...
def sample(
    model: _Model,
    dynamics: str,
    betas: NDArray[np.float64],
    initial: _Spins,
    seed: int,
    sweeps: int,
    streams: NDArray[np.uint64],
    warmup: int,
    n_sweeps: int,
    every: int,
    keep_states: bool,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> _Outcome: ...
def anneal(
    model: _Model,
    dynamics: str,
    schedule: NDArray[np.float64],
    initial: _Spins,
    seed: int,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> _Outcome: ...
def temper(
    model: _Model,
    dynamics: str,
    betas: NDArray[np.float64],
    initial: _Spins,
    seed: int,
    sweeps: int,
    order: NDArray[np.uint32],
    streams: NDArray[np.uint64],
    warmup: int,
    n_sweeps: int,
    every: int,
    keep_states: bool,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> _Outcome: ...
