//! General couplings in fixed point (`spins/fixed_point.rs`), row by row.

use super::Sparse;
use crate::{
    rng::LANES,
    spins::{SpinModel, fixed_point::Scales, thresholds::SITES},
};

/// What a flip does to a neighbour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bond {
    pub(super) neighbour: u32,
    /// 2 J in the units of the neighbour.
    pub(super) change: i32,
}

/// The couplings and fields of a model as integers.
#[derive(Debug)]
pub(super) struct Fixed {
    pub(super) bonds: Vec<Bond>,
    /// The field of each site in its own units; empty where there is none.
    fields: Vec<i32>,
    /// The units, zeros up to a whole group of sites.
    scales: Vec<f32>,
    /// See [`Scales::common`].
    pub(super) common: f64,
    /// Whether the integers are the couplings and fields, and not only close to them.
    exact: bool,
}

impl Fixed {
    /// The units of all sites.
    pub(super) fn scales(model: &Sparse) -> Scales {
        Scales::new(model.n_spins(), |site, visit| {
            model.neighbours(site).for_each(|(_, coupling)| visit(coupling));
            visit(model.field(site));
        })
    }

    pub(super) fn new(model: &Sparse) -> Self {
        let n = model.n_spins();
        let scales = Self::scales(model);
        let rows = (0..n).flat_map(|site| model.neighbours(site));
        let bonds = rows.map(|(other, coupling)| Bond {
            neighbour: other as u32,
            // A row stays below 2^30.
            change: 2 * scales.quantise(other, coupling),
        });
        let bonds = bonds.collect();
        let fields = if model.has_fields() {
            (0..n).map(|site| scales.quantise(site, model.field(site))).collect()
        } else {
            Vec::new()
        };
        let (common, exact) = (scales.common(), scales.are_exact());
        Self { bonds, fields, scales: scales.padded(SITES), common, exact }
    }

    /// The field of a site, without its neighbours.
    #[inline(always)]
    pub(super) fn field(&self, site: usize) -> i32 {
        self.fields.get(site).copied().unwrap_or(0)
    }

    /// Whether energies can be had from cached fields: E = -1/2 sum_i s_i (h_i + field_i). Dyadic
    /// numbers of moderate range, which add up without rounding, so the order does not matter.
    pub(super) fn is_exact(&self) -> bool {
        self.exact
    }

    /// The energy of a site whose field, its neighbours' and its own, is `field`, pointing up.
    #[inline(always)]
    pub(super) fn site_energy(&self, site: usize, field: i32) -> f64 {
        let both = i64::from(field) + i64::from(self.field(site));
        both as f64 * (-0.5 / f64::from(self.scales[site]))
    }

    /// Groups of sites whose thresholds are drawn together.
    pub(super) fn n_groups(&self) -> usize {
        self.scales.len() / SITES
    }

    /// The units of a group of sites.
    pub(super) fn group_scales(&self, group: usize) -> &[f32; SITES] {
        &self.scales.as_chunks().0[group]
    }
}

/// A number for each of sixteen replicas.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Fields(pub(super) [i32; LANES]);
