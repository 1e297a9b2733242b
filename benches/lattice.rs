//! Square and cubic lattices, each beside a vectorised checkerboard in NumPy.
//!
//! Throughput is spin updates a second: both sides do whole sweeps of Metropolis moves of one
//! lattice, and must agree in the energy before they are timed. `README.md` tells what came out.

mod rival;
#[path = "rival/sweeps.rs"]
mod sweeps;

use std::ffi::CStr;

use criterion::Criterion;
use pyo3::prelude::*;
use spinglass_core::lattice::Lattice;
use sweeps::Sweeps;

const RIVAL: &CStr = cr#"
import numpy as np

class Checkerboard:
    """Half of the sites at a time, by array operations; the fastest plain NumPy we know."""

    def __init__(self, shape, beta, field):
        self.s = np.ones(shape, dtype=np.int8)
        self.beta, self.field = np.float32(beta), np.float32(field)
        self.odd = np.indices(shape).sum(axis=0) % 2 == 1
        self.rng = np.random.default_rng(1)
        # exp(-beta dE) by spin times sum of neighbours, dE = 2 (s sum + field s)
        self.degree = 2 * len(shape)
        sums = np.arange(-self.degree, self.degree + 1)
        self.accept = {
            spin: np.exp(np.minimum(0, -2 * beta * spin * (sums + field))).astype(np.float32)
            for spin in (-1, 1)
        }

    def sums(self):
        return sum(np.roll(self.s, step, axis) for axis in range(self.s.ndim) for step in (1, -1))

    def run(self, n_sweeps):
        for _ in range(n_sweeps):
            for colour in (self.odd, ~self.odd):
                sums = self.sums() + np.int8(self.degree)
                chance = np.where(self.s > 0, self.accept[1][sums], self.accept[-1][sums])
                flip = colour & (self.rng.random(self.s.shape, dtype=np.float32) < chance)
                self.s[flip] *= -1
        return -(self.s * (self.sums() / 2 + self.field)).mean()
"#;

fn bench(
    criterion: &mut Criterion,
    rival: &Bound<'_, PyModule>,
    shape: &[usize],
    beta: f64,
    field: f64,
    sweeps: u64,
) {
    let model = Lattice::new(shape, 1.0, field, rival::level()).expect("a lattice");
    let theirs = rival.getattr("Checkerboard").and_then(|class| class.call1((shape, beta, field)));
    let name: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let field = if field == 0.0 { String::new() } else { format!(", field={field}") };
    let spins: usize = shape.iter().product();
    Sweeps {
        name: format!("lattice/{}{field}", name.join("x")),
        model: &model,
        beta,
        n_replicas: 1,
        warmup: 30,
        // Five standard deviations of the difference, with a specific heat of 2 per spin.
        tolerance: 5.0 * (4.0 / spins as f64).sqrt() / beta,
    }
    .compare(criterion, sweeps, &theirs.expect(rival::RUNS), 1);
}

fn main() {
    rival::beside_numpy(RIVAL, |criterion, rival| {
        bench(criterion, rival, &[1024, 1024], 0.44, 0.0, 100);
        bench(criterion, rival, &[4096, 4096], 0.44, 0.0, 10);
        bench(criterion, rival, &[1024, 1024], 0.44, 0.1, 10);
        bench(criterion, rival, &[64, 64], 0.44, 0.0, 1000);
        bench(criterion, rival, &[128, 128, 128], 0.22, 0.0, 10);
    });
}
