"""MNIST with 20 hidden units: the exact likelihood of held-out images, and annealing beside it.

    python benches/paper/mnist20.py mnist.npz --csv mnist20.csv

ln Z is a sum over the 2^20 states of the hidden layer, so this is where an estimate can be checked.
Five trainings that differ in nothing but the seed. ``--figure`` draws both sides of the first
machine against the number of temperatures.
"""

import statistics
from pathlib import Path

from recipe import arguments, binarised, row_text, trained, write

import spinglass

HIDDEN = 20
SPEEDS = (30, 100, 300, 1000, 3000, 10_000)


def draw(model: spinglass.BernoulliRBM, exact: float, path: Path) -> None:
    """Draw ln Z from both sides, annealed more and more slowly."""
    from spinglass import plotting

    results = [
        model.log_partition(method, n_chains=1000, betas=n, random_state=n)
        for n in SPEEDS
        for method in ("ais", "reverse-ais")
    ]
    shape, size = (1, 1), (7.5, 5.2)
    path.write_bytes(
        plotting.png(
            lambda _, axes: plotting.annealings(results, exact, axes[0]), None, shape, size
        )
    )


def main() -> None:
    chosen = arguments(__doc__.splitlines()[0], epochs=20, seeds=5)
    train, test = binarised(chosen.data)
    rows: list[dict[str, float]] = []
    for seed in range(chosen.seeds):
        model, seconds = trained(train, HIDDEN, seed, chosen)
        exact = model.log_likelihood(test, "exact")
        if seed == 0 and chosen.figure is not None:
            draw(model, exact.log_partition.value, chosen.figure)
        below, above = (
            model.log_partition(method, betas=chosen.betas, random_state=seed)
            for method in ("ais", "reverse-ais")
        )
        rows.append(
            {
                "seed": seed,
                "exact": exact.value,
                "optimistic": model.log_likelihood(test, below).value,
                "pessimistic": model.log_likelihood(test, above).value,
                "ais - exact": below.value - exact.log_partition.value,
                "ais error": below.error,
                "train, exact": model.log_likelihood(train, exact.log_partition).value,
                "seconds": seconds,
            }
        )
        if seed == 0:
            print("".join(f"{name:>14}" for name in rows[0]))
        print(row_text(rows[-1]), flush=True)
    values = [row["exact"] for row in rows]
    spread = statistics.stdev(values) if len(values) > 1 else float("nan")
    largest = max(abs(row["ais - exact"]) for row in rows)
    print(f"\nexact, held out: mean {statistics.mean(values):.2f}, deviation {spread:.2f} nats")
    print(f"largest distance of annealing from the exact ln Z: {largest:.3f} nats")
    write(chosen.csv, rows)


if __name__ == "__main__":
    main()
