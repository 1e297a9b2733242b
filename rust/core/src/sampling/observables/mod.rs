//! What is measured of the states of a run besides energy and magnetization, and how.
//!
//! An observable is numbers of one replica, or of a pair of them, at each measurement. It is computed
//! from their bits at the end of a round: one file below is one kind of observable, and
//! [`Observable`] lists them.

mod fields;
mod overlaps;
mod snapshots;
mod waves;

use rayon::prelude::*;

pub(super) use snapshots::Snapshots;

use self::snapshots::{Order, Packing};
use super::sample::Plan;
use crate::{
    bits::Chunk,
    error::{Error, Result},
    simd::Level,
    spins::{SpinModel, Walkers},
};

/// What can be measured.
#[derive(Clone, Debug)]
pub enum Observable {
    /// Of a pair: (1/N) sum_i s_i^a s_i^b.
    Overlap,
    /// Of a pair: the same of its bonds, in a model with [`SpinModel::links`].
    LinkOverlap,
    /// Of a replica: overlaps with given states.
    OverlapsWith {
        /// The states, one after the other.
        states: Vec<i8>,
        /// What is made of them.
        taken: Taken,
    },
    /// Of a replica or a pair on a lattice: |sum_r s_r exp(i k.r)|^2 / N, in C order of the sites.
    StructureFactor {
        /// Whether it is that of the overlap of a pair, s_r^a s_r^b.
        of_pairs: bool,
        /// The sides of the lattice.
        sides: Vec<usize>,
        /// Wave vectors, in units of 2 pi / side, one after the other.
        wave_vectors: Vec<i64>,
    },
    /// Of a replica: the local field of every spin.
    LocalFields {
        /// Whether only the mean of their sizes is.
        mean_size: bool,
    },
}

/// What is made of the overlaps with several states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Each is kept.
    Each,
    /// The sizes are kept.
    Sizes,
    /// Only the largest is kept.
    Largest,
}

/// An observable that knows the model.
trait Measure: Send + Sync {
    /// Whether it is one of pairs.
    fn of_pairs(&self) -> bool {
        false
    }

    /// Numbers at each measurement.
    fn width(&self) -> usize {
        1
    }

    /// Measures a replica, or a pair; a replica comes twice. `packing` tells what the rows are.
    fn measure(
        &self,
        packing: &Packing,
        rows: [&[Chunk]; 2],
        scratch: &mut Scratch,
        out: &mut [f64],
    );
}

/// Space that one measurement leaves to the next.
#[derive(Default)]
struct Scratch {
    /// The bits of a state in the order of the sites, and a word of zeros.
    bits: Vec<u64>,
    of_rows: Vec<i64>,
    sums: Vec<i64>,
    left: Vec<[f64; 2]>,
}

impl Observable {
    fn of<'a>(
        &self,
        model: &'a dyn SpinModel,
        packing: &Packing,
        level: Level,
    ) -> Result<Box<dyn Measure + 'a>> {
        let n = model.n_spins();
        Ok(match self {
            Self::Overlap => Box::new(overlaps::OfPairs::new(false, level)),
            Self::LinkOverlap => Box::new(overlaps::OfPairs::new(true, level)),
            Self::OverlapsWith { states, taken } => {
                if states.is_empty() || !states.len().is_multiple_of(n) {
                    let expected = format_args!("states of {n} spins");
                    return Err(Error::expected("measure", expected, states.len()));
                }
                let rows = states.chunks(n).flat_map(|state| packing.row_of(state)).collect();
                Box::new(overlaps::WithStates::new(rows, *taken, n, level))
            }
            Self::StructureFactor { of_pairs, sides, wave_vectors } => {
                if sides.iter().product::<usize>() != n || wave_vectors.len() % sides.len() != 0 {
                    let expected = format_args!("the sides of a lattice of {n} spins");
                    return Err(Error::expected("measure", expected, format_args!("{sides:?}")));
                }
                Box::new(waves::Waves::new(*of_pairs, sides, wave_vectors, level))
            }
            Self::LocalFields { mean_size } => {
                Box::new(fields::LocalFields { model, mean_size: *mean_size })
            }
        })
    }
}

/// All observables of a run.
pub(super) struct Observables<'a> {
    packing: Packing,
    measures: Vec<Box<dyn Measure + 'a>>,
    n_replicas: usize,
    rungs: usize,
    /// The replicas of each pair, ascending.
    pairs: Vec<[usize; 2]>,
}

