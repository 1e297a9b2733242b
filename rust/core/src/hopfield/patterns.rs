//! Pattern sets, one row of P bits a *spin*: what a visit of that spin reads.

use std::sync::Arc;

use rayon::prelude::*;

use crate::{
    bits::{BitMatrix, CHUNK_BITS, Chunk, Kernels, Rows, SharedBytes, ones},
    control::{Control, checkpoint},
    error::{Error, Result},
    rng::{Philox, Purpose, Words, Xoshiro8},
    simd::Level,
};

/// Rows that share one random stream. Part of the definition of a random pattern set: the streams
/// are fixed by the shape, never by the threads.
const ROWS_PER_STREAM: usize = 64;

/// Chunks, or spins, that are written between two looks at whether to stop.
const PIECE: usize = 1 << 16;

/// A set of P patterns of N spins, bit-packed. It never changes, and its clones share the bits.
#[derive(Clone)]
pub struct Patterns {
    pub(super) bits: Arc<BitMatrix>,
}

impl Patterns {
    pub(super) fn zeros(n_patterns: usize, n_spins: usize) -> Result<BitMatrix> {
        for (name, count) in [("n_patterns", n_patterns), ("n_spins", n_spins)] {
            if !(1..=u32::MAX as usize).contains(&count) {
                return Err(Error::expected(name, "between 1 and 4294967295", count));
            }
        }
        BitMatrix::zeros(n_spins, n_patterns)
    }

    /// Independent uniform patterns.
    ///
    /// Runs on the current pool; the bits depend on the arguments alone.
    ///
    /// # Errors
    /// [`Error::Value`] for a count of zero, [`Error::Memory`], [`Error::Cancelled`].
    pub fn random(
        n_patterns: usize,
        n_spins: usize,
        seed: u64,
        level: Level,
        control: &Control,
    ) -> Result<Self> {
        let mut bits = Self::zeros(n_patterns, n_spins)?;
        let fill = Kernels::of(level).fill;
        let last = Chunk::ones((n_patterns - 1) % CHUNK_BITS + 1);
        let stride = bits.stride();
        let blocks = bits.chunks_mut().par_chunks_mut(stride * ROWS_PER_STREAM);
        blocks.enumerate().try_for_each(|(block, chunks)| {
            let mut words = Xoshiro8::new(&Philox::new(seed, Purpose::Patterns, block as u64));
            for piece in chunks.chunks_mut(PIECE) {
                control.check()?;
                fill(&mut words, piece);
            }
            for row in chunks.chunks_exact_mut(stride) {
                for (word, mask) in row[stride - 1].0.iter_mut().zip(last.0) {
                    *word &= mask;
                }
            }
            Ok(())
        })?;
        Ok(Self { bits: Arc::new(bits) })
    }

    /// Packs an array of -1 and +1, pattern after pattern.
    ///
    /// # Errors
    /// [`Error::Value`] for a count of zero or an array of another size, [`Error::Memory`],
    /// [`Error::Cancelled`].
    pub fn from_spins(
        spins: &[i8],
        n_patterns: usize,
        n_spins: usize,
        control: &Control,
    ) -> Result<Self> {
        let mut packing = Packing::new(n_patterns, n_spins)?;
        packing.extend(spins, control)?;
        packing.finish()
    }

    /// The set that stands in `bytes`, as [`Patterns::as_bytes`] gave them.
    ///
    /// # Errors
    /// [`Error::Value`] for a count of zero, another length, or bytes not aligned to 64.
    pub fn from_bytes(n_patterns: usize, n_spins: usize, bytes: SharedBytes) -> Result<Self> {
        Self::zeros(n_patterns.min(1), n_spins.min(1))?;
        Ok(Self { bits: Arc::new(BitMatrix::from_shared(n_spins, n_patterns, bytes)?) })
    }

