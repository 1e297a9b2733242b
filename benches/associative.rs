//! Dense associative memories, order 3, beside NumPy with cached overlaps in the same process.
//!
//! Both sides get the same patterns and the same start, and must come to rest in the same state after
//! the same flips before anything is timed. A checking sweep visits every spin of a state at rest: ours
//! is one of many of a heat bath so cold that nothing flips, which no sweep may end early. `README.md`
//! tells how to run this.

mod rival;

use std::{cell::LazyCell, ffi::CStr, hint::black_box};

use criterion::{Criterion, Throughput};
use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use rival::{RUNS, array, beside_numpy, group, level, pool};
use spinglass_core::{
    associative::{DenseMemory, Memory, Power},
    control::Control,
    hopfield::{Dynamics, Outcome, Patterns, Update, corrupt},
};

const N: usize = 1000;
const SEED: u64 = 2024;

/// Sweeps of a timed run.
const SWEEPS: u64 = 20;

/// Of a heat bath in which nothing flips, of one in which about a spin in thirty does, and of one in
/// which the memory melts and every other spin does.
const COLD: f64 = 1e12;
const WARM: f64 = 2.4;
const HOT: f64 = 1.2;

/// The rival: +-1 in float64, whose products with C are exact. The overlaps M are kept, and with them
/// C = (F(M + 2) - F(M - 2)) / 2 = 6 M^2 + 8 and S = sum F(M) - (F(M + 2) + F(M - 2)) / 2 = -12 sum M.
const RIVAL: &CStr = cr"
import numpy as np

class Cube:
    def __init__(self, patterns, start):
        self.X = np.ascontiguousarray(patterns.T, dtype=np.float64)
        self.s = start[0].astype(np.float64)
        self.M = self.s @ self.X
        self.rng = np.random.default_rng(1)
        self.weigh()

    def weigh(self):
        self.C, self.S = 6 * self.M**2 + 8, -12 * self.M.sum()

    def flip(self, i):
        self.M -= 2 * self.s[i] * self.X[i]
        self.s[i] = -self.s[i]
        self.weigh()

    def sweep(self):
        flips = 0
        for i in range(len(self.s)):
            if self.S + self.s[i] * (self.X[i] @ self.C) < 0:
                self.flip(i)
                flips += 1
        return flips

    def recall(self):
        flips = 0
        while found := self.sweep():
            flips += found
        return self.s[None].astype(np.int8), flips

    def heat_bath(self, beta):
        beta, flips = beta / (3 * len(self.s) ** 2), 0
        for i, u in enumerate(self.rng.random(len(self.s))):
            cost = self.S + self.s[i] * (self.X[i] @ self.C)
            if u * (1 + np.exp(min(beta * cost, 700))) < 1:
                self.flip(i)
                flips += 1
        return flips
";

struct Stored {
    memory: DenseMemory,
    patterns: Patterns,
    start: Vec<i8>,
}

impl Stored {
    fn draw(p: usize) -> Self {
        let control = Control::default();
        let patterns = Patterns::random(p, N, SEED, level(), &control).expect("the set fits");
        let power = Power::new(3, false).expect("3 is an order");
        let memory = DenseMemory::new(&patterns, power, level()).expect("sums fit");
        let mut start = patterns.to_spins(&[0], &control).expect("nobody cancels");
        corrupt(&mut start, N / 5, 1, 0);
        Self { memory, patterns, start }
    }

    fn run(&self, spins: &mut [i8], beta: f64, max_sweeps: u64) -> Outcome {
        let dynamics = Dynamics { update: Update::Sequential, beta, max_sweeps, seed: 1 };
        let control = Control::default();
        pool(1).install(|| {
            self.memory.recall(&dynamics, 0, spins, None, &control).expect("nobody cancels")
        })
    }

    /// The state at rest.
    fn rest(&self) -> (Vec<i8>, Outcome) {
        let mut spins = self.start.clone();
        let outcome = self.run(&mut spins, f64::INFINITY, 1000);
        assert!(outcome.converged);
        (spins, outcome)
    }

    fn rival<'py>(&self, rival: &Bound<'py, PyModule>) -> Bound<'py, PyAny> {
        let all: Vec<usize> = (0..self.patterns.n_patterns()).collect();
        let spins = self.patterns.to_spins(&all, &Control::default()).expect("nobody cancels");
        let (py, start) = (rival.py(), &self.start);
        let arguments = (array(py, &spins, N), array(py, start, N));
        rival.getattr("Cube").and_then(|class| class.call1(arguments)).expect(RUNS)
    }
}

/// Sweeps of P patterns; beside the rival where its array of floats is not too large.
fn sweeps(criterion: &mut Criterion, rival: Option<&Bound<'_, PyModule>>, p: usize) {
    let stored = LazyCell::new(|| {
        let stored = Stored::draw(p);
        let (rest, outcome) = stored.rest();
        println!("P = {p}: {} sweeps and {} flips", outcome.sweeps, outcome.flips);
        (stored, rest, outcome)
    });
    let theirs = LazyCell::new(|| {
        let (stored, rest, outcome) = &*stored;
        let theirs = stored.rival(rival.expect("asked for where there is one"));
        let recalled = theirs.call_method0("recall").expect(RUNS);
        let (states, flips): (PyReadonlyArray2<'_, i8>, u64) = recalled.extract().expect(RUNS);
        assert_eq!(states.as_slice().expect(RUNS), rest, "NumPy comes to rest elsewhere");
        assert_eq!(flips, outcome.flips);
        theirs
    });
    let mut group = group(criterion, format!("associative/order=3/N={N}, P={p}"), 3.0);
    group.bench_function("recall, spinglass", |bencher| {
        bencher.iter(|| black_box(stored.0.rest()));
    });
    for (name, beta) in [("checking sweep", COLD), ("heat bath", WARM), ("hot heat bath", HOT)] {
        group.throughput(Throughput::Elements(SWEEPS * N as u64));
        group.bench_function(format!("{name}, spinglass"), |bencher| {
            let (stored, rest, _) = &*stored;
            bencher.iter(|| {
                let outcome = stored.run(&mut rest.clone(), beta, SWEEPS);
                assert_eq!(outcome.flips == 0, beta == COLD);
                black_box(outcome)
            });
        });
        if rival.is_some() {
            group.throughput(Throughput::Elements(N as u64));
            group.bench_function(format!("{name}, numpy"), |bencher| {
                let run = || {
                    if beta == COLD {
                        theirs.call_method0("sweep")
                    } else {
                        theirs.call_method1("heat_bath", (beta,))
                    }
                };
                bencher.iter(|| run().expect(RUNS));
            });
        }
    }
    group.finish();
}

fn main() {
    beside_numpy(RIVAL, |criterion, rival| {
        sweeps(criterion, Some(rival), 10_000);
        sweeps(criterion, None, 100_000);
        sweeps(criterion, None, 1_000_000);
    });
}
