//! The exponential memory: E(s) = -ln sum_mu exp(xi^mu . s).
//!
//! Demircigil, Heusel, Lowe, Upgang and Vermet, J. Stat. Phys. 168, 288 (2017), whose energy is
//! -sum_mu exp(xi^mu . s): the logarithm is monotone, so that the dynamics at zero temperature is the
//! same, and finite for every N. It stores about 2^{N/2} patterns. Near a pattern no other one counts,
//! and a recall is a search for the nearest pattern.
//!
//! `levels.rs` says what the sum is, `reference.rs` is the dynamics as one would write it down, and
//! `near.rs` and `recall.rs` do the same with the few patterns that count, bit for bit. Permuting the
//! patterns changes nothing at all.

mod levels;
mod near;
mod recall;
mod reference;

use rayon::prelude::*;

use self::near::Near;
pub use self::reference::{reference_energy, reference_fields, reference_recall};
use super::scan::{Nearest, PatternScan};
use crate::{
    control::Control, error::Result, hopfield::Patterns, rng::Words, simd::Level,
    spins::acceptance::heat_bath,
};

/// A memory whose patterns weigh as the exponentials of their overlaps.
pub struct ExponentialMemory {
    scan: PatternScan,
}

impl ExponentialMemory {
    /// The memory that stores `patterns`, laid out on the current pool.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::error::Error::Memory),
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn new(patterns: &Patterns, level: Level, control: &Control) -> Result<Self> {
        Ok(Self { scan: PatternScan::new(patterns, level, control)? })
    }

    /// N.
    pub fn n_spins(&self) -> usize {
        self.scan.n_spins()
    }

    /// P.
    pub fn n_patterns(&self) -> usize {
        self.scan.n_patterns()
    }

    /// M_mu of every pattern, for each of the states: state after state.
    ///
    /// # Errors
    /// As [`PatternScan::overlaps`].
    pub fn overlaps(&self, states: &[i8], control: &Control) -> Result<Vec<i64>> {
        self.scan.overlaps(states, control)
    }

    /// The nearest pattern of each of the states.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn nearest(&self, states: &[i8], control: &Control) -> Result<Vec<Nearest>> {
        self.scan.nearest(states, control)
    }

    /// The energy of each of the states.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn energies(&self, states: &[i8], control: &Control) -> Result<Vec<f64>> {
        let energies = |states: &[i8]| {
            let near = Near::of_states(&self.scan, states, control)?;
            Ok(near.iter().map(Near::energy).collect::<Vec<_>>())
        };
        let shares = states.par_chunks(self.scan.share(states.len()));
        let energies: Result<Vec<_>> = shares.map(energies).collect();
        Ok(energies?.concat())
    }

    /// The local field of every spin of each of the states.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn local_fields(&self, states: &[i8], control: &Control) -> Result<Vec<f64>> {
        let n = self.n_spins();
        let mut fields = vec![0.0; states.len()];
        let share = self.scan.share(states.len());
        let shares = states.par_chunks(share).zip(fields.par_chunks_mut(share));
        shares.try_for_each(|(states, fields)| {
            let near = Near::of_states(&self.scan, states, control)?;
            let rows = states.chunks_exact(n).zip(fields.chunks_exact_mut(n));
            for (near, (spins, fields)) in near.iter().zip(rows) {
                for (site, (&spin, field)) in spins.iter().zip(fields).enumerate() {
                    control.check()?;
                    *field = near.sides(site, spin).field();
                }
            }
            Ok(())
        })?;
        Ok(fields)
    }
}

/// Whether a visit flips the spin. Draws from `words` at finite temperature only.
#[inline]
fn decides(beta: f64, sides: &levels::Sides, spin: i8, words: &mut Words<'_>) -> bool {
    if beta == f64::INFINITY {
        return sides.balance() * f64::from(spin) < 0.0;
    }
    heat_bath(beta, sides.field(), words.uniform()) != (spin > 0)
}
