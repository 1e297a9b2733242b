//! An objective and its gradient: which tile of sites and which rows make a task, and what is added
//! to what in the end.
//!
//! A task is a tile of sixteen sites in a segment of rows. Segments depend on the number of rows
//! alone, and their sums are added in their order, so the number of threads changes no bit.

use rayon::prelude::*;

use super::{
    kernels::{ABSENT, BITS, GROUP, Kernels, SITES, Sites, Tables},
    samples::Samples,
};
use crate::{
    control::Control,
    error::{Error, Result},
    simd::Level,
};

/// Rows that have their fields in a cache together: 32 KiB.
const BLOCK: usize = 4 * BITS;

/// Rows of a segment, at least; and how many segments there are, at most: each has a gradient of
/// its own until all are done.
const SEGMENT: usize = 16 * BLOCK;
const MOST_SEGMENTS: usize = 32;

/// What is to be minimised: a mean over samples of a sum over sites i, in the field f_i.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// ln(1 + e^{-2 s_i f_i}): minus the logarithm of the pseudo-likelihood (Besag, The Statistician
    /// 24, 179 (1975)).
    PseudoLikelihood,
    /// e^{-s_i f_i}: the flow of probability out of the samples by single flips (Sohl-Dickstein,
    /// Battaglino and DeWeese, Phys. Rev. Lett. 107, 220601 (2011)), flips that lead to another
    /// sample included; so it is the sum of the interaction screenings of all sites (Vuffray, Misra,
    /// Lokhov and Chertkov, NIPS 29, 2595 (2016)).
    Flow,
}

/// An objective and its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The objective.
    pub value: f64,
    /// By each J_ij = J_ji, row after row; zero on the diagonal.
    pub couplings: Vec<f64>,
    /// By each h_i.
    pub fields: Vec<f64>,
    /// -<s_i df_i> of each site, where df_i is the derivative by its field: of the flow the mean
    /// second derivative by the field, of the pseudo-likelihood that too if the model is right.
    pub curvature: Vec<f64>,
}

/// The couplings and fields of the sites of a tile.
struct Tile {
    fields: Sites,
    couplings: Vec<Sites>,
}

/// What is summed over the rows of a segment, for the sites of a tile: the function, and its
/// derivative times each spin, and in the end times 1.
struct Part {
    value: f64,
    sums: Vec<Sites>,
}

/// What a thread works with.
struct Workspace {
    kernels: &'static Kernels,
    tables: Box<Tables>,
    /// Of a block of rows: fields, then derivatives.
    rows: Vec<Sites>,
}

