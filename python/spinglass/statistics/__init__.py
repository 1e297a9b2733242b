"""What a time series is worth: errors of averages whose terms remember each other.

Measurements of one Markov chain are correlated, and an average of n of them knows as much as
n / (2 tau) independent ones, tau the integrated autocorrelation time. `summarize` turns the
energies and magnetizations of a simulation into observables with errors; beneath it stand the
autocorrelation and the jackknife. The binning of Flyvbjerg and Petersen shows the same by eye, and
R-hat tells whether replicas agree. `reweight` has the observables between the temperatures of runs,
`crossing` and `finite_size_fit` what follows from several sizes.
"""

from spinglass.statistics.convergence import effective_sample_size, rhat
from spinglass.statistics.correlation import autocorrelation, autocorrelation_time, standard_error
from spinglass.statistics.crossings import Crossing, crossing
from spinglass.statistics.estimate import Estimate, format_estimate
from spinglass.statistics.finite_size import FiniteSizeFit, finite_size_fit
from spinglass.statistics.observable_summary import ObservableSummary, summarize_observable
from spinglass.statistics.overlap_summary import OverlapSummary, summarize_overlaps
from spinglass.statistics.resampling import Binning, binning, jackknife
from spinglass.statistics.reweighting import Reweighting, reweight
from spinglass.statistics.second_moment import correlation_length
from spinglass.statistics.summary import Summary, summarize

__all__ = [
    "Binning",
    "Crossing",
    "Estimate",
    "FiniteSizeFit",
    "ObservableSummary",
    "OverlapSummary",
    "Reweighting",
    "Summary",
    "autocorrelation",
    "autocorrelation_time",
    "binning",
    "correlation_length",
    "crossing",
    "effective_sample_size",
    "finite_size_fit",
    "format_estimate",
    "jackknife",
    "reweight",
    "rhat",
    "standard_error",
    "summarize",
    "summarize_observable",
    "summarize_overlaps",
]
