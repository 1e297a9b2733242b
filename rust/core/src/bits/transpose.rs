//! Squares of bits with rows and columns exchanged.

use std::{
    array::from_fn,
    ops::{BitAnd, BitXor, Shl, Shr},
};

use super::Chunk;

/// An unsigned word whose bits are those of a row.
pub(crate) trait Word:
    Copy
    + BitAnd<Output = Self>
    + BitXor<Output = Self>
    + Shl<usize, Output = Self>
    + Shr<usize, Output = Self>
{
    /// As many bits as a word has.
    fn cut(bits: u64) -> Self;
}

impl Word for u32 {
    #[inline(always)]
    fn cut(bits: u64) -> Self {
        bits as Self
    }
}

impl Word for u64 {
    #[inline(always)]
    fn cut(bits: u64) -> Self {
        bits
    }
}

/// Eight words at a time.
impl Word for Chunk {
    #[inline(always)]
    fn cut(bits: u64) -> Self {
        Self([bits; 8])
    }
}

macro_rules! word_by_word {
    ($($operation:ident, $name:ident, $of:ty: |$a:ident, $b:ident, $k:ident| $word:expr;)*) => {$(
        impl $operation<$of> for Chunk {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: $of) -> Self {
                let ($a, $b) = (self, other);
                Self(from_fn(|$k| $word))
            }
        }
    )*};
}

word_by_word! {
    BitAnd, bitand, Self: |a, b, k| a.0[k] & b.0[k];
    BitXor, bitxor, Self: |a, b, k| a.0[k] ^ b.0[k];
    Shl, shl, usize: |a, bits, k| a.0[k] << bits;
    Shr, shr, usize: |a, bits, k| a.0[k] >> bits;
}

/// The squares of N x N bits that N words hold side by side: bit l of row b of each becomes bit b of
/// row l. N is a power of two, and at most the width of a word.
///
/// Off-diagonal quarters are exchanged, then those of the quarters, and so on (Warren, Hacker's
/// Delight, 7-3).
#[inline(always)]
pub(crate) fn transpose<W: Word, const N: usize>(rows: &mut [W; N]) {
    let mut width = N / 2;
    // The low half of each group of 2 `width` bits.
    let mut low = u64::MAX / ((1 << width) + 1);
    while width > 0 {
        for pair in 0..N / 2 {
            let k = (pair & !(width - 1)) << 1 | pair & (width - 1);
            let differing = (rows[k] >> width ^ rows[k + width]) & W::cut(low);
            rows[k] = rows[k] ^ differing << width;
            rows[k + width] = rows[k + width] ^ differing;
        }
        width /= 2;
        low ^= low << width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(row: usize) -> u64 {
        0x9E37_79B9_7F4A_7C15u64.wrapping_mul(row as u64 + 1).rotate_left(23)
    }

    /// Whether all squares of `N` x `N` bits in words of `bits` bits come out with rows for columns.
    fn rows_become_columns<W: Word + Into<u64>, const N: usize>(bits: usize) {
        let mut squares: [W; N] = std::array::from_fn(|row| W::cut(word(row)));
        transpose(&mut squares);
        for (column, found) in squares.into_iter().enumerate() {
            let found: u64 = found.into();
            for square in (0..bits).step_by(N) {
                for row in 0..N {
                    assert_eq!(found >> (square + row) & 1, word(row) >> (square + column) & 1);
                }
            }
        }
    }

    #[test]
    fn rows_become_columns_in_squares_of_every_size() {
        rows_become_columns::<u64, 64>(64);
        rows_become_columns::<u32, 32>(32);
        rows_become_columns::<u64, 16>(64);
    }
}
