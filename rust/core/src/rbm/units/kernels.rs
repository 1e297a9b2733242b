//! The hot loops: fields of a tile of units, what the units do in them, and correlations.
//!
//! One of the two factors of every product is a bit. So four inputs have only sixteen possible sums:
//! these are tabulated once for 32 units side by side (Arlazarov, Dinic, Kronrod and Faradzhev,
//! Dokl. Akad. Nauk SSSR 194, 487 (1970), the "four Russians"), and then each row of states looks up
//! and adds one of them. An addition of sixteen integers thus does 64 products of full 32-bit
//! precision, on any instruction set, and independent of how many units are on: more than what
//! AVX-512 VNNI does with three 8-bit planes. It runs into the loads, two vectors a cycle.
//!
//! All sums are sums of integers: neither their order nor the instruction set changes a bit.

use super::layer::Bound;
pub(in crate::rbm) use crate::lanes::LANES;
use crate::{
    elementary::{
        sigmoid::{fires, probability},
        single::exp2,
    },
    lanes::{Lanes, Pair, Register, Words},
    rng::Xoshiro8,
    simd::kernel_table,
};

/// Units of a tile: those of one word of states.
pub(in crate::rbm) const UNITS: usize = 32;

/// Vectors of a tile.
pub(in crate::rbm) const VECTORS: usize = UNITS / LANES;

/// Inputs whose sums stand in one table.
pub(in crate::rbm) const GROUP: usize = 4;

/// One integer a unit of a tile: fields, or probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(in crate::rbm) struct Row(pub(in crate::rbm) [[i32; LANES]; VECTORS]);

impl Row {
    pub(in crate::rbm) const ZERO: Self = Self([[0; LANES]; VECTORS]);

    /// The numbers of `rows`, one after the other.
    fn flat(rows: &[Self]) -> &[i32] {
        // SAFETY: a row is `UNITS` integers without padding, and at least as aligned.
        unsafe { std::slice::from_raw_parts(rows.as_ptr().cast(), rows.len() * UNITS) }
    }
}

/// One weight a unit of a tile.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(in crate::rbm) struct Weights(pub(in crate::rbm) [[f32; LANES]; VECTORS]);

impl Weights {
    pub(in crate::rbm) const ZERO: Self = Self([[0.0; LANES]; VECTORS]);

    /// The numbers of `rows`, one after the other: a loop over them becomes vectors, where one over
    /// rows of vectors may become gathers.
    fn flat(rows: &[Self]) -> &[f32] {
        // SAFETY: a row is `UNITS` floats without padding, and at least as aligned.
        unsafe { std::slice::from_raw_parts(rows.as_ptr().cast(), rows.len() * UNITS) }
    }

    /// The same to write.
    fn flat_mut(rows: &mut [Self]) -> &mut [f32] {
        // SAFETY: as in `flat`; the borrow is handed on.
        unsafe { std::slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), rows.len() * UNITS) }
    }
}

/// The sums of each subset of four inputs, for the eight groups of 32 inputs: 16 KiB, half of a
/// first-level cache.
pub(in crate::rbm) type Tables = [[Row; 1 << GROUP]; UNITS / GROUP];

/// The generators of the units of a tile, one for each vector.
pub(in crate::rbm) type Generators = [Xoshiro8; VECTORS];

/// A value for each unit of a tile.
#[inline(always)]
pub(in crate::rbm) fn each(mut value: impl FnMut(usize, usize) -> f32) -> Weights {
    let mut out = Weights::ZERO;
    for vector in 0..VECTORS {
        for lane in 0..LANES {
            out.0[vector][lane] = value(vector, lane);
        }
    }
    out
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(in crate::rbm) struct Kernels for Vector in [Words, Pair, Register] {
        /// The fields of a tile in units of 1 / `scale`, row by row: the bias and the weights of those
        /// inputs that are on. Word `stride` b + r of `states` has inputs 32 b to 32 b + 31 of row r.
        pub(in crate::rbm) fields: fn(
            weights: &[Weights],
            scale: f32,
            bias: &Weights,
            states: &[u32],
            stride: usize,
            tables: &mut Tables,
            out: &mut [Row],
        ) = fields::<Vector>;
        /// Adds to `out`, input by input, the `values` of those rows where the input is on. Word
        /// `stride` b + i of `states` has rows 32 b to 32 b + 31 of input i; rows come in groups.
        pub(in crate::rbm) correlate: fn(
            values: &[Row],
            states: &[u32],
            stride: usize,
            tables: &mut Tables,
            out: &mut [Row],
        ) = correlate::<Vector>;
        /// New states of a tile, row by row, each at its own temperature.
        pub(in crate::rbm) draw: fn(
            fields: &[Row],
            factors: &[f32],
            generators: &mut Generators,
            units: u32,
            states: &mut [u32],
        ) = draw::<Vector>;
        /// The probabilities of `units` to be 1, in place of their fields; zero for the others.
        pub(in crate::rbm) probabilities: fn(
            fields: &mut [Row],
            factor: f32,
            units: u32,
        ) = probabilities;
        /// Adds to `sums` the `share` of `counts`.
        pub(in crate::rbm) gather: fn(counts: &[Row], share: f32, sums: &mut [Weights]) = gather;
        /// Adds `rate` times `gradient`, and returns the bound of weights and fields after it.
        pub(in crate::rbm) update: fn(
            weights: &mut [Weights],
            gradient: &[Weights],
            rate: f32,
            bias: &Weights,
        ) -> Bound = update;
        /// Weights of 32 units from 32 inputs, with inputs and units exchanged.
        pub(in crate::rbm) transpose: fn(
            from: &[Weights; UNITS],
            to: &mut [Weights; UNITS],
        ) = transpose::<Vector>;
        /// The bits of a row of numbers, and whether all of them are 0 or 1.
        pub(in crate::rbm) pack_u8: fn(row: &[u8], words: &mut [u32]) -> bool =
            pack::<Vector, u8>;
        pub(in crate::rbm) pack_f32: fn(row: &[f32], words: &mut [u32]) -> bool =
            pack::<Vector, f32>;
        pub(in crate::rbm) pack_f64: fn(row: &[f64], words: &mut [u32]) -> bool =
            pack::<Vector, f64>;
        /// The bound of weights and fields.
        pub(in crate::rbm) bound: fn(weights: &[Weights], bias: &Weights) -> Bound = bound;
    }
}

