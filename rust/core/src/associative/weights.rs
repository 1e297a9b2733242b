//! The weight of each pattern in the fields, C(M_mu), as planes of digits.
//!
//! The cost of a flip of spin i is sum_mu S(M_mu) + s_i sum_mu xi_i^mu C(M_mu): one vector of
//! integers serves all spins until one flips, and a visit is a product of bits and integers. The
//! integers kept are B = 2 C / 2^unit + offset, never negative, so that a sum over the set bits of a
//! row is all that is needed:
//!
//! sum_mu xi^mu 2 C = 2^unit (2 (sum_set B - offset n_set) - (sum_all B - offset n_all)).
//!
//! Their range is that of ordinary overlaps, v = (M - odd) / 2 below an edge. The few others (the
//! memory itself, its neighbours) stand in a list, with what their flips cost.

use super::{
    energy::Power,
    kernels::{Kernels, Line, PATTERNS},
    model::DenseMemory,
};
use crate::{
    bits::{Rows, bit},
    control::Control,
    error::Result,
};

/// Overlaps up to this many standard deviations of a random pattern's are ordinary.
const DEVIATIONS: f64 = 5.0;

/// One pattern in so many, and [`FEW`] more, may stand in the list before a table for all overlaps is
/// cheaper.
const SHARE_LISTED: usize = 256;
const FEW: usize = 32;

/// Entries of the largest table for all overlaps.
const LARGEST_TABLE: usize = 1 << 20;

/// Patterns that are set up between two looks at the cancel flag.
const PIECE: usize = 1 << 16;

/// The value of a pattern that is in the list, and of none at the end of a row.
const LISTED: i32 = i32::MIN;

/// B for every ordinary v.
pub(super) struct Table {
    /// Ordinary v are above -edge and below edge; a flip may lead one there.
    edge: i32,
    /// 1 if N is odd.
    odd: i64,
    unit: u32,
    offset: u64,
    /// Of v = -edge to edge.
    entries: Vec<u64>,
    n_planes: usize,
}

impl Table {
    /// That of ordinary overlaps of `n_spins`.
    pub fn typical(power: Power, n_spins: usize) -> Option<Self> {
        let edge = (DEVIATIONS / 2.0 * (n_spins as f64).sqrt()).ceil() as usize + 2;
        let halves = std::iter::successors(Some(edge), |edge| (*edge > 1).then_some(edge / 2));
        halves.into_iter().find_map(|edge| Self::new(power, n_spins, edge))
    }

    /// That of all overlaps, if it is not too large.
    pub fn of_all(power: Power, n_spins: usize) -> Option<Self> {
        let edge = n_spins.div_ceil(2) + 1;
        if 2 * edge < LARGEST_TABLE { Self::new(power, n_spins, edge) } else { None }
    }

    /// That of v up to `edge`, unless an entry does not fit.
    fn new(power: Power, n_spins: usize, edge: usize) -> Option<Self> {
        let (odd, edge) = ((n_spins % 2) as i64, edge as i32);
        let slope = |v| power.slope(2 * i64::from(v) + odd);
        let slopes: Vec<i128> = (-edge..=edge).map(slope).collect();
        let unit = slopes.iter().fold(0, |bits, slope| bits | slope).trailing_zeros();
        let offset = u64::try_from(-(slopes.iter().min()?.min(&0) >> unit)).ok()?;
        let entry = |slope: &i128| u64::try_from((slope >> unit) + i128::from(offset)).ok();
        let entries: Vec<u64> = slopes.iter().map(entry).collect::<Option<_>>()?;
        let bits = u64::BITS - entries.iter().max()?.leading_zeros();
        Some(Self { edge, odd, unit, offset, entries, n_planes: bits.div_ceil(8) as usize })
    }

    /// v of an overlap.
    fn value(&self, overlap: i64) -> i64 {
        (overlap - self.odd) / 2
    }

    fn is_ordinary(&self, overlap: i64) -> bool {
        self.value(overlap).abs() < i64::from(self.edge)
    }

