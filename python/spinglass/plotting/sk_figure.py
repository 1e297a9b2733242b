"""A figure of Sherrington-Kirkpatrick glasses: energies, ground states, P(q), and equilibration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import (
    FOUR,
    FRAME,
    by_size,
    colours,
    figure,
    interval_bar,
    legend_above,
    limit_point,
    on_panels,
    paper,
    points,
    residuals,
    say_none,
    shade,
    theory_line,
)

if TYPE_CHECKING:
    from spinglass.experiments import SkResult

# Temperature, energy and largest overlap of Parisi's solution in three steps (the ground-state
# energy in many): `theory.sk` takes a second for each, a figure should not.
_PARISI = (
    (0.0, -0.763167, 1.0),
    (0.2, -0.759457, 0.93076),
    (0.3, -0.750831, 0.85453),
    (0.4, -0.735124, 0.75392),
    (0.5, -0.711470, 0.63426),
    (0.6, -0.679952, 0.50244),
    (0.7, -0.641460, 0.36611),
    (0.8, -0.597450, 0.23279),
    (0.9, -0.549677, 0.10958),
    (1.0, -0.5, 0.0),
)

# P(q) is drawn at the temperatures of the ladder next to these.
_BETAS = (0.7, 1.0, 1.5, 2.5, 4.0)

# P(q) differs from glass to glass: of the sizes with so many glasses the largest is drawn.
_GLASSES = 50


@figure(FOUR)
def sk(result: SkResult, ax: Any = None) -> Any:
    r"""Draw tempered Sherrington-Kirkpatrick glasses.

    The four panels are the energy per spin against beta with theory; the ground-state energies
    against N^(-2/3) with the fit to infinite N; P(q) above and below the critical temperature; and
    equilibration, in which the energy and its value from the overlap become equal.

    Parameters
    ----------
    result : SkResult
        The result of `spinglass.experiments.sk`, complete or not.
    ax : matplotlib Axes or sequence of four Axes, optional
        One Axes shows the second panel. By default a new figure shows all four.

    Returns
    -------
    Axes or array of four Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import sk as measure
    >>> result = measure((16, 32), n_instances=5, n_sweeps=100)
    >>> [panel.get_xlabel() for panel in sk(result)][:2]
    ['inverse temperature $\\beta$', '$N^{-2/3}$']
    """
    draw = _energy, _ground_states, _distribution, _equilibrium
    return on_panels(result, ax, *draw, alone=1)


def _series(result: SkResult) -> list[tuple[int, dict[str, Any]]]:
    """Return the sizes that have glasses, and their looks."""
    return [x for x in by_size(result.config.n_spins) if result.of_size(x[0])]


def glass_energy(beta: Any) -> Any:
    """Return the energy per spin of the infinite glass, within 1e-4 of `theory.sk.energy`."""
    from scipy.interpolate import CubicSpline

    temperature, energy, _ = np.array(_PARISI).T
    # A clamped spline: no specific heat at T = 0, and that of -beta/2 at T = 1.
    spline = CubicSpline(temperature, energy, bc_type=((1, 0.0), (1, 0.5)))
    betas = np.asarray(beta, dtype=float)
    return np.where(betas > 1, spline(1 / np.maximum(betas, 1)), -betas / 2)


def largest_overlap(beta: Any) -> Any:
    """Return the largest overlap of the infinite glass, from Parisi's theory with three steps."""
    from scipy.interpolate import PchipInterpolator

    temperature, _, overlap = np.array(_PARISI).T
    return PchipInterpolator(temperature, overlap)(1 / np.maximum(beta, 1))


