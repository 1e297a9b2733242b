//! The model as its sweeps see it: in fixed point, and in the order of visits.
//!
//! All pairs interact, so no order of the sites is better than another for the machine; it is a
//! shuffle, for neighbours of a strong coupling must not be visited as the user happened to number
//! them.

use rayon::prelude::*;

use super::{
    Dense,
    kernels::TILE,
    memory::zeros,
    panels::{COLUMNS, Panels, Segment},
    sums::Units,
};
use crate::{
    control::checkpoint,
    error::Result,
    spins::{SpinModel, order::shuffled},
};

/// A field that keeps its spin up: thresholds are 0 or -1 without a scale or a temperature.
pub(super) const NEVER: i32 = 1 << 30;

/// What a sweep reads. Sites have the numbers of their visits, but in `sites`.
pub(super) struct Visits {
    /// The site of each visit.
    pub(super) sites: Vec<u32>,
    /// The scales in single precision, zero beyond the last site.
    pub(super) single_scales: Vec<f32>,
    /// Tile after tile, what its fields in fixed point are in double precision.
    pub(super) units: Vec<Units>,
    pub(super) panels: Panels,
    /// The local fields, in fixed point, of the state with all spins down.
    pub(super) all_down: Vec<Segment>,
}

impl Visits {
    /// Those of a sweep, or of one in the opposite order.
    pub(super) fn new(model: &Dense, reversed: bool) -> Result<Self> {
        let mut sites = shuffled(model.n_spins());
        if reversed {
            sites.reverse();
        }
        let by_visit = || sites.iter().map(|&site| site as usize);
        let mut single_scales: Vec<f32> = by_visit().map(|i| model.scales.single(i)).collect();
        single_scales.resize(single_scales.len().next_multiple_of(TILE), 0.0);
        let units = sites.chunks(TILE).map(|sites| {
            let mut units = Units { scales: [0.0; TILE], fields: [0.0; TILE] };
            for (k, &site) in sites.iter().enumerate() {
                units.scales[k] = 1.0 / model.scales.of(site as usize);
                units.fields[k] = model.field(site as usize);
            }
            units
        });
        Ok(Self {
            single_scales,
            units: units.collect(),
            panels: Panels::new(model, &sites)?,
            all_down: all_down(model, &sites)?,
            sites,
        })
    }
}

/// The fields, in fixed point, of the state with all spins down. A site beyond the last one has a
/// field that no threshold without a scale reaches: its spin, up, never flips.
fn all_down(model: &Dense, sites: &[u32]) -> Result<Vec<Segment>> {
    let n_panels = sites.len().div_ceil(COLUMNS);
    let mut fields = zeros(Some(n_panels), Segment::splat(NEVER), "the fields")?;
    let sum = |&site: &u32| -> i32 {
        checkpoint();
        let i = site as usize;
        let sum: i32 = model.row(i).iter().map(|&j| model.scales.quantise(i, j)).sum();
        model.scales.quantise(i, model.field(i)) - sum
    };
    let sums: Vec<i32> = sites.par_iter().panic_fuse().map(sum).collect();
    for (k, sum) in sums.into_iter().enumerate() {
        *fields[k / COLUMNS].at_mut(k % COLUMNS) = sum;
    }
    Ok(fields)
}