impl<'a> Observables<'a> {
    /// Those of `n_replicas` at each of `rungs` temperatures; None if nothing is asked for.
    ///
    /// # Errors
    /// [`Error::Value`] if an observable does not fit the model.
    pub fn new(
        model: &'a dyn SpinModel,
        plan: &Plan,
        asked: &[Observable],
        n_replicas: usize,
        rungs: usize,
    ) -> Result<Option<Self>> {
        if asked.is_empty() {
            return Ok(None);
        }
        let has_bonds = asked.iter().any(|one| matches!(one, Observable::LinkOverlap));
        let links = if has_bonds { model.links() } else { Vec::new() };
        let in_bits = links.is_empty() && model.keeps_bits(plan.dynamics);
        let order = if in_bits { Order::Sites } else { Order::Squares };
        let level = Level::current()?;
        let packing = Packing::new(model.n_spins(), links, order, n_replicas * rungs, level);
        let measures: Vec<_> =
            asked.iter().map(|one| one.of(model, &packing, level)).collect::<Result<_>>()?;
        let of_pairs = measures.iter().any(|measure| measure.of_pairs());
        let count = if of_pairs { n_replicas } else { 0 };
        Ok(Some(Self {
            packing,
            measures,
            n_replicas,
            rungs,
            pairs: (0..count).flat_map(|a| (a + 1..count).map(move |b| [a, b])).collect(),
        }))
    }

    /// Space for each observable: (replicas or pairs, temperatures, measurements, numbers).
    pub fn series(&self, plan: &Plan) -> Vec<Vec<f64>> {
        let each = self.rungs * plan.n_measurements();
        let rows = |of_pairs| if of_pairs { self.pairs.len() } else { self.n_replicas };
        self.measures
            .iter()
            .map(|one| vec![0.0; rows(one.of_pairs()) * each * one.width()])
            .collect()
    }

    /// Sweeps of a round, at most.
    pub fn longest_round(&self, plan: &Plan) -> u64 {
        plan.every.saturating_mul(self.packing.per_round as u64)
    }

    /// Where a group of replicas keeps its states.
    pub fn snapshots(&self, n_replicas: usize) -> Snapshots {
        self.packing.snapshots(n_replicas)
    }

    /// Keeps the states of a group at measurement number `index` of a round.
    pub fn keep(&self, walkers: &dyn Walkers, index: usize, snapshots: &mut Snapshots) {
        self.packing.keep(walkers, index, snapshots);
    }

    /// The state of replica `replica` of a group at measurement number `index` of a round.
    pub fn row<'s>(&self, snapshots: &'s Snapshots, index: usize, replica: usize) -> &'s [Chunk] {
        self.packing.row(snapshots, index, replica)
    }

    /// Measures everything at the measurements of a round, which went from sweep `from` to `to`. `row`
    /// gives the state of a replica by the measurement's number in the round and the temperature's.
    pub fn measure<'s>(
        &self,
        plan: &Plan,
        (from, to): (u64, u64),
        row: impl Fn(usize, usize, usize) -> &'s [Chunk] + Sync,
        series: &mut [Vec<f64>],
    ) {
        let (done, due) = (plan.measured(from), plan.measured(to));
        if done == due {
            return;
        }
        for (measure, out) in self.measures.iter().zip(series) {
            let width = measure.width();
            out.par_chunks_mut(plan.n_measurements() * width).enumerate().for_each(|(at, out)| {
                let (subject, rung) = (at / self.rungs, at % self.rungs);
                let replicas = if measure.of_pairs() { self.pairs[subject] } else { [subject; 2] };
                let mut scratch = Scratch::default();
                let out = out[done * width..due * width].chunks_mut(width);
                for (index, out) in out.enumerate() {
                    let rows = replicas.map(|replica| row(index, rung, replica));
                    measure.measure(&self.packing, rows, &mut scratch, out);
                }
            });
        }
    }
}

/// Space for what a run of these observables measures.
pub(super) fn series_of(observables: Option<&Observables<'_>>, plan: &Plan) -> Vec<Vec<f64>> {
    observables.map_or_else(Vec::new, |all| all.series(plan))
}

/// Where a group of replicas keeps its states, if anything is measured of them.
pub(super) fn snapshots_of(observables: Option<&Observables<'_>>, n_replicas: usize) -> Snapshots {
    observables.map_or_else(Snapshots::default, |all| all.snapshots(n_replicas))
}
