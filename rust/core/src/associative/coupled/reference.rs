//! The dynamics as one would write it down: the scalar truth that recall equals, bit for bit.

use super::model::CoupledMemory;
use crate::{
    associative::Memory,
    hopfield::{Cycle, Dynamics, Outcome, Update, free_sites},
    rng::{Philox, Purpose},
    spins::acceptance::heat_bath,
};

/// Runs the dynamics on `spins` with a sum over all spins at every visit.
pub fn recall(
    model: &CoupledMemory,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    clamp: Option<&[bool]>,
) -> Outcome {
    let n = model.n_spins();
    let free = free_sites(n, clamp);
    let philox = Philox::new(dynamics.seed, Purpose::Dynamics, replica);
    let mut words = philox.words_from(0);
    let mut outcome = Outcome::default();
    let mut cycle = Cycle::new(spins);
    while outcome.sweeps < dynamics.max_sweeps {
        let (first, before) = (outcome.sweeps * n as u64, spins.to_vec());
        let mut flips = 0;
        for visit in 0..n {
            let mut site = visit;
            if dynamics.update == Update::Random {
                words.seek(2 * (first + visit as u64));
                site = words.below(n);
            } else {
                words.seek(first + visit as u64);
            }
            if !free.contains(&(site as u32)) {
                continue;
            }
            let seen = if dynamics.update == Update::Synchronous { &before[..] } else { &*spins };
            let field = field(model, site, seen);
            let turns = if dynamics.beta == f64::INFINITY {
                field * i64::from(seen[site]) < 0
            } else {
                let field = field as f64 / model.unit(site);
                heat_bath(dynamics.beta, field, words.uniform()) != (seen[site] > 0)
            };
            if turns {
                spins[site] *= -1;
                flips += 1;
            }
        }
        outcome.sweeps += 1;
        outcome.flips += flips;
        if dynamics.beta != f64::INFINITY {
            continue;
        }
        let stays =
            |&site: &u32| field(model, site as usize, spins) * i64::from(spins[site as usize]) >= 0;
        if flips == 0 && free.iter().all(stays) {
            outcome.converged = true;
            outcome.cycle_length = 1;
            break;
        }
        if dynamics.update != Update::Random
            && let Some(length) = cycle.after_sweep(spins)
        {
            outcome.cycle_length = length;
            break;
        }
    }
    outcome
}

/// h_i in the unit of site i.
fn field(model: &CoupledMemory, site: usize, spins: &[i8]) -> i64 {
    let terms = spins.iter().enumerate();
    let sum = terms.map(|(j, &s)| i64::from(model.column(j)[site]) * i64::from(s)).sum::<i64>();
    sum + i64::from(model.field(site))
}
