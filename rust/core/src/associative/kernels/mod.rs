//! Products of bits and digits: the hot loop of every visit, written once over [`Digits`].
//!
//! Each set bit of a row adds a byte of each plane. Sums of integers have the same bits in any order.
//! Bound: the vector ports while the planes are in cache, also the memory beyond, which is why long
//! rows are taken in parts whose planes serve all rows.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use self::portable::Words;
#[cfg(target_arch = "x86_64")]
use self::{avx2::Pair, avx512::Register};
use crate::{
    bits::{Chunk, Rows},
    simd::kernel_table,
};

/// Patterns of a [`Line`].
pub(super) const PATTERNS: usize = 64;

/// A digit of each of 64 patterns.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Line(pub [u8; PATTERNS]);

impl Line {
    /// Lines whose patterns are the bits of a chunk.
    pub const IN_CHUNK: usize = 8;
}

impl Default for Line {
    fn default() -> Self {
        Self([0; PATTERNS])
    }
}

/// The lines of a chunk.
type Lines = [Line; Line::IN_CHUNK];

/// Chunks of the parts in which long rows are weighed: two planes of them fill a first-level cache.
const PART: usize = 32;

/// Planes that are weighed together.
const MOST_PLANES: usize = 4;

/// What an instruction set does with 64 bits and as many bytes. As of [`Lanes`](crate::bits::Lanes), a
/// type of this trait is only used inside a table of kernels.
trait Digits {
    /// Rows that are weighed together: their sums stay in registers.
    const ROWS: usize;
    /// Chunks after which a sum must be taken out.
    const CHUNKS: usize;
    /// 64 bits, a byte each.
    type Mask: Copy;
    type Sum: Copy;

    fn mask(word: u64) -> Self::Mask;
    fn zero() -> Self::Sum;
    /// `sum` plus the bytes that the mask leaves.
    fn add(sum: Self::Sum, line: &Line, mask: Self::Mask) -> Self::Sum;
    fn total(sum: Self::Sum) -> i64;
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Set in [Words, Pair, Register] {
        /// For each site the sum, over the set bits of its row, of the integers whose digits stand in
        /// so many planes.
        pub weigh: fn(
            rows: Rows<'_>, sites: &[u32], planes: &[Line], n_planes: usize, sums: &mut [i128],
        ) = weigh::<Set>;
    }
}

#[inline(always)]
fn weigh<D: Digits>(
    rows: Rows<'_>,
    sites: &[u32],
    planes: &[Line],
    n_planes: usize,
    sums: &mut [i128],
) {
    sums.fill(0);
    let planes = planes.as_chunks::<{ Line::IN_CHUNK }>().0;
    let stride = rows.stride();
    for part in (0..stride).step_by(PART) {
        let part = part..stride.min(part + PART);
        for first in (0..n_planes).step_by(MOST_PLANES) {
            let plane = |k| &planes[(first + k) * stride..][part.clone()];
            let shift = 8 * first;
            match n_planes - first {
                1 => weigh_part::<D, 1>(rows, part.start, sites, [plane(0)], shift, sums),
                2 => {
                    let planes = [plane(0), plane(1)];
                    weigh_part::<D, 2>(rows, part.start, sites, planes, shift, sums);
                }
                3 => {
                    let planes = [plane(0), plane(1), plane(2)];
                    weigh_part::<D, 3>(rows, part.start, sites, planes, shift, sums);
                }
                _ => {
                    let planes = [plane(0), plane(1), plane(2), plane(3)];
                    weigh_part::<D, 4>(rows, part.start, sites, planes, shift, sums);
                }
            }
        }
    }
}

