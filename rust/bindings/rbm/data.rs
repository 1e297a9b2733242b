//! Rows of data for a restricted Boltzmann machine.

use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{exceptions::PyTypeError, prelude::*};
use spinglass_core::{
    rbm::{Data, Value},
    simd::Level,
};

use crate::{arrays::slice, enter::raise};

/// Rows of data.
#[pyclass(frozen, module = "spinglass._core")]
pub struct RbmData {
    pub rows: Data,
}

#[pymethods]
impl RbmData {
    #[new]
    fn new(py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let rows = if let Ok(rows) = rows.extract::<PyReadonlyArray2<'_, u8>>() {
            pack(py, &rows, level)
        } else if let Ok(rows) = rows.extract::<PyReadonlyArray2<'_, bool>>() {
            pack(py, &rows, level)
        } else if let Ok(rows) = rows.extract::<PyReadonlyArray2<'_, f32>>() {
            pack(py, &rows, level)
        } else if let Ok(rows) = rows.extract::<PyReadonlyArray2<'_, f64>>() {
            pack(py, &rows, level)
        } else {
            return Err(PyTypeError::new_err(
                "X must be a 2-D array of uint8, bool, float32 or float64",
            ));
        };
        Ok(Self { rows: rows? })
    }

    #[getter]
    fn n_rows(&self) -> usize {
        self.rows.n_rows()
    }

    #[getter]
    fn n_visible(&self) -> usize {
        self.rows.n_visible()
    }

    #[getter]
    fn binary(&self) -> bool {
        self.rows.is_binary()
    }
}

fn pack<T: Value + numpy::Element>(
    py: Python<'_>,
    rows: &PyReadonlyArray2<'_, T>,
    level: Level,
) -> PyResult<Data> {
    let (width, rows) = (rows.shape()[1], slice(rows, "X")?);
    py.detach(|| Data::new(rows, width, level)).map_err(raise)
}
