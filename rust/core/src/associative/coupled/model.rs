//! The couplings, as they were given and in fixed point.

use rayon::prelude::*;

use super::{measure::common_measure, recall};
use crate::{
    associative::Memory,
    control::Control,
    error::{Error, Result},
    hopfield::{Dynamics, Hopfield, Outcome, Patterns},
    simd::Level,
    spins::fixed_point::Scales,
};

/// Rows between two looks at the cancel flag.
const BLOCK: usize = 64;

/// N spins with any couplings, and the patterns that they were made of. It takes 12 N^2 bytes.
pub struct CoupledMemory {
    /// The patterns, and the overlaps with them.
    network: Hopfield,
    /// J_ij, row after row.
    couplings: Vec<f64>,
    /// The fields h_i that do not depend on the state.
    fields: Vec<f64>,
    is_symmetric: bool,
    /// Units in 1, one a spin: of the common measure of its couplings, or powers of two.
    units: Vec<f64>,
    /// Column after column, each entry in the unit of its row.
    columns: Vec<i32>,
}

impl CoupledMemory {
    /// The memory of these couplings, N x N, row after row, with a zero diagonal, and of fields, one
    /// a spin.
    ///
    /// # Errors
    /// [`Error::Value`] if they are not such, or not finite; [`Error::Memory`];
    /// [`Error::Cancelled`].
    pub fn new(
        patterns: &Patterns,
        couplings: Vec<f64>,
        fields: Option<Vec<f64>>,
        level: Level,
        control: &Control,
    ) -> Result<Self> {
        let n = patterns.n_spins();
        if n.checked_mul(n) != Some(couplings.len()) {
            let got = format_args!("{} numbers", couplings.len());
            return Err(Error::expected("couplings", format_args!("{n} x {n}"), got));
        }
        let wrong = (0..n * n).into_par_iter().find_first(|&k| {
            !couplings[k].is_finite() || (k % (n + 1) == 0 && couplings[k] != 0.0)
        });
        if let Some(k) = wrong {
            let got = format_args!("J[{}, {}] = {}", k / n, k % n, couplings[k]);
            return Err(Error::expected("couplings", "finite, with a zero diagonal", got));
        }
        let fields = fields.unwrap_or_else(|| vec![0.0; n]);
        if fields.len() != n || fields.iter().any(|field| !field.is_finite()) {
            let got = format_args!("{} numbers", fields.len());
            return Err(Error::expected("fields", format_args!("{n} finite numbers"), got));
        }
        let terms = |i: usize, visit: &mut dyn FnMut(f64)| {
            couplings[i * n..][..n].iter().for_each(|&coupling| visit(coupling));
            visit(fields[i]);
        };
        let scales = Scales::new(n, terms);
        let unit = |i: usize| {
            let values = couplings[i * n..][..n].iter().chain([&fields[i]]).copied();
            common_measure(values).map_or_else(|| scales.of(i), f64::recip)
        };
        let units: Vec<f64> = (0..n).into_par_iter().with_max_len(BLOCK).map(unit).collect();
        let mut columns = Vec::new();
        if columns.try_reserve_exact(n * n).is_err() {
            let need = format!("the columns of couplings need {:.1} GB", 4e-9 * (n * n) as f64);
            return Err(Error::Memory(need));
        }
        columns.resize(n * n, 0);
        columns.par_chunks_mut(n).enumerate().with_max_len(BLOCK).try_for_each(|(j, column)| {
            control.check()?;
            for (i, entry) in column.iter_mut().enumerate() {
                *entry = whole(couplings[i * n + j], units[i]);
            }
            Ok(())
        })?;
        let is_symmetric = (0..n).into_par_iter().all(|i| mirrored(&couplings, n, i));
        let network = Hopfield::new(patterns, None, level)?;
        Ok(Self { network, couplings, fields, is_symmetric, units, columns })
    }

    /// Whether J_ij = J_ji, so that there is an energy.
    pub fn is_symmetric(&self) -> bool {
        self.is_symmetric
    }

    /// J_ij, row after row.
    pub fn couplings(&self) -> &[f64] {
        &self.couplings
    }

    /// h_i in the unit of site i.
    pub(super) fn field(&self, site: usize) -> i32 {
        whole(self.fields[site], self.units[site])
    }

    /// Units in 1 of a site.
    pub(super) fn unit(&self, site: usize) -> f64 {
        self.units[site]
    }

    /// J_ij of all i, in the units of i.
    pub(super) fn column(&self, j: usize) -> &[i32] {
        let n = self.network.n_spins();
        &self.columns[j * n..][..n]
    }

    fn row(&self, i: usize) -> &[f64] {
        let n = self.network.n_spins();
        &self.couplings[i * n..][..n]
    }
}

/// A value in units of which so many are 1.
fn whole(value: f64, unit: f64) -> i32 {
    (value * unit).round_ties_even() as i32
}

/// Whether J_ij = J_ji for all j below i.
#[allow(clippy::float_cmp, reason = "a symmetric matrix has equal entries")]
fn mirrored(couplings: &[f64], n: usize, i: usize) -> bool {
    (0..i).all(|j| couplings[i * n + j] == couplings[j * n + i])
}

/// sum_j J_ij s_j, in eight partial sums whatever the machine.
fn product(row: &[f64], spins: &[i8]) -> f64 {
    let mut sums = [0.0; 8];
    for (row, spins) in row.chunks(8).zip(spins.chunks(8)) {
        for (sum, (coupling, &spin)) in sums.iter_mut().zip(row.iter().zip(spins)) {
            *sum += coupling * f64::from(spin);
        }
    }
    sums.iter().sum()
}

impl Memory for CoupledMemory {
    fn n_spins(&self) -> usize {
        self.network.n_spins()
    }

    fn n_patterns(&self) -> usize {
        self.network.n_patterns()
    }

    fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        self.network.overlaps(spins, control)
    }

    /// -1/2 sum_ij J_ij s_i s_j - sum_i h_i s_i; NaN if the couplings are not symmetric, which have none.
    fn energy(&self, spins: &[i8], _overlaps: &[i64]) -> f64 {
        if !self.is_symmetric {
            return f64::NAN;
        }
        let terms = spins.iter().enumerate().map(|(i, &spin)| {
            f64::from(spin) * (0.5 * product(self.row(i), spins) + self.fields[i])
        });
        -terms.sum::<f64>()
    }

    fn local_fields(&self, spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        let rows = (0..spins.len()).into_par_iter().with_max_len(BLOCK);
        rows.map(|i| {
            control.check()?;
            Ok(product(self.row(i), spins) + self.fields[i])
        })
        .collect()
    }

    fn recall(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        clamp: Option<&[bool]>,
        control: &Control,
    ) -> Result<Outcome> {
        recall::run(self, dynamics, replica, spins, clamp, control)
    }
}
