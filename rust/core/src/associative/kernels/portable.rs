//! Plain Rust: masks of eight bytes from a table, 64 of them at a time.

use super::{ABSENT, ByteTable, Digits, Line};

/// The bytes that the bits of a byte stand for, as a word: all ones where the bit is set.
const BYTES: [u64; 256] = {
    let mut words = [0u64; 256];
    let mut k = 0;
    while k < 256 * 8 {
        let mut bytes = words[k / 8].to_ne_bytes();
        bytes[k % 8] = if (k / 8) >> (k % 8) & 1 == 1 { 255 } else { 0 };
        words[k / 8] = u64::from_ne_bytes(bytes);
        k += 1;
    }
    words
};

/// Adds the bytes that the mask leaves to two sums.
#[cfg_attr(target_arch = "x86_64", allow(dead_code, reason = "the truth of the tests"))]
#[inline(always)]
fn add_words(mut sums: [u64; 2], line: &Line, mask: &[u64; 8]) -> [u64; 2] {
    /// Every other byte of a word.
    const ALTERNATE: u64 = 0x00FF_00FF_00FF_00FF;
    let words = line.0.as_chunks::<8>().0;
    for k in 0..8 {
        let digits = u64::from_ne_bytes(words[k]) & mask[k];
        let pairs = (digits & ALTERNATE) + (digits >> 8 & ALTERNATE);
        // The product adds the four pairs up in its highest sixteen bits.
        sums[k % 2] += pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48;
    }
    sums
}

/// The same by instructions that every x86-64 has.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn add_vectors(sums: [u64; 2], line: &Line, mask: &[u64; 8]) -> [u64; 2] {
    use std::arch::x86_64::{
        __m128i, _mm_add_epi64, _mm_and_si128, _mm_load_si128, _mm_loadu_si128, _mm_sad_epu8,
        _mm_setzero_si128, _mm_storeu_si128,
    };
    let mut out = [0; 2];
    // SAFETY: SSE2 belongs to x86-64. A line is four vectors and aligned to 64, and so many are the
    // mask and the sums, whose loads and stores need no alignment.
    unsafe {
        let (digits, mask): (*const __m128i, *const __m128i) =
            (line.0.as_ptr().cast(), mask.as_ptr().cast());
        let mut sum = _mm_loadu_si128(sums.as_ptr().cast());
        for k in 0..4 {
            let left = _mm_and_si128(_mm_load_si128(digits.add(k)), _mm_loadu_si128(mask.add(k)));
            sum = _mm_add_epi64(sum, _mm_sad_epu8(left, _mm_setzero_si128()));
        }
        _mm_storeu_si128(out.as_mut_ptr().cast(), sum);
    }
    out
}

#[cfg(target_arch = "x86_64")]
use add_vectors as add;
#[cfg(not(target_arch = "x86_64"))]
use add_words as add;

pub(super) struct Words;

impl Digits for Words {
    const ROWS: usize = 1;
    const LINES: usize = 1 << 15;
    type Mask = [u64; 8];
    type Sum = [u64; 2];
    type Table = [u8; 256];

    #[inline(always)]
    fn mask(word: u64) -> Self::Mask {
        let bytes = word.to_le_bytes();
        let mut mask = [0; 8];
        for k in 0..8 {
            mask[k] = BYTES[usize::from(bytes[k])];
        }
        mask
    }
    #[inline(always)]
    fn zero() -> Self::Sum {
        [0; 2]
    }
    #[inline(always)]
    fn add(sum: Self::Sum, line: &Line, mask: Self::Mask) -> Self::Sum {
        add(sum, line, &mask)
    }
    #[inline(always)]
    fn total(sum: Self::Sum) -> i64 {
        (sum[0] + sum[1]) as i64
    }
    #[inline(always)]
    fn step(values: &mut Line, word: u64, edge: i8) -> bool {
        let mut crosses = false;
        for (k, value) in values.0.iter_mut().enumerate() {
            // 255 is -1.
            let step = if word >> k & 1 == 1 { 1 } else { 255 };
            let step = if *value == ABSENT as u8 { 0 } else { step };
            *value = value.wrapping_add(step);
            crosses |= (*value as i8).wrapping_abs() == edge;
        }
        crosses
    }
    #[inline(always)]
    fn table(table: &ByteTable, _: i8) -> Self::Table {
        table.0
    }
    #[inline(always)]
    fn look_up<const PLANES: usize>(
        tables: &[Self::Table; PLANES],
        values: &Line,
    ) -> [Line; PLANES] {
        let digits = |table: &Self::Table| Line(values.0.map(|value| table[usize::from(value)]));
        std::array::from_fn(|plane| digits(&tables[plane]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn vectors_add_what_words_add() {
        let mut word = 3u64;
        for _ in 0..100 {
            word = word.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ word >> 29;
            let line = Line(std::array::from_fn(|k| (word >> (k % 57)) as u8 | 3));
            let mask = Words::mask(word.rotate_left(17));
            assert_eq!(add_vectors([5, word], &line, &mask), add_words([5, word], &line, &mask));
        }
    }
}
