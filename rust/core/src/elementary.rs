//! Elementary functions of 64-bit floats, written so that loops over lanes of them become vectors.
//!
//! They are our own, and never the platform's, which differ between machines. Each operation is one
//! IEEE multiplication, addition or division in the order written, so lanes of any width give the
//! same bits.
//!
//! The softplus is ln(1 + e^x) = max(x, 0) + ln(1 + e), e = e^{-|x|}, and ln(1 + e) = 2 artanh(t),
//! t = e / (2 + e): as 0 < t <= 1/3, the series t + t^3/3 + t^5/5 + ... needs no case by case, and
//! is as precise for a tiny e as for e = 1.

/// 64-bit floats that are worked on side by side, and summed lane by lane.
pub(crate) const WIDTH: usize = 8;

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
    // ln 2 in two parts, the first with 32 trailing zero bits so that k times it is exact.
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = if x < DEEPEST { DEEPEST } else { x };
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
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

/// The sum of the lanes, halves first: the same order on every instruction set.
#[inline(always)]
pub(crate) fn sum_lanes(lanes: [f64; WIDTH]) -> f64 {
    let fours =
        [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    (fours[0] + fours[2]) + (fours[1] + fours[3])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The platform's, for the tests of this room.
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
