//! The exponential memory as one would write it down: the scalar truth that the fast paths equal, bit
//! for bit. Every sum goes over all patterns.

use super::{
    decides,
    levels::{Sides, energy},
};
use crate::{
    bits::bit,
    hopfield::{Dynamics, Outcome, Patterns, Update},
    rng::{Philox, Purpose},
};

/// The spin of pattern `mu` at a site.
fn xi(patterns: &Patterns, site: usize, mu: usize) -> i64 {
    if bit(patterns.rows().row(site), mu) { 1 } else { -1 }
}

/// M_mu of every pattern.
fn overlaps(patterns: &Patterns, spins: &[i8]) -> Vec<i64> {
    let overlap = |mu| (0..spins.len()).map(|i| xi(patterns, i, mu) * i64::from(spins[i])).sum();
    (0..patterns.n_patterns()).map(overlap).collect()
}

/// E = -ln sum_mu exp(M_mu).
pub fn reference_energy(patterns: &Patterns, spins: &[i8]) -> f64 {
    let overlaps = overlaps(patterns, spins);
    let largest = overlaps.iter().copied().max().unwrap_or(0);
    energy(overlaps.into_iter(), largest)
}

/// What a spin sees of all patterns.
fn sides(patterns: &Patterns, overlaps: &[i64], site: usize, spin: i8) -> Sides {
    let without = |mu: usize| overlaps[mu] - xi(patterns, site, mu) * i64::from(spin);
    let largest = (0..overlaps.len()).map(without).max().unwrap_or(0);
    let mut sides = Sides::new();
    for mu in 0..overlaps.len() {
        sides.add(((largest - without(mu)) / 2) as usize, xi(patterns, site, mu) > 0);
    }
    sides
}

/// The local field of every spin.
pub fn reference_fields(patterns: &Patterns, spins: &[i8]) -> Vec<f64> {
    let overlaps = overlaps(patterns, spins);
    (0..spins.len()).map(|i| sides(patterns, &overlaps, i, spins[i]).field()).collect()
}

/// Runs the dynamics on `spins`.
pub fn reference_recall(
    patterns: &Patterns,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    clamp: Option<&[bool]>,
) -> Outcome {
    let n = spins.len();
    let is_free = |site: usize| !clamp.is_some_and(|held| held[site]);
    let philox = Philox::new(dynamics.seed, Purpose::Dynamics, replica);
    let mut words = philox.words_from(0);
    let mut overlaps = overlaps(patterns, spins);
    let mut outcome = Outcome::default();
    while outcome.sweeps < dynamics.max_sweeps {
        let (first_word, flips_before) = (outcome.sweeps * n as u64, outcome.flips);
        for visit in 0..n as u64 {
            let site = if dynamics.update == Update::Random {
                words.seek(2 * (first_word + visit));
                words.below(n)
            } else {
                words.seek(first_word + visit);
                visit as usize
            };
            if !is_free(site) {
                continue;
            }
            let sides = sides(patterns, &overlaps, site, spins[site]);
            if decides(dynamics.beta, &sides, spins[site], &mut words) {
                spins[site] *= -1;
                for (mu, overlap) in overlaps.iter_mut().enumerate() {
                    *overlap += 2 * xi(patterns, site, mu) * i64::from(spins[site]);
                }
                outcome.flips += 1;
            }
        }
        outcome.sweeps += 1;
        if dynamics.beta == f64::INFINITY && outcome.flips == flips_before {
            let stays = |site: usize| {
                let sides = sides(patterns, &overlaps, site, spins[site]);
                !decides(f64::INFINITY, &sides, spins[site], &mut words.clone())
            };
            if (0..n).all(|site| !is_free(site) || stays(site)) {
                outcome.converged = true;
                outcome.cycle_length = 1;
                break;
            }
        }
    }
    outcome
}