    /// The set that stands in `bytes`, copied into memory of its own.
    ///
    /// # Errors
    /// [`Error::Value`] for a count of zero or another length, [`Error::Memory`].
    pub fn from_copied_bytes(n_patterns: usize, n_spins: usize, bytes: &[u8]) -> Result<Self> {
        let mut bits = Self::zeros(n_patterns, n_spins)?;
        if bytes.len() != bits.as_bytes().len() {
            let expected = format_args!("{} bytes", bits.as_bytes().len()).to_string();
            return Err(Error::expected("packed patterns", expected, bytes.len()));
        }
        let words = bytes.as_chunks::<8>().0.as_chunks::<8>().0;
        for (chunks, words) in bits.chunks_mut().chunks_mut(PIECE).zip(words.chunks(PIECE)) {
            checkpoint();
            for (chunk, words) in chunks.iter_mut().zip(words) {
                chunk.0 = words.map(u64::from_ne_bytes);
            }
        }
        Ok(Self { bits: Arc::new(bits) })
    }

    /// Whether all bits behind the last pattern are zero, as they must be.
    pub fn padding_is_zero(&self) -> bool {
        let mask = ones(self.n_patterns());
        let last = mask.len() - 1;
        (0..self.n_spins()).all(|i| {
            checkpoint();
            let row = self.rows().row(i);
            row[last].0.iter().zip(mask[last].0).all(|(bits, mask)| bits & !mask == 0)
        })
    }

    /// P.
    pub fn n_patterns(&self) -> usize {
        self.bits.n_bits()
    }

    /// N.
    pub fn n_spins(&self) -> usize {
        self.bits.n_rows()
    }

    /// The packed bytes: N rows of P bits, each padded to 64 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bits.as_bytes()
    }

    /// One row a spin, one bit a pattern.
    pub fn rows(&self) -> Rows<'_> {
        self.bits.rows()
    }

    /// Writes pattern `mu` as spins.
    pub fn pattern(&self, mu: usize, out: &mut [i8]) {
        let rows = self.rows();
        for (i, spin) in out.iter_mut().enumerate() {
            if i.is_multiple_of(PIECE) {
                checkpoint();
            }
            *spin = if crate::bits::bit(rows.row(i), mu) { 1 } else { -1 };
        }
    }

    /// The patterns `which` as spins, one after the other.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn to_spins(&self, which: &[usize], control: &Control) -> Result<Vec<i8>> {
        let mut spins = vec![0; which.len() * self.n_spins()];
        spins.par_chunks_mut(self.n_spins()).zip(which).try_for_each(|(out, &mu)| {
            control.check()?;
            self.pattern(mu, out);
            Ok(())
        })?;
        Ok(spins)
    }
}

/// A set that is packed from one array of patterns after the other.
pub struct Packing {
    bits: BitMatrix,
    packed: usize,
}

impl Packing {
    /// An empty one, for so many patterns in all.
    ///
    /// # Errors
    /// [`Error::Value`] for a count of zero, [`Error::Memory`].
    pub fn new(n_patterns: usize, n_spins: usize) -> Result<Self> {
        Ok(Self { bits: Patterns::zeros(n_patterns, n_spins)?, packed: 0 })
    }

    /// Packs the next patterns, pattern after pattern: a multiple of 64, but for the last ones.
    ///
    /// # Errors
    /// [`Error::Value`] for an array of another size, [`Error::Cancelled`].
    pub fn extend(&mut self, spins: &[i8], control: &Control) -> Result<()> {
        let (n_patterns, n_spins) = (self.bits.n_bits(), self.bits.n_rows());
        let (first, count) = (self.packed, spins.len() / n_spins);
        let is_whole = spins.len().is_multiple_of(n_spins) && first.is_multiple_of(64);
        if !is_whole || first + count > n_patterns {
            let expected = format_args!("{n_patterns} x {n_spins} spins").to_string();
            return Err(Error::expected("patterns", expected, spins.len()));
        }
        let stride = self.bits.stride();
        // 64 spins of 64 patterns at a time: both sides stay in cache.
        let blocks = self.bits.chunks_mut().par_chunks_mut(stride * 64);
        blocks.enumerate().try_for_each(|(block, chunks)| {
            let width = chunks.len() / stride;
            for word in 0..count.div_ceil(64) {
                if (word * width).is_multiple_of(PIECE / 64) {
                    control.check()?;
                }
                let mut packed = [0u64; 64];
                for (bit, mu) in (word * 64..count.min(word * 64 + 64)).enumerate() {
                    let pattern = &spins[mu * n_spins + block * 64..][..width];
                    for (packed, &spin) in packed.iter_mut().zip(pattern) {
                        *packed |= u64::from(spin > 0) << bit;
                    }
                }
                let word = first / 64 + word;
                for (row, packed) in chunks.chunks_exact_mut(stride).zip(packed) {
                    row[word / 8].0[word % 8] = packed;
                }
            }
            Ok(())
        })?;
        self.packed += count;
        Ok(())
    }

