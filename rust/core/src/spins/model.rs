//! What every spin model can do, and what is done to it: the two traits over which sampling,
//! annealing and tempering are written once.
//!
//! A fast kernel fuses a model with its move, and moves many replicas at a time. So a model does
//! not offer "one update", but [`Walkers`]: replicas on their way, which sweep on demand.

use std::ops::Range;

use super::{Descent, Link, links};
use crate::{
    bits::{CHUNK_BITS, Chunk},
    control::Control,
    error::Result,
    team::Team,
};

/// How a spin, or a cluster of spins, takes its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dynamics {
    /// Accept a flip with probability min(1, exp(-beta dE)) (Metropolis et al., J. Chem. Phys. 21,
    /// 1087 (1953)). In each sweep some sites rest: see [`Resting`](super::Resting). At beta = 0 every
    /// flip would be accepted and a sweep would reverse all spins; there it is the heat bath.
    Metropolis,
    /// Draw the spin from its distribution given the others (Glauber, J. Math. Phys. 4, 294 (1963)).
    HeatBath,
    /// Flip one cluster around a random site (Wolff, Phys. Rev. Lett. 62, 361 (1989)).
    Wolff,
    /// Give every cluster a random sign (Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987)).
    SwendsenWang,
}

impl Dynamics {
    /// The name that Python uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Metropolis => "metropolis",
            Self::HeatBath => "heat-bath",
            Self::Wolff => "wolff",
            Self::SwendsenWang => "swendsen-wang",
        }
    }

    /// Whether spins are updated one by one, not in clusters.
    pub fn is_local(self) -> bool {
        matches!(self, Self::Metropolis | Self::HeatBath)
    }

    /// Whether sites rest at this temperature: see [`Resting`](super::Resting).
    pub fn rests_at(self, beta: f64) -> bool {
        self == Self::Metropolis && beta > 0.0
    }

    /// Whether a local update at this temperature is the heat bath.
    pub fn is_heat_bath_at(self, beta: f64) -> bool {
        self == Self::HeatBath || beta == 0.0
    }
}

/// Where replicas begin.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start<'a> {
    /// Keys the random streams.
    pub seed: u64,
    /// The number of the first replica, a multiple of [`SpinModel::block`]. A replica's trajectory
    /// depends on the seed and on its own number alone.
    pub first: u64,
    /// Sweeps that lie behind: the streams go on from there.
    pub sweeps: u64,
    /// The inverse temperature of each replica, 0 to infinity.
    pub betas: &'a [f64],
    /// The states, replica after replica.
    pub spins: &'a [i8],
    /// What [`Walkers::streams`] gave after these sweeps; empty for a fresh start.
    pub streams: &'a [u64],
    /// Which spins keep their value, replica after replica; empty if all are free. A sweep passes
    /// over them, so that the others follow the Boltzmann law given their values.
    pub held: &'a [bool],
    /// Whether sweeps visit the sites in the opposite order: the time reversal of those that do not.
    pub reversed: bool,
}

impl Start<'_> {
    /// How many replicas begin here.
    pub fn n_replicas(&self) -> usize {
        self.betas.len()
    }

    /// Which spins of a replica of `n_spins` spins keep their value; empty if all are free.
    pub fn held(&self, replica: usize, n_spins: usize) -> &[bool] {
        self.held.get(replica * n_spins..(replica + 1) * n_spins).unwrap_or(&[])
    }
}

/// The couplings of a model as they were given, and as they are kept.
#[derive(Clone, Copy, Debug)]
pub enum Couplings<'a> {
    /// All N x N of them, row after row.
    Dense(&'a [f64]),
    /// Compressed sparse rows; a pair may stand twice in a row.
    Rows {
        /// Where each row begins, and where the last one ends.
        offsets: &'a [usize],
        /// The neighbours of each site.
        neighbours: &'a [u32],
        /// Their couplings.
        values: &'a [f64],
    },
    /// They follow from something else and are not kept.
    Implied,
}

/// A model of N spins -1 and +1: E(s) = -1/2 sum_{i!=j} J_ij s_i s_j - sum_i h_i s_i.
pub trait SpinModel: Send + Sync {
    /// N.
    fn n_spins(&self) -> usize;

    /// The total energy of a state, from the couplings as they were given.
    fn energy(&self, spins: &[i8]) -> f64;

    /// sum_j J_ij s_j + h_i of one spin, from the couplings as they were given.
    fn local_field(&self, spins: &[i8], site: usize) -> f64;

    /// The fields of all spins.
    fn local_fields(&self, spins: &[i8], fields: &mut [f64]) {
        for (site, field) in fields.iter_mut().enumerate() {
            *field = self.local_field(spins, site);
        }
    }

