//! Energy landscapes: minima, basins, and the tree of barriers.

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{
    control::Control,
    error::Error,
    exact::Energies,
    landscape::{Landscape, MOST_SPINS, PASSES},
    simd::Level,
};

use crate::{
    arrays::{array1, array2, check_len, copied, optional},
    enter::{enter, raise},
};

/// All minima of a model and the merges of their lakes, energies in units of `unit`.
#[pyfunction]
#[pyo3(signature = (couplings, fields=None, num_threads=None, progress=None))]
pub fn landscape<'py>(
    py: Python<'py>,
    couplings: PyReadonlyArray2<'py, f64>,
    fields: Option<PyReadonlyArray1<'py, f64>>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let n = couplings.shape()[0];
    check_len(&couplings, "couplings", n * n)?;
    let (couplings, fields) =
        (copied(&couplings, "couplings")?, optional(fields.as_ref(), "fields")?);
    let level = Level::current().map_err(raise)?;
    let model = Energies::new(n, &couplings, fields.as_deref(), level).map_err(raise)?;
    let control = Control::new(PASSES << n);
    let found = enter(py, num_threads, progress, &control, || {
        let energies = energies(&model, &control)?;
        Landscape::new(n, &energies, model.tolerance(), &control)
    })?;
    let columns = PyDict::new(py);
    columns.set_item("unit", model.unit())?;
    columns.set_item("tolerance", model.tolerance())?;
    let minima = &found.minima;
    columns.set_item("state", array1(py, minima.iter().map(|x| i64::from(x.state)).collect()))?;
    columns.set_item("energy", array1(py, minima.iter().map(|x| x.energy).collect()))?;
    columns.set_item("plateau", array1(py, minima.iter().map(|x| x.plateau as i64).collect()))?;
    columns.set_item("basin", array1(py, minima.iter().map(|x| x.basin as i64).collect()))?;
    let merges = &found.merges;
    let states = merges.iter().map(|merge| i64::from(merge.state)).collect();
    columns.set_item("saddle_state", array1(py, states))?;
    let energies = merges.iter().map(|merge| merge.energy).collect();
    columns.set_item("saddle_energy", array1(py, energies))?;
    let lakes = merges.iter().flat_map(|merge| merge.lakes.map(i64::from)).collect();
    columns.set_item("lakes", array2(py, lakes, 2)?)?;
    Ok(columns)
}

/// The energies of all states.
fn energies(model: &Energies, control: &Control) -> Result<Vec<i64>, Error> {
    let n = model.n_spins();
    if n > MOST_SPINS {
        return Err(Error::expected("n_spins", format_args!("at most {MOST_SPINS}"), n));
    }
    let mut energies = Vec::new();
    energies
        .try_reserve_exact(1 << n)
        .map_err(|_| Error::Memory(format!("the energies of 2^{n} states do not fit")))?;
    energies.resize(1 << n, 0);
    model.fill(&mut energies, control)?;
    Ok(energies)
}
