//! Many rows at once on AVX2: a table of 16 sums for every four patterns, looked up by a shuffle.
//!
//! The four bits that a row has of four patterns are the index of their sum in the table, and a shuffle
//! finds the sums of 16 rows in each half of a register. Tables are of the digits of two planes (of the
//! last one, if it is alone), and their sums are cut into pieces of six bits, of which four added up
//! are still a byte. They are made once and serve until a digit changes.
//!
//! Rows come as they are stored. Of 16 rows and 32 bytes each a tile is transposed, so that lane k
//! belongs to row k: the lower halves of its registers to bytes 0 to 15, the upper ones to the others.

use std::arch::x86_64::{
    __m256i, _MM_HINT_T0, _mm_prefetch, _mm256_add_epi8, _mm256_add_epi16, _mm256_add_epi32,
    _mm256_and_si256, _mm256_load_si256, _mm256_loadu_si256, _mm256_packus_epi16,
    _mm256_packus_epi32, _mm256_permute4x64_epi64, _mm256_set1_epi8, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_srli_epi16,
    _mm256_srli_epi32, _mm256_store_si256, _mm256_storeu_si256, _mm256_sub_epi16,
    _mm256_unpackhi_epi8, _mm256_unpacklo_epi8,
};

use super::{Line, PATTERNS};
use crate::bits::{Chunk, Rows};

/// Rows of a tile.
const ROWS: usize = 16;

/// Tiles of rows that share tables, and chunks whose tables they share in the first-level cache.
const TILES: usize = 16;
const AT_ONCE: usize = 4;

/// Tiles one after the other in a chunk.
const IN_CHUNK: usize = 2;

/// Chunks after which sums of 16 bits must be taken out: each adds at most 16 times 4 x 63.
const CHUNKS: usize = 16;

/// Bits of a piece of a sum.
const BITS: usize = 6;

/// Pieces of a sum of four integers of one digit, and of two.
const OF_ONE: usize = 2;
const OF_TWO: usize = 3;

/// How far ahead rows are fetched, in chunks.
const AHEAD: usize = 8;

/// Lines of the tables that belong to a tile: an entry has 32 bytes, and each byte of a half two.
const fn lines_of_tile(pieces: usize) -> usize {
    2 * ROWS * pieces / 2
}

/// Makes the tables of all planes.
#[inline(always)]
pub(super) fn tabulate(planes: &[Line], n_planes: usize, tables: &mut Vec<Line>) {
    let n_lines = planes.len() / n_planes;
    let n_tiles = n_lines / Line::IN_CHUNK * IN_CHUNK;
    for pair in planes.chunks(2 * n_lines) {
        let (first, (low, high)) = (tables.len(), pair.split_at(n_lines));
        let pieces = if high.is_empty() { OF_ONE } else { OF_TWO };
        tables.resize(first + n_tiles * lines_of_tile(pieces), Line::default());
        let tables = &mut tables[first..];
        if high.is_empty() {
            tabulate_sums::<OF_ONE>(low, None, tables);
        } else {
            tabulate_sums::<OF_TWO>(low, Some(high), tables);
        }
    }
}

