//! Monte Carlo at fixed temperature.

use rayon::current_num_threads;

use super::{
    groups::{Group, collect, cut, groups, on_threads},
    observables::{Observable, Observables, Snapshots, series_of, snapshots_of},
    rounds::{Ending, in_rounds},
};
use crate::{
    control::Control,
    error::Result,
    spins::{Dynamics, SpinModel, Start},
    team::Team,
};

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How spins are updated.
    pub dynamics: Dynamics,
    /// Sweeps before the first that counts.
    pub warmup: u64,
    /// Sweeps after that.
    pub n_sweeps: u64,
    /// Sweeps from one measurement to the next; the first comes after so many.
    pub every: u64,
    /// Whether the state of each measurement is kept.
    pub keep_states: bool,
}

impl Plan {
    /// How often it measures.
    pub fn n_measurements(&self) -> usize {
        (self.n_sweeps / self.every) as usize
    }

    /// How many measurements have been made after so many sweeps.
    pub(super) fn measured(&self, sweeps: u64) -> usize {
        (sweeps.saturating_sub(self.warmup) / self.every) as usize
    }
}

/// What was measured: rows are replicas.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Measurements that all replicas made; rows have space for all that were planned.
    pub measured: usize,
    /// Sweeps that all replicas did, warmup included.
    pub sweeps: u64,
    /// How the run ended.
    pub ending: Ending,
    /// Total energies.
    pub energy: Vec<f64>,
    /// Magnetizations per spin.
    pub magnetization: Vec<f64>,
    /// The state of each measurement, if kept.
    pub states: Vec<i8>,
    /// Each observable that was asked for: (replicas or pairs (0, 1), (0, 2), ..., (1, 2), ...;
    /// temperatures; measurements; numbers).
    pub series: Vec<Vec<f64>>,
    /// The states at the end.
    pub final_states: Vec<i8>,
    /// Spins flipped by each replica, warmup included.
    pub flips: Vec<u64>,
    /// What the random streams remember.
    pub streams: Vec<u64>,
}

/// A group and where it writes.
struct Recording<'a, 'b> {
    group: Group<'a>,
    energy: &'b mut [f64],
    magnetization: &'b mut [f64],
    states: &'b mut [i8],
    n_spins: usize,
    observables: Option<&'b Observables<'a>>,
    snapshots: Snapshots,
}

impl Recording<'_, '_> {
    /// Moves from sweep `from` to sweep `to`, and measures where it is due.
    fn advance(
        &mut self,
        plan: &Plan,
        from: u64,
        to: u64,
        team: &Team,
        control: &Control,
    ) -> Result<()> {
        let (mut now, behind) = (from, plan.measured(from));
        while now < to {
            // The next measurement: the first comes `every` sweeps after the warmup.
            let measured = plan.measured(now);
            let next = plan.warmup + (measured as u64 + 1) * plan.every;
            let stop = next.min(to);
            self.group.walkers.sweep(stop - now, team, control)?;
            now = stop;
            if now == next {
                self.measure(measured, plan.n_measurements());
                if let Some(observables) = self.observables {
                    let (walkers, snapshots) = (&*self.group.walkers, &mut self.snapshots);
                    observables.keep(walkers, measured - behind, snapshots);
                }
            }
        }
        Ok(())
    }

    fn measure(&mut self, index: usize, n_measurements: usize) {
        let (walkers, count) = (&self.group.walkers, self.group.n_replicas);
        let mut energies = vec![0.0; count];
        let mut magnetizations = vec![0; count];
        walkers.energies(&mut energies);
        walkers.magnetizations(&mut magnetizations);
        for replica in 0..count {
            let place = replica * n_measurements + index;
            self.energy[place] = energies[replica];
            self.magnetization[place] = magnetizations[replica] as f64 / self.n_spins as f64;
            if !self.states.is_empty() {
                walkers.spins(replica, &mut self.states[place * self.n_spins..][..self.n_spins]);
            }
        }
    }
}

/// Samples every replica of `start`, which has those of the first of `rungs` temperatures first. An
/// interruption is no error: what was measured is returned.
///
/// # Errors
/// Those of [`SpinModel::walkers`], and [`Error::Value`](crate::error::Error::Value) if an observable
/// does not fit the model.
pub fn sample(
    model: &dyn SpinModel,
    plan: &Plan,
    asked: &[Observable],
    rungs: usize,
    start: &Start<'_>,
    control: &Control,
) -> Result<Sample> {
    let (n, count) = (model.n_spins(), plan.n_measurements());
    let total = start.n_replicas() * count;
    let n_replicas = start.n_replicas() / rungs;
    let observables = Observables::new(model, plan, asked, n_replicas, rungs)?;
    let observables = observables.as_ref();
    let mut series = series_of(observables, plan);
    let mut sample = Sample {
        energy: vec![0.0; total],
        magnetization: vec![0.0; total],
        states: vec![0; if plan.keep_states { total * n } else { 0 }],
        ..Sample::default()
    };
    let (mut energy, mut magnetization) = (&mut sample.energy[..], &mut sample.magnetization[..]);
    let mut states = &mut sample.states[..];
    let mut recordings: Vec<Recording<'_, '_>> =
        groups(model, plan.dynamics, start, current_num_threads())?
            .into_iter()
            .map(|group| {
                let rows = group.n_replicas * count;
                let kept = if plan.keep_states { rows * n } else { 0 };
                Recording {
                    energy: cut(&mut energy, rows),
                    magnetization: cut(&mut magnetization, rows),
                    states: cut(&mut states, kept),
                    n_spins: n,
                    observables,
                    snapshots: snapshots_of(observables, group.n_replicas),
                    group,
                }
            })
            .collect();
    let longest = observables.map_or(u64::MAX, |all| all.longest_round(plan));
    let all = plan.warmup + plan.n_sweeps;
    let size = recordings.first().map_or(1, |recording| recording.group.n_replicas);
    let (sweeps, ending) = in_rounds(all, longest, control, |from, to, control| {
        on_threads(&mut recordings, |recording, team| {
            recording.advance(plan, from, to, team, control)
        })?;
        if let Some(observables) = observables {
            let recordings = &recordings;
            let row = |index, rung: usize, replica: usize| {
                let walker = rung * n_replicas + replica;
                observables.row(&recordings[walker / size].snapshots, index, walker % size)
            };
            observables.measure(plan, (from, to), row, &mut series);
        }
        Ok(None)
    })?;
    let groups: Vec<Group<'_>> = recordings.into_iter().map(|recording| recording.group).collect();
    (sample.final_states, sample.flips, sample.streams) = collect(&groups, n);
    sample.series = series;
    sample.measured = plan.measured(sweeps);
    sample.sweeps = sweeps;
    sample.ending = ending;
    Ok(sample)
}
