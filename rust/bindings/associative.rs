//! The room of associative memories beyond Hebb.

use numpy::{PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{
    associative::{DenseMemory as Core, Memory, Power, recall_each},
    simd::Level,
};

use crate::{enter::raise, hopfield::PackedPatterns, memories};

/// A memory whose energy is a power of the overlaps.
#[pyclass(frozen, module = "spinglass._core")]
pub struct DenseMemory {
    memory: Core,
}

#[pymethods]
impl DenseMemory {
    #[new]
    fn new(patterns: PyRef<'_, PackedPatterns>, order: u32, rectified: bool) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let power = Power::new(order, rectified).map_err(raise)?;
        Ok(Self { memory: Core::new(&patterns.patterns, power, level).map_err(raise)? })
    }

    /// M_mu, integers.
    #[pyo3(signature = (states, num_threads=None))]
    fn overlaps<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        memories::overlaps(py, &self.memory, &states, num_threads)
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn energy<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        memories::energies(py, &self.memory, &states, num_threads)
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn local_fields<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        memories::local_fields(py, &self.memory, &states, num_threads)
    }

    /// Recall of each row of `states`, as that of a `HopfieldNetwork`.
    #[pyo3(signature = (
        states, *, update, beta, max_sweeps, seed, clamp=None, num_threads=None, progress=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a recall, each named in Python")]
    fn recall<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        update: &str,
        beta: f64,
        max_sweeps: u64,
        seed: u64,
        clamp: Option<Bound<'py, PyArray2<bool>>>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyDict>, Option<PyErr>)> {
        let dynamics = memories::dynamics(update, beta, max_sweeps, seed)?;
        let (memory, clamp) = (&self.memory, clamp.as_ref());
        let n = memory.n_spins();
        memories::recall(py, n, &states, clamp, num_threads, progress, |replicas, control| {
            recall_each(memory, &dynamics, replicas, control)
        })
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<DenseMemory>()
}
