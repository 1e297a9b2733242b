//! The site that rests in a Metropolis sweep of a lattice.
//!
//! Metropolis accepts for certain what costs nothing, and sites are visited in a fixed order. Left
//! at that, there are states that never end: on a 2 x 2 lattice a row of + above a row of - has no
//! field anywhere, so each sweep flips it and nothing else ever happens, at any temperature.
//! The same holds for diagonal stripes on every lattice whose sides are multiples of four. (Low beta
//! is little better: nearly every flip is accepted, and a sweep is nearly the reversal of all spins.)
//! So each sweep passes over one free site, or none, drawn uniformly from one more possibilities than
//! there are free sites. The sweep is still a product of visits that leave the Boltzmann law
//! unchanged, chosen without a look at the state.
//!
//! On a lattice of two dimensions or more, sweeps by colour carry no defects along, so that one site
//! is enough; on other graphs more must rest: see [`Resting`](super::Resting), which also tells why
//! neither the heat bath nor a descent needs any of this.

use super::Held;
use crate::rng::{Philox, Purpose};

/// The sites that sweeps of one replica pass over: those held, and one a sweep that rests.
#[derive(Clone, Debug)]
pub struct Rest {
    philox: Philox,
    held: Held,
    n_free: usize,
}

impl Rest {
    /// Those of replica number `replica`; `held` marks the spins that are, and is empty if none is.
    pub fn new(seed: u64, replica: u64, n_spins: usize, held: &[bool]) -> Self {
        let held = Held::new(n_spins, held);
        Self { philox: Philox::new(seed, Purpose::Rest, replica), n_free: held.n_free(), held }
    }

    /// The free site that is passed over in sweep number `sweep`, if any.
    pub fn site(&self, sweep: u64) -> Option<usize> {
        let number = self.philox.words_from(sweep).below(self.n_free + 1);
        if number == self.n_free { None } else { Some(self.held.free(number)) }
    }

    /// Whether a spin is held.
    pub fn holds(&self, site: usize) -> bool {
        self.held.holds(site)
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
