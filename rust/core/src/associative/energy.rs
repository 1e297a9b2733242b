//! The energies F(x) = x^n, and x^n for x > 0 alone: exact integers.
//!
//! A flip of spin i takes each overlap M to M - 2 sigma, sigma = xi_i s_i. With the differences
//!
//! C(M) = (F(M + 2) - F(M - 2)) / 2   and   S(M) = F(M) - (F(M + 2) + F(M - 2)) / 2
//!
//! its cost F(M) - F(M - 2 sigma) is S(M) + sigma C(M). Overlaps have the parity of N, so 2 C and
//! 2 S are the integers that are kept.

use crate::error::{Error, Result};

/// F(x) = x^n, or that where x > 0 and zero elsewhere ("rectified").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power {
    order: u32,
    is_rectified: bool,
}

impl Power {
    /// The highest order.
    pub const HIGHEST: u32 = 6;

    /// F of that order, 2 to [`Power::HIGHEST`].
    ///
    /// # Errors
    /// [`Error::Value`] for another order.
    pub fn new(order: u32, is_rectified: bool) -> Result<Self> {
        if !(2..=Self::HIGHEST).contains(&order) {
            return Err(Error::expected("order", "between 2 and 6", order));
        }
        Ok(Self { order, is_rectified })
    }

    /// n.
    pub fn order(self) -> u32 {
        self.order
    }

    /// F(M).
    #[inline]
    pub fn value(self, overlap: i64) -> i128 {
        if self.is_rectified && overlap < 0 {
            return 0;
        }
        // Products of 128 bits take several times as long.
        overlap
            .checked_pow(self.order)
            .map_or_else(|| i128::from(overlap).pow(self.order), i128::from)
    }

    /// F(M) - F(M - 2 sigma): what a flip costs for a pattern whose spin times the flipped one was
    /// sigma.
    #[inline]
    pub fn cost(self, overlap: i64, sigma: i64) -> i128 {
        self.value(overlap) - self.value(overlap - 2 * sigma)
    }

    /// 2 C(M).
    pub fn slope(self, overlap: i64) -> i128 {
        self.value(overlap + 2) - self.value(overlap - 2)
    }

    /// 2 S(M).
    pub fn curvature(self, overlap: i64) -> i128 {
        2 * self.value(overlap) - self.value(overlap + 2) - self.value(overlap - 2)
    }

    /// Whether all sums over so many overlaps of so many spins are integers of 128 bits.
    ///
    /// # Errors
    /// [`Error::Overflow`] if they are not.
    pub fn check_sums(self, n_spins: usize, n_patterns: usize) -> Result<()> {
        let largest = (n_spins as u128 + 2).checked_pow(self.order);
        let sums = largest.and_then(|value| value.checked_mul(8 * n_patterns as u128));
        if sums.is_none_or(|sums| sums > i128::MAX as u128) {
            return Err(Error::Overflow(format!(
                "order must leave P (N + 2)^order below 2^124, got {} for N = {n_spins} and \
                 P = {n_patterns}",
                self.order
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_differences_make_the_cost_of_a_flip() {
        for order in 2..=Power::HIGHEST {
            for is_rectified in [false, true] {
                let power = Power::new(order, is_rectified).unwrap();
                for overlap in -9..=9 {
                    for sigma in [-1, 1] {
                        let twice =
                            power.curvature(overlap) + i128::from(sigma) * power.slope(overlap);
                        assert_eq!(twice, 2 * power.cost(overlap, sigma));
                    }
                }
            }
        }
    }

    #[test]
    fn orders_and_sizes_beyond_the_integers_are_refused() {
        assert!(Power::new(1, false).is_err() && Power::new(7, true).is_err());
        let power = Power::new(6, false).unwrap();
        assert!(power.check_sums(100_000, 10_000_000).is_ok());
        let message = power.check_sums(4_000_000_000, 3).unwrap_err().to_string();
        assert!(message.starts_with("order must leave P (N + 2)^order below 2^124"), "{message}");
    }
}
