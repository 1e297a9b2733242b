//! The couplings in fixed point, laid out for the flips of a tile of sites.
//!
//! Row i holds 2 q_ij in the unit of site j: what a flip of spin i adds to, or takes from, the field
//! of site j. Rows are cut into segments of 128 columns; those of one panel of columns in a tile of 64
//! rows are a block of 32 KiB, which stays in the first-level cache while all replicas use it.
//!
//! A row stands in one piece, so that what the machine fetches ahead is the next segment of a row in
//! use. Between rows lies an odd number of segments: a power of two would put a block on few cache lines.

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
    pub(super) fn at_mut(&mut self, k: usize) -> &mut i32 {
        &mut self.0[k / LANES][k % LANES]
    }
}

/// The rows of a tile, in one panel.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    /// From the first row to the last.
    rows: &'a [Segment],
    stride: usize,
}

impl<'a> Block<'a> {
    /// A row; its number counts modulo those of a tile.
    #[inline(always)]
    pub(super) fn row(self, row: usize) -> &'a Segment {
        // SAFETY: `Panels::block` has seen that the last row of the tile is there.
        unsafe { self.rows.get_unchecked(row % TILE * self.stride) }
    }

    /// All of them.
    #[inline(always)]
    pub(super) fn all(self) -> impl Iterator<Item = &'a Segment> {
        (0..TILE).map(move |row| self.row(row))
    }
}

/// The matrix. Rows and columns beyond the last site are zero.
#[derive(Debug)]
pub(super) struct Panels {
    n_sites: usize,
    /// Segments from one row to the next: an odd number.
    stride: usize,
    segments: Vec<Segment>,
}

impl Panels {
    /// The doubled, rounded couplings of a model between its `sites`, in their order.
    pub(super) fn new(model: &Dense, sites: &[u32]) -> Result<Self> {
        let n_sites = sites.len();
        let stride = n_sites.div_ceil(COLUMNS) | 1;
        let n_segments = n_sites.next_multiple_of(TILE).checked_mul(stride);
        let mut segments = zeros(n_segments, Segment::splat(0), "the couplings in fixed point")?;
        let rows = segments.par_chunks_mut(stride).panic_fuse().zip(sites);
        rows.for_each(|(segments, &site)| {
            checkpoint();
            let row = model.row(site as usize);
            for (k, &other) in sites.iter().enumerate() {
                let other = other as usize;
                *segments[k / COLUMNS].at_mut(k % COLUMNS) =
                    2 * model.scales.quantise(other, row[other]);
            }
        });
        Ok(Self { n_sites, stride, segments })
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
    #[inline(always)]
    pub(super) fn block(&self, panel: usize, tile: usize) -> Block<'_> {
        let rows = &self.segments[tile * TILE * self.stride + panel..];
        Block { rows: &rows[..=(TILE - 1) * self.stride], stride: self.stride }
    }
}
