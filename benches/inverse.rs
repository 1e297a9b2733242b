//! The pseudo-likelihood and its gradient beside NumPy: what a minimiser asks for in every step.
//!
//! The rival is NumPy as one would write it when it matters: 64-bit floats, one product for the
//! fields and one for the gradient, everything between them in place. Values and gradients must agree
//! to rounding before anything is timed. `README.md` tells what came out.

mod rival;

use std::ffi::CStr;

use criterion::{Criterion, Throughput};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use rival::{RUNS, array, beside_numpy, group, level, pool};
use spinglass_core::{
    control::Control,
    inverse::{Objective, Samples},
    rng::{Philox, Purpose},
};

const RIVAL: &CStr = cr"
import numpy as np

class PseudoLikelihood:
    def __init__(self, spins):
        self.X = spins.astype(np.float64)
        self.F, self.A, self.E = (np.empty(spins.shape) for _ in range(3))

    def __call__(self, J, h):
        X, F, A, E = self.X, self.F, self.A, self.E
        np.matmul(X, J, out=F)
        F += h
        np.abs(F, out=A)
        np.multiply(A, -2.0, out=E)
        np.exp(E, out=E)
        value = A.sum() - np.vdot(F, X)
        np.log1p(E, out=A)
        value += A.sum()
        np.tanh(F, out=F)
        F -= X
        G = F.T @ X
        G += G.T
        G[np.diag_indices(len(G))] = 0
        G /= len(X)
        return value / len(X), G, F.mean(axis=0)
";

fn evaluation(
    criterion: &mut Criterion,
    rival: &Bound<'_, PyModule>,
    n_rows: usize,
    n_spins: usize,
) {
    let py = rival.py();
    let philox = Philox::new(1, Purpose::Start, 0);
    let mut words = philox.words_from(0);
    let spins: Vec<i8> =
        (0..n_rows * n_spins).map(|_| if words.uniform() < 0.4 { 1 } else { -1 }).collect();
    let mut couplings = vec![0.0; n_spins * n_spins];
    for i in 0..n_spins {
        for j in 0..i {
            let coupling = (words.uniform() - 0.5) * (12.0 / n_spins as f64).sqrt();
            couplings[n_spins * i + j] = coupling;
            couplings[n_spins * j + i] = coupling;
        }
    }
    let fields: Vec<f64> = (0..n_spins).map(|_| words.uniform() - 0.5).collect();
    let samples = Samples::new(&spins, n_spins, None).expect("spins");
    let evaluate = |n_threads| {
        let (control, objective) = (Control::default(), Objective::PseudoLikelihood);
        let job = || samples.evaluate(objective, &couplings, &fields, level(), &control);
        pool(n_threads).install(job).expect("nobody cancels")
    };

    let theirs = rival
        .getattr("PseudoLikelihood")
        .and_then(|class| class.call1((array(py, &spins, n_spins),)));
    let theirs = theirs.expect(RUNS);
    let square: Bound<'_, PyArray2<f64>> =
        PyArray1::from_slice(py, &couplings).reshape([n_spins, n_spins]).expect("a square");
    let arguments = (square, PyArray1::from_slice(py, &fields));
    let found = theirs.call1(arguments.clone()).expect(RUNS);
    let value: f64 = found.get_item(0).and_then(|value| value.extract()).expect(RUNS);
    let slopes = found.get_item(1).expect(RUNS);
    let slopes: PyReadonlyArray2<'_, f64> = slopes.extract().expect(RUNS);
    let ours = evaluate(1);
    assert!((ours.value / value - 1.0).abs() < 1e-12, "{} and {value}", ours.value);
    for (a, b) in ours.couplings.iter().zip(slopes.as_slice().expect("whole")) {
        assert!((a - b).abs() < 1e-12, "{a} and {b}");
    }

    let name = format!("inverse/pseudo-likelihood/N={n_spins}, {n_rows} samples");
    let mut group = group(criterion, name, 3.0);
    group.throughput(Throughput::Elements((n_rows * n_spins) as u64));
    for n_threads in [1, 2] {
        group.bench_function(format!("spinglass, threads={n_threads}"), |bencher| {
            bencher.iter(|| evaluate(n_threads));
        });
    }
    group.bench_function("numpy", |bencher| {
        bencher.iter(|| theirs.call1(arguments.clone()).expect(RUNS));
    });
    group.finish();
}

fn main() {
    beside_numpy(RIVAL, |criterion, rival| {
        evaluation(criterion, rival, 100_000, 64);
        evaluation(criterion, rival, 10_000, 200);
    });
}
