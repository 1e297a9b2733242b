//! Dense couplings.

use numpy::{PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use spinglass_core::{
    control::Control,
    dense::{Dense, Disorder},
    error::Error,
    simd::Level,
    spins::SpinModel as _,
};

use crate::{
    arrays::{array2, check_len, slice},
    enter::{enter, raise},
};

/// A model with any symmetric couplings.
#[pyclass(frozen, module = "spinglass._core")]
pub struct DenseModel {
    pub dense: Dense,
}

#[pymethods]
impl DenseModel {
    #[new]
    #[pyo3(signature = (couplings, fields=None))]
    fn new(
        py: Python<'_>,
        couplings: PyReadonlyArray2<'_, f64>,
        fields: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let n = couplings.shape()[0];
        check_len(&couplings, "couplings", n * n)?;
        let couplings = slice(&couplings, "couplings")?.to_vec();
        let fields = match fields {
            Some(fields) => Some(slice(&fields, "fields")?.to_vec()),
            None => None,
        };
        let level = Level::current().map_err(raise)?;
        let dense =
            enter(py, None, None, &Control::default(), || Dense::new(n, couplings, fields, level))?;
        Ok(Self { dense })
    }

    /// Independent couplings of variance 1/N.
    #[staticmethod]
    fn sherrington_kirkpatrick(
        py: Python<'_>,
        n_spins: usize,
        disorder: &str,
        seed: u64,
    ) -> PyResult<Self> {
        let disorder = disorder_of(disorder).map_err(raise)?;
        let level = Level::current().map_err(raise)?;
        let dense = enter(py, None, None, &Control::default(), || {
            Dense::sherrington_kirkpatrick(n_spins, disorder, seed, level)
        })?;
        Ok(Self { dense })
    }

    /// A copy of the couplings.
    fn couplings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let n = self.dense.n_spins();
        array2(py, (0..n).flat_map(|site| self.dense.row(site)).copied().collect(), n)
    }
}

/// The distribution of random couplings that Python names.
pub fn disorder_of(name: &str) -> Result<Disorder, Error> {
    match name {
        "gaussian" => Ok(Disorder::Gaussian),
        "pm1" => Ok(Disorder::PlusMinus),
        _ => Err(Error::expected("disorder", "\"gaussian\" or \"pm1\"", format_args!("{name:?}"))),
    }
}
