//! The restricted Boltzmann machine.

mod data;
mod gaussian;
mod machine;
mod trainer;

use numpy::PyArray2;
use pyo3::prelude::*;
use spinglass_core::{control::Control, error::Result, rbm};

use self::{
    data::RbmData,
    gaussian::{GaussianRbmData, GaussianRbmMachine},
    machine::RbmMachine,
    trainer::{GaussianRbmTrainer, RbmTrainer},
};
use crate::{arrays::array2, enter::enter};

/// Work that takes so little time that Ctrl-C can wait and a second thread would not help.
const BRIEF_MULTIPLICATIONS: usize = 1 << 21;

/// Runs `job`, on one thread if it is brief.
fn run<T: Send>(
    py: Python<'_>,
    is_brief: bool,
    num_threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
    control: &Control,
    job: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    let alone = is_brief && progress.is_none();
    enter(py, if alone { Some(1) } else { num_threads }, progress, control, job)
}

/// Independent Gaussian weights with this standard deviation.
#[pyfunction]
fn rbm_initial_weights(
    py: Python<'_>,
    n_hidden: usize,
    n_visible: usize,
    scale: f64,
    seed: u64,
) -> PyResult<Bound<'_, PyArray2<f32>>> {
    let job = || rbm::initial_weights(n_hidden, n_visible, scale, seed);
    array2(py, enter(py, Some(1), None, &Control::default(), job)?, n_visible)
}

/// The names of this room.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RbmData>()?;
    module.add_class::<RbmMachine>()?;
    module.add_class::<RbmTrainer>()?;
    module.add_class::<GaussianRbmData>()?;
    module.add_class::<GaussianRbmMachine>()?;
    module.add_class::<GaussianRbmTrainer>()?;
    module.add_function(wrap_pyfunction!(rbm_initial_weights, module)?)
}
