//! Simulated annealing (Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983)).

use rayon::current_num_threads;

use super::{
    groups::{Group, collect, cut, groups, on_threads},
    rounds::{Ending, in_rounds},
};
use crate::{
    control::Control,
    error::Result,
    spins::{Dynamics, SpinModel, Start},
    team::Team,
};

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
}

struct Search<'a, 'b> {
    group: Group<'a>,
    energy: &'b mut [f64],
    best_energy: &'b mut [f64],
    best_states: &'b mut [i8],
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
                }
            }
        }
        Ok(())
    }
}

/// Cools every replica of `start`: sweep t runs at `schedule[t]`. The states of `start` count among
/// those found. An interruption is no error.
///
/// # Errors
/// Those of [`SpinModel::walkers`].
pub fn anneal(
    model: &dyn SpinModel,
    dynamics: Dynamics,
    schedule: &[f64],
    start: &Start<'_>,
    control: &Control,
) -> Result<Annealing> {
    let n = model.n_spins();
    let mut annealing = Annealing {
        energy: vec![0.0; start.n_replicas() * schedule.len()],
        best_energy: start.spins.chunks(n).map(|spins| model.energy(spins)).collect(),
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
            }
        })
        .collect();
    let (sweeps, ending) = in_rounds(schedule.len() as u64, control, |from, to, control| {
        on_threads(&mut searches, |search, team| search.advance(schedule, from, to, team, control))
    })?;
    let groups: Vec<Group<'_>> = searches.into_iter().map(|search| search.group).collect();
    (annealing.final_states, _, _) = collect(&groups, n);
    annealing.sweeps = sweeps;
    annealing.ending = ending;
    Ok(annealing)
}
