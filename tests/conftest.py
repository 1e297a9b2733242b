"""Settings of the whole suite."""

import signal

from hypothesis import settings

# Machines that build wheels are slow and shared: how long an example takes is no failure. The same
# examples in every run, so that a failure is one for everybody.
settings.register_profile("spinglass", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("spinglass")

# A job that was started in the background of a script ignores SIGINT, and so would its children:
# the tests that send it want the usual answer.
signal.signal(signal.SIGINT, signal.default_int_handler)
