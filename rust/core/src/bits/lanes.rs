//! The few things an instruction set does with 512 bits: all that the kernels over bits are written
//! in, here and in the rooms whose spins are single bits.

use super::Chunk;

/// Chunks whose bits [`Lanes::count_each`] can count before [`Lanes::each`] must be asked: a byte holds
/// that many times 8.
pub(crate) const COUNTED_AT_ONCE: usize = 31;

/// A [`Chunk`] in registers.
///
/// The methods of the vector sets use instructions that the machine may lack, so a type of this
/// trait is only ever used inside [`Kernels`](super::Kernels), or another table of kernels, of an
/// available level. They are
/// `inline(always)`, so that they become part of a function compiled for those instructions.
pub(crate) trait Lanes: Copy {
    /// Registers that may hold tallies while several rows are weighed together; none where
    /// popcounts are no instructions and take the registers themselves.
    const REGISTERS: usize;
    /// A popcount in progress.
    type Tally: Copy;
    /// Partial sums of popcounts.
    type Count: Copy;
    /// Popcounts in progress, one for each word.
    type Each: Copy;

    fn load(chunk: &Chunk) -> Self;
    fn store(self, chunk: &mut Chunk);
    /// All bits `value`.
    fn splat(value: bool) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    /// Whether a bit is set.
    fn any(self) -> bool;

    /// The tally of nothing.
    fn zero() -> Self::Tally;
    /// `tally` plus the set bits of `self`.
    fn count(self, tally: Self::Tally) -> Self::Tally;
    /// `tally` plus the bits set in both.
    #[inline(always)]
    fn count_and(self, other: Self, tally: Self::Tally) -> Self::Tally {
        self.and(other).count(tally)
    }
    fn finish(tally: Self::Tally) -> Self::Count;

    /// 2 `high` + `low`.
    fn double_plus(high: Self::Count, low: Self::Count) -> Self::Count;
    fn negate(count: Self::Count) -> Self::Count;
    fn total(count: Self::Count) -> i64;

    /// Eight tallies of nothing.
    fn none() -> Self::Each;
    /// The tallies plus the set bits of each word; for at most [`COUNTED_AT_ONCE`] chunks.
    fn count_each(self, tallies: Self::Each) -> Self::Each;
    /// The number of set bits in each word.
    fn each(tallies: Self::Each) -> Self;
    /// The smaller of each two words, which are below 2^63.
    fn lesser(self, other: Self) -> Self;

    /// Asks for what stands `ahead` chunks behind `chunk`; never reads it.
    fn prefetch(chunk: &Chunk, ahead: usize);

    /// A full adder: sum and carry of three bits a lane.
    #[inline(always)]
    fn add(self, b: Self, c: Self) -> (Self, Self) {
        let partial = self.xor(b);
        (partial.xor(c), self.and(b).or(partial.and(c)))
    }

    /// Eight words from anywhere, `words[at..at + 8]`.
    fn gather(words: &[u64], at: usize) -> Self;
    /// The same word eight times.
    fn repeat(word: u64) -> Self;
    /// The sum in each word, modulo 2^64.
    fn plus(self, other: Self) -> Self;
    /// Each word moved up by `count` bits; below 64.
    fn shift_up(self, count: u32) -> Self;
    /// Each word rotated up by `COUNT` bits.
    fn rotate<const COUNT: i32>(self) -> Self;
    /// Each word moved up by one bit; the highest bit of `below` enters.
    fn enter_low(self, below: Self) -> Self;
    /// Each word moved down by one bit; the lowest bit of `above` enters.
    fn enter_high(self, above: Self) -> Self;

    /// `yes` where `self` is set, `no` elsewhere.
    #[inline(always)]
    fn select(self, yes: Self, no: Self) -> Self {
        no.xor(self.and(yes.xor(no)))
    }
    /// `self` without `other`.
    #[inline(always)]
    fn without(self, other: Self) -> Self {
        self.and(other.xor(Self::splat(true)))
    }
    /// `self` where `a` and `b` agree, 0 elsewhere.
    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        self.without(a.xor(b))
    }
    /// `self`, and what `a` and `b` share.
    #[inline(always)]
    fn or_both(self, a: Self, b: Self) -> Self {
        self.or(a.and(b))
    }
    /// `self`, inverted where `a` and `b` are both set.
    #[inline(always)]
    fn xor_both(self, a: Self, b: Self) -> Self {
        self.xor(a.and(b))
    }
}
