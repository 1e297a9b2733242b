//! 64-bit floats. [`exp`] and [`softplus`] are written so that loops over lanes of them become
//! vectors.
//!
//! The softplus is ln(1 + e^x) = max(x, 0) + ln(1 + e), e = e^{-|x|}, and ln(1 + e) = 2 artanh(t),
//! t = e / (2 + e): as 0 < t <= 1/3, the series t + t^3/3 + t^5/5 + ... needs no case by case, and
//! is as precise for a tiny e as for e = 1.

use std::f64::consts::LOG2_E;

/// ln 2 in two parts, the first with 32 trailing zero bits so that an exponent times it is exact.
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Beyond it, e^{-|x|} is not a normal number.
const DEEPEST: f64 = -708.0;

/// ln(1 + e^x), with a relative error below 1e-15 for x > -708, and below 1e-307 for any other.
#[inline(always)]
pub(crate) fn softplus(x: f64) -> f64 {
    let e = exp(if x > 0.0 { -x } else { x });
    let t = e / (2.0 + e);
    let positive = if x > 0.0 { x } else { 0.0 };
    positive + 2.0 * artanh(t)
}

/// e^x for x <= 709; below -708 that of -708, about 1e-307.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // Adding it leaves the nearest integer in the low bits of a float below 2^51.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let x = if x < DEEPEST { DEEPEST } else { x };
    let shifted = x * LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    // |r| <= ln(2) / 2: the Taylor series to order 13 leaves 4e-18.
    let square = r * r;
    let (low, middle, high) = (
        cubic(r, square, [1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0]),
        cubic(r, square, [1.0 / 720.0, 1.0 / 5_040.0, 1.0 / 40_320.0, 1.0 / 362_880.0]),
        cubic(
            r,
            square,
            [1.0 / 3_628_800.0, 1.0 / 39_916_800.0, 1.0 / 479_001_600.0, 1.0 / 6_227_020_800.0],
        ),
    );
    let fourth = square * square;
    let series = 1.0 + (r + square * (low + fourth * (middle + fourth * high)));
    f64::from_bits(series.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// e^x of one number, to a few units in the last place; saturates beyond |x| = 700, far outside what
/// 53 random bits can tell from 0 or 1.
///
/// [`exp`] would serve as well, with other last bits. Acceptance probabilities of single moves, their
/// thresholds on lattices and graphs, exchanges between temperatures and the learned variances of
/// real-valued units hang on these.
#[inline]
pub(crate) fn exp_alone(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let k = (x * LOG2_E).round();
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    // |r| <= ln(2) / 2: the Taylor series to order 13 leaves 4e-18.
    let series = (1..=13).rev().fold(1.0, |sum, n| 1.0 + r * sum / f64::from(n));
    series * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

/// ln(x) of a normal number x > 0, to a few units in the last place.
///
/// x = 2^e m with m between sqrt(1/2) and sqrt(2); ln(m) = 2 artanh(t), t = (m - 1) / (m + 1), whose
/// series to t^23 leaves 1e-18 of itself at |t| <= 0.172.
pub(crate) fn ln(x: f64) -> f64 {
    const SQRT_HALF: i64 = 0x3FE6_A09E_667F_3BCD;
    let bits = x.to_bits() as i64;
    let exponent = (bits - SQRT_HALF) >> 52;
    let m = f64::from_bits((bits - (exponent << 52)) as u64);
    let t = (m - 1.0) / (m + 1.0);
    let square = t * t;
    let series = (1..=11).rev().fold(0.0, |sum, k| square * (sum + 1.0 / f64::from(2 * k + 1)));
    let e = exponent as f64;
    e * LN2_HIGH + (2.0 * t + (2.0 * t * series + e * LN2_LOW))
}

/// ln(sum_k e^{x_k}), summed in the order of x.
pub(crate) fn log_sum_exp(logarithms: &[f64]) -> f64 {
    let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + ln(logarithms.iter().map(|x| exp_alone(x - largest)).sum())
}

/// artanh(t) for 0 <= t <= 1/3: the terms from t^35 on are below 2e-18 of it.
#[inline(always)]
fn artanh(t: f64) -> f64 {
    let s = t * t;
    let square = s * s;
    let (a, b, c, d) = (
        cubic(s, square, [1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0]),
        cubic(s, square, [1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0, 1.0 / 17.0]),
        cubic(s, square, [1.0 / 19.0, 1.0 / 21.0, 1.0 / 23.0, 1.0 / 25.0]),
        cubic(s, square, [1.0 / 27.0, 1.0 / 29.0, 1.0 / 31.0, 1.0 / 33.0]),
    );
    let fourth = square * square;
    t + t * (s * (a + fourth * (b + fourth * (c + fourth * d))))
}

/// Four terms of a series, in pairs: the processor need not wait for one to go on with another
/// (Estrin, Proc. Western Joint IRE-AIEE-ACM Computer Conference, 33 (1960)).
#[inline(always)]
fn cubic(x: f64, square: f64, [a, b, c, d]: [f64; 4]) -> f64 {
    (a + b * x) + (c + d * x) * square
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The platform's softplus, for tests.
    pub(crate) fn platform(x: f64) -> f64 {
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    }

    proptest! {
        #[test]
        fn the_softplus_agrees_with_the_platform(x in -708.0..708.0f64) {
            // Half a unit in the last place for each of: the last sum of the exponential, its scaled
            // argument, 2 + e, the quotient, and the last sums; the platform adds its own.
            prop_assert!((softplus(x) / platform(x) - 1.0).abs() < 1e-15, "{}", softplus(x));
        }

        #[test]
        fn the_softplus_agrees_near_zero(x in -2.0..2.0f64) {
            prop_assert!((softplus(x) / platform(x) - 1.0).abs() < 1e-15);
        }

        #[test]
        fn the_exponential_agrees_with_the_platform(x in -708.0..709.0f64) {
            // Half a unit in the last place for the last sum, half for that of 1 and the rest of the
            // series, and the argument's; the platform adds its own.
            prop_assert!((exp(x) / x.exp() - 1.0).abs() < 1e-15, "{}", exp(x));
        }

        #[test]
        fn the_exponential_of_one_number_agrees_with_the_platform(x in -700.0..700.0f64) {
            // Thirteen steps of Horner's rule, each with two roundings of at most half a unit in
            // the last place of a sum that stays below 1.5, contracted by |r| <= 0.35.
            prop_assert!((exp_alone(x) / x.exp() - 1.0).abs() < 4.0 * f64::EPSILON);
        }

        #[test]
        fn the_logarithm_agrees_with_the_platform(mantissa in 1.0..2.0f64, e in -1022..1023i32) {
            let x = mantissa * 2f64.powi(e);
            // Twice half a unit in the quotient, once in its square and in the last two sums.
            prop_assert!((ln(x) - x.ln()).abs() <= 4.0 * f64::EPSILON * x.ln().abs());
        }
    }

    #[test]
    fn the_softplus_of_strong_fields_saturates() {
        assert_eq!(softplus(1e300).to_bits(), 1e300f64.to_bits());
        assert_eq!(softplus(f64::MAX).to_bits(), f64::MAX.to_bits());
        for x in [-1e3, -1e300, f64::NEG_INFINITY] {
            assert!((0.0..1e-307).contains(&softplus(x)), "{x}");
        }
        assert_eq!(softplus(0.0).to_bits(), softplus(-0.0).to_bits());
    }
}
