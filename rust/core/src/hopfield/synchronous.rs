//! Recall with all spins at once (Little, Math. Biosci. 19, 101 (1974)).
//!
//! At zero temperature symmetric couplings end in a fixed point or in a cycle of two states (Goles and
//! Olivos 1981; the tie rule, a zero field keeps the spin, adds no longer cycle: a spin that was ever
//! held by a tie against its value two steps ago is constant from then on). A two-cycle is seen when
//! the same spins flip twice in a row. Other couplings have cycles of any length.

use super::{
    associations::Associations,
    cycle::Cycle,
    overlaps::OverlapPlanes,
    recall::{Dynamics, Outcome, free_sites},
};
use crate::{
    control::Control,
    error::Result,
    rng::{Philox, Purpose, Words},
};

/// Sites between two looks at the cancel flag.
const SITES_PER_CHECK: usize = 4096;

/// Above one flip in this many spins it is cheaper to count the overlaps afresh.
const RECOUNT: usize = 8;

pub(super) fn run(
    model: &Associations,
    dynamics: &Dynamics,
    replica: u64,
    spins: &mut [i8],
    clamp: Option<&[bool]>,
    control: &Control,
) -> Result<Outcome> {
    let n = spins.len();
    let free = free_sites(n, clamp);
    let mut overlaps = OverlapPlanes::of_state(model, spins, control)?;
    let philox = Philox::new(dynamics.seed, Purpose::Dynamics, replica);
    let mut words = philox.words_from(0);
    let mut outcome = Outcome::default();
    let mut cycle = model.may_return(dynamics).then(|| Cycle::new(spins));
    let (mut flipped, mut flipped_before) = (Vec::new(), Vec::new());

    while outcome.sweeps < dynamics.max_sweeps {
        let mut draws = Draws { dynamics, words: &mut words, first: outcome.sweeps * n as u64 };
        turning(model, &overlaps, &mut draws, spins, &free, &mut flipped, control)?;
        outcome.sweeps += 1;
        outcome.flips += flipped.len() as u64;
        if dynamics.is_deterministic() && flipped.is_empty() {
            outcome.converged = true;
            outcome.cycle_length = 1;
            break;
        }
        turn(spins, &flipped);
        let length = match &mut cycle {
            Some(cycle) => cycle.after_sweep(spins),
            None => (dynamics.is_deterministic() && flipped == flipped_before).then_some(2),
        };
        if let Some(length) = length {
            outcome.cycle_length = length;
            break;
        }
        if outcome.sweeps < dynamics.max_sweeps {
            follow(model, &mut overlaps, spins, &flipped, control)?;
        }
        std::mem::swap(&mut flipped, &mut flipped_before);
    }
    Ok(outcome)
}

/// The random words of a sweep, from number `first` on: one a site.
pub(super) struct Draws<'a, 'b> {
    pub dynamics: &'a Dynamics,
    pub words: &'a mut Words<'b>,
    pub first: u64,
}

/// Which of the `free` spins flip in the fields of the same overlaps.
pub(super) fn turning(
    model: &Associations,
    overlaps: &OverlapPlanes<'_>,
    draws: &mut Draws<'_, '_>,
    spins: &[i8],
    free: &[u32],
    flipped: &mut Vec<u32>,
    control: &Control,
) -> Result<()> {
    flipped.resize(free.len(), 0);
    let mut count = 0;
    let mut weights = vec![0; SITES_PER_CHECK.min(free.len())];
    for sites in free.chunks(SITES_PER_CHECK) {
        control.check()?;
        let weights = &mut weights[..sites.len()];
        overlaps.weigh(sites, weights);
        for (&site, &weight) in sites.iter().zip(&*weights) {
            draws.words.seek(draws.first + u64::from(site));
            let (index, spin) = (site as usize, spins[site as usize]);
            let integer = 2 * weight + model.constant_field(index, spin);
            // Half of the spins of a sequence flip, so a branch would often be mispredicted.
            flipped[count] = site;
            count += usize::from(draws.dynamics.flips(model, index, integer, spin, draws.words));
        }
    }
    flipped.truncate(count);
    Ok(())
}

pub(super) fn turn(spins: &mut [i8], flipped: &[u32]) {
    for &site in flipped {
        spins[site as usize] *= -1;
    }
}

/// Brings the overlaps of a state to what they are after some of its `spins` have flipped.
pub(super) fn follow<'a>(
    model: &'a Associations,
    overlaps: &mut OverlapPlanes<'a>,
    spins: &[i8],
    flipped: &[u32],
    control: &Control,
) -> Result<()> {
    if flipped.len() > spins.len() / RECOUNT {
        *overlaps = OverlapPlanes::of_state(model, spins, control)?;
    } else {
        for &site in flipped {
            overlaps.flip(site as usize, -spins[site as usize]);
        }
    }
    Ok(())
}
