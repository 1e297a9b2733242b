//! Arrays across the border: in by borrow, out by move.

use numpy::{
    Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray, PyUntypedArrayMethods,
    ndarray::Dimension,
};
use pyo3::{exceptions::PyValueError, prelude::*};

/// The elements of a C-contiguous array, or an error that names it.
pub fn slice<'a, T: Element, D: Dimension>(
    array: &'a PyReadonlyArray<'_, T, D>,
    name: &str,
) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| {
        PyValueError::new_err(format!("{name} must be a C-contiguous array, got one with strides"))
    })
}

/// A copy of the elements of an array that may be left out.
pub fn optional<T: Element + Clone, D: Dimension>(
    array: Option<&PyReadonlyArray<'_, T, D>>,
    name: &str,
) -> PyResult<Option<Vec<T>>> {
    array.map(|array| Ok(slice(array, name)?.to_vec())).transpose()
}

/// Fails, by name, if an array has another number of elements than it must.
pub fn check_len<T: Element, D: Dimension>(
    array: &PyReadonlyArray<'_, T, D>,
    name: &str,
    expected: usize,
) -> PyResult<()> {
    if array.len() == expected {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("{name} must have {expected} elements, got {}", array.len())))
}

/// A vector as an array.
pub fn array1<T: Element>(py: Python<'_>, values: Vec<T>) -> Bound<'_, PyArray1<T>> {
    PyArray1::from_vec(py, values)
}

/// A vector, row after row, as an array of rows of `width` elements.
pub fn array2<T: Element>(
    py: Python<'_>,
    values: Vec<T>,
    width: usize,
) -> PyResult<Bound<'_, PyArray2<T>>> {
    let shape = [values.len().checked_div(width).unwrap_or(0), width];
    array1(py, values).reshape(shape)
}
