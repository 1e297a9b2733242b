//! Hopfield recall and the Hebbian build, each beside its NumPy rival in the same process.
//!
//! Both sides get the same patterns and the same starts, and must reach the same fixed points, bit
//! for bit, before anything is timed. A number is the time of a batch of [`STARTS`] trials at load
//! 0.138, each from a stored pattern to its fixed point, as a capacity scan runs them; Criterion's
//! throughput is then trials a second. `README.md` tells how to run this and what came out.

mod rival;

use std::{cell::LazyCell, ffi::CStr, hint::black_box};

use criterion::{Criterion, Throughput};
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use rayon::prelude::*;
use rival::{RUNS, array, beside_numpy, group, level, pool};
use spinglass_core::{
    control::Control,
    hopfield::{Dynamics, Hopfield, Patterns, Update, couplings},
};

/// The load of every network here: P = 0.138 N, at the edge of what it remembers.
const LOAD: f64 = 0.138;

/// Trials in a batch.
const STARTS: usize = 8;

/// Keys the patterns. Any seed will do.
const SEED: u64 = 2024;

const DYNAMICS: Dynamics =
    Dynamics { update: Update::Sequential, beta: f64::INFINITY, max_sweeps: 10_000, seed: 0 };

/// The rival. It holds N J, whole numbers that float32 holds exactly, so that its fields are exact
/// and its ties are ties; only `build` makes J itself.
const RIVAL: &CStr = cr#"
import numpy as np

def spins(patterns):
    return patterns.astype(np.float32)

def build(X):
    J = X.T @ X
    J /= X.shape[1]
    np.fill_diagonal(J, 0)
    return J

def products(X):
    W = X.T @ X
    np.fill_diagonal(W, 0)
    return W

def recall_by_rows(W, starts):
    """What one writes first: the field of each spin when its turn comes."""
    states = starts.astype(np.float32)
    for s in states:
        at_rest = False
        while not at_rest:
            at_rest = True
            for i in range(len(s)):
                if (W[i] @ s) * s[i] < 0:
                    s[i] = -s[i]
                    at_rest = False
    return states.astype(np.int8)

def recall_by_cached_fields(W, starts):
    """What one ends with: fields kept, a row added when a spin flips, and the next spin to flip
    searched for by vector operations. W is symmetric, so one product starts all trials."""
    states = starts.astype(np.float32)
    for s, h in zip(states, states @ W):
        at_rest = False
        while not at_rest:
            at_rest, i = True, 0
            while i < len(s):
                unstable = h[i:] * s[i:] < 0
                k = int(unstable.argmax())
                if not unstable[k]:
                    break
                i += k
                s[i] = -s[i]
                h += 2 * s[i] * W[i]
                at_rest = False
                i += 1
    return states.astype(np.int8)
"#;

/// A pattern set, drawn by us, and the first patterns as starts.
struct Stored {
    patterns: Patterns,
    starts: Vec<i8>,
}

impl Stored {
    fn draw(n: usize, n_starts: usize) -> Self {
        let control = Control::default();
        let p = (LOAD * n as f64).round() as usize;
        let patterns = Patterns::random(p, n, SEED, level(), &control).expect("the set fits");
        let first: Vec<usize> = (0..n_starts).collect();
        let starts = patterns.to_spins(&first, &control).expect("nobody cancels");
        Self { patterns, starts }
    }

    fn model(&self) -> Hopfield {
        Hopfield::new(&self.patterns, None, level()).expect("there are no thresholds")
    }

    /// The fixed points and the mean number of sweeps to them, trials side by side.
    fn recall(&self, n_threads: usize) -> (Vec<i8>, f64) {
        let (model, control) = (self.model(), Control::default());
        let mut states = self.starts.clone();
        let sweeps: u64 = pool(n_threads).install(|| {
            let trials = states.par_chunks_mut(model.n_spins()).with_max_len(1).enumerate();
            trials
                .map(|(replica, spins)| {
                    let outcome = model
                        .recall(&DYNAMICS, replica as u64, spins, None, &control)
                        .expect("nobody cancels");
                    assert!(outcome.converged);
                    outcome.sweeps
                })
                .sum()
        });
        let n_trials = states.len() / model.n_spins();
        (states, sweeps as f64 / n_trials as f64)
    }

