"""Settings of the whole suite."""

import os
import signal
import threading
import time

import pytest
from hypothesis import settings

# Machines that build wheels are slow and shared: how long an example takes is no failure. The same
# examples in every run, so that a failure is one for everybody.
settings.register_profile("spinglass", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("spinglass")

# A job that was started in the background of a script ignores SIGINT, and so would its children:
# the tests that send it want the usual answer.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def interrupt_when():
    """Return what sends SIGINT to this process as soon as a condition holds."""
    threads = []

    def begin(condition):
        def send():
            while not condition():
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

        threads.append(threading.Thread(target=send, daemon=True))
        threads[-1].start()

    return begin
