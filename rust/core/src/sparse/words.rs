//! Eight words side by side, one for each of eight spins: what the lanes kernels are written in.
//!
//! The spins of 64 replicas at one site are the bits of a word. Sites that do not interact can be
//! visited together, so eight words fill the widest vector. The methods of the vector sets use
//! instructions that the machine may lack: a type of this trait is used only inside a kernel table.

use crate::bits::Chunk;

/// Set in an entry of a neighbour list: the coupling is negative. Set in a list of sites: nobody
/// stands here.
pub(super) const MARK: u32 = 1 << 31;

/// Eight 64-bit words in registers.
pub(super) trait Words: Copy {
    fn load(chunk: &Chunk) -> Self;
    fn store(self, chunk: &mut Chunk);
    fn splat(word: u64) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    /// `self` and not `other`.
    fn and_not(self, other: Self) -> Self;
    /// Whether a bit is set.
    fn any(self) -> bool;
    /// Word by word, modulo 2^64.
    fn add(self, other: Self) -> Self;
    fn shift_left<const BITS: u32>(self) -> Self;
    fn shift_right<const BITS: u32>(self) -> Self;
    /// The products of the low halves.
    fn multiply_low(self, factor: u32) -> Self;
    /// The entries without their marks.
    fn unmarked(entries: &[u32; 8]) -> Self;
    /// All ones where an entry is marked, otherwise zeros.
    fn marks(entries: &[u32; 8]) -> Self;
    /// The words at the entries, without their marks.
    ///
    /// # Safety
    /// Each unmarked entry is below the number of words in `chunks`.
    unsafe fn gather(chunks: &[Chunk], entries: &[u32; 8]) -> Self;

    /// A full adder: sum and carry of three bits.
    #[inline(always)]
    fn add_bits(self, b: Self, c: Self) -> (Self, Self) {
        let partial = self.xor(b);
        (partial.xor(c), self.and(b).or(partial.and(c)))
    }
}

/// Plain Rust.
#[derive(Clone, Copy)]
pub(super) struct Plain([u64; 8]);

impl Plain {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let mut out = self;
        for k in 0..8 {
            out.0[k] = f(self.0[k], other.0[k]);
        }
        out
    }

    #[inline(always)]
    fn of(entries: &[u32; 8], f: impl Fn(u32) -> u64) -> Self {
        let mut out = Self([0; 8]);
        for k in 0..8 {
            out.0[k] = f(entries[k]);
        }
        out
    }
}

