//! The model: couplings in compressed sparse rows, fields, and what is computed from them as given.

use std::sync::OnceLock;

use super::{
    fixed::Fixed,
    general_walkers::GeneralWalkers,
    lane_walkers::LaneWalkers,
    layout::{Layout, MAX_DEGREE, MAX_SLOTS},
    order::Order,
};
use crate::{
    content::Content,
    control::{Control, checkpoint},
    error::{Error, Result},
    rng::LANES,
    simd::Level,
    spins::{Couplings, Dynamics, Resting, SpinModel, Start, Walkers, clusters::cluster_walkers},
};

/// An Ising model on any graph: E(s) = -sum_{bonds} J_ij s_i s_j - sum_i h_i s_i.
///
/// A pair of sites may share several bonds.
#[derive(Debug)]
pub struct Sparse {
    /// Where each row begins, and where the last one ends.
    offsets: Vec<usize>,
    /// The neighbours of each site, ascending.
    neighbours: Vec<u32>,
    couplings: Vec<f64>,
    /// The field of each site; empty where there is none.
    fields: Vec<f64>,
    /// |J|, if all couplings but the zeros have the same.
    magnitude: Option<f64>,
    level: Level,
    resting: Resting,
    /// What sweeps need, and what those in the opposite order do.
    sweeps: [Sweeps; 2],
}

/// What sweeps need, each made when first needed.
#[derive(Debug, Default)]
struct Sweeps {
    order: OnceLock<Order>,
    /// For sweeps in lanes.
    layout: OnceLock<Layout>,
    /// For sweeps of general couplings.
    fixed: OnceLock<Fixed>,
}

impl Sparse {
    /// The model whose site i has the neighbours `neighbours[offsets[i]..offsets[i + 1]]`, coupled
    /// by the `couplings` of the same places. Every bond stands in the rows of both its sites.
    ///
    /// # Errors
    /// [`Error::Value`] if this is no symmetric matrix of finite numbers without a diagonal.
    pub fn new(
        n_spins: usize,
        offsets: Vec<usize>,
        mut neighbours: Vec<u32>,
        mut couplings: Vec<f64>,
        fields: Option<Vec<f64>>,
        level: Level,
    ) -> Result<Self> {
        check_rows(n_spins, &offsets, &neighbours, &couplings)?;
        sort_rows(&offsets, &mut neighbours, &mut couplings);
        check_symmetry(&offsets, &neighbours, &couplings)?;
        let mut fields = fields.unwrap_or_default();
        if !fields.is_empty() && fields.len() != n_spins {
            return Err(Error::expected("fields", format_args!("{n_spins} long"), fields.len()));
        }
        if let Some(site) = fields.iter().position(|field| !field.is_finite()) {
            return Err(Error::expected(
                "fields",
                "finite",
                format_args!("{} at site {site}", fields[site]),
            ));
        }
        let sum = couplings.iter().chain(&fields).fold(0.0, |sum, value| sum + value.abs());
        if !f64::is_finite(sum) {
            return Err(Error::expected("couplings and fields", "of a finite sum", "an overflow"));
        }
        if fields.iter().all(|&field| field == 0.0) {
            fields = Vec::new();
        }
        #[allow(clippy::float_cmp, reason = "the lanes hold one magnitude, not nearby ones")]
        let magnitude = {
            let mut magnitudes =
                couplings.iter().map(|coupling| coupling.abs()).filter(|&j| j != 0.0);
            let first = magnitudes.next().unwrap_or(1.0);
            magnitudes.all(|magnitude| magnitude == first).then_some(first)
        };
        let resting = Resting::new(n_spins, |site, visit| {
            let row = offsets[site]..offsets[site + 1];
            // Bonds of a pair are one coupling.
            for pair in
                neighbours[row.clone()].chunk_by(|a, b| a == b).scan(row.start, |at, pair| {
                    *at += pair.len();
                    Some(*at - pair.len()..*at)
                })
            {
                visit(couplings[pair].iter().sum());
            }
            visit(fields.get(site).copied().unwrap_or(0.0));
        });
        let sweeps = Default::default();
        Ok(Self { offsets, neighbours, couplings, fields, magnitude, level, resting, sweeps })
    }

