//! Sample, anneal, temper, descend.
//!
//! Each returns a dictionary of arrays, and the exception that ended the run early, or None.

use std::time::Duration;

use numpy::{
    Element, PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::{exceptions::PyKeyError, prelude::*, types::PyDict};
use spinglass_core::{
    control::Control,
    error::{Error, Result},
    sampling::{self, Ending, Ladders, Limits, Observable, Plan, Seen, Taken},
    spins::{Descent, Dynamics, Start},
};

use crate::{
    arrays::{array1, array2, check_len, copied, flags, optional, spins},
    enter::{enter, raise},
    models::SpinModel,
};

/// Arrays by name, and what ended the run early.
type Outcome<'py> = PyResult<(Bound<'py, PyDict>, Option<PyErr>)>;

fn dynamics_of(name: &str) -> Result<Dynamics> {
    [Dynamics::Metropolis, Dynamics::HeatBath, Dynamics::Wolff, Dynamics::SwendsenWang]
        .into_iter()
        .find(|dynamics| dynamics.name() == name)
        .ok_or_else(|| {
            let all = "\"metropolis\", \"heat-bath\", \"wolff\" or \"swendsen-wang\"";
            Error::expected("dynamics", all, format_args!("{name:?}"))
        })
}

fn ending_name(ending: Ending) -> &'static str {
    match ending {
        Ending::Complete => "complete",
        Ending::Stopped => "stopped",
        Ending::Broken => "broken",
    }
}

/// A vector as an array of any shape.
fn array<T: Element>(
    py: Python<'_>,
    values: Vec<T>,
    shape: impl Into<Vec<usize>>,
) -> PyResult<Bound<'_, PyArrayDyn<T>>> {
    array1(py, values).reshape(shape.into())
}

/// Runs `job`, whose result may be that of a run which ended early; also what ended it.
fn run<R: Send>(
    py: Python<'_>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
    control: &Control,
    job: impl FnOnce() -> Result<R> + Send,
) -> PyResult<(R, Option<PyErr>)> {
    let mut result = None;
    let ended = enter(py, num_threads, progress, control, || {
        result = Some(job()?);
        Ok(())
    });
    match result {
        Some(result) => Ok((result, ended.err())),
        None => Err(ended.err().unwrap_or_else(|| raise(Error::Cancelled))),
    }
}

/// What a dictionary asks to be measured: its `kind`, and what that needs.
fn observable(asked: &Bound<'_, PyDict>) -> PyResult<Observable> {
    let item = |name| asked.get_item(name)?.ok_or_else(|| PyKeyError::new_err(name));
    let kind: String = item("kind")?.extract()?;
    Ok(match kind.as_str() {
        "overlap" => Observable::Overlap,
        "link_overlap" => Observable::LinkOverlap,
        "overlaps_with" => {
            let states: PyReadonlyArray2<'_, i8> = item("states")?.extract()?;
            let name: String = item("taken")?.extract()?;
            let taken = match name.as_str() {
                "each" => Taken::Each,
                "sizes" => Taken::Sizes,
                "largest" => Taken::Largest,
                _ => return Err(raise(Error::expected("taken", "a known word", name))),
            };
            Observable::OverlapsWith { states: spins(&states, "measure")?, taken }
        }
        "structure_factor" => Observable::StructureFactor {
            of_pairs: item("of_pairs")?.extract()?,
            sides: item("sides")?.extract()?,
            wave_vectors: item("wave_vectors")?.extract()?,
        },
        "local_fields" => Observable::LocalFields { mean_size: item("mean_size")?.extract()? },
        _ => return Err(raise(Error::expected("kind", "a known observable", kind))),
    })
}

