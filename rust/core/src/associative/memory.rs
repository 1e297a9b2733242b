//! What every associative memory answers, and what is known of a recall.

use rayon::prelude::*;

use super::paired::nearest;
use crate::{
    control::Control,
    error::Result,
    hopfield::{Dynamics, Hopfield, Outcome, Sequence},
};

/// P patterns of N spins, recalled by a dynamics.
pub trait Memory: Sync {
    /// N.
    fn n_spins(&self) -> usize;

    /// P.
    fn n_patterns(&self) -> usize;

    /// M_mu = sum_i xi_i^mu s_i for every pattern.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>>;

    /// The energy of a state with these overlaps.
    fn energy(&self, spins: &[i8], overlaps: &[i64]) -> f64;

    /// h_i of every spin: 2 h_i s_i is what its flip costs.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    fn local_fields(&self, spins: &[i8], control: &Control) -> Result<Vec<f64>>;

    /// Runs the dynamics on `spins` until it comes to rest or has had its sweeps.
    ///
    /// `clamp` marks the spins that are held. When cancelled, the spins are those of the moment.
    ///
    /// # Errors
    /// [`Error::Value`](crate::error::Error::Value) for an update that the memory does not have,
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    fn recall(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        clamp: Option<&[bool]>,
        control: &Control,
    ) -> Result<Outcome>;
}

impl Memory for Hopfield {
    fn n_spins(&self) -> usize {
        self.n_spins()
    }

    fn n_patterns(&self) -> usize {
        self.n_patterns()
    }

    fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        self.overlaps(spins, control)
    }

    fn energy(&self, spins: &[i8], overlaps: &[i64]) -> f64 {
        self.energy(spins, overlaps)
    }

    fn local_fields(&self, spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        self.local_fields(spins, control)
    }

    fn recall(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        clamp: Option<&[bool]>,
        control: &Control,
    ) -> Result<Outcome> {
        self.recall(dynamics, replica, spins, clamp, control)
    }
}

impl Memory for Sequence {
    fn n_spins(&self) -> usize {
        self.n_spins()
    }

    fn n_patterns(&self) -> usize {
        self.n_patterns()
    }

    fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        self.overlaps(spins, control)
    }

    /// NaN: there is none.
    fn energy(&self, _spins: &[i8], _overlaps: &[i64]) -> f64 {
        f64::NAN
    }

    fn local_fields(&self, spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        self.local_fields(spins, control)
    }

    fn recall(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        clamp: Option<&[bool]>,
        control: &Control,
    ) -> Result<Outcome> {
        self.recall(dynamics, replica, spins, clamp, control)
    }
}

/// A state that is to be recalled, and what comes of it: nothing if the call was cancelled before.
pub struct Replica<'a> {
    /// Start and final state. On [`Error::Cancelled`](crate::error::Error) that of the moment.
    pub spins: &'a mut [i8],
    /// Marks the spins that are held.
    pub clamp: Option<&'a [bool]>,
    /// What the recall did.
    pub recalled: &'a mut Option<Recalled>,
}

/// What is known of one recall.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recalled {
    /// Sweeps and flips.
    pub outcome: Outcome,
    /// The pattern nearest to the start, the first of several.
    pub pattern: usize,
    /// M of the start with it.
    pub start_overlap: i64,
    /// M of the final state with it.
    pub overlap: i64,
    /// The pattern nearest to the final state.
    pub best_pattern: usize,
    /// M of the final state with it.
    pub best_overlap: i64,
    /// The energy of the final state.
    pub energy: f64,
}

impl Recalled {
    /// From the overlaps with all patterns before and after.
    fn new(outcome: Outcome, start: &[i64], end: &[i64], energy: f64) -> Self {
        let (pattern, best_pattern) = (nearest(start), nearest(end));
        Self {
            outcome,
            pattern,
            start_overlap: start[pattern],
            overlap: end[pattern],
            best_pattern,
            best_overlap: end[best_pattern],
            energy,
        }
    }
}

/// Recalls the replicas side by side on the current pool: replica k has the random stream k.
///
/// # Errors
/// As [`Memory::recall`].
pub fn recall_each(
    memory: &impl Memory,
    dynamics: &Dynamics,
    replicas: &mut [Replica<'_>],
    control: &Control,
) -> Result<()> {
    replicas.par_iter_mut().with_max_len(1).enumerate().try_for_each(|(number, replica)| {
        let start = memory.overlaps(replica.spins, control)?;
        let (spins, clamp) = (&mut *replica.spins, replica.clamp);
        let outcome = memory.recall(dynamics, number as u64, spins, clamp, control)?;
        let end = memory.overlaps(spins, control)?;
        let energy = memory.energy(spins, &end);
        *replica.recalled = Some(Recalled::new(outcome, &start, &end, energy));
        control.advance(1);
        Ok(())
    })
}
