//! The few things an instruction set does with sixteen 32-bit integers: all that the kernels are
//! written in. Here also the plain set, which any machine has.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use self::{Words as Pair, Words as Register};
#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Pair;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Register;

/// Integers side by side, one of each replica or of each site.
pub(crate) const LANES: usize = 16;

/// Sixteen integers in registers. Sums wrap; masks have all bits of a lane set, or none.
///
/// The methods of the vector sets use instructions that the machine may lack, so a type of this
/// trait is only ever used inside the kernel table of an available level. They are
/// `inline(always)`, so that they become part of a function compiled for those instructions.
pub(crate) trait Lanes: Copy {
    /// Sums that are kept in registers together.
    const SUMS: usize;

    fn load(from: &[i32; LANES]) -> Self;
    fn store(self, to: &mut [i32; LANES]);
    fn splat(value: i32) -> Self;
    /// The integers nearest to `from` times `scale`, ties to even; these must fit.
    fn rounded(from: &[f32; LANES], scale: f32) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    /// The mask of the lanes where `self` <= `bound`.
    fn at_most(self, bound: Self) -> Self;
    /// The mask of the lanes whose bit is set.
    fn mask(bits: u16) -> Self;
    /// The bits of a mask.
    fn bits(self) -> u16;
    /// Lane l of `rows[k]` to lane k of `out[l]`.
    fn transpose(rows: [&[i32; LANES]; LANES], out: &mut [[i32; LANES]; LANES]);
    /// Asks for the cache line of `value`.
    fn prefetch<T>(value: &T);
}

/// Plain Rust would ask a library for each number; all x86-64 machines have an instruction for it.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn round_fours(from: &[f32; 4], scale: f32) -> [i32; 4] {
    use std::arch::x86_64::{
        _mm_cvtps_epi32, _mm_loadu_ps, _mm_mul_ps, _mm_set1_ps, _mm_storeu_si128,
    };
    let mut out = [0; 4];
    // SAFETY: every x86-64 machine has these instructions; both references are to 16 bytes.
    unsafe {
        let scaled = _mm_mul_ps(_mm_loadu_ps(from.as_ptr()), _mm_set1_ps(scale));
        _mm_storeu_si128(out.as_mut_ptr().cast(), _mm_cvtps_epi32(scaled));
    }
    out
}

/// Plain Rust.
#[derive(Clone, Copy)]
pub(crate) struct Words([i32; LANES]);

impl Words {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(i32, i32) -> i32) -> Self {
        let mut out = [0; LANES];
        for lane in 0..LANES {
            out[lane] = f(self.0[lane], other.0[lane]);
        }
        Self(out)
    }
}

impl Lanes for Words {
    const SUMS: usize = 2;

    #[inline(always)]
    fn load(from: &[i32; LANES]) -> Self {
        Self(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [i32; LANES]) {
        *to = self.0;
    }
    #[inline(always)]
    fn splat(value: i32) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    fn rounded(from: &[f32; LANES], scale: f32) -> Self {
        let mut out = [0; LANES];
        #[cfg(target_arch = "x86_64")]
        for (from, out) in from.as_chunks().0.iter().zip(out.as_chunks_mut().0) {
            *out = round_fours(from, scale);
        }
        #[cfg(not(target_arch = "x86_64"))]
        for lane in 0..LANES {
            out[lane] = (from[lane] * scale).round_ties_even() as i32;
        }
        Self(out)
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, i32::wrapping_add)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, i32::wrapping_sub)
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        self.zip(bound, |a, b| -i32::from(a <= b))
    }
    #[inline(always)]
    fn mask(bits: u16) -> Self {
        let mut out = [0; LANES];
        for lane in 0..LANES {
            out[lane] = -((i32::from(bits) >> lane) & 1);
        }
        Self(out)
    }
    #[inline(always)]
    fn bits(self) -> u16 {
        let mut bits = 0;
        for lane in 0..LANES {
            bits |= self.0[lane] & (1 << lane);
        }
        bits as u16
    }
    #[inline(always)]
    fn transpose(rows: [&[i32; LANES]; LANES], out: &mut [[i32; LANES]; LANES]) {
        for (l, out) in out.iter_mut().enumerate() {
            for k in 0..LANES {
                out[k] = rows[k][l];
            }
        }
    }
    #[inline(always)]
    fn prefetch<T>(_value: &T) {}
}
