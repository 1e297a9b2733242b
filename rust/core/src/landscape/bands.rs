//! The energies of a landscape, cut into bands of limited numbers of states.
//!
//! A flood needs the states in their order, but often is over when it has seen a small part of
//! them: the highest barrier of a spin glass lies far below most states. So the states are not
//! sorted all at once. A histogram says up to which energy there are as many as can be sorted well.

use rayon::prelude::*;

use crate::{control::Control, error::Result};

/// Bins of a histogram: 2^12.
const BINS: u32 = 12;

/// States of one task.
const TASK: usize = 1 << 16;

/// Ascending bands of energy: neither overlapping nor leaving out a state.
pub(super) struct Bands<'a> {
    energies: &'a [i64],
    /// The energies still to come, if any.
    rest: Option<(i64, i64)>,
}

/// Energies from the first to the second, both included, and how many states have them.
pub(super) type Band = (i64, i64, u64);

impl<'a> Bands<'a> {
    pub(super) fn new(energies: &'a [i64]) -> Self {
        let range = energies.par_iter().map(|&energy| (energy, energy));
        let rest = range.reduce_with(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        Self { energies, rest }
    }

    /// The next band that holds a state, or none after the last one. It has at most that many, and more
    /// only if it is a single energy.
    pub(super) fn next(&mut self, at_most: u64, control: &Control) -> Result<Option<Band>> {
        let Some((mut low, highest)) = self.rest else { return Ok(None) };
        let mut high = highest;
        let count = loop {
            let width = (high - low) as u64;
            let shift = (u64::BITS - width.leading_zeros()).saturating_sub(BINS);
            let counts = self.histogram(low, high, shift, control)?;
            let first = counts.iter().position(|&count| count > 0);
            let Some(first) = first else {
                self.rest = None;
                return Ok(None);
            };
            let mut bins = 1;
            let mut count = counts[first];
            while first + bins < counts.len() && count + counts[first + bins] <= at_most {
                count += counts[first + bins];
                bins += 1;
            }
            let past = i128::from(low) + (((first + bins) as i128) << shift);
            high = (past - 1).min(i128::from(high)) as i64;
            low += (first as i64) << shift;
            if count <= at_most || shift == 0 {
                break count;
            }
        };
        self.rest = (high < highest).then(|| (high + 1, highest));
        Ok(Some((low, high, count)))
    }

    /// How many energies from `low` to `high` lie in each bin of 2^`shift`.
    fn histogram(&self, low: i64, high: i64, shift: u32, control: &Control) -> Result<Vec<u64>> {
        let empty = || vec![0u64; 1 << BINS];
        self.energies
            .par_chunks(TASK)
            .try_fold(empty, |mut counts, energies| {
                control.check()?;
                for &energy in energies {
                    if (low..=high).contains(&energy) {
                        counts[(energy - low) as usize >> shift] += 1;
                    }
                }
                Ok(counts)
            })
            .try_reduce(empty, |mut one, other| {
                one.iter_mut().zip(other).for_each(|(one, other)| *one += other);
                Ok(one)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All bands of some energies.
    fn bands(energies: &[i64], at_most: u64) -> Vec<Band> {
        let mut bands = Bands::new(energies);
        std::iter::from_fn(|| bands.next(at_most, &Control::default()).unwrap()).collect()
    }

    #[test]
    fn bands_ascend_hold_every_state_once_and_are_no_larger_than_allowed() {
        let squares: Vec<i64> = (0..3000).map(|k| (k * k) - 4_000_000).collect();
        let wide = [-(1 << 62) + 1, 0, 1, 2, 3, 4, 5, (1 << 62) - 1];
        let equal = vec![7; 900];
        let two_scales: Vec<i64> = (0..3000).map(|k| ((k % 2) << 61) + k / 7).collect();
        for energies in [&squares[..], &wide, &equal, &two_scales] {
            for at_most in [1, 5, 1000, 10_000] {
                let found = bands(energies, at_most);
                assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0));
                for &(low, high, count) in &found {
                    let inside = energies.iter().filter(|&&e| (low..=high).contains(&e)).count();
                    assert_eq!(inside as u64, count);
                    let single = energies.contains(&low) && low == high;
                    assert!(count <= at_most || single, "{count} in {low}..={high}");
                }
                assert_eq!(found.iter().map(|band| band.2).sum::<u64>(), energies.len() as u64);
            }
        }
    }
}
