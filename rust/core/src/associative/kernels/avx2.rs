//! 32 bytes a register: bits are spread by a shuffle and a comparison, and multiplied as -1 and 0.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi16, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_load_si256,
    _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_storeu_si256,
};

use super::{Digits, Line};

pub(super) struct Pair;

// SAFETY (every block of this impl): `Pair` is only used by the kernels of a table, which
// `Kernels::of` hands out after it has seen that the machine has these instructions; loads go
// through references to `Line`, which is 64 bytes, aligned to 64.
impl Digits for Pair {
    const ROWS: usize = 4;
    /// A line adds at most 4 x 255 to each 16-bit sum.
    const CHUNKS: usize = 4;
    type Mask = [__m256i; 2];
    type Sum = __m256i;

    #[inline(always)]
    fn mask(word: u64) -> Self::Mask {
        // SAFETY: see above.
        unsafe {
            let byte = _mm256_setr_epi8(
                0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3,
                3, 3, 3, 3,
            );
            let bit = _mm256_set1_epi64x(0x8040_2010_0804_0201u64 as i64);
            [word as i32, (word >> 32) as i32].map(|half| {
                let bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(half), byte);
                _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit)
            })
        }
    }
    #[inline(always)]
    fn zero() -> Self::Sum {
        // SAFETY: see above.
        unsafe { _mm256_setzero_si256() }
    }
    #[inline(always)]
    fn add(sum: Self::Sum, line: &Line, mask: Self::Mask) -> Self::Sum {
        // SAFETY: see above.
        unsafe {
            let halves = std::ptr::from_ref(line).cast::<__m256i>();
            let low = _mm256_maddubs_epi16(_mm256_load_si256(halves), mask[0]);
            let high = _mm256_maddubs_epi16(_mm256_load_si256(halves.add(1)), mask[1]);
            _mm256_add_epi16(sum, _mm256_add_epi16(low, high))
        }
    }
    #[inline(always)]
    fn total(sum: Self::Sum) -> i64 {
        let mut lanes = [0i32; 8];
        // SAFETY: see above; `lanes` has 32 bytes.
        unsafe {
            let pairs = _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
            _mm256_storeu_si256(lanes.as_mut_ptr().cast(), pairs);
        }
        -i64::from(lanes.iter().sum::<i32>())
    }
}
