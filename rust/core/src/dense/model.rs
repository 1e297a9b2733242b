//! The model: couplings as they were given, and in fixed point for the sweeps.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::{
    disorder::{Disorder, sherrington_kirkpatrick},
    kernels::Kernels,
    replicas::Replicas,
    sums::Sums,
    visits::Visits,
};
use crate::{
    content::Content,
    control::{Control, checkpoint},
    error::{Error, Result},
    lanes::LANES,
    simd::Level,
    spins::{
        Couplings, Dynamics, Resting, SpinModel, Start, Walkers,
        clusters::cluster_walkers,
        fixed_point::Scales,
        thresholds::{Rule, Thresholds},
    },
    threads,
};

/// N spins, each coupled to every other. It takes N^2 (8 + 4) bytes.
pub struct Dense {
    n_spins: usize,
    couplings: Vec<f64>,
    fields: Option<Vec<f64>>,
    pub(super) scales: Scales,
    pub(super) resting: Resting,
    /// What sweeps read, and, made when first needed, what those in the opposite order do.
    visits: [OnceLock<Result<Visits>>; 2],
    pub(super) kernels: &'static Kernels,
    pub(super) thresholds: &'static Thresholds,
    pub(super) sums: &'static Sums,
}

impl Dense {
    /// The model with these couplings (N x N, row after row, symmetric, zero diagonal) and fields.
    ///
    /// # Errors
    /// [`Error::Value`] if they are not such, or not finite; [`Error::Memory`].
    pub fn new(
        n_spins: usize,
        couplings: Vec<f64>,
        fields: Option<Vec<f64>>,
        level: Level,
    ) -> Result<Self> {
        if n_spins == 0 {
            return Err(Error::expected("n_spins", "at least 1", 0));
        }
        if n_spins.checked_mul(n_spins) != Some(couplings.len()) {
            return Err(Error::expected(
                "couplings",
                format_args!("{n_spins} x {n_spins}"),
                format_args!("{} numbers", couplings.len()),
            ));
        }
        validate_couplings(&couplings, n_spins)?;
        if let Some(fields) = &fields {
            validate_fields(fields, n_spins)?;
        }
        let field = |i: usize| fields.as_ref().map_or(0.0, |fields| fields[i]);
        let terms = |i: usize, visit: &mut dyn FnMut(f64)| {
            couplings[i * n_spins..][..n_spins].iter().for_each(|&coupling| visit(coupling));
            visit(field(i));
        };
        let (scales, resting) = (Scales::new(n_spins, terms), Resting::new(n_spins, terms));
        let model = Self {
            n_spins,
            couplings,
            fields,
            scales,
            resting,
            visits: Default::default(),
            kernels: Kernels::of(level),
            thresholds: Thresholds::of(level),
            sums: Sums::of(level),
        };
        model.visits(false)?;
        Ok(model)
    }

    /// An instance of the Sherrington-Kirkpatrick model, without fields.
    ///
    /// # Errors
    /// As [`sherrington_kirkpatrick`] and [`Dense::new`].
    pub fn sherrington_kirkpatrick(
        n_spins: usize,
        disorder: Disorder,
        seed: u64,
        level: Level,
    ) -> Result<Self> {
        Self::new(n_spins, sherrington_kirkpatrick(n_spins, disorder, seed)?, None, level)
    }

    /// J_ij.
    pub fn coupling(&self, i: usize, j: usize) -> f64 {
        self.row(i)[j]
    }

    /// J_ij for all j.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.couplings[i * self.n_spins..][..self.n_spins]
    }

    /// The fields h_i, if there are any.
    pub fn fields(&self) -> Option<&[f64]> {
        self.fields.as_deref()
    }

    /// What a sweep reads, or one in the opposite order.
    pub(super) fn visits(&self, reversed: bool) -> Result<&Visits> {
        let visits = self.visits[usize::from(reversed)].get_or_init(|| Visits::new(self, reversed));
        visits.as_ref().map_err(Clone::clone)
    }

    /// The rule of visits at this temperature.
    pub(super) fn rule(&self, dynamics: Dynamics, beta: f64) -> Rule {
        let rests = self.resting.at(dynamics, beta);
        Rule::new(dynamics.is_heat_bath_at(beta), beta / self.scales.common(), rests)
    }

    /// h_i.
    pub(super) fn field(&self, i: usize) -> f64 {
        self.fields.as_ref().map_or(0.0, |fields| fields[i])
    }

    /// Whether the sweeps see the couplings and fields as they were given, and not rounded to the
    /// fixed point of their site.
    pub fn scales_are_exact(&self) -> bool {
        self.scales.are_exact()
    }

    /// The energies of several states, one after the other in `spins`.
    pub(super) fn energies_of(&self, spins: &[i8], out: &mut [f64]) {
        out.fill(0.0);
        for i in 0..self.n_spins {
            // Each pair once. The row stays in cache for all states.
            let (row, field) = (&self.row(i)[i + 1..], self.field(i));
            for (energy, spins) in out.iter_mut().zip(spins.chunks_exact(self.n_spins)) {
                let sum = (self.sums.product)(row, &spins[i + 1..]) + field;
                *energy -= if spins[i] > 0 { sum } else { -sum };
            }
        }
    }
}

