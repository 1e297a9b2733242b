//! Structure factors on a lattice: S(k) = |sum_r s_r exp(i k.r)|^2 / N, with the spins of a replica or
//! the overlaps s_r^a s_r^b of a pair.
//!
//! By definition integers come first. If k does not vary along the last axis, the set bits of a row are
//! counted, and rows are added up along every other axis on which it does not vary. If it varies along
//! the last axis alone, bits are counted in columns: eight rows at a time are added like binary numbers,
//! for 64 columns at once. Nothing is unpacked. Otherwise every row is transformed along the last axis,
//! in eight lanes by the coordinate modulo 8, a byte of spins at a time.
//!
//! What is left is transformed axis after axis, the last one first, its terms one after the other (in
//! lanes where they are still integers).

use super::{Measure, Scratch, snapshots::Packing};
use crate::{
    bits::Chunk,
    elementary::{WIDTH, of_turn, sum_lanes},
    simd::{Level, kernel_table},
};

/// Rows that are added like binary numbers, the planes of the sum, and how many rows these hold.
const GROUP: usize = 8;
const PLANES: usize = 8;
const MOST: usize = 248;

/// The spins of a byte.
static SIGNS: [[f64; 8]; 256] = signs();

const fn signs() -> [[f64; 8]; 256] {
    let mut all = [[-1.0; 8]; 256];
    let mut k = 0;
    while k < 256 * 8 {
        if (k / 8) >> (k % 8) & 1 == 1 {
            all[k / 8][k % 8] = 1.0;
        }
        k += 1;
    }
    all
}

kernel_table! {
    /// The kernels of one instruction set.
    struct Kernels for Unused in [(), (), ()] {
        /// Set bits of every row of `width` bits.
        rows: fn(bits: &[u64], width: usize, out: &mut [i64]) = rows;
        /// Rows of `out.len()` bits whose bit is set, for every place.
        columns: fn(bits: &[u64], n_rows: usize, out: &mut [i64]) = columns;
        /// The sums of the spins of every row times the numbers of a column, in lanes.
        products: fn(bits: &[u64], width: usize, phases: [&[f64]; 2], out: &mut [[f64; 2]]) = products;
        /// The sum of integers times numbers, in lanes.
        product: fn(values: &[i64], numbers: &[f64]) -> f64 = product;
    }
}

/// 64 bits from bit `place` on; a word follows the last one.
#[inline(always)]
fn word_at(bits: &[u64], place: usize) -> u64 {
    let (word, shift) = (place / 64, place % 64);
    // In two steps, as a shift by 64 is none.
    bits[word] >> shift | bits[word + 1] << 1 << (63 - shift)
}

