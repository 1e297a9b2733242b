"""What tests of interrupted scans share."""

import os
import signal
import threading
import time

import pytest


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
