//! The network itself: fields, energies, overlaps.

use rayon::prelude::*;

use super::{overlaps::OverlapPlanes, patterns::Patterns};
use crate::{
    bits::{Chunk, Kernels, ones},
    control::Control,
    error::{Error, Result},
    simd::Level,
};

/// A Hopfield network with Hebbian couplings and thresholds.
pub struct Hopfield {
    pub(crate) patterns: Patterns,
    pub(crate) kernels: &'static Kernels,
    /// N theta_i, each product rounded once; empty without thresholds.
    scaled_thresholds: Vec<f64>,
    all_patterns: Vec<Chunk>,
}

impl Hopfield {
    /// The network that stores `patterns`, with one threshold a spin or none.
    ///
    /// # Errors
    /// [`Error::Value`] if the thresholds are not N finite numbers.
    pub fn new(patterns: &Patterns, thresholds: Option<&[f64]>, level: Level) -> Result<Self> {
        let n = patterns.n_spins();
        let scaled_thresholds = match thresholds {
            None => Vec::new(),
            Some(thresholds) if thresholds.len() != n => {
                return Err(Error::expected(
                    "thresholds",
                    format_args!("{n} numbers"),
                    thresholds.len(),
                ));
            }
            Some(thresholds) => thresholds.iter().map(|theta| theta * n as f64).collect(),
        };
        if let Some(bad) = scaled_thresholds.iter().find(|theta| !theta.is_finite()) {
            return Err(Error::expected("thresholds", "finite", bad));
        }
        let all_patterns = ones(patterns.n_patterns());
        let patterns = patterns.clone();
        Ok(Self { patterns, kernels: Kernels::of(level), scaled_thresholds, all_patterns })
    }

    /// N.
    pub fn n_spins(&self) -> usize {
        self.patterns.n_spins()
    }

    /// P.
    pub fn n_patterns(&self) -> usize {
        self.patterns.n_patterns()
    }

    /// The part of N h_i that does not come with the integers v_mu: N h_i = 2 sum_mu xi_i^mu v_mu
    /// + odd sum_mu xi_i^mu - P s_i (the last takes J_ii = 0 into account).
    pub(super) fn constant_field(&self, site: usize, spin: i8) -> i64 {
        let p = self.n_patterns() as i64;
        let row_sum = if self.n_spins() % 2 == 1 {
            let row = self.patterns.rows().row(site);
            2 * (self.kernels.overlap)(row, &self.all_patterns) - p
        } else {
            0
        };
        row_sum - p * i64::from(spin)
    }

    /// N (h_i - theta_i) from the integer N h_i. The sign is exact: a difference of two floats
    /// rounds to zero only if they are equal.
    #[inline]
    pub(super) fn scaled_field(&self, site: usize, integer: i64) -> f64 {
        integer as f64 - self.scaled_thresholds.get(site).copied().unwrap_or(0.0)
    }

    /// Whether the field flips the spin. A zero field keeps it.
    #[inline]
    pub(super) fn flips(&self, site: usize, integer: i64, spin: i8) -> bool {
        self.scaled_field(site, integer) * f64::from(spin) < 0.0
    }

    /// Whether fields are the bare integers.
    pub(super) fn has_no_thresholds(&self) -> bool {
        self.scaled_thresholds.is_empty()
    }

    /// N theta_i; empty without thresholds.
    pub(super) fn scaled_thresholds(&self) -> &[f64] {
        &self.scaled_thresholds
    }

    /// M_mu = sum_i xi_i^mu s_i for every pattern.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        Ok(OverlapPlanes::of_state(&self.patterns, self.kernels, spins, control)?.decode())
    }

    /// The local field of every spin, threshold included.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn local_fields(&self, spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        /// Sites between two looks at the cancel flag.
        const BLOCK: usize = 4096;
        let n = self.n_spins();
        let overlaps = OverlapPlanes::of_state(&self.patterns, self.kernels, spins, control)?;
        let mut fields = vec![0.0; n];
        let sites: Vec<u32> = (0..n as u32).collect();
        let blocks = sites.par_chunks(BLOCK).zip(fields.par_chunks_mut(BLOCK));
        blocks.try_for_each(|(sites, fields)| {
            control.check()?;
            let mut weights = vec![0; sites.len()];
            overlaps.weigh(sites, &mut weights);
            for ((&site, weight), field) in sites.iter().zip(weights).zip(fields) {
                let site = site as usize;
                let integer = 2 * weight + self.constant_field(site, spins[site]);
                *field = self.scaled_field(site, integer) / n as f64;
            }
            Ok(())
        })?;
        Ok(fields)
    }

    /// The energy of a state whose overlaps are known:
    /// E = -(1 / 2N) (sum_mu M_mu^2 - N P) + sum_i theta_i s_i.
    pub fn energy(&self, spins: &[i8], overlaps: &[i64]) -> f64 {
        let n = self.n_spins();
        let squares: i128 = overlaps.iter().map(|&overlap| i128::from(overlap).pow(2)).sum();
        let pairs = squares - n as i128 * self.n_patterns() as i128;
        let thresholds: f64 =
            self.scaled_thresholds.iter().zip(spins).map(|(theta, &s)| theta * f64::from(s)).sum();
        (thresholds - pairs as f64 / 2.0) / n as f64
    }
}
