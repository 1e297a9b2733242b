//! When a spin takes its new value.
//!
//! The exponential is our own (see [`elementary`](crate::elementary)), and every operation below is
//! one IEEE multiplication, addition or comparison, in the order written: the same seed gives the
//! same bits on every machine.

use crate::elementary::exp_alone;

/// Heat bath (Glauber, J. Math. Phys. 4, 294 (1963)): whether the spin points up after its update.
///
/// P(up) = 1 / (1 + exp(-2 beta h)); `u` is uniform on (0, 1).
#[inline]
pub fn heat_bath(beta: f64, field: f64, u: f64) -> bool {
    u * (1.0 + exp_alone(-2.0 * beta * field)) < 1.0
}

/// Metropolis (J. Chem. Phys. 21, 1087 (1953)): whether a flip that costs the energy `cost` is made.
///
/// P(flip) = min(1, exp(-beta cost)); `u` is uniform on (0, 1). A flip that costs nothing is made.
#[inline]
pub fn metropolis(beta: f64, cost: f64, u: f64) -> bool {
    cost <= 0.0 || u < exp_alone(-beta * cost)
}

#[cfg(test)]
mod tests {
    use super::*;

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
