//! General couplings: a visit of sixteen replicas side by side, or of one.
//!
//! Each replica has its local fields as integers in cache: a spin flips where s h <= theta
//! (`spins/thresholds.rs`), and only a flip touches other sites, h_j -= 2 J_ij s_i. One row of
//! couplings serves the sixteen replicas, whose fields at a site fill one cache line.
//!
//! Bound: the neighbours' cache lines, since with sixteen replicas some spin nearly always flips;
//! for one replica the branch on the flip, which nobody can predict.

use super::{
    Sparse,
    fixed::{Bond, Fields, Fixed},
    model::sign,
};
use crate::{rng::LANES, simd::kernel_table, spins::thresholds::SITES};

/// How many sites ahead the fields of neighbours are asked for, where they are not in cache.
const AHEAD: usize = 3;

/// Sites whose fields the nearer caches hold: a megabyte.
const IN_CACHE: usize = 1 << 14;

/// The couplings of a few consecutive sites, from `first` on.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) first: usize,
    /// Where the rows begin, and where the last one ends.
    pub(super) offsets: &'a [usize],
    pub(super) bonds: &'a [Bond],
}

/// The states of sixteen replicas.
pub(super) struct Lanes {
    pub(super) fields: Vec<Fields>,
    pub(super) spins: Vec<[i8; LANES]>,
    /// All ones for a replica, zeros where there is none.
    pub(super) present: [i32; LANES],
    pub(super) flips: [u64; LANES],
}

/// The state of one replica.
pub(super) struct Single {
    pub(super) fields: Vec<i32>,
    pub(super) spins: Vec<i8>,
    pub(super) flips: u64,
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Unused in [(), (), ()] {
        /// Visits the sites of a group in sixteen replicas.
        pub(super) lanes: fn(
            group: Group<'_>, thresholds: &[[i32; LANES]; SITES], state: &mut Lanes,
        ) = lanes;
        /// Visits the sites of a group in one replica.
        pub(super) single: fn(
            group: Group<'_>, thresholds: &[i32; SITES], state: &mut Single,
        ) = single;
        /// The energies of sixteen replicas, from their cached fields.
        pub(super) cached: fn(fixed: &Fixed, state: &Lanes) -> [f64; LANES] = cached;
        /// The energies of sixteen replicas, each summed as the model's `energy` does.
        pub(super) energies: fn(model: &Sparse, spins: &[[i8; LANES]]) -> [f64; LANES] = energies;
    }
}

#[inline(always)]
fn lanes(group: Group<'_>, thresholds: &[[i32; LANES]; SITES], state: &mut Lanes) {
    let Lanes { fields, spins, present, flips } = state;
    let mut flipped = [0; LANES];
    let far = fields.len() > IN_CACHE;
    for ((k, row), thresholds) in group.offsets.windows(2).enumerate().zip(thresholds) {
        if far {
            prefetch(group, k + AHEAD, fields);
        }
        let (field, spins) = (&fields[group.first + k].0, &mut spins[group.first + k]);
        let (mut from_up, mut from_down) = ([0; LANES], [0; LANES]);
        let mut any = 0;
        for lane in 0..LANES {
            let down = i32::from(spins[lane]) >> 1;
            let aligned = (field[lane] ^ down).wrapping_sub(down);
            let flips = -i32::from(aligned <= thresholds[lane]) & present[lane];
            from_up[lane] = flips & !down;
            from_down[lane] = flips & down;
            spins[lane] = (spins[lane] ^ flips as i8).wrapping_sub(flips as i8);
            flipped[lane] -= flips;
            any |= flips;
        }
        if any == 0 {
            continue;
        }
        for &Bond { neighbour, change } in &group.bonds[row[0]..row[1]] {
            let neighbour = &mut fields[neighbour as usize];
            // A copy, so that the compiler sees one load and one store.
            let mut field = *neighbour;
            for lane in 0..LANES {
                let gained = change & from_down[lane];
                let lost = change & from_up[lane];
                field.0[lane] = field.0[lane].wrapping_add(gained).wrapping_sub(lost);
            }
            *neighbour = field;
        }
    }
    for (total, flipped) in flips.iter_mut().zip(flipped) {
        *total += flipped as u64;
    }
}

/// Asks for the fields that a flip of site number `k` would change.
#[inline(always)]
fn prefetch(group: Group<'_>, k: usize, fields: &[Fields]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(&[first, last]) = group.offsets.get(k..k + 2) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        for bond in &group.bonds[first..last] {
            let field = &raw const fields[bond.neighbour as usize];
            // SAFETY: every x86-64 machine has this instruction, and it reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(field.cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (group, k, fields);
}

#[inline(always)]
fn single(group: Group<'_>, thresholds: &[i32; SITES], state: &mut Single) {
    let Single { fields, spins, flips } = state;
    for ((k, row), &threshold) in group.offsets.windows(2).enumerate().zip(thresholds) {
        let site = group.first + k;
        let spin = i32::from(spins[site]);
        if spin * fields[site] > threshold {
            continue;
        }
        spins[site] = -spins[site];
        *flips += 1;
        for bond in &group.bonds[row[0]..row[1]] {
            fields[bond.neighbour as usize] -= spin * bond.change;
        }
    }
}

#[inline(always)]
fn cached(fixed: &Fixed, state: &Lanes) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (site, (fields, spins)) in state.fields.iter().zip(&state.spins).enumerate() {
        for lane in 0..LANES {
            sums[lane] += fixed.site_energy(site, fields.0[lane]) * f64::from(spins[lane]);
        }
    }
    sums
}

#[inline(always)]
fn energies(model: &Sparse, spins: &[[i8; LANES]]) -> [f64; LANES] {
    let mut sums = match model.energy_unit() {
        Some(_) => sums_of_bonds(model, spins, sign),
        None => sums_of_bonds(model, spins, |coupling| coupling),
    };
    for sum in &mut sums {
        *sum *= model.energy_unit().unwrap_or(1.0);
    }
    sums
}

#[inline(always)]
fn sums_of_bonds(
    model: &Sparse,
    spins: &[[i8; LANES]],
    coupling: impl Fn(f64) -> f64,
) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (site, own) in spins.iter().enumerate() {
        let mut half_fields = [0.0; LANES];
        for (other, j) in model.earlier(site) {
            let (j, other) = (coupling(j), spins[other]);
            for lane in 0..LANES {
                half_fields[lane] += j * f64::from(other[lane]);
            }
        }
        let field = model.field(site);
        for lane in 0..LANES {
            sums[lane] -= (half_fields[lane] + field) * f64::from(own[lane]);
        }
    }
    sums
}
