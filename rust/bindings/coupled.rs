//! Memories that are matrices of couplings.

use numpy::{PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{
    associative::{Memory, coupled::CoupledMemory as Core, recall_each},
    control::Control,
    simd::Level,
};

use crate::{
    arrays::{array2, copied},
    enter::{enter, raise},
    hopfield::PackedPatterns,
    memories,
};

/// A memory of any couplings, symmetric or not.
#[pyclass(frozen, module = "spinglass._core")]
pub struct CoupledMemory {
    memory: Core,
}

#[pymethods]
impl CoupledMemory {
    #[new]
    fn new(
        py: Python<'_>,
        patterns: PyRef<'_, PackedPatterns>,
        couplings: PyReadonlyArray2<'_, f64>,
    ) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let (patterns, couplings) = (&patterns.patterns, copied(&couplings, "couplings")?);
        let control = Control::default();
        let made =
            enter(py, None, None, &control, || Core::new(patterns, couplings, level, &control));
        Ok(Self { memory: made? })
    }

    #[getter]
    fn is_symmetric(&self) -> bool {
        self.memory.is_symmetric()
    }

    /// J_ij.
    fn couplings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        array2(py, self.memory.couplings().to_vec(), self.memory.n_spins())
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
