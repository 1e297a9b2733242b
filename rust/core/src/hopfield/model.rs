//! The network itself: fields, energies, overlaps.

use super::{associations::Associations, patterns::Patterns};
use crate::{control::Control, error::Result, simd::Level};

/// A Hopfield network with Hebbian couplings and thresholds.
pub struct Hopfield {
    /// Each pattern answers itself.
    pub(super) associations: Associations,
}

impl Hopfield {
    /// The network that stores `patterns`, with one threshold a spin or none.
    ///
    /// # Errors
    /// [`Error::Value`](crate::error::Error::Value) if the thresholds are not N finite numbers.
    pub fn new(patterns: &Patterns, thresholds: Option<&[f64]>, level: Level) -> Result<Self> {
        Ok(Self { associations: Associations::of_themselves(patterns, thresholds, level)? })
    }

    /// N.
    pub fn n_spins(&self) -> usize {
        self.patterns().n_spins()
    }

    /// P.
    pub fn n_patterns(&self) -> usize {
        self.patterns().n_patterns()
    }

    pub(crate) fn patterns(&self) -> &Patterns {
        &self.associations.cues
    }

    /// M_mu = sum_i xi_i^mu s_i for every pattern.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        self.associations.overlaps(spins, control)
    }

    /// The local field of every spin, threshold included.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn local_fields(&self, spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        self.associations.local_fields(spins, spins, control)
    }

    /// The energy of a state whose overlaps are known:
    /// E = -(1 / 2N) (sum_mu M_mu^2 - N P) + sum_i theta_i s_i.
    pub fn energy(&self, spins: &[i8], overlaps: &[i64]) -> f64 {
        let n = self.n_spins();
        let squares: i128 = overlaps.iter().map(|&overlap| i128::from(overlap).pow(2)).sum();
        let pairs = squares - n as i128 * self.n_patterns() as i128;
        let thresholds = self.associations.scaled_thresholds();
        let thresholds: f64 =
            thresholds.iter().zip(spins).map(|(theta, &s)| theta * f64::from(s)).sum();
        (thresholds - pairs as f64 / 2.0) / n as f64
    }
}