/// Series as a list of arrays.
fn series(py: Python<'_>, series: Vec<Vec<f64>>) -> Vec<Bound<'_, PyArray1<f64>>> {
    series.into_iter().map(|one| array1(py, one)).collect()
}

/// Independent uniform spins, one stream a replica.
#[pyfunction]
#[pyo3(signature = (seed, n_replicas, n_spins, num_threads=None))]
pub fn random_spins(
    py: Python<'_>,
    seed: u64,
    n_replicas: usize,
    n_spins: usize,
    num_threads: Option<usize>,
) -> PyResult<Bound<'_, PyArray2<i8>>> {
    let mut spins = vec![0; n_replicas * n_spins];
    enter(py, num_threads, None, &Control::default(), || {
        sampling::random_spins(seed, 0, n_spins, &mut spins);
        Ok(())
    })?;
    array2(py, spins, n_spins)
}

/// Monte Carlo at one temperature a replica; the replicas of each of `n_betas` temperatures are together.
#[pyfunction]
#[pyo3(signature = (
    model, *, dynamics, betas, initial, n_betas, seed, sweeps, streams, warmup, n_sweeps, every,
    keep_states, measure, clamp=None, num_threads=None, progress=None
))]
#[allow(clippy::too_many_arguments, reason = "the arguments of a run, each named in Python")]
pub fn sample<'py>(
    py: Python<'py>,
    model: &SpinModel,
    dynamics: &str,
    betas: PyReadonlyArray1<'py, f64>,
    initial: PyReadonlyArray2<'py, i8>,
    n_betas: usize,
    seed: u64,
    sweeps: u64,
    streams: PyReadonlyArray1<'py, u64>,
    warmup: u64,
    n_sweeps: u64,
    every: u64,
    keep_states: bool,
    measure: Vec<Bound<'py, PyDict>>,
    clamp: Option<Bound<'py, PyArray2<bool>>>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> Outcome<'py> {
    let dynamics = dynamics_of(dynamics).map_err(raise)?;
    let plan = Plan { dynamics, warmup, n_sweeps, every, keep_states };
    let asked: Vec<Observable> = measure.iter().map(observable).collect::<PyResult<_>>()?;
    let betas = copied(&betas, "betas")?;
    let (model, n) = (&*model.model, model.model.n_spins());
    let spins = spins(&initial, "initial")?;
    let streams = copied(&streams, "streams")?;
    let held = flags(clamp.as_ref(), "clamp")?.unwrap_or_default();
    let start = Start {
        seed,
        first: 0,
        sweeps,
        betas: &betas,
        spins: &spins,
        streams: &streams,
        held: &held,
        reversed: false,
    };
    check_len(&initial, "initial", betas.len() * n)?;
    if !betas.len().is_multiple_of(n_betas.max(1)) {
        return Err(raise(Error::expected("betas", "those of all replicas", betas.len())));
    }
    let control = Control::new(warmup + n_sweeps);
    let (result, ended) = run(py, num_threads, progress, &control, || {
        sampling::sample(model, &plan, &asked, n_betas.max(1), &start, &control)
    })?;
    let (rows, count) = (betas.len(), plan.n_measurements());
    let columns = PyDict::new(py);
    columns.set_item("energy", array(py, result.energy, [rows, count])?)?;
    columns.set_item("magnetization", array(py, result.magnetization, [rows, count])?)?;
    if keep_states {
        columns.set_item("states", array(py, result.states, [rows, count, n])?)?;
    }
    columns.set_item("series", series(py, result.series))?;
    columns.set_item("final_states", array(py, result.final_states, [rows, n])?)?;
    columns.set_item("flips", array1(py, result.flips))?;
    columns.set_item("streams", array1(py, result.streams))?;
    columns.set_item("measured", result.measured)?;
    columns.set_item("sweeps", result.sweeps)?;
    columns.set_item("ending", ending_name(result.ending))?;
    Ok((columns, ended))
}

