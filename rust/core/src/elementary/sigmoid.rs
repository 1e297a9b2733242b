//! The logistic function, and a unit that fires with its probability.
//!
//! P(1) = 1 / (1 + e^{-x}) = 1 / (1 + 2^t) with t = -x log2(e). Every operation is one IEEE
//! multiplication, addition, division or comparison of 32-bit floats (64-bit ones in [`logistic`]),
//! in the order written, so that lanes of any width and the scalar reference give the same bits.

use std::f32::consts::LOG2_E;

use super::{double::exp_alone, single::SHIFT};

/// 1 / (1 + e^{-x}) in 64 bits, for machines whose fields are 64-bit floats.
pub(crate) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + exp_alone(-x))
}

/// A probability of one, as the integer that statistics are summed in.
pub(crate) const ONE: i32 = 1 << 22;

/// What a field in units of 1 / `scale` is multiplied by to give t, at inverse temperature `beta`.
pub(crate) fn factor(scale: f32, beta: f32) -> f32 {
    -LOG2_E * beta / scale
}

/// Whether a unit is 1, by 31 of the bits of `word`, where `odds` = 2^t are those against it.
#[inline(always)]
pub(crate) fn fires(word: u32, odds: f32) -> bool {
    let u = (word >> 1) as i32 as f32 + 0.5;
    u * (1.0 + odds) < 2_147_483_648.0
}

/// The probability to be 1, in units of 1 / [`ONE`].
#[inline(always)]
pub(crate) fn probability(odds: f32) -> i32 {
    let shifted = ONE as f32 / (1.0 + odds) + SHIFT;
    shifted.to_bits().wrapping_sub(SHIFT.to_bits()) as i32
}

#[cfg(test)]
mod tests {
    use super::{super::single::exp2, *};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_unit_fires_with_its_probability(t in -20.0..20.0f32, word: u32) {
            let p = 1.0 / (1.0 + f64::from(exp2(t)));
            let u = f64::from(word) / 4_294_967_296.0;
            // Where the two are further apart than the roundings, they decide alike.
            if (u - p).abs() > 2e-7 {
                prop_assert_eq!(fires(word, exp2(t)), u < p);
            }
            prop_assert!((f64::from(probability(exp2(t))) / f64::from(ONE) - p).abs() < 2.5e-7);
        }
    }

    #[test]
    fn strong_fields_decide() {
        assert!((0..32).all(|bit| !fires(1 << bit, exp2(200.0))));
        assert!(fires(u32::MAX >> 2, exp2(-200.0)));
        assert_eq!((probability(exp2(-200.0)), probability(exp2(200.0))), (ONE, 0));
        assert_eq!(probability(exp2(0.0)), ONE / 2);
    }
}
