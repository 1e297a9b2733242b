//! The Hopfield network as a spin model: sampled at any temperature, still without couplings.
//!
//! A visit weighs one row of patterns against the planes of all overlaps, as in `visits.rs`; the
//! heat bath here takes the same random numbers, so that it is the same dynamics bit for bit. The
//! pattern bits and the overlaps are exact, so a run goes on from its states alone.

use super::{
    Hopfield,
    overlaps::{OverlapPlanes, sign},
    recall::{self, Update},
};
use crate::{
    bits::bit,
    content::Content,
    control::Control,
    error::Result,
    rng::{Philox, Purpose},
    spins::{
        Descent, Dynamics, Held, Resting, SpinModel, Start, Walkers,
        acceptance::{heat_bath, metropolis},
        clusters::{Bonds, cluster_walkers},
    },
    team::Team,
};

/// Visits between two looks at the cancel flag.
const VISITS_PER_CHECK: usize = 1024;

impl SpinModel for Hopfield {
    fn n_spins(&self) -> usize {
        self.n_spins()
    }

    fn energy(&self, spins: &[i8]) -> f64 {
        let overlaps = self.overlaps(spins, &Control::default()).expect("nobody cancels");
        self.energy(spins, &overlaps)
    }

    /// All of them at the price of one.
    fn local_field(&self, spins: &[i8], site: usize) -> f64 {
        self.local_fields(spins, &Control::default()).expect("nobody cancels")[site]
    }

    fn local_fields(&self, spins: &[i8], fields: &mut [f64]) {
        let all = self.local_fields(spins, &Control::default()).expect("nobody cancels");
        fields.copy_from_slice(&all);
    }

    fn digest(&self, control: &Control) -> Result<u128> {
        let mut content = Content::of("hopfield", control);
        content.counts(&[self.n_spins(), self.n_patterns()])?;
        content.bytes(self.patterns().as_bytes())?;
        content.fields(self.associations.scaled_thresholds())?;
        Ok(content.digest())
    }

    fn descend(
        &self,
        spins: &mut [i8],
        held: &[bool],
        max_sweeps: u64,
        control: &Control,
    ) -> Result<Descent> {
        let held = (!held.is_empty()).then_some(held);
        let dynamics = recall::Dynamics {
            update: Update::Sequential,
            beta: f64::INFINITY,
            max_sweeps,
            seed: 0,
        };
        let recall::Outcome { sweeps, flips, converged, .. } =
            self.recall(&dynamics, 0, spins, held, control)?;
        Ok(Descent { sweeps, flips, converged })
    }

    fn walkers<'a>(
        &'a self,
        dynamics: Dynamics,
        start: &Start<'_>,
    ) -> Result<Box<dyn Walkers + 'a>> {
        if !dynamics.is_local() {
            return cluster_walkers(self, dynamics, start);
        }
        let n = self.n_spins();
        let replicas = start
            .spins
            .chunks(n)
            .zip(start.betas)
            .enumerate()
            .map(|(replica, (spins, &beta))| {
                let number = start.first + replica as u64;
                Ok(Replica {
                    spins: spins.to_vec(),
                    overlaps: OverlapPlanes::of_state(
                        &self.associations,
                        spins,
                        &Control::default(),
                    )?,
                    philox: Philox::new(start.seed, Purpose::Dynamics, number),
                    held: Held::new(n, start.held(replica, n)),
                    beta,
                    flips: 0,
                })
            })
            .collect::<Result<_>>()?;
        // That of independent patterns, thresholds aside.
        let resting = Resting::of_field((self.n_patterns() as f64 / n as f64).sqrt());
        let (reversed, sweeps) = (start.reversed, start.sweeps);
        Ok(Box::new(HopfieldWalkers { model: self, dynamics, resting, reversed, sweeps, replicas }))
    }
}

/// A single memory is a Mattis model: no frustration. With more there is.
impl Bonds for Hopfield {
    fn n_spins(&self) -> usize {
        self.n_spins()
    }

