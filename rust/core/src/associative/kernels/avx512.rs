//! 64 bytes a register: bits become bytes of -1 and 0 in one instruction, and a product with digits
//! sums four of them (VNNI).

use std::arch::x86_64::{
    __m512i, _mm512_abs_epi8, _mm512_cmpeq_epi8_mask, _mm512_cmpneq_epi8_mask, _mm512_dpbusd_epi32,
    _mm512_load_si512, _mm512_mask_add_epi8, _mm512_mask_blend_epi8, _mm512_mask_sub_epi8,
    _mm512_movepi8_mask, _mm512_movm_epi8, _mm512_permutex2var_epi8, _mm512_reduce_add_epi32,
    _mm512_set1_epi8, _mm512_setzero_si512, _mm512_store_si512,
};

use super::{ABSENT, ByteTable, Digits, Line};

pub(super) struct Register;

// SAFETY (every block of this impl): `Register` is only used by the kernels of a table, which
// `Kernels::of` hands out after it has seen that the machine has these instructions; loads go
// through references to `Line`, which is 64 bytes, aligned to 64.
impl Digits for Register {
    const ROWS: usize = 8;
    const LINES: usize = 1 << 15;
    type Mask = __m512i;
    type Sum = __m512i;
    /// Entries of the values from 0, 64, -128 and -64 on.
    type Table = [__m512i; 4];

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

    #[inline(always)]
    fn step(values: &mut Line, word: u64, edge: i8) -> bool {
        // SAFETY: see above.
        unsafe {
            let all = std::ptr::from_mut(values).cast();
            let (value, one) = (_mm512_load_si512(all), _mm512_set1_epi8(1));
            let present = _mm512_cmpneq_epi8_mask(value, _mm512_set1_epi8(ABSENT));
            let value = _mm512_mask_add_epi8(value, present & word, value, one);
            let value = _mm512_mask_sub_epi8(value, present & !word, value, one);
            _mm512_store_si512(all, value);
            _mm512_cmpeq_epi8_mask(_mm512_abs_epi8(value), _mm512_set1_epi8(edge)) != 0
        }
    }
    #[inline(always)]
    fn table(table: &ByteTable, _: i8) -> Self::Table {
        let lines: *const __m512i = table.0.as_ptr().cast();
        // SAFETY: see above; a table has four lines, aligned to 64.
        unsafe {
            [
                _mm512_load_si512(lines),
                _mm512_load_si512(lines.add(1)),
                _mm512_load_si512(lines.add(2)),
                _mm512_load_si512(lines.add(3)),
            ]
        }
    }
    #[inline(always)]
    fn look_up<const PLANES: usize>(
        tables: &[Self::Table; PLANES],
        values: &Line,
    ) -> [Line; PLANES] {
        let mut found = [Line::default(); PLANES];
        // SAFETY: see above.
        unsafe {
            let value = _mm512_load_si512(std::ptr::from_ref(values).cast());
            let negative = _mm512_movepi8_mask(value);
            for ([a, b, c, d], found) in tables.iter().zip(&mut found) {
                let others = _mm512_permutex2var_epi8(*a, value, *b);
                let digits = _mm512_permutex2var_epi8(*c, value, *d);
                let digits = _mm512_mask_blend_epi8(negative, others, digits);
                _mm512_store_si512(std::ptr::from_mut(found).cast(), digits);
            }
        }
        found
    }
}
