//! Retrieval trials side by side: the workload of a capacity scan.
//!
//! An instance is a drawn pattern set; its trials start at stored patterns, or at a number of flips
//! from them, and run to the fixed point or, at a temperature, for given numbers of sweeps. A trial
//! depends on its instance and start alone. Small
//! instances run one a thread; a large one is shared by all threads, its starts side by side and
//! the last of them by look-ahead, so that at most one large set is in memory and a trial that has
//! lost its memory (ten times the sweeps) holds nobody up.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use rayon::prelude::*;

use super::{Dynamics, Hopfield, Patterns, Update, patterns::corrupt};
use crate::{
    bits::{CHUNK_BITS, Chunk},
    control::Control,
    error::{Error, Result},
    simd::Level,
};

/// Bytes of a pattern set above which the threads share it.
const SHARE_ABOVE: usize = 1 << 26;

/// A pattern set to be drawn, and how far from its patterns to start.
#[derive(Clone, Copy, Debug)]
pub struct Instance {
    /// N.
    pub n_spins: usize,
    /// P.
    pub n_patterns: usize,
    /// Keys the patterns and the corruption of the starts.
    pub seed: u64,
    /// Spins flipped at the start.
    pub n_flips: usize,
}

/// What is asked of every trial.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Trials of each instance.
    pub n_starts: usize,
    /// The inverse temperature of the heat bath; infinite for the descent to a fixed point.
    pub beta: f64,
    /// After how many sweeps the overlap is asked, ascending. A descent has one number, its most.
    pub sweeps: Vec<u64>,
    /// The share of these sweeps, at their end, over which the overlap is averaged. Of a descent only
    /// the final state counts.
    pub average: f64,
    /// A trial whose overlap is below this after a sweep, but the last, ends there.
    pub abandon: Option<f64>,
}

/// One retrieval, from the pattern whose number is `start`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Index of the instance.
    pub instance: usize,
    /// Number of the pattern started at.
    pub start: usize,
    /// The overlap with it, by the numbers of sweeps after which it is asked: of the final state, or
    /// averaged at a temperature. That of an abandoned trial is its last, wherever it had no other.
    pub overlaps: Vec<f64>,
    /// Sweeps run.
    pub sweeps: u64,
    /// Spins flipped.
    pub flips: u64,
    /// Whether a fixed point was reached.
    pub converged: bool,
    /// Whether it was ended because its overlap was too small.
    pub abandoned: bool,
}

/// A list of instances and the trials of them that are finished.
pub struct Trials {
    instances: Vec<Instance>,
    rules: Rules,
    finished: Mutex<Vec<Trial>>,
}

impl Trials {
    /// The trials of `instances` by these `rules`.
    ///
    /// # Errors
    /// [`Error::Value`] if an instance has too few patterns to start from, or too few spins to
    /// flip.
    pub fn new(instances: Vec<Instance>, rules: Rules) -> Result<Self> {
        for Instance { n_spins, n_patterns, n_flips, .. } in &instances {
            if rules.n_starts > *n_patterns {
                return Err(Error::expected(
                    "n_starts",
                    format_args!("at most the number of patterns ({n_patterns} at N = {n_spins})"),
                    rules.n_starts,
                ));
            }
            if n_flips > n_spins {
                return Err(Error::expected("n_flips", format_args!("at most {n_spins}"), n_flips));
            }
        }
        Ok(Self { instances, rules, finished: Mutex::default() })
    }

