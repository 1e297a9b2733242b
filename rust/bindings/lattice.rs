//! Square and cubic lattices.

use pyo3::prelude::*;
use spinglass_core::{lattice::Lattice, simd::Level};

use crate::enter::raise;

/// A periodic lattice with one coupling and one field.
#[pyclass(frozen, module = "spinglass._core")]
pub struct LatticeModel {
    pub lattice: Lattice,
}

#[pymethods]
impl LatticeModel {
    #[new]
    fn new(shape: Vec<usize>, coupling: f64, field: f64) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let lattice = Lattice::new(&shape, coupling, field, level).map_err(raise)?;
        Ok(Self { lattice })
    }
}
