//! Couplings on a graph.

use numpy::PyReadonlyArray1;
use pyo3::{exceptions::PyValueError, prelude::*};
use spinglass_core::{
    control::Control,
    simd::Level,
    sparse::{Sparse, edwards_anderson},
};

use crate::{
    arrays::{copied, optional},
    dense::disorder_of,
    enter::{enter, raise},
    models::SpinModel,
};

/// A model whose bonds are the entries of a symmetric sparse matrix.
#[pyfunction]
#[pyo3(signature = (offsets, neighbours, couplings, fields=None))]
pub fn sparse_model(
    py: Python<'_>,
    offsets: PyReadonlyArray1<'_, i64>,
    neighbours: PyReadonlyArray1<'_, i64>,
    couplings: PyReadonlyArray1<'_, f64>,
    fields: Option<PyReadonlyArray1<'_, f64>>,
) -> PyResult<SpinModel> {
    let out_of_range = |_| PyValueError::new_err("couplings must have indices 0 to 2^32 - 1");
    let offsets = copied(&offsets, "offsets")?.into_iter().map(usize::try_from);
    let offsets: Vec<usize> = offsets.collect::<Result<_, _>>().map_err(out_of_range)?;
    let neighbours = copied(&neighbours, "neighbours")?.into_iter().map(u32::try_from);
    let neighbours = neighbours.collect::<Result<_, _>>().map_err(out_of_range)?;
    let couplings = copied(&couplings, "couplings")?;
    let fields = optional(fields.as_ref(), "fields")?;
    let level = Level::current().map_err(raise)?;
    let n = offsets.len().saturating_sub(1);
    Ok(SpinModel::new(enter(py, None, None, &Control::default(), || {
        Sparse::new(n, offsets, neighbours, couplings, fields, level)
    })?))
}

/// Independent couplings of variance 1 between neighbours on a periodic lattice.
#[pyfunction(name = "edwards_anderson")]
pub fn edwards_anderson_model(
    py: Python<'_>,
    shape: Vec<usize>,
    disorder: &str,
    seed: u64,
) -> PyResult<SpinModel> {
    let disorder = disorder_of(disorder).map_err(raise)?;
    let level = Level::current().map_err(raise)?;
    Ok(SpinModel::new(enter(py, None, None, &Control::default(), || {
        edwards_anderson(&shape, disorder, seed, level)
    })?))
}
