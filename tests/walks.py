"""An experiment that is done in no time, its stores, and what is said of bad ones."""

import time
from dataclasses import dataclass

import numpy as np
import pytest

from spinglass.experiments import Experiment, StoreError, Task, open_store, run


@dataclass(frozen=True)
class WalksConfig:
    n_walks: int
    seed: int
    steps: tuple[tuple[float, ...], ...] = ((1.0,),)


@dataclass(frozen=True)
class WalksResult:
    config: WalksConfig
    ends: np.ndarray
    version: str = "?"


class Walks(Experiment):
    name, unit, config_type = "walks of the tests", "walks", WalksConfig
    done = ()
    rows = 1  # of each array
    pause = 0.0

    def tasks(self):
        return [Task(f"walk {k}", (k,)) for k in range(self.config.n_walks)]

    def work(self, task, share):
        time.sleep(self.pause)
        self.done = (*self.done, task.key)
        steps = np.random.default_rng(task.seed(self.config.seed)).choice([-1, 1], (self.rows, 9))
        return {"end": steps.sum(axis=1), "noise": np.full(self.rows, np.nan)}

    def result(self, finished):
        ends = [rows["end"] for _, rows in finished]
        return WalksResult(self.config, np.concatenate([np.empty(0, int), *ends]))


def walks(n_walks, seed=0, **more):
    return Walks(WalksConfig(n_walks, seed, **more))


def read(path):
    """Return the ends of the walks in a store."""
    return open_store(path).result().ends.tolist()


def filled(path, n_walks=3):
    run(walks(n_walks), store=path, num_threads=1)
    return path


def begin(path, n_walks=5, done=2):
    """Leave a store of which some walks are done."""

    class Stops(Walks):
        def work(self, task, share):
            if len(self.done) == done:
                raise RuntimeError("no further")
            return super().work(task, share)

    with pytest.raises(RuntimeError, match="no further"):
        run(Stops(WalksConfig(n_walks, 0)), store=path, num_threads=1)


def refusal(path, experiment=None):
    """Return what is said of a store that is not written, and see that nothing was."""
    kept = sorted(
        (file.name, file.is_file() and file.read_bytes()) for file in path.parent.iterdir()
    )
    with pytest.raises((StoreError, ValueError)) as caught:
        run(experiment or walks(3), store=path, num_threads=1)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    lock = f"{path.name}.lock"
    now = sorted(
        (file.name, file.is_file() and file.read_bytes()) for file in path.parent.iterdir()
    )
    assert [x for x in now if x[0] != lock] == [x for x in kept if x[0] != lock]
    return message
