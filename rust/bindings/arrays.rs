//! Arrays across the border: in as checked copies, out by move.
//!
//! Whoever else holds an array may write to it at any time: a thread of Python whenever the GIL is
//! free, and one within a copy of NumPy even when it is not. So the core never sees memory of NumPy.
//! It gets a copy, and what is checked is the copy.

use numpy::{
    Element, PyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray, PyUntypedArrayMethods,
    dtype, ndarray::Dimension,
};
use pyo3::{
    exceptions::{PyMemoryError, PyValueError},
    prelude::*,
};

/// Bytes that are copied between two looks at Ctrl-C: a few milliseconds, in which no other thread
/// of Python runs.
pub const PIECE_BYTES: usize = 1 << 23;

/// A copy of the elements of a C-contiguous array, or an error that names it.
pub fn copied<T: Element + Copy, D: Dimension>(
    array: &PyReadonlyArray<'_, T, D>,
    name: &str,
) -> PyResult<Vec<T>> {
    checked(array, name, |_, _| Ok(()))
}

/// A copy of an array that may be left out.
pub fn optional<T: Element + Copy, D: Dimension>(
    array: Option<&PyReadonlyArray<'_, T, D>>,
    name: &str,
) -> PyResult<Option<Vec<T>>> {
    array.map(|array| copied(array, name)).transpose()
}

/// A copy of spins, which are -1 and +1.
pub fn spins<D: Dimension>(array: &PyReadonlyArray<'_, i8, D>, name: &str) -> PyResult<Vec<i8>> {
    checked(array, name, check_spins)
}

/// Fails, by name, if a spin is neither -1 nor +1.
pub fn check_spins(spins: &[i8], name: &str) -> PyResult<()> {
    all(
        spins,
        |spin| spin == 1 || spin == -1,
        |spin| {
            let hint = if spin == 0 { "; to_spins turns bits 0/1 into spins" } else { "" };
            format!("{name} must hold only -1 and +1, got {spin}{hint}")
        },
    )
}

/// A copy of units, which are 0 and 1.
pub fn units<D: Dimension>(array: &PyReadonlyArray<'_, u8, D>, name: &str) -> PyResult<Vec<u8>> {
    checked(array, name, |units, name| {
        all(units, |unit| unit <= 1, |unit| format!("{name} must hold only 0 and 1, got {unit}"))
    })
}

/// A copy of booleans that may be left out. NumPy lets them have any byte, and takes all but 0 for true; a `bool` may be
/// 0 or 1 only.
pub fn flags<D: Dimension>(
    array: Option<&Bound<'_, PyArray<bool, D>>>,
    name: &str,
) -> PyResult<Option<Vec<bool>>> {
    let bytes = optional(array.map(as_bytes).transpose()?.as_ref(), name)?;
    Ok(bytes.map(|bytes| bytes.into_iter().map(|byte| byte != 0).collect()))
}

/// The bytes of booleans.
pub fn as_bytes<'py, D: Dimension>(
    array: &Bound<'py, PyArray<bool, D>>,
) -> PyResult<PyReadonlyArray<'py, u8, D>> {
    let bytes = array.call_method1("view", (dtype::<u8>(array.py()),))?;
    bytes.extract()
}

/// A copy that passes a check.
fn checked<T: Element + Copy, D: Dimension>(
    array: &PyReadonlyArray<'_, T, D>,
    name: &str,
    check: impl Fn(&[T], &str) -> PyResult<()>,
) -> PyResult<Vec<T>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(array.len()).map_err(|_| {
        let gigabytes = (array.len() * size_of::<T>()) as f64 / 1e9;
        PyMemoryError::new_err(format!(
            "{name}: a copy of {gigabytes:.1} GB does not fit in memory"
        ))
    })?;
    by_pieces(array, name, 1, |piece| {
        let first = copy.len();
        copy.extend_from_slice(piece);
        check(&copy[first..], name)
    })?;
    Ok(copy)
}

fn all<T: Copy>(
    values: &[T],
    is_valid: impl Fn(T) -> bool,
    complaint: impl Fn(T) -> String,
) -> PyResult<()> {
    // Without an early end, many at a time.
    if values.iter().fold(true, |all, &value| all & is_valid(value)) {
        return Ok(());
    }
    let culprit = values.iter().copied().find(|&value| !is_valid(value));
    Err(PyValueError::new_err(culprit.map(complaint).unwrap_or_default()))
}

/// Calls `take` with one piece of an array after the other, of whole rows of `width` elements,
/// which it must copy before it looks at them. Between two pieces Ctrl-C is noticed, and other threads
/// of Python have their turn.
pub fn by_pieces<T: Element, D: Dimension>(
    array: &PyReadonlyArray<'_, T, D>,
    name: &str,
    width: usize,
    mut take: impl FnMut(&[T]) -> PyResult<()>,
) -> PyResult<()> {
    let (py, count) = (array.py(), array.len());
    let step = (PIECE_BYTES / size_of::<T>()).next_multiple_of(width.max(1));
    for first in (0..count).step_by(step) {
        if first > 0 {
            py.check_signals()?;
            py.detach(|| ());
        }
        let piece = slice(array, name)?.get(first..count.min(first + step)).ok_or_else(|| {
            PyValueError::new_err(format!("{name} must keep its size, got one that shrinks"))
        })?;
        take(piece)?;
    }
    Ok(())
}

fn slice<'a, T: Element, D: Dimension>(
    array: &'a PyReadonlyArray<'_, T, D>,
    name: &str,
) -> PyResult<&'a [T]> {
    // A slice there is of columns too, but not in the order of rows.
    array.as_slice().ok().filter(|_| array.is_c_contiguous()).ok_or_else(|| {
        PyValueError::new_err(format!(
            "{name} must be a C-contiguous, aligned array, got one with strides"
        ))
    })
}

/// Fails, by name, if an array has another number of elements than it must.
pub fn check_len<T: Element, D: Dimension>(
    array: &Bound<'_, PyArray<T, D>>,
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
