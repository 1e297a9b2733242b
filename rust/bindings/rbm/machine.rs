//! A restricted Boltzmann machine that stays as it is.

use numpy::{
    PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::{exceptions::PyValueError, prelude::*};
use spinglass_core::{
    control::Control,
    error::Error,
    rbm::{self, Annealed, Gibbs, Precision, Rbm},
    simd::Level,
    team::Team,
};

use super::{BRIEF_MULTIPLICATIONS, data::RbmData, run};
use crate::{
    arrays::{array1, array2, check_len, copied, flags, units},
    enter::{enter, enter_alone, raise},
};

/// A machine that stays as it is.
#[pyclass(frozen, module = "spinglass._core")]
pub struct RbmMachine {
    pub rbm: Rbm,
}

#[pymethods]
impl RbmMachine {
    #[new]
    #[pyo3(signature = (components, intercept_hidden, intercept_visible, precision="full"))]
    fn new(
        py: Python<'_>,
        components: PyReadonlyArray2<'_, f32>,
        intercept_hidden: PyReadonlyArray1<'_, f32>,
        intercept_visible: PyReadonlyArray1<'_, f32>,
        precision: &str,
    ) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let precision = precision_of(precision).map_err(raise)?;
        check_len(&intercept_hidden, "intercept_hidden", components.shape()[0])?;
        check_len(&intercept_visible, "intercept_visible", components.shape()[1])?;
        let weights = copied(&components, "components")?;
        let hidden = copied(&intercept_hidden, "intercept_hidden")?;
        let visible = copied(&intercept_visible, "intercept_visible")?;
        let control = Control::default();
        let job = || Rbm::new(&weights, &hidden, &visible, precision, level);
        Ok(Self { rbm: run(py, weights.len() < BRIEF_MULTIPLICATIONS, None, None, &control, job)? })
    }

    #[getter]
    fn n_hidden(&self) -> usize {
        self.rbm.n_hidden()
    }

    #[getter]
    fn n_visible(&self) -> usize {
        self.rbm.n_visible()
    }

    #[getter]
    fn precision(&self) -> &'static str {
        name_of(self.rbm.precision())
    }

    /// Units in one of the fixed point that its fields are summed in.
    #[getter]
    fn scale(&self) -> f32 {
        self.rbm.scale()
    }

    /// The weights, one row a hidden unit.
    fn components<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        array2(py, enter_alone(py, || Ok(self.rbm.weights()))?, self.rbm.n_visible())
    }

    /// The biases of the hidden units.
    fn intercept_hidden<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        array1(py, self.rbm.hidden_bias())
    }

    /// The biases of the visible units.
    fn intercept_visible<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        array1(py, self.rbm.visible_bias())
    }

    /// P(h = 1 | v) for each row.
    #[pyo3(signature = (data, num_threads=None, progress=None))]
    fn hidden_probabilities<'py>(
        &self,
        py: Python<'py>,
        data: &RbmData,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let level = Level::current().map_err(raise)?;
        let control = Control::new(data.rows.n_rows() as u64);
        let job = || self.rbm.hidden_probabilities(&data.rows, level, &control);
        let values =
            run(py, self.is_brief(data.rows.n_rows()), num_threads, progress, &control, job)?;
        array2(py, values, self.rbm.n_hidden())
    }

    /// P(v = 1 | h) for each row.
    #[pyo3(signature = (hidden, num_threads=None))]
    fn visible_probabilities<'py>(
        &self,
        py: Python<'py>,
        hidden: PyReadonlyArray2<'_, u8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let level = Level::current().map_err(raise)?;
        check_len(&hidden, "hidden", hidden.shape()[0] * self.rbm.n_hidden())?;
        let hidden = units(&hidden, "hidden")?;
        let control = Control::default();
        let rows = hidden.len() / self.rbm.n_hidden();
        let job = || self.rbm.visible_probabilities(&hidden, level, &control);
        let values = run(py, self.is_brief(rows), num_threads, None, &control, job)?;
        array2(py, values, self.rbm.n_visible())
    }

    /// The free energy of each row.
    #[pyo3(signature = (data, num_threads=None, progress=None))]
    fn free_energy<'py>(
        &self,
        py: Python<'py>,
        data: &RbmData,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let level = Level::current().map_err(raise)?;
        let control = Control::new(data.rows.n_rows() as u64);
        let job = || self.rbm.free_energy(&data.rows, level, &control);
        let values =
            run(py, self.is_brief(data.rows.n_rows()), num_threads, progress, &control, job)?;
        Ok(array1(py, values))
    }

    /// ln Z by the sum over all states of the smaller layer.
    #[pyo3(signature = (beta=1.0, num_threads=None, progress=None))]
    fn log_partition<'py>(
        &self,
        py: Python<'py>,
        beta: f64,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<f64> {
        let level = Level::current().map_err(raise)?;
        let smaller = self.rbm.n_hidden().min(self.rbm.n_visible());
        let control = Control::new(1u64.checked_shl(smaller as u32).unwrap_or(0));
        enter(py, num_threads, progress, &control, || self.rbm.log_partition(beta, level, &control))
    }

    /// ln of the weights of chains annealed from the machine without weights, or back to it.
    #[pyo3(signature = (betas, n_chains, seed, base, start=None, num_threads=None, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a Python function")]
    fn annealed<'py>(
        &self,
        py: Python<'py>,
        betas: PyReadonlyArray1<'_, f64>,
        n_chains: usize,
        seed: u64,
        base: PyReadonlyArray1<'_, f32>,
        start: Option<PyReadonlyArray2<'_, u8>>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let betas = copied(&betas, "betas")?;
        let base = copied(&base, "base")?;
        let start = match &start {
            Some(start) => {
                check_len(start, "start", n_chains.saturating_mul(self.rbm.n_visible()))?;
                Some(units(start, "start")?)
            }
            None => None,
        };
        let level = Level::current().map_err(raise)?;
        let control = Control::new(betas.len().saturating_sub(1) as u64);
        let run = Annealed { betas: &betas, n_chains, seed, base: &base, start: start.as_deref() };
        let logs = enter(py, num_threads, progress, &control, || {
            self.rbm.annealed(&run, &Team::of_pool(), level, &control)
        })?;
        Ok(array1(py, logs))
    }

    /// Chains from visible states; each step draws the hidden units first.
    #[pyo3(signature = (visible, n_steps, seed, clamp=None, every=None, num_threads=None, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a Python function")]
    fn gibbs<'py>(
        &self,
        py: Python<'py>,
        visible: PyReadonlyArray2<'_, u8>,
        n_steps: usize,
        seed: u64,
        clamp: Option<Bound<'_, PyArray1<bool>>>,
        every: Option<usize>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<GibbsResult<'py>> {
        check_len(&visible, "visible", visible.shape()[0] * self.rbm.n_visible())?;
        let start = units(&visible, "visible")?;
        let clamped = flags(clamp.as_ref(), "clamp")?;
        let clamped: Option<Vec<_>> =
            clamped.map(|flags| flags.into_iter().map(u8::from).collect());
        let run = Gibbs {
            steps: n_steps,
            seed,
            from: rbm::From::Visible,
            clamped: clamped.as_deref(),
            every,
        };
        self.chains(py, &start, &run, num_threads, progress)
    }

    /// Chains from hidden states; each step draws the visible units first.
    #[pyo3(signature = (hidden, n_steps, seed, every=None, num_threads=None, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a Python function")]
    fn gibbs_from_hidden<'py>(
        &self,
        py: Python<'py>,
        hidden: PyReadonlyArray2<'_, u8>,
        n_steps: usize,
        seed: u64,
        every: Option<usize>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<GibbsResult<'py>> {
        check_len(&hidden, "hidden", hidden.shape()[0] * self.rbm.n_hidden())?;
        let start = units(&hidden, "hidden")?;
        let run = Gibbs { steps: n_steps, seed, from: rbm::From::Hidden, clamped: None, every };
        self.chains(py, &start, &run, num_threads, progress)
    }
}

