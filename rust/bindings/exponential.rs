//! The exponential memory, and the nearest patterns of states.

use numpy::{PyArray1, PyArray2, PyReadonlyArray2};
use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{
    associative::exponential::ExponentialMemory as Core, control::Control, error::Result,
    simd::Level,
};

use crate::{
    arrays::{array1, array2},
    enter::{enter, raise},
    hopfield::PackedPatterns,
    memories,
};

/// The numbers of patterns, and the overlaps with them.
type Nearest<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i64>>);

/// A memory whose patterns weigh as the exponentials of their overlaps: E = -ln sum_mu exp(M_mu).
#[pyclass(frozen, module = "spinglass._core")]
pub struct ExponentialMemory {
    memory: Core,
}

impl ExponentialMemory {
    /// What `job` makes of all states.
    fn of_states<T: Send>(
        &self,
        py: Python<'_>,
        states: &PyReadonlyArray2<'_, i8>,
        num_threads: Option<usize>,
        job: impl FnOnce(&Core, &[i8], &Control) -> Result<T> + Send,
    ) -> PyResult<T> {
        let (memory, n) = (&self.memory, self.memory.n_spins());
        memories::of_states(py, n, states, num_threads, |states, control| {
            job(memory, states, control)
        })
    }
}

#[pymethods]
impl ExponentialMemory {
    #[new]
    fn new(py: Python<'_>, patterns: PyRef<'_, PackedPatterns>) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let (patterns, control) = (&patterns.patterns, Control::default());
        let memory = enter(py, None, None, &control, || Core::new(patterns, level, &control))?;
        Ok(Self { memory })
    }

    /// M_mu, integers.
    #[pyo3(signature = (states, num_threads=None))]
    fn overlaps<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let overlaps = self.of_states(py, &states, num_threads, Core::overlaps)?;
        array2(py, overlaps, self.memory.n_patterns())
    }

    /// The number of the nearest pattern of each state, the first of several, and M with it.
    #[pyo3(signature = (states, num_threads=None))]
    fn nearest<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Nearest<'py>> {
        let found = self.of_states(py, &states, num_threads, Core::nearest)?;
        let patterns = found.iter().map(|nearest| nearest.pattern as i64).collect();
        let overlaps = found.iter().map(|nearest| nearest.overlap).collect();
        Ok((array1(py, patterns), array1(py, overlaps)))
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn energy<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(array1(py, self.of_states(py, &states, num_threads, Core::energies)?))
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn local_fields<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let fields = self.of_states(py, &states, num_threads, Core::local_fields)?;
        array2(py, fields, self.memory.n_spins())
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
            memory.recall(&dynamics, replicas, control)
        })
    }
}
