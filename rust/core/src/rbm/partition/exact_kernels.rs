//! What one state costs in a sum over all states: a multiplication for each unit of the other layer,
//! or a softplus.
//!
//! Products run over in 64-bit floats, sums of logarithms lose digits; so a product is kept as a
//! float between 1 and 2 and an exponent, and the logarithm is taken once, of the sum over many
//! states. Operations are single IEEE ones in an order fixed here.

use crate::{
    elementary::{WIDTH, ln, softplus, sum_lanes},
    simd::kernel_table,
};

/// Vectors whose factors 1 + E_j are multiplied before the exponent is taken off.
const VECTORS: usize = 4;

/// Units of the other layer that stand in a row together.
pub(super) const UNITS: usize = WIDTH * VECTORS;

/// Fields up to here make factors of which four have a finite product.
pub(super) const GENTLE: f64 = 170.0;

/// What a state, or a unit, has for some units of the other layer: e^x, or x itself.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Row(pub(in crate::rbm) [[f64; WIDTH]; VECTORS]);

impl Row {
    pub(super) fn all(value: f64) -> Self {
        Self([[value; WIDTH]; VECTORS])
    }
}

/// A positive number `value` 2^`exponent`, 1 <= `value` < 2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaled {
    value: f64,
    exponent: i64,
}

/// The bits of a float that are its fraction.
const FRACTION: u64 = (1 << 52) - 1;
/// The exponent of 1 as a float has it.
const BIAS: u64 = 1023;

impl Scaled {
    pub(super) const ONE: Self = Self { value: 1.0, exponent: 0 };

    /// A positive normal number times 2^`exponent`.
    pub(super) fn new(value: f64, exponent: i64) -> Self {
        let bits = value.to_bits();
        Self {
            value: f64::from_bits(bits & FRACTION | BIAS << 52),
            exponent: exponent + (bits >> 52) as i64 - BIAS as i64,
        }
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self::new(self.value * other.value, self.exponent + other.exponent)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        let (large, small) =
            if self.exponent < other.exponent { (other, self) } else { (self, other) };
        let distance = large.exponent - small.exponent;
        if distance > 1000 {
            return large;
        }
        let ratio = f64::from_bits((BIAS - distance as u64) << 52);
        Self::new(large.value + small.value * ratio, large.exponent)
    }

    pub(super) fn ln(self) -> f64 {
        ln(self.value) + self.exponent as f64 * std::f64::consts::LN_2
    }
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Vector in [u8, u16, u32] {
        /// The E_j of a state from those of its parent and the factors of the unit that is on, and
        /// the product over j of 1 + E_j.
        pub(super) multiply: fn(parent: &[Row], factors: &[Row], out: &mut [Row]) -> Scaled = multiply;
        /// The x_j of a state from those of its parent and the weights of the unit that is on, and
        /// the sum over j of ln(1 + e^{x_j}).
        pub(super) add: fn(parent: &[Row], weights: &[Row], out: &mut [Row]) -> f64 = add;
    }
}

#[inline(always)]
fn multiply(parent: &[Row], factors: &[Row], out: &mut [Row]) -> Scaled {
    let mut products = [1.0f64; WIDTH];
    let mut exponents = [0; WIDTH];
    for ((parent, factors), out) in parent.iter().zip(factors).zip(out.iter_mut()) {
        let mut group = [1.0; WIDTH];
        for vector in 0..VECTORS {
            for lane in 0..WIDTH {
                let e = parent.0[vector][lane] * factors.0[vector][lane];
                out.0[vector][lane] = e;
                group[lane] *= 1.0 + e;
            }
        }
        for lane in 0..WIDTH {
            let bits = (products[lane] * group[lane]).to_bits();
            exponents[lane] += bits >> 52;
            products[lane] = f64::from_bits(bits & FRACTION | BIAS << 52);
        }
    }
    let exponent: u64 = exponents.iter().sum();
    let surplus = BIAS * (WIDTH * out.len()) as u64;
    Scaled::new(products.iter().product(), exponent as i64 - surplus as i64)
}

#[inline(always)]
fn add(parent: &[Row], weights: &[Row], out: &mut [Row]) -> f64 {
    let mut sums = [0.0; WIDTH];
    for ((parent, weights), out) in parent.iter().zip(weights).zip(out) {
        for vector in 0..VECTORS {
            for lane in 0..WIDTH {
                let x = parent.0[vector][lane] + weights.0[vector][lane];
                out.0[vector][lane] = x;
                sums[lane] += softplus(x);
            }
        }
    }
    sum_lanes(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaled_numbers_add_and_multiply() {
        let (a, b) = (Scaled::new(3.0, 2000), Scaled::new(1.5, 1999));
        assert_eq!((a.plus(b).value, a.plus(b).exponent), (1.875, 2001));
        assert_eq!((b.plus(a).value, b.plus(a).exponent), (1.875, 2001));
        assert_eq!((a.times(b).value, a.times(b).exponent), (1.125, 4001));
        let tiny = Scaled::new(1.0, -5000);
        assert_eq!((a.plus(tiny).value, tiny.plus(a).exponent), (1.5, 2001));
        assert!((a.ln() - (3f64.ln() + 2000.0 * 2f64.ln())).abs() < 1e-12);
    }
}
