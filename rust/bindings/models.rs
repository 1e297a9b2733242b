//! Spin models as Python holds them, and the way from one to the core's trait.

use numpy::{PyArray1, PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{exceptions::PyTypeError, prelude::*};
use rayon::prelude::*;
use spinglass_core::{control::Control, spins::SpinModel};

use crate::{
    arrays::{array1, array2, check_len, slice},
    dense::DenseModel,
    enter::{enter, raise},
    hopfield::HopfieldNetwork,
    lattice::LatticeModel,
    sparse::SparseModel,
};

/// Calls `f` with the model that a Python object holds.
pub fn with_model<T>(
    object: &Bound<'_, PyAny>,
    f: impl FnOnce(&dyn SpinModel) -> PyResult<T>,
) -> PyResult<T> {
    if let Ok(lattice) = object.cast::<LatticeModel>() {
        f(&lattice.get().lattice)
    } else if let Ok(dense) = object.cast::<DenseModel>() {
        f(&dense.get().dense)
    } else if let Ok(sparse) = object.cast::<SparseModel>() {
        f(&sparse.get().sparse)
    } else if let Ok(network) = object.cast::<HopfieldNetwork>() {
        f(&network.get().model().map_err(raise)?)
    } else {
        Err(PyTypeError::new_err(format!("model must be a spin model, got {}", object.get_type())))
    }
}

/// The total energy of each row of `states`.
#[pyfunction]
#[pyo3(signature = (model, states, num_threads=None))]
pub fn energy<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    states: PyReadonlyArray2<'py, i8>,
    num_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let energies = with_model(model, |model| {
        let n = model.n_spins();
        check_len(&states, "states", states.shape()[0] * n)?;
        // A copy: the caller's array may be written to while the GIL is free.
        let states = slice(&states, "states")?.to_vec();
        let control = Control::default();
        enter(py, num_threads, None, &control, || {
            states
                .par_chunks(n)
                .map(|state| control.check().map(|()| model.energy(state)))
                .collect()
        })
    })?;
    Ok(array1(py, energies))
}

/// The local fields of each row of `states`.
#[pyfunction]
#[pyo3(signature = (model, states, num_threads=None))]
pub fn local_fields<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    states: PyReadonlyArray2<'py, i8>,
    num_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (fields, n) = with_model(model, |model| {
        let n = model.n_spins();
        check_len(&states, "states", states.shape()[0] * n)?;
        let states = slice(&states, "states")?.to_vec();
        let mut fields = vec![0.0; states.len()];
        let control = Control::default();
        enter(py, num_threads, None, &control, || {
            states.par_chunks(n).zip(fields.par_chunks_mut(n)).try_for_each(|(state, fields)| {
                model.local_fields(state, fields);
                control.check()
            })
        })?;
        Ok((fields, n))
    })?;
    array2(py, fields, n)
}
