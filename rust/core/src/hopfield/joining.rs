//! Pattern sets that are made of parts of others: what a memory holds after it stored or forgot some.

use std::{ops::Range, sync::Arc};

use rayon::prelude::*;

use super::patterns::Patterns;
use crate::{
    bits::{CHUNK_BITS, Chunk},
    control::Control,
    error::{Error, Result},
};

impl Patterns {
    /// The patterns of these ranges of sets, one after the other.
    ///
    /// # Errors
    /// [`Error::Value`] for no pattern at all, a range beyond its set or sets of different N,
    /// [`Error::Memory`], [`Error::Cancelled`].
    pub fn joined(parts: &[(&Self, Range<usize>)], control: &Control) -> Result<Self> {
        let n_spins = parts.first().map_or(0, |(set, _)| set.n_spins());
        for (set, range) in parts {
            if set.n_spins() != n_spins {
                return Err(Error::expected("n_spins", n_spins, set.n_spins()));
            }
            if range.start > range.end || range.end > set.n_patterns() {
                let expected = format_args!("a range below {}", set.n_patterns()).to_string();
                return Err(Error::expected("patterns", expected, format_args!("{range:?}")));
            }
        }
        let n_patterns = parts.iter().map(|(_, range)| range.len()).sum();
        let mut bits = Self::zeros(n_patterns, n_spins)?;
        let stride = bits.stride();
        bits.chunks_mut().par_chunks_mut(stride).enumerate().try_for_each(|(site, row)| {
            control.check()?;
            let mut at = 0;
            for (set, range) in parts {
                copy_bits(set.rows().row(site), range.clone(), row, at);
                at += range.len();
            }
            Ok(())
        })?;
        Ok(Self { bits: Arc::new(bits) })
    }
}

/// Copies a range of bits to zeros from bit `at` on.
fn copy_bits(from: &[Chunk], range: Range<usize>, to: &mut [Chunk], at: usize) {
    let mut done = 0;
    while done < range.len() {
        let target = at + done;
        let count = (64 - target % 64).min(range.len() - done);
        let bits = read_bits(from, range.start + done, count) << (target % 64);
        to[target / CHUNK_BITS].0[target / 64 % 8] |= bits;
        done += count;
    }
}

/// So many bits, at most 64, from bit `first` on.
fn read_bits(from: &[Chunk], first: usize, count: usize) -> u64 {
    let word = |k: usize| from[k / 8].0[k % 8];
    let (k, shift) = (first / 64, first % 64);
    let mut bits = word(k) >> shift;
    if shift + count > 64 {
        bits |= word(k + 1) << (64 - shift);
    }
    bits & (u64::MAX >> (64 - count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    #[test]
    fn joined_parts_have_the_patterns_of_their_sets() {
        let control = Control::default();
        let draw = |p, seed| Patterns::random(p, 9, seed, Level::Portable, &control).unwrap();
        let (a, b) = (draw(700, 1), draw(130, 2));
        let parts = [(&a, 3..700), (&b, 0..0), (&b, 0..130), (&a, 63..65), (&b, 129..130)];
        let joined = Patterns::joined(&parts, &control).unwrap();
        assert_eq!(joined.n_patterns(), 697 + 130 + 2 + 1);
        assert!(joined.padding_is_zero());
        let of = |set: &Patterns, range: Range<usize>| {
            set.to_spins(&range.collect::<Vec<_>>(), &control).unwrap()
        };
        let expected: Vec<i8> =
            parts.iter().flat_map(|(set, range)| of(set, range.clone())).collect();
        assert_eq!(of(&joined, 0..joined.n_patterns()), expected);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let control = Control::default();
        let draw = |n| Patterns::random(5, n, 1, Level::Portable, &control).unwrap();
        let (a, b) = (draw(9), draw(8));
        assert!(Patterns::joined(&[(&a, 0..5), (&b, 0..5)], &control).is_err());
        assert!(Patterns::joined(&[(&a, 0..6)], &control).is_err());
        assert!(Patterns::joined(&[(&a, 2..2)], &control).is_err());
        assert!(Patterns::joined(&[], &control).is_err());
    }
}
