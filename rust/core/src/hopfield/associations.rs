//! Pairs of patterns: what recognises one of them is its cue, what then pulls at the spins its answer.
//!
//! With the overlaps M_mu of a state with the cues, the field of spin i is
//!
//! N h_i = sum_mu R_i^mu M_mu - s_i sum_mu R_i^mu X_i^mu,
//!
//! R the answers, X the cues; the last sum takes J_ii = 0 into account. A Hopfield network answers
//! each pattern with itself, a sequence with the next one, and of two layers one answers the other:
//! then no spin is in both, and the last sum is absent.

use rayon::prelude::*;

use super::{overlaps::OverlapPlanes, patterns::Patterns};
use crate::{
    bits::{Chunk, Kernels, ones},
    control::{Control, checkpoint},
    error::{Error, Result},
    simd::Level,
};

/// P cues, their answers, and a threshold a spin or none.
pub(crate) struct Associations {
    pub cues: Patterns,
    pub answers: Patterns,
    pub kernels: &'static Kernels,
    /// N: fields are integers times it.
    pub scale: usize,
    own: Own,
    /// N theta_i, each product rounded once; empty without thresholds.
    scaled_thresholds: Vec<f64>,
    all_patterns: Vec<Chunk>,
}

/// sum_mu R_i^mu X_i^mu, by which a spin would pull at itself.
enum Own {
    /// Cues and answers are of different spins.
    Absent,
    /// P: each pattern answers itself.
    All(i64),
    Each(Vec<i64>),
}

impl Associations {
    /// Patterns that are their own answers, with one threshold a spin or none.
    ///
    /// # Errors
    /// [`Error::Value`] if the thresholds are not N finite numbers.
    pub fn of_themselves(
        patterns: &Patterns,
        thresholds: Option<&[f64]>,
        level: Level,
    ) -> Result<Self> {
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
        let own = Own::All(patterns.n_patterns() as i64);
        Ok(Self { own, scaled_thresholds, ..Self::between(patterns, patterns, n, level)? })
    }

    /// Answers of the same spins as the cues.
    ///
    /// # Errors
    /// [`Error::Value`] if there are not as many answers as cues, or not of as many spins.
    pub fn within(cues: &Patterns, answers: &Patterns, level: Level) -> Result<Self> {
        let n = cues.n_spins();
        if answers.n_spins() != n {
            return Err(Error::expected("answers", format_args!("{n} spins"), answers.n_spins()));
        }
        let pairs = Self::between(cues, answers, n, level)?;
        // P - 2 hamming(R_i, X_i).
        let factors = [cues.n_patterns() as i64, -2];
        let of_site = |i: usize| {
            checkpoint();
            let mut own = [0];
            let cue = cues.rows().row(i);
            (pairs.kernels.correct)(answers.rows(), &[i as u32], cue, factors, &mut own);
            own[0]
        };
        let own = Own::Each((0..n).into_par_iter().map(of_site).collect());
        Ok(Self { own, ..pairs })
    }

    /// Answers of other spins than the cues. All of them together are `n_spins`.
    ///
    /// # Errors
    /// [`Error::Value`] if there are not as many answers as cues.
    pub fn between(
        cues: &Patterns,
        answers: &Patterns,
        n_spins: usize,
        level: Level,
    ) -> Result<Self> {
        let p = cues.n_patterns();
        if answers.n_patterns() != p {
            return Err(Error::expected("answers", format_args!("{p}"), answers.n_patterns()));
        }
        Ok(Self {
            cues: cues.clone(),
            answers: answers.clone(),
            kernels: Kernels::of(level),
            scale: n_spins,
            own: Own::Absent,
            scaled_thresholds: Vec::new(),
            all_patterns: ones(p),
        })
    }

    /// P.
    pub fn n_patterns(&self) -> usize {
        self.cues.n_patterns()
    }

    /// Whether the couplings are those of patterns that answer themselves, and so symmetric.
    pub fn is_symmetric(&self) -> bool {
        matches!(self.own, Own::All(_))
    }

    /// Whether cues and answers are of the same spins, so that J has a diagonal, which is zero.
    pub fn has_diagonal(&self) -> bool {
        !matches!(self.own, Own::Absent)
    }

    /// The part of N h_i that does not come with the integers v_mu: N h_i = 2 sum_mu R_i^mu v_mu
    /// + odd sum_mu R_i^mu - s_i sum_mu R_i^mu X_i^mu.
    pub fn constant_field(&self, site: usize, spin: i8) -> i64 {
        let row_sum = if self.cues.n_spins() % 2 == 1 {
            let row = self.answers.rows().row(site);
            2 * (self.kernels.overlap)(row, &self.all_patterns) - self.n_patterns() as i64
        } else {
            0
        };
        let own = match &self.own {
            Own::Absent => 0,
            Own::All(p) => *p,
            Own::Each(sums) => sums[site],
        };
        row_sum - own * i64::from(spin)
    }

    /// N (h_i - theta_i) from the integer N h_i. The sign is exact: a difference of two floats
    /// rounds to zero only if they are equal.
    #[inline]
    pub fn scaled_field(&self, site: usize, integer: i64) -> f64 {
        integer as f64 - self.scaled_thresholds.get(site).copied().unwrap_or(0.0)
    }

    /// Whether the field flips the spin. A zero field keeps it.
    #[inline]
    pub fn flips(&self, site: usize, integer: i64, spin: i8) -> bool {
        self.scaled_field(site, integer) * f64::from(spin) < 0.0
    }

    /// Whether fields are the bare integers.
    pub fn has_no_thresholds(&self) -> bool {
        self.scaled_thresholds.is_empty()
    }

    /// N theta_i; empty without thresholds.
    pub fn scaled_thresholds(&self) -> &[f64] {
        &self.scaled_thresholds
    }

    /// M_mu of a state of the spins of the cues.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        Ok(OverlapPlanes::of_state(self, spins, control)?.decode())
    }

    /// The local fields, thresholds included, of spins that answer to a state `from`: their own, or
    /// that of the other spins.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn local_fields(&self, from: &[i8], spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        /// Sites between two looks at the cancel flag.
        const BLOCK: usize = 4096;
        let overlaps = OverlapPlanes::of_state(self, from, control)?;
        let mut fields = vec![0.0; spins.len()];
        let sites: Vec<u32> = (0..spins.len() as u32).collect();
        let blocks = sites.par_chunks(BLOCK).zip(fields.par_chunks_mut(BLOCK));
        blocks.try_for_each(|(sites, fields)| {
            control.check()?;
            let mut weights = vec![0; sites.len()];
            overlaps.weigh(sites, &mut weights);
            for ((&site, weight), field) in sites.iter().zip(weights).zip(fields) {
                let site = site as usize;
                let integer = 2 * weight + self.constant_field(site, spins[site]);
                *field = self.scaled_field(site, integer) / self.scale as f64;
            }
            Ok(())
        })?;
        Ok(fields)
    }
}
