//! Rows of data for a restricted Boltzmann machine.

use numpy::{PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{exceptions::PyTypeError, prelude::*};
use spinglass_core::{
    rbm::{Data, Value},
    simd::Level,
};

use crate::{
    arrays::{as_bytes, by_pieces},
    enter::raise,
};

/// Rows of data.
#[pyclass(frozen, module = "spinglass._core")]
pub struct RbmData {
    pub rows: Data,
}

#[pymethods]
impl RbmData {
    #[new]
    fn new(rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let rows = if let Ok(rows) = rows.extract::<PyReadonlyArray2<'_, u8>>() {
            pack(&rows, level, |value| value)
        } else if let Ok(rows) = rows.cast::<PyArray2<bool>>() {
            pack(&as_bytes(rows)?, level, |byte| u8::from(byte != 0))
        } else if let Ok(rows) = rows.extract::<PyReadonlyArray2<'_, f32>>() {
            pack(&rows, level, |value| value)
        } else if let Ok(rows) = rows.extract::<PyReadonlyArray2<'_, f64>>() {
            pack(&rows, level, |value| value)
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

/// Packs a copy of a piece of the rows, and then of the next: they may be many more bytes than the
/// packed ones.
fn pack<T: Value + numpy::Element>(
    rows: &PyReadonlyArray2<'_, T>,
    level: Level,
    as_value: impl Fn(T) -> T,
) -> PyResult<Data> {
    let width = rows.shape()[1];
    let (mut data, mut copy) = (Data::empty(width), Vec::new());
    by_pieces(rows, "X", width, |piece| {
        copy.clear();
        copy.extend(piece.iter().map(|&value| as_value(value)));
        data.extend(&copy, level).map_err(raise)
    })?;
    Ok(data)
}
