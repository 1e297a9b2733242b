//! The order in which a sweep visits the sites of a graph.
//!
//! Colour by colour: in the order of their numbers each site takes the first colour that no
//! neighbour has, and a sweep visits the sites of a colour, ascending, before those of the next. Sites
//! of one colour do not interact, so it does not matter how the user numbered them: nothing moves on
//! from a site to the next one within a colour, and a sweep streams through memory a few times.
//! Where that takes many colours, nearly all pairs interact and colours are again the order of
//! numbers; there the order is a shuffle, always the same one.

use super::Sparse;
use crate::{
    control::checkpoint,
    spins::{SpinModel, order::shuffled},
};

/// With more colours than this, sites are shuffled.
const MANY: u32 = 32;

/// An order of sites and its inverse.
#[derive(Debug)]
pub(super) struct Order {
    /// The site of each visit.
    pub(super) sites: Vec<u32>,
    /// The visit of each site.
    pub(super) places: Vec<u32>,
}

impl Order {
    /// The order of a sweep, or the opposite one.
    pub(super) fn new(model: &Sparse, reversed: bool) -> Self {
        let mut sites = match colours(model) {
            Some(colours) => by_colour(&colours),
            None => shuffled(model.n_spins()),
        };
        if reversed {
            sites.reverse();
        }
        let mut places = vec![0; sites.len()];
        for (place, &site) in sites.iter().enumerate() {
            places[site as usize] = place as u32;
        }
        Self { sites, places }
    }

    /// The state `spins` in the order of visits.
    pub(super) fn arranged(&self, spins: &[i8]) -> Vec<i8> {
        self.sites.iter().map(|&site| spins[site as usize]).collect()
    }
}

/// The colour of each site, unless there are many.
fn colours(model: &Sparse) -> Option<Vec<u32>> {
    let n = model.n_spins();
    let mut colours = vec![MANY; n];
    for site in 0..n {
        checkpoint();
        let neighbours = model.neighbours(site).filter(|&(_, j)| j != 0.0);
        let taken = neighbours.fold(0u64, |taken, (other, _)| taken | 1 << colours[other]);
        colours[site] = (taken & !(1 << MANY)).trailing_ones();
        if colours[site] >= MANY {
            return None;
        }
    }
    Some(colours)
}

/// The sites of each colour, one colour after the other.
fn by_colour(colours: &[u32]) -> Vec<u32> {
    let mut sites: Vec<u32> = (0..colours.len() as u32).collect();
    sites.sort_by_key(|&site| colours[site as usize]);
    sites
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    /// Every site is coupled to the `reach` next ones around a ring.
    fn ring(n: usize, reach: usize) -> Sparse {
        let rows = (0..n).map(|i| (1..=reach).flat_map(move |d| [(i + d) % n, (i + n - d) % n]));
        let neighbours: Vec<u32> = rows.flatten().map(|j| j as u32).collect();
        let offsets = (0..=n).map(|i| 2 * reach * i).collect();
        let couplings = vec![1.0; neighbours.len()];
        Sparse::new(n, offsets, neighbours, couplings, None, Level::Portable).unwrap()
    }

    #[test]
    fn a_ring_is_visited_by_colours_and_backwards_in_the_opposite_order() {
        assert_eq!(Order::new(&ring(6, 1), false).sites, [0, 2, 4, 1, 3, 5]);
        assert_eq!(Order::new(&ring(6, 1), true).sites, [5, 3, 1, 4, 2, 0]);
        assert_eq!(Order::new(&ring(5, 1), false).sites, [0, 2, 1, 3, 4]);
    }

    #[test]
    fn a_graph_of_many_colours_is_shuffled() {
        assert_eq!(Order::new(&ring(66, 32), false).sites, shuffled(66));
        assert_ne!(Order::new(&ring(64, 31), false).sites, shuffled(64));
    }
}
