//! Sums over all states beside NumPy.
//!
//! The rival is NumPy as one would write it when it matters: half of the spins in rows and half in
//! columns, so that all energies are two vectors and one matrix product, some rows at a time. Both
//! must agree in ln Z and in all correlations before anything is timed. `README.md` tells what came
//! out.

mod rival;

use std::ffi::CStr;

use criterion::{Criterion, Throughput};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use rival::{RUNS, beside_numpy, group, level, pool};
use spinglass_core::{
    control::Control,
    dense::{Disorder, sherrington_kirkpatrick},
    exact::Energies,
};

const RIVAL: &CStr = cr"
import numpy as np

def states(n):
    return 2.0 * (np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1) - 1

def blocks(J, beta):
    n = len(J)
    half = n // 2
    rows, columns = states(half), states(n - half)
    first = -0.5 * np.einsum('ki,ij,kj->k', rows, J[:half, :half], rows, optimize=True)
    last = -0.5 * np.einsum('ki,ij,kj->k', columns, J[half:, half:], columns, optimize=True)
    fields = rows @ J[:half, half:]
    for k in range(0, len(rows), 64):
        x = fields[k:k + 64] @ columns.T
        x -= first[k:k + 64, None]
        x -= last
        x *= beta
        # Energies per spin are of order one: no exponential of these leaves the range of doubles.
        np.exp(x, out=x)
        yield rows[k:k + 64], x, columns

def log_partition(J, beta):
    return float(np.log(sum(weights.sum() for _, weights, _ in blocks(J, beta))))

def correlations(J, beta):
    n = len(J)
    half = n // 2
    found, total, last = np.zeros((n, n)), 0.0, 0.0
    for rows, weights, columns in blocks(J, beta):
        each = weights.sum(axis=1)
        total += each.sum()
        last = last + weights.sum(axis=0)
        found[:half, :half] += (rows.T * each) @ rows
        found[:half, half:] += rows.T @ (weights @ columns)
    found[half:, half:] = (columns.T * last) @ columns
    found[half:, :half] = found[:half, half:].T
    return found / total
";

/// Spins of the model that both sides sum.
const N: usize = 22;

fn main() {
    beside_numpy(RIVAL, benches);
}

fn benches(criterion: &mut Criterion, rival: &Bound<'_, PyModule>) {
    let couplings = sherrington_kirkpatrick(N, Disorder::Gaussian, 1).expect("a small glass");
    let energies = Energies::new(N, &couplings, None, level()).expect("few spins");
    let py = rival.py();
    let array = PyArray1::from_slice(py, &couplings).reshape([N, N]).expect("a square");
    let control = Control::default();
    let moments = |with_spins: bool| energies.moments(1.0, with_spins, &control).expect("a sum");

    let ours = moments(true);
    let log_z = ours.log_weight - ours.ground_energy;
    let theirs: f64 =
        rival.getattr("log_partition").and_then(|f| f.call1((&array, 1.0))?.extract()).expect(RUNS);
    // Twenty-two doublings of roundings, and those of the energies.
    assert!((log_z - theirs).abs() < 1e-11, "{log_z} {theirs}");
    let found = rival.getattr("correlations").and_then(|f| f.call1((&array, 1.0))).expect(RUNS);
    let found: PyReadonlyArray2<'_, f64> = found.extract().expect(RUNS);
    for (a, b) in ours.correlations.iter().zip(found.as_slice().expect("contiguous")) {
        assert!((a - b).abs() < 1e-11, "{a} {b}");
    }

    for (name, with_spins) in [("log_partition", false), ("correlations", true)] {
        let mut group = group(criterion, format!("{name}/N={N}"), 3.0);
        group.throughput(Throughput::Elements(1 << N));
        for threads in [1, 2] {
            let pool = pool(threads);
            group.bench_function(format!("spinglass, {threads} threads"), |bencher| {
                bencher.iter(|| pool.install(|| moments(with_spins)));
            });
        }
        let function = rival.getattr(name).expect(RUNS);
        group.bench_function("numpy", |bencher| {
            bencher.iter(|| function.call1((&array, 1.0)).expect(RUNS));
        });
    }
}
