//! The Hopfield room.

use std::{fs::File, io::Write, ops::Range, path::PathBuf};

use memmap2::Mmap;
use numpy::{
    PyArray1, PyArray2, PyArrayDescr, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray1,
    PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyBytes, PyDict},
};
use rayon::prelude::*;
use spinglass_core::{
    control::Control,
    error::{Error, Result},
    hopfield::{
        Coupling, Dynamics, Hopfield, Instance, Outcome, Patterns, Trials, Update, corrupt,
        couplings,
    },
    simd::Level,
    threads,
};

use crate::{
    arrays::{array1, array2, check_len, slice},
    enter::{enter, raise},
};

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PackedPatterns>()?;
    module.add_class::<HopfieldNetwork>()?;
    module.add_class::<CapacityTrials>()?;
    module.add_function(wrap_pyfunction!(corrupt_states, module)?)
}

/// Bytes of a file, from an offset on, mapped and not read.
struct MappedFile {
    map: Mmap,
    payload: Range<usize>,
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        &self.map[self.payload.clone()]
    }
}

/// A bit-packed pattern set.
#[pyclass(frozen, module = "spinglass._core")]
struct PackedPatterns {
    patterns: Patterns,
}

#[pymethods]
impl PackedPatterns {
    #[staticmethod]
    #[pyo3(signature = (n_patterns, n_spins, seed, num_threads=None))]
    fn random(
        py: Python<'_>,
        n_patterns: usize,
        n_spins: usize,
        seed: u64,
        num_threads: Option<usize>,
    ) -> PyResult<Self> {
        let level = Level::current().map_err(raise)?;
        let control = Control::default();
        let patterns = enter(py, num_threads, None, &control, || {
            Patterns::random(n_patterns, n_spins, seed, level, &control)
        })?;
        Ok(Self { patterns })
    }

    #[staticmethod]
    fn from_array(spins: PyReadonlyArray2<'_, i8>) -> PyResult<Self> {
        let &[n_patterns, n_spins] = spins.shape() else { unreachable!("the array has two axes") };
        let spins = slice(&spins, "patterns")?;
        // Packed while the GIL is held, so that no other thread can write to the array meanwhile.
        let patterns = threads::pool(None)
            .and_then(|pool| {
                let control = Control::default();
                pool.install(|| Patterns::from_spins(spins, n_patterns, n_spins, &control))
            })
            .map_err(raise)?;
        Ok(Self { patterns })
    }

    /// From the bytes of `to_bytes`, which are copied.
    #[staticmethod]
    fn from_bytes(n_patterns: usize, n_spins: usize, bytes: &[u8]) -> PyResult<Self> {
        let patterns = Patterns::from_copied_bytes(n_patterns, n_spins, bytes).map_err(raise)?;
        Ok(Self { patterns })
    }

    /// Maps the part of a file that starts at `offset`.
    #[staticmethod]
    fn from_file(
        py: Python<'_>,
        n_patterns: usize,
        n_spins: usize,
        path: PathBuf,
        offset: usize,
    ) -> PyResult<Self> {
        let file = File::open(path)?;
        // SAFETY: the map is private to this process and read-only. Another process that shortens
        // the file while it is mapped is outside what the language can promise; the documentation
        // of `Patterns.load` says so.
        let map = unsafe { Mmap::map(&file)? };
        let payload = offset.min(map.len())..map.len();
        let control = Control::default();
        let patterns = enter(py, None, None, &control, || {
            Patterns::from_bytes(n_patterns, n_spins, Box::new(MappedFile { map, payload }))
        })?;
        Ok(Self { patterns })
    }

    #[getter]
    fn n_patterns(&self) -> usize {
        self.patterns.n_patterns()
    }

    #[getter]
    fn n_spins(&self) -> usize {
        self.patterns.n_spins()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.patterns.as_bytes().len()
    }

    fn padding_is_zero(&self, py: Python<'_>) -> PyResult<bool> {
        enter(py, None, None, &Control::default(), || Ok(self.patterns.padding_is_zero()))
    }

