//! The Sherrington-Kirkpatrick model beside cached fields in NumPy.
//!
//! Throughput is spin updates a second: both sides do whole sweeps of Metropolis moves at beta = 1,
//! and must agree in the energy before they are timed. `README.md` tells what came out.

mod rival;
#[path = "rival/sweeps.rs"]
mod sweeps;

use std::ffi::CStr;

use criterion::Criterion;
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use spinglass_core::{
    dense::{Dense, Disorder},
    spins::SpinModel,
};
use sweeps::Sweeps;

const RIVAL: &CStr = cr#"
import numpy as np

class CachedFields:
    """All replicas at each site in turn; where some flip, a row of J is added to their fields."""

    def __init__(self, J, beta, n_replicas):
        self.J, self.beta = J.astype(np.float32), beta
        self.s = np.ones((n_replicas, len(J)), dtype=np.float32)
        self.rng = np.random.default_rng(1)

    def run(self, n_sweeps):
        s, J = self.s, self.J
        h = s @ J
        for _ in range(n_sweeps):
            theta = self.rng.standard_exponential(s.shape, dtype=np.float32) / (2 * self.beta)
            for i in range(s.shape[1]):
                flips = np.flatnonzero(s[:, i] * h[:, i] < theta[:, i])
                if flips.size:
                    h[flips] -= 2 * s[flips, i, None] * J[i]
                    s[flips, i] *= -1
        return -0.5 * (s * (s @ J)).mean()
"#;

fn bench(
    criterion: &mut Criterion,
    rival: &Bound<'_, PyModule>,
    n: usize,
    n_replicas: usize,
    sweeps: u64,
) {
    let (beta, disorder) = (1.0, Disorder::Gaussian);
    let model =
        Dense::sherrington_kirkpatrick(n, disorder, 1, rival::level()).expect("it fits in memory");
    let all: Vec<f64> = (0..n).flat_map(|site| model.row(site).to_vec()).collect();
    let couplings = PyArray1::from_vec(rival.py(), all).reshape([n, n]).expect("N rows of N");
    let theirs =
        rival.getattr("CachedFields").and_then(|class| class.call1((couplings, beta, n_replicas)));
    Sweeps {
        name: format!("dense/sk/N={}, replicas={n_replicas}", model.n_spins()),
        model: &model,
        beta,
        n_replicas,
        warmup: 20,
        // Five standard deviations of the difference, with a specific heat of 1/2 per spin.
        tolerance: 5.0 * (1.0 / (n * n_replicas) as f64).sqrt(),
    }
    .compare(criterion, sweeps, &theirs.expect(rival::RUNS), n_replicas);
}

fn main() {
    rival::beside_numpy(RIVAL, |criterion, rival| {
        bench(criterion, rival, 1000, 64, 20);
        bench(criterion, rival, 1000, 1, 100);
        bench(criterion, rival, 4000, 64, 4);
        bench(criterion, rival, 4000, 1, 10);
    });
}
