//! Sixteen integers in two registers.

use std::arch::x86_64::{
    __m256i, _MM_HINT_T0, _mm_prefetch, _mm256_add_epi32, _mm256_and_si256, _mm256_castsi256_ps,
    _mm256_cmpeq_epi32, _mm256_cmpgt_epi32, _mm256_cvtps_epi32, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_movemask_ps, _mm256_mul_ps, _mm256_permute2x128_si256,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi32, _mm256_storeu_si256, _mm256_sub_epi32,
    _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    _mm256_xor_si256,
};

use super::{LANES, Lanes};

#[derive(Clone, Copy)]
pub(crate) struct Pair(__m256i, __m256i);

// SAFETY (every block of this impl): `Pair` is only used by the kernels, which `Kernels::of` hands
// out after it has seen that the machine has these instructions; loads and stores go through
// references to 64 bytes, of which each half is 32.
impl Lanes for Pair {
    const SUMS: usize = 4;

    #[inline(always)]
    fn load(from: &[i32; LANES]) -> Self {
        let from: *const __m256i = from.as_ptr().cast();
        // SAFETY: see above.
        unsafe { Self(_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))) }
    }
    #[inline(always)]
    fn store(self, to: &mut [i32; LANES]) {
        let to: *mut __m256i = to.as_mut_ptr().cast();
        // SAFETY: see above.
        unsafe {
            _mm256_storeu_si256(to, self.0);
            _mm256_storeu_si256(to.add(1), self.1);
        }
    }
    #[inline(always)]
    fn splat(value: i32) -> Self {
        // SAFETY: see above.
        let half = unsafe { _mm256_set1_epi32(value) };
        Self(half, half)
    }
    #[inline(always)]
    fn rounded(from: &[f32; LANES], scale: f32) -> Self {
        let from = from.as_ptr();
        // SAFETY: see above.
        unsafe {
            let scale = _mm256_set1_ps(scale);
            let low = _mm256_mul_ps(_mm256_loadu_ps(from), scale);
            let high = _mm256_mul_ps(_mm256_loadu_ps(from.add(8)), scale);
            Self(_mm256_cvtps_epi32(low), _mm256_cvtps_epi32(high))
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_add_epi32(self.0, other.0), _mm256_add_epi32(self.1, other.1)) }
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_sub_epi32(self.0, other.0), _mm256_sub_epi32(self.1, other.1)) }
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_and_si256(self.0, other.0), _mm256_and_si256(self.1, other.1)) }
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: see above.
        unsafe { Self(_mm256_xor_si256(self.0, other.0), _mm256_xor_si256(self.1, other.1)) }
    }
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        // SAFETY: see above.
        let above = unsafe {
            Self(_mm256_cmpgt_epi32(self.0, bound.0), _mm256_cmpgt_epi32(self.1, bound.1))
        };
        above.xor(Self::splat(-1))
    }
    #[inline(always)]
    fn mask(bits: u16) -> Self {
        // SAFETY: see above.
        unsafe {
            let bits = _mm256_set1_epi32(i32::from(bits));
            let low = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let high = _mm256_setr_epi32(
                1 << 8,
                1 << 9,
                1 << 10,
                1 << 11,
                1 << 12,
                1 << 13,
                1 << 14,
                1 << 15,
            );
            Self(
                _mm256_cmpeq_epi32(_mm256_and_si256(bits, low), low),
                _mm256_cmpeq_epi32(_mm256_and_si256(bits, high), high),
            )
        }
    }
    #[inline(always)]
    fn bits(self) -> u16 {
        // SAFETY: see above.
        let (low, high) = unsafe {
            (
                _mm256_movemask_ps(_mm256_castsi256_ps(self.0)),
                _mm256_movemask_ps(_mm256_castsi256_ps(self.1)),
            )
        };
        (low | high << 8) as u16
    }

    /// Four squares of eight: pairs, fours, then halves.
    #[inline(always)]
    fn transpose(rows: [&[i32; LANES]; LANES], out: &mut [[i32; LANES]; LANES]) {
        for side in 0..2 {
            let mut left = [[Self::splat(0).0; 4]; 2];
            let mut right = [[Self::splat(0).0; 4]; 2];
            for four in 0..2 {
                let first = 8 * side + 4 * four;
                let [a, b, c, d] = [
                    Self::load(rows[first]),
                    Self::load(rows[first + 1]),
                    Self::load(rows[first + 2]),
                    Self::load(rows[first + 3]),
                ];
                left[four] = transpose_fours(a.0, b.0, c.0, d.0);
                right[four] = transpose_fours(a.1, b.1, c.1, d.1);
            }
            for c in 0..4 {
                store_halves(left[0][c], left[1][c], side, &mut out[..8], c);
                store_halves(right[0][c], right[1][c], side, &mut out[8..], c);
            }
        }
    }
    #[inline(always)]
    fn prefetch<T>(value: &T) {
        // SAFETY: a prefetch reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }
}

/// Register c of the result holds column c of the four low halves, and of the four high halves.
#[inline(always)]
fn transpose_fours(a: __m256i, b: __m256i, c: __m256i, d: __m256i) -> [__m256i; 4] {
    // SAFETY: as in the impl above, the only place that calls it.
    unsafe {
        let (ab_low, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
        [
            _mm256_unpacklo_epi64(ab_low, cd_low),
            _mm256_unpackhi_epi64(ab_low, cd_low),
            _mm256_unpacklo_epi64(ab_high, cd_high),
            _mm256_unpackhi_epi64(ab_high, cd_high),
        ]
    }
}

/// Columns `c` and `c + 4` of eight rows, to half `side` of their places.
#[inline(always)]
fn store_halves(low: __m256i, high: __m256i, side: usize, out: &mut [[i32; LANES]], c: usize) {
    let (column, later) = out.split_at_mut(4);
    let (column, _) = column[c][8 * side..].split_at_mut(8);
    let (later, _) = later[c][8 * side..].split_at_mut(8);
    // SAFETY: as in the impl above, the only place that calls it; both slices are 32 bytes.
    unsafe {
        let column: *mut __m256i = column.as_mut_ptr().cast();
        let later: *mut __m256i = later.as_mut_ptr().cast();
        _mm256_storeu_si256(column, _mm256_permute2x128_si256::<0x20>(low, high));
        _mm256_storeu_si256(later, _mm256_permute2x128_si256::<0x31>(low, high));
    }
}