    /// B of a pattern with this value.
    fn entry(&self, value: i32) -> u64 {
        if value == LISTED { self.offset } else { self.entries[(value + self.edge) as usize] }
    }
}

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
    /// v of each pattern.
    values: Vec<i32>,
    /// The digits of B, plane after plane.
    planes: Vec<Line>,
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
        let (rows, power) = (model.network.patterns.rows(), model.power);
        let n_lines = rows.stride() * Line::IN_CHUNK;
        let mut weights = Self {
            rows,
            power,
            kernels: model.kernels,
            table,
            counts: if table.offset > 0 { model.counts() } else { &[] },
            values: vec![LISTED; n_lines * PATTERNS],
            planes: vec![Line::default(); table.n_planes * n_lines],
            total: 0,
            curvature: 0,
            listed: Vec::new(),
        };
        for (mu, &overlap) in overlaps.iter().enumerate() {
            if mu.is_multiple_of(PIECE) {
                control.check()?;
            }
            if table.is_ordinary(overlap) {
                weights.values[mu] = table.value(overlap) as i32;
                weights.curvature += power.curvature(overlap);
            } else {
                weights.listed.push(Listed::new(power, mu, overlap));
            }
        }
        for mu in 0..weights.values.len() {
            let entry = table.entry(weights.values[mu]);
            weights.write(mu, entry);
            weights.total += i128::from(entry);
        }
        Ok(weights)
    }

    /// For each of `sites` sum_mu xi_i^mu 2 C(M_mu), the listed patterns left out.
    pub fn weigh(&self, sites: &[u32], slopes: &mut [i128]) {
        (self.kernels.weigh)(self.rows, sites, &self.planes, self.table.n_planes, slopes);
        for (slope, &site) in slopes.iter_mut().zip(sites) {
            *slope = self.slope(site, *slope);
        }
    }

    /// sum_mu xi_i^mu 2 C(M_mu) from the sum of B over the set bits of the row.
    fn slope(&self, site: u32, set: i128) -> i128 {
        let offset = i128::from(self.table.offset);
        let count = self.counts.get(site as usize).copied().unwrap_or(0);
        let all = self.total - offset * self.values.len() as i128;
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
        let row = self.rows.row(site as usize);
        let mut set = 0;
        let mut crossing = Vec::new();
        for line in 0..self.values.len() / PATTERNS {
            let word = row[line / Line::IN_CHUNK].0[line % Line::IN_CHUNK];
            for k in 0..PATTERNS {
                let (mu, is_set) = (line * PATTERNS + k, word >> k & 1 == 1);
                let mut value = self.values[mu];
                let mut entry = self.table.entry(value);
                if value != LISTED {
                    self.total -= i128::from(entry);
                    value += if is_set == (spin < 0) { 1 } else { -1 };
                    entry = self.table.entry(value);
                    self.total += i128::from(entry);
                    self.values[mu] = value;
                    self.write(mu, entry);
                    if value.abs() == self.table.edge {
                        crossing.push(mu);
                    }
                }
                set += if is_set { i128::from(entry) } else { 0 };
            }
        }
        // To flip back costs the opposite, which tells the new sum of S.
        self.curvature = i128::from(spin) * (self.slope(site, set) - slope) - self.curvature;
        self.flip_listed(site, spin);
        for mu in crossing {
            self.list(mu);
        }
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
                self.curvature += self.power.curvature(overlap);
                self.set(mu, self.table.value(overlap) as i32);
            } else {
                k += 1;
            }
        }
    }

    /// Moves a pattern to the list.
    fn list(&mut self, mu: usize) {
        let overlap = 2 * i64::from(self.values[mu]) + self.table.odd;
        self.curvature -= self.power.curvature(overlap);
        self.set(mu, LISTED);
        self.listed.push(Listed::new(self.power, mu, overlap));
    }

    fn set(&mut self, mu: usize, value: i32) {
        let (old, new) = (self.table.entry(self.values[mu]), self.table.entry(value));
        self.total += i128::from(new) - i128::from(old);
        self.values[mu] = value;
        self.write(mu, new);
    }

    /// Writes the digits of B of a pattern.
    #[inline]
    fn write(&mut self, mu: usize, entry: u64) {
        let n_lines = self.values.len() / PATTERNS;
        for plane in 0..self.table.n_planes {
            let line = &mut self.planes[plane * n_lines + mu / PATTERNS];
            line.0[mu % PATTERNS] = (entry >> (8 * plane)) as u8;
        }
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
