"""Figures of unfinished scans: they say nothing that only the whole scan could tell."""

import pytest

from spinglass.experiments import capacity, ising, open_store, renormalize, sk

pytest.importorskip("matplotlib")


def after(n_tasks, path, experiment, *arguments, **more):
    """Return the result of an experiment of which so many tasks were finished."""
    calls = []

    class Enough(Exception):  # noqa: N818
        pass

    def stop(done, total):
        calls.append(done)
        if len(calls) == n_tasks:
            raise Enough

    with pytest.raises(Enough):
        experiment(*arguments, store=path, num_threads=1, progress=stop, **more)
    return open_store(path).result()


def words(result):
    """Return all texts and the sizes in the legends of the figure of a result."""
    from matplotlib.figure import Figure

    layout = (
        (1, 3) if hasattr(result, "flows") else (2, 3) if hasattr(result, "snapshots") else (2, 2)
    )
    panels = Figure().subplots(*layout)
    result.plot(panels)
    texts = [text.get_text() for panel in panels.flat for text in panel.texts]
    legends = [panel.get_legend() for panel in panels.flat if panel.get_legend()]
    entries = {text.get_text() for legend in legends for text in legend.get_texts()}
    return texts, {entry for entry in entries if entry.startswith(("$N", "$L"))}


def test_an_unfinished_renormalization_does_not_deny_crossings_and_exponents(tmp_path):
    few = after(
        3, tmp_path / "a", renormalize, 32, temperatures=(2.2, 2.269185, 2.3), n_sweeps=50,
        picture_size=None,
    )  # fmt: skip
    texts, entries = words(few)
    assert texts == ["not finished yet"] * 2
    assert len(entries) == 1
    whole = renormalize(16, temperatures=(1.5, 1.6), n_sweeps=50, picture_size=None)
    texts, _ = words(whole)
    assert texts == ["no crossing was seen", "$T_c$ is not among the temperatures"]


def test_an_unfinished_capacity_does_not_deny_half_points(tmp_path):
    few = after(1, tmp_path / "a", capacity, (60, 120), loads=(0.1, 0.9), n_instances=2)
    assert words(few) == (["not finished yet"] * 2, {"$N = 120$"})
    texts, entries = words(capacity((60, 120), loads=(0.8, 0.9), n_instances=2))
    assert "no half-point: the loads bracket none" in texts
    assert entries == {"$N = 60$", "$N = 120$"}


def test_an_unfinished_spin_glass_lists_only_the_sizes_it_has(tmp_path):
    few = after(1, tmp_path / "a", sk, (16, 64), n_instances=2, n_sweeps=20)
    assert {entry[:7] for entry in words(few)[1]} == {"$N = 64"}


def test_an_unfinished_ising_scan_does_not_deny_crossings(tmp_path):
    few = after(
        2, tmp_path / "a", ising, (8, 16), temperatures=(2.2, 2.3, 2.4), n_sweeps=50,
        snapshot_size=None,
    )  # fmt: skip
    texts, entries = words(few)
    assert "not finished yet" in texts
    assert entries == {"$L = 16$"}
