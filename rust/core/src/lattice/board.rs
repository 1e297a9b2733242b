//! How spins lie in the bits of two planes, and what a phase of a sweep does with them.
//!
//! In phase n of all phases since the start, plane n % 2 is written and the other one is read. No
//! thread ever reads what another one writes in the same phase.

use std::ops::Range;

use crate::{
    bits::Chunk,
    error::{Error, Result},
    rng::Xoshiro8,
};

/// The most strips of a lattice: enough for many threads, and few states of generators.
const MAX_STRIPS: usize = 64;

/// Chunks of one strip, at least: the state of its generator is as large as four.
const MIN_STRIP: usize = 16;

/// Two planes of bits. Each has a chunk of zeros before its first and after its last, so that eight
/// words may be read from where any one of them lies in the plane.
pub(super) type Planes = [Vec<Chunk>; 2];

/// One colour of the spins of a strip.
pub(super) struct Phase<'a, R> {
    pub(super) rule: &'a R,
    pub(super) colour: usize,
    /// The words of the plane that is read.
    pub(super) source: &'a [u64],
    /// The strip, in the plane that is written.
    pub(super) target: &'a mut [Chunk],
    /// The number of the strip's first chunk.
    pub(super) first: usize,
    pub(super) generator: &'a mut Xoshiro8,
}

pub(super) trait Board: Send + Sync {
    /// The chances of all flips at one temperature.
    type Rule: Send + Sync;

    /// Spins for each member of a team, at least: a phase must be longer than a few waits at a
    /// barrier, which it is from two microseconds on.
    const SPINS_PER_MEMBER: usize;

    /// Chunks of a plane.
    fn n_chunks(&self) -> usize;
    /// Chunks that are decided together: strips hold whole groups.
    fn group(&self) -> usize;
    /// Colours: phases of a sweep.
    fn n_colours(&self) -> usize;
    fn rule(&self, beta: f64) -> Self::Rule;
    /// Updates the spins of a phase; returns how many were flipped.
    fn update(&self, phase: Phase<'_, Self::Rule>) -> u64;

    /// Writes a state into the planes.
    fn put(&self, spins: &[i8], planes: &mut Planes);
    /// Reads the state. `source` is the plane that the next phase reads.
    fn take(&self, planes: &Planes, source: usize, spins: &mut [i8]);
    /// Reads the state as bits in the order of the sites, with zeros after the last one.
    fn bits(&self, planes: &Planes, source: usize, out: &mut [Chunk]);
    /// Spins up. `source` is the plane that the next phase reads.
    fn n_up(&self, planes: &Planes, source: usize) -> u64;
    /// Bonds between spins that differ.
    fn n_unlike(&self, planes: &Planes, source: usize) -> u64;
}

/// How many strips a plane has.
pub(super) fn n_strips(n_chunks: usize) -> usize {
    (n_chunks / MIN_STRIP).clamp(1, MAX_STRIPS)
}

/// The chunks of a strip.
pub(super) fn strip(n_chunks: usize, group: usize, strip: usize) -> Range<usize> {
    let (groups, strips) = (n_chunks / group, n_strips(n_chunks));
    let begin = |strip: usize| (groups as u128 * strip as u128 / strips as u128) as usize * group;
    begin(strip)..begin(strip + 1)
}

/// A plane of zeros.
pub(super) fn plane(n_chunks: usize) -> Result<Vec<Chunk>> {
    let mut plane = reserved(n_chunks + 2)?;
    plane.resize(n_chunks + 2, Chunk::default());
    Ok(plane)
}

/// An empty vector with space for `len`.
pub(super) fn reserved<T>(len: usize) -> Result<Vec<T>> {
    let mut vector = Vec::new();
    vector
        .try_reserve_exact(len)
        .map_err(|_| Error::Memory(format!("no memory for a lattice of {len} times 512 bits")))?;
    Ok(vector)
}

/// The words of a plane.
pub(super) fn words(plane: &[Chunk]) -> &[u64] {
    // SAFETY: a chunk is eight words and nothing else, and has at least their alignment.
    unsafe { std::slice::from_raw_parts(plane.as_ptr().cast(), 8 * plane.len()) }
}