impl Samples {
    /// The objective at `couplings` (row after row, symmetric, the diagonal ignored) and `fields`.
    ///
    /// # Errors
    /// [`Error::Value`] if there are not as many couplings and fields as the spins ask for.
    pub fn evaluate(
        &self,
        objective: Objective,
        couplings: &[f64],
        fields: &[f64],
        level: Level,
        control: &Control,
    ) -> Result<Evaluation> {
        let n = self.n_spins();
        for (name, values, expected) in [("couplings", couplings, n * n), ("fields", fields, n)] {
            if values.len() != expected {
                let expected = format_args!("{expected} numbers").to_string();
                return Err(Error::expected(name, expected, values.len()));
            }
        }
        let tiles: Vec<_> =
            (0..n.div_ceil(SITES)).map(|t| Tile::new(couplings, fields, t)).collect();
        let parts = self.parts(level, control, |t, first, count, workspace, value| {
            tiles[t].fields(self, first, count, workspace);
            self.derive(objective, t, first, workspace, value);
        })?;
        let (total, sums) = (self.total(), self.sums(&parts));
        let value = parts.iter().map(|part| part.value).sum::<f64>() / total;
        let mut slopes = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..i {
                let slope = (sums[n * i + j] + sums[n * j + i]) / total;
                (slopes[n * i + j], slopes[n * j + i]) = (slope, slope);
            }
        }
        Ok(Evaluation {
            value,
            couplings: slopes,
            fields: sums[n * n..].iter().map(|sum| sum / total).collect(),
            curvature: (0..n).map(|i| -sums[(n + 1) * i] / total).collect(),
        })
    }

    /// Tile after tile and segment after segment, the sums of what `derive(t, first, count, ...)`
    /// leaves in the rows of a block.
    fn parts(
        &self,
        level: Level,
        control: &Control,
        derive: impl Fn(usize, usize, usize, &mut Workspace, &mut f64) + Sync,
    ) -> Result<Vec<Part>> {
        let (segment, segments) = self.segments();
        let workspace = || Workspace {
            kernels: Kernels::of(level),
            tables: empty_tables(),
            rows: Vec::with_capacity(BLOCK),
        };
        (0..self.n_spins().div_ceil(SITES) * segments)
            .into_par_iter()
            .map_init(workspace, |workspace, task| {
                let first = task % segments * segment;
                let last = self.n_rows().min(first + segment);
                let mut part = Part { value: 0.0, sums: vec![Sites::ZERO; self.n_spins() + 1] };
                for first in (first..last).step_by(BLOCK) {
                    control.check()?;
                    let count = BLOCK.min(last - first);
                    derive(task / segments, first, count, workspace, &mut part.value);
                    self.correlate(first, workspace, &mut part.sums);
                }
                Ok(part)
            })
            .collect()
    }

    /// How many rows a segment has, and how many segments there are.
    pub(super) fn segments(&self) -> (usize, usize) {
        let segment = self.n_rows().div_ceil(MOST_SEGMENTS).next_multiple_of(BLOCK).max(SEGMENT);
        (segment, self.n_rows().div_ceil(segment))
    }

    /// Puts derivatives in the place of fields, and adds up the function.
    fn derive(
        &self,
        objective: Objective,
        t: usize,
        first: usize,
        workspace: &mut Workspace,
        value: &mut f64,
    ) {
        let kernels = workspace.kernels;
        for (block, rows) in workspace.rows.chunks_mut(BITS).enumerate() {
            let first = first + BITS * block;
            let (words, shift) = self.tile(t, first, rows.len());
            *value += match (objective, self.weights(first, rows.len())) {
                (Objective::PseudoLikelihood, None) => (kernels.logistic)(rows, words, shift),
                (Objective::PseudoLikelihood, Some(weights)) => {
                    (kernels.weighted_logistic)(rows, words, shift, weights)
                }
                (Objective::Flow, weights) => (kernels.flow)(rows, words, shift, weights),
            };
        }
    }

    /// Adds to `sums` those of the rows times each spin.
    fn correlate(&self, first: usize, workspace: &mut Workspace, sums: &mut [Sites]) {
        let Workspace { kernels, tables, rows } = workspace;
        rows.resize(rows.len().next_multiple_of(GROUP), Sites::ZERO);
        for (block, rows) in rows.chunks(BITS).enumerate() {
            (kernels.add_signed)(rows, self.columns(first / BITS + block), tables, sums);
        }
    }

    /// The sums over all segments: N + 1 rows, row j what the derivative of each site does with
    /// spin j.
    fn sums(&self, parts: &[Part]) -> Vec<f64> {
        let n = self.n_spins();
        let mut sums = vec![0.0; (n + 1) * n];
        for (t, parts) in parts.chunks(self.segments().1).enumerate() {
            let sites = SITES * t..n.min(SITES * (t + 1));
            for part in parts {
                for (row, part) in sums.chunks_exact_mut(n).zip(&part.sums) {
                    for (sum, part) in row[sites.clone()].iter_mut().zip(part.0) {
                        *sum += part;
                    }
                }
            }
        }
        sums
    }
}

/// Tables on the heap.
fn empty_tables() -> Box<Tables> {
    let tables = vec![[Sites::ZERO; 1 << GROUP]; BITS / GROUP].into_boxed_slice();
    tables.try_into().expect("there is one for each group of a word")
}

impl Tile {
    /// Of tile `t`: the couplings of its sites to one another left out on the diagonal.
    fn new(couplings: &[f64], fields: &[f64], t: usize) -> Self {
        let n = fields.len();
        let sites = SITES * t..n.min(SITES * (t + 1));
        let mut bias = Sites([ABSENT; SITES]);
        bias.0[..sites.len()].copy_from_slice(&fields[sites.clone()]);
        let mut rows = vec![Sites::ZERO; n.next_multiple_of(GROUP)];
        for (j, (row, couplings)) in rows.iter_mut().zip(couplings.chunks_exact(n)).enumerate() {
            row.0[..sites.len()].copy_from_slice(&couplings[sites.clone()]);
            if sites.contains(&j) {
                row.0[j - sites.start] = 0.0;
            }
        }
        Self { fields: bias, couplings: rows }
    }

    /// Their fields in `count` rows from `first` on.
    fn fields(&self, samples: &Samples, first: usize, count: usize, workspace: &mut Workspace) {
        let Workspace { kernels, tables, rows } = workspace;
        rows.clear();
        rows.resize(count, self.fields);
        for (w, couplings) in self.couplings.chunks(BITS).enumerate() {
            (kernels.add_signed)(couplings, samples.rows(w, first, count), tables, rows);
        }
    }
}
