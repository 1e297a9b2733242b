//! The restricted Boltzmann machine for real numbers.

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use spinglass_core::{
    control::Control,
    rbm::{Drawn, From, GaussianRbm, GaussianRows},
};

use super::run;
use crate::{
    arrays::{array1, array2, check_len, copied},
    enter::{enter, raise},
};

/// Work for which a second thread would not help.
const BRIEF_MULTIPLICATIONS: usize = 1 << 18;

/// Rows of real numbers.
#[pyclass(frozen, module = "spinglass._core")]
pub struct GaussianRbmData {
    pub rows: GaussianRows,
}

#[pymethods]
impl GaussianRbmData {
    #[new]
    fn new(py: Python<'_>, rows: PyReadonlyArray2<'_, f64>) -> PyResult<Self> {
        let (values, width) = (copied(&rows, "X")?, rows.shape()[1]);
        let job = || GaussianRows::new(values, width);
        Ok(Self { rows: enter(py, Some(1), None, &Control::default(), job)? })
    }

    #[getter]
    fn n_rows(&self) -> usize {
        self.rows.len()
    }

    #[getter]
    fn n_visible(&self) -> usize {
        self.rows.width()
    }

    /// Mean and variance of each column.
    #[allow(clippy::type_complexity, reason = "a pair of arrays")]
    fn moments<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
        let job = || Ok(self.rows.moments());
        let (means, variances) = enter(py, Some(1), None, &Control::default(), job)?;
        Ok((array1(py, means), array1(py, variances)))
    }
}

/// A machine that stays as it is.
#[pyclass(frozen, module = "spinglass._core")]
pub struct GaussianRbmMachine {
    pub rbm: GaussianRbm,
}

/// Samples of the visible units, their means, hidden states.
type DrawnArrays<'py> =
    (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>);

