//! Dense models, and replicas of them on their way, for the tests of both.

#![allow(dead_code, reason = "not every test file needs all of it")]

use spinglass_core::{
    control::Control,
    dense::Dense,
    rng::{Philox, Purpose},
    simd::Level,
    spins::{Dynamics, SpinModel, Start, Walkers},
    team::Team,
};

/// The dynamics of dense models.
pub const RULES: [Dynamics; 2] = [Dynamics::Metropolis, Dynamics::HeatBath];

/// Symmetric couplings and fields of order 1, on no grid.
pub fn instance(n: usize, seed: u64, level: Level) -> Dense {
    let stream = Philox::new(seed, Purpose::Couplings, 1 << 40);
    let mut words = stream.words_from(0);
    let mut couplings = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..i {
            let value = (words.uniform() - 0.5) * (3.0 / n as f64).sqrt();
            couplings[i * n + j] = value;
            couplings[j * n + i] = value;
        }
    }
    let fields = (0..n).map(|_| words.uniform() - 0.4).collect();
    Dense::new(n, couplings, Some(fields), level).unwrap()
}

/// Independent uniform spins.
pub fn random_spins(n: usize, seed: u64) -> Vec<i8> {
    let stream = Philox::new(seed, Purpose::Start, 7);
    let mut words = stream.words_from(0);
    (0..n).map(|_| if words.next_word() >> 63 == 1 { 1 } else { -1 }).collect()
}

/// Replicas on their way, whose states are read as a whole.
pub struct Group<'a> {
    pub walkers: Box<dyn Walkers + 'a>,
    n_spins: usize,
    n_replicas: usize,
}

impl<'a> Group<'a> {
    pub fn new(model: &'a Dense, dynamics: Dynamics, start: &Start<'_>) -> Self {
        let walkers = model.walkers(dynamics, start).unwrap();
        Self { walkers, n_spins: model.n_spins(), n_replicas: start.n_replicas() }
    }

    pub fn sweep(&mut self, sweeps: u64) {
        self.walkers.sweep(sweeps, &Team::alone(), &Control::default()).unwrap();
    }

    pub fn spins(&self) -> Vec<i8> {
        let mut spins = vec![0; self.n_spins * self.n_replicas];
        for (k, spins) in spins.chunks_mut(self.n_spins).enumerate() {
            self.walkers.spins(k, spins);
        }
        spins
    }

    pub fn energies(&self) -> Vec<f64> {
        let mut energies = vec![0.0; self.n_replicas];
        self.walkers.energies(&mut energies);
        energies
    }

    pub fn flips(&self) -> Vec<u64> {
        let mut flips = vec![0; self.n_replicas];
        self.walkers.flips(&mut flips);
        flips
    }
}
