//! Overlaps of states with all patterns, and the nearest pattern, by popcounts.
//!
//! M_mu = sum_i xi_i^mu s_i = N - 2 d_mu, where d_mu is the number of spins in which pattern and state
//! differ: exclusive or, popcount, add. Eight patterns are interleaved word by word, so that a lane is
//! a pattern and nothing is summed across lanes. One state is compared at the rate at which patterns
//! come from the cache or the memory. Of several states each block of patterns is read once, and the
//! popcounts are what takes the time.
//!
//! All results are integers: the same on every instruction set and number of threads. The threads of
//! a call have states of their own; two threads that share a state gain nothing.

use rayon::prelude::*;

#[cfg(target_arch = "x86_64")]
use crate::bits::{Pair, Register};
use crate::{
    bits::{BitMatrix, CHUNK_BITS, COUNTED_AT_ONCE, Chunk, Lanes, Words, transpose},
    control::Control,
    error::{Error, Result},
    hopfield::Patterns,
    simd::{Level, kernel_table},
};

/// Patterns side by side: a word of each makes a chunk.
const LANES: usize = 8;

/// Patterns of which a scan keeps the smallest distance alone. What is near is found by comparing the
/// patterns of few stretches again, and nothing else of a scan is written to memory.
const STRETCH: usize = 256;

/// How far ahead patterns are fetched, in chunks: 4 KiB.
const AHEAD: usize = 64;

/// Bytes of patterns that are compared between two looks at the cancel flag.
const PIECE_BYTES: usize = 1 << 20;

/// Bytes of patterns that stay in the L1 cache while several states are compared with them.
const BLOCK_BYTES: usize = 1 << 15;

/// States that a thread compares together, at most.
const STATES_AT_ONCE: usize = 64;

kernel_table! {
    /// The kernels of one instruction set.
    struct Kernels for Vector in [Words, Pair, Register] {
        /// For each pattern of some groups, the number of spins in which it differs from the state.
        distances: fn(groups: &[Chunk], state: &[u64], out: &mut [u32]) = distances::<Vector>;
        /// The smallest of these numbers in each stretch.
        least: fn(groups: &[Chunk], state: &[u64], out: &mut [u32]) = least::<Vector>;
    }
}

/// The nearest pattern of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// Its number, the smallest of several that are equally near.
    pub pattern: usize,
    /// Its overlap M with the state.
    pub overlap: i64,
}

/// A set of patterns laid out for comparing states with all of them.
pub struct PatternScan {
    /// A row a group of eight patterns: chunk w has word w of each.
    bits: BitMatrix,
    n_patterns: usize,
    n_spins: usize,
    kernels: &'static Kernels,
}

impl PatternScan {
    /// Lays `patterns` out on the current pool; takes as many bytes as they have.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Cancelled`].
    pub fn new(patterns: &Patterns, level: Level, control: &Control) -> Result<Self> {
        let (n_patterns, n_spins) = (patterns.n_patterns(), patterns.n_spins());
        let words = n_spins.div_ceil(64);
        let mut bits = BitMatrix::zeros(n_patterns.div_ceil(LANES), words * CHUNK_BITS)?;
        // A chunk of a row of the set has 512 patterns, which are 64 groups.
        let blocks = bits.chunks_mut().par_chunks_mut(CHUNK_BITS / LANES * words).enumerate();
        blocks.try_for_each(|(block, groups)| {
            for word in 0..words {
                control.check()?;
                let mut square = [Chunk::default(); 64];
                for (i, row) in square.iter_mut().enumerate().take(n_spins - 64 * word) {
                    *row = patterns.rows().row(64 * word + i)[block];
                }
                transpose(&mut square);
                for (group, chunks) in groups.chunks_exact_mut(words).enumerate() {
                    for lane in 0..LANES {
                        let pattern = group * LANES + lane;
                        chunks[word].0[lane] = square[pattern % 64].0[pattern / 64];
                    }
                }
            }
            Ok(())
        })?;
        Ok(Self { bits, n_patterns, n_spins, kernels: Kernels::of(level) })
    }

    /// P.
    pub fn n_patterns(&self) -> usize {
        self.n_patterns
    }

    /// N.
    pub fn n_spins(&self) -> usize {
        self.n_spins
    }

    /// Words of 64 spins in a pattern.
    pub(super) fn words(&self) -> usize {
        self.n_spins.div_ceil(64)
    }

    /// A word of a pattern.
    pub(super) fn word(&self, pattern: usize, word: usize) -> u64 {
        self.bits.chunks()[pattern / LANES * self.words() + word].0[pattern % LANES]
    }

