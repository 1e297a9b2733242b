"""One job and its contenders: the results are compared first, then all are timed in turns.

Every contender does a job once in every round, so that a machine which is slow for a while is slow
for all of them. What is reported is the median over rounds, and the quartiles.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benches.report import machine


@dataclass(frozen=True)
class Contender:
    """A way to do a job.

    Attributes
    ----------
    name : str
        A package, and the way if there are several.
    work : callable
        Does the job on a number of threads, and returns its result.
    threads : bool
        Whether more threads than one are of use to it.
    needs : str
        A package without which it is left out.
    note : str
        What else a reader must know.
    """

    name: str
    work: Callable[[int], Any]
    threads: bool = False
    needs: str = "numpy"
    note: str = ""


@dataclass(frozen=True)
class Job:
    """Work that all contenders do: the same sizes, sweeps and data.

    Attributes
    ----------
    name, about : str
        A title, and a sentence that says what is done.
    amount, unit : float, str
        Units of work in one call: what is reported is units a second.
    agree : callable
        Raises AssertionError if results, by contender, differ; returns in words what was compared.
    """

    name: str
    about: str
    amount: float
    unit: str
    contenders: list[Contender]
    agree: Callable[[dict[str, Any]], str] = field(repr=False)


# A call that is shorter is repeated until it takes as long.
SECONDS_OF_A_TURN = 0.1


def quantile(values, share):
    values = sorted(values)
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def timed(work, repeats):
    """Return the seconds of one call, of so many."""
    began = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - began) / repeats


def contest(job, rounds, many, turn=SECONDS_OF_A_TURN, clock=timed):
    """Compare the contenders of a job and time them, on one thread and on ``many``.

    Returns
    -------
    dict
        What the page says of the job; ``rows`` has the seconds of each contender.
    """
    there = [x for x in job.contenders if machine.installed(x.needs) or x.needs == "spinglass"]
    entries = [(x, n) for x in there for n in ((1, many) if x.threads and many > 1 else (1,))]
    results, repeats = {}, []
    for contender, n in entries:
        with machine.threads(n):
            contender.work(n)  # compiles, loads, starts threads
            began = time.perf_counter()
            results[contender.name, n] = contender.work(n)
            seconds = time.perf_counter() - began
        repeats.append(max(1, int(turn / max(seconds, 1e-9))))
    compared = job.agree({f"{name} ({n})": found for (name, n), found in results.items()})
    seconds = [[] for _ in entries]
    for k in range(rounds):
        for place in range(len(entries)):
            which = (place + k) % len(entries)
            contender, n = entries[which]
            with machine.threads(n):
                seconds[which].append(clock(lambda: contender.work(n), repeats[which]))  # noqa: B023
    rows = [
        {
            "name": contender.name, "threads": n, "version": machine.installed(contender.needs),
            "note": contender.note, "seconds": quantile(each, 0.5),
            "quartiles": [quantile(each, 0.25), quantile(each, 0.75)], "rounds": len(each),
            "calls_a_round": calls,
        }
        for (contender, n), each, calls in zip(entries, seconds, repeats, strict=True)
    ]  # fmt: skip
    return {
        "name": job.name, "about": job.about, "amount": job.amount, "unit": job.unit,
        "compared": compared, "rows": rows,
        "left_out": sorted({x.needs for x in job.contenders if x not in there}),
    }  # fmt: skip


def equal(results, what):
    """Hold all results equal, bit for bit."""
    import numpy as np

    (first, expected), *others = results.items()
    for name, found in others:
        assert np.array_equal(found, expected), f"{what} of {name} are not those of {first}"
    return f"{what} are equal, bit for bit"


def within(results, errors, what, floor=0.0):
    """Hold numbers equal within five standard errors, their own and those of the first.

    Parameters
    ----------
    results, errors : dict
        By contender.
    floor : float
        A difference that is allowed anyway, known from elsewhere.
    """
    (first, expected), *others = results.items()
    worst = 0.0
    for name, found in others:
        error = (errors[first] ** 2 + errors[name] ** 2) ** 0.5
        apart = abs(found - expected)
        assert apart <= 5 * error + floor, f"{what}: {found} of {name}, {expected} of {first}"
        worst = max(worst, apart)
    allowed = f"five standard errors{f' and {floor:.2g}' if floor else ''}"
    return f"{what} agree within {allowed}: {expected:.5g}, at most {worst:.2g} apart"