/// The sums of each subset of four numbers, to their places in a table.
#[inline(always)]
fn tabulate<L: Lanes>(a: L, b: L, c: L, d: L, table: &mut [Row; 1 << GROUP], vector: usize) {
    let (ab, cd) = (a.add(b), c.add(d));
    let sums = [
        L::splat(0),
        a,
        b,
        ab,
        c,
        a.add(c),
        b.add(c),
        ab.add(c),
        d,
        a.add(d),
        b.add(d),
        ab.add(d),
        cd,
        a.add(cd),
        b.add(cd),
        ab.add(cd),
    ];
    for subset in 0..1 << GROUP {
        sums[subset].store(&mut table[subset].0[vector]);
    }
}

/// Adds to each row what the bits of its word stand for; passes over words of zeros if they are worth
/// a branch, which they are where they come in runs: the units on the margins of images.
#[inline(always)]
fn look_up<L: Lanes, const SPARSE: bool>(
    tables: &[[Row; 1 << GROUP]],
    words: &[u32],
    out: &mut [Row],
) {
    for (&word, out) in words.iter().zip(out) {
        if SPARSE && word == 0 {
            continue;
        }
        let mut sums = [L::load(&out.0[0]), L::load(&out.0[1])];
        for (group, table) in tables.iter().enumerate() {
            let row = &table[(word >> (GROUP * group)) as usize % (1 << GROUP)];
            for vector in 0..VECTORS {
                sums[vector] = sums[vector].add(L::load(&row.0[vector]));
            }
        }
        for vector in 0..VECTORS {
            sums[vector].store(&mut out.0[vector]);
        }
    }
}

#[inline(always)]
fn fields<L: Lanes>(
    weights: &[Weights],
    scale: f32,
    bias: &Weights,
    states: &[u32],
    stride: usize,
    tables: &mut Tables,
    out: &mut [Row],
) {
    let mut start = Row::ZERO;
    for vector in 0..VECTORS {
        L::rounded(&bias.0[vector], scale).store(&mut start.0[vector]);
    }
    out.fill(start);
    for (block, weights) in weights.as_chunks::<UNITS>().0.iter().enumerate() {
        let words = &states[stride * block..][..out.len()];
        if words.iter().all(|&word| word == 0) {
            continue;
        }
        for (inputs, table) in weights.as_chunks::<GROUP>().0.iter().zip(tables.iter_mut()) {
            for vector in 0..VECTORS {
                tabulate(
                    L::rounded(&inputs[0].0[vector], scale),
                    L::rounded(&inputs[1].0[vector], scale),
                    L::rounded(&inputs[2].0[vector], scale),
                    L::rounded(&inputs[3].0[vector], scale),
                    table,
                    vector,
                );
            }
        }
        look_up::<L, false>(tables, words, out);
    }
}

#[inline(always)]
fn correlate<L: Lanes>(
    values: &[Row],
    states: &[u32],
    stride: usize,
    tables: &mut Tables,
    out: &mut [Row],
) {
    for (block, values) in values.chunks(UNITS).enumerate() {
        for (rows, table) in values.as_chunks::<GROUP>().0.iter().zip(tables.iter_mut()) {
            for vector in 0..VECTORS {
                tabulate(
                    L::load(&rows[0].0[vector]),
                    L::load(&rows[1].0[vector]),
                    L::load(&rows[2].0[vector]),
                    L::load(&rows[3].0[vector]),
                    table,
                    vector,
                );
            }
        }
        let words = &states[stride * block..][..out.len()];
        if values.len() == UNITS {
            look_up::<L, true>(tables, words, out);
        } else {
            look_up::<L, true>(&tables[..values.len() / GROUP], words, out);
        }
    }
}

