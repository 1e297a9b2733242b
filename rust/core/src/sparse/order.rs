//! The order in which a sweep visits the sites of a graph.
//!
//! Colour by colour: in the order of their numbers each site takes the first colour that no
//! neighbour has, and a sweep visits the sites of a colour, ascending, before those of the next. Sites
//! of one colour do not interact, so it does not matter how the user numbered them: nothing moves on
//! from a site to the next one within a colour, and a sweep streams through memory a few times.
//! Where that takes many colours, nearly all pairs interact and colours are again the order of
//! numbers; there the order is a shuffle, always the same one.

use super::Sparse;
use crate::spins::{SpinModel, order::shuffled};

/// From this many colours on sites are shuffled.
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
