//! 512 bits as eight words: any machine. The compiler makes of it what the baseline has.
//!
//! Where popcounts are not instructions they cost a dozen operations, so bits are first summed by
//! full adders, five operations each (Harley and Seal; Warren, Hacker's Delight, section 5-1), and
//! only the fours are counted as they come.

use super::{Chunk, kernels::kernels, lanes::Lanes};

#[derive(Clone, Copy)]
pub(crate) struct Words([u64; 8]);

/// Two words: what the narrowest vectors hold.
type Half = [u64; 2];

/// Bits counted so far: ones + 2 twos + `4 fours`, the first two still as bits.
#[derive(Clone, Copy)]
pub(crate) struct Adders {
    ones: Half,
    twos: Half,
    fours: Half,
}

#[inline(always)]
fn full_adder(a: Half, b: Half, c: Half) -> (Half, Half) {
    let mut out = ([0; 2], [0; 2]);
    for k in 0..2 {
        let partial = a[k] ^ b[k];
        out.0[k] = partial ^ c[k];
        out.1[k] = a[k] & b[k] | partial & c[k];
    }
    out
}

#[inline(always)]
fn popcount(bits: Half) -> Half {
    bits.map(|word| u64::from(word.count_ones()))
}

/// The set bits of each byte (Warren, Hacker's Delight, section 5-1).
#[inline(always)]
fn bytes(word: u64) -> u64 {
    let pairs = word - (word >> 1 & 0x5555_5555_5555_5555);
    let halves = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
    (halves + (halves >> 4)) & 0x0F0F_0F0F_0F0F_0F0F
}

#[inline(always)]
fn sum_of_bytes(word: u64) -> u64 {
    let pairs = (word & 0x00FF_00FF_00FF_00FF) + (word >> 8 & 0x00FF_00FF_00FF_00FF);
    let fours = pairs + (pairs >> 16);
    (fours + (fours >> 32)) & 0xFFFF
}

#[inline(always)]
fn map2(a: [u64; 8], b: [u64; 8], f: impl Fn(u64, u64) -> u64) -> [u64; 8] {
    let mut out = [0; 8];
    for word in 0..8 {
        out[word] = f(a[word], b[word]);
    }
    out
}

impl Lanes for Words {
    const REGISTERS: usize = 0;
    type Tally = Adders;
    type Count = i64;
    /// A count a byte.
    type Each = [u64; 8];

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
    fn gather(words: &[u64], at: usize) -> Self {
        let mut out = [0; 8];
        out.copy_from_slice(&words[at..at + 8]);
        Self(out)
    }
    #[inline(always)]
    fn repeat(word: u64) -> Self {
        Self([word; 8])
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(map2(self.0, other.0, u64::wrapping_add))
    }
    #[inline(always)]
    fn shift_up(self, count: u32) -> Self {
        Self(self.0.map(|word| word << count))
    }
    #[inline(always)]
    fn rotate<const COUNT: i32>(self) -> Self {
        Self(map2(self.0, self.0, |word, same| word << COUNT | same >> (64 - COUNT)))
    }
    #[inline(always)]
    fn enter_low(self, below: Self) -> Self {
        Self(map2(self.0, below.0, |word, below| word << 1 | below >> 63))
    }
    #[inline(always)]
    fn enter_high(self, above: Self) -> Self {
        Self(map2(self.0, above.0, |word, above| word >> 1 | above << 63))
    }

    #[inline(always)]
    fn zero() -> Adders {
        Adders { ones: [0; 2], twos: [0; 2], fours: [0; 2] }
    }
    #[inline(always)]
    fn count(self, tally: Adders) -> Adders {
        let [a, b, c, d, e, f, g, h] = self.0;
        let (ones, left) = full_adder(tally.ones, [a, b], [c, d]);
        let (ones, right) = full_adder(ones, [e, f], [g, h]);
        let (twos, carry) = full_adder(tally.twos, left, right);
        let carry = popcount(carry);
        Adders { ones, twos, fours: [tally.fours[0] + carry[0], tally.fours[1] + carry[1]] }
    }
    #[inline(always)]
    fn finish(tally: Adders) -> i64 {
        let (ones, twos) = (popcount(tally.ones), popcount(tally.twos));
        let total = |k: usize| ones[k] + 2 * twos[k] + 4 * tally.fours[k];
        (total(0) + total(1)) as i64
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
    fn none() -> [u64; 8] {
        [0; 8]
    }
    #[inline(always)]
    fn count_each(self, tallies: [u64; 8]) -> [u64; 8] {
        map2(self.0, tallies, |word, tally| tally + bytes(word))
    }
    #[inline(always)]
    fn each(tallies: [u64; 8]) -> Self {
        Self(tallies.map(sum_of_bytes))
    }
    #[inline(always)]
    fn lesser(self, other: Self) -> Self {
        Self(map2(self.0, other.0, u64::min))
    }

    #[inline(always)]
    fn prefetch(_chunk: &Chunk, _ahead: usize) {}
}

kernels!(Words);
