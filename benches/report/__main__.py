"""Measure, and write the page: `python -m benches.report --help`."""

import argparse
import sys
from pathlib import Path

from benches.report import figure, machine, page
from benches.report.output import write

ROOT = Path(__file__).parents[2]


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benches.report", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes and one round: a test")
    parser.add_argument(
        "--rounds", type=int, default=5, help="times that each contender has a turn"
    )
    parser.add_argument("--threads", type=int, default=machine.processors(), help="beside one")
    parser.add_argument("--only", nargs="+", default=[], help="jobs whose name has one of these")
    parser.add_argument("--redraw", action="store_true", help="only write page and figure again")
    parser.add_argument("--criterion", type=Path, default=ROOT / "target" / "criterion")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="the folder of the page")
    return parser.parse_args()


def measured(asked):
    """Return what is on the page: the machine, all jobs, and what Criterion has."""
    many = asked.threads if machine.installed("threadpoolctl") else 1
    machine.pin(many)
    from benches.report.contest import SECONDS_OF_A_TURN, contest
    from benches.report.criterion import medians
    from benches.report.jobs import all_jobs

    about, jobs = machine.about() | {"threads": many, "quick": asked.quick}, []
    for job in all_jobs(asked.quick):
        if asked.only and not any(word in job.name for word in asked.only):
            continue
        found = contest(
            job, 1 if asked.quick else asked.rounds, many, 0.0 if asked.quick else SECONDS_OF_A_TURN
        )
        jobs.append(found)
        print(f"{found['name']}: {found['compared']}", file=sys.stderr)
        for row in found["rows"]:
            print(f"  {row['name']}, {row['threads']}: {row['seconds']:.3g} s", file=sys.stderr)
    about["load_after"] = machine.load()
    return {"about": about, "jobs": jobs, "criterion": medians(asked.criterion)}


def main():
    write("performance", arguments(), measured, page, figure)


if __name__ == "__main__":
    main()
