"""The logarithm of a partition sum over all states."""

import numpy as np
from benches.report.contest import Contender, Job, within
from benches.report.jobs.compiled import jit

import spinglass
from spinglass import exact


def states(n):
    return 2.0 * (np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1) - 1


def by_halves(J, beta):
    """Half of the spins in rows and half in columns: the sum is of exponentials of a product."""
    half = len(J) // 2
    rows, columns = states(half), states(len(J) - half)
    first = -0.5 * np.einsum("ki,ij,kj->k", rows, J[:half, :half], rows, optimize=True)
    last = -0.5 * np.einsum("ki,ij,kj->k", columns, J[half:, half:], columns, optimize=True)
    fields, total = rows @ J[:half, half:], 0.0
    for k in range(0, len(rows), 64):
        x = fields[k : k + 64] @ columns.T
        x -= first[k : k + 64, None]
        x -= last
        x *= beta
        # Energies per spin are of order one: no exponential of these leaves the range of doubles.
        total += np.exp(x, out=x).sum()
    return float(np.log(total))


@jit
def by_gray_code(J, beta):
    """One spin flips from a state to the next, and its row of J is added to the fields."""
    n = len(J)
    s = -np.ones(n)
    h = J @ s
    energy = -0.5 * (h @ s)
    total = np.exp(-beta * energy)
    for k in range(1, 1 << n):
        i = 0
        while not (k >> i) & 1:
            i += 1
        energy += 2 * s[i] * h[i]
        s[i] = -s[i]
        h += 2 * s[i] * J[i]
        total += np.exp(-beta * energy)
    return np.log(total)


def job(quick):
    n = 10 if quick else 22
    model = spinglass.SherringtonKirkpatrick(n, seed=1)
    J = model.couplings()

    def agree(found):
        return within(found, dict.fromkeys(found, 0.0), "ln Z", floor=1e-9 * n)

    return Job(
        "Exact sum",
        f"ln Z of a Sherrington-Kirkpatrick glass of {n} spins, over all 2^{n} states.",
        2**n, "states",
        [
            Contender(
                "spinglass", lambda k: exact.log_partition(model, 1.0, num_threads=k),
                threads=True, needs="spinglass",
                note="runs through the states twice, so that it takes any temperature",
            ),
            Contender("NumPy, halves", lambda _: by_halves(J, 1.0), threads=True),
            Contender("numba, Gray code", lambda _: by_gray_code(J, 1.0), needs="numba"),
        ],
        agree,
    )  # fmt: skip
