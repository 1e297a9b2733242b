//! The network: fields, energies, couplings, recall.

use std::sync::Arc;

use numpy::{
    PyArray2, PyArrayDescr, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray1,
    PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::PyDict,
};
use rayon::prelude::*;
use spinglass_core::{
    control::Control,
    error::Error,
    hopfield::{Coupling, Dynamics, Hopfield, Outcome, Update, couplings},
    simd::Level,
};

use super::patterns::PackedPatterns;
use crate::{
    arrays::{array1, array2, check_len, flags, optional, spins},
    enter::{enter, raise},
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
        let n = self.network.n_spins();
        check_len(&states, "states", states.shape()[0] * n)?;
        let states = spins(&states, "states")?;
        let control = Control::default();
        let overlaps: Vec<_> = enter(py, num_threads, None, &control, || {
            states.par_chunks(n).map(|state| self.network.overlaps(state, &control)).collect()
        })?;
        array2(py, overlaps.concat(), self.network.n_patterns())
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
        let (model, n) = (&*self.network, self.network.n_spins());
        let n_states = states.shape()[0];
        check_len(&states, "states", n_states * n)?;
        let mut spins = spins(&states, "states")?;
        if let Some(clamp) = &clamp {
            check_len(clamp, "clamp", n_states * n)?;
        }
        let held = flags(clamp.as_ref(), "clamp")?;
        let held_by = |replica: usize| held.as_ref().map(|held| &held[replica * n..][..n]);
        let update = match update {
            "sequential" => Update::Sequential,
            "random" => Update::Random,
            "synchronous" => Update::Synchronous,
            other => {
                return Err(raise(Error::expected(
                    "update",
                    "\"sequential\", \"random\" or \"synchronous\"",
                    format_args!("{other:?}"),
                )));
            }
        };
        let dynamics = Dynamics { update, beta, max_sweeps, seed };
        let control = Control::new(n_states as u64);
        let mut recalls: Vec<Option<Recalled>> = vec![None; n_states];
        let ended = enter(py, num_threads, progress, &control, || {
            let replicas = spins.par_chunks_mut(n).zip(&mut recalls).with_max_len(1).enumerate();
            replicas.try_for_each(|(replica, (spins, recalled))| {
                let start = model.overlaps(spins, &control)?;
                let held = held_by(replica);
                let outcome = model.recall(&dynamics, replica as u64, spins, held, &control)?;
                let end = model.overlaps(spins, &control)?;
                let energy = model.energy(spins, &end);
                *recalled = Some(Recalled::new(outcome, &start, &end, energy));
                control.advance(1);
                Ok(())
            })
        });
        let columns = PyDict::new(py);
        columns.set_item("states", array2(py, spins, n)?)?;
        let finished = recalls.iter().map(Option::is_some).collect();
        columns.set_item("finished", array1(py, finished))?;
        let recalls: Vec<Recalled> = recalls.into_iter().map(Option::unwrap_or_default).collect();
        let integers =
            |f: fn(&Recalled) -> i64| array1(py, recalls.iter().map(f).collect::<Vec<i64>>());
        // Overlaps come as integers, N times the overlap.
        let overlaps = |f: fn(&Recalled) -> i64| {
            array1(
                py,
                recalls.iter().map(|recalled| f(recalled) as f64 / n as f64).collect::<Vec<_>>(),
            )
        };
        columns.set_item("pattern", integers(|recalled| recalled.pattern as i64))?;
        columns.set_item("start_overlap", overlaps(|recalled| recalled.start_overlap))?;
        columns.set_item("overlap", overlaps(|recalled| recalled.overlap))?;
        columns.set_item("best_pattern", integers(|recalled| recalled.best_pattern as i64))?;
        columns.set_item("best_overlap", overlaps(|recalled| recalled.best_overlap))?;
        let energy = recalls.iter().map(|recalled| recalled.energy).collect();
        columns.set_item("energy", array1(py, energy))?;
        columns.set_item("sweeps", integers(|recalled| recalled.outcome.sweeps as i64))?;
        columns.set_item("flips", integers(|recalled| recalled.outcome.flips as i64))?;
        let converged = recalls.iter().map(|recalled| recalled.outcome.converged).collect();
        columns.set_item("converged", array1(py, converged))?;
        let cycle_length = integers(|recalled| i64::from(recalled.outcome.cycle_length));
        columns.set_item("cycle_length", cycle_length)?;
        Ok((columns, ended.err()))
    }
}

/// What is known of one recall.
#[derive(Clone, Default)]
struct Recalled {
    outcome: Outcome,
    pattern: usize,
    start_overlap: i64,
    overlap: i64,
    best_pattern: usize,
    best_overlap: i64,
    energy: f64,
}

impl Recalled {
    fn new(outcome: Outcome, start: &[i64], end: &[i64], energy: f64) -> Self {
        // The first of equals, as argmax gives.
        let largest = |overlaps: &[i64]| {
            (0..overlaps.len()).rev().max_by_key(|&mu| overlaps[mu]).unwrap_or(0)
        };
        let (pattern, best_pattern) = (largest(start), largest(end));
        Self {
            outcome,
            pattern,
            start_overlap: start[pattern],
            overlap: end[pattern],
            best_pattern,
            best_overlap: end[best_pattern],
            energy,
        }
    }
}
