//! 512 bits as two registers. Popcounts are looked up, four bits at a time (Muła, Kurz and Lemire,
//! Comput. J. 61, 111 (2018)), which makes the planes compute-bound.

use std::arch::x86_64::{
    __m256i, _MM_HINT_T0, _mm_cvtsi32_si128, _mm_prefetch, _mm256_add_epi8, _mm256_add_epi64,
    _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_epi8, _mm256_cmpgt_epi64,
    _mm256_extract_epi64, _mm256_load_si256, _mm256_loadu_si256, _mm256_or_si256, _mm256_sad_epu8,
    _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_sll_epi64, _mm256_slli_epi64, _mm256_srl_epi64, _mm256_srli_epi16,
    _mm256_srli_epi64, _mm256_store_si256, _mm256_sub_epi64, _mm256_testz_si256, _mm256_xor_si256,
};

use super::{Chunk, kernels::kernels, lanes::Lanes};

#[derive(Clone, Copy)]
pub(crate) struct Pair([__m256i; 2]);

/// The low and the high half of each byte.
#[inline(always)]
fn halves() -> [__m256i; 2] {
    // SAFETY: as for the impl below.
    unsafe { [_mm256_set1_epi8(0x0F), _mm256_set1_epi8(-0x10)] }
}

/// The set bits of each byte, whose halves stand apart.
#[inline(always)]
fn bytes(low: __m256i, high: __m256i) -> __m256i {
    // SAFETY: as for the impl below. The bits shifted in are those of other high halves' low
    // neighbours, which are zero.
    unsafe {
        let table = _mm256_setr_epi8(
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, //
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
        );
        let high = _mm256_srli_epi16::<4>(high);
        _mm256_add_epi8(_mm256_shuffle_epi8(table, low), _mm256_shuffle_epi8(table, high))
    }
}

// SAFETY (every block of this impl): `Pair` is only used by the kernels below, which `Kernels::of`
// hands out after it has seen that the machine has these instructions; loads and stores go through
// references to `Chunk`, which is two registers, aligned to 64 bytes.
impl Lanes for Pair {
    const REGISTERS: usize = 0;
    type Tally = __m256i;
    type Count = __m256i;
    /// A count a byte.
    type Each = [__m256i; 2];

