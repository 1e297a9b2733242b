//! The dynamics as one would write it down: the scalar truth that the fast paths equal, bit for bit.

use super::{Memory, model::DenseMemory};
use crate::{
    bits::bit,
    hopfield::{Dynamics, Outcome, Update, free_sites},
    rng::{Philox, Purpose},
};

/// Runs the dynamics on `spins`, in site order or at random sites, with plain loops over patterns.
pub fn recall(
    model: &DenseMemory,
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
    let philox = Philox::new(dynamics.seed, Purpose::Dynamics, replica);
    let mut words = philox.words_from(0);
    let mut outcome = Outcome::default();

    while outcome.sweeps < dynamics.max_sweeps {
        let first_word = outcome.sweeps * n as u64;
        let flips_before = outcome.flips;
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
            let cost = cost(model, &overlaps, site, spins[site]);
            if model.flips(dynamics, cost, spins[site], &mut words) {
                spins[site] *= -1;
                add(model, &mut overlaps, site, 2 * i64::from(spins[site]));
                outcome.flips += 1;
            }
        }
        outcome.sweeps += 1;
        let stays = |&site: &u32| cost(model, &overlaps, site as usize, spins[site as usize]) >= 0;
        if dynamics.is_deterministic()
            && outcome.flips == flips_before
            && free_sites(n, clamp).iter().all(stays)
        {
            outcome.converged = true;
            outcome.cycle_length = 1;
            break;
        }
    }
    outcome
}

/// M_mu += amount xi_i^mu.
fn add(model: &DenseMemory, overlaps: &mut [i64], site: usize, amount: i64) {
    for (mu, overlap) in overlaps.iter_mut().enumerate() {
        *overlap += amount * sign(model, site, mu);
    }
}

/// sum_mu F(M_mu) - F(M_mu - 2 xi_i^mu s_i), what a flip costs.
fn cost(model: &DenseMemory, overlaps: &[i64], site: usize, spin: i8) -> i128 {
    let of = |(mu, &overlap)| model.power.cost(overlap, sign(model, site, mu) * i64::from(spin));
    overlaps.iter().enumerate().map(of).sum()
}

fn sign(model: &DenseMemory, site: usize, mu: usize) -> i64 {
    if bit(model.network.patterns().rows().row(site), mu) { 1 } else { -1 }
}
