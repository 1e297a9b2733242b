//! The hot loops: sums over spins, and the functions of a field.
//!
//! One factor of every product is a spin. So four couplings have only sixteen possible signed sums:
//! these are tabulated once for sixteen sites side by side (Arlazarov, Dinic, Kronrod and Faradzhev,
//! Dokl. Akad. Nauk SSSR 194, 487 (1970), the "four Russians"), and then each sample looks up and
//! adds one of them, which is 64 products. Fields are sums over spins of a sample, gradients sums
//! over samples of a spin: the same loop does both, sixteen tables (64 inputs) at a time, which fill
//! 32 KiB of the first-level cache. It runs into the loads; the functions of a field, into the
//! arithmetic of an exponential.
//!
//! The order of every sum is fixed: four inputs as (a + b) + (c + d), groups of four one after the
//! other. The lanes are sites, so no sum runs across them but those of the objective itself.

use crate::{
    elementary::{WIDTH, exp, ln, sum_lanes},
    simd::kernel_table,
};

/// Sites that are worked on side by side: those of a tile.
pub(super) const SITES: usize = 2 * WIDTH;

/// Bits of a word: inputs of one set of tables, rows of a block.
pub(super) const BITS: usize = 64;

/// Inputs whose sums stand in one table.
pub(super) const GROUP: usize = 4;

/// The field of a site that does not exist. With its spin down, it adds nothing to an objective.
pub(super) const ABSENT: f64 = -1e3;

/// Beyond it, the flow of a sample is as good as infinite: an optimiser turns back.
const STEEPEST: f64 = 600.0;

/// One number a site of a tile.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Sites(pub(super) [f64; SITES]);

impl Sites {
    pub(super) const ZERO: Self = Self([0.0; SITES]);
}

/// The signed sums of each group of four inputs.
pub(super) type Tables = [[Sites; 1 << GROUP]; BITS / GROUP];

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Vector in [u8, u16, u32] {
        /// Adds to each of `out` the sum of up to 64 `inputs` (whole groups of four), each with the
        /// sign of its bit in the word that belongs to `out`.
        pub(super) add_signed: fn(
            inputs: &[Sites],
            words: &[u64],
            tables: &mut Tables,
            out: &mut [Sites],
        ) = add_signed;
        /// Puts the derivative of ln(1 + e^{-2 s f}) by the field f in its place, for up to 64 rows of
        /// weight 1 whose spins begin at bit `shift` of their words. Returns the sum of the function.
        pub(super) logistic: fn(fields: &mut [Sites], words: &[u64], shift: usize) -> f64 = logistic;
        /// The same for rows of any weight.
        pub(super) weighted_logistic: fn(
            fields: &mut [Sites],
            words: &[u64],
            shift: usize,
            weights: &[f64],
        ) -> f64 = weighted_logistic;
        /// The same for e^{-s f}, and rows of weight 1 if there are no weights.
        pub(super) flow: fn(
            fields: &mut [Sites],
            words: &[u64],
            shift: usize,
            weights: Option<&[f64]>,
        ) -> f64 = flow;
    }
}

#[inline(always)]
fn add_signed(inputs: &[Sites], words: &[u64], tables: &mut Tables, out: &mut [Sites]) {
    let groups = inputs.as_chunks::<GROUP>().0;
    for (group, table) in groups.iter().zip(tables.iter_mut()) {
        tabulate(group, table);
    }
    if groups.len() == tables.len() {
        look_up(tables, words, out);
    } else {
        look_up(&tables[..groups.len()], words, out);
    }
}

/// The signed sums of four inputs; bit k of a row's number is set where input k is added.
#[inline(always)]
fn tabulate([a, b, c, d]: &[Sites; GROUP], table: &mut [Sites; 1 << GROUP]) {
    // One loop with all rows in it becomes vectors, where loops over rows become single numbers.
    for lane in 0..SITES {
        let low = pairs(a.0[lane], b.0[lane]);
        let high = pairs(c.0[lane], d.0[lane]);
        for k in 0..1 << GROUP {
            table[k].0[lane] = low[k % 4] + high[k / 4];
        }
    }
}

#[inline(always)]
fn pairs(a: f64, b: f64) -> [f64; 4] {
    [-a - b, a - b, b - a, a + b]
}

#[inline(always)]
fn look_up(tables: &[[Sites; 1 << GROUP]], words: &[u64], out: &mut [Sites]) {
    for (word, out) in words.iter().zip(out) {
        let mut sum = out.0;
        for (group, table) in tables.iter().enumerate() {
            let row = &table[(word >> (GROUP * group)) as usize % (1 << GROUP)].0;
            for lane in 0..SITES {
                sum[lane] += row[lane];
            }
        }
        out.0 = sum;
    }
}

/// x with the sign of a spin that is up, or its opposite for one that is down.
#[inline(always)]
fn signed(x: f64, up: u64) -> f64 {
    f64::from_bits(x.to_bits() ^ (up ^ 1) << 63)
}

