//! Overlaps of states: q = (1/N) sum_i s_i^a s_i^b of two replicas, and on graphs that of their N_b
//! bonds, q_l = (1/N_b) sum_<ij> s_i^a s_j^a s_i^b s_j^b (Katzgraber, Palassini and Young, Phys. Rev. B
//! 63, 184422 (2001)); of one replica those with given states: with all spins up it is the
//! magnetization, with the two sublattices up and down the staggered one.

use super::{Measure, Scratch, Taken, snapshots::Packing};
use crate::{
    bits::{CHUNK_BITS, Chunk},
    simd::{Level, kernel_table},
};

kernel_table! {
    /// The kernels of one instruction set.
    struct Kernels for Unused in [(), (), ()] {
        /// Bits in which two rows differ.
        differing: fn(a: &[Chunk], b: &[Chunk]) -> u64 = differing;
    }
}

#[inline(always)]
fn differing(a: &[Chunk], b: &[Chunk]) -> u64 {
    let mut counts = [0; 8];
    for (a, b) in a.iter().zip(b) {
        for word in 0..8 {
            counts[word] += u64::from((a.0[word] ^ b.0[word]).count_ones());
        }
    }
    counts.iter().sum()
}

/// The overlap of rows of `size` values.
fn overlap(kernels: &Kernels, a: &[Chunk], b: &[Chunk], size: usize) -> f64 {
    let differing = (kernels.differing)(a, b);
    (size as i64 - 2 * differing as i64) as f64 / size as f64
}

/// The overlap of two replicas, or of their bonds.
pub(super) struct OfPairs {
    of_bonds: bool,
    kernels: &'static Kernels,
}

impl OfPairs {
    pub fn new(of_bonds: bool, level: Level) -> Self {
        Self { of_bonds, kernels: Kernels::of(level) }
    }
}

impl Measure for OfPairs {
    fn of_pairs(&self) -> bool {
        true
    }

    fn measure(&self, packing: &Packing, rows: [&[Chunk]; 2], _: &mut Scratch, out: &mut [f64]) {
        let [a, b] = rows.map(|row| {
            let (spins, bonds) = row.split_at(packing.chunks());
            if self.of_bonds { bonds } else { spins }
        });
        let size = if self.of_bonds { packing.n_bonds() } else { packing.n_spins() };
        out[0] = overlap(self.kernels, a, b, size);
    }
}

/// The overlaps of a replica with given states.
pub(super) struct WithStates {
    /// The bits of the states, one after the other.
    rows: Vec<Chunk>,
    taken: Taken,
    n_states: usize,
    kernels: &'static Kernels,
}

impl WithStates {
    pub fn new(rows: Vec<Chunk>, taken: Taken, n_spins: usize, level: Level) -> Self {
        let n_states = rows.len() / n_spins.div_ceil(CHUNK_BITS);
        Self { rows, taken, n_states, kernels: Kernels::of(level) }
    }
}

impl Measure for WithStates {
    fn width(&self) -> usize {
        if self.taken == Taken::Largest { 1 } else { self.n_states }
    }

    fn measure(
        &self,
        packing: &Packing,
        [row, _]: [&[Chunk]; 2],
        _: &mut Scratch,
        out: &mut [f64],
    ) {
        let (spins, n) = (&row[..packing.chunks()], packing.n_spins());
        let states = self.rows.chunks(packing.chunks());
        let overlaps = states.map(|state| overlap(self.kernels, spins, state, n));
        match self.taken {
            Taken::Each => out.iter_mut().zip(overlaps).for_each(|(out, x)| *out = x),
            Taken::Sizes => out.iter_mut().zip(overlaps).for_each(|(out, x)| *out = x.abs()),
            Taken::Largest => out[0] = overlaps.fold(-1.0, f64::max),
        }
    }
}
