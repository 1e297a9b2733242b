"""Exponents: the slope of a line through logarithms, with its standard error."""

import math

# A process has so many bytes more or less for reasons of its own: smaller growth is not fitted.
NOISE = 8 << 20
# Of an exponent below this nothing is said about larger sizes.
SLOWEST = 0.4


def slope(points):
    """Return slope, its standard error, and the intercept of ln y against ln x.

    Parameters
    ----------
    points : list of (x, y)
        At least two, of different x. The error is NaN of two.
    """
    xs, ys = ([math.log(point[k]) for point in points] for k in (0, 1))
    n, x, y = len(points), sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((a - x) ** 2 for a in xs)
    found = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / spread
    rest = sum((b - y - found * (a - x)) ** 2 for a, b in zip(xs, ys, strict=True))
    error = math.sqrt(rest / (n - 2) / spread) if n > 2 else math.nan
    return found, error, y - found * x


def of_time(rows):
    return slope([(row["size"], row["seconds"]) for row in rows])


def of_memory(rows):
    """Return the same of memory; None if fewer than three sizes take more than the noise."""
    large = [(row["size"], row["bytes"]) for row in rows if row["bytes"] > NOISE]
    return slope(large) if len(large) > 2 else None


def largest_size(rows, available):
    """Return the size whose memory is all that is available, None if memory hardly grows."""
    line = of_memory(rows)
    if line is None or line[0] < SLOWEST:
        return None
    found, _, intercept = line
    return math.exp((math.log(available) - intercept) / found)
