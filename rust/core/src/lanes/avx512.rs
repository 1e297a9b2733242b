//! Sixteen integers in one register.

use std::arch::x86_64::{
    __m512i, _MM_HINT_T0, _mm_prefetch, _mm512_add_epi32, _mm512_and_si512,
    _mm512_cmple_epi32_mask, _mm512_cvtps_epi32, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_movepi32_mask, _mm512_movm_epi32, _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_shuffle_i32x4, _mm512_storeu_si512, _mm512_sub_epi32, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64, _mm512_xor_si512,
};

use super::{LANES, Lanes};

#[derive(Clone, Copy)]
pub(crate) struct Register(__m512i);

// SAFETY (every block of this impl): `Register` is only used by the kernels, which `Kernels::of`
// hands out after it has seen that the machine has these instructions; loads and stores go through
// references to 64 bytes.
impl Lanes for Register {
    const SUMS: usize = 8;

    #[inline(always)]
    fn load(from: &[i32; LANES]) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_loadu_si512(from.as_ptr().cast()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [i32; LANES]) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), self.0) }
    }
    #[inline(always)]
    fn splat(value: i32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_epi32(value) })
    }
    #[inline(always)]
    fn rounded(from: &[f32; LANES], scale: f32) -> Self {
        // SAFETY: see above.
        unsafe {
            let scaled = _mm512_mul_ps(_mm512_loadu_ps(from.as_ptr()), _mm512_set1_ps(scale));
            Self(_mm512_cvtps_epi32(scaled))
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_epi32(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sub_epi32(self.0, other.0) })
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_and_si512(self.0, other.0) })
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_movm_epi32(_mm512_cmple_epi32_mask(self.0, bound.0)) })
    }
    #[inline(always)]
    fn mask(bits: u16) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_movm_epi32(bits) })
    }
    #[inline(always)]
    fn bits(self) -> u16 {
        // SAFETY: see above.
        unsafe { _mm512_movepi32_mask(self.0) }
    }

    /// Pairs, fours, then 128-bit quarters twice: 64 shuffles.
    #[inline(always)]
    fn transpose(rows: [&[i32; LANES]; LANES], out: &mut [[i32; LANES]; LANES]) {
        // Of each four rows, register c holds column 4 q + c of quarter q.
        let mut fours = [Self::splat(0); LANES];
        for k in 0..4 {
            let [a, b, c, d] = [
                Self::load(rows[4 * k]).0,
                Self::load(rows[4 * k + 1]).0,
                Self::load(rows[4 * k + 2]).0,
                Self::load(rows[4 * k + 3]).0,
            ];
            // SAFETY: see above.
            unsafe {
                let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
                let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
                fours[4 * k] = Self(_mm512_unpacklo_epi64(ab_low, cd_low));
                fours[4 * k + 1] = Self(_mm512_unpackhi_epi64(ab_low, cd_low));
                fours[4 * k + 2] = Self(_mm512_unpacklo_epi64(ab_high, cd_high));
                fours[4 * k + 3] = Self(_mm512_unpackhi_epi64(ab_high, cd_high));
            }
        }
        for c in 0..4 {
            let [a, b, e, f] = [fours[c].0, fours[4 + c].0, fours[8 + c].0, fours[12 + c].0];
            // SAFETY: see above.
            unsafe {
                let even_ab = _mm512_shuffle_i32x4::<0b10_00_10_00>(a, b);
                let odd_ab = _mm512_shuffle_i32x4::<0b11_01_11_01>(a, b);
                let even_ef = _mm512_shuffle_i32x4::<0b10_00_10_00>(e, f);
                let odd_ef = _mm512_shuffle_i32x4::<0b11_01_11_01>(e, f);
                Self(_mm512_shuffle_i32x4::<0b10_00_10_00>(even_ab, even_ef)).store(&mut out[c]);
                Self(_mm512_shuffle_i32x4::<0b10_00_10_00>(odd_ab, odd_ef)).store(&mut out[4 + c]);
                Self(_mm512_shuffle_i32x4::<0b11_01_11_01>(even_ab, even_ef))
                    .store(&mut out[8 + c]);
                Self(_mm512_shuffle_i32x4::<0b11_01_11_01>(odd_ab, odd_ef)).store(&mut out[12 + c]);
            }
        }
    }
    #[inline(always)]
    fn prefetch<T>(value: &T) {
        // SAFETY: a prefetch reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }
}
