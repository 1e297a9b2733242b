//! The trials of a capacity scan.

use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{
    control::Control,
    error::Error,
    hopfield::{Instance, Trial, Trials},
    simd::Level,
};

use crate::{
    arrays::array1,
    enter::{enter, raise},
};

/// The trials of a capacity scan; keeps what is finished.
#[pyclass(frozen, module = "spinglass._core")]
pub struct CapacityTrials {
    trials: Trials,
    level: Level,
}

#[pymethods]
impl CapacityTrials {
    #[new]
    fn new(
        n_spins: Vec<usize>,
        n_patterns: Vec<usize>,
        seeds: Vec<u64>,
        n_flips: Vec<usize>,
        n_starts: usize,
        max_sweeps: u64,
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
        let trials = Trials::new(instances, n_starts, max_sweeps).map_err(raise)?;
        Ok(Self { trials, level: Level::current().map_err(raise)? })
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
        rows.set_item("overlap", array1(py, trials.iter().map(|trial| trial.overlap).collect()))?;
        let converged = trials.iter().map(|trial| trial.converged).collect();
        rows.set_item("converged", array1(py, converged))?;
        Ok(rows)
    }
}