    fn same_bits(&self, py: Python<'_>, other: &Self) -> bool {
        py.detach(|| self.patterns.as_bytes() == other.patterns.as_bytes())
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.patterns.as_bytes())
    }

    /// Appends the bytes to a file.
    fn append_to(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let mut file = File::options().append(true).open(path)?;
        for piece in self.patterns.as_bytes().chunks(1 << 26) {
            py.detach(|| file.write_all(piece))?;
            py.check_signals()?;
        }
        py.detach(|| file.sync_all())?;
        Ok(())
    }

    /// The chosen patterns as spins, int8 (len(which), N).
    fn unpack<'py>(
        &self,
        py: Python<'py>,
        which: Vec<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i8>>> {
        if let Some(mu) = which.iter().find(|&&mu| mu >= self.patterns.n_patterns()) {
            return Err(raise(Error::expected(
                "pattern index",
                format_args!("below {}", self.patterns.n_patterns()),
                mu,
            )));
        }
        let control = Control::default();
        let spins = enter(py, None, None, &control, || self.patterns.to_spins(&which, &control))?;
        array2(py, spins, self.patterns.n_spins())
    }
}

/// A network over a pattern set.
#[pyclass(frozen, module = "spinglass._core")]
struct HopfieldNetwork {
    patterns: Py<PackedPatterns>,
    thresholds: Option<Vec<f64>>,
    level: Level,
}

/// One value a state.
type Column<'py, T> = Bound<'py, PyArray1<T>>;

impl HopfieldNetwork {
    fn model(&self) -> Result<Hopfield<'_>> {
        Hopfield::new(&self.patterns.get().patterns, self.thresholds.as_deref(), self.level)
    }

    /// Runs `f` on each row of `states`, side by side.
    fn each_state<T: Send>(
        &self,
        py: Python<'_>,
        states: &PyReadonlyArray2<'_, i8>,
        num_threads: Option<usize>,
        f: impl Fn(&Hopfield<'_>, &[i8], &Control) -> Result<T> + Sync,
    ) -> PyResult<Vec<T>> {
        let n = self.patterns.get().patterns.n_spins();
        check_len(states, "states", states.shape()[0] * n)?;
        // A copy: the caller's array may be written to while the GIL is free.
        let states = slice(states, "states")?.to_vec();
        let model = self.model().map_err(raise)?;
        let control = Control::default();
        enter(py, num_threads, None, &control, || {
            states.par_chunks(n).map(|state| f(&model, state, &control)).collect()
        })
    }

    fn dense<T: Coupling + numpy::Element>(
        &self,
        py: Python<'_>,
        out: &Bound<'_, PyAny>,
        num_threads: Option<usize>,
    ) -> PyResult<()> {
        let n = self.patterns.get().patterns.n_spins();
        let out = out.cast::<PyArray2<T>>()?;
        let mut out = out.try_readwrite()?;
        let matrix = out
            .as_slice_mut()
            .ok()
            .filter(|matrix| matrix.len() == n * n)
            .ok_or_else(|| PyValueError::new_err("out must be a C-contiguous N x N array"))?;
        let model = self.model().map_err(raise)?;
        let control = Control::default();
        enter(py, num_threads, None, &control, || couplings(&model, matrix, &control))
    }
}

#[pymethods]
impl HopfieldNetwork {
    #[new]
    #[pyo3(signature = (patterns, thresholds=None))]
    fn new(
        patterns: Py<PackedPatterns>,
        thresholds: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let thresholds = match thresholds {
            Some(values) => Some(slice(&values, "thresholds")?.to_vec()),
            None => None,
        };
        let level = Level::current().map_err(raise)?;
        let network = Self { patterns, thresholds, level };
        network.model().map_err(raise)?;
        Ok(network)
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn energy<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Column<'py, f64>> {
        let energies = self.each_state(py, &states, num_threads, |model, state, control| {
            Ok(model.energy(state, &model.overlaps(state, control)?))
        })?;
        Ok(array1(py, energies))
    }

