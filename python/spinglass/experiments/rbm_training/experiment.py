r"""How good is my Boltzmann machine? Trained on images, and measured from both sides.

A restricted Boltzmann machine gives an image v the probability p(v) = exp(-F(v)) / Z. Training by
contrastive divergence never needs Z, and so cannot say how good it is; what is usually reported
instead, the reconstruction error and the pseudo-likelihood, can improve while the model gets worse.
Here ln Z is summed exactly where a layer is small, and otherwise estimated by annealed importance
sampling from below and from above, on held-out images, about ten times during the training and more
slowly at its end. Free energies alone already tell overfitting: ln Z is the same for images trained
on and held out.

Then three pictures of what was learned: the weights of hidden units; chains that start at held-out
images, whose samples should become others of the same kind; and held-out images of which half is
erased and filled in from the rest.

References
----------
G. E. Hinton, Neural Comput. 14, 1771 (2002), contrastive divergence; T. Tieleman, Proc. 25th ICML,
1064 (2008), persistent chains; R. Salakhutdinov and I. Murray, Proc. 25th ICML, 872 (2008),
annealed importance sampling.
"""

from __future__ import annotations

import os

from spinglass import _arguments, _random
from spinglass._core import __version__
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress, bars
from spinglass.experiments.config import asked
from spinglass.experiments.rbm_training.config import Method, RbmConfig, Schedule
from spinglass.experiments.rbm_training.images import (
    Binarise,
    Data,
    Images,
    load_images,
    nearly_square,
)
from spinglass.experiments.rbm_training.measures import RbmLikelihood, curves_of, log_partition
from spinglass.experiments.rbm_training.pictures import CHAIN_STEPS, run_chains, with_halves_erased
from spinglass.experiments.rbm_training.result import RbmTraining
from spinglass.experiments.rbm_training.training import epochs_done, train
from spinglass.machines import BernoulliRBM


@asked(RbmConfig)
def rbm(
    data: Data,
    *,
    n_components: int = 256,
    n_epochs: int | None = None,
    batch_size: int = 64,
    learning_rate: float = 0.1,
    schedule: Schedule = "linear",
    method: Method = "pcd",
    k: int = 1,
    centered: bool = True,
    binarise: Binarise = "bernoulli",
    n_chains: int = 100,
    n_betas: int = 10_000,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress = False,
) -> RbmTraining:
    """Train a restricted Boltzmann machine on images and measure how good it is.

    Parameters
    ----------
    data : path, array or "digits"
        An ``.npz`` file of images, or a 2-D or 3-D array of them, or scikit-learn's digits; see
        `spinglass.experiments.rbm_training.images.load_images`.
    n_components : int
        Hidden units.
    n_epochs : int, optional
        Passes over the images; by default as many as give 20,000 updates, at least 10.
    batch_size : int
        Images an update, and persistent chains.
    learning_rate : float
        Of the first update.
    schedule : {"linear", "constant"}
        Whether the rate falls in a straight line, to nothing after the last update.
    method : {"pcd", "cd"}
        Persistent chains, or chains that start at the images in every update.
    k : int
        Gibbs steps an update.
    centered : bool
        Whether to follow the centred gradient, which treats 0 and 1 alike. Either way the visible
        biases begin with those of the images: from 0 the hidden units would learn the mean image
        first, all of them, and stay saturated.
    binarise : {"bernoulli", "threshold", "none"}
        How grey levels become units: one draw of each pixel, a cut at 1/2, or used as they are.
    n_chains, n_betas : int
        Chains and inverse temperatures of annealed importance sampling at the end; on the way it
        has a tenth of the temperatures.
    seed : None, int, SeedSequence or Generator
        Determines all random numbers. ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        By default all that the process may use. The result does not depend on it.
    checkpoint : path, optional
        A file that is written after every epoch, and a table of the curves beside it. If it is
        there already, the training goes on from it, with the bits of one that was never stopped.
        Both stay when the training is complete, and going on then repeats the pictures.
    progress : bool or callable
        True shows a bar with the time left (plain lines if stderr is not a terminal). A callable
        gets (updates done, updates in total).

    Returns
    -------
    RbmTraining

    Raises
    ------
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt with the finished epochs in ``result``.
    ValueError, TypeError
        For an argument out of range, data without images, or a training that diverges.
    OSError
        If the data cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> from spinglass.experiments import rbm
    >>> bars = np.repeat(np.eye(4), 4, axis=1).reshape(4, 4, 4)[np.arange(400) % 4]
    >>> result = rbm(bars, n_components=8, n_epochs=50, batch_size=20)
    >>> result.likelihood.log_partition.method
    'exact'
    >>> bool(result.curves["log_likelihood"][0] < result.likelihood.test.value < -1.38)  # -ln 4
    True
    """
    given = RbmConfig.check(locals())
    threads = _arguments.thread_count(num_threads)
    given.images = images = load_images(data, given.binarise, given.seed)
    config = RbmConfig.resolved(given)
    rate = config.learning_rate
    model = BernoulliRBM(
        config.n_components,
        learning_rate=(rate, 0.0) if schedule == "linear" else rate,
        batch_size=config.batch_size,
        n_iter=config.n_epochs,
        random_state=_random.seed_word(config.seed, 3),
        k=config.k,
        persistent=method == "pcd",
        centered=config.centered,
        num_threads=threads,
    )
    path = None if checkpoint is None else _arguments.file_path(checkpoint, "checkpoint")
    curves: list[tuple[float, ...]] = []
    try:
        train(model, images, config, path, curves, progress)
        result = _looked_at(model, images, config, curves, progress)
    except KeyboardInterrupt:
        if not model.__sklearn_is_fitted__():
            raise
        unfinished = RbmTraining.unfinished(config, model, curves_of(curves))
        done, _ = epochs_done(model, config)
        raise Interrupted(unfinished, done, config.n_epochs, "epochs") from None
    return result


def _looked_at(
    model: BernoulliRBM,
    images: Images,
    config: RbmConfig,
    curves: list[tuple[float, ...]],
    progress: Progress,
) -> RbmTraining:
    """Measure a trained machine and draw its samples."""
    word = _random.seed_word(config.seed, 7)
    # Bars come and go; lines of three more would only push the table away.
    shown = progress is True and bars() is not None
    known = log_partition(model, config.n_chains, config.n_betas, word, shown)
    shape = config.image_shape or nearly_square(config.n_visible)
    erased = with_halves_erased(model, images.test, shape[1], config.seed)
    return RbmTraining(
        config,
        __version__,
        model,
        curves_of(curves),
        RbmLikelihood.of(model, images, known),
        run_chains(model, images.test, config.seed),
        CHAIN_STEPS,
        *erased,
    )
