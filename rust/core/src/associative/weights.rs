//! The weight of each pattern in the fields, C(M_mu), as planes of digits.
//!
//! The cost of a flip of spin i is sum_mu S(M_mu) + s_i sum_mu xi_i^mu C(M_mu): one vector of
//! integers serves all spins until one flips, and a visit is a product of bits and integers. The
//! integers kept are B = 2 C / 2^unit + offset, never negative, so that a sum over the set bits of a
//! row is all that is needed:
//!
//! sum_mu xi^mu 2 C = 2^unit (2 (sum_set B - offset n_set) - (sum_all B - offset n_all)).
//!
//! Their range is that of ordinary overlaps. The few others (the memory itself, its neighbours) stand
//! in a list, with what their flips cost.

use super::{
    energy::Power,
    kernels::{Flipped, Kernels, Line, PATTERNS},
    model::DenseMemory,
    table::{Table, Values},
};
use crate::{
    bits::{Rows, bit},
    control::Control,
    error::Result,
};

/// One pattern in so many, and [`FEW`] more, may stand in the list before a table for all overlaps is
/// cheaper.
const SHARE_LISTED: usize = 256;
const FEW: usize = 32;

/// Patterns that are set up between two looks at the cancel flag.
const PIECE: usize = 1 << 16;

/// A pattern with another overlap than ordinary ones.
struct Listed {
    mu: usize,
    overlap: i64,
    /// What a flip costs for it if sigma = xi_i s_i is -1, and if it is +1.
    costs: [i128; 2],
}

impl Listed {
    fn new(power: Power, mu: usize, overlap: i64) -> Self {
        Self { mu, overlap, costs: [power.cost(overlap, -1), power.cost(overlap, 1)] }
    }
}

/// The weights of all patterns for a state, which change when a spin flips.
pub(super) struct Weights<'a> {
    rows: Rows<'a>,
    power: Power,
    kernels: &'static Kernels,
    table: &'a Table,
    /// In how many patterns each spin is up; empty where the table needs none.
    counts: &'a [u32],
    values: Values,
    /// The digits of B, plane after plane.
    planes: Vec<Line>,
    /// What the kernels make of the planes to weigh many rows; empty if nothing yet.
    tables: Vec<Line>,
    /// The sum of all B.
    total: i128,
    /// sum_mu 2 S(M_mu) over the patterns that are not listed.
    curvature: i128,
    listed: Vec<Listed>,
}

impl<'a> Weights<'a> {
    /// Those of the state `spins`.
    pub fn of_state(model: &'a DenseMemory, spins: &[i8], control: &Control) -> Result<Self> {
        let overlaps = model.network.overlaps(spins, control)?;
        let table = choose_table(model, &overlaps);
        let (rows, power) = (model.network.patterns().rows(), model.power);
        let n_lines = rows.stride() * Line::IN_CHUNK;
        let mut weights = Self {
            rows,
            power,
            kernels: model.kernels,
            table,
            counts: if table.offset > 0 { model.counts() } else { &[] },
            values: Values::none(table, n_lines),
            planes: vec![Line::default(); table.n_planes * n_lines],
            tables: Vec::new(),
            total: 0,
            curvature: 0,
            listed: Vec::new(),
        };
        for mu in 0..n_lines * PATTERNS {
            if mu.is_multiple_of(PIECE) {
                control.check()?;
            }
            let overlap = overlaps.get(mu).copied();
            let ordinary = overlap.filter(|&overlap| table.is_ordinary(overlap));
            if let Some(overlap) = ordinary {
                weights.curvature += table.curvature(overlap);
            } else if let Some(overlap) = overlap {
                weights.listed.push(Listed::new(power, mu, overlap));
            }
            weights.total += i128::from(weights.set(mu, ordinary));
        }
        Ok(weights)
    }

    fn n_lines(&self) -> usize {
        self.rows.stride() * Line::IN_CHUNK
    }

    /// Prepares for weighing many sites before one flips.
    pub fn tabulate(&mut self) {
        if self.tables.is_empty() {
            (self.kernels.tabulate)(&self.planes, self.table.n_planes, &mut self.tables);
        }
    }

    /// For each of `sites` sum_mu xi_i^mu 2 C(M_mu), the listed patterns left out.
    pub fn weigh(&self, sites: &[u32], slopes: &mut [i128]) {
        let (planes, n_planes) = (&self.planes, self.table.n_planes);
        (self.kernels.weigh)(self.rows, sites, planes, n_planes, &self.tables, slopes);
        for (slope, &site) in slopes.iter_mut().zip(sites) {
            *slope = self.slope(site, *slope);
        }
    }

