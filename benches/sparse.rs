//! Couplings on a graph, each beside its NumPy rival.
//!
//! Throughput is spin updates a second: both sides do whole sweeps of Metropolis moves, and must
//! agree in the energy before they are timed. `README.md` tells what came out.

mod rival;
#[path = "rival/sweeps.rs"]
mod sweeps;

use std::ffi::CStr;

use criterion::Criterion;
use numpy::PyArray1;
use pyo3::prelude::*;
use spinglass_core::{
    dense::Disorder,
    rng::{Philox, Purpose},
    sparse::{Sparse, edwards_anderson},
    spins::SpinModel,
};
use sweeps::Sweeps;

const RIVAL: &CStr = cr#"
import numpy as np

class Coloured:
    """All replicas and all sites of one colour at a time, on a greedily coloured graph."""

    def __init__(self, offsets, neighbours, couplings, beta, n_replicas):
        n, degree = len(offsets) - 1, offsets[1]
        self.neighbours = neighbours.reshape(n, degree)
        self.couplings = couplings.reshape(n, degree).astype(np.float32)
        colours = np.full(n, -1)
        for i in range(n):
            taken = set(colours[self.neighbours[i]].tolist())
            colours[i] = next(c for c in range(degree + 1) if c not in taken)
        self.classes = [np.flatnonzero(colours == c) for c in range(colours.max() + 1)]
        self.s = np.ones((n, n_replicas), dtype=np.float32)
        self.beta, self.rng = beta, np.random.default_rng(1)

    def fields(self, sites):
        J, K = self.couplings[sites], self.neighbours[sites]
        return sum(J[:, k, None] * self.s[K[:, k]] for k in range(J.shape[1]))

    def run(self, n_sweeps):
        for _ in range(n_sweeps):
            for sites in self.classes:
                s = self.s[sites]
                theta = self.rng.standard_exponential(s.shape, dtype=np.float32) / (2 * self.beta)
                self.s[sites] = np.where(s * self.fields(sites) < theta, -s, s)
        return -0.5 * (self.s * self.fields(np.arange(len(self.s)))).mean()
"#;

fn bench(
    criterion: &mut Criterion,
    rival: &Bound<'_, PyModule>,
    name: &str,
    model: &Sparse,
    n_replicas: usize,
    sweeps: u64,
) {
    let (py, beta, n) = (rival.py(), 1.0, model.n_spins());
    let (mut offsets, mut neighbours, mut couplings) = (vec![0i64], Vec::new(), Vec::new());
    for site in 0..n {
        for (other, coupling) in model.neighbours(site) {
            neighbours.push(other as i64);
            couplings.push(coupling);
        }
        offsets.push(neighbours.len() as i64);
    }
    let csr = (
        PyArray1::from_vec(py, offsets),
        PyArray1::from_vec(py, neighbours),
        PyArray1::from_vec(py, couplings),
        beta,
        n_replicas,
    );
    let theirs = rival.getattr("Coloured").and_then(|class| class.call1(csr));
    Sweeps {
        name: format!("sparse/{name}, replicas={n_replicas}"),
        model,
        beta,
        n_replicas,
        warmup: 100,
        // The orders of the sites differ, and so does the slow approach to equilibrium: 1%.
        tolerance: 0.015 + 5.0 * (2.0 / (n * n_replicas) as f64).sqrt(),
    }
    .compare(criterion, sweeps, &theirs.expect(rival::RUNS), n_replicas);
}

/// A random graph in which every site has `degree` neighbours, with normal couplings: as many
/// random cyclic permutations as there are pairs of neighbours, which is random enough for a clock.
fn regular(n: usize, degree: usize) -> Sparse {
    let philox = Philox::new(7, Purpose::Couplings, 0);
    let mut words = philox.words_from(0);
    let mut rows = vec![Vec::new(); n];
    for _ in 0..degree / 2 {
        let mut order: Vec<usize> = (0..n).collect();
        for k in (1..n).rev() {
            order.swap(k, words.below(k + 1));
        }
        for k in 0..n {
            let (i, j) = (order[k], order[(k + 1) % n]);
            let coupling = (0..12).map(|_| words.uniform()).sum::<f64>() - 6.0;
            rows[i].push((j as u32, coupling));
            rows[j].push((i as u32, coupling));
        }
    }
    let offsets = (0..=n).map(|site| site * degree).collect();
    let (neighbours, couplings) = rows.into_iter().flatten().unzip();
    Sparse::new(n, offsets, neighbours, couplings, None, rival::level()).expect("a graph")
}

fn main() {
    rival::beside_numpy(RIVAL, |criterion, rival| {
        let glass = edwards_anderson(&[128, 128], Disorder::PlusMinus, 1, rival::level())
            .expect("a lattice");
        bench(criterion, rival, "+-J, L=128", &glass, 64, 20);
        bench(criterion, rival, "+-J, L=128", &glass, 128, 20);
        let graph = regular(10_000, 6);
        bench(criterion, rival, "degree 6, N=10000", &graph, 64, 10);
        bench(criterion, rival, "degree 6, N=10000", &graph, 1, 50);
    });
}