#[inline(always)]
fn tabulate_sums<const PIECES: usize>(low: &[Line], high: Option<&[Line]>, tables: &mut [Line]) {
    /// All ones where an entry has the pattern; the entries 0 to 3, 8 to 11, 4 to 7 and 12 to 15, which
    /// packing puts in order.
    const HAS: [[[i32; 8]; 2]; 4] = {
        let mut has = [[[0; 8]; 2]; 4];
        let mut at = 0;
        while at < 64 {
            let (k, register, lane) = (at / 16, at / 8 % 2, at % 8);
            let entry = lane % 4 + 8 * (lane / 4) + 4 * register;
            has[k][register][lane] = -((entry >> k & 1) as i32);
            at += 1;
        }
        has
    };
    for (tile, tables) in tables.chunks_exact_mut(lines_of_tile(PIECES)).enumerate() {
        for group in 0..2 * ROWS {
            // An entry is of four patterns from 4 group on, and of four that are 128 further on.
            let mut integers = [[0i32; 4]; 2];
            for half in 0..2 {
                let mu = 256 * tile + 128 * half + 4 * group;
                let (line, first) = (mu / PATTERNS, mu % PATTERNS);
                for k in 0..4 {
                    integers[half][k] = i32::from(low[line].0[first + k]);
                    if let Some(high) = high {
                        integers[half][k] |= i32::from(high[line].0[first + k]) << 8;
                    }
                }
            }
            // SAFETY: only the kernels of AVX2 come here. `HAS` has registers of eight lanes, and entry
            // after entry is a register, aligned to 32, of the lines of the tile.
            unsafe {
                let mut sums = [[_mm256_setzero_si256(); 2]; 2];
                for half in 0..2 {
                    for k in 0..4 {
                        let integer = _mm256_set1_epi32(integers[half][k]);
                        for register in 0..2 {
                            let has = _mm256_loadu_si256(HAS[k][register].as_ptr().cast());
                            let sum = &mut sums[half][register];
                            *sum = _mm256_add_epi32(*sum, _mm256_and_si256(integer, has));
                        }
                    }
                }
                let six = _mm256_set1_epi32((1 << BITS) - 1);
                for piece in 0..PIECES {
                    let mut words = [six; 2];
                    for half in 0..2 {
                        let [a, b] = sums[half];
                        words[half] =
                            _mm256_packus_epi32(_mm256_and_si256(a, six), _mm256_and_si256(b, six));
                        sums[half] = [
                            _mm256_srli_epi32::<{ BITS as i32 }>(a),
                            _mm256_srli_epi32::<{ BITS as i32 }>(b),
                        ];
                    }
                    let bytes = _mm256_packus_epi16(words[0], words[1]);
                    let entries = _mm256_permute4x64_epi64::<0b11_01_10_00>(bytes);
                    let entry = group * PIECES + piece;
                    let out = std::ptr::from_mut(&mut tables[entry / 2]).cast::<__m256i>();
                    _mm256_store_si256(out.add(entry % 2), entries);
                }
            }
        }
    }
}

/// Adds the sums of the first sites, as many as are whole tiles of rows; says how many.
#[inline(always)]
pub(super) fn weigh(
    rows: Rows<'_>,
    sites: &[u32],
    tables: &[Line],
    n_planes: usize,
    sums: &mut [i128],
) -> usize {
    let done = sites.len() / ROWS * ROWS;
    let n_tiles = rows.stride() * IN_CHUNK;
    let tiles = sites[..done].chunks(ROWS * TILES).zip(sums.chunks_mut(ROWS * TILES));
    for (sites, sums) in tiles {
        let mut tables = tables;
        for plane in (0..n_planes).step_by(2) {
            let pieces = if plane + 1 < n_planes { OF_TWO } else { OF_ONE };
            let (these, rest) = tables.split_at(n_tiles * lines_of_tile(pieces));
            if plane + 1 < n_planes {
                weigh_tiles::<OF_TWO>(rows, sites, these, 8 * plane, sums);
            } else {
                weigh_tiles::<OF_ONE>(rows, sites, these, 8 * plane, sums);
            }
            tables = rest;
        }
    }
    done
}

/// Of each piece, the sums of all lanes in 16 bits without carry, and those of the odd ones.
type Found<const PIECES: usize> = [[__m256i; 2]; PIECES];

#[inline(always)]
fn weigh_tiles<const PIECES: usize>(
    rows: Rows<'_>,
    sites: &[u32],
    tables: &[Line],
    shift: usize,
    sums: &mut [i128],
) {
    // SAFETY: only the kernels of AVX2 come here; this one needs no memory.
    let zero = unsafe { _mm256_setzero_si256() };
    let per_chunk = IN_CHUNK * lines_of_tile(PIECES);
    for first in (0..rows.stride()).step_by(CHUNKS) {
        let mut found = [[[zero; 2]; PIECES]; TILES];
        let end = rows.stride().min(first + CHUNKS);
        for first in (first..end).step_by(AT_ONCE) {
            let count = AT_ONCE.min(end - first);
            let tables = &tables[first * per_chunk..][..count * per_chunk];
            for (sites, found) in sites.chunks_exact(ROWS).zip(&mut found) {
                let mut row: [&[Chunk]; ROWS] = [&[]; ROWS];
                for k in 0..ROWS {
                    row[k] = &rows.row(sites[k] as usize)[first..][..count];
                }
                for (chunk, tables) in tables.chunks_exact(per_chunk).enumerate() {
                    for (half, tables) in tables.chunks_exact(per_chunk / IN_CHUNK).enumerate() {
                        let columns = transposed(&row, chunk, half);
                        look_up::<PIECES>(&columns, tables, found);
                    }
                }
            }
        }
        for (sums, found) in sums.chunks_exact_mut(ROWS).zip(&found) {
            take_out(found, shift, sums);
        }
    }
}

