//! What a block of states costs: two additions and an exponential a state.

use crate::{
    elementary::{WIDTH, exp, sum_lanes},
    simd::kernel_table,
};

/// From here on e^-x is left out.
const NOTHING: f64 = 708.0;

/// How states weigh: e^{-beta (E - lowest)}, or 1 and 0 at zero temperature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighing {
    /// The energy of the ground state, in units.
    pub lowest: i64,
    /// What is no further above it counts as equal.
    pub tolerance: i64,
    pub unit: f64,
    pub beta: f64,
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Vector in [u8, u16, u32] {
        /// The energies of a block, `energy` + `table` - sum_i `fields` s_i. The last field is that
        /// of the spin that changes fastest.
        pub(super) fill: fn(table: &[i64], fields: &[i64], energy: i64, out: &mut [i64]) = fill;
        /// The lowest of some energies.
        pub(super) lowest: fn(energies: &[i64]) -> i64 = lowest;
        /// How far states of these energies are above the lowest, their weights, the sum of these,
        /// and their sum times the energy above the lowest.
        pub(super) weigh: fn(
            energies: &[i64],
            weighing: &Weighing,
            excess: &mut [f64],
            weights: &mut [f64],
        ) -> [f64; 2] = weigh;
        /// The sum over a block of its weights times each spin; the weights are used up.
        pub(super) magnetize: fn(weights: &mut [f64], out: &mut [f64]) = magnetize;
        /// Adds a product of two vectors to a matrix.
        pub(super) accumulate: fn(left: &[f64], right: &[f64], matrix: &mut [f64]) = accumulate;
        /// Adds numbers to numbers.
        pub(super) add: fn(from: &[f64], to: &mut [f64]) = add;
    }
}

#[inline(always)]
fn fill(table: &[i64], fields: &[i64], energy: i64, out: &mut [i64]) {
    out[0] = energy + fields.iter().sum::<i64>();
    for (bit, field) in fields.iter().rev().enumerate() {
        let (down, up) = out[..2 << bit].split_at_mut(1 << bit);
        for (up, down) in up.iter_mut().zip(down) {
            *up = *down - 2 * field;
        }
    }
    for (energy, inner) in out.iter_mut().zip(table) {
        *energy += inner;
    }
}

#[inline(always)]
fn lowest(energies: &[i64]) -> i64 {
    energies.iter().copied().fold(i64::MAX, |lowest, x| if x < lowest { x } else { lowest })
}

/// Three loops over a block, each of which becomes vectors; together they would not.
#[inline(always)]
fn weigh(
    energies: &[i64],
    weighing: &Weighing,
    excess: &mut [f64],
    weights: &mut [f64],
) -> [f64; 2] {
    let Weighing { lowest, tolerance, unit, beta } = *weighing;
    for (excess, energy) in excess.iter_mut().zip(energies) {
        let above = energy - lowest;
        let above = if above <= tolerance { 0 } else { above };
        *excess = above as f64 * unit;
    }
    // Zero temperature: 0 times it is 0, and any energy times it is large.
    let beta = if beta < f64::MAX { beta } else { f64::MAX };
    for (weight, excess) in weights.iter_mut().zip(&*excess) {
        // Beta comes last: times the unit alone it could be beyond all floats.
        let exponent = excess * beta;
        let value = exp(-exponent);
        *weight = if exponent < NOTHING { value } else { 0.0 };
    }
    let (mut sums, mut products) = ([0.0; WIDTH], [0.0; WIDTH]);
    let (vectors, rest) = weights.as_chunks::<WIDTH>();
    let (excess_vectors, excess_rest) = excess.as_chunks::<WIDTH>();
    for (weights, excess) in vectors.iter().zip(excess_vectors) {
        for lane in 0..WIDTH {
            sums[lane] += weights[lane];
            products[lane] += weights[lane] * excess[lane];
        }
    }
    for (lane, (weight, excess)) in rest.iter().zip(excess_rest).enumerate() {
        sums[lane] += weight;
        products[lane] += weight * excess;
    }
    [sum_lanes(sums), sum_lanes(products)]
}

#[inline(always)]
fn magnetize(weights: &mut [f64], out: &mut [f64]) {
    let mut weights = weights;
    for out in out.iter_mut() {
        let (down, up) = weights.split_at_mut(weights.len() / 2);
        let mut sums = [0.0; WIDTH];
        let (down_vectors, down_rest) = down.as_chunks_mut::<WIDTH>();
        let (up_vectors, up_rest) = up.as_chunks::<WIDTH>();
        for (down, up) in down_vectors.iter_mut().zip(up_vectors) {
            for lane in 0..WIDTH {
                sums[lane] += up[lane] - down[lane];
                down[lane] += up[lane];
            }
        }
        for (lane, (down, up)) in down_rest.iter_mut().zip(up_rest).enumerate() {
            sums[lane] += up - *down;
            *down += up;
        }
        *out = sum_lanes(sums);
        weights = down;
    }
}

#[inline(always)]
fn accumulate(left: &[f64], right: &[f64], matrix: &mut [f64]) {
    for (left, row) in left.iter().zip(matrix.chunks_exact_mut(right.len())) {
        for (element, right) in row.iter_mut().zip(right) {
            *element += left * right;
        }
    }
}

#[inline(always)]
fn add(from: &[f64], to: &mut [f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    #[test]
    fn magnetizations_are_sums_of_weights_up_less_weights_down() {
        for spins in 1..7usize {
            let weights: Vec<f64> = (0..1 << spins).map(|k: u32| f64::from(k * k % 13)).collect();
            for level in Level::available() {
                let mut out = vec![0.0; spins];
                (Kernels::of(level).magnetize)(&mut weights.clone(), &mut out);
                for (i, out) in out.into_iter().enumerate() {
                    let sign = |k: usize| if k >> (spins - 1 - i) & 1 == 1 { 1.0 } else { -1.0 };
                    // Small integers: exact in any order.
                    let expected: f64 = weights.iter().enumerate().map(|(k, w)| sign(k) * w).sum();
                    assert_eq!(out.to_bits(), expected.to_bits());
                }
            }
        }
    }
}
