//! The nearest of many patterns, and recall of the exponential memory, beside NumPy.
//!
//! The rivals are NumPy as one would write it when it matters: exclusive or and `bitwise_count` of
//! packed words, one state after the other, and a product of matrices in single precision, which holds
//! sums of a thousand signs exactly. All must find the same patterns before anything is timed.
//! `README.md` tells what came out.

mod rival;

use std::ffi::CStr;

use criterion::{Criterion, Throughput};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use rival::{RUNS, array, beside_numpy, group, level, pool};
use spinglass_core::{
    associative::{Recalled, Replica, exponential::ExponentialMemory, scan::PatternScan},
    control::Control,
    hopfield::{Dynamics, Patterns, Update, corrupt},
    simd::Level,
};

const RIVAL: &CStr = cr"
import numpy as np

def packed(spins):
    n = spins.shape[1]
    bits = np.packbits(spins > 0, axis=1)
    return np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8))).view(np.uint64)

def prepare(patterns):
    global words, reals
    words, reals = packed(patterns), patterns.astype(np.float32)

def by_counts(states):
    return np.array([
        np.bitwise_count(words ^ state).sum(axis=1, dtype=np.uint16).argmin()
        for state in packed(states)
    ])

def by_product(states):
    return (states.astype(np.float32) @ reals.T).argmax(axis=1)
";

/// Spins of a pattern, and how many of them are turned in a start.
const N: usize = 1000;
const TURNED: usize = 200;

/// States of a batch.
const BATCH: usize = 64;

/// Patterns up to which NumPy is asked: its 32-bit floats of a million take 4 GB.
const RIVAL_UP_TO: usize = 100_000;

fn main() {
    beside_numpy(RIVAL, benches);
}

fn benches(criterion: &mut Criterion, rival: &Bound<'_, PyModule>) {
    let (py, control) = (rival.py(), Control::default());
    for p in [10_000, 100_000, 1_000_000] {
        let patterns = Patterns::random(p, N, 1, level(), &control).expect("the set fits");
        let which: Vec<usize> = (0..BATCH).map(|k| k * (p / BATCH)).collect();
        let mut states = patterns.to_spins(&which, &control).expect("few patterns");
        for (k, state) in states.chunks_mut(N).enumerate() {
            corrupt(state, TURNED, 1, k as u64);
        }
        let is_asked = p <= RIVAL_UP_TO;
        if is_asked {
            let all: Vec<usize> = (0..p).collect();
            let spins = patterns.to_spins(&all, &control).expect("the spins fit");
            let prepare = rival.getattr("prepare").expect(RUNS);
            prepare.call1((array(py, &spins, N),)).expect(RUNS);
        }

        for count in [1, BATCH] {
            let states = &states[..count * N];
            let mut group = group(criterion, format!("nearest/P={p}, {count} states"), 2.0);
            group.throughput(Throughput::Elements((count * p) as u64));
            for level in Level::available() {
                let scan = PatternScan::new(&patterns, level, &control).expect("the set fits");
                let find = || scan.nearest(states, &control).expect("not cancelled");
                assert!(
                    find().iter().map(|found| found.pattern).eq(which[..count].iter().copied())
                );
                group.bench_function(format!("{level}, 1 thread"), |bencher| {
                    pool(1).install(|| bencher.iter(find));
                });
            }
            if is_asked {
                let given = array(py, states, N);
                for name in ["by_counts", "by_product"] {
                    let function = rival.getattr(name).expect(RUNS);
                    let found = function.call1((&given,)).expect(RUNS);
                    let found: PyReadonlyArray1<'_, i64> = found.extract().expect(RUNS);
                    let theirs = found.as_slice().expect("contiguous");
                    assert!(
                        theirs.iter().map(|&mu| mu as usize).eq(which[..count].iter().copied())
                    );
                    group.bench_function(format!("numpy, {name}"), |bencher| {
                        bencher.iter(|| function.call1((&given,)).expect(RUNS));
                    });
                }
            }
            group.finish();
            recalls(criterion, &patterns, states);
        }
    }
}

/// Recall from the states to the patterns.
fn recalls(criterion: &mut Criterion, patterns: &Patterns, states: &[i8]) {
    let (p, count) = (patterns.n_patterns(), states.len() / N);
    let memory = ExponentialMemory::new(patterns, level(), &Control::default());
    let memory = memory.expect("the set fits");
    let dynamics =
        Dynamics { update: Update::Sequential, beta: f64::INFINITY, max_sweeps: 10, seed: 0 };
    let recall = || {
        let (mut spins, mut found) = (states.to_vec(), vec![None; count]);
        let replicas = spins.chunks_exact_mut(N).zip(&mut found);
        let mut replicas: Vec<Replica> =
            replicas.map(|(spins, recalled)| Replica { spins, clamp: None, recalled }).collect();
        memory.recall(&dynamics, &mut replicas, &Control::default()).expect("not cancelled");
        found
    };
    let is_found = |found: &Option<Recalled>| found.is_some_and(|x| x.best_overlap == N as i64);
    assert!(recall().iter().all(is_found));
    let mut group = group(criterion, format!("exponential recall/P={p}, {count} states"), 2.0);
    group.throughput(Throughput::Elements((count * p) as u64));
    for threads in [1, 2] {
        let pool = pool(threads);
        group.bench_function(format!("spinglass, {threads} threads"), |bencher| {
            bencher.iter(|| pool.install(recall));
        });
    }
}
