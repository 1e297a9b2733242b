//! 512 bits as one register. Popcounts are instructions, so the planes are bound by the vector
//! ports: three operations a plane and chunk.

use std::arch::x86_64::{
    __m512i, _MM_HINT_T0, _mm_cvtsi32_si128, _mm_prefetch, _mm512_add_epi64, _mm512_and_si512,
    _mm512_load_si512, _mm512_loadu_si512, _mm512_min_epu64, _mm512_or_si512, _mm512_popcnt_epi64,
    _mm512_reduce_add_epi64, _mm512_rol_epi64, _mm512_set1_epi64, _mm512_setzero_si512,
    _mm512_shldi_epi64, _mm512_shrdi_epi64, _mm512_sll_epi64, _mm512_store_si512, _mm512_sub_epi64,
    _mm512_ternarylogic_epi64, _mm512_test_epi64_mask, _mm512_xor_si512,
};

use super::{Chunk, kernels::kernels, lanes::Lanes};

#[derive(Clone, Copy)]
pub(crate) struct Register(__m512i);

// SAFETY (every block of this impl): `Register` is only used by the kernels below, which
// `Kernels::of` hands out after it has seen that the machine has these instructions; loads and
// stores go through references to `Chunk`, which is 64 bytes, aligned to 64.
impl Lanes for Register {
    const REGISTERS: usize = 26;
    type Tally = __m512i;
    type Count = __m512i;
    type Each = __m512i;

    #[inline(always)]
    fn load(chunk: &Chunk) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_load_si512(std::ptr::from_ref(chunk).cast()) })
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk) {
        // SAFETY: see above.
        unsafe { _mm512_store_si512(std::ptr::from_mut(chunk).cast(), self.0) }
    }
    #[inline(always)]
    fn splat(value: bool) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_epi64(-i64::from(value)) })
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_and_si512(self.0, other.0) })
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_or_si512(self.0, other.0) })
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }
    #[inline(always)]
    fn any(self) -> bool {
        // SAFETY: see above.
        unsafe { _mm512_test_epi64_mask(self.0, self.0) != 0 }
    }

    #[inline(always)]
    fn gather(words: &[u64], at: usize) -> Self {
        let words = &words[at..at + 8];
        // SAFETY: the slice has eight words; for the instructions see above.
        Self(unsafe { _mm512_loadu_si512(words.as_ptr().cast()) })
    }
    #[inline(always)]
    fn repeat(word: u64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_epi64(word as i64) })
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_epi64(self.0, other.0) })
    }
    #[inline(always)]
    fn shift_up(self, count: u32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sll_epi64(self.0, _mm_cvtsi32_si128(count as i32)) })
    }
    #[inline(always)]
    fn rotate<const COUNT: i32>(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_rol_epi64::<COUNT>(self.0) })
    }
    #[inline(always)]
    fn enter_low(self, below: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_shldi_epi64::<1>(self.0, below.0) })
    }
    #[inline(always)]
    fn enter_high(self, above: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_shrdi_epi64::<1>(self.0, above.0) })
    }

    // Any function of three bits is one instruction, named by its truth table.
    #[inline(always)]
    fn select(self, yes: Self, no: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ternarylogic_epi64::<0xCA>(self.0, yes.0, no.0) })
    }
    #[inline(always)]
    fn without(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ternarylogic_epi64::<0x30>(self.0, other.0, other.0) })
    }
    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ternarylogic_epi64::<0x90>(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn or_both(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ternarylogic_epi64::<0xF8>(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn xor_both(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ternarylogic_epi64::<0x78>(self.0, a.0, b.0) })
    }

    #[inline(always)]
    fn zero() -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_setzero_si512() }
    }
    #[inline(always)]
    fn count(self, tally: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_add_epi64(tally, _mm512_popcnt_epi64(self.0)) }
    }
    #[inline(always)]
    fn finish(tally: __m512i) -> __m512i {
        tally
    }
    #[inline(always)]
    fn double_plus(high: __m512i, low: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_add_epi64(_mm512_add_epi64(high, high), low) }
    }
    #[inline(always)]
    fn negate(count: __m512i) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_sub_epi64(_mm512_setzero_si512(), count) }
    }
    #[inline(always)]
    fn total(count: __m512i) -> i64 {
        // SAFETY: see above.
        unsafe { _mm512_reduce_add_epi64(count) }
    }

    #[inline(always)]
    fn none() -> __m512i {
        Self::zero()
    }
    #[inline(always)]
    fn count_each(self, tallies: __m512i) -> __m512i {
        self.count(tallies)
    }
    #[inline(always)]
    fn each(tallies: __m512i) -> Self {
        Self(tallies)
    }
    #[inline(always)]
    fn lesser(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_min_epu64(self.0, other.0) })
    }

    #[inline(always)]
    fn prefetch(chunk: &Chunk, ahead: usize) {
        // SAFETY: a prefetch may name any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(chunk).wrapping_add(ahead).cast()) }
    }

    #[inline(always)]
    fn add(self, b: Self, c: Self) -> (Self, Self) {
        // Truth tables of the parity and the majority of three bits.
        // SAFETY: see above.
        unsafe {
            (
                Self(_mm512_ternarylogic_epi64::<0x96>(self.0, b.0, c.0)),
                Self(_mm512_ternarylogic_epi64::<0xE8>(self.0, b.0, c.0)),
            )
        }
    }
}

kernels!(Register, "avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq");