/// Of two sites, with x = -2 s f: 1 + e^{-|x|} and max(x, 0), of which ln of the one and the other add
/// up to ln(1 + e^x), and the derivative -2 s / (1 + e^{-x}).
///
/// A division takes as long as sixteen products: the two share one.
#[inline(always)]
pub(super) fn logistic_sites(fields: [f64; 2], up: [u64; 2]) -> ([f64; 2], [f64; 2], [f64; 2]) {
    let x = [signed(-2.0 * fields[0], up[0]), signed(-2.0 * fields[1], up[1])];
    let e = [exp(-x[0].abs()), exp(-x[1].abs())];
    let factors = [1.0 + e[0], 1.0 + e[1]];
    let share = -2.0 / (factors[0] * factors[1]);
    let odds = [if x[0] < 0.0 { e[0] } else { 1.0 }, if x[1] < 0.0 { e[1] } else { 1.0 }];
    let excess = [if x[0] < 0.0 { 0.0 } else { x[0] }, if x[1] < 0.0 { 0.0 } else { x[1] }];
    let slopes = [
        signed(odds[0] * (factors[1] * share), up[0]),
        signed(odds[1] * (factors[0] * share), up[1]),
    ];
    (factors, excess, slopes)
}

/// Of one site: e^{-s f} and its derivative.
#[inline(always)]
pub(super) fn flow_site(field: f64, up: u64) -> (f64, f64) {
    let x = signed(-field, up);
    let e = exp(if x < STEEPEST { x } else { STEEPEST });
    (e, signed(-e, up))
}

/// The bit of a site of a tile.
#[inline(always)]
fn bit(word: u64, shift: usize, lane: usize) -> u64 {
    word >> shift >> lane & 1
}

#[inline(always)]
fn logistic(fields: &mut [Sites], words: &[u64], shift: usize) -> f64 {
    // The logarithm of a product is taken once: of 64 factors below 2 in each of eight lanes.
    let (mut products, mut excess) = ([1.0; SITES], [0.0; SITES]);
    for (row, &word) in fields.iter_mut().zip(words) {
        let (low, high) = row.0.split_at_mut(WIDTH);
        for lane in 0..WIDTH {
            let up = [bit(word, shift, lane), bit(word, shift, lane + WIDTH)];
            let (factors, positive, slopes) = logistic_sites([low[lane], high[lane]], up);
            products[lane] *= factors[0];
            products[lane + WIDTH] *= factors[1];
            excess[lane] += positive[0];
            excess[lane + WIDTH] += positive[1];
            (low[lane], high[lane]) = (slopes[0], slopes[1]);
        }
    }
    ln(product(&products, 0)) + ln(product(&products, WIDTH)) + sum(&excess)
}

#[inline(always)]
fn weighted_logistic(fields: &mut [Sites], words: &[u64], shift: usize, weights: &[f64]) -> f64 {
    let mut value = 0.0;
    for ((row, &word), &weight) in fields.iter_mut().zip(words).zip(weights) {
        let (mut factors, mut excess) = ([1.0; SITES], [0.0; SITES]);
        let (low, high) = row.0.split_at_mut(WIDTH);
        for lane in 0..WIDTH {
            let up = [bit(word, shift, lane), bit(word, shift, lane + WIDTH)];
            let (two, positive, slopes) = logistic_sites([low[lane], high[lane]], up);
            (factors[lane], factors[lane + WIDTH]) = (two[0], two[1]);
            (excess[lane], excess[lane + WIDTH]) = (positive[0], positive[1]);
            (low[lane], high[lane]) = (weight * slopes[0], weight * slopes[1]);
        }
        value += weight * (ln(product(&factors, 0) * product(&factors, WIDTH)) + sum(&excess));
    }
    value
}

#[inline(always)]
fn flow(fields: &mut [Sites], words: &[u64], shift: usize, weights: Option<&[f64]>) -> f64 {
    let mut sums = [0.0; SITES];
    for (m, (row, &word)) in fields.iter_mut().zip(words).enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[m]);
        for lane in 0..SITES {
            let (e, slope) = flow_site(row.0[lane], bit(word, shift, lane));
            sums[lane] += weight * e;
            row.0[lane] = weight * slope;
        }
    }
    sum(&sums)
}

/// The product of eight lanes, halves first.
#[inline(always)]
pub(super) fn product(lanes: &[f64; SITES], first: usize) -> f64 {
    let mut fours = [0.0; 4];
    for k in 0..4 {
        fours[k] = lanes[first + k] * lanes[first + k + 4];
    }
    (fours[0] * fours[2]) * (fours[1] * fours[3])
}

/// The sum of all lanes, halves first.
#[inline(always)]
pub(super) fn sum(lanes: &[f64; SITES]) -> f64 {
    let mut eights = [0.0; WIDTH];
    for lane in 0..WIDTH {
        eights[lane] = lanes[lane] + lanes[lane + WIDTH];
    }
    sum_lanes(eights)
}
