//! Machines in training: one binding of what every trainer answers, and a class of Python for each.

use std::sync::{Mutex, MutexGuard, TryLockError};

use numpy::{
    Element, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::{
    conversion::FromPyObjectOwned,
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::PyDict,
};
use spinglass_core::{
    control::Control,
    error::Result,
    rbm::{
        Array, Batches, BernoulliState, BernoulliTrainer, GaussianRules, GaussianTrainer, Rules,
        State, Trainer,
    },
    simd::Level,
    team::Team,
};

use super::{
    BRIEF_MULTIPLICATIONS,
    data::RbmData,
    gaussian::{GaussianRbmData, GaussianRbmMachine},
    machine::{RbmMachine, precision_of},
};
use crate::{
    arrays::{array1, array2, check_len, copied, units},
    enter::{enter, enter_alone, raise},
};

/// A trainer, which one call at a time may use.
struct Shared<T>(Mutex<T>);

impl<T: Trainer> Shared<T> {
    fn new(trainer: Result<T>) -> PyResult<Self> {
        Ok(Self(Mutex::new(trainer.map_err(raise)?)))
    }

    fn begin(
        machine: &T::Machine,
        n_hidden: usize,
        hidden: &PyReadonlyArray2<'_, u8>,
        seed: u64,
        rules: T::Rules,
    ) -> PyResult<Self> {
        check_len(hidden, "hidden", hidden.shape()[0] * n_hidden)?;
        Self::new(T::begin(machine.clone(), &units(hidden, "hidden")?, seed, rules))
    }

    fn from_state(py: Python<'_>, state: T::State, rules: T::Rules) -> PyResult<Self>
    where
        T::State: Send,
        T::Rules: Send,
    {
        let level = Level::current().map_err(raise)?;
        Ok(Self(Mutex::new(enter_alone(py, || T::from_state(state, rules, level))?)))
    }

    /// The trainer, unless it is at work: to wait for it with the GIL held would be for ever.
    fn lock(&self) -> PyResult<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(trainer) => Ok(trainer),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(PyRuntimeError::new_err(
                "this machine is being trained by another call; wait for it to end",
            )),
        }
    }

    fn update(
        &self,
        py: Python<'_>,
        data: &T::Data,
        batches: &Batches<'_>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let mut trainer = self.lock()?;
        let trainer = &mut *trainer;
        let level = Level::current().map_err(raise)?;
        let control = Control::new(batches.rates.len() as u64);
        let brief = trainer.work(batches.rows).is_some_and(|work| work < BRIEF_MULTIPLICATIONS);
        if progress.is_none() && brief {
            return enter_alone(py, || {
                trainer.update(data, batches, &Team::alone(), level, &control)
            });
        }
        enter(py, num_threads, progress, &control, || {
            trainer.update(data, batches, &Team::of_pool(), level, &control)
        })
    }

    /// Everything that is needed to go on with the same bits.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut state = self.lock()?.state();
        let out = PyDict::new(py);
        for (name, array) in state.arrays() {
            match array {
                Array::F32(values) => out.set_item(name, array1(py, std::mem::take(values)))?,
                Array::F64(values) => out.set_item(name, array1(py, std::mem::take(values)))?,
                Array::U8(values) => out.set_item(name, array1(py, std::mem::take(values)))?,
                Array::U64(values) => out.set_item(name, array1(py, std::mem::take(values)))?,
                Array::Counts(values) => out.set_item(name, array1(py, values.to_vec()))?,
            }
        }
        Ok(out)
    }
}

/// A state from its arrays.
fn state_of<S: State>(given: &Bound<'_, PyDict>) -> PyResult<S> {
    let mut state = S::default();
    for (name, array) in state.arrays() {
        match array {
            Array::F32(values) => *values = item(given, name)?,
            Array::F64(values) => *values = item(given, name)?,
            Array::U8(values) => *values = item(given, name)?,
            Array::U64(values) => *values = item(given, name)?,
            Array::Counts(values) => {
                let found = item(given, name)?;
                if found.len() != values.len() {
                    let message = format!("{name} must have {} elements", values.len());
                    return Err(PyValueError::new_err(message));
                }
                values.copy_from_slice(&found);
            }
        }
    }
    Ok(state)
}

/// The vector that a state has under `name`.
fn item<T: Element + Copy>(state: &Bound<'_, PyDict>, name: &str) -> PyResult<Vec<T>> {
    let value = state
        .get_item(name)?
        .ok_or_else(|| PyValueError::new_err(format!("the state must have {name:?}")))?;
    let array: PyReadonlyArray1<'_, T> = value.extract().map_err(|_| {
        PyValueError::new_err(format!("{name} must be a vector of the type that state() gave"))
    })?;
    copied(&array, name)
}

/// What the options of Python have under `name`.
fn option<'py, T: FromPyObjectOwned<'py>>(given: &Bound<'py, PyDict>, name: &str) -> PyResult<T> {
    given.as_any().get_item(name)?.extract().map_err(Into::into)
}

