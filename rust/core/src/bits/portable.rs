//! 512 bits as eight words: any machine. The compiler makes of it what the baseline has.

use super::{Chunk, kernels::kernels, lanes::Lanes};

#[derive(Clone, Copy)]
pub(super) struct Words([u64; 8]);

#[inline(always)]
fn map2(a: [u64; 8], b: [u64; 8], f: impl Fn(u64, u64) -> u64) -> [u64; 8] {
    std::array::from_fn(|word| f(a[word], b[word]))
}

impl Lanes for Words {
    const ROWS_AT_ONCE: usize = 1;
    type Count = i64;

    #[inline(always)]
    fn load(chunk: &Chunk) -> Self {
        Self(chunk.0)
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk) {
        chunk.0 = self.0;
    }
    #[inline(always)]
    fn splat(value: bool) -> Self {
        Self([if value { u64::MAX } else { 0 }; 8])
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(map2(self.0, other.0, |a, b| a & b))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(map2(self.0, other.0, |a, b| a | b))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(map2(self.0, other.0, |a, b| a ^ b))
    }
    #[inline(always)]
    fn any(self) -> bool {
        self.0.iter().fold(0, |any, word| any | word) != 0
    }

    #[inline(always)]
    fn zero() -> i64 {
        0
    }
    #[inline(always)]
    fn count(self, count: i64) -> i64 {
        count + self.0.iter().map(|word| i64::from(word.count_ones())).sum::<i64>()
    }
    #[inline(always)]
    fn double_plus(high: i64, low: i64) -> i64 {
        2 * high + low
    }
    #[inline(always)]
    fn negate(count: i64) -> i64 {
        -count
    }
    #[inline(always)]
    fn total(count: i64) -> i64 {
        count
    }

    #[inline(always)]
    fn prefetch(_chunk: &Chunk, _ahead: usize) {}
}

kernels!(Words);