/// Simulated annealing: sweep t at `schedule[t]`, its sites visited in the opposite order if
/// `reversed`, until some replica has an energy of `target` or `max_seconds` are over.
#[pyfunction]
#[pyo3(signature = (
    model, *, dynamics, schedule, initial, seed, sweeps=0, streams=None, target=None,
    max_seconds=None, clamp=None, reversed=false, num_threads=None, progress=None
))]
#[allow(clippy::too_many_arguments, reason = "as above")]
pub fn anneal<'py>(
    py: Python<'py>,
    model: &SpinModel,
    dynamics: &str,
    schedule: PyReadonlyArray1<'py, f64>,
    initial: PyReadonlyArray2<'py, i8>,
    seed: u64,
    sweeps: u64,
    streams: Option<PyReadonlyArray1<'py, u64>>,
    target: Option<f64>,
    max_seconds: Option<f64>,
    clamp: Option<Bound<'py, PyArray2<bool>>>,
    reversed: bool,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> Outcome<'py> {
    let dynamics = dynamics_of(dynamics).map_err(raise)?;
    let schedule = copied(&schedule, "schedule")?;
    let (model, n) = (&*model.model, model.model.n_spins());
    let spins = spins(&initial, "initial")?;
    let rows = initial.shape()[0];
    let betas = vec![schedule.first().copied().unwrap_or(0.0); rows];
    let streams = optional(streams.as_ref(), "streams")?.unwrap_or_default();
    // What no clock can count is no limit.
    let time = max_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let limits = Limits { target, time };
    let held = flags(clamp.as_ref(), "clamp")?.unwrap_or_default();
    let start = Start {
        seed,
        first: 0,
        sweeps,
        betas: &betas,
        spins: &spins,
        streams: &streams,
        held: &held,
        reversed,
    };
    check_len(&initial, "initial", rows * n)?;
    let control = Control::new(schedule.len() as u64);
    let (result, ended) = run(py, num_threads, progress, &control, || {
        sampling::anneal(model, dynamics, &schedule, limits, &start, &control)
    })?;
    let columns = PyDict::new(py);
    columns.set_item("energy", array(py, result.energy, [rows, schedule.len()])?)?;
    columns.set_item("best_energy", array1(py, result.best_energy))?;
    columns.set_item("best_states", array(py, result.best_states, [rows, n])?)?;
    columns.set_item("final_states", array(py, result.final_states, [rows, n])?)?;
    columns.set_item("streams", array1(py, result.streams))?;
    columns.set_item("sweeps", result.sweeps)?;
    columns.set_item("ending", ending_name(result.ending))?;
    Ok((columns, ended))
}

/// Descent of each row of `states` to a local minimum, or by `max_sweeps` sweeps.
#[pyfunction]
#[pyo3(signature = (model, states, *, max_sweeps, clamp=None, num_threads=None, progress=None))]
pub fn descend<'py>(
    py: Python<'py>,
    model: &SpinModel,
    states: PyReadonlyArray2<'py, i8>,
    max_sweeps: u64,
    clamp: Option<Bound<'py, PyArray2<bool>>>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> Outcome<'py> {
    let mut spins = model.states(&states, "states")?;
    if let Some(clamp) = &clamp {
        check_len(clamp, "clamp", spins.len())?;
    }
    let held = flags(clamp.as_ref(), "clamp")?.unwrap_or_default();
    let (model, n) = (&*model.model, model.model.n_spins());
    let control = Control::new((spins.len() / n) as u64);
    let (found, ended) = run(py, num_threads, progress, &control, || {
        Ok(sampling::descend(model, &mut spins, &held, max_sweeps, &control))
    })?;
    let columns = PyDict::new(py);
    columns.set_item("states", array2(py, spins, n)?)?;
    columns.set_item("finished", array1(py, found.iter().map(Option::is_some).collect()))?;
    let (descents, energy): (Vec<_>, _) = found.into_iter().map(Option::unwrap_or_default).unzip();
    columns.set_item("energy", array1(py, energy))?;
    let integers =
        |f: fn(&Descent) -> u64| array1(py, descents.iter().map(|x| f(x) as i64).collect());
    columns.set_item("sweeps", integers(|descent| descent.sweeps))?;
    columns.set_item("flips", integers(|descent| descent.flips))?;
    columns.set_item("converged", array1(py, descents.iter().map(|x| x.converged).collect()))?;
    Ok((columns, ended))
}

