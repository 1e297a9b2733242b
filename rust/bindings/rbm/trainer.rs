//! A restricted Boltzmann machine in training.

use std::sync::{Mutex, MutexGuard, TryLockError};

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::PyDict,
};
use spinglass_core::{
    control::Control,
    rbm::{Batches, Rules, Trainer, TrainingState},
    simd::Level,
    team::Team,
};

use super::{BRIEF, data::RbmData, machine::RbmMachine};
use crate::{
    arrays::{array1, array2, check_len, slice},
    enter::{enter, enter_alone, raise},
};

/// A machine in training.
#[pyclass(frozen, module = "spinglass._core")]
pub struct RbmTrainer {
    trainer: Mutex<Trainer>,
}

#[pymethods]
impl RbmTrainer {
    #[new]
    #[pyo3(signature = (
        machine, hidden, seed, *, k=1, persistent=true, betas=None, momentum=0.0,
        weight_decay=0.0, sparsity=None, centered=false
    ))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a Python function")]
    fn new(
        machine: &RbmMachine,
        hidden: PyReadonlyArray2<'_, u8>,
        seed: u64,
        k: usize,
        persistent: bool,
        betas: Option<PyReadonlyArray1<'_, f64>>,
        momentum: f32,
        weight_decay: f32,
        sparsity: Option<(f32, f32)>,
        centered: bool,
    ) -> PyResult<Self> {
        check_len(&hidden, "hidden", hidden.shape()[0] * machine.rbm.n_hidden())?;
        let betas = match &betas {
            Some(betas) => slice(betas, "betas")?.to_vec(),
            None => vec![1.0],
        };
        let rules =
            Rules { steps: k, persistent, betas, momentum, weight_decay, sparsity, centered };
        let trainer = Trainer::new(machine.rbm.clone(), slice(&hidden, "hidden")?, seed, rules);
        Ok(Self { trainer: Mutex::new(trainer.map_err(raise)?) })
    }

    /// One update for each of consecutive batches.
    #[pyo3(signature = (data, first, rows, batch_size, rates, num_threads=None, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a Python function")]
    fn train(
        &self,
        py: Python<'_>,
        data: &RbmData,
        first: usize,
        rows: usize,
        batch_size: usize,
        rates: PyReadonlyArray1<'_, f32>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let mut trainer = self.lock()?;
        let rates = slice(&rates, "rates")?.to_vec();
        let level = Level::current().map_err(raise)?;
        let control = Control::new(rates.len() as u64);
        let batches = Batches { first, rows, size: batch_size, rates: &rates };
        let data = &data.data;
        let trainer = &mut *trainer;
        if progress.is_none() && trainer.work(rows) < BRIEF {
            return enter_alone(py, || {
                trainer.train(data, &batches, &Team::alone(), level, &control)
            });
        }
        enter(py, num_threads, progress, &control, || {
            trainer.train(data, &batches, &Team::of_pool(), level, &control)
        })
    }

    /// The machine as it is now.
    fn machine(&self) -> PyResult<RbmMachine> {
        Ok(RbmMachine { rbm: self.lock()?.machine().clone() })
    }

    /// Goes on with the parameters of another machine.
    fn set_machine(&self, machine: &RbmMachine) -> PyResult<()> {
        self.lock()?.set_machine(machine.rbm.clone()).map_err(raise)
    }

    /// The hidden states of the chains at temperature one.
    fn hidden<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u8>>> {
        let trainer = self.lock()?;
        array2(py, trainer.cold_chains().0, trainer.machine().n_hidden())
    }

    /// The visible states of the chains at temperature one.
    fn visible<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u8>>> {
        let trainer = self.lock()?;
        array2(py, trainer.cold_chains().1, trainer.machine().n_visible())
    }

    /// Mean probabilities of the hidden units over the rows of the last batch.
    fn activity<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f32>>> {
        Ok(array1(py, self.lock()?.activity().to_vec()))
    }

    /// Updates that were made.
    #[getter]
    fn updates(&self) -> PyResult<u64> {
        Ok(self.lock()?.updates())
    }

    /// Everything that is needed to go on with the same bits.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = self.lock()?.state();
        let out = PyDict::new(py);
        let [weights, hidden, visible] = state.velocity;
        for (name, values) in [
            ("components", state.weights),
            ("intercept_hidden", state.hidden_bias),
            ("intercept_visible", state.visible_bias),
            ("velocity_components", weights),
            ("velocity_hidden", hidden),
            ("velocity_visible", visible),
            ("activity", state.activity),
        ] {
            out.set_item(name, array1(py, values))?;
        }
        let [hidden, visible] = state.chains;
        out.set_item("chains_hidden", array1(py, hidden))?;
        out.set_item("chains_visible", array1(py, visible))?;
        let [hidden, visible] = state.streams;
        for (name, values) in [
            ("temperatures", state.temperatures),
            ("streams_hidden", hidden),
            ("streams_visible", visible),
            ("exchanges", state.exchanges.to_vec()),
            ("updates", vec![state.updates]),
        ] {
            out.set_item(name, array1(py, values))?;
        }
        Ok(out)
    }

    /// Goes on from a state.
    fn restore(&self, state: &Bound<'_, PyDict>) -> PyResult<()> {
        let state = TrainingState {
            weights: item(state, "components")?,
            hidden_bias: item(state, "intercept_hidden")?,
            visible_bias: item(state, "intercept_visible")?,
            velocity: [
                item(state, "velocity_components")?,
                item(state, "velocity_hidden")?,
                item(state, "velocity_visible")?,
            ],
            chains: [item(state, "chains_hidden")?, item(state, "chains_visible")?],
            temperatures: item(state, "temperatures")?,
            streams: [item(state, "streams_hidden")?, item(state, "streams_visible")?],
            exchanges: <[u64; 2]>::try_from(item(state, "exchanges")?)
                .map_err(|_| PyValueError::new_err("exchanges must have 2 elements"))?,
            updates: item(state, "updates")?
                .first()
                .copied()
                .ok_or_else(|| PyValueError::new_err("updates must have 1 element"))?,
            activity: item(state, "activity")?,
        };
        let level = Level::current().map_err(raise)?;
        self.lock()?.restore(&state, level).map_err(raise)
    }
}

impl RbmTrainer {
    /// The trainer, unless it is at work: to wait for it with the GIL held would be for ever.
    fn lock(&self) -> PyResult<MutexGuard<'_, Trainer>> {
        match self.trainer.try_lock() {
            Ok(trainer) => Ok(trainer),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(PyRuntimeError::new_err(
                "this machine is being trained by another call; wait for it to end",
            )),
        }
    }
}

/// The vector that a state has under `name`.
pub(super) fn item<T: numpy::Element + Clone>(
    state: &Bound<'_, PyDict>,
    name: &str,
) -> PyResult<Vec<T>> {
    let value = state
        .get_item(name)?
        .ok_or_else(|| PyValueError::new_err(format!("the state must have {name:?}")))?;
    let array: PyReadonlyArray1<'_, T> = value.extract().map_err(|_| {
        PyValueError::new_err(format!("{name} must be a vector of the type that state() gave"))
    })?;
    Ok(slice(&array, name)?.to_vec())
}
