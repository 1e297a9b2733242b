"""MNIST with 500 hidden units: the likelihood of held-out images, annealed from both sides.

    python benches/paper/mnist500.py mnist.npz --csv mnist500.csv

Nobody can sum 2^500 states. Forward annealing bounds ln Z from below, on average, and so
flatters; reverse annealing, from the chains of the training, errs to the other side if these are in
equilibrium.
Each machine is annealed at several speeds: two sides that close in on each other can be believed.
"""

import warnings

from recipe import arguments, binarised, row_text, trained, write

HIDDEN = 500


def main() -> None:
    chosen = arguments(__doc__.splitlines()[0], epochs=30, seeds=1)
    train, test = binarised(chosen.data)
    rows: list[dict[str, float]] = []
    for seed in range(chosen.seeds):
        model, seconds = trained(train, HIDDEN, seed, chosen)
        for betas in (max(2, chosen.betas // 10), chosen.betas, 10 * chosen.betas):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # the gap is a column
                known = model.log_partition(betas=betas, random_state=seed)
            held_out = model.log_likelihood(test, known)
            seen = model.log_likelihood(train[: len(test)], known)
            rows.append(
                {
                    "seed": seed,
                    "betas": betas,
                    "optimistic": held_out.optimistic,
                    "pessimistic": held_out.pessimistic,
                    "gap": known.gap,
                    "error below": known.lower_error,
                    "error above": known.upper_error,
                    "train, opt.": seen.optimistic,
                    "seconds": seconds,
                }
            )
            if len(rows) == 1:
                print("".join(f"{name:>14}" for name in rows[0]))
            print(row_text(rows[-1]), flush=True)
        mixing = model.equilibration(test, n_steps=2000, random_state=seed)
        at_least = "more than " if mixing.is_bound else ""
        print(
            f"seed {seed}: mixing time {at_least}{mixing.mixing_time:.0f} steps; chains from data "
            f"and from random states agree from step {mixing.meeting_step:g}"
        )
    write(chosen.csv, rows)


if __name__ == "__main__":
    main()