    /// Moves a state to a local minimum, or by `max_sweeps` sweeps, but for the spins that are
    /// `held` (empty: none); see [`Descent::run`].
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    fn descend(
        &self,
        spins: &mut [i8],
        held: &[bool],
        max_sweeps: u64,
        control: &Control,
    ) -> Result<Descent> {
        Descent::run(spins, held, max_sweeps, control, |spins, site| self.local_field(spins, site))
    }

    /// The couplings, where they are kept.
    fn couplings(&self) -> Couplings<'_> {
        Couplings::Implied
    }

    /// Whether comparing a few replicas costs little beside their sweeps: not on lattices, which take
    /// less time to sweep than to unpack.
    fn overlaps_are_cheap(&self) -> bool {
        true
    }

    /// Whether [`Walkers::bits`] takes less than [`Walkers::side_by_side`].
    fn keeps_bits(&self, _dynamics: Dynamics) -> bool {
        false
    }

    /// How many bonds [`SpinModel::links`] has.
    fn n_bonds(&self) -> usize {
        match self.couplings() {
            Couplings::Rows { values, .. } => values.iter().filter(|&&j| j != 0.0).count() / 2,
            Couplings::Dense(_) | Couplings::Implied => 0,
        }
    }

    /// The bonds that are not zero, each once, where they are kept or follow from a lattice: none
    /// where all pairs are coupled. A pair with two bonds has both.
    fn links(&self) -> Vec<Link> {
        match self.couplings() {
            Couplings::Rows { offsets, neighbours, values } => {
                links::of_rows(offsets, neighbours, values)
            }
            Couplings::Dense(_) | Couplings::Implied => Vec::new(),
        }
    }

    /// A digest of the couplings and fields as they are kept: models of one digest have the same
    /// trajectories, bit for bit, and a run of one goes on with the other.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    fn digest(&self, control: &Control) -> Result<u128>;

    /// The site whose local field sweeps round with most harm, and the error there. At zero
    /// temperature the harm is a sign that is turned or lost.
    fn worst_rounding(&self, _at_zero_temperature: bool) -> Option<(usize, f64)> {
        None
    }

    /// Replicas come in blocks of this many: 64 where they share the bits of a word, otherwise 1.
    fn block(&self, _dynamics: Dynamics, _n_replicas: usize) -> usize {
        1
    }

    /// How many replicas gain from moving together (the last group may have fewer). It must not
    /// change any result.
    fn together(&self, dynamics: Dynamics, n_replicas: usize) -> usize {
        self.block(dynamics, n_replicas)
    }

    /// Replicas on their way.
    ///
    /// # Errors
    /// [`Error::Value`](crate::error::Error::Value) if the model has no such dynamics (clusters in
    /// a frustrated model, or in a field), [`Error::Memory`](crate::error::Error::Memory).
    fn walkers<'a>(
        &'a self,
        dynamics: Dynamics,
        start: &Start<'_>,
    ) -> Result<Box<dyn Walkers + 'a>>;
}

/// Replicas of one model on their way, all at the same number of sweeps.
pub trait Walkers: Send + Sync {
    /// Moves every replica by `sweeps` sweeps. A sweep that takes long looks at `control` within
    /// it; nobody else looks, so that all replicas stand at the same sweep when sampling stops.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled); the states are then some valid ones.
    fn sweep(&mut self, sweeps: u64, team: &Team, control: &Control) -> Result<()>;

    /// Gives the replicas new inverse temperatures.
    fn set_betas(&mut self, betas: &[f64]);

    /// The total energy of each replica.
    fn energies(&self, out: &mut [f64]);

    /// The sum of the spins of each replica.
    fn magnetizations(&self, out: &mut [i64]);

    /// Spins flipped so far by each replica.
    fn flips(&self, out: &mut [u64]);

    /// The state of one replica.
    fn spins(&self, replica: usize, out: &mut [i8]);

    /// The states of up to eight `replicas` side by side: bit r of `out[site]` is set where the spin
    /// of the r-th of them points up. The first is a multiple of eight.
    fn side_by_side(&self, replicas: Range<usize>, out: &mut [u8]) {
        let mut spins = vec![0; out.len()];
        out.fill(0);
        for (bit, replica) in replicas.enumerate() {
            self.spins(replica, &mut spins);
            for (out, &spin) in out.iter_mut().zip(&spins) {
                *out |= u8::from(spin > 0) << bit;
            }
        }
    }

    /// The state of one replica as bits in the order of the sites, with zeros after the last one.
    fn bits(&self, replica: usize, n_spins: usize, out: &mut [Chunk]) {
        let mut spins = vec![0; n_spins];
        self.spins(replica, &mut spins);
        out.fill(Chunk::default());
        for (site, &spin) in spins.iter().enumerate() {
            out[site / CHUNK_BITS].set_bit(site % CHUNK_BITS, spin > 0);
        }
    }

    /// What the random streams remember beyond the number of sweeps: nothing, where they are
    /// counter-based.
    fn streams(&self) -> Vec<u64> {
        Vec::new()
    }
}