/// The lowest `count` bits.
#[inline(always)]
fn lowest(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

#[inline(always)]
fn rows(bits: &[u64], width: usize, out: &mut [i64]) {
    if width.is_multiple_of(64) {
        for (row, out) in bits.chunks(width / 64).zip(out) {
            *out = row.iter().map(|word| i64::from(word.count_ones())).sum();
        }
        return;
    }
    for (row, out) in out.iter_mut().enumerate() {
        let mut count = 0;
        for first in (0..width).step_by(64) {
            let word = word_at(bits, row * width + first) & lowest(width - first);
            count += i64::from(word.count_ones());
        }
        *out = count;
    }
}

/// Three bits as a number of two.
#[inline(always)]
fn add(a: u64, b: u64, c: u64) -> [u64; 2] {
    let either = a ^ b;
    [a & b | either & c, either ^ c]
}

#[inline(always)]
fn columns(bits: &[u64], n_rows: usize, out: &mut [i64]) {
    let width = out.len();
    out.fill(0);
    // Several rows that fill a word are one row, and 64 columns.
    let together = if 64 % width == 0 { 64 / width } else { 1 };
    let (whole, wide) = (n_rows / together, width * together);
    for first in (0..whole).step_by(MOST) {
        let rows = first..whole.min(first + MOST);
        for word in 0..wide.div_ceil(64) {
            let mut planes = [0; PLANES];
            let mut row = rows.start;
            let at = |row: usize| word_at(bits, row * wide + 64 * word);
            while row + GROUP <= rows.end {
                let [ones, twos, fours, higher @ ..] = &mut planes;
                let mut two = |row| {
                    let [carry, sum] = add(*ones, at(row), at(row + 1));
                    *ones = sum;
                    carry
                };
                let (a, b, c, d) = (two(row), two(row + 2), two(row + 4), two(row + 6));
                let [a, sum] = add(*twos, a, b);
                let [c, sum] = add(sum, c, d);
                *twos = sum;
                let [mut carry, sum] = add(*fours, a, c);
                *fours = sum;
                for plane in higher {
                    (*plane, carry) = (*plane ^ carry, *plane & carry);
                }
                row += GROUP;
            }
            for row in row..rows.end {
                let mut carry = at(row);
                for plane in &mut planes {
                    (*plane, carry) = (*plane ^ carry, *plane & carry);
                }
            }
            for bit in 0..(wide - 64 * word).min(64) {
                let count: i64 =
                    (0..PLANES).map(|plane| ((planes[plane] >> bit & 1) as i64) << plane).sum();
                out[(64 * word + bit) % width] += count;
            }
        }
    }
    // The rows that are left do not fill a word.
    for row in whole * together..n_rows {
        let word = word_at(bits, row * width);
        for (bit, out) in out.iter_mut().enumerate() {
            *out += (word >> bit & 1) as i64;
        }
    }
}

#[inline(always)]
fn products(bits: &[u64], width: usize, phases: [&[f64]; 2], out: &mut [[f64; 2]]) {
    for (row, out) in out.iter_mut().enumerate() {
        let mut lanes = [[0.0; WIDTH]; 2];
        for first in (0..width).step_by(64) {
            let word = word_at(bits, row * width + first);
            for byte in 0..(width - first).div_ceil(8).min(8) {
                let signs = &SIGNS[(word >> (8 * byte) & 0xff) as usize];
                for (lanes, phases) in lanes.iter_mut().zip(phases) {
                    let phases = &phases[first + 8 * byte..][..WIDTH];
                    for lane in 0..WIDTH {
                        lanes[lane] += signs[lane] * phases[lane];
                    }
                }
            }
        }
        *out = lanes.map(sum_lanes);
    }
}

#[inline(always)]
fn product(values: &[i64], numbers: &[f64]) -> f64 {
    let mut lanes = [0.0; WIDTH];
    for (values, numbers) in values.chunks(WIDTH).zip(numbers.chunks(WIDTH)) {
        for ((lane, &value), number) in lanes.iter_mut().zip(values).zip(numbers) {
            *lane += value as f64 * number;
        }
    }
    sum_lanes(lanes)
}

/// cos and sin of k x for every x along an axis, with zeros up to a multiple of eight.
type Phases = [Vec<f64>; 2];

fn phases(side: usize, turns: usize) -> Phases {
    [0, 1].map(|part| {
        // n x modulo the side, without a product that could be too large.
        let steps = (0..side).map(|x| (turns as u128 * x as u128 % side as u128) as usize);
        let mut phases: Vec<f64> = steps.map(|step| of_turn(step, side)[part]).collect();
        phases.resize(side.next_multiple_of(WIDTH), 0.0);
        phases
    })
}

/// What is added up before anything is transformed.
enum Wave {
    /// Rows, each in its slot; then these axes are left.
    Rows { slots: Vec<u32>, n_slots: usize, axes: Vec<(usize, Phases)> },
    /// Columns.
    Columns(Phases),
    /// Nothing: the phases of the last axis, and of the others.
    Spins(Phases, Vec<(usize, Phases)>),
}

impl Wave {
    fn new(sides: &[usize], vector: &[i64]) -> Self {
        let turns: Vec<usize> =
            sides.iter().zip(vector).map(|(&side, n)| n.rem_euclid(side as i64) as usize).collect();
        let (&last, others) = sides.split_last().expect("a lattice has sides");
        let of = |axis: usize| (sides[axis], phases(sides[axis], turns[axis]));
        let varies: Vec<usize> = (0..others.len()).filter(|&axis| turns[axis] != 0).collect();
        if turns[others.len()] != 0 {
            let along = phases(last, turns[others.len()]);
            if varies.is_empty() {
                return Self::Columns(along);
            }
            return Self::Spins(along, (0..others.len()).map(of).collect());
        }
        let slots = (0..others.iter().product::<usize>()).map(|row| {
            // The coordinates of the row along the axes that are left, as one number.
            let (mut rest, mut slot, mut size) = (row, 0, 1);
            for (axis, side) in others.iter().enumerate().rev() {
                if turns[axis] != 0 {
                    slot += rest % side * size;
                    size *= side;
                }
                rest /= side;
            }
            slot as u32
        });
        let n_slots = varies.iter().map(|&axis| sides[axis]).product();
        Self::Rows { slots: slots.collect(), n_slots, axes: varies.into_iter().map(of).collect() }
    }

    /// |sum_r s_r exp(i k.r)|^2 of these bits, and the set ones of each row.
    fn square(&self, waves: &Waves, scratch: &mut Scratch) -> f64 {
        let kernels = waves.kernels;
        let Scratch { bits, of_rows, sums, left } = scratch;
        let (n_rows, width) = (of_rows.len(), waves.width);
        let others = match self {
            Self::Rows { slots, n_slots, axes } => {
                sums.clear();
                sums.resize(*n_slots, -((n_rows / n_slots * width) as i64));
                for (&slot, &count) in slots.iter().zip(&*of_rows) {
                    sums[slot as usize] += 2 * count;
                }
                let Some(((side, [cos, sin]), others)) = axes.split_last() else {
                    let sum = sums[0] as f64;
                    return sum * sum;
                };
                left.clear();
                left.extend(
                    sums.chunks(*side)
                        .map(|row| [(kernels.product)(row, cos), (kernels.product)(row, sin)]),
                );
                others
            }
            Self::Columns([cos, sin]) => {
                sums.clear();
                sums.resize(width, 0);
                (kernels.columns)(bits, n_rows, sums);
                for sum in &mut *sums {
                    *sum = 2 * *sum - n_rows as i64;
                }
                left.clear();
                left.push([(kernels.product)(sums, cos), (kernels.product)(sums, sin)]);
                &[]
            }
            Self::Spins([cos, sin], others) => {
                left.resize(n_rows, [0.0; 2]);
                (kernels.products)(bits, width, [cos, sin], left);
                others
            }
        };
        for (side, [cos, sin]) in others.iter().rev() {
            for place in 0..left.len() / side {
                let row = left[place * side..][..*side].iter().zip(cos).zip(sin);
                left[place] = row.fold([0.0; 2], |sum, ((&[re, im], c), s)| {
                    [sum[0] + (re * c - im * s), sum[1] + (re * s + im * c)]
                });
            }
            left.truncate(left.len() / side);
        }
        let [re, im] = left[0];
        re * re + im * im
    }
}

/// Structure factors at chosen wave vectors.
pub(super) struct Waves {
    of_pairs: bool,
    /// The last side.
    width: usize,
    each: Vec<Wave>,
    kernels: &'static Kernels,
}

impl Waves {
    pub fn new(of_pairs: bool, sides: &[usize], wave_vectors: &[i64], level: Level) -> Self {
        let waves = wave_vectors.chunks(sides.len()).map(|vector| Wave::new(sides, vector));
        let width = sides[sides.len() - 1];
        Self { of_pairs, width, each: waves.collect(), kernels: Kernels::of(level) }
    }
}

impl Measure for Waves {
    fn of_pairs(&self) -> bool {
        self.of_pairs
    }

    fn width(&self) -> usize {
        self.each.len()
    }

    fn measure(
        &self,
        packing: &Packing,
        rows: [&[Chunk]; 2],
        scratch: &mut Scratch,
        out: &mut [f64],
    ) {
        let [a, b] = rows.map(|row| &row[..packing.chunks()]);
        // A set bit is a spin up, or a pair that differs: the sign of all is none of S.
        scratch.bits.clear();
        for (a, b) in a.iter().zip(b) {
            let one = if self.of_pairs {
                Chunk(std::array::from_fn(|word| a.0[word] ^ b.0[word]))
            } else {
                *a
            };
            scratch.bits.extend_from_slice(&packing.in_site_order(one).0);
        }
        scratch.bits.push(0);
        scratch.of_rows.resize(packing.n_spins() / self.width, 0);
        (self.kernels.rows)(&scratch.bits, self.width, &mut scratch.of_rows);
        for (wave, out) in self.each.iter().zip(out) {
            *out = wave.square(self, scratch) / packing.n_spins() as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rng::{Philox, Purpose},
        sampling::observables::snapshots::Order,
    };

    /// S(k) by its definition, from the phases of all sites.
    fn reference(sides: &[usize], spins: &[i8], vector: &[i64]) -> f64 {
        let mut sum = [0.0; 2];
        for (site, &spin) in spins.iter().enumerate() {
            let (mut rest, mut angle) = (site, 0.0);
            for (&side, &n) in sides.iter().zip(vector).rev() {
                angle += n as f64 * (rest % side) as f64 / side as f64;
                rest /= side;
            }
            let angle = (angle - angle.floor()) * std::f64::consts::TAU;
            sum[0] += f64::from(spin) * angle.cos();
            sum[1] += f64::from(spin) * angle.sin();
        }
        (sum[0] * sum[0] + sum[1] * sum[1]) / spins.len() as f64
    }

    #[test]
    fn structure_factors_are_those_of_the_definition_with_the_same_bits_at_every_level() {
        for sides in [
            vec![9],
            vec![6, 130],
            vec![300, 7],
            vec![700, 16],
            vec![5, 4, 66],
            vec![3, 5, 8],
            vec![20, 128],
            vec![2, 3, 2, 5],
        ] {
            let n: usize = sides.iter().product();
            let philox = Philox::new(7, Purpose::Start, 0);
            let mut words = philox.words_from(0);
            let states: Vec<Vec<i8>> = (0..2)
                .map(|_| (0..n).map(|_| if words.uniform() < 0.3 { 1 } else { -1 }).collect())
                .collect();
            let product: Vec<i8> = states[0].iter().zip(&states[1]).map(|(a, b)| a * b).collect();
            // All vectors with entries -1, 0 and 2.
            let vectors: Vec<i64> = (0..3usize.pow(sides.len() as u32))
                .flat_map(|k| {
                    (0..sides.len()).map(move |axis| [0, -1, 2][k / 3usize.pow(axis as u32) % 3])
                })
                .collect();
            for (of_pairs, spins) in [(false, &states[0]), (true, &product)] {
                let mut known: Vec<f64> = Vec::new();
                for level in Level::available() {
                    for order in [Order::Sites, Order::Squares] {
                        let packing = Packing::new(n, Vec::new(), order, 2, level);
                        let rows: Vec<_> =
                            states.iter().map(|state| packing.row_of(state)).collect();
                        let waves = Waves::new(of_pairs, &sides, &vectors, level);
                        let mut out = vec![0.0; waves.width()];
                        let rows = [&rows[0][..], &rows[1]];
                        waves.measure(&packing, rows, &mut Scratch::default(), &mut out);
                        if known.is_empty() {
                            known.clone_from(&out);
                            for (vector, &found) in vectors.chunks(sides.len()).zip(&out) {
                                let expected = reference(&sides, spins, vector);
                                // n terms and factors with a rounding of 2^-52 each, twice over.
                                let bound = 8.0 * n as f64 * (n as f64).sqrt() * f64::EPSILON;
                                assert!((found - expected).abs() < bound, "{sides:?} {vector:?}");
                            }
                        }
                        assert_eq!(out, known, "{level}, {order:?}");
                    }
                }
            }
        }
    }
}
