//! 32 bytes a register: bits are spread by a shuffle and a comparison, and multiplied as -1 and 0.

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm_setr_epi8, _mm_shuffle_epi8, _mm256_abs_epi8, _mm256_add_epi8,
    _mm256_add_epi16, _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_epi8,
    _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_load_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setr_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_store_si256, _mm256_storeu_si256,
    _mm256_sub_epi8, _mm256_subs_epi8, _mm256_xor_si256,
};

use super::{ABSENT, ByteTable, Digits, Line, nibbles};
use crate::bits::Rows;

pub(super) struct Pair;

/// Entries that a shuffle finds.
const BLOCK: usize = 16;

/// A table in blocks of 16 entries, each as the difference to the block before it: that of a value is
/// the sum (xor) of those up to its own, which are those where value - 16 block is not negative. The
/// negative values v stand at -1 - v.
#[derive(Clone, Copy)]
pub(super) struct Halves {
    differences: [[__m256i; 2]; 8],
    n_blocks: usize,
    absent: __m256i,
}

// SAFETY (every block of this impl): `Pair` is only used by the kernels of a table, which
// `Kernels::of` hands out after it has seen that the machine has these instructions; loads go
// through references to `Line`, which is 64 bytes, aligned to 64.
impl Digits for Pair {
    const ROWS: usize = 4;
    /// A line adds at most 4 x 255 to each 16-bit sum.
    const LINES: usize = 32;
    type Mask = [__m256i; 2];
    type Sum = __m256i;
    type Table = Halves;

    #[inline(always)]
    fn mask(word: u64) -> Self::Mask {
        // SAFETY: see above.
        unsafe {
            let byte = _mm256_setr_epi8(
                0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3,
                3, 3, 3, 3,
            );
            let bit = _mm256_set1_epi64x(0x8040_2010_0804_0201u64 as i64);
            let low = _mm256_shuffle_epi8(_mm256_set1_epi32(word as i32), byte);
            let high = _mm256_shuffle_epi8(_mm256_set1_epi32((word >> 32) as i32), byte);
            // Not by a closure, which would not be compiled for these instructions.
            [
                _mm256_cmpeq_epi8(_mm256_and_si256(low, bit), bit),
                _mm256_cmpeq_epi8(_mm256_and_si256(high, bit), bit),
            ]
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

    #[inline(always)]
    fn step(values: &mut Line, word: u64, edge: i8) -> bool {
        // SAFETY: see above.
        unsafe {
            let halves = std::ptr::from_mut(values).cast::<__m256i>();
            let mut crosses = _mm256_setzero_si256();
            for (k, set) in Self::mask(word).into_iter().enumerate() {
                let value = _mm256_load_si256(halves.add(k));
                // -1 - 2 set, with set = -1 or 0.
                let step = _mm256_sub_epi8(_mm256_set1_epi8(-1), _mm256_add_epi8(set, set));
                let absent = _mm256_cmpeq_epi8(value, _mm256_set1_epi8(ABSENT));
                let value = _mm256_add_epi8(value, _mm256_andnot_si256(absent, step));
                let at_edge = _mm256_cmpeq_epi8(_mm256_abs_epi8(value), _mm256_set1_epi8(edge));
                crosses = _mm256_or_si256(crosses, at_edge);
                _mm256_store_si256(halves.add(k), value);
            }
            _mm256_movemask_epi8(crosses) != 0
        }
    }
    #[inline(always)]
    fn table(table: &ByteTable, edge: i8) -> Self::Table {
        // SAFETY: see above; the two halves of a table are 128 bytes each.
        unsafe {
            let all = table.0.as_ptr();
            let mut differences = [[_mm256_setzero_si256(); 2]; 8];
            let mut before = differences[0];
            let backwards = _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
            for (block, differences) in differences.iter_mut().enumerate() {
                let positive = _mm_loadu_si128(all.add(BLOCK * block).cast());
                let negative = _mm_loadu_si128(all.add(256 - BLOCK * (block + 1)).cast());
                let negative = _mm_shuffle_epi8(negative, backwards);
                let entries =
                    [_mm256_broadcastsi128_si256(positive), _mm256_broadcastsi128_si256(negative)];
                for half in 0..2 {
                    differences[half] = _mm256_xor_si256(entries[half], before[half]);
                }
                before = entries;
            }
            Halves {
                differences,
                n_blocks: edge as usize / BLOCK + 1,
                absent: _mm256_set1_epi8(table.0[ABSENT as u8 as usize] as i8),
            }
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
            let step = _mm256_set1_epi8(BLOCK as i8);
            for k in 0..2 {
                let value = _mm256_load_si256(std::ptr::from_ref(values).cast::<__m256i>().add(k));
                let mut index = [value, _mm256_xor_si256(value, _mm256_set1_epi8(-1))];
                let mut digits = [_mm256_setzero_si256(); PLANES];
                for block in 0..tables[0].n_blocks {
                    for half in 0..2 {
                        for plane in 0..PLANES {
                            let entries = tables[plane].differences[block % 8][half];
                            let part = _mm256_shuffle_epi8(entries, index[half]);
                            digits[plane] = _mm256_xor_si256(digits[plane], part);
                        }
                        index[half] = _mm256_subs_epi8(index[half], step);
                    }
                }
                let absent = _mm256_cmpeq_epi8(value, _mm256_set1_epi8(ABSENT));
                for plane in 0..PLANES {
                    let digit = _mm256_blendv_epi8(digits[plane], tables[plane].absent, absent);
                    let out = std::ptr::from_mut(&mut found[plane]).cast::<__m256i>();
                    _mm256_store_si256(out.add(k), digit);
                }
            }
        }
        found
    }

    #[inline(always)]
    fn tabulate(planes: &[Line], n_planes: usize, tables: &mut Vec<Line>) {
        nibbles::tabulate(planes, n_planes, tables);
    }
    #[inline(always)]
    fn weigh_by_tables(
        rows: Rows<'_>,
        sites: &[u32],
        tables: &[Line],
        n_planes: usize,
        sums: &mut [i128],
    ) -> usize {
        nibbles::weigh(rows, sites, tables, n_planes, sums)
    }
}
