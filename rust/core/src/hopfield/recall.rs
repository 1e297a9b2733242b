//! Recall: which dynamics, and what came of it.

use super::{Hopfield, associations::Associations, cycle::Cycle, synchronous, visits, window};
use crate::{control::Control, error::Result, rng::Words, spins::acceptance::heat_bath};

/// In which order spins are updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// Sites 0 to N - 1, one after the other.
    Sequential,
    /// N uniform draws of a site are one sweep.
    Random,
    /// All at once, from the fields of the same state (Little 1974).
    Synchronous,
}

/// A recall dynamics. `beta` infinite is zero temperature, otherwise the heat bath.
#[derive(Clone, Debug)]
pub struct Dynamics {
    /// The order of updates.
    pub update: Update,
    /// The inverse temperature.
    pub beta: f64,
    /// Sweeps after which to give up.
    pub max_sweeps: u64,
    /// Keys the random streams; a replica has the stream of its number.
    pub seed: u64,
}

/// What a recall did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Sweeps run, the one that found nothing to flip included.
    pub sweeps: u64,
    /// Spins flipped.
    pub flips: u64,
    /// Whether the state is a fixed point of the zero-temperature dynamics, seen to be one.
    pub converged: bool,
    /// 1 for a fixed point, the sweeps of a cycle (2 with symmetric couplings), 0 if neither was
    /// found.
    pub cycle_length: u64,
}

/// Looks at a run in site order after each sweep, at its number and at the spins that may flip, and
/// says whether it goes on.
pub type Watch<'a> = dyn FnMut(u64, &[i8]) -> bool + 'a;

impl Dynamics {
    /// Whether nothing is left to chance once the order is fixed.
    pub(crate) fn is_deterministic(&self) -> bool {
        self.beta == f64::INFINITY
    }

    /// Whether a visit flips the spin. Draws from `words` at finite temperature only.
    #[inline]
    pub(super) fn flips(
        &self,
        model: &Associations,
        site: usize,
        integer: i64,
        spin: i8,
        words: &mut Words<'_>,
    ) -> bool {
        if self.is_deterministic() {
            return model.flips(site, integer, spin);
        }
        let field = model.scaled_field(site, integer) / model.scale as f64;
        heat_bath(self.beta, field, words.uniform()) != (spin > 0)
    }
}

impl Hopfield {
    /// Runs the dynamics on `spins` until it comes to rest or has had its sweeps.
    ///
    /// `clamp` marks the spins that are held. On [`Error::Cancelled`](crate::error::Error) the
    /// spins are those of the moment.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn recall(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        clamp: Option<&[bool]>,
        control: &Control,
    ) -> Result<Outcome> {
        self.associations.recall(dynamics, replica, spins, clamp, control)
    }

    /// Runs the dynamics in site order, as [`Hopfield::recall`], for as long as `watch` lets it.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn recall_watched(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        watch: &mut Watch<'_>,
        control: &Control,
    ) -> Result<Outcome> {
        let sites = free_sites(spins.len(), None);
        window::run(&self.associations, dynamics, replica, spins, &sites, watch, control)
    }
}

impl Associations {
    /// Runs the dynamics of spins that answer to their own state, as [`Hopfield::recall`]. Unless the
    /// couplings are symmetric it may come back to any earlier state, which ends it.
    pub(super) fn recall(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        clamp: Option<&[bool]>,
        control: &Control,
    ) -> Result<Outcome> {
        match dynamics.update {
            Update::Synchronous => synchronous::run(self, dynamics, replica, spins, clamp, control),
            Update::Random => visits::run(self, dynamics, replica, spins, clamp, control),
            Update::Sequential => {
                let sites = free_sites(spins.len(), clamp);
                let free: Vec<i8> = sites.iter().map(|&site| spins[site as usize]).collect();
                let mut cycle = self.may_return(dynamics).then(|| Cycle::new(&free));
                let mut length = None;
                let mut watch = |_, spins: &[i8]| {
                    length = cycle.as_mut().and_then(|cycle| cycle.after_sweep(spins));
                    length.is_none()
                };
                let outcome =
                    window::run(self, dynamics, replica, spins, &sites, &mut watch, control)?;
                Ok(Outcome { cycle_length: length.unwrap_or(outcome.cycle_length), ..outcome })
            }
        }
    }

    /// Whether a run can come back to a state by a cycle of any length.
    pub(super) fn may_return(&self, dynamics: &Dynamics) -> bool {
        dynamics.is_deterministic() && !self.is_symmetric()
    }
}

/// The sites that may flip, in order.
pub(crate) fn free_sites(n_spins: usize, clamp: Option<&[bool]>) -> Vec<u32> {
    let held = |&site: &u32| clamp.is_some_and(|clamp| clamp[site as usize]);
    (0..n_spins as u32).filter(|site| !held(site)).collect()
}
