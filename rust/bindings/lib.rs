//! `spinglass._core`: the core, as Python sees it.
//!
//! Every function does the same five things: copy or pack, validate the copy, enter, call the core,
//! wrap. The Python package in front of it checks arguments and carries the documentation.

#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]

mod arrays;
mod associative;
mod coupled;
mod dense;
mod enter;
mod exact;
mod exponential;
mod hopfield;
mod inverse;
mod landscape;
mod lattice;
mod learning;
mod memories;
mod models;
mod rbm;
mod sampling;
mod sparse;

use numpy::PyArrayMethods;
use pyo3::prelude::*;
use spinglass_core::{simd::Level, threads};

use crate::{arrays::array1, enter::raise};

/// The instruction set in use: "portable", "avx2" or "avx512".
#[pyfunction]
fn simd_level() -> PyResult<&'static str> {
    Level::current().map(Level::name).map_err(raise)
}

/// The threads that a call uses when none are asked for.
#[pyfunction]
fn available_threads() -> PyResult<usize> {
    threads::available().map_err(raise)
}

/// Finds what NumPy gives to other languages, which is otherwise found with the first array. That may be
/// made when the interpreter ends and can import no more. Not part of the import of this module: whoever
/// asks for the version does not wait for NumPy.
#[pyfunction]
fn load_numpy(py: Python<'_>) -> PyResult<()> {
    array1(py, vec![0u8]).try_readonly()?;
    Ok(())
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(simd_level, module)?)?;
    module.add_function(wrap_pyfunction!(available_threads, module)?)?;
    module.add_function(wrap_pyfunction!(load_numpy, module)?)?;
    module.add_class::<models::SpinModel>()?;
    module.add_function(wrap_pyfunction!(lattice::lattice_model, module)?)?;
    module.add_function(wrap_pyfunction!(dense::dense_model, module)?)?;
    module.add_function(wrap_pyfunction!(dense::sherrington_kirkpatrick, module)?)?;
    module.add_function(wrap_pyfunction!(sparse::sparse_model, module)?)?;
    module.add_function(wrap_pyfunction!(sparse::edwards_anderson_model, module)?)?;
    module.add_class::<exact::ExactSums>()?;
    module.add_class::<inverse::InverseData>()?;
    module.add_function(wrap_pyfunction!(sampling::random_spins, module)?)?;
    module.add_function(wrap_pyfunction!(sampling::sample, module)?)?;
    module.add_function(wrap_pyfunction!(sampling::anneal, module)?)?;
    module.add_function(wrap_pyfunction!(sampling::temper, module)?)?;
    module.add_function(wrap_pyfunction!(sampling::descend, module)?)?;
    module.add_function(wrap_pyfunction!(landscape::landscape, module)?)?;
    module.add_class::<exponential::ExponentialMemory>()?;
    module.add_class::<coupled::CoupledMemory>()?;
    module.add_function(wrap_pyfunction!(learning::perceptron_rule, module)?)?;
    module.add_function(wrap_pyfunction!(learning::minover_rule, module)?)?;
    module.add_function(wrap_pyfunction!(coupled::dream, module)?)?;
    rbm::register(module)?;
    hopfield::register(module)?;
    associative::register(module)
}
