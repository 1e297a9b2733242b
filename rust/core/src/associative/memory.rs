//! What every associative memory answers.

use crate::{
    control::Control,
    error::Result,
    hopfield::{Dynamics, Hopfield, Outcome},
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