    #[pyo3(signature = (states, num_threads=None))]
    fn local_fields<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let fields = self.each_state(py, &states, num_threads, |model, state, control| {
            model.local_fields(state, control)
        })?;
        array2(py, fields.concat(), self.patterns.get().patterns.n_spins())
    }

    /// M_mu, integers.
    #[pyo3(signature = (states, num_threads=None))]
    fn overlaps<'py>(
        &self,
        py: Python<'py>,
        states: PyReadonlyArray2<'py, i8>,
        num_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let overlaps = self.each_state(py, &states, num_threads, |model, state, control| {
            model.overlaps(state, control)
        })?;
        array2(py, overlaps.concat(), self.patterns.get().patterns.n_patterns())
    }

    /// Fills an N x N array of zeros with the couplings, in its own dtype.
    #[pyo3(signature = (out, num_threads=None))]
    fn couplings(
        &self,
        py: Python<'_>,
        out: &Bound<'_, PyAny>,
        num_threads: Option<usize>,
    ) -> PyResult<()> {
        let dtype = out.getattr("dtype")?.cast_into::<PyArrayDescr>()?;
        match (dtype.kind(), dtype.itemsize()) {
            (b'i', 1) => self.dense::<i8>(py, out, num_threads),
            (b'i', 2) => self.dense::<i16>(py, out, num_threads),
            (b'i', 4) => self.dense::<i32>(py, out, num_threads),
            (b'i', 8) => self.dense::<i64>(py, out, num_threads),
            (b'f', 4) => self.dense::<f32>(py, out, num_threads),
            (b'f', 8) => self.dense::<f64>(py, out, num_threads),
            _ => Err(PyTypeError::new_err(format!(
                "dtype must be int8, int16, int32, int64, float32 or float64, got {dtype}"
            ))),
        }
    }

    /// Recall of each row of `states`: a column for each thing known of a recall, and the exception
    /// that ended the call before all were `finished`, or None.
    #[pyo3(signature = (
        states, update, beta, max_sweeps, seed, clamp=None, num_threads=None, progress=None
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
        clamp: Option<PyReadonlyArray2<'py, bool>>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyDict>, Option<PyErr>)> {
        let n = self.patterns.get().patterns.n_spins();
        let n_states = states.shape()[0];
        check_len(&states, "states", n_states * n)?;
        let mut spins = slice(&states, "states")?.to_vec();
        let clamp = match &clamp {
            None => None,
            Some(held) => {
                // One row holds for every state.
                check_len(held, "clamp", held.shape()[0].min(n_states).max(1) * n)?;
                Some(slice(held, "clamp")?.to_vec())
            }
        };
        let clamp_of = |replica: usize| {
            clamp.as_ref().map(|held| {
                let row = if held.len() == n { 0 } else { replica };
                &held[row * n..][..n]
            })
        };
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
        let dynamics = Dynamics { update, beta, max_sweeps, seed };
        let model = self.model().map_err(raise)?;
        let control = Control::new(n_states as u64);
        let mut recalls: Vec<Option<Recalled>> = vec![None; n_states];
        let ended = enter(py, num_threads, progress, &control, || {
            let replicas = spins.par_chunks_mut(n).zip(&mut recalls).with_max_len(1).enumerate();
            replicas.try_for_each(|(replica, (spins, recalled))| {
                let start = model.overlaps(spins, &control)?;
                let clamp = clamp_of(replica);
                let outcome = model.recall(&dynamics, replica as u64, spins, clamp, &control)?;
                let end = model.overlaps(spins, &control)?;
                let energy = model.energy(spins, &end);
                *recalled = Some(Recalled::new(outcome, &start, &end, energy));
                control.advance(1);
                Ok(())
            })
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
            array1(
                py,
                recalls.iter().map(|recalled| f(recalled) as f64 / n as f64).collect::<Vec<_>>(),
            )
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
        let cycle_length = integers(|recalled| i64::from(recalled.outcome.cycle_length));
        columns.set_item("cycle_length", cycle_length)?;
        Ok((columns, ended.err()))
    }
}

