//! Energies and fields from the couplings as they were given, in double precision.
//!
//! A product with a spin is a change of sign, which is exact; what rounds is the sum. Its order is
//! fixed by definition: term k goes to lane k mod 32, lanes are halved until one is left. So every
//! instruction set gives the same bits. It runs into the memory: each coupling is read once, for all
//! replicas.

use super::kernels::TILE;
use crate::simd::kernel_table;

/// Sums side by side: four vectors of the widest set, which hide the latency of additions.
const LANES: usize = 32;

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Sums for Unused in [(), (), ()] {
        /// sum_k row_k s_k.
        pub(super) product: fn(row: &[f64], spins: &[i8]) -> f64 = product;
        /// Adds s_k (H_k + h_k) to lane k mod 8, for the spins of a tile, given the fields H in fixed
        /// point and which spins point up.
        pub(super) alignments: fn(
            fields: &[i32; TILE],
            units: &Units,
            up: u64,
            lanes: &mut [f64; 8],
        ) = alignments;
    }
}

/// The sites of a tile in double precision; zeros beyond the last site.
pub(super) struct Units {
    /// One over the scale of each.
    pub(super) scales: [f64; TILE],
    /// The fields h_i.
    pub(super) fields: [f64; TILE],
}

#[inline(always)]
fn alignments(fields: &[i32; TILE], units: &Units, up: u64, lanes: &mut [f64; 8]) {
    let mut sums = *lanes;
    for first in (0..TILE).step_by(8) {
        for lane in 0..8 {
            let k = first + lane;
            let sum = f64::from(fields[k]) * units.scales[k] + units.fields[k];
            let down = (!up >> k) << 63;
            sums[lane] += f64::from_bits(sum.to_bits() ^ down);
        }
    }
    *lanes = sums;
}

#[inline(always)]
fn product(row: &[f64], spins: &[i8]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (rows, row_rest) = row.as_chunks::<LANES>();
    let (spins, spins_rest) = spins.as_chunks::<LANES>();
    for (row, spins) in rows.iter().zip(spins) {
        for lane in 0..LANES {
            lanes[lane] += signed(row[lane], spins[lane]);
        }
    }
    for (lane, (&value, &spin)) in row_rest.iter().zip(spins_rest).enumerate() {
        lanes[lane] += signed(value, spin);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `value` times a spin: the sign bit of a negative spin is inverted.
#[inline(always)]
fn signed(value: f64, spin: i8) -> f64 {
    f64::from_bits(value.to_bits() ^ (i64::from(spin) as u64 & (1 << 63)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    #[test]
    fn alignments_are_the_same_on_every_level_and_those_of_single_sites() {
        let fields: [i32; TILE] = std::array::from_fn(|k| 1000 * k as i32 - 30_001);
        let units = Units {
            scales: std::array::from_fn(|k| 2f64.powi(-(k as i32) % 5)),
            fields: std::array::from_fn(|k| 0.3 - k as f64 / 7.0),
        };
        let up = 0x1234_5678_9ABC_DEF0;
        let (start, mut one_by_one) = ([0.25; 8], [0.25; 8]);
        for k in 0..TILE {
            let spin = if up >> k & 1 == 1 { 1.0 } else { -1.0 };
            let sum = f64::from(fields[k]) * units.scales[k] + units.fields[k];
            one_by_one[k % 8] += spin * sum;
        }
        for level in Level::available() {
            let mut lanes = start;
            (Sums::of(level).alignments)(&fields, &units, up, &mut lanes);
            assert_eq!(lanes.map(f64::to_bits), one_by_one.map(f64::to_bits), "{level}");
        }
    }

    #[test]
    fn products_are_the_same_on_every_level_and_close_to_the_plain_sum() {
        for n in [0, 1, 31, 32, 33, 100, 1000] {
            let row: Vec<f64> = (0..n).map(|k| 1.0 / f64::from(k + 3) - 0.01).collect();
            let spins: Vec<i8> = (0..n).map(|k| if k * k % 7 < 3 { 1 } else { -1 }).collect();
            let plain: f64 = row.iter().zip(&spins).map(|(j, &s)| j * f64::from(s)).sum();
            let first = (Sums::of(Level::Portable).product)(&row, &spins);
            let weight: f64 = row.iter().map(|j| j.abs()).sum();
            assert!((first - plain).abs() <= f64::from(n) * f64::EPSILON * weight, "{n}");
            for level in Level::available() {
                let product = (Sums::of(level).product)(&row, &spins);
                assert_eq!(product.to_bits(), first.to_bits(), "{level}, {n}");
            }
        }
    }
}
