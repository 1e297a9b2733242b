//! Sums over all states.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{prelude::*, types::PyDict};
use spinglass_core::{control::Control, exact::Energies, simd::Level};

use crate::{
    arrays::{array1, array2, check_len, copied, optional},
    enter::{enter, raise},
};

/// A model whose states are enumerated. State number k has spin i up if bit N - 1 - i of k is set.
#[pyclass(frozen, module = "spinglass._core")]
pub struct ExactSums {
    energies: Energies,
}

#[pymethods]
impl ExactSums {
    #[new]
    #[pyo3(signature = (couplings, fields=None))]
    fn new(
        couplings: PyReadonlyArray2<'_, f64>,
        fields: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let n = couplings.shape()[0];
        check_len(&couplings, "couplings", n * n)?;
        let (couplings, fields) =
            (copied(&couplings, "couplings")?, optional(fields.as_ref(), "fields")?);
        let level = Level::current().map_err(raise)?;
        let energies = Energies::new(n, &couplings, fields.as_deref(), level);
        Ok(Self { energies: energies.map_err(raise)? })
    }

    /// The energy of the ground state, ln Z + beta times it, the mean energy above it; and with
    /// `with_spins`, magnetizations and correlations.
    #[pyo3(signature = (beta, with_spins, num_threads=None, progress=None))]
    fn moments<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        with_spins: bool,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let control = Control::new(2 << self.energies.n_spins());
        let moments = enter(py, num_threads, progress, &control, || {
            self.energies.moments(beta, with_spins, &control)
        })?;
        let columns = PyDict::new(py);
        columns.set_item("ground_energy", moments.ground_energy)?;
        columns.set_item("log_weight", moments.log_weight)?;
        columns.set_item("excess", moments.excess)?;
        if with_spins {
            let n = self.energies.n_spins();
            columns.set_item("magnetizations", array1(py, moments.magnetizations))?;
            columns.set_item("correlations", array2(py, moments.correlations, n)?)?;
        }
        Ok(columns)
    }

    /// The probability of each state.
    #[pyo3(signature = (beta, num_threads=None, progress=None))]
    fn distribution<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let control = Control::new(2 << self.energies.n_spins());
        let probabilities = enter(py, num_threads, progress, &control, || {
            self.energies.distribution(beta, &control)
        })?;
        Ok(array1(py, probabilities))
    }

    /// The numbers of the states of lowest energy.
    #[pyo3(signature = (num_threads=None, progress=None))]
    fn ground_states<'py>(
        &self,
        py: Python<'py>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray1<u32>>> {
        let control = Control::new(2 << self.energies.n_spins());
        let states =
            enter(py, num_threads, progress, &control, || self.energies.ground_states(&control))?;
        Ok(array1(py, states))
    }
}
