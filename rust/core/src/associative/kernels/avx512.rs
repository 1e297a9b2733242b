//! 64 bytes a register: bits become bytes of -1 and 0 in one instruction, and a product with digits
//! sums four of them (VNNI).

use std::arch::x86_64::{
    __m512i, _mm512_dpbusd_epi32, _mm512_load_si512, _mm512_movm_epi8, _mm512_reduce_add_epi32,
    _mm512_setzero_si512,
};

use super::{Digits, Line};

pub(super) struct Register;

// SAFETY (every block of this impl): `Register` is only used by the kernels of a table, which
// `Kernels::of` hands out after it has seen that the machine has these instructions; loads go
// through references to `Line`, which is 64 bytes, aligned to 64.
impl Digits for Register {
    const ROWS: usize = 8;
    const CHUNKS: usize = 1 << 12;
    type Mask = __m512i;
    type Sum = __m512i;

    #[inline(always)]
    fn mask(word: u64) -> Self::Mask {
        // SAFETY: see above.
        unsafe { _mm512_movm_epi8(word) }
    }
    #[inline(always)]
    fn zero() -> Self::Sum {
        // SAFETY: see above.
        unsafe { _mm512_setzero_si512() }
    }
    #[inline(always)]
    fn add(sum: Self::Sum, line: &Line, mask: Self::Mask) -> Self::Sum {
        // SAFETY: see above.
        unsafe {
            let digits = _mm512_load_si512(std::ptr::from_ref(line).cast());
            _mm512_dpbusd_epi32(sum, digits, mask)
        }
    }
    #[inline(always)]
    fn total(sum: Self::Sum) -> i64 {
        // SAFETY: see above.
        -i64::from(unsafe { _mm512_reduce_add_epi32(sum) })
    }
}
