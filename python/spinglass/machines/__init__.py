"""Estimators that learn: Boltzmann machines, and the parts they are made of."""

from spinglass._estimator import NotFittedError
from spinglass.machines.bernoulli_rbm import BernoulliRBM, RbmIsing
from spinglass.machines.epoch import Epoch
from spinglass.machines.equilibration import Equilibration
from spinglass.machines.gaussian_rbm import GaussianBernoulliRBM
from spinglass.machines.likelihood import LogLikelihood

__all__ = [
    "BernoulliRBM",
    "Epoch",
    "Equilibration",
    "GaussianBernoulliRBM",
    "LogLikelihood",
    "NotFittedError",
    "RbmIsing",
]