/// What is known of one recall.
#[derive(Clone, Default)]
struct Recalled {
    outcome: Outcome,
    pattern: usize,
    start_overlap: i64,
    overlap: i64,
    best_pattern: usize,
    best_overlap: i64,
    energy: f64,
}

impl Recalled {
    fn new(outcome: Outcome, start: &[i64], end: &[i64], energy: f64) -> Self {
        // The first of equals, as argmax gives.
        let largest = |overlaps: &[i64]| {
            (0..overlaps.len()).rev().max_by_key(|&mu| overlaps[mu]).unwrap_or(0)
        };
        let (pattern, best_pattern) = (largest(start), largest(end));
        Self {
            outcome,
            pattern,
            start_overlap: start[pattern],
            overlap: end[pattern],
            best_pattern,
            best_overlap: end[best_pattern],
            energy,
        }
    }
}

/// Flips `count` distinct spins of each row: row k by stream k of the seed.
#[pyfunction]
fn corrupt_states<'py>(
    py: Python<'py>,
    states: PyReadonlyArray2<'py, i8>,
    count: usize,
    seed: u64,
) -> PyResult<Bound<'py, PyArray2<i8>>> {
    let n = states.shape()[1];
    if count > n {
        return Err(raise(Error::expected("count", format_args!("at most {n}"), count)));
    }
    let mut spins = slice(&states, "states")?.to_vec();
    let control = Control::default();
    enter(py, None, None, &control, || {
        spins.par_chunks_mut(n.max(1)).enumerate().try_for_each(|(stream, spins)| {
            control.check()?;
            corrupt(spins, count, seed, stream as u64);
            Ok(())
        })
    })?;
    array2(py, spins, n)
}

/// The trials of a capacity scan; keeps what is finished.
#[pyclass(frozen, module = "spinglass._core")]
struct CapacityTrials {
    trials: Trials,
    level: Level,
}

#[pymethods]
impl CapacityTrials {
    #[new]
    fn new(
        n_spins: Vec<usize>,
        n_patterns: Vec<usize>,
        seeds: Vec<u64>,
        n_flips: Vec<usize>,
        n_starts: usize,
        max_sweeps: u64,
    ) -> PyResult<Self> {
        for (name, length) in
            [("n_patterns", n_patterns.len()), ("seeds", seeds.len()), ("n_flips", n_flips.len())]
        {
            if length != n_spins.len() {
                let expected = format_args!("as long as n_spins ({})", n_spins.len()).to_string();
                return Err(raise(Error::expected(name, expected, length)));
            }
        }
        let instances = (0..n_spins.len())
            .map(|k| Instance {
                n_spins: n_spins[k],
                n_patterns: n_patterns[k],
                seed: seeds[k],
                n_flips: n_flips[k],
            })
            .collect();
        let trials = Trials::new(instances, n_starts, max_sweeps).map_err(raise)?;
        Ok(Self { trials, level: Level::current().map_err(raise)? })
    }

    #[pyo3(signature = (num_threads=None, progress=None))]
    fn run(
        &self,
        py: Python<'_>,
        num_threads: Option<usize>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let control = Control::new(self.trials.len() as u64);
        enter(py, num_threads, progress, &control, || self.trials.run(self.level, &control))
    }

    /// The finished trials, by instance and start, a column each.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let trials = self.trials.finished();
        let integers = |f: fn(&spinglass_core::hopfield::Trial) -> i64| {
            array1(py, trials.iter().map(f).collect())
        };
        let rows = PyDict::new(py);
        rows.set_item("instance_index", integers(|trial| trial.instance as i64))?;
        rows.set_item("start", integers(|trial| trial.start as i64))?;
        rows.set_item("sweeps", integers(|trial| trial.sweeps as i64))?;
        rows.set_item("flips", integers(|trial| trial.flips as i64))?;
        rows.set_item("overlap", array1(py, trials.iter().map(|trial| trial.overlap).collect()))?;
        let converged = trials.iter().map(|trial| trial.converged).collect();
        rows.set_item("converged", array1(py, converged))?;
        Ok(rows)
    }
}
