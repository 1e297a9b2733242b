//! Plain Rust: masks of eight bytes from a table, 64 of them at a time.

use super::{Digits, Line, PATTERNS};

/// The bytes that the bits of a byte stand for: all ones where the bit is set.
const BYTES: [[u8; 8]; 256] = {
    let mut bytes = [[0; 8]; 256];
    let mut k = 0;
    while k < 256 * 8 {
        bytes[k / 8][k % 8] = if (k / 8) >> (k % 8) & 1 == 1 { 255 } else { 0 };
        k += 1;
    }
    bytes
};

pub(super) struct Words;

impl Digits for Words {
    const ROWS: usize = 1;
    const CHUNKS: usize = 1 << 15;
    type Mask = [u8; PATTERNS];
    type Sum = u32;

    #[inline(always)]
    fn mask(word: u64) -> Self::Mask {
        let mut mask = [0; PATTERNS];
        for (mask, byte) in mask.as_chunks_mut::<8>().0.iter_mut().zip(word.to_le_bytes()) {
            *mask = BYTES[usize::from(byte)];
        }
        mask
    }
    #[inline(always)]
    fn zero() -> Self::Sum {
        0
    }
    #[inline(always)]
    fn add(sum: Self::Sum, line: &Line, mask: Self::Mask) -> Self::Sum {
        sum + line.0.iter().zip(mask).map(|(&digit, mask)| u32::from(digit & mask)).sum::<u32>()
    }
    #[inline(always)]
    fn total(sum: Self::Sum) -> i64 {
        i64::from(sum)
    }
}
