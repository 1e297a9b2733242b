"""The figure of scaling: time and memory against size, with the fitted lines."""

import math

from benches.scaling import growth
from benches.scaling.page import alone


def draw(content, path):
    """Draw time on the left and memory on the right, one colour and mark a job."""
    import matplotlib
    from matplotlib.figure import Figure

    from spinglass.plotting import MARKERS, STYLE

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(12.5, 6.5), layout="constrained")
        time, memory = figure.subplots(1, 2)
        for k, job in enumerate(content["jobs"]):
            rows = alone(job)
            look = {"color": f"C{k}", "marker": MARKERS[k % len(MARKERS)], "linestyle": "none"}
            name = f"{job['name']}: {job['variable']}"
            time.plot([x["size"] for x in rows], [x["seconds"] for x in rows], **look, label=name)
            large = [x for x in rows if x["bytes"] > growth.NOISE]
            memory.plot([x["size"] for x in large], [x["bytes"] for x in large], **look)
            for ax, line in ((time, growth.of_time(rows)), (memory, growth.of_memory(rows))):
                if line is not None:
                    slope, _, intercept = line
                    ends = [x["size"] for x in (rows if ax is time else large)]
                    values = [math.exp(intercept + slope * math.log(x)) for x in ends]
                    ax.plot(ends, values, color=look["color"], linewidth=1)
        time.set(xscale="log", yscale="log", xlabel="size", ylabel="seconds, one thread")
        memory.set(xscale="log", yscale="log", xlabel="size", ylabel="bytes")
        figure.legend(loc="outside lower center", ncols=2)
        figure.savefig(path, dpi=160)