/// Parallel tempering: `initial` has a row for each temperature of each ladder.
#[pyfunction]
#[pyo3(signature = (
    model, *, dynamics, betas, initial, seed, sweeps, order, seen, streams, warmup, n_sweeps, every,
    keep_states, measure, clamp=None, num_threads=None, progress=None
))]
#[allow(clippy::too_many_arguments, reason = "as above")]
pub fn temper<'py>(
    py: Python<'py>,
    model: &SpinModel,
    dynamics: &str,
    betas: PyReadonlyArray1<'py, f64>,
    initial: PyReadonlyArray2<'py, i8>,
    seed: u64,
    sweeps: u64,
    order: PyReadonlyArray1<'py, u32>,
    seen: PyReadonlyArray1<'py, u8>,
    streams: PyReadonlyArray1<'py, u64>,
    warmup: u64,
    n_sweeps: u64,
    every: u64,
    keep_states: bool,
    measure: Vec<Bound<'py, PyDict>>,
    clamp: Option<Bound<'py, PyArray2<bool>>>,
    num_threads: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> Outcome<'py> {
    let dynamics = dynamics_of(dynamics).map_err(raise)?;
    let plan = Plan { dynamics, warmup, n_sweeps, every, keep_states };
    let asked: Vec<Observable> = measure.iter().map(observable).collect::<PyResult<_>>()?;
    let betas = copied(&betas, "betas")?;
    let (model, n) = (&*model.model, model.model.n_spins());
    let spins = spins(&initial, "initial")?;
    let order = copied(&order, "order")?;
    let seen = copied(&seen, "seen")?.into_iter().map(|end| match end {
        1 => Seen::Hot,
        2 => Seen::Cold,
        _ => Seen::Neither,
    });
    let seen: Vec<Seen> = seen.collect();
    let streams = copied(&streams, "streams")?;
    let (rows, rungs) = (initial.shape()[0], betas.len());
    let n_ladders = rows.checked_div(rungs).unwrap_or(0);
    let held = flags(clamp.as_ref(), "clamp")?.unwrap_or_default();
    let start = Ladders {
        seed,
        n_ladders,
        betas: &betas,
        sweeps,
        spins: &spins,
        order: &order,
        seen: &seen,
        streams: &streams,
        held: &held,
    };
    check_len(&initial, "initial", n_ladders * rungs * n)?;
    let control = Control::new(warmup + n_sweeps);
    let (result, ended) = run(py, num_threads, progress, &control, || {
        sampling::temper(model, &plan, &asked, &start, &control)
    })?;
    let count = plan.n_measurements();
    let columns = PyDict::new(py);
    let measured = [n_ladders, rungs, count];
    columns.set_item("energy", array(py, result.energy, measured)?)?;
    columns.set_item("magnetization", array(py, result.magnetization, measured)?)?;
    if keep_states {
        columns.set_item("states", array(py, result.states, [n_ladders, rungs, count, n])?)?;
    }
    columns.set_item("series", series(py, result.series))?;
    columns.set_item("final_states", array(py, result.final_states, [n_ladders, rungs, n])?)?;
    columns.set_item("flips", array(py, result.flips, [n_ladders, rungs])?)?;
    columns.set_item("tried", array(py, result.tried, [n_ladders, rungs - 1])?)?;
    columns.set_item("exchanged", array(py, result.exchanged, [n_ladders, rungs - 1])?)?;
    columns.set_item("round_trips", array1(py, result.round_trips))?;
    columns.set_item("order", array1(py, result.order))?;
    columns.set_item("measured_order", array1(py, result.measured_order))?;
    columns.set_item("seen", array1(py, result.seen.iter().map(|&end| end as u8).collect()))?;
    columns.set_item("streams", array1(py, result.streams))?;
    columns.set_item("measured", result.measured)?;
    columns.set_item("sweeps", result.sweeps)?;
    columns.set_item("ending", ending_name(result.ending))?;
    Ok((columns, ended))
}
