//! The couplings in fixed point, laid out for the flips of a tile of sites.
//!
//! Row i holds 2 q_ij in the unit of site j: what a flip of spin i adds to, or takes from, the field
//! of site j. Rows are cut into segments of 128 columns, and the segments of one panel of columns
//! stand together: those of a tile of 64 rows are 32 KiB in one piece, which stay in the first-level
//! cache while all replicas use them. A power of two between rows would put them all on the same few
//! cache lines.

use rayon::prelude::*;

use super::{Dense, kernels::TILE, memory::zeros};
use crate::{control::checkpoint, error::Result, lanes::LANES};

/// Columns of a panel.
pub(super) const COLUMNS: usize = 128;

/// One integer a column of a panel.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Segment(pub(super) [[i32; LANES]; COLUMNS / LANES]);

impl Segment {
    /// All `value`.
    pub(super) const fn splat(value: i32) -> Self {
        Self([[value; LANES]; COLUMNS / LANES])
    }

    /// The integer of column `k`.
    #[inline(always)]
    pub(super) fn at(&self, k: usize) -> i32 {
        self.0[k / LANES][k % LANES]
    }

    /// The integer of column `k`, to be changed.
    pub(super) fn at_mut(&mut self, k: usize) -> &mut i32 {
        &mut self.0[k / LANES][k % LANES]
    }
}

/// The rows of a tile, in one panel.
pub(super) type Block = [Segment; TILE];

/// The matrix. Rows and columns beyond the last site are zero.
#[derive(Debug)]
pub(super) struct Panels {
    n_sites: usize,
    segments: Vec<Segment>,
}

impl Panels {
    /// The doubled, rounded couplings of a model between its `sites`, in their order.
    pub(super) fn new(model: &Dense, sites: &[u32]) -> Result<Self> {
        let n_sites = sites.len();
        let n_rows = n_sites.next_multiple_of(TILE);
        let n_segments = n_rows.checked_mul(n_sites.div_ceil(COLUMNS));
        let mut segments = zeros(n_segments, Segment::splat(0), "the couplings in fixed point")?;
        segments.par_chunks_mut(n_rows).panic_fuse().enumerate().for_each(|(panel, rows)| {
            let first = panel * COLUMNS;
            let last = n_sites.min(first + COLUMNS);
            for (segment, &site) in rows.iter_mut().zip(sites) {
                checkpoint();
                let row = model.row(site as usize);
                for (k, &other) in sites[first..last].iter().enumerate() {
                    let other = other as usize;
                    *segment.at_mut(k) = 2 * model.scales.quantise(other, row[other]);
                }
            }
        });
        Ok(Self { n_sites, segments })
    }

    /// N.
    pub(super) fn n_sites(&self) -> usize {
        self.n_sites
    }

    /// Tiles of rows.
    pub(super) fn n_tiles(&self) -> usize {
        self.n_sites.div_ceil(TILE)
    }

    /// Panels of columns.
    pub(super) fn n_panels(&self) -> usize {
        self.n_sites.div_ceil(COLUMNS)
    }

    /// The rows of `tile` in `panel`.
    #[inline]
    pub(super) fn block(&self, panel: usize, tile: usize) -> &Block {
        let first = (panel * self.n_tiles() + tile) * TILE;
        let rows = self.segments[first..].first_chunk();
        rows.expect("rows are padded to whole tiles")
    }
}
