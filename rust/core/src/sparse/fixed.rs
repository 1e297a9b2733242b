//! General couplings in fixed point (`spins/fixed_point.rs`), row by row in the order of visits.
//!
//! Sites have the numbers of their visits here.

use super::{Sparse, order::Order};
use crate::{
    control::checkpoint,
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
    /// Where the row of each site begins, and where the last one ends.
    pub(super) offsets: Vec<usize>,
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
    /// What passes the couplings and the field of a site.
    pub(super) fn terms(model: &Sparse) -> impl Fn(usize, &mut dyn FnMut(f64)) + Sync + '_ {
        |site, visit| {
            model.neighbours(site).for_each(|(_, coupling)| visit(coupling));
            visit(model.field(site));
        }
    }

    /// The units of all sites.
    pub(super) fn scales(model: &Sparse) -> Scales {
        Scales::new(model.n_spins(), Self::terms(model))
    }

    pub(super) fn new(model: &Sparse, order: &Order) -> Self {
        let scales = Self::scales(model);
        let visits = || order.sites.iter().map(|&site| site as usize);
        let (mut offsets, mut bonds) = (vec![0], Vec::with_capacity(2 * model.n_bonds()));
        for site in visits() {
            checkpoint();
            bonds.extend(model.neighbours(site).map(|(other, coupling)| Bond {
                neighbour: order.places[other],
                // A row stays below 2^30.
                change: 2 * scales.quantise(other, coupling),
            }));
            offsets.push(bonds.len());
        }
        let fields = if model.has_fields() {
            visits().map(|site| scales.quantise(site, model.field(site))).collect()
        } else {
            Vec::new()
        };
        let (common, exact) = (scales.common(), scales.are_exact());
        let mut scales: Vec<f32> = visits().map(|site| scales.single(site)).collect();
        scales.resize(scales.len().next_multiple_of(SITES), 0.0);
        Self { offsets, bonds, fields, scales, common, exact }
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
