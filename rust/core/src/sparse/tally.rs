//! How many set bits each of 64 lanes has had, without looking at lanes one by one.
//!
//! Vertical counters: plane b holds bit b of 512 counts. Eight vectors at a time pass through a tree
//! of full adders, so that a plane is touched once for eight of them (Harley and Seal, see Warren,
//! Hacker's Delight (2012), 5-1).

use super::words::Words;
use crate::bits::{Chunk, transpose};

/// 64 running counts, one a lane.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    planes: [Chunk; 64],
    waiting: [Chunk; 8],
    n_waiting: usize,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { planes: [Chunk::default(); 64], waiting: [Chunk::default(); 8], n_waiting: 0 }
    }

    /// Counts the set bits of eight words.
    #[inline(always)]
    pub(super) fn add<V: Words>(&mut self, words: V) {
        words.store(&mut self.waiting[self.n_waiting]);
        self.n_waiting += 1;
        if self.n_waiting == 8 {
            self.settle::<V>();
        }
    }

    /// Counts what waits.
    #[inline(always)]
    pub(super) fn settle<V: Words>(&mut self) {
        self.waiting[self.n_waiting..].fill(Chunk::default());
        self.n_waiting = 0;
        let [a, b, c, d, e, f, g, h] = &self.waiting;
        let planes = &mut self.planes;
        let (ones, twos_a) = V::load(&planes[0]).add_bits(V::load(a), V::load(b));
        let (ones, twos_b) = ones.add_bits(V::load(c), V::load(d));
        let (twos, fours_a) = V::load(&planes[1]).add_bits(twos_a, twos_b);
        let (ones, twos_a) = ones.add_bits(V::load(e), V::load(f));
        let (ones, twos_b) = ones.add_bits(V::load(g), V::load(h));
        let (twos, fours_b) = twos.add_bits(twos_a, twos_b);
        let (fours, mut carry) = V::load(&planes[2]).add_bits(fours_a, fours_b);
        ones.store(&mut planes[0]);
        twos.store(&mut planes[1]);
        fours.store(&mut planes[2]);
        for plane in &mut planes[3..] {
            if !carry.any() {
                break;
            }
            let old = V::load(plane);
            old.xor(carry).store(plane);
            carry = carry.and(old);
        }
    }

    /// The count of each lane, once everything is settled.
    pub(super) fn totals(&self) -> [u64; 64] {
        // The eight words of a plane count different slots: added plane by plane, with carries of
        // up to seven.
        let mut rows = [0; 64];
        let mut carries = [0u64; 8];
        for (row, plane) in rows.iter_mut().zip(&self.planes) {
            let mut sum = carries[0];
            carries.copy_within(1.., 0);
            carries[7] = 0;
            for &word in &plane.0 {
                let mut carry = sum & word;
                sum ^= word;
                for above in &mut carries[..4] {
                    if carry == 0 {
                        break;
                    }
                    (*above, carry) = (*above ^ carry, *above & carry);
                }
            }
            *row = sum;
        }
        transpose(&mut rows);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::{super::words::Plain, *};
    use crate::rng::{Philox, Purpose};

    #[test]
    fn a_tally_counts_every_lane() {
        let philox = Philox::new(1, Purpose::Start, 0);
        let mut words = philox.words_from(0);
        let mut tally = Tally::new();
        let mut expected = [0; 64];
        for _ in 0..1000 {
            let chunk = Chunk(std::array::from_fn(|_| words.next_word() | words.next_word()));
            for (lane, count) in expected.iter_mut().enumerate() {
                *count += chunk.0.iter().map(|word| word >> lane & 1).sum::<u64>();
            }
            tally.add(Plain::load(&chunk));
        }
        tally.settle::<Plain>();
        assert_eq!(tally.totals(), expected);
    }
}
