//! Memories of pairs of patterns: sequences, and two layers that recall each other.

use numpy::{PyArray1, PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{prelude::*, types::PyDict};
use rayon::prelude::*;
use spinglass_core::{
    associative::{PairReplica, RecalledPair, recall_each, recall_each_pair},
    control::Control,
    error::Error,
    hopfield::{Bidirectional, Dynamics, Sequence, Side, Update},
    simd::Level,
};

use super::patterns::PackedPatterns;
use crate::{
    arrays::{array1, array2, check_len, spins},
    enter::{enter, raise},
    memories,
};

/// Patterns each of which calls the next one.
#[pyclass(frozen, module = "spinglass._core")]
pub struct SequenceMemory {
    memory: Sequence,
}

#[pymethods]
impl SequenceMemory {
    #[new]
    fn new(py: Python<'_>, patterns: PyRef<'_, PackedPatterns>, cyclic: bool) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let (patterns, control) = (&patterns.patterns, Control::default());
        let made =
            enter(py, None, None, &control, || Sequence::new(patterns, cyclic, level, &control));
        Ok(Self { memory: made? })
    }

    /// J_ij.
    fn couplings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (n, control) = (self.memory.n_spins(), Control::default());
        let matrix = enter(py, None, None, &control, || {
            let mut matrix = vec![0.0; n * n];
            self.memory.couplings(&mut matrix, &control)?;
            Ok(matrix)
        });
        array2(py, matrix?, n)
    }

    /// M_mu, integers.
    #[pyo3(signature = (states, num_threads=None))]
    fn overlaps<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        memories::overlaps(py, &self.memory, &states, num_threads)
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn local_fields<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        memories::local_fields(py, &self.memory, &states, num_threads)
    }

    /// Recall of each row of `states`, as that of a `HopfieldNetwork`.
    #[pyo3(signature = (
        states, *, update, beta, max_sweeps, seed, clamp=None, num_threads=None, progress=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a recall, each named in Python")]
    fn recall<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        update: &str,
        beta: f64,
        max_sweeps: u64,
        seed: u64,
        clamp: Option<Bound<'py, PyArray2<bool>>>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyDict>, Option<PyErr>)> {
        let dynamics = memories::dynamics(update, beta, max_sweeps, seed)?;
        let (memory, clamp) = (&self.memory, clamp.as_ref());
        let n = memory.n_spins();
        memories::recall(py, n, &states, clamp, num_threads, progress, |replicas, control| {
            recall_each(memory, &dynamics, replicas, control)
        })
    }
}

/// Two layers that recall each other.
#[pyclass(frozen, module = "spinglass._core")]
pub struct BidirectionalMemory {
    memory: Bidirectional,
}

fn side(name: &str) -> PyResult<Side> {
    match name {
        "x" => Ok(Side::X),
        "y" => Ok(Side::Y),
        other => Err(raise(Error::expected("side", "\"x\" or \"y\"", format_args!("{other:?}")))),
    }
}

