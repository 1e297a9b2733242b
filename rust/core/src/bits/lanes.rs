//! The few things an instruction set does with 512 bits: all that the kernels are written in.

use super::Chunk;

/// A [`Chunk`] in registers.
///
/// The methods of the vector sets use instructions that the machine may lack, so a type of this
/// trait is only ever used inside [`Kernels`](super::Kernels) of an available level. They are
/// `inline(always)`, so that they become part of a function compiled for those instructions.
pub(super) trait Lanes: Copy {
    /// Registers that may hold tallies while several rows are weighed together; none where popcounts
    /// are no instructions and take the registers themselves.
    const REGISTERS: usize;
    /// A popcount in progress.
    type Tally: Copy;
    /// Partial sums of popcounts.
    type Count: Copy;

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

    /// Asks for what stands `ahead` chunks behind `chunk`; never reads it.
    fn prefetch(chunk: &Chunk, ahead: usize);

    /// A full adder: sum and carry of three bits a lane.
    #[inline(always)]
    fn add(self, b: Self, c: Self) -> (Self, Self) {
        let partial = self.xor(b);
        (partial.xor(c), self.and(b).or(partial.and(c)))
    }
}
