//! Samples of spins, and what couplings and fields make of them.

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use spinglass_core::{
    control::Control,
    inverse::{Objective, Samples},
    simd::Level,
};

use crate::{
    arrays::{array1, array2, copied, optional, spins},
    enter::{enter, raise},
};

/// The value, its gradient by couplings and by fields, and the curvature of each site.
type Evaluated<'py> =
    (f64, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

/// Samples of spins with their weights.
#[pyclass(frozen, module = "spinglass._core")]
pub struct InverseData {
    samples: Samples,
}

#[pymethods]
impl InverseData {
    #[new]
    #[pyo3(signature = (spins, weights = None))]
    fn new(
        py: Python<'_>,
        spins: PyReadonlyArray2<'_, i8>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let width = spins.shape()[1];
        let spins = self::spins(&spins, "X")?;
        let weights = optional(weights.as_ref(), "sample_weight")?;
        let control = Control::default();
        let job = || Samples::new(&spins, width, weights.as_deref());
        Ok(Self { samples: enter(py, None, None, &control, job)? })
    }

    #[getter]
    fn n_rows(&self) -> usize {
        self.samples.n_rows()
    }

    #[getter]
    fn n_spins(&self) -> usize {
        self.samples.n_spins()
    }

    #[getter]
    fn total(&self) -> f64 {
        self.samples.total()
    }

    /// Minus the logarithm of the pseudo-likelihood, a mean over samples.
    #[pyo3(signature = (couplings, fields, num_threads = None))]
    fn pseudolikelihood<'py>(
        &self,
        py: Python<'py>,
        couplings: PyReadonlyArray2<'py, f64>,
        fields: PyReadonlyArray1<'py, f64>,
        num_threads: Option<usize>,
    ) -> PyResult<Evaluated<'py>> {
        self.evaluate(py, Objective::PseudoLikelihood, &couplings, &fields, num_threads)
    }

    /// The flow of probability out of the samples, a mean over them.
    #[pyo3(signature = (couplings, fields, num_threads = None))]
    fn flow<'py>(
        &self,
        py: Python<'py>,
        couplings: PyReadonlyArray2<'py, f64>,
        fields: PyReadonlyArray1<'py, f64>,
        num_threads: Option<usize>,
    ) -> PyResult<Evaluated<'py>> {
        self.evaluate(py, Objective::Flow, &couplings, &fields, num_threads)
    }
}

impl InverseData {
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        objective: Objective,
        couplings: &PyReadonlyArray2<'py, f64>,
        fields: &PyReadonlyArray1<'py, f64>,
        num_threads: Option<usize>,
    ) -> PyResult<Evaluated<'py>> {
        let (level, control) = (Level::current().map_err(raise)?, Control::default());
        let couplings = copied(couplings, "couplings")?;
        let fields = copied(fields, "fields")?;
        let job = || self.samples.evaluate(objective, &couplings, &fields, level, &control);
        let found = enter(py, num_threads, None, &control, job)?;
        let slopes = array2(py, found.couplings, self.samples.n_spins())?;
        Ok((found.value, slopes, array1(py, found.fields), array1(py, found.curvature)))
    }
}