    #[inline(always)]
    fn load(chunk: &Chunk) -> Self {
        let pointer = std::ptr::from_ref(chunk).cast::<__m256i>();
        // SAFETY: see above.
        Self(unsafe { [_mm256_load_si256(pointer), _mm256_load_si256(pointer.add(1))] })
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk) {
        let pointer = std::ptr::from_mut(chunk).cast::<__m256i>();
        // SAFETY: see above.
        unsafe {
            _mm256_store_si256(pointer, self.0[0]);
            _mm256_store_si256(pointer.add(1), self.0[1]);
        }
    }
    #[inline(always)]
    fn splat(value: bool) -> Self {
        // SAFETY: see above.
        Self([unsafe { _mm256_set1_epi8(-i8::from(value)) }; 2])
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            [_mm256_and_si256(self.0[0], other.0[0]), _mm256_and_si256(self.0[1], other.0[1])]
        })
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            [_mm256_or_si256(self.0[0], other.0[0]), _mm256_or_si256(self.0[1], other.0[1])]
        })
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            [_mm256_xor_si256(self.0[0], other.0[0]), _mm256_xor_si256(self.0[1], other.0[1])]
        })
    }
    #[inline(always)]
    fn any(self) -> bool {
        // SAFETY: see above.
        unsafe {
            let either = _mm256_or_si256(self.0[0], self.0[1]);
            _mm256_testz_si256(either, either) == 0
        }
    }

    #[allow(clippy::cast_ptr_alignment, reason = "these loads need none")]
    #[inline(always)]
    fn gather(words: &[u64], at: usize) -> Self {
        let pointer = words[at..at + 8].as_ptr().cast::<__m256i>();
        // SAFETY: the slice has eight words; for the instructions see above.
        Self(unsafe { [_mm256_loadu_si256(pointer), _mm256_loadu_si256(pointer.add(1))] })
    }
    #[inline(always)]
    fn repeat(word: u64) -> Self {
        // SAFETY: see above.
        Self([unsafe { _mm256_set1_epi64x(word as i64) }; 2])
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            [_mm256_add_epi64(self.0[0], other.0[0]), _mm256_add_epi64(self.0[1], other.0[1])]
        })
    }
    #[inline(always)]
    fn shift_up(self, count: u32) -> Self {
        // SAFETY: see above.
        unsafe {
            let count = _mm_cvtsi32_si128(count as i32);
            Self([_mm256_sll_epi64(self.0[0], count), _mm256_sll_epi64(self.0[1], count)])
        }
    }
    #[inline(always)]
    fn rotate<const COUNT: i32>(self) -> Self {
        // SAFETY: see above.
        unsafe {
            let down = _mm_cvtsi32_si128(64 - COUNT);
            let [low, high] = self.0;
            Self([
                _mm256_or_si256(_mm256_slli_epi64::<COUNT>(low), _mm256_srl_epi64(low, down)),
                _mm256_or_si256(_mm256_slli_epi64::<COUNT>(high), _mm256_srl_epi64(high, down)),
            ])
        }
    }
    #[inline(always)]
    fn enter_low(self, below: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let [low, high] = self.0;
            Self([
                _mm256_or_si256(_mm256_slli_epi64::<1>(low), _mm256_srli_epi64::<63>(below.0[0])),
                _mm256_or_si256(_mm256_slli_epi64::<1>(high), _mm256_srli_epi64::<63>(below.0[1])),
            ])
        }
    }
    #[inline(always)]
    fn enter_high(self, above: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let [low, high] = self.0;
            Self([
                _mm256_or_si256(_mm256_srli_epi64::<1>(low), _mm256_slli_epi64::<63>(above.0[0])),
                _mm256_or_si256(_mm256_srli_epi64::<1>(high), _mm256_slli_epi64::<63>(above.0[1])),
            ])
        }
    }
    #[inline(always)]
    fn without(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            [_mm256_andnot_si256(other.0[0], self.0[0]), _mm256_andnot_si256(other.0[1], self.0[1])]
        })
    }

    #[inline(always)]
    fn zero() -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_setzero_si256() }
    }
    #[inline(always)]
    fn count(self, tally: __m256i) -> __m256i {
        self.count_and(Self::splat(true), tally)
    }
    // The halves of `self` do not depend on `other`: many planes against one row split it once.
    #[inline(always)]
    fn count_and(self, other: Self, tally: __m256i) -> __m256i {
        let [low, high] = halves();
        // SAFETY: see above. A byte of the sum holds at most 16.
        unsafe {
            let first = bytes(
                _mm256_and_si256(_mm256_and_si256(self.0[0], low), other.0[0]),
                _mm256_and_si256(_mm256_and_si256(self.0[0], high), other.0[0]),
            );
            let second = bytes(
                _mm256_and_si256(_mm256_and_si256(self.0[1], low), other.0[1]),
                _mm256_and_si256(_mm256_and_si256(self.0[1], high), other.0[1]),
            );
            let both = _mm256_add_epi8(first, second);
            _mm256_add_epi64(tally, _mm256_sad_epu8(both, _mm256_setzero_si256()))
        }
    }
    #[inline(always)]
    fn finish(tally: __m256i) -> __m256i {
        tally
    }
    #[inline(always)]
    fn double_plus(high: __m256i, low: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_add_epi64(_mm256_add_epi64(high, high), low) }
    }
    #[inline(always)]
    fn negate(count: __m256i) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_sub_epi64(_mm256_setzero_si256(), count) }
    }
    #[inline(always)]
    fn total(count: __m256i) -> i64 {
        // SAFETY: see above.
        unsafe {
            _mm256_extract_epi64::<0>(count)
                + _mm256_extract_epi64::<1>(count)
                + _mm256_extract_epi64::<2>(count)
                + _mm256_extract_epi64::<3>(count)
        }
    }

    #[inline(always)]
    fn none() -> [__m256i; 2] {
        [Self::zero(); 2]
    }
    #[inline(always)]
    fn count_each(self, tallies: [__m256i; 2]) -> [__m256i; 2] {
        let [low, high] = halves();
        let mut sums = tallies;
        for k in 0..2 {
            // SAFETY: see above. A byte of a sum holds at most 31 times 8.
            sums[k] = unsafe {
                let counts =
                    bytes(_mm256_and_si256(self.0[k], low), _mm256_and_si256(self.0[k], high));
                _mm256_add_epi8(sums[k], counts)
            };
        }
        sums
    }
    #[inline(always)]
    fn each(tallies: [__m256i; 2]) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            [
                _mm256_sad_epu8(tallies[0], _mm256_setzero_si256()),
                _mm256_sad_epu8(tallies[1], _mm256_setzero_si256()),
            ]
        })
    }
    #[inline(always)]
    fn lesser(self, other: Self) -> Self {
        let mut out = self;
        for k in 0..2 {
            // SAFETY: see above.
            out.0[k] = unsafe {
                let greater = _mm256_cmpgt_epi64(self.0[k], other.0[k]);
                _mm256_blendv_epi8(self.0[k], other.0[k], greater)
            };
        }
        out
    }

    #[inline(always)]
    fn prefetch(chunk: &Chunk, ahead: usize) {
        // SAFETY: a prefetch may name any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(chunk).wrapping_add(ahead).cast()) }
    }
}

kernels!(Pair, "avx2");
