//! Spin models as Python holds them: one class for all, made by a function in each model's file.

use std::sync::{Arc, OnceLock};

use numpy::{PyArray1, PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{IntoPyObjectExt, prelude::*};
use rayon::prelude::*;
use spinglass_core::{
    control::{Control, checkpoint},
    spins::{self, Couplings},
};

use crate::{
    arrays::{PIECE_BYTES, array1, array2, check_len, spins},
    enter::enter,
};

/// A model of spins -1 and +1. Never changes.
#[pyclass(frozen, module = "spinglass._core")]
pub struct SpinModel {
    pub model: Arc<dyn spins::SpinModel>,
    /// Made when first asked for.
    digest: OnceLock<u128>,
}

impl SpinModel {
    pub fn new(model: impl spins::SpinModel + 'static) -> Self {
        Self::of(Arc::new(model))
    }

    pub fn of(model: Arc<dyn spins::SpinModel>) -> Self {
        Self { model, digest: OnceLock::new() }
    }

    /// A checked copy of the states.
    pub fn states(&self, states: &PyReadonlyArray2<'_, i8>, name: &str) -> PyResult<Vec<i8>> {
        check_len(states, name, states.shape()[0] * self.model.n_spins())?;
        spins(states, name)
    }
}

/// A copy of what a model has, made without the GIL; Ctrl-C stops it.
fn copy_of(py: Python<'_>, values: &[f64]) -> PyResult<Vec<f64>> {
    enter(py, Some(1), None, &Control::default(), || {
        let mut copy = Vec::with_capacity(values.len());
        for piece in values.chunks(PIECE_BYTES / size_of::<f64>()) {
            checkpoint();
            copy.extend_from_slice(piece);
        }
        Ok(copy)
    })
}

#[pymethods]
impl SpinModel {
    #[getter]
    fn n_spins(&self) -> usize {
        self.model.n_spins()
    }

    /// The site whose local field sweeps round with most harm, and the error there; or None. At an
    /// infinite beta the harm is a sign that is turned or lost.
    #[pyo3(signature = (beta, num_threads=None))]
    fn rounding(
        &self,
        py: Python<'_>,
        beta: f64,
        num_threads: Option<usize>,
    ) -> PyResult<Option<(usize, f64)>> {
        let is_zero = beta == f64::INFINITY;
        enter(py, num_threads, None, &Control::default(), || Ok(self.model.worst_rounding(is_zero)))
    }

    /// Whether comparing a few replicas costs little beside their sweeps.
    fn overlaps_are_cheap(&self) -> bool {
        self.model.overlaps_are_cheap()
    }

    /// How many bonds there are whose overlap can be measured.
    fn n_bonds(&self) -> usize {
        self.model.n_bonds()
    }

    /// A copy of the couplings as they are kept: an N x N array, rows (offsets, columns, values) in
    /// which a pair may stand twice, or None.
    fn couplings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.model.couplings() {
            Couplings::Dense(values) => {
                array2(py, copy_of(py, values)?, self.model.n_spins())?.into_bound_py_any(py)
            }
            Couplings::Rows { offsets, neighbours, values } => {
                let offsets = offsets.iter().map(|&offset| offset as i64).collect();
                let columns = neighbours.iter().map(|&site| i64::from(site)).collect();
                let values = array1(py, copy_of(py, values)?);
                (array1(py, offsets), array1(py, columns), values).into_bound_py_any(py)
            }
            Couplings::Implied => Ok(py.None().into_bound(py)),
        }
    }

    /// 32 hexadecimal digits: models of the same couplings and fields, kept in the same way, have
    /// the same.
    fn digest(&self, py: Python<'_>) -> PyResult<String> {
        let digest = if let Some(&digest) = self.digest.get() {
            digest
        } else {
            let control = Control::default();
            let made = enter(py, Some(1), None, &control, || self.model.digest(&control))?;
            *self.digest.get_or_init(|| made)
        };
        Ok(format!("{digest:032x}"))
    }

    /// The total energy of each row of `states`.
    #[pyo3(signature = (states, num_threads=None))]
    fn energy<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let (model, n) = (&*self.model, self.model.n_spins());
        let states = self.states(&states, "states")?;
        let control = Control::default();
        let energies = enter(py, num_threads, None, &control, || {
            let energy = |state| control.check().map(|()| model.energy(state));
            states.par_chunks(n).map(energy).collect()
        })?;
        Ok(array1(py, energies))
    }

    /// The local fields of each row of `states`.
    #[pyo3(signature = (states, num_threads=None))]
    fn local_fields<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (model, n) = (&*self.model, self.model.n_spins());
        let states = self.states(&states, "states")?;
        let mut fields = vec![0.0; states.len()];
        let control = Control::default();
        enter(py, num_threads, None, &control, || {
            states.par_chunks(n).zip(fields.par_chunks_mut(n)).try_for_each(|(state, fields)| {
                model.local_fields(state, fields);
                control.check()
            })
        })?;
        array2(py, fields, n)
    }
}
