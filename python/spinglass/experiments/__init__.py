"""Experiments, one question a file: a frozen config in, a result object out."""

from spinglass.experiments.capacity import ScanInterrupted, capacity
from spinglass.experiments.capacity_scan import CapacityConfig, CapacityScan
from spinglass.experiments.finite_size import CriticalLoad, HalfPoint
from spinglass.experiments.interrupted import ExperimentInterrupted, ExperimentStopped
from spinglass.experiments.ising import ising
from spinglass.experiments.ising_scan import IsingConfig, IsingScan, Snapshot
from spinglass.experiments.landscape import landscape
from spinglass.experiments.landscape_result import Landscape, LandscapeConfig
from spinglass.experiments.meanfield import meanfield
from spinglass.experiments.meanfield_result import MeanFieldConfig, MeanFieldLattice
from spinglass.experiments.points import PointsInterrupted
from spinglass.experiments.rbm import RbmInterrupted, rbm
from spinglass.experiments.rbm_data import DIGITS
from spinglass.experiments.rbm_measures import RbmLikelihood
from spinglass.experiments.rbm_result import RbmConfig, RbmTraining
from spinglass.experiments.recall import (
    EnergyTrace,
    RecallPictures,
    RecallPicturesConfig,
    recall_pictures,
)
from spinglass.experiments.renormalization import Flow, Renormalization, RenormalizeConfig
from spinglass.experiments.renormalize import renormalize
from spinglass.experiments.runner import run
from spinglass.experiments.sk import SkInterrupted, sk
from spinglass.experiments.sk_result import SkConfig, SkResult
from spinglass.experiments.stores.database import StoreError
from spinglass.experiments.stores.lock import Worker
from spinglass.experiments.stores.status import Status
from spinglass.experiments.stores.stored import StoredScan, open_store
from spinglass.experiments.task import Experiment, Share, Task

__all__ = [
    "DIGITS",
    "CapacityConfig",
    "CapacityScan",
    "CriticalLoad",
    "EnergyTrace",
    "Experiment",
    "ExperimentInterrupted",
    "ExperimentStopped",
    "Flow",
    "HalfPoint",
    "IsingConfig",
    "IsingScan",
    "Landscape",
    "LandscapeConfig",
    "MeanFieldConfig",
    "MeanFieldLattice",
    "PointsInterrupted",
    "RbmConfig",
    "RbmInterrupted",
    "RbmLikelihood",
    "RbmTraining",
    "RecallPictures",
    "RecallPicturesConfig",
    "Renormalization",
    "RenormalizeConfig",
    "ScanInterrupted",
    "Share",
    "SkConfig",
    "SkInterrupted",
    "SkResult",
    "Snapshot",
    "Status",
    "StoreError",
    "StoredScan",
    "Task",
    "Worker",
    "capacity",
    "ising",
    "landscape",
    "meanfield",
    "open_store",
    "rbm",
    "recall_pictures",
    "renormalize",
    "run",
    "sk",
]