#[pymethods]
impl BidirectionalMemory {
    #[new]
    fn new(x: PyRef<'_, PackedPatterns>, y: PyRef<'_, PackedPatterns>) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let memory = Bidirectional::new(&x.patterns, &y.patterns, level).map_err(raise)?;
        Ok(Self { memory })
    }

    /// W, a row for each spin of y.
    fn couplings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (n_x, n_y) = (self.memory.n_spins(Side::X), self.memory.n_spins(Side::Y));
        let control = Control::default();
        let matrix = enter(py, None, None, &control, || {
            let mut matrix = vec![0.0; n_y * n_x];
            self.memory.couplings(&mut matrix, &control)?;
            Ok(matrix)
        });
        array2(py, matrix?, n_x)
    }

    /// M_mu of states of a layer, integers.
    #[pyo3(signature = (states, *, side, num_threads=None))]
    fn overlaps<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        side: &str,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let side = self::side(side)?;
        let n = self.memory.n_spins(side);
        let all = memories::of_states(py, n, &states, num_threads, |states, control| {
            let of_state = |state| self.memory.overlaps(side, state, control);
            states.par_chunks(n).map(of_state).collect::<Result<Vec<_>, _>>()
        })?;
        array2(py, all.concat(), self.memory.n_patterns())
    }

    /// The fields in the other layer.
    #[pyo3(signature = (states, *, side, num_threads=None))]
    fn local_fields<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        side: &str,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let side = self::side(side)?;
        let n = self.memory.n_spins(side);
        let all = memories::of_states(py, n, &states, num_threads, |states, control| {
            let of_state = |state| self.memory.local_fields(side, state, control);
            states.par_chunks(n).map(of_state).collect::<Result<Vec<_>, _>>()
        })?;
        array2(py, all.concat(), self.memory.n_spins(side.other()))
    }

    /// The energy of each row of `x` with that of `y`.
    fn energy<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray2<'py, i8>,
        y: PyReadonlyArray2<'py, i8>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let (n_x, n_y) = (self.memory.n_spins(Side::X), self.memory.n_spins(Side::Y));
        check_len(&y, "y", x.shape()[0] * n_y)?;
        let y = spins(&y, "y")?;
        let energies = memories::of_states(py, n_x, &x, None, |x, control| {
            let of_pair = |(x, y)| {
                let of_x = self.memory.overlaps(Side::X, x, control)?;
                Ok(self.memory.energy(&of_x, &self.memory.overlaps(Side::Y, y, control)?))
            };
            x.par_chunks(n_x).zip(y.par_chunks(n_y)).map(of_pair).collect()
        })?;
        Ok(array1(py, energies))
    }

    /// Recall from each row of `states` of a layer: a column for each thing known of a recall, and the
    /// exception that ended the call before all were `finished`, or None.
    #[pyo3(signature = (
        states, *, side, beta, max_sweeps, seed, num_threads=None, progress=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a recall, each named in Python")]
    fn recall<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        side: &str,
        beta: f64,
        max_sweeps: u64,
        seed: u64,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyDict>, Option<PyErr>)> {
        let side = self::side(side)?;
        let dynamics = Dynamics { update: Update::Synchronous, beta, max_sweeps, seed };
        let (n_here, n_there) = (self.memory.n_spins(side), self.memory.n_spins(side.other()));
        let n_states = states.shape()[0];
        check_len(&states, "states", n_states * n_here)?;
        let mut here = spins(&states, "states")?;
        let mut there = vec![1i8; n_states * n_there];
        let control = Control::new(n_states as u64);
        let mut recalls: Vec<Option<RecalledPair>> = vec![None; n_states];
        let ended = enter(py, num_threads, progress, &control, || {
            let layers = here.chunks_exact_mut(n_here).zip(there.chunks_exact_mut(n_there));
            let of_state = |((here, there), recalled)| PairReplica { here, there, recalled };
            let mut replicas: Vec<_> = layers.zip(&mut recalls).map(of_state).collect();
            recall_each_pair(&self.memory, side, &dynamics, &mut replicas, &control)
        });
        let columns = PyDict::new(py);
        let (name_here, name_there) = if side == Side::X { ("x", "y") } else { ("y", "x") };
        columns.set_item(name_here, array2(py, here, n_here)?)?;
        columns.set_item(name_there, array2(py, there, n_there)?)?;
        let finished = recalls.iter().map(Option::is_some).collect();
        columns.set_item("finished", array1(py, finished))?;
        let recalls: Vec<RecalledPair> =
            recalls.into_iter().map(Option::unwrap_or_default).collect();
        let integers =
            |f: fn(&RecalledPair) -> i64| array1(py, recalls.iter().map(f).collect::<Vec<i64>>());
        // Overlaps come as integers, times the spins that they are of.
        let overlaps = |f: fn(&RecalledPair) -> i64, n: usize| {
            array1(py, recalls.iter().map(|run| f(run) as f64 / n as f64).collect::<Vec<_>>())
        };
        columns.set_item("pattern", integers(|run| run.pattern as i64))?;
        columns.set_item("start_overlap", overlaps(|run| run.start_overlap, n_here))?;
        columns.set_item(format!("overlap_{name_here}"), overlaps(|run| run.here, n_here))?;
        columns.set_item(format!("overlap_{name_there}"), overlaps(|run| run.there, n_there))?;
        columns.set_item("best_pattern", integers(|run| run.best_pattern as i64))?;
        let best_overlap = overlaps(|run| run.best_overlap, n_here + n_there);
        columns.set_item("best_overlap", best_overlap)?;
        let energy = recalls.iter().map(|run| run.energy).collect();
        columns.set_item("energy", array1(py, energy))?;
        columns.set_item("sweeps", integers(|run| run.outcome.sweeps as i64))?;
        columns.set_item("flips", integers(|run| run.outcome.flips as i64))?;
        let converged = recalls.iter().map(|run| run.outcome.converged).collect();
        columns.set_item("converged", array1(py, converged))?;
        Ok((columns, ended.err()))
    }
}
