//! Sweeps as one would write them down: the truth that the fast paths equal, bit for bit.

use super::{
    Sparse, fixed::Fixed, random_planes::BLOCKS_PER_VISIT, resting::RestingLanes,
    thresholds::Verdict,
};
use crate::{
    rng::{Philox, Purpose, Xoshiro8},
    spins::{
        Dynamics, Held, Rests, SpinModel,
        thresholds::{Rule, SITES, threshold},
    },
};

/// Moves one replica of +-J couplings by the sweep number `sweep`, over the spins `held` (empty:
/// none), in the order of the model or (`reversed`) the opposite one, and returns the number of
/// flips. Couplings must have one magnitude, and there must be no field.
///
/// # Panics
/// If they have not.
pub fn sweep(
    model: &Sparse,
    dynamics: Dynamics,
    (seed, replica): (u64, u64),
    beta: f64,
    sweep: u64,
    spins: &mut [i8],
    (held, reversed): (&[bool], bool),
) -> u64 {
    let coupling = model.magnitude().expect("couplings of one magnitude");
    let philox = Philox::new(seed, Purpose::Dynamics, replica / 64);
    let held = Held::new(spins.len(), held);
    // The lanes that rest, slot after slot.
    let rests = model.resting().at(dynamics, beta);
    let mut generator = Xoshiro8::numbered(&Philox::new(seed, Purpose::Rest, replica / 64), sweep);
    let layout = model.layout(reversed);
    let lanes = RestingLanes::new(std::iter::repeat_n(rests, 64));
    let resting: Vec<_> = layout.sites.iter().flat_map(|_| lanes.draw(&mut generator).0).collect();
    let mut flips = 0;
    for &site in &model.order(reversed).sites {
        let site = site as usize;
        let rests = resting[layout.slots[site] as usize] >> (replica % 64) & 1 == 1;
        if rests || held.holds(site) {
            continue;
        }
        let bonds = model.neighbours(site).filter(|&(_, j)| j != 0.0);
        let degree = bonds.clone().count();
        let unsatisfied =
            bonds.filter(|&(other, j)| (j > 0.0) != (spins[site] == spins[other])).count();
        // The bits of this replica in 64 words of the stream, the first one on top.
        let visit = sweep.wrapping_mul(model.n_spins() as u64).wrapping_add(site as u64);
        let first = visit.wrapping_mul(BLOCKS_PER_VISIT);
        let random = (0..64).fold(0, |random, j| {
            let word = philox.block(first.wrapping_add(j / 2))[j as usize % 2];
            random << 1 | word >> (replica % 64) & 1
        });
        if Verdict::of(dynamics, beta, coupling, degree, unsatisfied).flips(random) {
            spins[site] *= -1;
            flips += 1;
        }
    }
    flips
}

/// Moves one replica of any couplings by the sweep number `sweep`, likewise. Each visit adds up the
/// field of its site, in fixed point.
pub fn general_sweep(
    model: &Sparse,
    dynamics: Dynamics,
    (seed, replica): (u64, u64),
    beta: f64,
    sweep: u64,
    spins: &mut [i8],
    (held, reversed): (&[bool], bool),
) -> u64 {
    let scales = Fixed::scales(model);
    let stream = Philox::new(seed, Purpose::Dynamics, replica);
    let rests: Rests = model.resting().at(dynamics, beta);
    let rule = Rule::new(dynamics.is_heat_bath_at(beta), beta / scales.common(), rests);
    let held = Held::new(spins.len(), held);
    let mut flips = 0;
    for (place, &site) in model.order(reversed).sites.iter().enumerate() {
        let site = site as usize;
        if held.holds(site) {
            continue;
        }
        let field = scales.quantise(site, model.field(site))
            + model
                .neighbours(site)
                .map(|(other, coupling)| scales.quantise(site, coupling) * i32::from(spins[other]))
                .sum::<i32>();
        let n_groups = spins.len().div_ceil(SITES);
        let scale = scales.single(site);
        let theta = threshold(&stream, n_groups, sweep, place, rule, scale);
        if i32::from(spins[site]) * field <= theta {
            spins[site] *= -1;
            flips += 1;
        }
    }
    flips
}
