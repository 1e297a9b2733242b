//! Simulated annealing (Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983)).

use std::time::{Duration, Instant};

use rayon::current_num_threads;

use super::{
    groups::{Group, collect, cut, groups, on_threads},
    rounds::{Ending, in_rounds},
};
use crate::{
    control::{Control, checkpoint},
    error::Result,
    spins::{Dynamics, SpinModel, Start},
    team::Team,
};

/// Sweeps from one look at the target to the next. The numbers of the sweeps, not the clock, decide when
/// that is, so that a run which reaches its target has the same bits everywhere.
const SWEEPS_PER_LOOK: u64 = 16;

/// How far a state may seem to be above a target, relative to it, and still be summed up again: a
/// sweep tells energies to its own precision.
const SLACK: f64 = 1e-4;

/// What ends an annealing before its last sweep.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Ends it when the state of some replica after a sweep has this energy or a lower one.
    pub target: Option<f64>,
    /// Ends it after so long, between two sweeps.
    pub time: Option<Duration>,
}

/// What was found: rows are replicas.
#[derive(Clone, Debug, Default)]
pub struct Annealing {
    /// Sweeps that all replicas did.
    pub sweeps: u64,
    /// How the run ended.
    pub ending: Ending,
    /// The energy after each sweep; rows have space for all that were planned.
    pub energy: Vec<f64>,
    /// The lowest of them.
    pub best_energy: Vec<f64>,
    /// A state that has it.
    pub best_states: Vec<i8>,
    /// The states at the end.
    pub final_states: Vec<i8>,
    /// What the random streams remember.
    pub streams: Vec<u64>,
}

struct Search<'a, 'b> {
    group: Group<'a>,
    energy: &'b mut [f64],
    best_energy: &'b mut [f64],
    best_states: &'b mut [i8],
    /// Whether the best state is another since the last look at the target.
    is_new: Vec<bool>,
}

impl Search<'_, '_> {
    fn advance(
        &mut self,
        schedule: &[f64],
        from: u64,
        to: u64,
        team: &Team,
        control: &Control,
    ) -> Result<()> {
        let count = self.group.n_replicas;
        let n = self.best_states.len() / count;
        let mut energies = vec![0.0; count];
        for sweep in from as usize..to as usize {
            if sweep == 0 || schedule[sweep].to_bits() != schedule[sweep - 1].to_bits() {
                self.group.walkers.set_betas(&vec![schedule[sweep]; count]);
            }
            self.group.walkers.sweep(1, team, control)?;
            self.group.walkers.energies(&mut energies);
            for (replica, &energy) in energies.iter().enumerate() {
                self.energy[replica * schedule.len() + sweep] = energy;
                if energy < self.best_energy[replica] {
                    self.best_energy[replica] = energy;
                    let state = &mut self.best_states[replica * n..][..n];
                    self.group.walkers.spins(replica, state);
                    self.is_new[replica] = true;
                }
            }
        }
        Ok(())
    }

    /// Whether a state has been found, since this was asked last, whose energy is at most `target`.
    fn reaches(&mut self, target: f64, model: &dyn SpinModel) -> bool {
        let states = self.best_states.chunks(model.n_spins());
        self.is_new.iter_mut().zip(&*self.best_energy).zip(states).any(
            |((is_new, &energy), state)| {
                std::mem::take(is_new)
                    && energy - target <= SLACK * target.abs()
                    && model.energy(state) <= target
            },
        )
    }
}

/// Cools every replica of `start`: sweep t runs at `schedule[t]`, unless a limit ends the run before.
/// The states of `start` count among those found. An interruption is no error.
///
/// # Errors
/// Those of [`SpinModel::walkers`].
pub fn anneal(
    model: &dyn SpinModel,
    dynamics: Dynamics,
    schedule: &[f64],
    limits: Limits,
    start: &Start<'_>,
    control: &Control,
) -> Result<Annealing> {
    let n = model.n_spins();
    let deadline = limits.time.and_then(|time| Instant::now().checked_add(time));
    let mut annealing = Annealing {
        energy: vec![0.0; start.n_replicas() * schedule.len()],
        best_energy: start
            .spins
            .chunks(n)
            .map(|spins| {
                checkpoint();
                model.energy(spins)
            })
            .collect(),
        best_states: start.spins.to_vec(),
        ..Annealing::default()
    };
    let mut energy = &mut annealing.energy[..];
    let mut best_energy = &mut annealing.best_energy[..];
    let mut best_states = &mut annealing.best_states[..];
    let mut searches: Vec<Search<'_, '_>> = groups(model, dynamics, start, current_num_threads())?
        .into_iter()
        .map(|group| {
            let count = group.n_replicas;
            Search {
                group,
                energy: cut(&mut energy, count * schedule.len()),
                best_energy: cut(&mut best_energy, count),
                best_states: cut(&mut best_states, count * n),
                is_new: vec![true; count],
            }
        })
        .collect();
    let (sweeps, ending) =
        in_rounds(schedule.len() as u64, u64::MAX, control, |from, to, control| {
            let mut now = from;
            loop {
                let is_look = now.is_multiple_of(SWEEPS_PER_LOOK);
                let mut reaches =
                    |target| searches.iter_mut().any(|one| one.reaches(target, model));
                if is_look && limits.target.is_some_and(&mut reaches) {
                    return Ok(Some(now));
                }
                if now == to {
                    return Ok(deadline.is_some_and(|end| Instant::now() >= end).then_some(now));
                }
                let look = (now / SWEEPS_PER_LOOK + 1) * SWEEPS_PER_LOOK;
                let stop = if limits.target.is_some() { look.min(to) } else { to };
                on_threads(&mut searches, |search, team| {
                    search.advance(schedule, now, stop, team, control)
                })?;
                now = stop;
            }
        })?;
    let groups: Vec<Group<'_>> = searches.into_iter().map(|search| search.group).collect();
    (annealing.final_states, _, annealing.streams) = collect(&groups, n);
    annealing.sweeps = sweeps;
    annealing.ending = ending;
    Ok(annealing)
}
