//! Bit-packed matrices of -1 and +1, and the popcount products that need no unpacking.
//!
//! A bit is 1 for +1. Rows are padded with zeros to whole [`Chunk`]s of 512 bits, the width of the
//! widest vector, so that no kernel has a tail. The kernels are written once, in `kernels.rs`, over
//! the trait in `lanes.rs`; `portable.rs`, `avx2.rs` and `avx512.rs` say how each instruction set
//! does the few operations of that trait.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod kernels;
mod lanes;
mod matrix;
mod planes;
mod portable;
mod transpose;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Pair;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Register;
pub use kernels::{BLOCK, Kernels};
pub(crate) use lanes::{COUNTED_AT_ONCE, Lanes};
pub use matrix::{BitMatrix, Rows, SharedBytes};
pub use planes::PlaneStack;
pub(crate) use portable::Words;
pub(crate) use transpose::transpose;

/// Bits in a [`Chunk`].
pub const CHUNK_BITS: usize = 512;

/// 512 bits, aligned for the widest vector. Bit `k` is bit `k % 64` of word `k / 64`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Chunk(pub [u64; 8]);

impl Chunk {
    /// The value of bit `k`.
    #[inline]
    pub fn bit(&self, k: usize) -> bool {
        self.0[k / 64] >> (k % 64) & 1 == 1
    }

    /// Sets bit `k` to `value`.
    #[inline]
    pub fn set_bit(&mut self, k: usize, value: bool) {
        let word = &mut self.0[k / 64];
        *word = *word & !(1 << (k % 64)) | u64::from(value) << (k % 64);
    }

    /// The number of set bits.
    pub fn count_ones(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The chunk whose first `count` bits are 1.
    pub fn ones(count: usize) -> Self {
        Self(std::array::from_fn(|word| match count.saturating_sub(64 * word) {
            0 => 0,
            bits if bits < 64 => (1 << bits) - 1,
            _ => u64::MAX,
        }))
    }
}

/// The words of a row.
#[inline]
pub(crate) fn words(row: &[Chunk]) -> &[u64] {
    // SAFETY: a chunk is eight words without padding, and at least as aligned.
    unsafe { std::slice::from_raw_parts(row.as_ptr().cast(), 8 * row.len()) }
}

/// The value of bit `k` of a row.
#[inline]
pub fn bit(row: &[Chunk], k: usize) -> bool {
    row[k / CHUNK_BITS].bit(k % CHUNK_BITS)
}

/// A row whose first `count` bits are 1.
pub fn ones(count: usize) -> Vec<Chunk> {
    (0..count.div_ceil(CHUNK_BITS)).map(|chunk| Chunk::ones(count - chunk * CHUNK_BITS)).collect()
}