fn rules(given: &Bound<'_, PyDict>) -> PyResult<Rules> {
    let betas: Option<_> = option(given, "tempering")?;
    Ok(Rules {
        steps: option(given, "k")?,
        persistent: option(given, "persistent")?,
        betas: betas.unwrap_or_else(|| vec![1.0]),
        momentum: option(given, "momentum")?,
        weight_decay: option(given, "weight_decay")?,
        sparsity: option(given, "sparsity")?,
        centered: option(given, "centered")?,
    })
}

fn gaussian_rules(given: &Bound<'_, PyDict>) -> PyResult<GaussianRules> {
    Ok(GaussianRules {
        steps: option(given, "k")?,
        persistent: option(given, "persistent")?,
        summed: option(given, "summed")?,
        momentum: option(given, "momentum")?,
        weight_decay: option(given, "weight_decay")?,
        variance_rates: option(given, "variance_rates")?,
    })
}

/// The class of Python for a trainer: the methods that all have, and those in braces.
///
/// A class of Python cannot be generic, and all of its methods must stand in one block.
macro_rules! trainer_class {
    (
        $(#[$doc:meta])*
        $class:ident($trainer:ty) trains $machine:ident on $data:ident by $rules:ident
        { $($own:tt)* }
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, module = "spinglass._core")]
        pub struct $class(Shared<$trainer>);

        #[pymethods]
        impl $class {
            /// Begins to train a machine, with one chain from each row of hidden states.
            #[staticmethod]
            fn begin(
                machine: &$machine,
                hidden: PyReadonlyArray2<'_, u8>,
                seed: u64,
                options: &Bound<'_, PyDict>,
            ) -> PyResult<Self> {
                let (rbm, n_hidden) = (&machine.rbm, machine.rbm.n_hidden());
                Shared::begin(rbm, n_hidden, &hidden, seed, $rules(options)?).map(Self)
            }

            /// One update for each of consecutive batches.
            #[pyo3(signature = (
                data, *, first, rows, batch_size, rates, weights=None, num_threads=None,
                progress=None
            ))]
            #[allow(clippy::too_many_arguments, reason = "the arguments of a Python function")]
            fn update(
                &self,
                py: Python<'_>,
                data: &$data,
                first: usize,
                rows: usize,
                batch_size: usize,
                rates: PyReadonlyArray1<'_, f32>,
                weights: Option<PyReadonlyArray1<'_, f64>>,
                num_threads: Option<usize>,
                progress: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<()> {
                let rates = copied(&rates, "rates")?;
                let weights = weights.map(|weights| copied(&weights, "weights")).transpose()?;
                let weights = weights.as_deref();
                let batches = Batches { first, rows, size: batch_size, rates: &rates, weights };
                self.0.update(py, &data.rows, &batches, num_threads, progress)
            }

            /// The machine as it is now.
            fn machine(&self) -> PyResult<$machine> {
                Ok($machine { rbm: self.0.lock()?.machine().clone() })
            }

            /// Goes on with the parameters of another machine.
            fn set_machine(&self, machine: &$machine) -> PyResult<()> {
                self.0.lock()?.set_machine(machine.rbm.clone()).map_err(raise)
            }

            /// The hidden states of the chains that sample the machine itself.
            fn hidden<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u8>>> {
                let trainer = self.0.lock()?;
                array2(py, trainer.chains(), trainer.activity().len())
            }

            /// Goes on with other states of these chains.
            fn set_hidden(&self, hidden: PyReadonlyArray2<'_, u8>) -> PyResult<()> {
                self.0.lock()?.set_chains(&units(&hidden, "hidden")?).map_err(raise)
            }

            /// Mean probabilities of the hidden units over the last rows.
            fn activity<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
                Ok(array1(py, self.0.lock()?.activity()))
            }

            /// Updates that were made.
            #[getter]
            fn updates(&self) -> PyResult<u64> {
                Ok(self.0.lock()?.updates())
            }

            /// Everything that is needed to go on with the same bits.
            fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                self.0.state(py)
            }

            $($own)*
        }
    };
}

trainer_class! {
    /// A machine of units 0 and 1 in training.
    RbmTrainer(BernoulliTrainer) trains RbmMachine on RbmData by rules
    {
        /// Goes on from a state.
        #[staticmethod]
        fn from_state(
            state: &Bound<'_, PyDict>,
            options: &Bound<'_, PyDict>,
            precision: &str,
        ) -> PyResult<Self> {
            let precision = precision_of(precision).map_err(raise)?;
            let state = BernoulliState { precision, ..state_of(state)? };
            Shared::from_state(options.py(), state, rules(options)?).map(Self)
        }

        /// The visible states of the chains at temperature one.
        fn visible<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u8>>> {
            let trainer = self.0.lock()?;
            array2(py, trainer.visible_chains(), trainer.machine().n_visible())
        }
    }
}

trainer_class! {
    /// A machine of real numbers in training.
    GaussianRbmTrainer(GaussianTrainer) trains GaussianRbmMachine on GaussianRbmData
        by gaussian_rules
    {
        /// Goes on from a state.
        #[staticmethod]
        fn from_state(state: &Bound<'_, PyDict>, options: &Bound<'_, PyDict>) -> PyResult<Self> {
            Shared::from_state(state.py(), state_of(state)?, gaussian_rules(options)?).map(Self)
        }
    }
}