/// Register b of the transposed tile has bytes b and b + 16 of all rows.
#[inline(always)]
fn transposed(row: &[&[Chunk]; ROWS], chunk: usize, half: usize) -> [__m256i; ROWS] {
    // SAFETY: only the kernels of AVX2 come here. A chunk is two registers and aligned to 64; what is
    // fetched ahead need not exist.
    unsafe {
        let mut tile = [_mm256_setzero_si256(); ROWS];
        for k in 0..ROWS {
            let chunk = std::ptr::from_ref(&row[k][chunk]);
            if half == 0 {
                _mm_prefetch::<_MM_HINT_T0>(chunk.wrapping_add(AHEAD).cast());
            }
            tile[k] = _mm256_load_si256(chunk.cast::<__m256i>().add(half));
        }
        // Each round moves a bit of the row's number into that of the byte, and one back.
        for _ in 0..ROWS.ilog2() {
            let before = tile;
            for k in 0..ROWS / 2 {
                tile[2 * k] = _mm256_unpacklo_epi8(before[k], before[k + ROWS / 2]);
                tile[2 * k + 1] = _mm256_unpackhi_epi8(before[k], before[k + ROWS / 2]);
            }
        }
        tile
    }
}

#[inline(always)]
fn look_up<const PIECES: usize>(
    columns: &[__m256i; ROWS],
    tables: &[Line],
    found: &mut Found<PIECES>,
) {
    assert_eq!(tables.len(), lines_of_tile(PIECES));
    // SAFETY: only the kernels of AVX2 come here. There are as many entries as the loops count, each
    // a register and aligned to as much.
    unsafe {
        let entries = tables.as_ptr().cast::<__m256i>();
        let four = _mm256_set1_epi8(15);
        for b in (0..ROWS).step_by(2) {
            let mut groups = [four; 4];
            for k in 0..2 {
                groups[2 * k] = _mm256_and_si256(columns[b + k], four);
                groups[2 * k + 1] = _mm256_and_si256(_mm256_srli_epi16::<4>(columns[b + k]), four);
            }
            for piece in 0..PIECES {
                let mut sum = _mm256_setzero_si256();
                for k in 0..4 {
                    let entry = _mm256_load_si256(entries.add((2 * b + k) * PIECES + piece));
                    sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(entry, groups[k]));
                }
                let [all, odd] = found[piece];
                found[piece] = [
                    _mm256_add_epi16(all, sum),
                    _mm256_add_epi16(odd, _mm256_srli_epi16::<8>(sum)),
                ];
            }
        }
    }
}

#[inline(always)]
fn take_out<const PIECES: usize>(found: &Found<PIECES>, shift: usize, sums: &mut [i128]) {
    let mut totals = [0u64; ROWS];
    for piece in 0..PIECES {
        let [all, odd] = found[piece];
        let mut lanes = [[0u16; 16]; 2];
        // SAFETY: only the kernels of AVX2 come here; 16 numbers of 16 bits are 32 bytes.
        unsafe {
            let even = _mm256_sub_epi16(all, _mm256_slli_epi16::<8>(odd));
            _mm256_storeu_si256(lanes[0].as_mut_ptr().cast(), even);
            _mm256_storeu_si256(lanes[1].as_mut_ptr().cast(), odd);
        }
        for k in 0..ROWS {
            let lanes = &lanes[k % 2];
            totals[k] += (u64::from(lanes[k / 2]) + u64::from(lanes[8 + k / 2])) << (BITS * piece);
        }
    }
    for (sum, total) in sums.iter_mut().zip(totals) {
        *sum += i128::from(total) << shift;
    }
}