    /// In memory from NumPy, as `Hopfield.couplings` has it and the rival too: fresh pages are a good
    /// part of the price, and NumPy asks for huge ones.
    fn couplings<'py>(&self, py: Python<'py>, n_threads: usize) -> Bound<'py, PyArray2<f32>> {
        let model = self.model();
        let n = model.n_spins();
        let matrix = PyArray2::zeros(py, [n, n], false);
        {
            let mut out = matrix.readwrite();
            let out = out.as_slice_mut().expect("a new array is contiguous");
            pool(n_threads)
                .install(|| couplings(&model, out, &Control::default()))
                .expect("a float holds any coupling");
        }
        matrix
    }

    /// All patterns as the rival wants them: float32, one row a pattern.
    fn for_numpy<'py>(&self, rival: &Bound<'py, PyModule>) -> Bound<'py, PyAny> {
        let (p, n) = (self.patterns.n_patterns(), self.patterns.n_spins());
        let all: Vec<usize> = (0..p).collect();
        let spins = self.patterns.to_spins(&all, &Control::default()).expect("nobody cancels");
        rival.call_method1("spins", (array(rival.py(), &spins, n),)).expect(RUNS)
    }
}

/// Trials of N spins: ours on one and two threads, and both rivals, whose matrix is there already.
fn recall(criterion: &mut Criterion, rival: &Bound<'_, PyModule>, n: usize) {
    // Nothing is drawn, and no matrix made, unless a bench below is asked for.
    let stored = LazyCell::new(|| Stored::draw(n, STARTS));
    let theirs = LazyCell::new(|| {
        let matrix = rival.call_method1("products", (stored.for_numpy(rival),)).expect(RUNS);
        (matrix, array(rival.py(), &stored.starts, n))
    });
    let mut group = group(criterion, format!("hopfield/recall/N={n}"), 2.0);
    group.throughput(Throughput::Elements(STARTS as u64));
    for n_threads in [1, 2] {
        group.bench_function(format!("spinglass, threads={n_threads}"), |bencher| {
            bencher.iter(|| black_box(stored.recall(n_threads)));
        });
    }
    for name in ["recall_by_rows", "recall_by_cached_fields"] {
        let run = LazyCell::new(|| {
            let run = || rival.call_method1(name, &*theirs).expect(RUNS);
            let states: PyReadonlyArray2<'_, i8> = run().extract().expect(RUNS);
            let (ours, sweeps) = stored.recall(2);
            assert_eq!(states.as_slice().expect(RUNS), ours, "{name} comes to rest elsewhere");
            println!("N = {n}: {sweeps:.2} sweeps a trial, the same fixed points from {name}");
            run
        });
        group.bench_function(format!("numpy, {name}"), |bencher| bencher.iter(&*run));
    }
    group.finish();
}

/// One trial too large for any rival (its matrix would be 40 GB), shared by two threads.
fn recall_alone(criterion: &mut Criterion, n: usize) {
    let stored = LazyCell::new(|| {
        let stored = Stored::draw(n, 1);
        println!("N = {n}: {:.0} sweeps", stored.recall(2).1);
        stored
    });
    let mut group = group(criterion, format!("hopfield/recall/N={n}"), 5.0);
    group.bench_function("spinglass, threads=2", |bencher| {
        bencher.iter(|| black_box(stored.recall(2)));
    });
    group.finish();
}

/// The dense couplings in float32.
fn build(criterion: &mut Criterion, rival: &Bound<'_, PyModule>, n: usize) {
    let stored = LazyCell::new(|| Stored::draw(n, 1));
    let mut group = group(criterion, format!("hopfield/build/N={n}"), 3.0);
    for n_threads in [1, 2] {
        group.bench_function(format!("spinglass, threads={n_threads}"), |bencher| {
            bencher.iter(|| black_box(stored.couplings(rival.py(), n_threads)));
        });
    }
    let run = LazyCell::new(|| {
        let patterns = stored.for_numpy(rival);
        let run = move || rival.call_method1("build", (&patterns,)).expect(RUNS);
        let matrix: PyReadonlyArray2<'_, f32> = run().extract().expect(RUNS);
        let ours = stored.couplings(rival.py(), 2).readonly();
        let same = matrix.as_slice().expect(RUNS) == ours.as_slice().expect(RUNS);
        assert!(same, "the couplings differ");
        run
    });
    group.bench_function("numpy, build", |bencher| bencher.iter(&*run));
    group.finish();
}

fn main() {
    beside_numpy(RIVAL, |criterion, rival| {
        for n in [1000, 4000, 10_000] {
            recall(criterion, rival, n);
        }
        recall_alone(criterion, 100_000);
        build(criterion, rival, 10_000);
    });
}