    /// The neighbours of a site, ascending, each with its coupling.
    #[inline]
    pub fn neighbours(&self, site: usize) -> impl Iterator<Item = (usize, f64)> + Clone + '_ {
        let row = self.offsets[site]..self.offsets[site + 1];
        let neighbours = self.neighbours[row.clone()].iter().map(|&neighbour| neighbour as usize);
        neighbours.zip(self.couplings[row].iter().copied())
    }

    /// The field on a site.
    #[inline]
    pub fn field(&self, site: usize) -> f64 {
        self.fields.get(site).copied().unwrap_or(0.0)
    }

    /// Whether some site has a field.
    pub fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// |J|, if all couplings but the zeros have the same.
    pub(super) fn magnitude(&self) -> Option<f64> {
        self.magnitude
    }

    /// The number of bonds, zero couplings among them.
    pub fn n_bonds(&self) -> usize {
        self.neighbours.len() / 2
    }

    /// The instruction set in use.
    pub fn level(&self) -> Level {
        self.level
    }

    /// |J| if 64 replicas can move in the bits of a word: one magnitude, no field, a moderate
    /// degree.
    pub(super) fn lane_coupling(&self) -> Option<f64> {
        let n = self.offsets.len() - 1;
        let moderate = |site: usize| {
            self.offsets[site + 1] - self.offsets[site] <= MAX_DEGREE
                || self.neighbours(site).filter(|&(_, j)| j != 0.0).count() <= MAX_DEGREE
        };
        let suits = !self.has_fields() && n < MAX_SLOTS / 8 && (0..n).all(moderate);
        self.magnitude.filter(|_| suits)
    }

    /// |J|, if the energy is a multiple of it: then it is summed in integers, and rounded once.
    pub(super) fn energy_unit(&self) -> Option<f64> {
        self.magnitude.filter(|_| !self.has_fields())
    }

    /// The neighbours of a site with smaller numbers: all together, every bond once.
    #[inline(always)]
    pub(super) fn earlier(&self, site: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.neighbours(site).take_while(move |&(other, _)| other < site)
    }

    /// -sum_{bonds} J s s - sum_i h_i s_i, with J as `coupling` gives it.
    fn sum_of_bonds(&self, spins: &[i8], coupling: impl Fn(f64) -> f64) -> f64 {
        let mut sum = 0.0;
        for (site, &spin) in spins.iter().enumerate() {
            let mut half_field = 0.0;
            for (other, j) in self.earlier(site) {
                half_field += coupling(j) * f64::from(spins[other]);
            }
            sum -= (half_field + self.field(site)) * f64::from(spin);
        }
        sum
    }

    /// When its sites rest.
    pub(super) fn resting(&self) -> Resting {
        self.resting
    }

    /// The order of a sweep, or the opposite one.
    pub(super) fn order(&self, reversed: bool) -> &Order {
        self.sweeps[usize::from(reversed)].order.get_or_init(|| Order::new(self, reversed))
    }

    pub(super) fn fixed(&self, reversed: bool) -> &Fixed {
        let fixed = || Fixed::new(self, self.order(reversed));
        self.sweeps[usize::from(reversed)].fixed.get_or_init(fixed)
    }

    pub(super) fn layout(&self, reversed: bool) -> &Layout {
        let layout = || Layout::new(self, self.order(reversed));
        self.sweeps[usize::from(reversed)].layout.get_or_init(layout)
    }
}

impl SpinModel for Sparse {
    fn n_spins(&self) -> usize {
        self.offsets.len() - 1
    }

    fn energy(&self, spins: &[i8]) -> f64 {
        match self.energy_unit() {
            Some(unit) => unit * self.sum_of_bonds(spins, sign),
            None => self.sum_of_bonds(spins, |coupling| coupling),
        }
    }

    fn local_field(&self, spins: &[i8], site: usize) -> f64 {
        let terms = self.neighbours(site).map(|(other, j)| j * f64::from(spins[other]));
        self.field(site) + terms.fold(0.0, |sum, term| sum + term)
    }

    fn couplings(&self) -> Couplings<'_> {
        let (offsets, neighbours) = (&self.offsets, &self.neighbours);
        Couplings::Rows { offsets, neighbours, values: &self.couplings }
    }

    fn digest(&self, control: &Control) -> Result<u128> {
        let mut content = Content::of("sparse", control);
        content.counts(&self.offsets)?;
        content.sites(&self.neighbours)?;
        content.numbers(&self.couplings)?;
        content.fields(&self.fields)?;
        Ok(content.digest())
    }

    fn worst_rounding(&self, at_zero_temperature: bool) -> Option<(usize, f64)> {
        if self.lane_coupling().is_some() {
            return None;
        }
        let scales = Fixed::scales(self);
        if at_zero_temperature { scales.turned(Fixed::terms(self)) } else { scales.worst() }
    }

    fn block(&self, dynamics: Dynamics, _n_replicas: usize) -> usize {
        if dynamics.is_local() && self.lane_coupling().is_some() { 64 } else { 1 }
    }

    fn together(&self, dynamics: Dynamics, n_replicas: usize) -> usize {
        match self.block(dynamics, n_replicas) {
            1 if dynamics.is_local() => LANES,
            block => block,
        }
    }

    fn walkers<'a>(
        &'a self,
        dynamics: Dynamics,
        start: &Start<'_>,
    ) -> Result<Box<dyn Walkers + 'a>> {
        let (n, block) = (self.n_spins(), self.block(dynamics, start.n_replicas()));
        if start.spins.len() != n * start.n_replicas() {
            return Err(Error::expected(
                "spins",
                format_args!("{} x {n} long", start.n_replicas()),
                start.spins.len(),
            ));
        }
        if !start.first.is_multiple_of(block as u64) {
            return Err(Error::expected(
                "first",
                format_args!("a multiple of {block}"),
                start.first,
            ));
        }
        match self.lane_coupling() {
            Some(coupling) if dynamics.is_local() => {
                Ok(Box::new(LaneWalkers::new(self, coupling, dynamics, start)))
            }
            _ if dynamics.is_local() => Ok(Box::new(GeneralWalkers::new(self, dynamics, start))),
            _ => cluster_walkers(self, dynamics, start),
        }
    }
}

