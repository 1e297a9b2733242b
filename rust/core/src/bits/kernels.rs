//! The hot loops over bits, each written once over [`Lanes`] and compiled once an instruction set.
//!
//! Every result is an integer that does not depend on the order of summation, so all sets give the
//! same bits. What they run into: `weigh`, `correct` and `hamming_block` the vector ports while the rows are
//! in cache and the memory beyond; `tally` the memory; `ripple` the L1 stores.

use super::{Chunk, PlaneStack, Rows, bit, lanes::Lanes};
use crate::{rng::Xoshiro8, simd::Level};

/// Planes up to which `weigh` is unrolled; wider stacks take a plainer loop.
const UNROLLED: usize = 16;

/// How far ahead rows are prefetched at least, in chunks: 4 KiB.
const AHEAD: usize = 64;

/// Chunks of the parts in which long rows are weighed: their planes stay in the L1 cache for all rows.
const PART: usize = 48;

/// Chunks of rows that are so short that all that is done once a row matters.
const SHORT: usize = 8;

/// Side of the blocks of `hamming_block`.
pub const BLOCK: usize = 64;

/// Side of the register tiles of `hamming_block`.
const TILE: usize = 4;

type Settle = fn(&mut [i64], &[i64], &[i8], &[i64]) -> bool;

