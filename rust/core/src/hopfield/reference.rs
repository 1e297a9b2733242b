//! Recall as one would write it down: the scalar truth that the fast paths equal, bit for bit.

use super::{
    Hopfield,
    overlaps::sign,
    recall::{Dynamics, Outcome, Update, free_sites},
};
use crate::rng::{Philox, Purpose};

/// Runs the dynamics on `spins` with plain loops over patterns.
pub fn recall(
    model: &Hopfield,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    clamp: Option<&[bool]>,
) -> Outcome {
    let n = spins.len();
    let mut overlaps = vec![0i64; model.n_patterns()];
    for (i, &spin) in spins.iter().enumerate() {
        add(model, &mut overlaps, i, i64::from(spin));
    }
    let free = free_sites(n, clamp);
    let philox = Philox::new(dynamics.seed, Purpose::Dynamics, replica);
    let mut words = philox.words_from(0);
    let mut outcome = Outcome::default();
    let mut flipped_before: Vec<usize> = Vec::new();

    while outcome.sweeps < dynamics.max_sweeps {
        let first_word = outcome.sweeps * n as u64;
        let mut flipped = Vec::new();
        for visit in 0..n as u64 {
            let site = if dynamics.update == Update::Random {
                words.seek(2 * (first_word + visit));
                words.below(n)
            } else {
                words.seek(first_word + visit);
                visit as usize
            };
            if clamp.is_some_and(|held| held[site]) {
                continue;
            }
            let integer = field(model, &overlaps, site, spins[site]);
            if dynamics.flips(model, site, integer, spins[site], &mut words) {
                flipped.push(site);
                if dynamics.update != Update::Synchronous {
                    flip(model, &mut overlaps, spins, site);
                }
            }
        }
        if dynamics.update == Update::Synchronous {
            for &site in &flipped {
                flip(model, &mut overlaps, spins, site);
            }
        }
        outcome.sweeps += 1;
        outcome.flips += flipped.len() as u64;
        if dynamics.is_deterministic() {
            let stable = |&site: &u32| {
                let site = site as usize;
                !model.flips(site, field(model, &overlaps, site, spins[site]), spins[site])
            };
            if flipped.is_empty() && free.iter().all(stable) {
                outcome.converged = true;
                outcome.cycle_length = 1;
                break;
            }
            if dynamics.update == Update::Synchronous && flipped == flipped_before {
                outcome.cycle_length = 2;
                break;
            }
        }
        flipped_before = flipped;
    }
    outcome
}

fn flip(model: &Hopfield, overlaps: &mut [i64], spins: &mut [i8], site: usize) {
    spins[site] *= -1;
    add(model, overlaps, site, 2 * i64::from(spins[site]));
}

/// M_mu += amount xi_i^mu.
fn add(model: &Hopfield, overlaps: &mut [i64], site: usize, amount: i64) {
    let row = model.patterns.rows().row(site);
    for (mu, overlap) in overlaps.iter_mut().enumerate() {
        *overlap += amount * sign(crate::bits::bit(row, mu));
    }
}

/// N h_i without threshold.
fn field(model: &Hopfield, overlaps: &[i64], site: usize, spin: i8) -> i64 {
    let row = model.patterns.rows().row(site);
    let sum: i64 =
        overlaps.iter().enumerate().map(|(mu, m)| sign(crate::bits::bit(row, mu)) * m).sum();
    sum - model.n_patterns() as i64 * i64::from(spin)
}