#[inline(always)]
fn draw<L: Lanes>(
    fields: &[Row],
    factors: &[f32],
    generators: &mut Generators,
    units: u32,
    states: &mut [u32],
) {
    let [mut low, mut high] = generators.clone();
    for ((row, &factor), state) in fields.iter().zip(factors).zip(states) {
        let word = fired::<L>(&row.0[0], factor, &mut low)
            | fired::<L>(&row.0[1], factor, &mut high) << LANES;
        *state = word & units;
    }
    *generators = [low, high];
}

/// The bits of those units of a vector that fire.
#[inline(always)]
fn fired<L: Lanes>(fields: &[i32; LANES], factor: f32, generator: &mut Xoshiro8) -> u32 {
    let random = halves(generator.step());
    let mut fired = [0; LANES];
    for lane in 0..LANES {
        let odds = exp2(fields[lane] as f32 * factor);
        fired[lane] = -i32::from(fires(random[lane], odds));
    }
    u32::from(L::load(&fired).bits())
}

/// The lower and the upper half of each word, alternately.
#[inline(always)]
fn halves(words: [u64; LANES / 2]) -> [u32; LANES] {
    let words = words.map(u64::to_le);
    // SAFETY: both are arrays of 64 bytes without padding, and any bits are an integer.
    let halves: [u32; LANES] = unsafe { std::mem::transmute(words) };
    halves.map(u32::from_le)
}

#[inline(always)]
fn probabilities(fields: &mut [Row], factor: f32, units: u32) {
    let mut masks = Row::ZERO;
    for (unit, mask) in masks.0.as_flattened_mut().iter_mut().enumerate() {
        *mask = -((units >> unit & 1) as i32);
    }
    for row in fields {
        for (vector, masks) in row.0.iter_mut().zip(&masks.0) {
            for (x, mask) in vector.iter_mut().zip(masks) {
                *x = probability(exp2(*x as f32 * factor)) & mask;
            }
        }
    }
}

#[inline(always)]
fn gather(counts: &[Row], share: f32, sums: &mut [Weights]) {
    for (sum, &count) in Weights::flat_mut(sums).iter_mut().zip(Row::flat(counts)) {
        *sum += count as f32 * share;
    }
}

#[inline(always)]
fn update(weights: &mut [Weights], gradient: &[Weights], rate: f32, bias: &Weights) -> Bound {
    for (weight, &gradient) in Weights::flat_mut(weights).iter_mut().zip(Weights::flat(gradient)) {
        *weight += rate * gradient;
    }
    bound(weights, bias)
}

#[inline(always)]
fn bound(weights: &[Weights], bias: &Weights) -> Bound {
    let mut bound = Bound::default();
    for vector in 0..VECTORS {
        let (mut sums, mut largest) = ([0.0; LANES], [0; LANES]);
        for lane in 0..LANES {
            sums[lane] = bias.0[vector][lane].abs();
        }
        for row in weights {
            for lane in 0..LANES {
                let weight = row.0[vector][lane].abs();
                sums[lane] += weight;
                // As integers, for then NaN is the greatest.
                let bits = weight.to_bits() as i32;
                largest[lane] = if bits > largest[lane] { bits } else { largest[lane] };
            }
        }
        for lane in 0..LANES {
            let (weight, field) = (largest[lane] as u32, sums[lane].to_bits());
            bound = bound.max(Bound { weight, field });
        }
    }
    bound
}

#[inline(always)]
fn transpose<L: Lanes>(from: &[Weights; UNITS], to: &mut [Weights; UNITS]) {
    let mut square = [[0; LANES]; LANES];
    for side in 0..VECTORS {
        for half in 0..VECTORS {
            let mut rows = [&square[0]; LANES];
            for k in 0..LANES {
                rows[k] = bits(&from[LANES * side + k].0[half]);
            }
            let mut transposed = [[0; LANES]; LANES];
            L::transpose(rows, &mut transposed);
            square = transposed;
            for (row, to) in square.iter().zip(&mut to[LANES * half..]) {
                for lane in 0..LANES {
                    to.0[side][lane] = f32::from_bits(row[lane] as u32);
                }
            }
        }
    }
}

#[inline(always)]
fn pack<L: Lanes, T: Copy + PartialEq + std::convert::From<bool>>(
    row: &[T],
    words: &mut [u32],
) -> bool {
    let (zero, one) = (T::from(false), T::from(true));
    let mut others = [0; LANES];
    for (units, word) in row.chunks(UNITS).zip(words) {
        let mut padded = [zero; UNITS];
        padded[..units.len()].copy_from_slice(units);
        *word = 0;
        for vector in 0..VECTORS {
            let mut ones = [0; LANES];
            for lane in 0..LANES {
                let value = padded[LANES * vector + lane];
                ones[lane] = -i32::from(value == one);
                others[lane] |= i32::from(value != one) & i32::from(value != zero);
            }
            *word |= u32::from(L::load(&ones).bits()) << (LANES * vector);
        }
    }
    others == [0; LANES]
}

/// The bits of floats.
#[inline(always)]
fn bits(floats: &[f32; LANES]) -> &[i32; LANES] {
    // SAFETY: both are arrays of as many 32-bit numbers, and any bits are an integer.
    unsafe { &*std::ptr::from_ref(floats).cast() }
}
