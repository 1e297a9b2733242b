//! Energies and fields from the couplings as they were given, in double precision.
//!
//! A product with a spin is a change of sign, which is exact; what rounds is the sum. Its order is
//! fixed by definition: term k goes to lane k mod 32, lanes are halved until one is left. So every
//! instruction set gives the same bits. It runs into the memory: each coupling is read once, for all
//! replicas.

use crate::simd::kernel_table;

/// Sums side by side: four vectors of the widest set, which hide the latency of additions.
const LANES: usize = 32;

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Sums for Unused in [(), (), ()] {
        /// sum_k row_k s_k.
        pub(super) product: fn(row: &[f64], spins: &[i8]) -> f64 = product;
    }
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
