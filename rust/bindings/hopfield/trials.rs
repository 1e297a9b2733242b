//! The trials of a capacity scan.

use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{
    control::Control,
    error::Error,
    hopfield::{Instance, Rules, Trial, Trials},
    simd::Level,
};

use crate::{
    arrays::{array1, array2},
    enter::{enter, raise},
};

/// The trials of a capacity scan; keeps what is finished.
#[pyclass(frozen, module = "spinglass._core")]
pub struct CapacityTrials {
    trials: Trials,
    n_lengths: usize,
    level: Level,
}

#[pymethods]
impl CapacityTrials {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "Python names them")]
    fn new(
        n_spins: Vec<usize>,
        n_patterns: Vec<usize>,
        seeds: Vec<u64>,
        n_flips: Vec<usize>,
        n_starts: usize,
        sweeps: Vec<u64>,
        beta: f64,
        average: f64,
        abandon: Option<f64>,
    ) -> PyResult<Self> {
        for (name, length) in
            [("n_patterns", n_patterns.len()), ("seeds", seeds.len()), ("n_flips", n_flips.len())]
        {
            if length != n_spins.len() {
                let expected = format_args!("as long as n_spins ({})", n_spins.len()).to_string();
                return Err(raise(Error::expected(name, expected, length)));
            }
        }
        let instances = (0..n_spins.len())
            .map(|k| Instance {
                n_spins: n_spins[k],
                n_patterns: n_patterns[k],
                seed: seeds[k],
                n_flips: n_flips[k],
            })
            .collect();
        let n_lengths = sweeps.len();
        let rules = Rules { n_starts, beta, sweeps, average, abandon };
        let trials = Trials::new(instances, rules).map_err(raise)?;
        Ok(Self { trials, n_lengths, level: Level::current().map_err(raise)? })
    }

    #[pyo3(signature = (num_threads=None, progress=None))]
    fn run(
        &self,
        py: Python<'_>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let control = Control::new(self.trials.len() as u64);
        enter(py, num_threads, progress, &control, || self.trials.run(self.level, &control))
    }

    /// The finished trials, by instance and start, a column each.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let trials = self.trials.finished();
        let integers = |f: fn(&Trial) -> i64| array1(py, trials.iter().map(f).collect());
        let rows = PyDict::new(py);
        rows.set_item("instance_index", integers(|trial| trial.instance as i64))?;
        rows.set_item("start", integers(|trial| trial.start as i64))?;
        rows.set_item("sweeps", integers(|trial| trial.sweeps as i64))?;
        rows.set_item("flips", integers(|trial| trial.flips as i64))?;
        let overlaps = trials.iter().flat_map(|trial| trial.overlaps.clone()).collect();
        rows.set_item("overlaps", array2(py, overlaps, self.n_lengths)?)?;
        let truths = |f: fn(&Trial) -> bool| array1(py, trials.iter().map(f).collect());
        rows.set_item("converged", truths(|trial| trial.converged))?;
        rows.set_item("abandoned", truths(|trial| trial.abandoned))?;
        Ok(rows)
    }
}
