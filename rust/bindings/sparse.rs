//! Couplings on a graph.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::{exceptions::PyValueError, prelude::*};
use spinglass_core::{
    control::Control,
    simd::Level,
    sparse::{Sparse, edwards_anderson},
    spins::SpinModel as _,
};

use crate::{
    arrays::{array1, slice},
    dense::disorder_of,
    enter::{enter, raise},
};

/// A model whose bonds are the entries of a symmetric sparse matrix.
#[pyclass(frozen, module = "spinglass._core")]
pub struct SparseModel {
    pub sparse: Sparse,
}

/// Row offsets, columns, values.
type Csr<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl SparseModel {
    #[new]
    #[pyo3(signature = (offsets, neighbours, couplings, fields=None))]
    fn new(
        py: Python<'_>,
        offsets: PyReadonlyArray1<'_, i64>,
        neighbours: PyReadonlyArray1<'_, i64>,
        couplings: PyReadonlyArray1<'_, f64>,
        fields: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let out_of_range = |_| PyValueError::new_err("couplings must have indices 0 to 2^32 - 1");
        let offsets = slice(&offsets, "offsets")?.iter().map(|&offset| usize::try_from(offset));
        let offsets: Vec<usize> = offsets.collect::<Result<_, _>>().map_err(out_of_range)?;
        let neighbours = slice(&neighbours, "neighbours")?.iter().map(|&site| u32::try_from(site));
        let neighbours = neighbours.collect::<Result<_, _>>().map_err(out_of_range)?;
        let couplings = slice(&couplings, "couplings")?.to_vec();
        let fields = match fields {
            Some(fields) => Some(slice(&fields, "fields")?.to_vec()),
            None => None,
        };
        let level = Level::current().map_err(raise)?;
        let n = offsets.len().saturating_sub(1);
        let sparse = enter(py, None, None, &Control::default(), || {
            Sparse::new(n, offsets, neighbours, couplings, fields, level)
        })?;
        Ok(Self { sparse })
    }

    /// Independent couplings of variance 1 between neighbours on a periodic lattice.
    #[staticmethod]
    fn edwards_anderson(
        py: Python<'_>,
        shape: Vec<usize>,
        disorder: &str,
        seed: u64,
    ) -> PyResult<Self> {
        let disorder = disorder_of(disorder).map_err(raise)?;
        let level = Level::current().map_err(raise)?;
        let sparse = enter(py, None, None, &Control::default(), || {
            edwards_anderson(&shape, disorder, seed, level)
        })?;
        Ok(Self { sparse })
    }

    /// A copy of the couplings, row after row; a pair may stand twice in a row.
    fn couplings<'py>(&self, py: Python<'py>) -> Csr<'py> {
        let n = self.sparse.n_spins();
        let (mut offsets, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for site in 0..n {
            for (other, coupling) in self.sparse.neighbours(site) {
                columns.push(other as i64);
                values.push(coupling);
            }
            offsets.push(columns.len() as i64);
        }
        (array1(py, offsets), array1(py, columns), array1(py, values))
    }
}
