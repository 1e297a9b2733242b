"""Measure how jobs grow, and write the page: `python -m benches.scaling --help`."""

import argparse
import sys
from pathlib import Path

from benches.report import machine
from benches.report.output import write
from benches.scaling import figure, page

ROOT = Path(__file__).parents[2]


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benches.scaling", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a test")
    parser.add_argument("--threads", type=int, default=machine.processors(), help="beside one")
    parser.add_argument("--redraw", action="store_true", help="only write page and figure again")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="the folder of the page")
    return parser.parse_args()


def measured(asked):
    from benches.scaling.jobs import JOBS
    from benches.scaling.measure import in_a_process

    about = machine.about() | {"threads": asked.threads, "quick": asked.quick}
    jobs = []
    for number, job in enumerate(JOBS):
        sizes = job.few if asked.quick else job.sizes
        points = [(size, 1) for size in sizes]
        if asked.threads > 1:
            points.append((sizes[-1], asked.threads))
        rows = [in_a_process(number, *point) for point in points]
        found = {x: getattr(job, x) for x in ("name", "variable", "each", "fits")} | {"rows": rows}
        jobs.append(found)
        for row in rows:
            print(f"{job.name}: {row}", file=sys.stderr)
    about["load_after"] = machine.load()
    return {"about": about, "jobs": jobs}


def main():
    write("scaling", arguments(), measured, page, figure)


if __name__ == "__main__":
    main()