impl Words for Plain {
    #[inline(always)]
    fn load(chunk: &Chunk) -> Self {
        Self(chunk.0)
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk) {
        chunk.0 = self.0;
    }
    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self([word; 8])
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
    #[inline(always)]
    fn and_not(self, other: Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }
    #[inline(always)]
    fn any(self) -> bool {
        self.0.iter().fold(0, |any, word| any | word) != 0
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_add)
    }
    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        self.zip(self, |a, _| a << BITS)
    }
    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        self.zip(self, |a, _| a >> BITS)
    }
    #[inline(always)]
    fn multiply_low(self, factor: u32) -> Self {
        self.zip(self, |a, _| u64::from(a as u32) * u64::from(factor))
    }
    #[inline(always)]
    fn unmarked(entries: &[u32; 8]) -> Self {
        Self::of(entries, |entry| u64::from(entry & !MARK))
    }
    #[inline(always)]
    fn marks(entries: &[u32; 8]) -> Self {
        Self::of(entries, |entry| i64::from(entry as i32 >> 31) as u64)
    }
    #[inline(always)]
    unsafe fn gather(chunks: &[Chunk], entries: &[u32; 8]) -> Self {
        let first = chunks.as_ptr().cast::<u64>();
        // SAFETY: the caller's promise.
        Self::of(entries, |entry| unsafe { *first.add((entry & !MARK) as usize) })
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Pair;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Register;
#[cfg(not(target_arch = "x86_64"))]
pub(super) use {Plain as Pair, Plain as Register};

/// Two registers of 256 bits.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    #[allow(clippy::wildcard_imports, reason = "the names of the instruction set")]
    use std::arch::x86_64::*;

    use super::{Chunk, MARK, Words};

    #[derive(Clone, Copy)]
    pub(in super::super) struct Pair([__m256i; 2]);

    /// The two halves of eight 32-bit entries.
    #[inline(always)]
    fn halves(entries: &[u32; 8]) -> [__m128i; 2] {
        // SAFETY: two loads of 16 bytes, unaligned, from an array of 32.
        unsafe {
            [
                _mm_loadu_si128(entries.as_ptr().cast()),
                _mm_loadu_si128(entries.as_ptr().add(4).cast()),
            ]
        }
    }

    // SAFETY (every block of this impl): `Pair` is only used by kernels that a table returns
    // after it has seen that the machine has these instructions; loads and stores go through
    // references to `Chunk`, which is two registers, aligned to 64 bytes.
    impl Words for Pair {
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
        fn splat(word: u64) -> Self {
            // SAFETY: see above.
            Self([unsafe { _mm256_set1_epi64x(word as i64) }; 2])
        }
        #[inline(always)]
        fn and(self, other: Self) -> Self {
            let ([a, b], [c, d]) = (self.0, other.0);
            // SAFETY: see above.
            Self(unsafe { [_mm256_and_si256(a, c), _mm256_and_si256(b, d)] })
        }
        #[inline(always)]
        fn or(self, other: Self) -> Self {
            let ([a, b], [c, d]) = (self.0, other.0);
            // SAFETY: see above.
            Self(unsafe { [_mm256_or_si256(a, c), _mm256_or_si256(b, d)] })
        }
        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            let ([a, b], [c, d]) = (self.0, other.0);
            // SAFETY: see above.
            Self(unsafe { [_mm256_xor_si256(a, c), _mm256_xor_si256(b, d)] })
        }
        #[inline(always)]
        fn and_not(self, other: Self) -> Self {
            let ([a, b], [c, d]) = (self.0, other.0);
            // SAFETY: see above.
            Self(unsafe { [_mm256_andnot_si256(c, a), _mm256_andnot_si256(d, b)] })
        }
        #[inline(always)]
        fn any(self) -> bool {
            // SAFETY: see above.
            unsafe {
                let both = _mm256_or_si256(self.0[0], self.0[1]);
                _mm256_testz_si256(both, both) == 0
            }
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            let ([a, b], [c, d]) = (self.0, other.0);
            // SAFETY: see above.
            Self(unsafe { [_mm256_add_epi64(a, c), _mm256_add_epi64(b, d)] })
        }
        #[inline(always)]
        fn shift_left<const BITS: u32>(self) -> Self {
            let [a, b] = self.0;
            // SAFETY: see above.
            unsafe {
                let bits = _mm_cvtsi32_si128(BITS as i32);
                Self([_mm256_sll_epi64(a, bits), _mm256_sll_epi64(b, bits)])
            }
        }
        #[inline(always)]
        fn shift_right<const BITS: u32>(self) -> Self {
            let [a, b] = self.0;
            // SAFETY: see above.
            unsafe {
                let bits = _mm_cvtsi32_si128(BITS as i32);
                Self([_mm256_srl_epi64(a, bits), _mm256_srl_epi64(b, bits)])
            }
        }
        #[inline(always)]
        fn multiply_low(self, factor: u32) -> Self {
            let [a, b] = self.0;
            // SAFETY: see above.
            unsafe {
                let factor = _mm256_set1_epi64x(i64::from(factor));
                Self([_mm256_mul_epu32(a, factor), _mm256_mul_epu32(b, factor)])
            }
        }
        #[inline(always)]
        fn unmarked(entries: &[u32; 8]) -> Self {
            let [a, b] = halves(entries);
            // SAFETY: see above.
            Self(unsafe { [_mm256_cvtepu32_epi64(a), _mm256_cvtepu32_epi64(b)] })
                .and(Self::splat(u64::from(!MARK)))
        }
        #[inline(always)]
        fn marks(entries: &[u32; 8]) -> Self {
            let [a, b] = halves(entries);
            // SAFETY: see above.
            unsafe {
                let (a, b) = (_mm_srai_epi32::<31>(a), _mm_srai_epi32::<31>(b));
                Self([_mm256_cvtepi32_epi64(a), _mm256_cvtepi32_epi64(b)])
            }
        }
        #[inline(always)]
        unsafe fn gather(chunks: &[Chunk], entries: &[u32; 8]) -> Self {
            let first = chunks.as_ptr().cast::<i64>();
            // SAFETY: the caller's promise, and see above.
            unsafe {
                let at = |k: usize| *first.add((entries[k] & !MARK) as usize);
                Self([
                    _mm256_setr_epi64x(at(0), at(1), at(2), at(3)),
                    _mm256_setr_epi64x(at(4), at(5), at(6), at(7)),
                ])
            }
        }
    }
}

/// One register of 512 bits.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    #[allow(clippy::wildcard_imports, reason = "the names of the instruction set")]
    use std::arch::x86_64::*;

    use super::{Chunk, MARK, Words};

    #[derive(Clone, Copy)]
    pub(in super::super) struct Register(__m512i);

    #[inline(always)]
    fn load(entries: &[u32; 8]) -> __m256i {
        // SAFETY: 32 bytes, unaligned, from an array of 32.
        unsafe { _mm256_loadu_si256(entries.as_ptr().cast()) }
    }

    // SAFETY (every block of this impl): as for `Pair`; a `Chunk` is one register.
    impl Words for Register {
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
        fn splat(word: u64) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_set1_epi64(word as i64) })
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
        fn and_not(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_andnot_si512(other.0, self.0) })
        }
        #[inline(always)]
        fn any(self) -> bool {
            // SAFETY: see above.
            unsafe { _mm512_test_epi64_mask(self.0, self.0) != 0 }
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_add_epi64(self.0, other.0) })
        }
        #[inline(always)]
        fn shift_left<const BITS: u32>(self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_slli_epi64::<BITS>(self.0) })
        }
        #[inline(always)]
        fn shift_right<const BITS: u32>(self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_srli_epi64::<BITS>(self.0) })
        }
        #[inline(always)]
        fn multiply_low(self, factor: u32) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_mul_epu32(self.0, _mm512_set1_epi64(i64::from(factor))) })
        }
        #[inline(always)]
        fn unmarked(entries: &[u32; 8]) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_cvtepu32_epi64(load(entries)) }).and(Self::splat(u64::from(!MARK)))
        }
        #[inline(always)]
        fn marks(entries: &[u32; 8]) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm512_cvtepi32_epi64(_mm256_srai_epi32::<31>(load(entries))) })
        }
        #[inline(always)]
        unsafe fn gather(chunks: &[Chunk], entries: &[u32; 8]) -> Self {
            // SAFETY: the caller's promise, and see above.
            unsafe {
                let first = chunks.as_ptr().cast::<i64>();
                let at = |k: usize| *first.add((entries[k] & !MARK) as usize);
                // Faster than the machine's own gather.
                Self(_mm512_setr_epi64(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)))
            }
        }
    }
}
