"""Experiments of no meaning, for tests of where and how tasks run; workers import them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinglass.runner.task import Experiment, Task


@dataclass(frozen=True)
class ToyConfig:
    n_tasks: int
    seed: int = 0
    seconds: float = 0.0
    memory: int = 0
    folder: str = ""
    victim: int = -1
    numbers: tuple[float, ...] = ()


class Toy(Experiment):
    """Draws a few numbers a task; its result is what each task returned, by key."""

    name, unit, config_type = "toy", "draws", ToyConfig

    def tasks(self):
        return [
            Task(f"draw {k}", (k,), cost=self.config.n_tasks - k, memory=self.config.memory)
            for k in range(self.config.n_tasks)
        ]

    def work(self, task, share):
        time.sleep(self.config.seconds)
        return {"draws": np.random.default_rng(task.seed(self.config.seed)).normal(size=3)}

    def result(self, finished):
        return {task.key: rows for task, rows in finished}


class Empty(Toy):
    """Does nothing."""

    name = "empty"

    def work(self, task, share):
        return {}


class Witness(Toy):
    """Says on how many threads, in which process, and from when to when each task ran."""

    name = "witness"

    def work(self, task, share):
        begun = time.time()
        time.sleep(self.config.seconds)
        return {
            "threads": np.array(share.num_threads),
            "pid": np.array(os.getpid()),
            "time": np.array([begun, time.time()]),
        }


class Failing(Toy):
    """Task ``victim`` raises an error."""

    name = "failing"

    def work(self, task, share):
        if task.stream[0] == self.config.victim:
            raise LookupError("nothing here")
        return super().work(task, share)


class Deadly(Toy):
    """Task ``victim`` kills its process: once if there is a folder to remember it, else always."""

    name = "deadly"

    def work(self, task, share):
        if task.stream[0] == self.config.victim:
            once = Path(self.config.folder, "killed") if self.config.folder else None
            if once is None or not once.exists():
                if once is not None:
                    once.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().work(task, share)


class Long(Toy):
    """Runs until it is ended, like a long call of the core; says when it began and ended."""

    name = "long"

    def work(self, task, share):
        folder = Path(self.config.folder)
        (folder / f"began {task.stream[0]}").touch()
        try:
            for k in range(int(self.config.seconds * 20)):
                time.sleep(0.05)
                if share.progress is not None:
                    share.progress(k, 100)
        finally:
            (folder / f"ended {task.stream[0]}").touch()
        return super().work(task, share)
