//! Square and cubic lattices.

use pyo3::prelude::*;
use spinglass_core::{lattice::Lattice, simd::Level};

use crate::{enter::raise, models::SpinModel};

/// A periodic lattice with one coupling and one field.
#[pyfunction]
pub fn lattice_model(shape: Vec<usize>, coupling: f64, field: f64) -> PyResult<SpinModel> {
    let level = Level::current().map_err(raise)?;
    Ok(SpinModel::new(Lattice::new(&shape, coupling, field, level).map_err(raise)?))
}