/// -1, 0 or 1.
pub(super) fn sign(coupling: f64) -> f64 {
    f64::from(i8::from(coupling > 0.0) - i8::from(coupling < 0.0))
}

fn check_rows(
    n_spins: usize,
    offsets: &[usize],
    neighbours: &[u32],
    couplings: &[f64],
) -> Result<()> {
    if n_spins == 0 || n_spins > u32::MAX as usize {
        return Err(Error::expected("n_spins", "from 1 to 4294967295", n_spins));
    }
    if couplings.len() != neighbours.len() {
        return Err(Error::expected(
            "couplings",
            format_args!("as many as the neighbours, {}", neighbours.len()),
            couplings.len(),
        ));
    }
    let in_order = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
    let ends = (offsets.first(), offsets.last());
    if offsets.len() != n_spins + 1 || !in_order || ends != (Some(&0), Some(&neighbours.len())) {
        let expected = format!(
            "{} ascending numbers from 0 to the number of neighbours, {}",
            n_spins + 1,
            neighbours.len()
        );
        let got = if in_order { "others" } else { "a descent" };
        return Err(Error::expected("offsets", expected, got));
    }
    for site in 0..n_spins {
        checkpoint();
        let row = offsets[site]..offsets[site + 1];
        for (&neighbour, coupling) in neighbours[row.clone()].iter().zip(&couplings[row]) {
            if neighbour as usize >= n_spins {
                return Err(Error::expected(
                    "neighbours",
                    format_args!("below {n_spins}"),
                    format_args!("{neighbour} at site {site}"),
                ));
            }
            if neighbour as usize == site {
                return Err(Error::expected(
                    "couplings",
                    "between different sites",
                    format_args!("one of site {site} to itself"),
                ));
            }
            if !coupling.is_finite() {
                return Err(Error::expected(
                    "couplings",
                    "finite",
                    format_args!("{coupling} between {site} and {neighbour}"),
                ));
            }
        }
    }
    Ok(())
}

/// Sorts each row by neighbour and coupling: then equal rows are equal lists, and no result depends
/// on the order in which bonds came.
fn sort_rows(offsets: &[usize], neighbours: &mut [u32], couplings: &mut [f64]) {
    let mut sorted = Vec::new();
    for row in offsets.windows(2) {
        checkpoint();
        let (neighbours, couplings) =
            (&mut neighbours[row[0]..row[1]], &mut couplings[row[0]..row[1]]);
        sorted.clear();
        // A sum with zero turns -0 into 0.
        sorted.extend(neighbours.iter().copied().zip(couplings.iter().map(|j| j + 0.0)));
        sorted.sort_unstable_by(|a: &(u32, f64), b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for (k, &(neighbour, coupling)) in sorted.iter().enumerate() {
            (neighbours[k], couplings[k]) = (neighbour, coupling);
        }
    }
}

/// Walks through the upper bonds of all rows in order: that is the order of the lower bonds in
/// every row.
#[allow(clippy::float_cmp, reason = "a bond has one coupling, whichever row is read")]
fn check_symmetry(offsets: &[usize], neighbours: &[u32], couplings: &[f64]) -> Result<()> {
    let n = offsets.len() - 1;
    let mut matched = offsets[..n].to_vec();
    let lonely = |site: usize, place: usize| {
        Err(Error::expected(
            "couplings",
            "symmetric",
            format_args!(
                "a bond of {} from {site} to {} that row {1} does not hold",
                couplings[place], neighbours[place]
            ),
        ))
    };
    for site in 0..n {
        checkpoint();
        for place in offsets[site]..offsets[site + 1] {
            let other = neighbours[place] as usize;
            if other < site {
                if place >= matched[site] {
                    return lonely(site, place);
                }
                continue;
            }
            let twin = matched[other];
            let found = twin < offsets[other + 1]
                && neighbours[twin] as usize == site
                && couplings[twin] == couplings[place];
            if !found {
                // Either this bond has no twin, or one before it in that row has none.
                let earlier = twin < offsets[other + 1] && (neighbours[twin] as usize) < site;
                return if earlier { lonely(other, twin) } else { lonely(site, place) };
            }
            matched[other] += 1;
        }
    }
    Ok(())
}
