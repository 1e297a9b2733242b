//! Normal deviates, one for each random word: the inverse of the normal distribution function.
//!
//! Random couplings must be the same on every machine, so nothing here is the platform's: rational
//! functions of u near the middle, of sqrt(-ln u) in the tails (Wichura, Algorithm AS 241, PPND16,
//! Appl. Stat. 37, 477 (1988)), a logarithm of our own, and the square root, which IEEE 754 rounds
//! correctly everywhere. Nothing is contracted.

#![allow(clippy::excessive_precision, reason = "the coefficients stand as they were published")]

use crate::elementary::ln;

/// The standard normal deviate of a random word: 52 of its bits make a uniform number.
pub fn gaussian(word: u64) -> f64 {
    // (k + 1/2) / 2^52 is exact, and so is its distance from 1: the deviates are symmetric.
    quantile(((word >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64))
}

/// The x below which a standard normal variable lies with probability `u`, 0 < u < 1, to about 16
/// digits.
pub fn quantile(u: f64) -> f64 {
    let q = u - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(0.180_625 - q * q, &MIDDLE);
    }
    let r = (-ln(u.min(1.0 - u))).sqrt();
    let x = if r <= 5.0 { ratio(r - 1.6, &TAIL) } else { ratio(r - 5.0, &FAR_TAIL) };
    if q < 0.0 { -x } else { x }
}

/// A quotient of two polynomials, the coefficients of each from the lowest power on.
fn ratio(x: f64, [numerator, denominator]: &[[f64; 8]; 2]) -> f64 {
    let polynomial =
        |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |p, c| p * x + c);
    polynomial(numerator) / polynomial(denominator)
}

/// 0.075 <= u <= 0.925.
const MIDDLE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_608e0,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561e3,
    ],
];

/// Down to u = exp(-25) = 1.4e-11.
const TAIL: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_577_34e0,
        4.630_337_846_156_545_295_9e0,
        5.769_497_221_460_691_405_5e0,
        3.647_848_324_763_204_605_04e0,
        1.270_458_252_452_368_382_58e0,
        2.417_807_251_774_506_117_7e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_4e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87e0,
        1.676_384_830_183_803_849_4e0,
        6.897_673_349_851_000_045_5e-1,
        1.481_039_764_274_800_745_9e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
];

/// Below that.
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103_777_2e0,
        5.463_784_911_164_114_369_9e0,
        1.784_826_539_917_291_335_8e0,
        2.965_605_718_285_048_912_3e-1,
        2.653_218_952_657_612_309_3e-2,
        1.242_660_947_388_078_438_6e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_9e-1,
        1.369_298_809_227_358_053_1e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591e-4,
        1.846_318_317_510_054_681_8e-5,
        1.421_511_758_316_445_888_7e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Philox, Purpose};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn deviates_come_in_pairs(word in any::<u64>()) {
            prop_assert_eq!(gaussian(word).to_bits(), (-gaussian(!word)).to_bits());
        }
    }

    #[test]
    fn quantiles_are_the_published_ones() {
        // Wichura's own test values, and the double-precision value of Phi at whole numbers.
        let cases = [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813),
            (1e-20, -9.262_340_089_798_408),
            (0.5, 0.0),
            (0.158_655_253_931_457_05, -1.0),
            (0.022_750_131_948_179_21, -2.0),
            (0.977_249_868_051_820_8, 2.0),
            (0.999_968_328_758_166_9, 4.0),
        ];
        for (u, x) in cases {
            // u itself is rounded, which moves x by at most half a unit of u over the density.
            let density = (-x * x / 2.0f64).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let rounding = u * f64::EPSILON / density;
            let bound = 1e-15 * x.abs() + rounding;
            assert!((quantile(u) - x).abs() <= bound, "{u}: {} and not {x}", quantile(u));
        }
    }

    #[test]
    fn every_word_makes_a_finite_deviate() {
        for word in [0, 1, 1 << 12, 1 << 63, (1 << 63) - 1, u64::MAX] {
            // 2^-53 is the farthest quantile.
            assert!(gaussian(word).abs() < 8.3);
        }
    }

    #[test]
    fn moments_are_those_of_the_normal_distribution() {
        let stream = Philox::new(1, Purpose::Couplings, 0);
        let mut words = stream.words_from(0);
        let n = 1 << 18;
        let (mut sums, mut above_two) = ([0.0; 5], 0);
        for _ in 0..n {
            let x = gaussian(words.next_word());
            for (power, sum) in sums.iter_mut().enumerate() {
                *sum += x.powi(power as i32);
            }
            above_two += u32::from(x > 2.0);
        }
        // Mean and variance of x^k: moments 0, 1, 0, 3, and of their squares 1, 3, 15, 105.
        let expected = [(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0f64)];
        let n = f64::from(n);
        for (power, (mean, variance)) in expected.into_iter().enumerate() {
            let error = (variance / n).sqrt();
            let deviation = (sums[power + 1] / n - mean) / error;
            assert!(deviation.abs() < 5.0, "moment {}: {deviation} errors", power + 1);
        }
        let p = 0.022_750_131_948_179_21;
        let deviation = (f64::from(above_two) - n * p) / (n * p * (1.0 - p)).sqrt();
        assert!(deviation.abs() < 5.0, "beyond 2: {deviation} errors");
    }
}
