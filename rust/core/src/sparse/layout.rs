//! Which sites are visited together.
//!
//! A sweep visits the sites in their order (`order.rs`). Only the order of neighbours matters, so it
//! may be done by *levels*: a site's level is one above the highest level of the neighbours that
//! are visited before it. Sites of one level do not interact, and eight of them fill a vector. Where
//! sites are visited colour by colour, the levels are the colours.

use super::{Sparse, order::Order, words::MARK};
use crate::{bits::Chunk, control::checkpoint, spins::SpinModel};

/// Most neighbours of a site in the lanes kernels.
pub(super) const MAX_DEGREE: usize = 16;

/// Slots must be numbers without mark.
pub(super) const MAX_SLOTS: usize = MARK as usize;

/// Longest run, in chunks: a few microseconds of work.
pub(super) const LONGEST_RUN: usize = 256;

/// Where no site stands.
pub(super) const NOBODY: u32 = u32::MAX;

/// Chunks of eight sites each, of one degree, which may be visited together.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) degree: usize,
    pub(super) first_chunk: usize,
    pub(super) n_chunks: usize,
    /// Where the neighbours of its first chunk begin.
    pub(super) first_bond: usize,
}

/// The sites in the order in which they are visited. Site k of chunk c stands in slot 8 c + k.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) runs: Vec<Run>,
    /// The sites of each chunk, or [`NOBODY`].
    pub(super) sites: Vec<[u32; 8]>,
    /// The slots of the neighbours, chunk after chunk, neighbour after neighbour; marked where the
    /// coupling is negative. Every one of them is below 8 times the number of chunks.
    pub(super) neighbours: Vec<[u32; 8]>,
    /// The slot of each site.
    pub(super) slots: Vec<u32>,
    /// Bonds that are not zero.
    pub(super) n_bonds: usize,
}

impl Layout {
    pub(super) fn new(model: &Sparse, visits: &Order) -> Self {
        let n = model.n_spins();
        let bonds = |site: usize| model.neighbours(site).filter(|&(_, j)| j != 0.0);
        let mut levels = vec![0u32; n];
        let mut order = Vec::with_capacity(n);
        let mut n_bonds = 0;
        for (place, &site) in visits.sites.iter().enumerate() {
            checkpoint();
            let site = site as usize;
            let earlier = bonds(site).filter(|&(other, _)| (visits.places[other] as usize) < place);
            levels[site] = earlier.map(|(other, _)| levels[other] + 1).max().unwrap_or(0);
            let degree = bonds(site).count();
            n_bonds += degree;
            order.push((levels[site], degree as u32, site as u32));
        }
        drop(levels);
        order.sort_unstable();

        let mut layout = Self {
            runs: Vec::new(),
            sites: Vec::with_capacity(n / 8),
            neighbours: Vec::with_capacity(n_bonds / 8),
            slots: vec![0; n],
            n_bonds: n_bonds / 2,
        };
        let mut first_bond = 0;
        for alike in order.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            for run in alike.chunks(8 * LONGEST_RUN) {
                let (degree, first_chunk) = (run[0].1 as usize, layout.sites.len());
                for members in run.chunks(8) {
                    let mut chunk = [NOBODY; 8];
                    for (k, &(_, _, site)) in members.iter().enumerate() {
                        chunk[k] = site;
                        layout.slots[site as usize] = (8 * layout.sites.len() + k) as u32;
                    }
                    layout.sites.push(chunk);
                }
                let n_chunks = layout.sites.len() - first_chunk;
                layout.runs.push(Run { degree, first_chunk, n_chunks, first_bond });
                first_bond += degree * n_chunks;
            }
        }
        for run in &layout.runs {
            for chunk in run.first_chunk..run.first_chunk + run.n_chunks {
                checkpoint();
                // An empty slot is its own neighbour: nothing there is ever unsatisfied.
                let own = std::array::from_fn(|k| (8 * chunk + k) as u32);
                let first = layout.neighbours.len();
                layout.neighbours.resize(first + run.degree, own);
                for (k, &site) in layout.sites[chunk].iter().enumerate() {
                    if site == NOBODY {
                        continue;
                    }
                    for (row, (other, coupling)) in bonds(site as usize).enumerate() {
                        let mark = if coupling < 0.0 { MARK } else { 0 };
                        layout.neighbours[first + row][k] = layout.slots[other] | mark;
                    }
                }
            }
        }
        layout
    }

    /// All ones in the slots where no site stands.
    pub(super) fn empty_slots(&self) -> Vec<Chunk> {
        let mut empty = vec![Chunk::default(); self.sites.len()];
        for (chunk, sites) in empty.iter_mut().zip(&self.sites) {
            for (word, &site) in chunk.0.iter_mut().zip(sites) {
                *word = if site == NOBODY { u64::MAX } else { 0 };
            }
        }
        empty
    }

    /// The degrees that occur.
    pub(super) fn degrees(&self) -> Vec<usize> {
        let mut degrees: Vec<usize> = self.runs.iter().map(|run| run.degree).collect();
        degrees.sort_unstable();
        degrees.dedup();
        degrees
    }
}