type Correct = fn(Rows<'_>, &[u32], &[Chunk], [i64; 2], &mut [i64]);

/// The kernels of one instruction set.
pub struct Kernels {
    /// For each site, the sum of the stack's integers, each with the sign of its bit in the site's
    /// row: + where it is set. Without twice the lowest bits of these, if all have the same.
    pub weigh: fn(Rows<'_>, &[u32], &PlaneStack, &mut [i64]),
    /// Adds -1 where the row has a set bit and +1 where not (`subtract`), or the reverse, to the
    /// integers whose bit is set in the mask.
    pub ripple: fn(&mut PlaneStack, &[Chunk], &[Chunk], bool),
    /// Adds, for each bit position, the number of rows from `first` on that agree with their spin.
    pub tally: fn(Rows<'_>, usize, &[i8], &mut PlaneStack),
    /// Whether every field plus twice its weight, times its spin, is at least its margin. Then the
    /// fields are replaced by these sums.
    pub settle: Settle,
    /// Adds, for each site, the first factor plus the second times the number of bits in which the
    /// site's row differs from the given one.
    pub correct: Correct,
    /// Bits set in both of two rows.
    pub overlap: fn(&[Chunk], &[Chunk]) -> i64,
    /// Bits in which row `i + a` of the first matrix differs from row `j + b` of the second, to entry
    /// `a * BLOCK + b`, for all `a, b < BLOCK` within them.
    pub hamming_block: fn([Rows<'_>; 2], [usize; 2], &mut [u32]),
    /// Fills chunks with random bits.
    pub fill: fn(&mut Xoshiro8, &mut [Chunk]),
}

impl Kernels {
    /// The kernels of `level`.
    ///
    /// # Panics
    /// If this machine lacks it: the one place where that is decided.
    pub fn of(level: Level) -> &'static Self {
        assert!(level.is_available(), "this machine has no {level}");
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => &super::avx512::KERNELS,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => &super::avx2::KERNELS,
            _ => &super::portable::KERNELS,
        }
    }
}

/// Compiles the kernels below for one instruction set.
macro_rules! kernels {
    ($lanes:ty $(, $feature:literal)?) => {
        pub(super) static KERNELS: $crate::bits::Kernels = {
            use $crate::{bits::{Chunk, PlaneStack, Rows, kernels}, rng::Xoshiro8};

            $(#[target_feature(enable = $feature)])?
            fn weigh(rows: Rows<'_>, sites: &[u32], stack: &PlaneStack, out: &mut [i64]) {
                kernels::weigh::<$lanes>(rows, sites, stack, out);
            }
            $(#[target_feature(enable = $feature)])?
            fn ripple(stack: &mut PlaneStack, row: &[Chunk], mask: &[Chunk], subtract: bool) {
                kernels::ripple::<$lanes>(stack, row, mask, subtract);
            }
            $(#[target_feature(enable = $feature)])?
            fn tally(rows: Rows<'_>, first: usize, spins: &[i8], stack: &mut PlaneStack) {
                kernels::tally::<$lanes>(rows, first, spins, stack);
            }
            $(#[target_feature(enable = $feature)])?
            fn settle(
                fields: &mut [i64],
                weights: &[i64],
                spins: &[i8],
                margins: &[i64],
            ) -> bool {
                kernels::settle(fields, weights, spins, margins)
            }
            $(#[target_feature(enable = $feature)])?
            fn correct(
                rows: Rows<'_>,
                sites: &[u32],
                row: &[Chunk],
                factors: [i64; 2],
                out: &mut [i64],
            ) {
                kernels::correct::<$lanes>(rows, sites, row, factors, out);
            }
            $(#[target_feature(enable = $feature)])?
            fn overlap(a: &[Chunk], b: &[Chunk]) -> i64 {
                kernels::overlap::<$lanes>(a, b)
            }
            $(#[target_feature(enable = $feature)])?
            fn hamming_block(rows: [Rows<'_>; 2], first: [usize; 2], out: &mut [u32]) {
                kernels::hamming_block::<$lanes>(rows, first, out);
            }
            $(#[target_feature(enable = $feature)])?
            fn fill(generator: &mut Xoshiro8, chunks: &mut [Chunk]) {
                generator.fill(chunks);
            }

            // SAFETY (every block): `Kernels::of` hands this table out only where the machine has
            // the instructions; the functions are otherwise safe.
            #[allow(unused_unsafe, reason = "the portable set needs no instructions")]
            $crate::bits::Kernels {
                // SAFETY: see above.
                weigh: |rows, sites, stack, out| unsafe { weigh(rows, sites, stack, out) },
                // SAFETY: see above.
                ripple: |stack, row, mask, subtract| unsafe { ripple(stack, row, mask, subtract) },
                // SAFETY: see above.
                tally: |rows, first, spins, stack| unsafe { tally(rows, first, spins, stack) },
                // SAFETY: see above.
                settle: |fields, weights, spins, margins| unsafe {
                    settle(fields, weights, spins, margins)
                },
                // SAFETY: see above.
                correct: |rows, sites, row, factors, out| unsafe {
                    correct(rows, sites, row, factors, out)
                },
                // SAFETY: see above.
                overlap: |a, b| unsafe { overlap(a, b) },
                // SAFETY: see above.
                hamming_block: |rows, first, out| unsafe { hamming_block(rows, first, out) },
                // SAFETY: see above.
                fill: |generator, chunks| unsafe { fill(generator, chunks) },
            }
        };
    };
}
pub(super) use kernels;

#[inline(always)]
pub(super) fn correct<L: Lanes>(
    rows: Rows<'_>,
    sites: &[u32],
    row: &[Chunk],
    [constant, factor]: [i64; 2],
    out: &mut [i64],
) {
    for (&site, out) in sites.iter().zip(out) {
        let pairs = rows.row(site as usize).iter().zip(row);
        let tally = pairs.fold(L::zero(), |tally, (a, b)| L::load(a).xor(L::load(b)).count(tally));
        *out += constant + factor * L::total(L::finish(tally));
    }
}

#[inline(always)]
pub(super) fn overlap<L: Lanes>(a: &[Chunk], b: &[Chunk]) -> i64 {
    let count = |tally, (a, b)| L::load(a).count_and(L::load(b), tally);
    L::total(L::finish(a.iter().zip(b).fold(L::zero(), count)))
}

#[inline(always)]
pub(super) fn weigh<L: Lanes>(rows: Rows<'_>, sites: &[u32], stack: &PlaneStack, out: &mut [i64]) {
    macro_rules! unrolled {
        ($($width:literal)*) => {
            match stack.width() - stack.n_skipped() {
                $($width => weigh_width::<L, $width>(rows, sites, stack, out),)*
                _ => weigh_wide::<L>(rows, sites, stack, out),
            }
        };
    }
    const { assert!(UNROLLED == 16) }
    unrolled!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
}

#[inline(always)]
fn weigh_width<L: Lanes, const W: usize>(
    rows: Rows<'_>,
    sites: &[u32],
    stack: &PlaneStack,
    out: &mut [i64],
) {
    // Rows share each load of the planes, and hide each other's latencies, while their tallies fit
    // in the registers.
    let rest = match L::REGISTERS / W {
        4.. => weigh_tiles::<L, W, 4>(rows, sites, stack, out),
        2..4 => weigh_tiles::<L, W, 2>(rows, sites, stack, out),
        _ => 0,
    };
    weigh_tiles::<L, W, 1>(rows, &sites[rest..], stack, &mut out[rest..]);
}

/// Weighs as many sites as fill tiles of `R` rows; returns how many.
#[inline(always)]
fn weigh_tiles<L: Lanes, const W: usize, const R: usize>(
    rows: Rows<'_>,
    sites: &[u32],
    stack: &PlaneStack,
    out: &mut [i64],
) -> usize {
    let (stride, n_tiles) = (rows.stride(), sites.len() / R);
    if stride < SHORT && stack.n_skipped() == 0 {
        // Rows that are read side by side are fetched while the tile before them is weighed.
        let ahead = [if R == 1 { AHEAD } else { AHEAD.max(R * stride) }; R];
        for k in 0..n_tiles {
            let here = k * R;
            let mut tile: [&[Chunk]; R] = [&[]; R];
            for r in 0..R {
                tile[r] = rows.row(sites[here + r] as usize);
            }
            let sums = weigh_tile::<L, W, R, true>(tile, 0, ahead, stack);
            for r in 0..R {
                out[here + r] = with_signs(sums[r], tile[r], stack);
            }
        }
        return n_tiles * R;
    }
    // The rows of the next tile are fetched meanwhile; behind the list its rows may go on in memory.
    let mut first = 0;
    while first < stride {
        let last = stride.min(first + PART);
        for k in 0..n_tiles {
            let here = k * R;
            let (mut tile, mut ahead): ([&[Chunk]; R], _) = ([&[]; R], [AHEAD.max(R * stride); R]);
            for r in 0..R {
                let site = sites[here + r] as usize;
                tile[r] = rows.part(site, first, last - first);
                if k + 1 < n_tiles {
                    let next = sites[here + R + r] as usize;
                    ahead[r] = next.wrapping_sub(site).wrapping_mul(stride);
                }
            }
            let sums = weigh_tile::<L, W, R, false>(tile, first, ahead, stack);
            for r in 0..R {
                let sum = if first == 0 { sums[r] } else { out[here + r] + sums[r] };
                let is_last = last == stride;
                out[here + r] = if is_last {
                    with_signs(sum, rows.row(sites[here + r] as usize), stack)
                } else {
                    sum
                };
            }
        }
        first = last;
    }
    sites.len() / R * R
}

/// From the sum over set bits to the sum with signs, the listed integers included.
#[inline(always)]
fn with_signs(sum: i64, row: &[Chunk], stack: &PlaneStack) -> i64 {
    stack.listed.iter().fold(2 * sum - stack.sum, |total, &(k, integer)| {
        if bit(row, k) { total + integer } else { total - integer }
    })
}

/// Parts of `R` rows, from chunk `first` on, against `W` planes: and, popcount, add; then the
/// planes' powers of two by Horner's rule.
/// Meanwhile what stands so many chunks `ahead` of them is fetched.
#[inline(always)]
fn weigh_tile<L: Lanes, const W: usize, const R: usize, const IS_SHORT: bool>(
    rows: [&[Chunk]; R],
    first: usize,
    ahead: [usize; R],
    stack: &PlaneStack,
) -> [i64; R] {
    // Loops, not closures: a closure that is not inlined would be compiled for the plainest processor.
    let mut tallies = [[L::zero(); W]; R];
    let skipped = if IS_SHORT { 0 } else { stack.n_skipped() };
    for c in 0..rows[0].len() {
        let planes = &stack.chunk(first + c)[skipped..][..W];
        let mut bits = [L::splat(false); R];
        for r in 0..R {
            L::prefetch(&rows[r][c], ahead[if IS_SHORT { 0 } else { r }]);
            bits[r] = L::load(&rows[r][c]);
        }
        for (b, plane) in planes.iter().enumerate() {
            let plane = L::load(plane);
            for r in 0..R {
                tallies[r][b] = bits[r].count_and(plane, tallies[r][b]);
            }
        }
    }
    let mut sums = [0; R];
    for r in 0..R {
        // The top plane is the sign: its weight is negative.
        let mut sum = L::negate(L::finish(tallies[r][W - 1]));
        for b in (0..W - 1).rev() {
            sum = L::double_plus(sum, L::finish(tallies[r][b]));
        }
        sums[r] = L::total(sum) << skipped;
    }
    sums
}

#[inline(always)]
fn weigh_wide<L: Lanes>(rows: Rows<'_>, sites: &[u32], stack: &PlaneStack, out: &mut [i64]) {
    for (&site, out) in sites.iter().zip(out) {
        let row = rows.row(site as usize);
        let sum = (stack.n_skipped()..stack.width()).rev().fold(0, |sum, b| {
            let planes = row.iter().zip(stack.by_chunk());
            let tally = planes.fold(L::zero(), |tally, (bits, planes)| {
                L::load(bits).count_and(L::load(&planes[b]), tally)
            });
            let count = L::total(L::finish(tally));
            2 * sum + if b + 1 == stack.width() { -count } else { count }
        });
        *out = with_signs(sum << stack.n_skipped(), row, stack);
    }
}

#[inline(always)]
pub(super) fn settle(fields: &mut [i64], weights: &[i64], spins: &[i8], margins: &[i64]) -> bool {
    let mut opposed = 0;
    for (((field, weight), &spin), margin) in fields.iter().zip(weights).zip(spins).zip(margins) {
        // (field + 2 weight) spin, without a multiplication.
        let mask = i64::from(spin) >> 1;
        opposed |= ((field + 2 * weight) ^ mask) - mask - margin;
    }
    if opposed < 0 {
        return false;
    }
    for (field, weight) in fields.iter_mut().zip(weights) {
        *field += 2 * weight;
    }
    true
}

/// A ripple-carry counter over the planes, 512 integers at a time. Also keeps the stack as narrow
/// as its integers allow: it grows by a plane when one of them needs it, and shrinks by one when
/// none does.
#[inline(always)]
pub(super) fn ripple<L: Lanes>(
    stack: &mut PlaneStack,
    row: &[Chunk],
    mask: &[Chunk],
    subtract: bool,
) {
    let width = stack.width();
    stack.reserve(width + 1);
    let invert = L::splat(!subtract);
    let mut outgrown = L::splat(false);
    let mut needed = L::splat(width == 1 + stack.n_skipped());
    for ((planes, row), mask) in stack.by_chunk_mut().zip(row).zip(mask) {
        let down = L::load(row).xor(invert);
        let mut carry = L::load(mask);
        let (mut top, mut below) = (L::splat(false), L::splat(false));
        let mut sign = top;
        for plane in &mut planes[..width] {
            let old = L::load(plane);
            sign = old;
            below = top;
            top = old.xor(carry);
            top.store(plane);
            // Counting up carries out of a 1, counting down borrows out of a 0.
            carry = carry.and(old.xor(down));
        }
        let next = sign.xor(carry);
        next.store(&mut planes[width]);
        outgrown = outgrown.or(next.xor(top));
        needed = needed.or(top.xor(below));
    }
    if outgrown.any() {
        stack.set_width(width + 1);
    } else if !needed.any() {
        stack.set_width(width - 1);
    }
}

/// Eight rows at a time through a tree of full adders, so that each plane is touched once for
/// eight rows; carries beyond the fourth plane ripple, and are rare.
#[inline(always)]
pub(super) fn tally<L: Lanes>(rows: Rows<'_>, first: usize, spins: &[i8], stack: &mut PlaneStack) {
    let groups = spins.chunks_exact(8);
    let rest = groups.remainder();
    let rest_first = first + spins.len() - rest.len();
    for (group, spins) in groups.enumerate() {
        let group: [&[Chunk]; 8] = std::array::from_fn(|k| rows.row(first + 8 * group + k));
        let flips: [L; 8] = std::array::from_fn(|k| L::splat(spins[k] < 0));
        for (c, planes) in stack.by_chunk_mut().enumerate() {
            let agrees = |k: usize| {
                L::prefetch(&group[k][c], 8 * group[k].len());
                L::load(&group[k][c]).xor(flips[k])
            };
            let (ones, twos_a) = L::load(&planes[0]).add(agrees(0), agrees(1));
            let (ones, twos_b) = ones.add(agrees(2), agrees(3));
            let (twos, fours_a) = L::load(&planes[1]).add(twos_a, twos_b);
            let (ones, twos_a) = ones.add(agrees(4), agrees(5));
            let (ones, twos_b) = ones.add(agrees(6), agrees(7));
            let (twos, fours_b) = twos.add(twos_a, twos_b);
            let (fours, carry) = L::load(&planes[2]).add(fours_a, fours_b);
            ones.store(&mut planes[0]);
            twos.store(&mut planes[1]);
            fours.store(&mut planes[2]);
            carry_into(&mut planes[3..], carry);
        }
    }
    for (k, &spin) in rest.iter().enumerate() {
        let flip = L::splat(spin < 0);
        for (planes, row) in stack.by_chunk_mut().zip(rows.row(rest_first + k)) {
            carry_into(planes, L::load(row).xor(flip));
        }
    }
}

#[inline(always)]
fn carry_into<L: Lanes>(planes: &mut [Chunk], mut carry: L) {
    for plane in planes {
        if !carry.any() {
            break;
        }
        let old = L::load(plane);
        old.xor(carry).store(plane);
        carry = carry.and(old);
    }
}

#[inline(always)]
pub(super) fn hamming_block<L: Lanes>(
    [lefts, rights]: [Rows<'_>; 2],
    [i, j]: [usize; 2],
    out: &mut [u32],
) {
    let height = BLOCK.min(lefts.n_rows() - i);
    let width = BLOCK.min(rights.n_rows() - j);
    for a in (0..height).step_by(TILE) {
        for b in (0..width).step_by(TILE) {
            // At the border a tile repeats the last row instead of having a size of its own.
            let left: [&[Chunk]; TILE] =
                std::array::from_fn(|k| lefts.row(i + (a + k).min(height - 1)));
            let right: [&[Chunk]; TILE] =
                std::array::from_fn(|k| rights.row(j + (b + k).min(width - 1)));
            let mut tallies = [[L::zero(); TILE]; TILE];
            for c in 0..lefts.stride() {
                let left: [L; TILE] = std::array::from_fn(|k| L::load(&left[k][c]));
                for l in 0..TILE {
                    let right = L::load(&right[l][c]);
                    for k in 0..TILE {
                        tallies[k][l] = left[k].xor(right).count(tallies[k][l]);
                    }
                }
            }
            for k in 0..TILE.min(height - a) {
                for l in 0..TILE.min(width - b) {
                    out[(a + k) * BLOCK + b + l] = L::total(L::finish(tallies[k][l])) as u32;
                }
            }
        }
    }
}