    /// The whole set.
    ///
    /// # Errors
    /// [`Error::Value`] if some patterns are missing.
    pub fn finish(self) -> Result<Patterns> {
        if self.packed != self.bits.n_bits() {
            return Err(Error::expected("patterns", self.bits.n_bits(), self.packed));
        }
        Ok(Patterns { bits: Arc::new(self.bits) })
    }
}

/// Flips `count` distinct spins, chosen uniformly by the stream number `stream` of `seed`.
///
/// The first `count` steps of a Fisher-Yates shuffle of the sites.
///
/// # Panics
/// If there are fewer spins than `count`.
pub fn corrupt(spins: &mut [i8], count: usize, seed: u64, stream: u64) {
    assert!(count <= spins.len(), "no more spins can be flipped than there are");
    let philox = Philox::new(seed, Purpose::Corruption, stream);
    let mut words: Words<'_> = philox.words_from(0);
    let mut sites = Vec::with_capacity(spins.len());
    for first in (0..spins.len()).step_by(PIECE) {
        checkpoint();
        sites.extend(first as u32..spins.len().min(first + PIECE) as u32);
    }
    for k in 0..count {
        if k.is_multiple_of(PIECE) {
            checkpoint();
        }
        let chosen = k + words.below(spins.len() - k);
        sites.swap(k, chosen);
        spins[sites[k] as usize] *= -1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_patterns_are_the_same_on_every_level_and_thread_count() {
        let make = |level, threads| {
            let pool = crate::threads::pool(Some(threads)).unwrap();
            let set = pool.install(|| Patterns::random(700, 300, 9, level, &Control::default()));
            set.unwrap().as_bytes().to_vec()
        };
        let expected = make(Level::Portable, 1);
        for level in Level::available() {
            for threads in [1, 2, 3, 7] {
                assert_eq!(make(level, threads), expected, "{level}, {threads} threads");
            }
        }
    }

    #[test]
    fn packing_is_undone_by_unpacking() {
        for (p, n) in [(1, 1), (1, 2), (3, 65), (64, 64), (65, 7), (513, 130)] {
            let control = Control::default();
            let set = Patterns::random(p, n, 4, Level::Portable, &control).unwrap();
            let spins = set.to_spins(&(0..p).collect::<Vec<_>>(), &control).unwrap();
            let again = Patterns::from_spins(&spins, p, n, &control).unwrap();
            assert_eq!(set.as_bytes(), again.as_bytes(), "P = {p}, N = {n}");
            assert!(set.padding_is_zero());
        }
    }

    #[test]
    fn corruption_flips_exactly_as_many_distinct_spins() {
        for count in [0, 1, 37, 99, 100] {
            let mut spins = vec![1i8; 100];
            corrupt(&mut spins, count, 3, 1);
            assert_eq!(spins.iter().filter(|&&spin| spin == -1).count(), count);
        }
    }

    #[test]
    fn every_spin_is_flipped_equally_often() {
        // 3 of 10 spins, 20,000 streams: each count is binomial(20000, 0.3), standard deviation
        // 64.8; five of them leave less than one failure in 10^5 over ten spins.
        let mut counts = [0i32; 10];
        for stream in 0..20_000 {
            let mut spins = [1i8; 10];
            corrupt(&mut spins, 3, 11, stream);
            for (count, spin) in counts.iter_mut().zip(spins) {
                *count += i32::from(spin < 0);
            }
        }
        assert!(counts.iter().all(|count| (count - 6000).abs() < 324), "{counts:?}");
    }
}
