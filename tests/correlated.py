"""Series whose memory is known."""

import math

import numpy as np
from scipy.signal import lfilter


def autoregressive(tau, shape, seed):
    """Return stationary AR(1) series of mean 0, variance 1 and rho(t) = a^t.

    tau = 1/2 + a / (1 - a), so a = (2 tau - 1) / (2 tau + 1).
    """
    a = (2 * tau - 1) / (2 * tau + 1)
    noise = np.random.default_rng(seed).normal(size=shape)
    noise[..., 1:] *= math.sqrt(1 - a * a)
    return lfilter([1.0], [1.0, -a], noise, axis=-1)
