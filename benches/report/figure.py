"""The figure of the report: times of all contenders on one thread, relative to spinglass."""

from benches.report.page import reference


def draw(content, path):
    """Draw one line a job: a mark a contender, its range between quartiles as a bar."""
    import matplotlib
    from matplotlib.figure import Figure

    from spinglass.plotting import MARKERS, STYLE

    packages = {}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9.5, 1.6 + 0.45 * len(content["jobs"])), layout="constrained")
        ax = figure.subplots()
        for place, job in enumerate(content["jobs"]):
            ours = reference(job)["seconds"]
            for row in job["rows"]:
                if row["threads"] != 1:
                    continue
                package = row["name"].partition(",")[0]
                look = packages.setdefault(package, len(packages))
                low, high = (x / ours for x in row["quartiles"])
                middle = row["seconds"] / ours
                ax.errorbar(
                    middle, place, xerr=[[middle - low], [high - middle]], color=f"C{look}",
                    marker=MARKERS[look], linestyle="none", label=package,
                )  # fmt: skip
        ax.axvline(1.0, color="0.7", linewidth=1, zorder=0)
        ax.set(xscale="log", xlabel="time relative to spinglass, one thread each")
        ax.set_yticks(range(len(content["jobs"])), [job["name"] for job in content["jobs"]])
        ax.invert_yaxis()
        handles, labels = ax.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        figure.legend(once.values(), once.keys(), loc="outside upper center", ncols=4)
        figure.savefig(path, dpi=160)
