//! Dense couplings.

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use spinglass_core::{
    control::Control,
    dense::{Dense, Disorder},
    error::{Error, Result},
    simd::Level,
};

use crate::{
    arrays::{check_len, copied, optional},
    enter::{enter, raise},
    models::SpinModel,
};

/// A model with any symmetric couplings.
#[pyfunction]
#[pyo3(signature = (couplings, fields=None))]
pub fn dense_model(
    py: Python<'_>,
    couplings: PyReadonlyArray2<'_, f64>,
    fields: Option<PyReadonlyArray1<'_, f64>>,
) -> PyResult<SpinModel> {
    let n = couplings.shape()[0];
    check_len(&couplings, "couplings", n * n)?;
    let couplings = copied(&couplings, "couplings")?;
    let fields = optional(fields.as_ref(), "fields")?;
    made(py, |level| Dense::new(n, couplings, fields, level))
}

/// Independent couplings of variance 1/N.
#[pyfunction]
pub fn sherrington_kirkpatrick(
    py: Python<'_>,
    n_spins: usize,
    disorder: &str,
    seed: u64,
) -> PyResult<SpinModel> {
    let disorder = disorder_of(disorder).map_err(raise)?;
    made(py, |level| Dense::sherrington_kirkpatrick(n_spins, disorder, seed, level))
}

fn made(py: Python<'_>, make: impl FnOnce(Level) -> Result<Dense> + Send) -> PyResult<SpinModel> {
    let level = Level::current().map_err(raise)?;
    Ok(SpinModel::new(enter(py, None, None, &Control::default(), || make(level))?))
}

/// The distribution of random couplings that Python names.
pub fn disorder_of(name: &str) -> Result<Disorder> {
    match name {
        "gaussian" => Ok(Disorder::Gaussian),
        "pm1" => Ok(Disorder::PlusMinus),
        _ => Err(Error::expected("disorder", "\"gaussian\" or \"pm1\"", format_args!("{name:?}"))),
    }
}
