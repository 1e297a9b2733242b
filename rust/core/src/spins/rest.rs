//! In each Metropolis sweep one site rests.
//!
//! Metropolis accepts for certain what costs nothing, and sites are visited in a fixed order. Left
//! at that, there are states that never end: on a 2 x 2 lattice a row of + above a row of - has no
//! field anywhere, so each sweep turns it over and nothing else ever happens, at any temperature.
//! The same holds for diagonal stripes on every lattice whose sides are multiples of four, and for
//! two of the eight states of a frustrated triangle. (Low beta is little better: nearly every flip
//! is accepted, and a sweep is nearly the reversal of all spins.) So each sweep passes over one
//! site, or none, drawn uniformly from N + 1 possibilities. The sweep is still a product of visits
//! that leave the Boltzmann law unchanged, chosen without a look at the state.
//!
//! The heat bath visits every site: whatever it does, it might have done otherwise. Without a
//! temperature nothing rests, and Metropolis is the deterministic descent that its name says.

use crate::rng::{Philox, Purpose};

/// The resting sites of one replica.
#[derive(Clone, Debug)]
pub struct Rest {
    philox: Philox,
    n_spins: usize,
}

impl Rest {
    /// Those of replica number `replica`.
    pub fn new(seed: u64, replica: u64, n_spins: usize) -> Self {
        Self { philox: Philox::new(seed, Purpose::Rest, replica), n_spins }
    }

    /// The site that is passed over in sweep number `sweep`, if any.
    pub fn site(&self, sweep: u64) -> Option<usize> {
        let site = self.philox.words_from(sweep).below(self.n_spins + 1);
        (site < self.n_spins).then_some(site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_and_none_rest_equally_often() {
        let rest = Rest::new(1, 2, 4);
        let mut counts = [0u32; 5];
        for sweep in 0..5000 {
            counts[rest.site(sweep).unwrap_or(4)] += 1;
        }
        // Binomial(5000, 1/5): a standard deviation of 28.
        assert!(counts.iter().all(|count| count.abs_diff(1000) < 6 * 28), "{counts:?}");
    }
}
