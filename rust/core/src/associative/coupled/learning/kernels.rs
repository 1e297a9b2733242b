//! The hot loops of learning, over the fields of one neuron in all patterns.
//!
//! They are sums and comparisons of integers, vectorised anew for each instruction set. Fields have 32
//! bits, or 64 where these would overflow.

use std::ops::{AddAssign, BitXor, Sub, SubAssign};

use crate::simd::kernel_table;

/// Patterns whose fields are compared before any is looked at.
const AT_ONCE: usize = 64;

/// Patterns that are added to couplings while these are in registers.
pub(super) const TOGETHER: usize = 4;

/// An integer that fits a field.
pub(super) trait Field:
    Copy
    + Ord
    + From<i32>
    + Into<i64>
    + AddAssign
    + SubAssign
    + BitXor<Output = Self>
    + Sub<Output = Self>
{
    const MAX: Self;
}

impl Field for i32 {
    const MAX: Self = Self::MAX;
}

impl Field for i64 {
    const MAX: Self = Self::MAX;
}

kernel_table! {
    /// The kernels of one instruction set. Signs are 0 or -1.
    pub(super) struct Kernels for Unused in [(), (), ()] {
        /// Adds a row to the fields, or subtracts it.
        pub(super) add: fn(fields: &mut [i32], row: &[i32], subtract: bool) = add::<i32>;
        pub(super) add_wide: fn(fields: &mut [i64], row: &[i32], subtract: bool) = add::<i64>;
        /// The first field that is, with its sign, at most so large.
        pub(super) first: fn(fields: &[i32], signs: &[i32], most: i32) -> Option<usize> = first::<i32>;
        pub(super) first_wide: fn(fields: &[i64], signs: &[i32], most: i64) -> Option<usize> = first::<i64>;
        /// The smallest field, with its sign.
        pub(super) smallest: fn(fields: &[i32], signs: &[i32]) -> i32 = smallest::<i32>;
        pub(super) smallest_wide: fn(fields: &[i64], signs: &[i32]) -> i64 = smallest::<i64>;
        /// Adds some patterns, each so many times, modulo 2^32.
        pub(super) add_spins: fn(sums: &mut [i32], spins: [&[i8]; TOGETHER], times: [i32; TOGETHER]) =
            add_spins;
    }
}

#[inline(always)]
fn add<T: Field>(fields: &mut [T], row: &[i32], subtract: bool) {
    // Two loops: with a factor there would be a product for each.
    if subtract {
        for (field, &overlap) in fields.iter_mut().zip(row) {
            *field -= overlap.into();
        }
    } else {
        for (field, &overlap) in fields.iter_mut().zip(row) {
            *field += overlap.into();
        }
    }
}

/// A field with its sign.
#[inline(always)]
pub(super) fn signed<T: Field>(field: T, sign: i32) -> T {
    (field ^ sign.into()) - sign.into()
}

#[inline(always)]
fn first<T: Field>(fields: &[T], signs: &[i32], most: T) -> Option<usize> {
    let mut start = 0;
    for (fields, signs) in fields.chunks(AT_ONCE).zip(signs.chunks(AT_ONCE)) {
        let mut any = false;
        for (&field, &sign) in fields.iter().zip(signs) {
            any |= signed(field, sign) <= most;
        }
        if any {
            let mut pairs = fields.iter().zip(signs);
            return pairs
                .position(|(&field, &sign)| signed(field, sign) <= most)
                .map(|k| start + k);
        }
        start += fields.len();
    }
    None
}

#[inline(always)]
fn smallest<T: Field>(fields: &[T], signs: &[i32]) -> T {
    let mut smallest = T::MAX;
    for (&field, &sign) in fields.iter().zip(signs) {
        smallest = smallest.min(signed(field, sign));
    }
    smallest
}

#[inline(always)]
fn add_spins(sums: &mut [i32], spins: [&[i8]; TOGETHER], times: [i32; TOGETHER]) {
    let n = sums.len();
    let spins = spins.map(|spins| &spins[..n]);
    for j in 0..n {
        for k in 0..TOGETHER {
            sums[j] = sums[j].wrapping_add(times[k].wrapping_mul(i32::from(spins[k][j])));
        }
    }
}
