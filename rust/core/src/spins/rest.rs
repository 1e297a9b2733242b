//! The sites that a sweep passes over: those whose spins are held, and in each Metropolis sweep one
//! that rests.
//!
//! A held spin keeps its value for the whole run, so the others follow the law given that value.
//!
//! Metropolis accepts for certain what costs nothing, and sites are visited in a fixed order. Left
//! at that, there are states that never end: on a 2 x 2 lattice a row of + above a row of - has no
//! field anywhere, so each sweep flips it and nothing else ever happens, at any temperature.
//! The same holds for diagonal stripes on every lattice whose sides are multiples of four, and for
//! two of the eight states of a frustrated triangle. (Low beta is little better: nearly every flip
//! is accepted, and a sweep is nearly the reversal of all spins.) So each sweep passes over one
//! free site, or none, drawn uniformly from one more possibilities than there are free sites. The sweep is still a product of visits
//! that leave the Boltzmann law unchanged, chosen without a look at the state.
//!
//! The heat bath visits every site: whatever it does, it might have done otherwise. Without a
//! temperature nothing rests, and Metropolis is the deterministic descent that its name says.

use crate::rng::{Philox, Purpose};

/// Sites whose bits share a word.
const WORD: usize = u64::BITS as usize;

/// The sites that sweeps of one replica pass over.
#[derive(Clone, Debug)]
pub struct Rest {
    philox: Philox,
    n_free: usize,
    /// A bit a site, set where the spin is held; empty if all are free.
    held: Vec<u64>,
}

impl Rest {
    /// Those of replica number `replica`; `held` marks the spins that are, and is empty if none is.
    pub fn new(seed: u64, replica: u64, n_spins: usize, held: &[bool]) -> Self {
        let word = |sites: &[bool]| {
            sites.iter().rev().fold(0, |word, &is_held| word << 1 | u64::from(is_held))
        };
        Self {
            philox: Philox::new(seed, Purpose::Rest, replica),
            n_free: n_spins - held.iter().filter(|&&is_held| is_held).count(),
            held: held.chunks(WORD).map(word).collect(),
        }
    }

    /// The free site that is passed over in sweep number `sweep`, if any.
    pub fn site(&self, sweep: u64) -> Option<usize> {
        let number = self.philox.words_from(sweep).below(self.n_free + 1);
        if number == self.n_free { None } else { Some(self.free_site(number)) }
    }

    /// Whether a spin is held.
    pub fn holds(&self, site: usize) -> bool {
        self.held(site / WORD) >> (site % WORD) & 1 == 1
    }

    /// Which of the 64 sites from number 64 `group` on are held, a bit each.
    fn held(&self, group: usize) -> u64 {
        self.held.get(group).copied().unwrap_or(0)
    }

    /// The sites that are passed over among the 64 from number 64 `group` on, counted from there, if
    /// the site `resting` rests.
    pub fn passed_over(&self, group: usize, resting: Option<usize>) -> impl Iterator<Item = usize> {
        let within = resting.filter(|site| site / WORD == group);
        let mut left = self.held(group) | within.map_or(0, |site| 1 << (site % WORD));
        std::iter::from_fn(move || {
            let site = (left != 0).then(|| left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            site
        })
    }

    /// The free site of this number.
    fn free_site(&self, number: usize) -> usize {
        let mut left = number;
        for (group, &held) in self.held.iter().enumerate() {
            let n_free = held.count_zeros() as usize;
            if left < n_free {
                let mut free = !held;
                for _ in 0..left {
                    free &= free - 1;
                }
                return group * WORD + free.trailing_zeros() as usize;
            }
            left -= n_free;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_and_none_rest_equally_often() {
        let rest = Rest::new(1, 2, 4, &[]);
        let mut counts = [0u32; 5];
        for sweep in 0..5000 {
            counts[rest.site(sweep).unwrap_or(4)] += 1;
        }
        // Binomial(5000, 1/5): a standard deviation of 28.
        assert!(counts.iter().all(|count| count.abs_diff(1000) < 6 * 28), "{counts:?}");
    }

    #[test]
    fn a_held_site_never_rests_and_the_free_ones_do_equally_often() {
        let held: Vec<bool> = (0..150).map(|site| ![3, 63, 64, 149].contains(&site)).collect();
        let rest = Rest::new(1, 2, 150, &held);
        let mut counts = std::collections::HashMap::new();
        for sweep in 0..5000 {
            let site = rest.site(sweep);
            assert!(site.is_none_or(|site| !held[site] && !rest.holds(site)));
            *counts.entry(site).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 5);
        assert!(counts.values().all(|count| count.abs_diff(1000) < 6 * 28), "{counts:?}");
        assert_eq!(Rest::new(1, 2, 3, &[true; 3]).site(7), None);
    }
}
