//! The network: fields, energies, couplings, recall.

use std::sync::Arc;

use numpy::{
    PyArray2, PyArrayDescr, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::PyDict,
};
use spinglass_core::{
    associative::recall_each,
    control::Control,
    hopfield::{Coupling, Hopfield, couplings},
    simd::Level,
};

use super::patterns::PackedPatterns;
use crate::{
    arrays::optional,
    enter::{enter, raise},
    memories,
    models::SpinModel,
};

/// A network over a pattern set.
#[pyclass(frozen, module = "spinglass._core")]
pub struct HopfieldNetwork {
    network: Arc<Hopfield>,
}

impl HopfieldNetwork {
    fn dense<T: Coupling + numpy::Element>(
        &self,
        py: Python<'_>,
        out: &Bound<'_, PyAny>,
        num_threads: Option<usize>,
    ) -> PyResult<()> {
        let n = self.network.n_spins();
        let out = out.cast::<PyArray2<T>>()?;
        let mut out = out.try_readwrite()?;
        let matrix = out
            .as_slice_mut()
            .ok()
            .filter(|matrix| matrix.len() == n * n)
            .ok_or_else(|| PyValueError::new_err("out must be a C-contiguous N x N array"))?;
        let control = Control::default();
        enter(py, num_threads, None, &control, || couplings(&self.network, matrix, &control))
    }
}

#[pymethods]
impl HopfieldNetwork {
    #[new]
    #[pyo3(signature = (patterns, thresholds=None))]
    fn new(
        patterns: PyRef<'_, PackedPatterns>,
        thresholds: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let thresholds = optional(thresholds.as_ref(), "thresholds")?;
        let level = Level::current().map_err(raise)?;
        let network = Hopfield::new(&patterns.patterns, thresholds.as_deref(), level);
        Ok(Self { network: Arc::new(network.map_err(raise)?) })
    }

    /// The network as a model to be sampled.
    fn spin_model(&self) -> SpinModel {
        SpinModel::of(self.network.clone())
    }

    /// M_mu, integers.
    #[pyo3(signature = (states, num_threads=None))]
    fn overlaps<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        memories::overlaps(py, &*self.network, &states, num_threads)
    }

    /// Fills an N x N array of zeros with the couplings, in its own dtype.
    #[pyo3(signature = (out, num_threads=None))]
    fn couplings(
        &self,
        py: Python<'_>,
        out: &Bound<'_, PyAny>,
        num_threads: Option<usize>,
    ) -> PyResult<()> {
        let dtype = out.getattr("dtype")?.cast_into::<PyArrayDescr>()?;
        match (dtype.kind(), dtype.itemsize()) {
            (b'i', 1) => self.dense::<i8>(py, out, num_threads),
            (b'i', 2) => self.dense::<i16>(py, out, num_threads),
            (b'i', 4) => self.dense::<i32>(py, out, num_threads),
            (b'i', 8) => self.dense::<i64>(py, out, num_threads),
            (b'f', 4) => self.dense::<f32>(py, out, num_threads),
            (b'f', 8) => self.dense::<f64>(py, out, num_threads),
            _ => Err(PyTypeError::new_err(format!(
                "dtype must be int8, int16, int32, int64, float32 or float64, got {dtype}"
            ))),
        }
    }

    /// Recall of each row of `states`: a column for each thing known of a recall, and the exception
    /// that ended the call before all were `finished`, or None.
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
        let (memory, clamp) = (&*self.network, clamp.as_ref());
        let n = memory.n_spins();
        memories::recall(py, n, &states, clamp, num_threads, progress, |replicas, control| {
            recall_each(memory, &dynamics, replicas, control)
        })
    }
}