impl SpinModel for Dense {
    fn n_spins(&self) -> usize {
        self.n_spins
    }

    fn energy(&self, spins: &[i8]) -> f64 {
        let mut energy = [0.0];
        self.energies_of(spins, &mut energy);
        energy[0]
    }

    fn local_field(&self, spins: &[i8], i: usize) -> f64 {
        (self.sums.product)(self.row(i), spins) + self.field(i)
    }

    fn couplings(&self) -> Couplings<'_> {
        Couplings::Dense(&self.couplings)
    }

    fn digest(&self, control: &Control) -> Result<u128> {
        let mut content = Content::of("dense", control);
        content.numbers(&self.couplings)?;
        content.fields(self.fields().unwrap_or_default())?;
        Ok(content.digest())
    }

    fn worst_rounding(&self, at_zero_temperature: bool) -> Option<(usize, f64)> {
        if !at_zero_temperature {
            return self.scales.worst();
        }
        self.scales.turned(|i, visit| {
            self.row(i).iter().for_each(|&coupling| visit(coupling));
            visit(self.field(i));
        })
    }

    fn together(&self, _dynamics: Dynamics, n_replicas: usize) -> usize {
        // Outside a pool, the number of threads must be found without making the global one.
        let n_threads = match rayon::current_thread_index() {
            Some(_) => rayon::current_num_threads(),
            None => threads::available().unwrap_or(1),
        };
        let share = n_replicas.div_ceil(n_threads).max(1);
        // One pass over the matrix serves a group. Beyond this its fields leave the cache.
        let groups = share.div_ceil(4 * LANES);
        let size = share.div_ceil(groups);
        if size <= LANES { size } else { size.next_multiple_of(LANES) }
    }

    fn walkers<'a>(
        &'a self,
        dynamics: Dynamics,
        start: &Start<'_>,
    ) -> Result<Box<dyn Walkers + 'a>> {
        match dynamics {
            Dynamics::Metropolis | Dynamics::HeatBath => {
                Ok(Box::new(Replicas::new(self, dynamics, start)?))
            }
            Dynamics::Wolff | Dynamics::SwendsenWang => cluster_walkers(self, dynamics, start),
        }
    }
}

impl std::fmt::Debug for Dense {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dense").field("n_spins", &self.n_spins).finish_non_exhaustive()
    }
}

/// The first entry that is wrong is named. Squares are compared with their mirror images, so that
/// both stay in cache.
#[allow(clippy::float_cmp, reason = "a symmetric matrix has equal entries")]
fn validate_couplings(couplings: &[f64], n: usize) -> Result<()> {
    const SIDE: usize = 64;
    let wrong = |i: usize, j: usize| {
        let (a, b) = (couplings[i * n + j], couplings[j * n + i]);
        !a.is_finite() || a != b || (i == j && a != 0.0)
    };
    let band = |first: usize| {
        checkpoint();
        let rows = first..n.min(first + SIDE);
        let any = (0..n).step_by(SIDE).any(|column| {
            let columns = column..n.min(column + SIDE);
            rows.clone().any(|i| columns.clone().any(|j| wrong(i, j)))
        });
        any.then(|| rows.flat_map(|i| (0..n).map(move |j| (i, j))).find(|&(i, j)| wrong(i, j)))?
    };
    let bands = (0..n.div_ceil(SIDE)).into_par_iter().panic_fuse();
    let Some((i, j)) = bands.find_map_first(|index| band(index * SIDE)) else {
        return Ok(());
    };
    let (a, b) = (couplings[i * n + j], couplings[j * n + i]);
    Err(if !a.is_finite() {
        Error::expected("couplings", "finite", format_args!("J[{i}, {j}] = {a}"))
    } else if i == j {
        Error::expected("couplings", "zero on the diagonal", format_args!("J[{i}, {i}] = {a}"))
    } else {
        let got = format_args!("J[{i}, {j}] = {a} and J[{j}, {i}] = {b}");
        Error::expected("couplings", "symmetric", got)
    })
}

fn validate_fields(fields: &[f64], n: usize) -> Result<()> {
    if fields.len() != n {
        return Err(Error::expected("fields", format_args!("{n} numbers"), fields.len()));
    }
    match fields.iter().position(|field| !field.is_finite()) {
        Some(i) => Err(Error::expected("fields", "finite", format_args!("h[{i}] = {}", fields[i]))),
        None => Ok(()),
    }
}
