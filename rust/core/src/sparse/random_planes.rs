//! Random bits for eight sites and 64 lanes at a time, each where its counter says.
//!
//! Plane j of site i in sweep t of a block of replicas is word j % 2 of the block number
//! 32 (t N + i) + j / 2 of the Philox stream of these replicas. So no site, lane or temperature
//! ever moves the random numbers of another, and a run continues from its sweep number alone.

use super::words::Words;
use crate::rng::Philox;

/// Blocks of a site's visit: 64 planes, two a block.
pub(super) const BLOCKS_PER_VISIT: u64 = 32;

/// The planes of one stream, with the key of every round.
#[derive(Clone, Debug)]
pub(super) struct RandomPlanes {
    keys: [[u32; 2]; Philox::ROUNDS],
    stream: [u32; 2],
}

impl RandomPlanes {
    pub(super) fn new(philox: &Philox) -> Self {
        Self { keys: philox.round_keys(), stream: philox.stream() }
    }

    /// What [`Philox::block`] gives for each of `R` times eight block numbers. Several at once
    /// hide the latency of ten rounds of multiplications.
    #[inline(always)]
    pub(super) fn blocks<V: Words, const R: usize>(&self, numbers: [V; R]) -> [[V; 2]; R] {
        // Numbers of 32 bits in words of 64; what stands in the upper halves is never read, but at
        // the end. Plain loops: closures would not be compiled for the instruction set.
        let stream = [V::splat(u64::from(self.stream[0])), V::splat(u64::from(self.stream[1]))];
        let mut state = [[stream[0], stream[0], stream[0], stream[1]]; R];
        for k in 0..R {
            state[k][0] = numbers[k];
            state[k][1] = numbers[k].shift_right::<32>();
        }
        for key in &self.keys {
            let key = [V::splat(u64::from(key[0])), V::splat(u64::from(key[1]))];
            for counter in &mut state {
                let left = counter[0].multiply_low(Philox::MULTIPLIERS[0]);
                let right = counter[2].multiply_low(Philox::MULTIPLIERS[1]);
                *counter = [
                    right.shift_right::<32>().xor(counter[1]).xor(key[0]),
                    right,
                    left.shift_right::<32>().xor(counter[3]).xor(key[1]),
                    left,
                ];
            }
        }
        let low = V::splat(u64::from(u32::MAX));
        let mut words = [stream; R];
        for (words, [a, b, c, d]) in words.iter_mut().zip(state) {
            words[0] = a.and(low).or(b.shift_left::<32>());
            words[1] = c.and(low).or(d.shift_left::<32>());
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bits::Chunk,
        rng::Purpose,
        simd::{Level, kernel_table},
        sparse::words::{Pair, Plain, Register},
    };

    kernel_table! {
        struct Kernels for Vector in [Plain, Pair, Register] {
            blocks: fn(planes: &RandomPlanes, numbers: &Chunk) -> [Chunk; 2] =
                |planes: &RandomPlanes, numbers: &Chunk| {
                    let [words] = planes.blocks([<Vector as Words>::load(numbers)]);
                    let mut out = [Chunk::default(); 2];
                    words[0].store(&mut out[0]);
                    words[1].store(&mut out[1]);
                    out
                };
        }
    }

    #[test]
    fn planes_are_the_words_of_the_stream() {
        let philox = Philox::new(0x1234_5678_9ABC_DEF0, Purpose::Dynamics, 77);
        let numbers = Chunk([0, 1, 5, u64::MAX, 1 << 32, 1 << 63, 0xFFFF_FFFF, 123_456_789_012]);
        for level in Level::available() {
            let [first, second] =
                (Kernels::of(level).blocks)(&RandomPlanes::new(&philox), &numbers);
            for k in 0..8 {
                assert_eq!([first.0[k], second.0[k]], philox.block(numbers.0[k]), "{level}");
            }
        }
    }
}
