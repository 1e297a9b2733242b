//! The hot loops of a visit and of a flip, written once over [`Digits`].
//!
//! In a visit each set bit of a row adds a byte of each plane. A flip moves every value by one and
//! looks its digits up, whatever function they are of. Sums of integers have the same bits in any
//! order. Bound: the vector ports while the planes are in cache, also the memory beyond, which is why
//! long rows are taken in parts whose planes serve all rows.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod nibbles;
mod portable;

use self::portable::Words;
#[cfg(target_arch = "x86_64")]
use self::{avx2::Pair, avx512::Register};
use crate::{
    bits::{Chunk, Rows, words},
    simd::kernel_table,
};

/// Patterns of a [`Line`].
pub(super) const PATTERNS: usize = 64;

/// A digit of each of 64 patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// The value of a pattern that has none: it stays, and has digits of its own.
pub(super) const ABSENT: i8 = i8::MIN;

/// A digit for each value of a byte, the negative ones behind the others.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct ByteTable(pub [u8; 256]);

/// What came of a flip: the sums of all integers, over the set bits of the row and over all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flipped {
    pub set: i128,
    pub total: i128,
    /// Whether a value is at the edge now.
    pub crosses: bool,
}

/// Lines of the parts in which long rows are weighed: a few planes of them stay in a second-level cache,
/// and a row is read in long strides.
const PART: usize = 4096;

/// Planes that are weighed together.
const MOST_PLANES: usize = 4;

/// What an instruction set does with 64 bits and as many bytes. As of [`Lanes`](crate::bits::Lanes), a
/// type of this trait is only used inside a table of kernels.
trait Digits {
    /// Rows that are weighed together: their sums stay in registers.
    const ROWS: usize;
    /// Lines after which a sum must be taken out.
    const LINES: usize;
    /// 64 bits, a byte each.
    type Mask: Copy;
    type Sum: Copy;
    /// A [`ByteTable`] as it is looked up.
    type Table: Copy;

    fn mask(word: u64) -> Self::Mask;
    fn zero() -> Self::Sum;
    /// `sum` plus the bytes that the mask leaves.
    fn add(sum: Self::Sum, line: &Line, mask: Self::Mask) -> Self::Sum;
    fn total(sum: Self::Sum) -> i64;
    /// Adds 1 to the values whose bit is set, takes 1 from the others, and says whether the absolute
    /// value of one is `edge` then.
    fn step(values: &mut Line, word: u64, edge: i8) -> bool;
    /// A table for values up to `edge`.
    fn table(table: &ByteTable, edge: i8) -> Self::Table;
    /// The digits of values in some tables.
    fn look_up<const PLANES: usize>(
        tables: &[Self::Table; PLANES],
        values: &Line,
    ) -> [Line; PLANES];

    /// Fills tables of sums, where many rows are weighed faster by them.
    #[inline(always)]
    fn tabulate(_planes: &[Line], _n_planes: usize, _tables: &mut Vec<Line>) {}
    /// Weighs the rows of the first sites by these tables, and says of how many.
    #[inline(always)]
    fn weigh_by_tables(
        _rows: Rows<'_>,
        _sites: &[u32],
        _tables: &[Line],
        _n_planes: usize,
        _sums: &mut [i128],
    ) -> usize {
        0
    }
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Set in [Words, Pair, Register] {
        /// For each site the sum, over the set bits of its row, of the integers whose digits stand in
        /// so many planes. `tables` is empty or what `tabulate` made of them.
        pub weigh: fn(
            rows: Rows<'_>, sites: &[u32], planes: &[Line], n_planes: usize, tables: &[Line],
            sums: &mut [i128],
        ) = weigh::<Set>;
        /// Fills an empty `tables`, where many rows are weighed faster by them.
        pub tabulate: fn(planes: &[Line], n_planes: usize, tables: &mut Vec<Line>) =
            Set::tabulate;
        /// Adds 1 to the values whose bit in the row is set and takes 1 from the others (`up`), or the
        /// reverse, and writes their digits, a plane for each table.
        pub flip: fn(
            row: &[Chunk], up: bool, edge: i8, tables: &[ByteTable], values: &mut [Line],
            planes: &mut [Line],
        ) -> Flipped = flip::<Set>;
    }
}

