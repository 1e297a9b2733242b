//! The couplings of Sherrington and Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975): independent, of
//! mean 0 and variance 1/N.
//!
//! Each value is rounded to a multiple of a power of two, coarse enough that the integers of
//! `spins/fixed_point.rs` hold it exactly: then the fields of a run, and energies measured from them,
//! are those of the couplings to the last bit. The grid is finest where the sums of a row allow it:
//! (sqrt(N) + 9) / 2^30 to twice that, about N / 10^9 of a standard deviation once N is large. It moves
//! the variance by less than 1e-12 of itself at N = 1000 and 1e-8 at N = 10^5.

use rayon::prelude::*;

use super::memory::zeros;
use crate::{
    control::checkpoint,
    error::{Error, Result},
    rng::{Philox, Purpose},
    spins::gaussian::gaussian,
};

/// The distribution of the couplings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disorder {
    /// Normal.
    Gaussian,
    /// -1/sqrt(N) and 1/sqrt(N), each with probability 1/2.
    PlusMinus,
}

/// The N x N matrix, row after row: symmetric, with zero diagonal. Coupling (i, j), i < j, is made of
/// word j - i - 1 of stream i of `seed`.
///
/// # Errors
/// [`Error::Value`] for no spins, [`Error::Memory`].
pub fn sherrington_kirkpatrick(n_spins: usize, disorder: Disorder, seed: u64) -> Result<Vec<f64>> {
    if n_spins == 0 {
        return Err(Error::expected("n_spins", "at least 1", 0));
    }
    let mut couplings = zeros(n_spins.checked_mul(n_spins), 0.0, "the couplings")?;
    let (grid, deviation) = (grid(n_spins), (1.0 / n_spins as f64).sqrt());
    // Near 1.5 * 2^52 grids, numbers are whole grids: adding that rounds, exactly as rounding would.
    let origin = grid * (3u64 << 51) as f64;
    let on_grid = |value: f64| (value + origin) - origin;
    let magnitude = on_grid(deviation);
    couplings.par_chunks_exact_mut(n_spins).panic_fuse().enumerate().for_each(|(i, row)| {
        checkpoint();
        let stream = Philox::new(seed, Purpose::Couplings, i as u64);
        let mut words = stream.words_from(0);
        for coupling in &mut row[i + 1..] {
            let word = words.next_word();
            *coupling = match disorder {
                Disorder::Gaussian => on_grid(gaussian(word) * deviation),
                Disorder::PlusMinus if word >> 63 == 1 => magnitude,
                Disorder::PlusMinus => -magnitude,
            };
        }
    });
    mirror(&mut couplings, n_spins);
    Ok(couplings)
}

/// What couplings are multiples of: 2^-k with the largest k such that no row outgrows 30 bits.
///
/// The sum of a row's magnitudes is sqrt(N) for `PlusMinus`. For `Gaussian` its mean is below
/// sqrt(2 N / pi), and as a function of N - 1 standard normal variables it changes by less than their
/// distance, so it exceeds its mean by 9 with a probability below exp(-81 / 2) = 3e-18 (concentration
/// of Gaussian measure). A row that does so nevertheless is rounded once more in the fixed point.
fn grid(n_spins: usize) -> f64 {
    let n = n_spins as f64;
    let units = ((1u32 << 30) as f64 - n - 1.0) / (n.sqrt() + 9.0);
    // The exponent of the quotient; the fraction is cut off.
    2f64.powi(1023 - (units.max(1.0).to_bits() >> 52) as i32)
}

/// Writes the upper triangle into the lower one, in squares that fit the cache.
fn mirror(couplings: &mut [f64], n: usize) {
    const SIDE: usize = 32;
    for first_row in (0..n).step_by(SIDE) {
        checkpoint();
        for first_column in (0..=first_row).step_by(SIDE) {
            for i in first_row..n.min(first_row + SIDE) {
                for j in first_column..i.min(first_column + SIDE) {
                    couplings[i * n + j] = couplings[j * n + i];
                }
            }
        }
    }
}
