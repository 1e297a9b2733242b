//! An order of visits that nobody's numbering of the sites decides.

use crate::rng::{Philox, Purpose};

/// The numbers below `n` in a random order, always the same one (Fisher and Yates).
pub fn shuffled(n: usize) -> Vec<u32> {
    let philox = Philox::new(0, Purpose::Order, 0);
    let mut words = philox.words_from(0);
    let mut sites: Vec<u32> = (0..n as u32).collect();
    for k in (1..n).rev() {
        sites.swap(k, words.below(k + 1));
    }
    sites
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_is_a_permutation_and_always_the_same() {
        let mut sites = shuffled(100);
        assert_eq!(sites, shuffled(100));
        assert_ne!(sites[..2], [0, 1]);
        sites.sort_unstable();
        assert!(sites.into_iter().eq(0..100));
        assert!(shuffled(0).is_empty());
    }
}
