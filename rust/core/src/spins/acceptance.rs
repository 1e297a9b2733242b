//! When a spin takes its new value.
//!
//! The exponential is our own: the platform's differs between machines, and the same seed must give
//! the same bits. Every operation below is one IEEE multiplication, addition or comparison, in the
//! order written; none is contracted.

/// Heat bath (Glauber, J. Math. Phys. 4, 294 (1963)): whether the spin points up after its update.
///
/// P(up) = 1 / (1 + exp(-2 beta h)); `u` is uniform on (0, 1).
#[inline]
pub fn heat_bath(beta: f64, field: f64, u: f64) -> bool {
    u * (1.0 + exp(-2.0 * beta * field)) < 1.0
}

/// Metropolis (J. Chem. Phys. 21, 1087 (1953)): whether a flip that costs the energy `cost` is made.
///
/// P(flip) = min(1, exp(-beta cost)); `u` is uniform on (0, 1). A flip that costs nothing is made.
#[inline]
pub fn metropolis(beta: f64, cost: f64, u: f64) -> bool {
    cost <= 0.0 || u < exp(-beta * cost)
}

/// exp(x), to a few units in the last place; saturates beyond |x| = 700, far outside what 53 random
/// bits can tell from 0 or 1.
#[inline]
pub fn exp(x: f64) -> f64 {
    // ln 2 in two parts, the first with 32 trailing zero bits so that k times it is exact.
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = x.clamp(-700.0, 700.0);
    let k = (x * std::f64::consts::LOG2_E).round();
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    // |r| <= ln(2) / 2: the Taylor series to order 13 leaves 4e-18.
    let series = (1..=13).rev().fold(1.0, |sum, n| 1.0 + r * sum / f64::from(n));
    series * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exp_agrees_with_the_platform(x in -700.0..700.0f64) {
            // Thirteen steps of Horner's rule, each with two roundings of at most half a unit in
            // the last place of a sum that stays below 1.5, contracted by |r| <= 0.35.
            prop_assert!((exp(x) / x.exp() - 1.0).abs() < 4.0 * f64::EPSILON);
        }
    }

    #[test]
    fn a_heat_bath_without_field_tosses_a_coin() {
        assert!(heat_bath(1.0, 0.0, 0.499_999));
        assert!(!heat_bath(1.0, 0.0, 0.500_001));
        assert!(!heat_bath(0.0, 3.0, 0.500_001));
    }

    #[test]
    fn metropolis_makes_what_costs_nothing() {
        assert!(metropolis(f64::INFINITY, 0.0, 0.999_999));
        assert!(!metropolis(f64::INFINITY, 5e-324, 1e-15));
        assert!(metropolis(1.0, 1.0, 0.367) && !metropolis(1.0, 1.0, 0.368));
    }

    #[test]
    fn a_strong_field_decides() {
        for u in [1e-15, 0.5, 1.0 - 1e-15] {
            assert!(heat_bath(1e300, 1e300, u));
            assert!(!heat_bath(1e300, -1e300, u));
        }
    }
}