/// Visible states, hidden states, P(v = 1 | h), and the visible states that were kept.
type GibbsResult<'py> = (
    Bound<'py, PyArray2<u8>>,
    Bound<'py, PyArray2<u8>>,
    Bound<'py, PyArray2<f32>>,
    Option<Bound<'py, PyArray3<u8>>>,
);

impl RbmMachine {
    /// Whether a job on `rows` rows is brief.
    fn is_brief(&self, rows: usize) -> bool {
        let size = self.rbm.n_hidden() * self.rbm.n_visible();
        rows.saturating_mul(size) < BRIEF_MULTIPLICATIONS
    }

    fn chains<'py>(
        &self,
        py: Python<'py>,
        start: &[u8],
        run: &Gibbs<'_>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<GibbsResult<'py>> {
        if run.every == Some(0) {
            return Err(PyValueError::new_err("every must be at least 1, got 0"));
        }
        let level = Level::current().map_err(raise)?;
        let control = Control::new(run.steps as u64);
        let (chains, means) = enter(py, num_threads, progress, &control, || {
            let chains = self.rbm.gibbs(start, run, &Team::of_pool(), level, &control)?;
            let means = self.rbm.visible_probabilities(&chains.hidden, level, &control)?;
            Ok((chains, means))
        })?;
        let (v, h) = (self.rbm.n_visible(), self.rbm.n_hidden());
        let rows = chains.visible.len() / v;
        let kept = match run.every {
            Some(every) => {
                let shape = [run.steps / every, rows, v];
                Some(array1(py, chains.kept).reshape(shape)?)
            }
            None => None,
        };
        Ok((
            array2(py, chains.visible, v)?,
            array2(py, chains.hidden, h)?,
            array2(py, means, v)?,
            kept,
        ))
    }
}

pub fn precision_of(name: &str) -> Result<Precision, Error> {
    match name {
        "full" => Ok(Precision::Full),
        "fast" => Ok(Precision::Fast),
        _ => Err(Error::expected("precision", "\"full\" or \"fast\"", format_args!("{name:?}"))),
    }
}

fn name_of(precision: Precision) -> &'static str {
    match precision {
        Precision::Full => "full",
        Precision::Fast => "fast",
    }
}
