//! Recall as one would write it down: the scalar truth that the fast paths equal, bit for bit.

use super::{
    Bidirectional, Hopfield, Side,
    associations::Associations,
    cycle::Cycle,
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
    run(&model.associations, dynamics, replica, spins, clamp)
}

/// [`recall`] of any associations of spins with themselves.
pub(super) fn run(
    model: &Associations,
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
    let mut cycle = Cycle::new(spins);

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
            if model.is_symmetric() {
                if dynamics.update == Update::Synchronous && flipped == flipped_before {
                    outcome.cycle_length = 2;
                    break;
                }
            } else if dynamics.update != Update::Random
                && let Some(length) = cycle.after_sweep(spins)
            {
                outcome.cycle_length = length;
                break;
            }
        }
        flipped_before = flipped;
    }
    outcome
}

impl Bidirectional {
    /// [`Bidirectional::recall`] with plain loops over patterns: the scalar truth that it equals.
    pub fn reference_recall(
        &self,
        side: Side,
        dynamics: &Dynamics,
        replica: u64,
        here: &mut [i8],
        there: &mut [i8],
    ) -> Outcome {
        let philox = Philox::new(dynamics.seed, Purpose::Dynamics, replica);
        let other = side.other();
        let mut words = philox.words_from(0);
        let mut outcome = Outcome::default();
        while outcome.sweeps < dynamics.max_sweeps && !outcome.converged {
            let mut flips = 0;
            for target in [other, side] {
                let first = outcome.sweeps * self.from(side).scale as u64 + self.offset(target);
                let model = self.from(target.other());
                let (from, to) =
                    if target == other { (&*here, &mut *there) } else { (&*there, &mut *here) };
                let mut overlaps = vec![0; self.n_patterns()];
                for (i, &spin) in from.iter().enumerate() {
                    add(model, &mut overlaps, i, i64::from(spin));
                }
                for (i, spin) in to.iter_mut().enumerate() {
                    words.seek(first + i as u64);
                    let integer = field(model, &overlaps, i, *spin);
                    if dynamics.flips(model, i, integer, *spin, &mut words) {
                        *spin *= -1;
                        flips += u64::from(outcome.sweeps > 0 || target == side);
                    }
                }
            }
            outcome.sweeps += 1;
            outcome.flips += flips;
            if dynamics.is_deterministic() && flips == 0 {
                outcome.converged = true;
                outcome.cycle_length = 1;
            }
        }
        outcome
    }
}

fn flip(model: &Associations, overlaps: &mut [i64], spins: &mut [i8], site: usize) {
    spins[site] *= -1;
    add(model, overlaps, site, 2 * i64::from(spins[site]));
}

/// M_mu += amount xi_i^mu.
fn add(model: &Associations, overlaps: &mut [i64], site: usize, amount: i64) {
    let row = model.cues.rows().row(site);
    for (mu, overlap) in overlaps.iter_mut().enumerate() {
        *overlap += amount * sign(crate::bits::bit(row, mu));
    }
}

/// N h_i without threshold.
fn field(model: &Associations, overlaps: &[i64], site: usize, spin: i8) -> i64 {
    let (row, cues) = (model.answers.rows().row(site), model.cues.rows());
    let mut sum = 0;
    for (mu, overlap) in overlaps.iter().enumerate() {
        let others = if model.has_diagonal() {
            overlap - i64::from(spin) * sign(crate::bits::bit(cues.row(site), mu))
        } else {
            *overlap
        };
        sum += sign(crate::bits::bit(row, mu)) * others;
    }
    sum
}
