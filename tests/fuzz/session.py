"""Cases in a process of their own, which may crash, hang, or ask for too much memory.

The process writes which case it is at before it begins it. Whoever started it reads that: a process
that died goes on after its case, and one that stands still is ended. Faults are lines of JSON.
"""

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from fuzz import verdict

# A call that takes longer is interrupted, as by Ctrl-C.
SECONDS_OF_A_CALL = 2.0
# A call that is not over by then is a hang: the machine may be shared, and a call of SciPy long.
SECONDS_UNTIL_A_HANG = 40.0
# What a process may take beyond what it has when the calls are there.
BYTES = 3 << 30
TESTS = Path(__file__).parents[1]


def fault_of(case):
    """Carry out a case; return what is wrong, None if nothing is, and whether it took long."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            signal.setitimer(signal.ITIMER_REAL, SECONDS_OF_A_CALL)
            try:
                result = case.function(**case.arguments)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            fault = verdict.of_result(case.function, result)
        except KeyboardInterrupt:
            return None, True
        except BaseException as error:
            fault = verdict.of_exception(case.function, case.arguments, error)
    return fault or next(filter(None, map(verdict.of_warning, warned)), None), False


def interrupt(*_):
    raise KeyboardInterrupt


def carry_out(plan):
    """Carry out the cases of a plan, from where it begins; called in a process of its own."""
    from fuzz.calls import calls
    from fuzz.cases import case

    signal.signal(signal.SIGALRM, interrupt)
    names = [x for x in calls() if plan["only"] in (None, x)]
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + BYTES, resource.RLIM_INFINITY))
    place = os.open("../place", os.O_WRONLY | os.O_CREAT)
    with open("../faults", "a", encoding="utf-8") as faults:

        def say(**what):
            faults.write(json.dumps(what) + "\n")
            faults.flush()

        for k in range(plan["name"], len(names)):
            first = plan["case"] if k == plan["name"] else plan["first"]
            began, done, long = time.monotonic(), 0, 0
            for number in range(first, plan["first"] + plan["cases"]):
                os.pwrite(place, f"{k} {number} {names[k]}".ljust(120).encode(), 0)
                current = case(names[k], number, plan["seed"])
                fault, took_long = fault_of(current)
                done, long = done + 1, long + took_long
                if took_long:
                    say(long=str(current))
                if fault:
                    say(fault=fault, name=names[k], case=str(current))
                if time.monotonic() - began > plan["seconds"]:
                    break
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")
            say(done=done, name=names[k], took_long=long)


def child(folder, plan):
    """Start a process that carries out a plan within a folder."""
    code = (
        f"import sys; sys.path.insert(0, {str(TESTS)!r}); import json; from fuzz import session; "
        f"session.carry_out(json.loads({json.dumps(plan)!r}))"
    )
    surroundings = os.environ | {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    inside = folder / "inside"
    inside.mkdir(exist_ok=True)
    with open(folder / "output", "ab") as output:
        return subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-c", code],
            cwd=inside, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=surroundings,
        )  # fmt: skip


def watched(process, folder):
    """Wait for a process; return why it ended too early, None if it did not."""
    before, since = b"", time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
            break
        now = (folder / "place").read_bytes() if (folder / "place").exists() else b""
        if now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > SECONDS_UNTIL_A_HANG:
            process.send_signal(signal.SIGABRT)  # faulthandler says where
            process.wait()
            return "hangs"
    return None if process.returncode == 0 else f"ends the process: {process.returncode}"


def session(cases=100, seconds=60.0, seed=0, only=None, first=0):
    """Carry out so many cases of each call, for so many seconds at most; return what was said."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = {
            "cases": cases, "seconds": seconds, "seed": seed, "only": only, "first": first,
            "name": 0, "case": first,
        }  # fmt: skip
        said = []
        while why := watched(child(folder, plan), folder):
            output = (folder / "output").read_text(errors="replace")[-3000:]
            if not (folder / "place").exists():
                raise RuntimeError(f"no call could be made: {output}")
            k, number, call = (folder / "place").read_text().split(maxsplit=2)
            call, number = call.strip(), int(number)
            case = f"{call} {number}"
            said.append({"fault": why, "name": call, "case": case, "output": output})
            began = plan["case"] if int(k) == plan["name"] else first
            said.append({"done": number + 1 - began, "name": call, "took_long": 0})
            plan |= {"name": int(k), "case": number + 1}
        lines = (folder / "faults").read_text(encoding="utf-8").splitlines()
        return said + [json.loads(line) for line in lines]


def kinds(said):
    """Return the faults by what they have in common, each with its cases."""
    found = {}
    for line in said:
        if "fault" in line:
            kind = re.sub(r"[-+]?\d[\d.e+]*|'[^']*'", "#", line["fault"])[:90]
            found.setdefault((line["name"], kind), []).append(line)
    return found
