//! Recall with all spins at once (Little, Math. Biosci. 19, 101 (1974)).
//!
//! At zero temperature it ends in a fixed point or in a cycle of two states (Goles and Olivos
//! 1981; the tie rule, a zero field keeps the spin, adds no longer cycle: a spin that was ever held
//! by a tie against its value two steps ago is constant from then on). A two-cycle is seen when
//! the same spins flip twice in a row.

use super::{
    Hopfield,
    overlaps::OverlapPlanes,
    recall::{Dynamics, Outcome, free_sites},
};
use crate::{
    control::Control,
    error::Result,
    rng::{Philox, Purpose},
};

/// Sites between two looks at the cancel flag.
const SITES_PER_CHECK: usize = 4096;

/// Above one flip in this many spins it is cheaper to count the overlaps afresh.
const RECOUNT: usize = 8;

pub(super) fn run(
    model: &Hopfield,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    clamp: Option<&[bool]>,
    control: &Control,
) -> Result<Outcome> {
    let n = spins.len();
    let free = free_sites(n, clamp);
    let mut overlaps = OverlapPlanes::of_state(&model.patterns, model.kernels, spins, control)?;
    let philox = Philox::new(dynamics.seed, Purpose::Dynamics, replica);
    let mut words = philox.words_from(0);
    let mut outcome = Outcome::default();
    let mut weights = vec![0; SITES_PER_CHECK.min(free.len())];
    let (mut flipped, mut flipped_before) = (Vec::new(), Vec::new());

    while outcome.sweeps < dynamics.max_sweeps {
        flipped.clear();
        for sites in free.chunks(SITES_PER_CHECK) {
            control.check()?;
            let weights = &mut weights[..sites.len()];
            overlaps.weigh(sites, weights);
            for (&site, &weight) in sites.iter().zip(&*weights) {
                words.seek(outcome.sweeps * n as u64 + u64::from(site));
                let (index, spin) = (site as usize, spins[site as usize]);
                let integer = 2 * weight + model.constant_field(index, spin);
                if dynamics.flips(model, index, integer, spin, &mut words) {
                    flipped.push(site);
                }
            }
        }
        outcome.sweeps += 1;
        outcome.flips += flipped.len() as u64;
        if dynamics.is_deterministic() && flipped.is_empty() {
            outcome.converged = true;
            outcome.cycle_length = 1;
            break;
        }
        let recount = flipped.len() > n / RECOUNT;
        for &site in &flipped {
            let spin = &mut spins[site as usize];
            if !recount {
                overlaps.flip(site as usize, *spin);
            }
            *spin *= -1;
        }
        if dynamics.is_deterministic() && flipped == flipped_before {
            outcome.cycle_length = 2;
            break;
        }
        if recount {
            overlaps = OverlapPlanes::of_state(&model.patterns, model.kernels, spins, control)?;
        }
        std::mem::swap(&mut flipped, &mut flipped_before);
    }
    Ok(outcome)
}
