//! Retrieval trials side by side: the workload of a capacity scan.
//!
//! An instance is a drawn pattern set; its trials start at stored patterns, or at a number of flips
//! from them, and run to the fixed point. A trial depends on its instance and start alone. Small
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

/// One retrieval, from the pattern whose number is `start`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Index of the instance.
    pub instance: usize,
    /// Number of the pattern started at.
    pub start: usize,
    /// Final overlap with it.
    pub overlap: f64,
    /// Sweeps run.
    pub sweeps: u64,
    /// Spins flipped.
    pub flips: u64,
    /// Whether a fixed point was reached.
    pub converged: bool,
}

/// A list of instances and the trials of them that are finished.
pub struct Trials {
    instances: Vec<Instance>,
    n_starts: usize,
    max_sweeps: u64,
    finished: Mutex<Vec<Trial>>,
}

impl Trials {
    /// `n_starts` trials of each of `instances`.
    ///
    /// # Errors
    /// [`Error::Value`] if an instance has too few patterns to start from, or too few spins to
    /// flip.
    pub fn new(instances: Vec<Instance>, n_starts: usize, max_sweeps: u64) -> Result<Self> {
        for Instance { n_spins, n_patterns, n_flips, .. } in &instances {
            if n_starts > *n_patterns {
                return Err(Error::expected(
                    "n_starts",
                    format_args!("at most the number of patterns ({n_patterns} at N = {n_spins})"),
                    n_starts,
                ));
            }
            if n_flips > n_spins {
                return Err(Error::expected("n_flips", format_args!("at most {n_spins}"), n_flips));
            }
        }
        Ok(Self { instances, n_starts, max_sweeps, finished: Mutex::default() })
    }

    /// Trials in all.
    pub fn len(&self) -> usize {
        self.instances.len() * self.n_starts
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
            (0..self.n_starts)
                .into_par_iter()
                .with_max_len(1)
                .try_for_each(|start| self.trial(index, &patterns, start, level, control))?;
        }
        // One loop a thread over a common counter: no more sets in memory than threads.
        let next = AtomicUsize::new(0);
        (0..rayon::current_num_threads()).into_par_iter().with_max_len(1).try_for_each(|_| {
            while let Some(&index) = small.get(next.fetch_add(1, Relaxed)) {
                let patterns = self.draw(index, level, control)?;
                for start in 0..self.n_starts {
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
            beta: f64::INFINITY,
            max_sweeps: self.max_sweeps,
            seed,
        };
        let outcome = model.recall(&dynamics, start as u64, &mut spins, None, control)?;
        let agree = spins.iter().zip(&pattern).filter(|(spin, xi)| spin == xi).count();
        let trial = Trial {
            instance: index,
            start,
            overlap: (2 * agree as i64 - n_spins as i64) as f64 / n_spins as f64,
            sweeps: outcome.sweeps,
            flips: outcome.flips,
            converged: outcome.converged,
        };
        self.finished.lock().unwrap_or_else(PoisonError::into_inner).push(trial);
        control.advance(1);
        Ok(())
    }
}
