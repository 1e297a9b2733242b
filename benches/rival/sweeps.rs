//! Sweeps of one of our models, timed beside a sweep of the rival's.

use std::sync::Mutex;

use criterion::{Criterion, Throughput};
use pyo3::prelude::*;
use spinglass_core::{
    control::Control,
    spins::{Dynamics, SpinModel, Start, Walkers},
    team::Team,
};

use crate::rival::{RUNS, group, pool};

/// One comparison: both sides sweep the same model at the same temperature from the same start.
pub struct Sweeps<'a> {
    pub name: String,
    pub model: &'a dyn SpinModel,
    pub beta: f64,
    pub n_replicas: usize,
    /// Sweeps before the energies are compared and the clock starts.
    pub warmup: u64,
    /// How far the mean energies per spin may then differ.
    pub tolerance: f64,
}

impl Sweeps<'_> {
    /// Replicas of a group, of which there are about `parts`.
    fn size(&self, parts: usize) -> usize {
        let block = self.model.block(Dynamics::Metropolis, self.n_replicas);
        self.n_replicas.div_ceil(parts).next_multiple_of(block)
    }

    /// Our replicas in about `parts` groups, from all spins up.
    fn walkers(&self, parts: usize) -> Vec<Box<dyn Walkers + '_>> {
        let n = self.model.n_spins();
        let size = self.size(parts);
        (0..self.n_replicas)
            .step_by(size)
            .map(|first| {
                let count = size.min(self.n_replicas - first);
                let start = Start {
                    seed: 1,
                    first: first as u64,
                    sweeps: 0,
                    betas: &vec![self.beta; count],
                    spins: &vec![1; count * n],
                    ..Start::default()
                };
                self.model.walkers(Dynamics::Metropolis, &start).expect("any model has local moves")
            })
            .collect()
    }

    /// Times `sweeps` of our sweeps on 1 and 2 threads, and one call of the rival's `sweep`, which
    /// does `rival_sweeps` of its own with `rival_replicas` replicas. Throughput is in updates.
    pub fn compare(
        &self,
        criterion: &mut Criterion,
        sweeps: u64,
        rival: &Bound<'_, PyAny>,
        rival_replicas: usize,
    ) {
        let n = self.model.n_spins();
        let mut group = group(criterion, self.name.clone(), 3.0);
        let mut ours = f64::NAN;
        for n_threads in [1, 2] {
            // A single system is shared by the threads, many are divided among them.
            let alone = self.n_replicas < n_threads;
            let walkers = Mutex::new(self.walkers(if alone { 1 } else { n_threads }));
            let run = |sweeps| {
                pool(n_threads).install(|| {
                    let mut walkers = walkers.lock().expect("nobody panics");
                    let walkers = &mut walkers[..];
                    let (control, team) = (Control::default(), Team::of_pool());
                    if let [only] = walkers {
                        return only.sweep(sweeps, &team, &control).expect("nobody cancels");
                    }
                    rayon::scope(|scope| {
                        for group in walkers.iter_mut() {
                            let control = &control;
                            scope.spawn(move |_| {
                                let done = group.sweep(sweeps, &Team::alone(), control);
                                done.expect("nobody cancels");
                            });
                        }
                    });
                });
            };
            run(self.warmup);
            let mut energies = vec![0.0; self.n_replicas];
            let groups = walkers.lock().expect("nobody panics");
            let parts = energies.chunks_mut(self.size(groups.len()));
            groups.iter().zip(parts).for_each(|(walkers, energies)| walkers.energies(energies));
            drop(groups);
            ours = energies.iter().sum::<f64>() / (self.n_replicas * n) as f64;
            group.throughput(Throughput::Elements(sweeps * (n * self.n_replicas) as u64));
            group.bench_function(format!("spinglass, threads={n_threads}"), |bencher| {
                bencher.iter(|| run(sweeps));
            });
        }
        let theirs: f64 = rival
            .call_method1("run", (self.warmup,))
            .and_then(|energy| energy.extract())
            .expect(RUNS);
        assert!(
            (ours - theirs).abs() < self.tolerance,
            "{}: energy per spin {ours}, and {theirs} from NumPy",
            self.name
        );
        group.throughput(Throughput::Elements((n * rival_replicas) as u64));
        group.bench_function("numpy", |bencher| {
            bencher.iter(|| rival.call_method1("run", (1,)).expect(RUNS));
        });
        group.finish();
    }
}
