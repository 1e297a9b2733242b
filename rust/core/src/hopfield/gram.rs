//! The overlaps of the patterns with each other, G_mu,nu = sum_i xi_i^mu xi_i^nu, as a matrix.
//!
//! Read the other way round, pattern mu is one of P spins and spin i one of N patterns. The Hebbian
//! couplings of that set are the overlaps, so they come from the same popcounts; the diagonal is N.

use rayon::prelude::*;

use super::{Hopfield, Packing, Patterns, couplings};
use crate::{
    bits::bit,
    control::Control,
    error::{Error, Result},
    simd::Level,
};

/// Spins of all patterns that are bytes at a time: whole words.
const SPINS_AT_ONCE: usize = 512;

/// G, P x P, row after row. Runs on the current pool.
///
/// # Errors
/// [`Error::Overflow`] if N does not fit, [`Error::Memory`], [`Error::Cancelled`].
pub fn gram(patterns: &Patterns, level: Level, control: &Control) -> Result<Vec<i32>> {
    let (n, p) = (patterns.n_spins(), patterns.n_patterns());
    let Ok(largest) = i32::try_from(n) else {
        return Err(Error::Overflow(format!("overlaps of {n} spins do not fit in int32")));
    };
    let mut gram = Vec::new();
    if p.checked_mul(p).is_none_or(|size| gram.try_reserve_exact(size).is_err()) {
        let need = 4e-9 * (p as f64).powi(2);
        return Err(Error::Memory(format!("the overlaps of {p} patterns need {need:.1} GB")));
    }
    gram.resize(p * p, 0);
    let network = Hopfield::new(&exchanged(patterns, control)?, None, level)?;
    couplings(&network, &mut gram, control)?;
    for mu in 0..p {
        gram[mu * p + mu] = largest;
    }
    Ok(gram)
}

/// The set whose patterns are the spins of this one.
fn exchanged(patterns: &Patterns, control: &Control) -> Result<Patterns> {
    let (n, p) = (patterns.n_spins(), patterns.n_patterns());
    let mut packing = Packing::new(n, p)?;
    let mut spins = vec![0; SPINS_AT_ONCE.min(n) * p];
    for first in (0..n).step_by(SPINS_AT_ONCE) {
        let some = &mut spins[..SPINS_AT_ONCE.min(n - first) * p];
        some.par_chunks_mut(p).enumerate().try_for_each(|(k, spins)| {
            control.check()?;
            let row = patterns.rows().row(first + k);
            for (mu, spin) in spins.iter_mut().enumerate() {
                *spin = if bit(row, mu) { 1 } else { -1 };
            }
            Ok(())
        })?;
        packing.extend(some, control)?;
    }
    packing.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_sums_over_spins_on_every_level() {
        let control = Control::default();
        for (p, n) in [(1, 1), (3, 7), (65, 130), (130, 700)] {
            let set = Patterns::random(p, n, 3, Level::Portable, &control).unwrap();
            let spins = set.to_spins(&(0..p).collect::<Vec<_>>(), &control).unwrap();
            let product = |a: &[i8], b: &[i8]| -> i32 {
                a.iter().zip(b).map(|(&a, &b)| i32::from(a * b)).sum()
            };
            let expected: Vec<i32> =
                spins.chunks(n).flat_map(|a| spins.chunks(n).map(move |b| product(a, b))).collect();
            for level in Level::available() {
                let found = gram(&set, level, &control).unwrap();
                assert_eq!(found, expected, "P = {p}, N = {n}, {level}");
            }
        }
    }
}