/// Adds the sums over the chunks of rows from `first` on that these planes have, times 2^shift.
#[inline(always)]
fn weigh_part<D: Digits, const PLANES: usize>(
    rows: Rows<'_>,
    first: usize,
    sites: &[u32],
    planes: [&[Lines]; PLANES],
    shift: usize,
    sums: &mut [i128],
) {
    let at_once = if PLANES > 2 { D::ROWS.div_ceil(2) } else { D::ROWS };
    let whole = sites.len() / at_once * at_once;
    let (tiles, rest) = sites.split_at(whole);
    let (tile_sums, rest_sums) = sums.split_at_mut(whole);
    for (sites, sums) in tiles.chunks_exact(at_once).zip(tile_sums.chunks_exact_mut(at_once)) {
        match at_once {
            8 => tile::<D, PLANES, 8>(rows, first, sites, planes, shift, sums),
            4 => tile::<D, PLANES, 4>(rows, first, sites, planes, shift, sums),
            2 => tile::<D, PLANES, 2>(rows, first, sites, planes, shift, sums),
            _ => tile::<D, PLANES, 1>(rows, first, sites, planes, shift, sums),
        }
    }
    for (sites, sums) in rest.chunks_exact(1).zip(rest_sums.chunks_exact_mut(1)) {
        tile::<D, PLANES, 1>(rows, first, sites, planes, shift, sums);
    }
}

#[inline(always)]
fn tile<D: Digits, const PLANES: usize, const ROWS: usize>(
    rows: Rows<'_>,
    first: usize,
    sites: &[u32],
    planes: [&[Lines]; PLANES],
    shift: usize,
    sums: &mut [i128],
) {
    let length = planes[0].len();
    let row: [&[Chunk]; ROWS] =
        std::array::from_fn(|k| &rows.row(sites[k] as usize)[first..first + length]);
    let mut totals = [[0; PLANES]; ROWS];
    for start in (0..length).step_by(D::CHUNKS) {
        let mut partial = [[D::zero(); PLANES]; ROWS];
        for chunk in start..length.min(start + D::CHUNKS) {
            for word in 0..Line::IN_CHUNK {
                for r in 0..ROWS {
                    let mask = D::mask(row[r][chunk].0[word]);
                    for plane in 0..PLANES {
                        let line = &planes[plane][chunk][word];
                        partial[r][plane] = D::add(partial[r][plane], line, mask);
                    }
                }
            }
        }
        for r in 0..ROWS {
            for plane in 0..PLANES {
                totals[r][plane] += D::total(partial[r][plane]);
            }
        }
    }
    for r in 0..ROWS {
        for plane in 0..PLANES {
            sums[r] += i128::from(totals[r][plane]) << (shift + 8 * plane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bits::BitMatrix, simd::Level};

    #[test]
    fn every_level_adds_the_integers_of_set_bits() {
        for (n_bits, n_rows, n_planes) in
            [(1, 1, 1), (700, 9, 2), (9000, 11, 3), (40_000, 17, 5), (513, 5, 8)]
        {
            let mut matrix = BitMatrix::zeros(n_rows, n_bits).unwrap();
            let stride = matrix.stride();
            let mut word = 1u64;
            let mut next = || {
                word ^= word << 13;
                word ^= word >> 7;
                word ^= word << 17;
                word
            };
            for k in 0..n_rows * n_bits {
                let (row, bit) = (k / n_bits, k % n_bits);
                // The first row has all bits, where sums are largest.
                let value = row == 0 || next() % 3 > 0;
                matrix.chunks_mut()[row * stride + bit / 512].set_bit(bit % 512, value);
            }
            let n_lines = stride * Line::IN_CHUNK;
            let mut planes = vec![Line::default(); n_planes * n_lines];
            for line in &mut planes {
                line.0 = std::array::from_fn(|_| if next() % 2 == 0 { 255 } else { next() as u8 });
            }
            let integer = |mu: usize| -> i128 {
                (0..n_planes)
                    .map(|plane| {
                        let line = &planes[plane * n_lines + mu / PATTERNS];
                        i128::from(line.0[mu % PATTERNS]) << (8 * plane)
                    })
                    .sum()
            };
            let sites: Vec<u32> = (0..n_rows as u32).rev().collect();
            let expected: Vec<i128> = sites
                .iter()
                .map(|&site| {
                    (0..n_bits).filter(|&mu| matrix.get(site as usize, mu)).map(integer).sum()
                })
                .collect();
            for level in Level::available() {
                let mut sums = vec![-1; n_rows];
                (Kernels::of(level).weigh)(matrix.rows(), &sites, &planes, n_planes, &mut sums);
                assert_eq!(sums, expected, "{level}, {n_bits} bits in {n_planes} planes");
            }
        }
    }
}