#[pymethods]
impl GaussianRbmMachine {
    #[new]
    fn new(
        components: PyReadonlyArray2<'_, f64>,
        intercept_hidden: PyReadonlyArray1<'_, f64>,
        intercept_visible: PyReadonlyArray1<'_, f64>,
        variances: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Self> {
        check_len(&intercept_hidden, "intercept_hidden", components.shape()[0])?;
        check_len(&intercept_visible, "intercept_visible", components.shape()[1])?;
        check_len(&variances, "variances", components.shape()[1])?;
        let rbm = GaussianRbm::new(
            copied(&components, "components")?,
            copied(&intercept_hidden, "intercept_hidden")?,
            copied(&intercept_visible, "intercept_visible")?,
            copied(&variances, "variances")?,
        );
        Ok(Self { rbm: rbm.map_err(raise)? })
    }

    /// The machine that training on `data` starts from, and how many units tell clusters apart.
    #[staticmethod]
    fn initial(
        py: Python<'_>,
        n_hidden: usize,
        data: &GaussianRbmData,
        seed: u64,
    ) -> PyResult<(Self, usize)> {
        let control = Control::default();
        let job = || GaussianRbm::initial(n_hidden, &data.rows, seed, &control);
        let (rbm, found) = enter(py, Some(1), None, &control, job)?;
        Ok((Self { rbm }, found))
    }

    /// Hidden states of chains that training on `data` starts from, one row a chain.
    fn initial_chains<'py>(
        &self,
        py: Python<'py>,
        count: usize,
        data: &GaussianRbmData,
        seed: u64,
    ) -> PyResult<Bound<'py, PyArray2<u8>>> {
        let job = || Ok(self.rbm.initial_chains(count, &data.rows, seed));
        let chains = enter(py, Some(1), None, &Control::default(), job)?;
        array2(py, chains, self.rbm.n_hidden())
    }

    #[getter]
    fn n_hidden(&self) -> usize {
        self.rbm.n_hidden()
    }

    #[getter]
    fn n_visible(&self) -> usize {
        self.rbm.n_visible()
    }

    /// The weights, one row a hidden unit.
    fn components<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        array2(py, self.rbm.weights().to_vec(), self.rbm.n_visible())
    }

    /// The biases of the hidden units.
    fn intercept_hidden<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        array1(py, self.rbm.hidden_bias().to_vec())
    }

    /// The biases of the visible units.
    fn intercept_visible<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        array1(py, self.rbm.visible_bias().to_vec())
    }

    /// The variances of the visible units.
    fn variances<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        array1(py, self.rbm.variances().to_vec())
    }

    /// P(h = 1 | v) for each row.
    #[pyo3(signature = (data, num_threads=None))]
    fn hidden_probabilities<'py>(
        &self,
        py: Python<'py>,
        data: &GaussianRbmData,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let control = Control::default();
        let job = || self.rbm.hidden_probabilities(&data.rows, &control);
        let values = run(py, self.is_brief(data.rows.len()), num_threads, None, &control, job)?;
        array2(py, values, self.rbm.n_hidden())
    }

    /// E(v | h) for each row of hidden states or probabilities.
    #[pyo3(signature = (hidden, num_threads=None))]
    fn visible_means<'py>(
        &self,
        py: Python<'py>,
        hidden: &GaussianRbmData,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let control = Control::default();
        let job = || self.rbm.means(&hidden.rows, &control);
        let values = run(py, self.is_brief(hidden.rows.len()), num_threads, None, &control, job)?;
        array2(py, values, self.rbm.n_visible())
    }

    /// The free energy of each row.
    #[pyo3(signature = (data, num_threads=None))]
    fn free_energy<'py>(
        &self,
        py: Python<'py>,
        data: &GaussianRbmData,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let control = Control::default();
        let job = || self.rbm.free_energy(&data.rows, &control);
        Ok(array1(py, run(py, self.is_brief(data.rows.len()), num_threads, None, &control, job)?))
    }

    /// ln p(v_i | the other units of v) for each row, of the unit i that `units` names for it.
    #[pyo3(signature = (data, units, num_threads=None))]
    fn conditional<'py>(
        &self,
        py: Python<'py>,
        data: &GaussianRbmData,
        units: PyReadonlyArray1<'_, i64>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let unit = |unit: i64| usize::try_from(unit).unwrap_or(usize::MAX);
        let units: Vec<usize> = copied(&units, "units")?.into_iter().map(unit).collect();
        let control = Control::default();
        let job = || self.rbm.conditional(&data.rows, &units, &control);
        Ok(array1(py, enter(py, num_threads, None, &control, job)?))
    }

    /// ln Z, summed over all hidden states.
    #[pyo3(signature = (num_threads=None))]
    fn log_partition(&self, py: Python<'_>, num_threads: Option<usize>) -> PyResult<f64> {
        let control = Control::default();
        enter(py, num_threads, None, &control, || self.rbm.log_partition(&control))
    }

    /// Chains from visible values; each step draws the hidden units first.
    #[pyo3(signature = (visible, n_steps, seed, num_threads=None, progress=None))]
    fn gibbs<'py>(
        &self,
        py: Python<'py>,
        visible: &GaussianRbmData,
        n_steps: usize,
        seed: u64,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<DrawnArrays<'py>> {
        self.chains(py, visible, From::Visible, (n_steps, seed), num_threads, progress)
    }

    /// Chains from hidden states; each step draws the visible units first.
    #[pyo3(signature = (hidden, n_steps, seed, num_threads=None, progress=None))]
    fn gibbs_from_hidden<'py>(
        &self,
        py: Python<'py>,
        hidden: &GaussianRbmData,
        n_steps: usize,
        seed: u64,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<DrawnArrays<'py>> {
        self.chains(py, hidden, From::Hidden, (n_steps, seed), num_threads, progress)
    }
}

impl GaussianRbmMachine {
    /// Whether a job on `rows` rows is brief.
    fn is_brief(&self, rows: usize) -> bool {
        let size = self.rbm.n_hidden() * self.rbm.n_visible();
        rows.saturating_mul(size) < BRIEF_MULTIPLICATIONS
    }

    fn chains<'py>(
        &self,
        py: Python<'py>,
        start: &GaussianRbmData,
        from: From,
        (n_steps, seed): (usize, u64),
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<DrawnArrays<'py>> {
        let control = Control::new(start.rows.len() as u64);
        let job = || self.rbm.gibbs(&start.rows, from, n_steps, seed, &control);
        let rows = start.rows.len().saturating_mul(n_steps);
        let Drawn { visible, means, hidden } =
            run(py, self.is_brief(rows), num_threads, progress, &control, job)?;
        let (v, h) = (self.rbm.n_visible(), self.rbm.n_hidden());
        Ok((array2(py, visible, v)?, array2(py, means, v)?, array2(py, hidden, h)?))
    }
}
