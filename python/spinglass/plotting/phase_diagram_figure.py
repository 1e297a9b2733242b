"""A figure of the phase diagram of the Hopfield model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spinglass.plotting.figure import figure, ink, shade

if TYPE_CHECKING:
    from spinglass.theory.hopfield import PhaseDiagram


@figure(((1, 1), (7.5, 5.6)))
def phase_diagram(diagram: PhaseDiagram, ax: Any = None) -> Any:
    """Draw the phases of the Hopfield model in the plane of load and temperature.

    Parameters
    ----------
    diagram : PhaseDiagram
        The result of `spinglass.theory.hopfield.phase_diagram`.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.theory import hopfield
    >>> phase_diagram(hopfield.phase_diagram(n_points=11)).get_ylabel()
    'temperature $T$'
    """
    temperature, critical = diagram.temperature, diagram.critical_load
    ax.fill_betweenx(temperature, critical, color=shade(0.1), linewidth=0)
    ax.fill_betweenx(temperature, diagram.ferromagnetic_load, color=shade(0.22), linewidth=0)
    ax.plot(critical, temperature, color=ink(), label="$T_M$: memories exist")
    ax.plot(
        diagram.ferromagnetic_load,
        temperature,
        color=ink(),
        linestyle="--",
        label="$T_c$: memories have the lowest free energy",
    )
    ax.plot(
        diagram.load,
        diagram.spin_glass_temperature,
        color=shade(0.65),
        linestyle="-.",
        label="$T_g$: spin glass below, paramagnet above",
    )
    ax.text(0.72, 0.42, "spin glass", transform=ax.transAxes, ha="center")
    ax.text(0.3, 0.92, "paramagnet", transform=ax.transAxes, ha="center")
    ax.text(0.12, 0.17, "memories", transform=ax.transAxes, ha="center")
    ax.set_xlim(0, max(diagram.load.max(), critical.max()))
    ax.set_ylim(bottom=0)
    ax.set_xlabel("load $P/N$")
    ax.set_ylabel("temperature $T$")
    ax.set_title("Hopfield model, replica-symmetric theory")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.5))
    return ax
