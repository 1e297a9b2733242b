//! The dynamics as its definition: one visit after the other, each with a field summed afresh.
//!
//! Slow (N^2 a sweep) and short. The fast path equals it bit for bit.

use super::Dense;
use crate::{
    rng::{Philox, Purpose},
    spins::{
        Rest,
        thresholds::{Rule, SITES, threshold},
    },
};

/// Makes sweep number `sweep` of `replica`, over the spins `held` (empty: none); returns how many
/// spins it flipped.
pub fn reference_sweep(
    model: &Dense,
    rule: Rule,
    seed: u64,
    replica: u64,
    sweep: u64,
    spins: &mut [i8],
    held: &[bool],
) -> u64 {
    let stream = Philox::new(seed, Purpose::Dynamics, replica);
    let (scales, n_groups) = (&model.scales, spins.len().div_ceil(SITES));
    let rest = Rest::new(seed, replica, spins.len(), held);
    let resting = rule.rests().then(|| rest.site(sweep)).flatten();
    let mut flips = 0;
    for i in 0..spins.len() {
        let row = model.row(i).iter().zip(&*spins);
        let field: i32 = row.map(|(&j, &s)| scales.quantise(i, j) * i32::from(s)).sum();
        let field = field + scales.quantise(i, model.field(i));
        let theta = threshold(&stream, n_groups, sweep, i, rule, scales.single(i));
        if field * i32::from(spins[i]) <= theta && resting != Some(i) && !rest.holds(i) {
            spins[i] = -spins[i];
            flips += 1;
        }
    }
    flips
}
