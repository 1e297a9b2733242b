"""What `cargo bench` left: medians of Criterion, read from target/criterion."""

import json
from pathlib import Path


def medians(folder):
    """Return name, median in seconds and its 95 % interval of every bench, by name.

    Criterion keeps the last run of a bench in ``<bench>/new``: ``estimates.json`` has nanoseconds,
    and ``benchmark.json`` the full name.
    """
    found = []
    for path in sorted(Path(folder).rglob("new/estimates.json")):
        median = json.loads(path.read_text(encoding="utf-8"))["median"]
        named = path.with_name("benchmark.json")
        name = (
            json.loads(named.read_text(encoding="utf-8"))["full_id"]
            if named.exists()
            else str(path.parent.parent.relative_to(folder))
        )
        interval = median["confidence_interval"]
        found.append(
            {
                "name": name,
                "seconds": median["point_estimate"] * 1e-9,
                "interval": [interval["lower_bound"] * 1e-9, interval["upper_bound"] * 1e-9],
            }
        )
    return sorted(found, key=lambda row: row["name"])
