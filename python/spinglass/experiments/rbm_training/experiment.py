r"""How good is my Boltzmann machine? Trained on images, and measured from both sides.

A restricted Boltzmann machine gives an image v the probability p(v) = exp(-F(v)) / Z. Training by
contrastive divergence does not compute Z, so it does not measure the quality of the model. Usual
reports use the reconstruction error and the pseudo-likelihood, but both can improve while the model
gets worse. This experiment computes the likelihood of held-out images. If a layer is small, ln Z is
an exact sum. Otherwise annealed importance sampling estimates it from below and from above. This
is done about ten times during the training, and with slower annealing at its end. Free energies
alone show overfitting, because ln Z is the same for training images and held-out images.

Three pictures show the trained model: the weights of hidden units; chains that start at held-out
images and should turn into other images of the same kind; and held-out images with one half erased
and filled in from the rest.

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
        Passes over the images. The default gives 20,000 updates, and is at least 10.
    batch_size : int
        Images in each update, and number of persistent chains.
    learning_rate : float
        Learning rate of the first update.
    schedule : {"linear", "constant"}
        ``"linear"`` decreases the rate linearly, to 0 after the last update.
    method : {"pcd", "cd"}
        Persistent chains, or chains that start at the images in every update.
    k : int
        Gibbs steps in each update.
    centered : bool
        Whether to follow the centred gradient, which treats 0 and 1 alike. The visible biases
        always start with those of the images. With a start at 0, all hidden units would first learn
        the mean image, and stay saturated.
    binarise : {"bernoulli", "threshold", "none"}
        The conversion of grey levels to units: one draw of each pixel, a threshold at 1/2, or no
        change.
    n_chains, n_betas : int
        Chains and inverse temperatures of annealed importance sampling at the end. During the
        training it uses a tenth of the temperatures.
    seed : None, int, SeedSequence or Generator
        Determines all random numbers. ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    checkpoint : path, optional
        A file that is written after every epoch, with a table of the curves beside it. If the file
        exists, the training continues from it, and the result is the same as without the stop.
        Both files stay after the training. The same call then computes only the pictures again.
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
