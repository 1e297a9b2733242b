//! Which of 64 replicas rest at each site of a sweep (`spins/resting.rs`).
//!
//! A site rests where two random words have a set bit, or four of them where it rests seldom. The
//! words are those of a generator that starts anew in each sweep, from the words of a counter-based
//! stream at the number of the sweep: so a run continues from its sweep number alone.

use super::{
    random_planes::RandomPlanes,
    words::{Pair, Plain, Register, Words},
};
use crate::{bits::Chunk, rng::Xoshiro8, simd::kernel_table, spins::Rests};

/// The lanes in which sites rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RestingLanes {
    /// Where they rest at all.
    any: u64,
    /// Where they rest often.
    often: u64,
}

impl RestingLanes {
    /// Those of 64 lanes.
    pub(super) fn new(of_lane: impl Iterator<Item = Rests>) -> Self {
        of_lane.enumerate().fold(Self::default(), |lanes, (lane, rests)| Self {
            any: lanes.any | u64::from(rests != Rests::Never) << lane,
            often: lanes.often | u64::from(rests == Rests::Often) << lane,
        })
    }

    /// Whether there is none.
    pub(super) fn is_empty(self) -> bool {
        self.any == 0
    }

    /// The lanes that rest at the next eight sites.
    #[inline(always)]
    pub(super) fn draw(self, generator: &mut Xoshiro8) -> Chunk {
        let [a, b, c, d] = [generator.step(), generator.step(), generator.step(), generator.step()];
        let mut out = Chunk::default();
        for k in 0..8 {
            out.0[k] = self.any & a[k] & b[k] & (self.often | c[k] & d[k]);
        }
        out
    }
}

kernel_table! {
    /// The kernels of one instruction set.
    pub(super) struct Kernels for Vector in [Plain, Pair, Register] {
        /// The generator of a sweep: [`Xoshiro8::numbered`].
        pub(super) generator: fn(planes: &RandomPlanes, sweep: u64) -> Xoshiro8 =
            generator::<Vector>;
        /// Adds those that rest to those that are held, site after site.
        pub(super) draw: fn(
            lanes: RestingLanes, generator: &mut Xoshiro8, held: &[Chunk], out: &mut [Chunk],
        ) = draw;
    }
}

#[inline(always)]
fn generator<V: Words>(planes: &RandomPlanes, sweep: u64) -> Xoshiro8 {
    const BLOCKS: u64 = (Xoshiro8::STATE_WORDS / 2) as u64;
    let first = Chunk([0, 1, 2, 3, 4, 5, 6, 7]);
    let first = V::load(&first).add(V::splat(sweep.wrapping_mul(BLOCKS)));
    let halves = planes.blocks([first, first.add(V::splat(8))]);
    let mut state = [[0; 8]; 4];
    for (part, words) in halves.into_iter().enumerate() {
        let mut pair = [Chunk::default(); 2];
        words[0].store(&mut pair[0]);
        words[1].store(&mut pair[1]);
        for k in 0..8 {
            let lanes = &mut state[2 * part + k / 4];
            (lanes[2 * (k % 4)], lanes[2 * (k % 4) + 1]) = (pair[0].0[k], pair[1].0[k]);
        }
    }
    Xoshiro8::from_state(state)
}

#[inline(always)]
fn draw(lanes: RestingLanes, generator: &mut Xoshiro8, held: &[Chunk], out: &mut [Chunk]) {
    // A copy, so that the compiler keeps the state in registers.
    let mut state = generator.clone();
    for (out, held) in out.iter_mut().zip(held) {
        let resting = lanes.draw(&mut state);
        for k in 0..8 {
            out.0[k] = held.0[k] | resting.0[k];
        }
    }
    *generator = state;
}
