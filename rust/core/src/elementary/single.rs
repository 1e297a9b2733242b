//! 32-bit floats, written so that loops over lanes of them become vectors.

use std::f32::consts::LN_2;

/// Adding it leaves the nearest integer in the low bits of a float below 2^22.
pub(super) const SHIFT: f32 = 12_582_912.0;

/// 2^t, with a relative error below 3e-7; saturates at |t| = 125.
#[inline(always)]
pub(crate) fn exp2(t: f32) -> f32 {
    let t = if t < -125.0 { -125.0 } else { t };
    let t = if t > 125.0 { 125.0 } else { t };
    let shifted = t + SHIFT;
    let f = t - (shifted - SHIFT);
    // |f| <= 1/2: the Taylor series of e^{f ln 2} to the sixth order leaves 2e-7 / 7.
    let series = 1.540_353e-4 * f + 1.333_355_8e-3;
    let series = series * f + 9.618_129e-3;
    let series = series * f + 5.550_411e-2;
    let series = series * f + 2.402_265e-1;
    let series = series * f + 6.931_472e-1;
    let series = series * f + 1.0;
    f32::from_bits(series.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// ln(x) for normal x > 0.
///
/// x = 2^e m with m between sqrt(1/2) and sqrt(2); ln(m) = 2 artanh(t), t = (m - 1) / (m + 1), whose
/// series to t^7 leaves 3e-8 at |t| <= 0.172.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    const SQRT_HALF: i32 = 0x3F35_04F3;
    let bits = x.to_bits() as i32;
    let exponent = (bits - SQRT_HALF) >> 23;
    let m = f32::from_bits((bits - (exponent << 23)) as u32);
    let t = (m - 1.0) / (m + 1.0);
    let square = t * t;
    let series = 2.0 + square * (2.0 / 3.0 + square * (0.4 + square * (2.0 / 7.0)));
    exponent as f32 * LN_2 + t * series
}

/// e^z - 1 for |z| <= 1/4: the terms from z^7 on are below 5e-8 of it, however small it is.
#[inline(always)]
pub(crate) fn exp_m1_small(z: f32) -> f32 {
    let series = 1.388_889e-3 * z + 8.333_333e-3;
    let series = series * z + 4.166_666_8e-2;
    let series = series * z + 1.666_666_7e-1;
    let series = series * z + 0.5;
    z + z * (z * series)
}

/// artanh(u) for |u| <= tanh(1/8): the terms from u^9 on are below 7e-9 of it.
#[inline(always)]
pub(crate) fn artanh_small(u: f32) -> f32 {
    let square = u * u;
    let series = 1.428_571_5e-1 * square + 0.2;
    let series = series * square + 3.333_333_4e-1;
    u + u * (square * series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exp2_agrees_with_the_platform(t in -120.0..120.0f32) {
            // Six steps of Horner's rule with two roundings of 2^-24 each, those of the first ones
            // damped by f; the last two dominate. The shift makes f exact.
            prop_assert!((f64::from(exp2(t)) / f64::from(t).exp2() - 1.0).abs() < 3e-7);
        }

        #[test]
        fn the_logarithm_agrees_with_the_platform(word in any::<u32>()) {
            let u = (word as f32 + 0.5) * (1.0 / 4_294_967_296.0);
            let exact = f64::from(u).ln();
            // The series, and five roundings, relative to ln(m) or to the sum.
            prop_assert!((f64::from(ln(u)) - exact).abs() <= 2.5e-7 * exact.abs().max(0.3));
        }

        #[test]
        fn series_of_small_numbers_agree_with_the_platform(
            mantissa in -1.0..1.0f32,
            exponent in -40..-2i32,
        ) {
            let x = mantissa * 2f32.powi(exponent);
            // The terms left out, and half a unit in the last place (6e-8) of each of the last
            // two operations; earlier ones are damped by x.
            let (e, expected) = (f64::from(exp_m1_small(x)), f64::from(x).exp_m1());
            prop_assert!((e - expected).abs() <= 1.8e-7 * expected.abs(), "{} of {}", e, expected);
            let u = x / 2.0;
            let (a, expected) = (f64::from(artanh_small(u)), f64::from(u).atanh());
            prop_assert!((a - expected).abs() <= 1.3e-7 * expected.abs(), "{} of {}", a, expected);
        }
    }
}
