//! Recall in random order, one visit at a time.
//!
//! A visit weighs one row against the planes of all overlaps. There is no window of recent flips
//! here: a spin's last visit is no fixed time ago.

use super::{
    associations::Associations,
    overlaps::OverlapPlanes,
    recall::{Dynamics, Outcome, free_sites},
};
use crate::{
    control::Control,
    error::Result,
    rng::{Philox, Purpose},
};

/// Visits between two looks at the cancel flag.
const VISITS_PER_CHECK: usize = 1024;

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

    while outcome.sweeps < dynamics.max_sweeps {
        let first_word = outcome.sweeps * n as u64;
        let flips_before = outcome.flips;
        for visit in 0..n {
            if visit % VISITS_PER_CHECK == 0 {
                control.check()?;
            }
            // The random numbers of a visit stand where its sweep and its number in the sweep say,
            // so a clamped spin shifts nobody's.
            words.seek(2 * (first_word + visit as u64));
            let site = words.below(n);
            if clamp.is_some_and(|held| held[site]) {
                continue;
            }
            let integer = field(model, &overlaps, site, spins[site]);
            if dynamics.flips(model, site, integer, spins[site], &mut words) {
                overlaps.flip(site, spins[site]);
                spins[site] *= -1;
                outcome.flips += 1;
            }
        }
        outcome.sweeps += 1;
        // A sweep leaves out a third of the sites, so a quiet one proves nothing yet.
        if dynamics.is_deterministic()
            && outcome.flips == flips_before
            && is_fixed_point(model, &overlaps, spins, &free, control)?
        {
            outcome.converged = true;
            outcome.cycle_length = 1;
            break;
        }
    }
    Ok(outcome)
}

/// N h_i of one site.
fn field(model: &Associations, overlaps: &OverlapPlanes<'_>, site: usize, spin: i8) -> i64 {
    let mut weight = [0];
    overlaps.weigh(&[site as u32], &mut weight);
    2 * weight[0] + model.constant_field(site, spin)
}

fn is_fixed_point(
    model: &Associations,
    overlaps: &OverlapPlanes<'_>,
    spins: &[i8],
    free: &[u32],
    control: &Control,
) -> Result<bool> {
    for sites in free.chunks(VISITS_PER_CHECK) {
        control.check()?;
        for &site in sites {
            let (site, spin) = (site as usize, spins[site as usize]);
            if model.flips(site, field(model, overlaps, site, spin), spin) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
