//! The sum of softplus over units: what a layer in given fields adds to a free energy.

use crate::{
    elementary::{WIDTH, softplus, sum_lanes},
    simd::kernel_table,
};

kernel_table! {
    /// The sums of one instruction set.
    pub(in crate::rbm) struct Softplus for Vector in [u8, u16, u32] {
        /// The sum over the first `units` of the fields, which are in units of `unit`.
        pub(in crate::rbm) sum: fn(fields: &[i32], unit: f64, units: usize) -> f64 = sum;
    }
}

#[inline(always)]
fn sum(fields: &[i32], unit: f64, units: usize) -> f64 {
    let mut sums = [0.0; WIDTH];
    for (vector, fields) in fields.as_chunks::<WIDTH>().0.iter().enumerate() {
        for lane in 0..WIDTH {
            let value = softplus(f64::from(fields[lane]) * unit);
            sums[lane] += if WIDTH * vector + lane < units { value } else { 0.0 };
        }
    }
    sum_lanes(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{elementary::tests::platform, simd::Level};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_have_the_same_bits_on_every_level(
            fields in prop::collection::vec(any::<i32>(), 32),
            exponent in 0..40i32,
            units in 0..=32usize,
        ) {
            let unit = 2f64.powi(-exponent);
            let reference: f64 =
                fields[..units].iter().map(|&x| platform(f64::from(x) * unit)).sum();
            let portable = sum(&fields, unit, units);
            // Fields below -708 are told from one another by the platform alone.
            prop_assert!((portable - reference).abs() <= 1e-14 * reference + 1e-300);
            for level in Level::available() {
                let sum = (Softplus::of(level).sum)(&fields, unit, units);
                prop_assert_eq!(sum.to_bits(), portable.to_bits());
            }
        }
    }
}