    /// sum_mu xi_i^mu 2 C(M_mu) from the sum of B over the set bits of the row.
    fn slope(&self, site: u32, set: i128) -> i128 {
        let offset = i128::from(self.table.offset);
        let count = self.counts.get(site as usize).copied().unwrap_or(0);
        let all = self.total - offset * (self.n_lines() * PATTERNS) as i128;
        (2 * (set - offset * i128::from(count)) - all) << self.table.unit
    }

    /// What a flip of `site`, now `spin`, costs, in the integers of F.
    #[inline]
    pub fn cost(&self, site: u32, spin: i8, slope: i128) -> i128 {
        let mut cost = (self.curvature + i128::from(spin) * slope) >> 1;
        for listed in &self.listed {
            let is_aligned = bit(self.rows.row(site as usize), listed.mu) == (spin > 0);
            cost += listed.costs[usize::from(is_aligned)];
        }
        cost
    }

    /// Takes into account that `site`, now `spin`, flips; its slope is known.
    pub fn flip(&mut self, site: u32, spin: i8, slope: i128) {
        self.tables.clear();
        let row = self.rows.row(site as usize);
        let Flipped { set, total, crosses } = match &mut self.values {
            Values::Bytes(lines) => {
                let Table { edge, digits, .. } = self.table;
                (self.kernels.flip)(row, spin < 0, *edge as i8, digits, lines, &mut self.planes)
            }
            Values::Integers(_) => self.flip_integers(site, spin),
        };
        self.total = total;
        // To flip back costs the opposite, which tells the new sum of S.
        self.curvature = i128::from(spin) * (self.slope(site, set) - slope) - self.curvature;
        self.flip_listed(site, spin);
        if crosses {
            for mu in 0..self.n_lines() * PATTERNS {
                if let Some(value) = self.values.get(mu).filter(|v| v.abs() == self.table.edge) {
                    let overlap = self.table.overlap(value);
                    self.curvature -= self.table.curvature(overlap);
                    self.reset(mu, None);
                    self.listed.push(Listed::new(self.power, mu, overlap));
                }
            }
        }
    }

    /// The kernel `flip`, where values do not fit in bytes.
    fn flip_integers(&mut self, site: u32, spin: i8) -> Flipped {
        let row = self.rows.row(site as usize);
        let mut flipped = Flipped { set: 0, total: 0, crosses: false };
        for mu in 0..self.n_lines() * PATTERNS {
            let is_set = bit(row, mu);
            let step = if is_set == (spin < 0) { 2 } else { -2 };
            let value = self.values.get(mu);
            let overlap = value.map(|value| self.table.overlap(value) + step);
            let entry = i128::from(self.set(mu, overlap));
            flipped.total += entry;
            flipped.set += if is_set { entry } else { 0 };
            flipped.crosses |= overlap.is_some_and(|overlap| !self.table.is_ordinary(overlap));
        }
        flipped
    }

    fn flip_listed(&mut self, site: u32, spin: i8) {
        let row = self.rows.row(site as usize);
        for listed in &mut self.listed {
            let sigma = if bit(row, listed.mu) == (spin > 0) { 1 } else { -1 };
            *listed = Listed::new(self.power, listed.mu, listed.overlap - 2 * sigma);
        }
        let mut k = 0;
        while k < self.listed.len() {
            // Far enough inside that it does not come and go.
            if self.table.is_ordinary(2 * self.listed[k].overlap) {
                let Listed { mu, overlap, .. } = self.listed.swap_remove(k);
                self.curvature += self.table.curvature(overlap);
                self.reset(mu, Some(overlap));
            } else {
                k += 1;
            }
        }
    }

    /// Gives a pattern another overlap among the ordinary ones, or none.
    fn reset(&mut self, mu: usize, overlap: Option<i64>) {
        self.total -= i128::from(self.table.entry(self.values.get(mu)));
        self.total += i128::from(self.set(mu, overlap));
    }

    /// The same but for the sum of all B. Returns the new one.
    #[inline]
    fn set(&mut self, mu: usize, overlap: Option<i64>) -> u64 {
        let value = overlap.map(|overlap| self.table.value(overlap));
        let (entry, n_lines) = (self.table.entry(value), self.n_lines());
        self.values.set(mu, value);
        for plane in 0..self.table.n_planes {
            let line = &mut self.planes[plane * n_lines + mu / PATTERNS];
            line.0[mu % PATTERNS] = (entry >> (8 * plane)) as u8;
        }
        entry
    }
}

/// The table of ordinary overlaps, unless too many would be listed.
fn choose_table<'a>(model: &'a DenseMemory, overlaps: &[i64]) -> &'a Table {
    let typical = model.table(false).expect("the smallest table has small numbers");
    let n_listed = overlaps.iter().filter(|&&overlap| !typical.is_ordinary(overlap)).count();
    if n_listed > FEW + overlaps.len() / SHARE_LISTED {
        model.table(true).unwrap_or(typical)
    } else {
        typical
    }
}
