"""A Dask scheduler and workers as processes of their own on loopback, for tests."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import spinglass

TESTS = Path(__file__).parent
PACKAGE = Path(spinglass.__file__).parent.parent


class DaskCluster:
    """A scheduler without a dashboard, and workers, each with a nanny."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._processes = []
        file = self.folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", file)
        self.scheduler = self._start("scheduler", *options)
        patience = time.monotonic() + 60
        while True:
            try:
                self.address = json.loads(file.read_text())["address"]
                return
            except (OSError, ValueError):
                assert time.monotonic() < patience, "the scheduler does not start"
                time.sleep(0.05)

    def add_worker(self, n_threads=1, memory="4GB", **environment):
        """Start a worker and return its process, which is that of the nanny."""
        options = ("--nthreads", n_threads, "--memory-limit", memory)
        folder = ("--local-directory", self.folder)
        return self._start("worker", self.address, *options, *folder, **environment)

    def _start(self, what, *options, **environment):
        path = os.pathsep.join([str(TESTS), str(PACKAGE), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *options]
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(
                [str(x) for x in command],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path, **environment},
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def kill(self, process):
        """Kill a process that was started here, and its children."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._processes.remove(process)

    def close(self):
        for process in list(self._processes):
            self.kill(process)
