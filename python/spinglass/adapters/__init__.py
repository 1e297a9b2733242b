"""Doors to other packages and to files of their kind, each imported only when it is asked for.

Signs are turned here and nowhere else: dimod and QUBOs minimise sums of biases, which are the
negative couplings and fields of this package.

`spinglass.adapters.dimod` has samplers for dimod. The other doors to it, to QUBOs and to graphs are
methods of :class:`spinglass.Ising` and of the other models.
"""

from spinglass.adapters.instance_files import read_max_cut, read_spin_glass

__all__ = ["read_max_cut", "read_spin_glass"]
