//! What all memories share: overlaps, fields and recall of a batch of states.

use numpy::{PyArray1, PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{prelude::*, types::PyDict};
use rayon::prelude::*;
use spinglass_core::{
    associative::{Memory, Recalled, Replica},
    control::Control,
    error::{Error, Result},
    hopfield::{Dynamics, Update},
};

use crate::{
    arrays::{array1, array2, check_len, flags, spins},
    enter::{enter, raise},
};

/// M_mu of each row of `states`.
pub fn overlaps<'py>(
    py: Python<'py>,
    memory: &impl Memory,
    states: &PyReadonlyArray2<'py, i8>,
    num_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let all =
        of_each(py, memory, states, num_threads, |state, control| memory.overlaps(state, control))?;
    array2(py, all.concat(), memory.n_patterns())
}

/// The energy of each row of `states`.
pub fn energies<'py>(
    py: Python<'py>,
    memory: &impl Memory,
    states: &PyReadonlyArray2<'py, i8>,
    num_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let all = of_each(py, memory, states, num_threads, |state, control| {
        Ok(memory.energy(state, &memory.overlaps(state, control)?))
    })?;
    Ok(array1(py, all))
}

/// h_i of every spin of each row of `states`.
pub fn local_fields<'py>(
    py: Python<'py>,
    memory: &impl Memory,
    states: &PyReadonlyArray2<'py, i8>,
    num_threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let all = of_each(py, memory, states, num_threads, |state, control| {
        memory.local_fields(state, control)
    })?;
    array2(py, all.concat(), memory.n_spins())
}

/// What `job` makes of all `states`, of `n` spins each.
pub fn of_states<T: Send>(
    py: Python<'_>,
    n: usize,
    states: &PyReadonlyArray2<'_, i8>,
    num_threads: Option<usize>,
    job: impl FnOnce(&[i8], &Control) -> Result<T> + Send,
) -> PyResult<T> {
    check_len(states, "states", states.shape()[0] * n)?;
    let states = spins(states, "states")?;
    let control = Control::default();
    enter(py, num_threads, None, &control, || job(&states, &control))
}

/// What `f` makes of each row of `states`.
fn of_each<T: Send>(
    py: Python<'_>,
    memory: &impl Memory,
    states: &PyReadonlyArray2<'_, i8>,
    num_threads: Option<usize>,
    f: impl Fn(&[i8], &Control) -> Result<T> + Sync + Send,
) -> PyResult<Vec<T>> {
    let n = memory.n_spins();
    of_states(py, n, states, num_threads, |states, control| {
        states.par_chunks(n).map(|state| f(state, control)).collect()
    })
}

/// The dynamics that Python asks for.
pub fn dynamics(update: &str, beta: f64, max_sweeps: u64, seed: u64) -> PyResult<Dynamics> {
    let update = match update {
        "sequential" => Update::Sequential,
        "random" => Update::Random,
        "synchronous" => Update::Synchronous,
        other => {
            return Err(raise(Error::expected(
                "update",
                "\"sequential\", \"random\" or \"synchronous\"",
                format_args!("{other:?}"),
            )));
        }
    };
    Ok(Dynamics { update, beta, max_sweeps, seed })
}

/// Recall by `job` of each row of `states`, of `n` spins: a column for each thing known of a recall,
/// and the exception that ended the call before all were `finished`, or None.
pub fn recall<'py>(
    py: Python<'py>,
    n: usize,
    states: &PyReadonlyArray2<'py, i8>,
    clamp: Option<&Bound<'py, PyArray2<bool>>>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
    job: impl FnOnce(&mut [Replica<'_>], &Control) -> Result<()> + Send,
) -> PyResult<(Bound<'py, PyDict>, Option<PyErr>)> {
    let n_states = states.shape()[0];
    check_len(states, "states", n_states * n)?;
    let mut spins = spins(states, "states")?;
    if let Some(clamp) = clamp {
        check_len(clamp, "clamp", n_states * n)?;
    }
    let held = flags(clamp, "clamp")?;
    let control = Control::new(n_states as u64);
    let mut recalls: Vec<Option<Recalled>> = vec![None; n_states];
    let ended = enter(py, num_threads, progress, &control, || {
        let of_state = |(k, (spins, recalled))| {
            let clamp = held.as_ref().map(|held| &held[k * n..][..n]);
            Replica { spins, clamp, recalled }
        };
        let replicas = spins.chunks_exact_mut(n).zip(&mut recalls).enumerate().map(of_state);
        job(&mut replicas.collect::<Vec<_>>(), &control)
    });
    let columns = PyDict::new(py);
    columns.set_item("states", array2(py, spins, n)?)?;
    let finished = recalls.iter().map(Option::is_some).collect();
    columns.set_item("finished", array1(py, finished))?;
    let recalls: Vec<Recalled> = recalls.into_iter().map(Option::unwrap_or_default).collect();
    let integers =
        |f: fn(&Recalled) -> i64| array1(py, recalls.iter().map(f).collect::<Vec<i64>>());
    // Overlaps come as integers, N times the overlap.
    let overlaps = |f: fn(&Recalled) -> i64| {
        array1(py, recalls.iter().map(|recalled| f(recalled) as f64 / n as f64).collect::<Vec<_>>())
    };
    columns.set_item("pattern", integers(|recalled| recalled.pattern as i64))?;
    columns.set_item("start_overlap", overlaps(|recalled| recalled.start_overlap))?;
    columns.set_item("overlap", overlaps(|recalled| recalled.overlap))?;
    columns.set_item("best_pattern", integers(|recalled| recalled.best_pattern as i64))?;
    columns.set_item("best_overlap", overlaps(|recalled| recalled.best_overlap))?;
    let energy = recalls.iter().map(|recalled| recalled.energy).collect();
    columns.set_item("energy", array1(py, energy))?;
    columns.set_item("sweeps", integers(|recalled| recalled.outcome.sweeps as i64))?;
    columns.set_item("flips", integers(|recalled| recalled.outcome.flips as i64))?;
    let converged = recalls.iter().map(|recalled| recalled.outcome.converged).collect();
    columns.set_item("converged", array1(py, converged))?;
    let cycle_length = integers(|recalled| recalled.outcome.cycle_length as i64);
    columns.set_item("cycle_length", cycle_length)?;
    Ok((columns, ended.err()))
}