def _energy(result: SkResult, ax: Any) -> None:
    """Draw the energy per spin against beta, and in the inset its distance from theory, scaled."""
    from spinglass.theory import sk as theory

    table, coldest = result.temperatures, max(x[-1] for x in result.config.betas)
    reach = max(1.03 * coldest, 1.5)
    fine = np.linspace(0, reach, 300)
    symmetric = [theory.replica_symmetric(float(beta)).energy for beta in fine[fine > 1]]
    straight = fine[fine < 1.6]
    ax.plot(straight, -straight / 2, color=shade(0.55), linewidth=1.2, linestyle=":")
    ax.plot(fine[fine > 1], symmetric, color=shade(0.55), linewidth=1.2, linestyle="-.")
    ax.plot(fine, glass_energy(fine), **theory_line())
    # Without cold temperatures the curve runs where the inset would be.
    inset = ax.inset_axes([0.53, 0.34, 0.46, 0.33]) if coldest >= 2.5 else None
    for n, look in _series(result):
        rows, style = table[table["n_spins"] == n], look | {"linestyle": "none"}
        points(ax, rows, "beta", "energy", **style)
        if inset is None:
            continue
        distance, scale = rows["energy"] - glass_energy(rows["beta"]), n ** (2 / 3)
        inset.errorbar(
            rows["beta"], scale * distance, scale * rows["energy_error"], markersize=3.5, **style
        )
    if inset is not None:
        inset.axhline(0, color=shade(0.65), linewidth=1)
        inset.tick_params(labelsize="small")
        inset.set_title(r"$(e - e_{\rm Parisi})\,N^{2/3}$ against $\beta$", fontsize="small")
    ax.plot([], [], **theory_line(), label=r"Parisi, $N = \infty$")
    ax.plot(
        [], [], color=shade(0.55), linewidth=1.2, linestyle=":", label=r"$-\beta/2$, right up to 1"
    )
    ax.plot(
        [],
        [],
        color=shade(0.55),
        linewidth=1.2,
        linestyle="-.",
        label="replica-symmetric, unstable",
    )
    ground = theory.GROUND_STATE_ENERGY
    ax.axhline(ground, color=shade(0.4), linewidth=1, zorder=0)
    ax.annotate(f"{ground:.4f}", (0, ground), (4, 4), textcoords="offset points", fontsize="small")
    ax.set_xlim(0, reach)
    ax.set_ylim(-0.83, 0.01)
    ax.set_xlabel(r"inverse temperature $\beta$")
    ax.set_ylabel("energy per spin $e$")
    ax.set_title("Energy: paramagnet and glass")
    ax.legend(loc="upper right", **FRAME)


def _ground_states(result: SkResult, ax: Any) -> None:
    """Draw ground-state energies against N^(-2/3), the fit, and the literature."""
    from spinglass.experiments.sherrington_kirkpatrick.ground_state import AMPLITUDE, EXPONENT
    from spinglass.theory.sk import GROUND_STATE_ENERGY as PARISI

    table, fit = result.ground_states, result.ground_energy
    reach = 1.2 * max(n**-EXPONENT for n in result.config.n_spins)
    looks = {
        n: look | {"markerfacecolor": look["color"] if n in fit.n_spins else paper()}
        for n, look in _series(result)
    }
    for row in table:
        n = int(row["n_spins"])
        style = {"markersize": 7, "linestyle": "none", **looks[n]}
        label = f"$N = {n}$" + ("" if n in fit.n_spins else " (not fitted)")
        ax.errorbar(n**-EXPONENT, row["energy"], row["energy_error"], label=label, **style)
    u = np.array([0.0, reach])
    known = rf"literature: ${PARISI:.4f} + {AMPLITUDE:.2f}\,N^{{-2/3}}$"
    ax.plot(u, PARISI + AMPLITUDE * u, **theory_line(), label=known)
    if math.isfinite(fit.value):
        ax.plot(u, fit.value + fit.amplitude * u, color=shade(0.65), linewidth=1.4, zorder=1)
        low, high = fit.interval
        label = rf"$e_\infty$ of all laws that fit: ${low:.4f}$ to ${high:.4f}$"
        ax.errorbar(0, (low + high) / 2, (high - low) / 2, label=label, **interval_bar())
        label = rf"straight: $e_\infty = {fit.value:.4f} \pm {fit.error:.4f}$"
        ax.errorbar(0, fit.value, fit.error, label=label, **limit_point())
    if len(fit.n_spins) > 2:
        rows = [
            (n, 1e3 * (energy - fit.at(n)), 1e3 * error, looks[n])
            for n, _, energy, error, *_ in table.tolist()
        ]
        title = f"energy − fit, in 10⁻³ ($p = {fit.p_value:.2f}$)"
        residuals(ax, [0.62, 0.08, 0.36, 0.23], rows, title)
    seen = np.append(table["energy"], PARISI)
    low, high = seen.min() - np.ptp(seen), seen.max() + np.ptp(seen)
    if min(fit.interval) < low or max(fit.interval) > high:
        ax.set_ylim(low, high)  # few sizes allow almost any law, whose bar would dwarf the data
    ax.set_xlim(-0.03 * reach, reach)
    ax.set_xlabel("$N^{-2/3}$")
    ax.set_ylabel("ground-state energy per spin")
    agree = table["agree"].min(initial=1)
    share = "all" if agree == 1 else f"≥ {math.floor(100 * agree)} % of"
    ax.set_title(f"Ground states (ladders agree on {share} glasses)")
    legend_above(ax, "upper left")