    fn each_neighbour(&self, site: usize, mut visit: impl FnMut(usize, f64)) {
        let rows = self.patterns().rows();
        let (row, p) = (rows.row(site), self.n_patterns());
        for other in (0..self.n_spins()).filter(|&other| other != site) {
            let neighbour = rows.row(other);
            let sum: i64 = (0..p).map(|mu| sign(bit(row, mu)) * sign(bit(neighbour, mu))).sum();
            visit(other, sum as f64 / self.n_spins() as f64);
        }
    }

    fn has_fields(&self) -> bool {
        !self.associations.has_no_thresholds()
    }

    fn energy(&self, spins: &[i8]) -> f64 {
        SpinModel::energy(self, spins)
    }
}

struct Replica<'a> {
    spins: Vec<i8>,
    overlaps: OverlapPlanes<'a>,
    philox: Philox,
    held: Held,
    beta: f64,
    flips: u64,
}

struct HopfieldWalkers<'a> {
    model: &'a Hopfield,
    dynamics: Dynamics,
    resting: Resting,
    reversed: bool,
    sweeps: u64,
    replicas: Vec<Replica<'a>>,
}

impl HopfieldWalkers<'_> {
    fn sweep_one(&mut self, replica: usize, control: &Control) -> Result<()> {
        let (fields, n) = (&self.model.associations, self.model.n_spins());
        let Replica { spins, overlaps, philox, held, beta, flips } = &mut self.replicas[replica];
        let is_heat_bath = self.dynamics.is_heat_bath_at(*beta);
        let is_cold = *beta == f64::INFINITY;
        let rests = self.resting.at(self.dynamics, *beta).share();
        let mut words = philox.words_from(self.sweeps * n as u64);
        for visit in 0..n {
            if visit % VISITS_PER_CHECK == 0 {
                control.check()?;
            }
            let site = if self.reversed { n - 1 - visit } else { visit };
            if held.holds(site) {
                words.seek(self.sweeps * n as u64 + visit as u64 + 1);
                continue;
            }
            let (mut weight, spin) = ([0], spins[site]);
            overlaps.weigh(&[site as u32], &mut weight);
            let integer = 2 * weight[0] + fields.constant_field(site, spin);
            let field = fields.scaled_field(site, integer) / n as f64;
            let accepted = if !is_heat_bath {
                // The smallest random numbers let the site rest, and the others are spread anew.
                let u = words.uniform();
                let cost = 2.0 * field * f64::from(spin);
                u >= rests && metropolis(*beta, cost, (u - rests) / (1.0 - rests))
            } else if is_cold {
                fields.flips(site, integer, spin)
            } else {
                heat_bath(*beta, field, words.uniform()) != (spin > 0)
            };
            if accepted {
                overlaps.flip(site, spin);
                spins[site] = -spin;
                *flips += 1;
            }
        }
        Ok(())
    }
}

impl Walkers for HopfieldWalkers<'_> {
    fn sweep(&mut self, sweeps: u64, _team: &Team, control: &Control) -> Result<()> {
        // A small network's sweep is too short to stop in, and its replicas then stay in step.
        let never = Control::default();
        let row = self.model.n_patterns().div_ceil(8);
        let control = if row * self.model.n_spins() < 1 << 28 { &never } else { control };
        for _ in 0..sweeps {
            for replica in 0..self.replicas.len() {
                self.sweep_one(replica, control)?;
            }
            self.sweeps += 1;
        }
        Ok(())
    }

    fn set_betas(&mut self, betas: &[f64]) {
        for (replica, &beta) in self.replicas.iter_mut().zip(betas) {
            replica.beta = beta;
        }
    }

    fn energies(&self, out: &mut [f64]) {
        for (replica, energy) in self.replicas.iter().zip(out) {
            *energy = self.model.energy(&replica.spins, &replica.overlaps.decode());
        }
    }

    fn magnetizations(&self, out: &mut [i64]) {
        for (replica, sum) in self.replicas.iter().zip(out) {
            *sum = replica.spins.iter().map(|&spin| i64::from(spin)).sum();
        }
    }

    fn flips(&self, out: &mut [u64]) {
        for (replica, flips) in self.replicas.iter().zip(out) {
            *flips = replica.flips;
        }
    }

    fn spins(&self, replica: usize, out: &mut [i8]) {
        out.copy_from_slice(&self.replicas[replica].spins);
    }
}
