//! The dynamics as its definition: one visit after the other, each with a field summed afresh.
//!
//! Slow (N^2 a sweep) and short. The fast path equals it bit for bit.

use super::Dense;
use crate::{
    error::Result,
    rng::{Philox, Purpose},
    spins::{
        Dynamics, Held,
        thresholds::{SITES, threshold},
    },
};

/// Makes sweep number `sweep` of `replica`, over the spins `held` (empty: none), in the order of the
/// model or (`reversed`) the opposite one; returns how many spins it flipped.
///
/// # Errors
/// [`Error::Memory`](crate::error::Error::Memory).
pub fn reference_sweep(
    model: &Dense,
    dynamics: Dynamics,
    (seed, replica): (u64, u64),
    beta: f64,
    sweep: u64,
    spins: &mut [i8],
    (held, reversed): (&[bool], bool),
) -> Result<u64> {
    let stream = Philox::new(seed, Purpose::Dynamics, replica);
    let (scales, n_groups) = (&model.scales, spins.len().div_ceil(SITES));
    let held = Held::new(spins.len(), held);
    let rule = model.rule(dynamics, beta);
    let mut flips = 0;
    for (place, &site) in model.visits(reversed)?.sites.iter().enumerate() {
        let i = site as usize;
        let row = model.row(i).iter().zip(&*spins);
        let field: i32 = row.map(|(&j, &s)| scales.quantise(i, j) * i32::from(s)).sum();
        let field = field + scales.quantise(i, model.field(i));
        let theta = threshold(&stream, n_groups, sweep, place, rule, scales.single(i));
        if field * i32::from(spins[i]) <= theta && !held.holds(i) {
            spins[i] = -spins[i];
            flips += 1;
        }
    }
    Ok(flips)
}