    /// The number of spins in which `pattern` differs from a packed state.
    pub(super) fn distance(&self, pattern: usize, state: &[u64]) -> u32 {
        let differ =
            |(word, &spins): (usize, &u64)| (self.word(pattern, word) ^ spins).count_ones();
        state.iter().enumerate().map(differ).sum()
    }

    /// States as the kernels take them, one after the other: a bit is 1 for +1.
    pub(super) fn packed(&self, states: &[i8]) -> Vec<u64> {
        let of_state = |state: &[i8]| {
            let word = |spins: &[i8]| spins.iter().rfold(0, |w, &s| w << 1 | u64::from(s > 0));
            state.chunks(64).map(word).collect::<Vec<_>>()
        };
        states.chunks_exact(self.n_spins).flat_map(of_state).collect()
    }

    /// For each of some packed states, the smallest distance of each stretch. On this thread.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(super) fn least(&self, states: &[u64], control: &Control) -> Result<Vec<Vec<u32>>> {
        let words = self.words();
        let states = states.chunks_exact(words);
        let n_stretches = self.n_patterns.div_ceil(STRETCH);
        let mut least = vec![vec![0; n_stretches]; states.len()];
        let bytes = if least.len() == 1 { PIECE_BYTES } else { BLOCK_BYTES };
        let at_once = (bytes / (STRETCH / LANES * words * size_of::<Chunk>())).max(1);
        for first in (0..n_stretches).step_by(at_once) {
            control.check()?;
            let count = at_once.min(n_stretches - first);
            let groups = self.groups(first, count);
            for (state, least) in states.clone().zip(&mut least) {
                (self.kernels.least)(groups, state, &mut least[first..][..count]);
            }
        }
        // The last group may have lanes without a pattern.
        let mut distances = Vec::new();
        for (state, least) in states.zip(&mut least) {
            self.distances(n_stretches - 1, state, &mut distances);
            least[n_stretches - 1] = distances.iter().copied().min().unwrap_or(0);
        }
        Ok(least)
    }

    /// Calls `take` with the patterns that are no farther from a packed state than `radius`, in order,
    /// and their distances, until it returns false. `least` is what the scan of the state found.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(super) fn within(
        &self,
        radius: u32,
        state: &[u64],
        least: &[u32],
        control: &Control,
        mut take: impl FnMut(usize, u32) -> bool,
    ) -> Result<()> {
        let mut distances = Vec::new();
        for (stretch, _) in least.iter().enumerate().filter(|&(_, &least)| least <= radius) {
            control.check()?;
            self.distances(stretch, state, &mut distances);
            for (k, &distance) in distances.iter().enumerate() {
                if distance <= radius && !take(stretch * STRETCH + k, distance) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Writes the distances of the patterns of a stretch.
    fn distances(&self, stretch: usize, state: &[u64], out: &mut Vec<u32>) {
        let groups = self.groups(stretch, 1);
        out.resize(groups.len() / self.words() * LANES, 0);
        (self.kernels.distances)(groups, state, out);
        out.truncate(self.n_patterns - stretch * STRETCH);
    }

    /// The groups of `count` stretches, as far as there are any.
    fn groups(&self, first: usize, count: usize) -> &[Chunk] {
        let chunks = STRETCH / LANES * self.words();
        let all = self.bits.chunks();
        &all[first * chunks..all.len().min((first + count) * chunks)]
    }

    /// M_mu of every pattern, for each of the states: state after state.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Cancelled`].
    pub fn overlaps(&self, states: &[i8], control: &Control) -> Result<Vec<i64>> {
        let (p, n) = (self.n_patterns, self.n_spins);
        let count = states.len() / n * p;
        let mut overlaps = Vec::new();
        overlaps.try_reserve_exact(count).map_err(|_| {
            Error::Memory(format!("{:.1} GB of overlaps", 8.0 * count as f64 * 1e-9))
        })?;
        overlaps.resize(count, 0);
        let shares = states.par_chunks(n).zip(overlaps.par_chunks_mut(p));
        shares.with_max_len(1).try_for_each(|(state, overlaps)| {
            let (state, mut distances) = (self.packed(state), Vec::new());
            for (stretch, overlaps) in overlaps.chunks_mut(STRETCH).enumerate() {
                control.check()?;
                self.distances(stretch, &state, &mut distances);
                for (overlap, &distance) in overlaps.iter_mut().zip(&distances) {
                    *overlap = n as i64 - 2 * i64::from(distance);
                }
            }
            Ok(())
        })?;
        Ok(overlaps)
    }

    /// The nearest pattern of each of the states.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn nearest(&self, states: &[i8], control: &Control) -> Result<Vec<Nearest>> {
        let shares = states.par_chunks(self.share(states.len()));
        let found: Result<Vec<_>> = shares
            .map(|states| {
                let states = self.packed(states);
                let least = self.least(&states, control)?;
                let each = states.chunks_exact(self.words()).zip(&least);
                each.map(|(state, least)| self.nearest_of(state, least, control)).collect()
            })
            .collect();
        Ok(found?.into_iter().flat_map(|found: Vec<_>| found).collect())
    }

    /// The nearest pattern of a packed state, from what its scan found.
    fn nearest_of(&self, state: &[u64], least: &[u32], control: &Control) -> Result<Nearest> {
        let distance = least.iter().copied().min().unwrap_or(0);
        let mut nearest =
            Nearest { pattern: 0, overlap: self.n_spins as i64 - 2 * i64::from(distance) };
        self.within(distance, state, least, control, |pattern, _| {
            nearest.pattern = pattern;
            false
        })?;
        Ok(nearest)
    }

    /// How many spins of states a thread takes at a time, of so many in all: those of whole states.
    pub(super) fn share(&self, n_spins: usize) -> usize {
        let n_states = n_spins / self.n_spins;
        n_states.div_ceil(rayon::current_num_threads()).clamp(1, STATES_AT_ONCE) * self.n_spins
    }
}

/// Groups that share the loads of a state where the registers suffice.
const TILE: usize = 4;

// Loops, not closures: a closure that is not inlined would be compiled for the plainest processor.

#[inline(always)]
fn distances<L: Lanes>(groups: &[Chunk], state: &[u64], out: &mut [u32]) {
    for (group, out) in groups.chunks_exact(state.len()).zip(out.chunks_exact_mut(LANES)) {
        let mut words = Chunk::default();
        tile_distances::<L, 1>(group, state)[0].store(&mut words);
        for lane in 0..LANES {
            out[lane] = words.0[lane] as u32;
        }
    }
}

#[inline(always)]
fn least<L: Lanes>(groups: &[Chunk], state: &[u64], out: &mut [u32]) {
    for (groups, out) in groups.chunks(STRETCH / LANES * state.len()).zip(out) {
        let farthest = L::repeat(u64::from(u32::MAX));
        let (rest, best) = match L::REGISTERS {
            8.. => least_of_tiles::<L, TILE>(groups, state, farthest),
            _ => (groups, farthest),
        };
        let (_, best) = least_of_tiles::<L, 1>(rest, state, best);
        let mut words = Chunk::default();
        best.store(&mut words);
        *out = u32::MAX;
        for word in words.0 {
            *out = (*out).min(word as u32);
        }
    }
}

/// The smallest distances of as many groups as fill tiles of `T`, and the other groups.
#[inline(always)]
fn least_of_tiles<'a, L: Lanes, const T: usize>(
    groups: &'a [Chunk],
    state: &[u64],
    mut best: L,
) -> (&'a [Chunk], L) {
    let tiles = groups.chunks_exact(T * state.len());
    let rest = tiles.remainder();
    for tile in tiles {
        let sums = tile_distances::<L, T>(tile, state);
        for t in 0..T {
            best = sums[t].lesser(best);
        }
    }
    (rest, best)
}

/// The distances of the patterns of `T` groups from a state.
#[inline(always)]
fn tile_distances<L: Lanes, const T: usize>(tile: &[Chunk], state: &[u64]) -> [L; T] {
    let mut sums = [L::splat(false); T];
    let mut first = 0;
    while first < state.len() {
        let part = &state[first..state.len().min(first + COUNTED_AT_ONCE)];
        let mut groups: [&[Chunk]; T] = [&[]; T];
        for t in 0..T {
            groups[t] = &tile[t * state.len() + first..][..part.len()];
        }
        let mut tallies = [L::none(); T];
        for (w, &spins) in part.iter().enumerate() {
            let spins = L::repeat(spins);
            for t in 0..T {
                let chunk = &groups[t][w];
                L::prefetch(chunk, AHEAD);
                tallies[t] = L::load(chunk).xor(spins).count_each(tallies[t]);
            }
        }
        for t in 0..T {
            sums[t] = sums[t].plus(L::each(tallies[t]));
        }
        first += part.len();
    }
    sums
}