#[inline(always)]
fn weigh<D: Digits>(
    rows: Rows<'_>,
    sites: &[u32],
    planes: &[Line],
    n_planes: usize,
    tables: &[Line],
    sums: &mut [i128],
) {
    sums.fill(0);
    let tabled =
        if tables.is_empty() { 0 } else { D::weigh_by_tables(rows, sites, tables, n_planes, sums) };
    let (sites, sums) = (&sites[tabled..], &mut sums[tabled..]);
    let n_lines = rows.stride() * Line::IN_CHUNK;
    for part in (0..n_lines).step_by(PART) {
        let part = part..n_lines.min(part + PART);
        for first in (0..n_planes).step_by(MOST_PLANES) {
            let plane = |k| &planes[(first + k) * n_lines..][part.clone()];
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

/// Adds the sums over the words of rows from `first` on that these planes have, times 2^shift.
#[inline(always)]
fn weigh_part<D: Digits, const PLANES: usize>(
    rows: Rows<'_>,
    first: usize,
    sites: &[u32],
    planes: [&[Line]; PLANES],
    shift: usize,
    sums: &mut [i128],
) {
    let most = if PLANES > 2 { D::ROWS.div_ceil(2) } else { D::ROWS };
    let mut done = 0;
    while done < sites.len() {
        let (sites, sums) = (&sites[done..], &mut sums[done..]);
        done += match sites.len().min(most) {
            8.. => tile::<D, PLANES, 8>(rows, first, sites, planes, shift, sums),
            4.. => tile::<D, PLANES, 4>(rows, first, sites, planes, shift, sums),
            2.. => tile::<D, PLANES, 2>(rows, first, sites, planes, shift, sums),
            _ => tile::<D, PLANES, 1>(rows, first, sites, planes, shift, sums),
        };
    }
}

/// Does this for the first sites, and says for how many.
#[inline(always)]
fn tile<D: Digits, const PLANES: usize, const ROWS: usize>(
    rows: Rows<'_>,
    first: usize,
    sites: &[u32],
    planes: [&[Line]; PLANES],
    shift: usize,
    sums: &mut [i128],
) -> usize {
    let length = planes[0].len();
    let planes = planes.map(|plane| &plane[..length]);
    let row: [&[u64]; ROWS] =
        std::array::from_fn(|k| &words(rows.row(sites[k] as usize))[first..first + length]);
    let mut totals = [[0; PLANES]; ROWS];
    for start in (0..length).step_by(D::LINES) {
        let mut partial = [[D::zero(); PLANES]; ROWS];
        for line in start..length.min(start + D::LINES) {
            for r in 0..ROWS {
                let mask = D::mask(row[r][line]);
                for plane in 0..PLANES {
                    partial[r][plane] = D::add(partial[r][plane], &planes[plane][line], mask);
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
    ROWS
}

#[inline(always)]
fn flip<D: Digits>(
    row: &[Chunk],
    up: bool,
    edge: i8,
    tables: &[ByteTable],
    values: &mut [Line],
    planes: &mut [Line],
) -> Flipped {
    let invert = if up { 0 } else { u64::MAX };
    let n_lines = values.len();
    let mut flipped = Flipped { set: 0, total: 0, crosses: false };
    let parts = values.chunks_mut(PART).zip(words(row).chunks(PART)).enumerate();
    for (part, (values, row)) in parts {
        for (values, word) in values.iter_mut().zip(row) {
            flipped.crosses |= D::step(values, word ^ invert, edge);
        }
        for (k, tables) in tables.chunks(MOST_PLANES).enumerate() {
            let planes = &mut planes[k * MOST_PLANES * n_lines + part * PART..];
            let shift = 8 * MOST_PLANES * k;
            let [set, total] = match tables {
                [a] => look_up::<D, 1>(row, [a], edge, values, planes, n_lines),
                [a, b] => look_up::<D, 2>(row, [a, b], edge, values, planes, n_lines),
                [a, b, c] => look_up::<D, 3>(row, [a, b, c], edge, values, planes, n_lines),
                [a, b, c, d, ..] => {
                    look_up::<D, 4>(row, [a, b, c, d], edge, values, planes, n_lines)
                }
                [] => [0, 0],
            };
            flipped.set += set << shift;
            flipped.total += total << shift;
        }
    }
    flipped
}

/// Writes the digits of values to planes that are `n_lines` apart. Returns the sums of the integers,
/// over the set bits of the row and over all.
#[inline(always)]
fn look_up<D: Digits, const PLANES: usize>(
    row: &[u64],
    tables: [&ByteTable; PLANES],
    edge: i8,
    values: &[Line],
    planes: &mut [Line],
    n_lines: usize,
) -> [i128; 2] {
    let tables = tables.map(|table| D::table(table, edge));
    let mut sums = [[0i64; PLANES]; 2];
    for first in (0..values.len()).step_by(D::LINES) {
        let mut partial = [[D::zero(); PLANES]; 2];
        for k in first..values.len().min(first + D::LINES) {
            let masks = [D::mask(row[k]), D::mask(u64::MAX)];
            let digits = D::look_up(&tables, &values[k]);
            for plane in 0..PLANES {
                planes[plane * n_lines + k] = digits[plane];
                for which in 0..2 {
                    partial[which][plane] =
                        D::add(partial[which][plane], &digits[plane], masks[which]);
                }
            }
        }
        for which in 0..2 {
            for plane in 0..PLANES {
                sums[which][plane] += D::total(partial[which][plane]);
            }
        }
    }
    sums.map(|sums| sums.iter().rev().fold(0, |high, &sum| (high << 8) + i128::from(sum)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bits::BitMatrix, simd::Level};

    #[test]
    fn every_level_adds_the_integers_of_set_bits() {
        for (n_bits, n_rows, n_planes) in
            [(1, 1, 1), (700, 39, 2), (9000, 300, 3), (270_000, 17, 5), (513, 16, 8)]
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
                let Kernels { weigh, tabulate, .. } = Kernels::of(level);
                let mut tables = Vec::new();
                for _ in 0..2 {
                    let mut sums = vec![-1; n_rows];
                    weigh(matrix.rows(), &sites, &planes, n_planes, &tables, &mut sums);
                    assert_eq!(sums, expected, "{level}, {n_bits} bits in {n_planes} planes");
                    tabulate(&planes, n_planes, &mut tables);
                }
            }
        }
    }
    #[test]
    fn every_level_moves_values_and_looks_up_their_digits() {
        let mut word = 7u64;
        let mut next = || {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            word
        };
        for (n_chunks, edge) in [(1, 1), (3, 40), (2, 63), (40, 90), (35, 127), (520, 100)] {
            for n_planes in [1, 2, 3, 5, 8] {
                let n_lines = n_chunks * Line::IN_CHUNK;
                let row: Vec<Chunk> =
                    (0..n_chunks).map(|_| Chunk(std::array::from_fn(|_| next()))).collect();
                let tables: Vec<ByteTable> = (0..n_planes)
                    .map(|_| ByteTable(std::array::from_fn(|_| next() as u8)))
                    .collect();
                let start: Vec<Line> = (0..n_lines)
                    .map(|_| {
                        Line(std::array::from_fn(|_| {
                            let value =
                                (next() % (2 * edge as u64 - 1)) as i64 - i64::from(edge) + 1;
                            if next() % 9 == 0 { ABSENT as u8 } else { value as u8 }
                        }))
                    })
                    .collect();
                for up in [false, true] {
                    let mut expected = Flipped { set: 0, total: 0, crosses: false };
                    let mut moved = start.clone();
                    let mut digits = vec![Line::default(); n_planes * n_lines];
                    for mu in 0..n_lines * PATTERNS {
                        let (line, k) = (mu / PATTERNS, mu % PATTERNS);
                        let is_set = crate::bits::bit(&row, mu);
                        let value = &mut moved[line].0[k];
                        if *value != ABSENT as u8 {
                            *value = value.wrapping_add(if is_set == up { 1 } else { 255 });
                            expected.crosses |= (*value as i8).abs() == edge;
                        }
                        for plane in 0..n_planes {
                            let digit = tables[plane].0[usize::from(*value)];
                            digits[plane * n_lines + line].0[k] = digit;
                            let part = i128::from(digit) << (8 * plane);
                            expected.total += part;
                            expected.set += if is_set { part } else { 0 };
                        }
                    }
                    for level in Level::available() {
                        let mut values = start.clone();
                        let mut planes = vec![Line([3; PATTERNS]); n_planes * n_lines];
                        let flip = Kernels::of(level).flip;
                        let found = flip(&row, up, edge, &tables, &mut values, &mut planes);
                        assert_eq!(found, expected, "{level}, edge {edge}, {n_planes} planes");
                        assert_eq!(values, moved);
                        assert_eq!(planes, digits);
                    }
                }
            }
        }
    }
}