    /// Trials in all.
    pub fn len(&self) -> usize {
        self.instances.len() * self.rules.n_starts
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The finished trials, by instance and start.
    pub fn finished(&self) -> Vec<Trial> {
        let mut trials = self.finished.lock().unwrap_or_else(PoisonError::into_inner).clone();
        trials.sort_unstable_by_key(|trial| (trial.instance, trial.start));
        trials
    }

    /// Runs every trial on the current pool, the costliest first.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Cancelled`]; what was finished stays in [`Trials::finished`].
    pub fn run(&self, level: Level, control: &Control) -> Result<()> {
        let mut order: Vec<usize> = (0..self.instances.len()).collect();
        let size = |index: &usize| {
            let Instance { n_spins, n_patterns, .. } = self.instances[*index];
            n_spins * n_patterns.div_ceil(CHUNK_BITS) * size_of::<Chunk>()
        };
        // A sweep reads the whole set, so its size is what a trial costs.
        order.sort_by_key(|index| std::cmp::Reverse(size(index)));
        let (large, small) = order.split_at(order.partition_point(|i| size(i) > SHARE_ABOVE));
        for &index in large {
            let patterns = self.draw(index, level, control)?;
            (0..self.rules.n_starts)
                .into_par_iter()
                .with_max_len(1)
                .try_for_each(|start| self.trial(index, &patterns, start, level, control))?;
        }
        // One loop a thread over a common counter: no more sets in memory than threads.
        let next = AtomicUsize::new(0);
        (0..rayon::current_num_threads()).into_par_iter().with_max_len(1).try_for_each(|_| {
            while let Some(&index) = small.get(next.fetch_add(1, Relaxed)) {
                let patterns = self.draw(index, level, control)?;
                for start in 0..self.rules.n_starts {
                    self.trial(index, &patterns, start, level, control)?;
                }
            }
            Ok(())
        })
    }

    fn draw(&self, index: usize, level: Level, control: &Control) -> Result<Patterns> {
        let Instance { n_spins, n_patterns, seed, .. } = self.instances[index];
        Patterns::random(n_patterns, n_spins, seed, level, control)
    }

    fn trial(
        &self,
        index: usize,
        patterns: &Patterns,
        start: usize,
        level: Level,
        control: &Control,
    ) -> Result<()> {
        let Instance { n_spins, seed, n_flips, .. } = self.instances[index];
        let mut pattern = vec![0; n_spins];
        patterns.pattern(start, &mut pattern);
        let mut spins = pattern.clone();
        corrupt(&mut spins, n_flips, seed, start as u64);
        let model = Hopfield::new(patterns, None, level)?;
        let dynamics = Dynamics {
            update: Update::Sequential,
            beta: self.rules.beta,
            max_sweeps: self.rules.sweeps.last().copied().unwrap_or(0),
            seed,
        };
        let mut overlaps = Averages::new(&self.rules, n_spins);
        let mut abandoned = false;
        let mut watch = |sweep, spins: &[i8]| {
            abandoned = overlaps.add(sweep, overlap(spins, &pattern));
            !abandoned
        };
        let outcome =
            model.recall_watched(&dynamics, start as u64, &mut spins, &mut watch, control)?;
        let trial = Trial {
            instance: index,
            start,
            overlaps: overlaps.finish(overlap(&spins, &pattern)),
            sweeps: outcome.sweeps,
            flips: outcome.flips,
            converged: outcome.converged,
            abandoned,
        };
        self.finished.lock().unwrap_or_else(PoisonError::into_inner).push(trial);
        control.advance(1);
        Ok(())
    }
}

/// sum_i s_i xi_i.
fn overlap(spins: &[i8], pattern: &[i8]) -> i64 {
    let agree = spins.iter().zip(pattern).filter(|(spin, xi)| spin == xi).count();
    2 * agree as i64 - spins.len() as i64
}

/// The overlap of one trial, averaged over the ends of its numbers of sweeps.
struct Averages<'a> {
    rules: &'a Rules,
    n_spins: f64,
    /// Of all sweeps so far; of integers, so that the order does not matter.
    sum: i64,
    /// The sum before each average begins.
    before: Vec<i64>,
    done: Vec<f64>,
}

impl<'a> Averages<'a> {
    fn new(rules: &'a Rules, n_spins: usize) -> Self {
        let before = vec![0; rules.sweeps.len()];
        Self { rules, n_spins: n_spins as f64, sum: 0, before, done: Vec::new() }
    }

    /// How many sweeps at the end of `sweeps` are averaged.
    fn length(&self, sweeps: u64) -> u64 {
        if self.rules.beta == f64::INFINITY {
            return 1;
        }
        ((self.rules.average * sweeps as f64).round() as u64).clamp(1, sweeps)
    }

    /// Takes the overlap after a sweep; says whether the trial is to be abandoned.
    fn add(&mut self, sweep: u64, overlap: i64) -> bool {
        for k in self.done.len()..self.rules.sweeps.len() {
            if sweep == self.rules.sweeps[k] - self.length(self.rules.sweeps[k]) + 1 {
                self.before[k] = self.sum;
            }
        }
        self.sum += overlap;
        while self.rules.sweeps.get(self.done.len()) == Some(&sweep) {
            let sum = self.sum - self.before[self.done.len()];
            self.done.push(sum as f64 / self.length(sweep) as f64 / self.n_spins);
        }
        let is_over = self.done.len() == self.rules.sweeps.len();
        !is_over && self.rules.abandon.is_some_and(|least| (overlap as f64) < least * self.n_spins)
    }

    /// The averages, those that were not finished replaced by the `last` overlap.
    fn finish(mut self, last: i64) -> Vec<f64> {
        self.done.resize(self.rules.sweeps.len(), last as f64 / self.n_spins);
        self.done
    }
}