def _distribution(result: SkResult, ax: Any) -> None:
    """Draw P(q) at temperatures above and below the critical one."""
    sizes = [n for n in sorted(result.config.n_spins) if len(result.of_size(n)) >= _GLASSES]
    sizes = sizes or sorted(result.config.n_spins, key=lambda n: len(result.of_size(n)))
    n = sizes[-1]
    if not result.of_size(n):
        say_none(ax, result, "no glass was finished")
        return
    betas = np.array(result.config.betas[result.config.n_spins.index(n)])
    wanted = _BETAS if betas[-1] > 2 else np.linspace(betas[0], betas[-1], len(_BETAS))
    places = sorted({int(np.argmin(np.abs(betas - beta))) for beta in wanted})
    looks = colours(np.linspace(1.0, 0.0, len(places)), "plasma")
    styles = ["-", (0, (6, 1.5)), (0, (3, 1.5)), (0, (5, 1, 1, 1)), "-"]
    for place, colour, line in zip(places, looks, styles, strict=False):
        table = result.distribution(n, place)
        q, density, error = (table[name] for name in ("q", "density", "density_error"))
        ax.plot(q, density, color=colour, linestyle=line, label=f"$T = {1 / betas[place]:.2f}$")
        ax.fill_between(q, density - error, density + error, color=colour, alpha=0.22, linewidth=0)
        if betas[place] > 1:
            peak = float(largest_overlap(betas[place]))
            ax.plot([-peak, peak], [0, 0], "^", color=colour, markersize=8, clip_on=False, zorder=5)
    if betas[-1] > 1:
        ax.plot([], [], "^", color=shade(0.7), markersize=8, label="theory: largest $|q|$")
    ax.set_xlim(-1, 1)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("overlap $q$ of two states of one glass")
    ax.set_ylabel("density $P(q)$")
    ax.set_title(f"Overlaps, $N = {n}$, mean over {len(result.of_size(n))} glasses")
    legend_above(ax, "upper right", columns=2)


def _equilibrium(result: SkResult, ax: Any) -> None:
    """Draw how the energy and what follows from the overlap come together."""
    table = result.legs
    if not len(table):
        say_none(ax, result, "no glass was finished")
        return
    coldest = max(x[-1] for x in result.config.betas)
    for n, look in _series(result):
        rows, style = table[table["n_spins"] == n], look | {"linewidth": 0.8}
        points(ax, rows, "last_sweep", "difference", label=f"$N = {n}$", **style)
    ax.axhline(0, **theory_line())
    ax.set_xscale("log")
    ends = sorted(set(table["last_sweep"].tolist()))
    if len(ends) < 6:
        ax.set_xticks(ends, [f"{end}" for end in ends])
        ax.minorticks_off()
    ax.set_xlabel("sweeps, at the end of a leg")
    ax.set_ylabel(r"$[e] + \frac{\beta}{2}(1 - [q^2])$" + rf"  at $\beta = {coldest:g}$")
    exact = result.config.disorder == "gaussian"
    ax.set_title("The way to equilibrium, which is at 0" + ("" if exact else " up to order $1/N$"))
    ax.legend(loc="upper right", **FRAME)
