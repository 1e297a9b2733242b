//! Structure factors on a lattice: S(k) = |sum_r s_r exp(i k.r)|^2 / N, with the spins of a replica or
//! the overlaps s_r^a s_r^b of a pair.
//!
//! By definition the spins are first added up, in integers, along every axis on which k does not vary.
//! For k = 0 that is the magnetization, for a k along one axis the sums over planes: the bits of a row
//! are counted, or those of a column, eight planes of carries at a time, and nothing is unpacked.
//! What is left is transformed axis after axis, the last one first: its terms are added in eight lanes
//! by the coordinate modulo 8, those of the other axes one after the other. The cost of a k that varies
//! along all axes is that of a sum over all spins.

use super::{Measure, snapshots::Packing};
use crate::{
    bits::Chunk,
    elementary::{WIDTH, of_turn, sum_lanes},
    simd::{Level, kernel_table},
};

/// Planes of carries, and the most rows that they count.
const PLANES: usize = 8;
const MOST: usize = (1 << PLANES) - 1;

kernel_table! {
    /// The kernels of one instruction set.
    struct Kernels for Unused in [(), (), ()] {
        /// Set bits of every row of `width` bits.
        rows: fn(bits: &[u64], width: usize, out: &mut [i64]) = rows;
        /// Rows of `width` bits whose bit is set, for every place.
        columns: fn(bits: &[u64], n_rows: usize, out: &mut [i64]) = columns;
        /// Each bit.
        spins: fn(bits: &[u64], out: &mut [i64]) = spins;
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
    for (row, out) in out.iter_mut().enumerate() {
        let mut count = 0;
        for first in (0..width).step_by(64) {
            let word = word_at(bits, row * width + first) & lowest(width - first);
            count += i64::from(word.count_ones());
        }
        *out = count;
    }
}

#[inline(always)]
fn columns(bits: &[u64], n_rows: usize, out: &mut [i64]) {
    let width = out.len();
    let n_words = width.div_ceil(64);
    let mut planes = vec![0; PLANES * n_words];
    out.fill(0);
    for first in (0..n_rows).step_by(MOST) {
        planes.fill(0);
        for row in first..n_rows.min(first + MOST) {
            for word in 0..n_words {
                let mut carry = word_at(bits, row * width + 64 * word);
                for plane in 0..PLANES {
                    let bits = &mut planes[plane * n_words + word];
                    (*bits, carry) = (*bits ^ carry, *bits & carry);
                }
            }
        }
        for (place, out) in out.iter_mut().enumerate() {
            let (word, bit) = (place / 64, place % 64);
            *out += (0..PLANES)
                .map(|plane| ((planes[plane * n_words + word] >> bit & 1) as i64) << plane)
                .sum::<i64>();
        }
    }
}

#[inline(always)]
fn spins(bits: &[u64], out: &mut [i64]) {
    for (out, word) in out.chunks_mut(64).zip(bits) {
        for (bit, out) in out.iter_mut().enumerate() {
            *out = (word >> bit & 1) as i64;
        }
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

/// A wave vector.
struct Wave {
    /// Of the axes along which it varies, which are they, in ascending order.
    axes: Vec<usize>,
    /// cos and sin of k x for every x along each of these axes.
    phases: Vec<[Vec<f64>; 2]>,
}

impl Wave {
    fn new(sides: &[usize], vector: &[i64]) -> Self {
        let turns: Vec<usize> =
            sides.iter().zip(vector).map(|(&side, n)| n.rem_euclid(side as i64) as usize).collect();
        let axes: Vec<usize> = (0..sides.len()).filter(|&axis| turns[axis] != 0).collect();
        let phases = axes.iter().map(|&axis| {
            let side = sides[axis];
            let of = |part: usize| {
                // n x modulo the side, without a product that could be too large.
                let steps = (0..side).map(|x| (turns[axis] as u128 * x as u128) % side as u128);
                steps.map(|step| of_turn(step as usize, side)[part]).collect()
            };
            [of(0), of(1)]
        });
        Self { phases: phases.collect(), axes }
    }

    /// |sum_r v_r exp(i k.r)|^2 of the sums along all other axes.
    fn square(&self, kernels: &Kernels, sums: &[i64]) -> f64 {
        let Some((last, others)) = self.phases.split_last() else {
            let sum = sums[0] as f64;
            return sum * sum;
        };
        let rows = sums.chunks(last[0].len());
        let mut left: Vec<[f64; 2]> =
            rows.map(|row| [0, 1].map(|part| (kernels.product)(row, &last[part]))).collect();
        for [cos, sin] in others.iter().rev() {
            left = left
                .chunks(cos.len())
                .map(|row| {
                    row.iter().zip(cos).zip(sin).fold([0.0; 2], |sum, ((&[re, im], c), s)| {
                        [sum[0] + (re * c - im * s), sum[1] + (re * s + im * c)]
                    })
                })
                .collect();
        }
        let [re, im] = left[0];
        re * re + im * im
    }
}

/// Structure factors at chosen wave vectors.
pub(super) struct Waves {
    of_pairs: bool,
    sides: Vec<usize>,
    waves: Vec<Wave>,
    /// What the waves vary along, each once.
    axes: Vec<Vec<usize>>,
    kernels: &'static Kernels,
}

impl Waves {
    pub fn new(of_pairs: bool, sides: &[usize], wave_vectors: &[i64], level: Level) -> Self {
        let waves: Vec<Wave> =
            wave_vectors.chunks(sides.len()).map(|vector| Wave::new(sides, vector)).collect();
        let mut axes: Vec<Vec<usize>> = waves.iter().map(|wave| wave.axes.clone()).collect();
        axes.sort_unstable();
        axes.dedup();
        Self { of_pairs, sides: sides.to_vec(), waves, axes, kernels: Kernels::of(level) }
    }

    /// How many bits are set, for every place along these axes.
    fn counts(&self, bits: &[u64], axes: &[usize], of_rows: &[i64]) -> Vec<i64> {
        let (last, width) = (self.sides.len() - 1, self.sides[self.sides.len() - 1]);
        let n: usize = self.sides.iter().product();
        if axes == [last] {
            let mut counts = vec![0; width];
            (self.kernels.columns)(bits, n / width, &mut counts);
            counts
        } else if axes.contains(&last) {
            let mut spins = vec![0; n];
            (self.kernels.spins)(bits, &mut spins);
            along(&self.sides, axes, &spins)
        } else {
            along(&self.sides[..last], axes, of_rows)
        }
    }
}

/// The sums of an array with these sides over all but these axes.
fn along(sides: &[usize], axes: &[usize], values: &[i64]) -> Vec<i64> {
    let (mut sides, mut values) = (sides.to_vec(), values.to_vec());
    for axis in (0..sides.len()).rev().filter(|axis| !axes.contains(axis)) {
        let inner: usize = sides[axis + 1..].iter().product();
        values = values
            .chunks(sides[axis] * inner)
            .flat_map(|block| {
                let mut sums = vec![0; inner];
                for row in block.chunks(inner) {
                    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                }
                sums
            })
            .collect();
        sides.remove(axis);
    }
    values
}

impl Measure for Waves {
    fn of_pairs(&self) -> bool {
        self.of_pairs
    }

    fn width(&self) -> usize {
        self.waves.len()
    }

    fn measure(&self, packing: &Packing, rows: [&[Chunk]; 2], out: &mut [f64]) {
        let [a, b] = rows.map(|row| &row[..packing.chunks()]);
        // A set bit is a spin up, or a pair that differs: the sign of all is none of S.
        let row = if self.of_pairs {
            let differing =
                |(a, b): (&Chunk, &Chunk)| Chunk(std::array::from_fn(|word| a.0[word] ^ b.0[word]));
            a.iter().zip(b).map(differing).collect()
        } else {
            a.to_vec()
        };
        let row = packing.in_site_order(row);
        let mut bits: Vec<u64> = row.iter().flat_map(|chunk| chunk.0).collect();
        bits.push(0);
        let n = packing.n_spins();
        let width = self.sides[self.sides.len() - 1];
        let mut of_rows = vec![0; n / width];
        (self.kernels.rows)(&bits, width, &mut of_rows);
        let sums: Vec<Vec<i64>> = self
            .axes
            .iter()
            .map(|axes| {
                let mut sums = self.counts(&bits, axes, &of_rows);
                let each = (n / sums.len()) as i64;
                sums.iter_mut().for_each(|sum| *sum = 2 * *sum - each);
                sums
            })
            .collect();
        for (wave, out) in self.waves.iter().zip(out) {
            let place = self.axes.binary_search(&wave.axes).expect("all are there");
            *out = wave.square(self.kernels, &sums[place]) / n as f64;
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
        for sides in [vec![9], vec![6, 130], vec![300, 7], vec![5, 4, 66], vec![2, 3, 2, 5]] {
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
                        let rows: Vec<_> = states.iter().map(|state| order.row(state)).collect();
                        let waves = Waves::new(of_pairs, &sides, &vectors, level);
                        let mut out = vec![0.0; waves.width()];
                        waves.measure(&packing, [&rows[0], &rows[1]], &mut out);
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
