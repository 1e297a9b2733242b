//! The memory itself: energies, fields, and what its dynamics needs to know once.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::{
    energy::Power, kernels::Kernels, memory::Memory, recall, table::Table, weights::Weights,
};
use crate::{
    control::Control,
    error::Result,
    hopfield::{Dynamics, Hopfield, Outcome, Patterns},
    rng::Words,
    simd::Level,
    spins::acceptance::heat_bath,
};

/// Sites between two looks at the cancel flag.
const BLOCK: usize = 256;

/// A dense associative memory (Krotov and Hopfield 2016): E = -(1 / (n N^(n-1))) sum_mu F(M_mu).
pub struct DenseMemory {
    /// The patterns, and the overlaps with them.
    pub(super) network: Hopfield,
    pub(super) power: Power,
    pub(super) kernels: &'static Kernels,
    /// 2 n N^(n-1): a field is s_i times the cost of a flip, in the integers of F, over this.
    pub(super) scale: f64,
    /// That of ordinary overlaps, and that of all.
    tables: [OnceLock<Option<Table>>; 2],
    /// In how many patterns each spin is up.
    counts: OnceLock<Vec<u32>>,
}

impl DenseMemory {
    /// The memory that stores `patterns` in the energy of `power`.
    ///
    /// # Errors
    /// [`Error::Overflow`](crate::error::Error::Overflow) if sums of energies do not fit in 128
    /// bits.
    pub fn new(patterns: &Patterns, power: Power, level: Level) -> Result<Self> {
        let (n_spins, n) = (patterns.n_spins(), power.order());
        power.check_sums(n_spins, patterns.n_patterns())?;
        Ok(Self {
            network: Hopfield::new(patterns, None, level)?,
            power,
            kernels: Kernels::of(level),
            scale: (2 * u128::from(n) * (n_spins as u128).pow(n - 1)) as f64,
            tables: [const { OnceLock::new() }; 2],
            counts: OnceLock::new(),
        })
    }

    /// The table for overlaps that random patterns have or, if it can be made, that for all.
    pub(super) fn table(&self, for_all: bool) -> Option<&Table> {
        let n_spins = self.n_spins();
        let make = || {
            if for_all {
                Table::of_all(self.power, n_spins)
            } else {
                Table::typical(self.power, n_spins)
            }
        };
        self.tables[usize::from(for_all)].get_or_init(make).as_ref()
    }

    /// In how many patterns each spin is up; bits behind the last pattern count too.
    pub(super) fn counts(&self) -> &[u32] {
        self.counts.get_or_init(|| {
            let rows = self.network.patterns().rows();
            let count = |site| rows.row(site).iter().map(|chunk| chunk.count_ones() as u32).sum();
            (0..self.n_spins()).into_par_iter().map(count).collect()
        })
    }

    /// Whether a visit flips a spin at this cost. Draws from `words` at finite temperature only.
    pub(super) fn flips(
        &self,
        dynamics: &Dynamics,
        cost: i128,
        spin: i8,
        words: &mut Words<'_>,
    ) -> bool {
        if dynamics.is_deterministic() {
            return cost < 0;
        }
        let field = scaled_field(cost, spin) / self.scale;
        heat_bath(dynamics.beta, field, words.uniform()) != (spin > 0)
    }
}

/// h_i times the scale of the memory, of a spin whose flip has this cost.
pub(super) fn scaled_field(cost: i128, spin: i8) -> f64 {
    let field = if spin > 0 { cost } else { -cost };
    // One instruction where 64 bits are enough, and rounded alike.
    i64::try_from(field).map_or(field as f64, |field| field as f64)
}

impl Memory for DenseMemory {
    fn n_spins(&self) -> usize {
        self.network.n_spins()
    }

    fn n_patterns(&self) -> usize {
        self.network.n_patterns()
    }

    fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        self.network.overlaps(spins, control)
    }

    fn energy(&self, _: &[i8], overlaps: &[i64]) -> f64 {
        let sum: i128 = overlaps.iter().map(|&overlap| self.power.value(overlap)).sum();
        // Not by the negative, which would make -0.0 of nothing.
        0.0 - sum as f64 / (self.scale / 2.0)
    }

    fn local_fields(&self, spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        let mut weights = Weights::of_state(self, spins, control)?;
        weights.tabulate();
        let mut fields = vec![0.0; spins.len()];
        let sites: Vec<u32> = (0..spins.len() as u32).collect();
        sites.par_chunks(BLOCK).zip(fields.par_chunks_mut(BLOCK)).try_for_each(
            |(sites, fields)| {
                control.check()?;
                let mut slopes = vec![0; sites.len()];
                weights.weigh(sites, &mut slopes);
                for ((&site, slope), field) in sites.iter().zip(slopes).zip(fields) {
                    let spin = spins[site as usize];
                    *field = scaled_field(weights.cost(site, spin, slope), spin) / self.scale;
                }
                Ok(())
            },
        )?;
        Ok(fields)
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
