//! Parallel tempering (Hukushima and Nemoto, J. Phys. Soc. Jpn 65, 1604 (1996)).
//!
//! A *ladder* has one walker a temperature. After each sweep neighbouring temperatures, even pairs
//! and odd pairs in turn, exchange their walkers with probability
//! min(1, exp((beta_a - beta_b) (E_a - E_b))). What moves is the temperature, not the state: a
//! walker keeps its number and its random stream.

use rayon::prelude::*;

use super::{
    groups::{Group, collect, groups},
    ladder::{Ladder, Seen, ladders},
    observables::{Observable, Observables, Snapshots, series_of, snapshots_of},
    rounds::{Ending, in_rounds},
    sample::Plan,
};
use crate::{
    bits::Chunk,
    control::Control,
    error::Result,
    spins::{SpinModel, Start},
    team::Team,
};

/// Spin updates in a sweep of one ladder above which it is worth more than one thread.
const WORTH_SHARING: usize = 1 << 14;

/// Where the ladders begin.
#[derive(Clone, Copy, Debug)]
pub struct Ladders<'a> {
    /// Keys the random streams.
    pub seed: u64,
    /// How many independent ladders.
    pub n_ladders: usize,
    /// The inverse temperatures, ascending.
    pub betas: &'a [f64],
    /// Sweeps that lie behind.
    pub sweeps: u64,
    /// The states, temperature after temperature, ladder after ladder.
    pub spins: &'a [i8],
    /// Which walker of the ladder is at each temperature; empty for a fresh start.
    pub order: &'a [u32],
    /// Which end of the ladder each walker has seen last; empty if round trips begin here.
    pub seen: &'a [Seen],
    /// What the random streams remember, walker after walker; empty for a fresh start.
    pub streams: &'a [u64],
    /// Which spins of a ladder keep their value, ladder after ladder; empty if all are free. The
    /// states of a ladder must agree there, as they exchange their temperatures.
    pub held: &'a [bool],
}

/// What was measured: rows are temperatures, ladder after ladder.
#[derive(Clone, Debug, Default)]
pub struct Tempering {
    /// Measurements that all ladders made; rows have space for all that were planned.
    pub measured: usize,
    /// Sweeps that all ladders did, warmup included.
    pub sweeps: u64,
    /// How the run ended.
    pub ending: Ending,
    /// Total energies.
    pub energy: Vec<f64>,
    /// Magnetizations per spin.
    pub magnetization: Vec<f64>,
    /// The state of each measurement, if kept.
    pub states: Vec<i8>,
    /// As in [`Sample`](super::Sample); replicas are ladders.
    pub series: Vec<Vec<f64>>,
    /// The states at the end.
    pub final_states: Vec<i8>,
    /// Spins flipped at each temperature, warmup included.
    pub flips: Vec<u64>,
    /// Exchanges tried and made between each temperature and the next, in measured sweeps.
    pub tried: Vec<u64>,
    /// See `tried`.
    pub exchanged: Vec<u64>,
    /// Journeys from the hottest temperature to the coldest and back, in measured sweeps.
    pub round_trips: Vec<u64>,
    /// Which walker of the ladder is at each temperature.
    pub order: Vec<u32>,
    /// Which one was there at the last measurement, before the exchanges that followed.
    pub measured_order: Vec<u32>,
    /// Which end of the ladder each walker has seen last.
    pub seen: Vec<Seen>,
    /// What the random streams remember, walker after walker.
    pub streams: Vec<u64>,
}

impl Tempering {
    /// Space for what will be measured.
    fn of(plan: &Plan, start: &Ladders<'_>, n_spins: usize) -> Self {
        let (ladders, rungs, count) = (start.n_ladders, start.betas.len(), plan.n_measurements());
        let total = ladders * rungs;
        Self {
            energy: vec![0.0; total * count],
            magnetization: vec![0.0; total * count],
            states: vec![0; if plan.keep_states { total * count * n_spins } else { 0 }],
            flips: vec![0; total],
            tried: vec![0; ladders * (rungs - 1)],
            exchanged: vec![0; ladders * (rungs - 1)],
            round_trips: vec![0; ladders],
            order: match start.order {
                [] => (0..total).map(|walker| (walker % rungs) as u32).collect(),
                order => order.to_vec(),
            },
            measured_order: vec![0; total],
            seen: match start.seen {
                [] => vec![Seen::default(); total],
                seen => seen.to_vec(),
            },
            ..Self::default()
        }
    }
}

/// Ladders whose walkers share a block of bit lanes (a single ladder, in other models).
struct Unit<'a, 'b> {
    groups: Vec<Group<'a>>,
    ladders: Vec<Ladder<'b>>,
    /// The states of each group at the measurements of a round.
    snapshots: Vec<Snapshots>,
    /// Which walker of the unit was at each temperature of each ladder at those measurements.
    orders: Vec<u32>,
}

/// What is the same for all ladders.
struct Setup<'a> {
    plan: &'a Plan,
    betas: &'a [f64],
    n_spins: usize,
    /// Sweeps that lay behind at the start.
    behind: u64,
    /// Whether the groups of a unit move side by side.
    shared: bool,
    observables: Option<&'a Observables<'a>>,
}

impl Unit<'_, '_> {
    fn advance(&mut self, setup: &Setup<'_>, from: u64, to: u64, control: &Control) -> Result<()> {
        let rungs = setup.betas.len();
        let count = rungs * self.ladders.len();
        let (mut energies, mut magnetizations) = (vec![0.0; count], vec![0; count]);
        let (mut flips, mut before, mut betas) = (vec![0; count], vec![0; count], vec![0.0; count]);
        self.flips(&mut before);
        let behind = setup.plan.measured(from);
        self.orders.clear();
        for sweep in from..to {
            let step = |group: &mut Group<'_>| group.walkers.sweep(1, &Team::alone(), control);
            if setup.shared {
                self.groups.par_iter_mut().with_max_len(1).try_for_each(step)?;
            } else {
                self.groups.iter_mut().try_for_each(step)?;
            }
            let mut first = 0;
            for group in &self.groups {
                group.walkers.energies(&mut energies[first..][..group.n_replicas]);
                first += group.n_replicas;
            }
            self.flips(&mut flips);
            let measuring = (sweep + 1)
                .checked_sub(setup.plan.warmup)
                .filter(|&past| past > 0 && past % setup.plan.every == 0)
                .map(|past| (past / setup.plan.every - 1) as usize);
            if let Some(index) = measuring {
                self.magnetizations(&mut magnetizations);
                self.record(setup, index, &energies, &magnetizations);
                if let Some(observables) = setup.observables {
                    self.keep(observables, index - behind);
                }
            }
            let mut changed = false;
            for (ladder, rows) in self.ladders.iter_mut().enumerate() {
                let walkers = ladder * rungs..(ladder + 1) * rungs;
                for (rung, &walker) in rows.order.iter().enumerate() {
                    let walker = walkers.start + walker as usize;
                    rows.flips[rung] += flips[walker] - before[walker];
                }
                let counts = sweep >= setup.plan.warmup;
                let energies = &energies[walkers.clone()];
                changed |= rows.exchange(setup.betas, setup.behind + sweep, counts, energies);
                for (rung, &walker) in rows.order.iter().enumerate() {
                    betas[walkers.start + walker as usize] = setup.betas[rung];
                }
            }
            std::mem::swap(&mut flips, &mut before);
            if changed {
                let mut first = 0;
                for group in &mut self.groups {
                    group.walkers.set_betas(&betas[first..][..group.n_replicas]);
                    first += group.n_replicas;
                }
            }
        }
        Ok(())
    }

    fn flips(&self, out: &mut [u64]) {
        let mut first = 0;
        for group in &self.groups {
            group.walkers.flips(&mut out[first..][..group.n_replicas]);
            first += group.n_replicas;
        }
    }

    fn magnetizations(&self, out: &mut [i64]) {
        let mut first = 0;
        for group in &self.groups {
            group.walkers.magnetizations(&mut out[first..][..group.n_replicas]);
            first += group.n_replicas;
        }
    }

    /// The state of a walker, by its number in the unit.
    fn spins(&self, mut walker: usize, out: &mut [i8]) {
        for group in &self.groups {
            if walker < group.n_replicas {
                return group.walkers.spins(walker, out);
            }
            walker -= group.n_replicas;
        }
    }

    fn keep(&mut self, observables: &Observables<'_>, index: usize) {
        for (group, snapshots) in self.groups.iter().zip(&mut self.snapshots) {
            observables.keep(&*group.walkers, index, snapshots);
        }
        let mut first = 0;
        for ladder in &self.ladders {
            self.orders.extend(ladder.order.iter().map(|walker| first + walker));
            first += ladder.order.len() as u32;
        }
    }

    /// The state that was kept at one temperature of one of the unit's ladders.
    fn row<'s>(
        &'s self,
        observables: &Observables<'_>,
        index: usize,
        ladder: usize,
        rung: usize,
    ) -> &'s [Chunk] {
        let rungs = self.ladders[ladder].order.len();
        let place = (index * self.ladders.len() + ladder) * rungs + rung;
        let (walker, size) = (self.orders[place] as usize, self.groups[0].n_replicas);
        observables.row(&self.snapshots[walker / size], index, walker % size)
    }

    fn record(
        &mut self,
        setup: &Setup<'_>,
        index: usize,
        energies: &[f64],
        magnetizations: &[i64],
    ) {
        let (rungs, n) = (setup.betas.len(), setup.n_spins);
        let n_measurements = setup.plan.n_measurements();
        for ladder in 0..self.ladders.len() {
            let rows = &mut self.ladders[ladder];
            rows.measured_order.copy_from_slice(rows.order);
            for rung in 0..rungs {
                let rows = &mut self.ladders[ladder];
                let walker = ladder * rungs + rows.order[rung] as usize;
                let place = rung * n_measurements + index;
                rows.energy[place] = energies[walker];
                rows.magnetization[place] = magnetizations[walker] as f64 / n as f64;
                if setup.plan.keep_states {
                    let kept = std::mem::take(&mut rows.states);
                    self.spins(walker, &mut kept[place * n..][..n]);
                    self.ladders[ladder].states = kept;
                }
            }
        }
    }
}

/// Tempers. An interruption is no error: what was measured is returned.
///
/// # Errors
/// Those of [`sample`](super::sample).
pub fn temper(
    model: &dyn SpinModel,
    plan: &Plan,
    asked: &[Observable],
    start: &Ladders<'_>,
    control: &Control,
) -> Result<Tempering> {
    let (n, rungs, count) = (model.n_spins(), start.betas.len(), plan.n_measurements());
    let total = start.n_ladders * rungs;
    let observables = Observables::new(model, plan, asked, start.n_ladders, rungs)?;
    let observables = observables.as_ref();
    let mut result = Tempering::of(plan, start, n);
    let mut series = series_of(observables, plan);
    let first_order = result.order.clone();
    // Ladders fill the lanes of a block together.
    let block = model.block(plan.dynamics, total).max(1);
    let ladders_per_unit = (block / rungs).max(1);
    let n_units = start.n_ladders.div_ceil(ladders_per_unit);
    let threads = rayon::current_num_threads();
    let shared = n_units < threads && ladders_per_unit * rungs * n >= WORTH_SHARING;
    let setup =
        Setup { plan, betas: start.betas, n_spins: n, behind: start.sweeps, shared, observables };

    let kept = if plan.keep_states { n } else { 0 };
    let mut rest = ladders(&mut result, start, count, kept).into_iter();
    let words = start.streams.len() / total;
    let mut units = Vec::with_capacity(n_units);
    for unit in 0..n_units {
        let first = unit * ladders_per_unit;
        let ladders: Vec<Ladder<'_>> = rest.by_ref().take(ladders_per_unit).collect();
        let members = ladders.len() * rungs;
        let (mut spins, mut betas) = (vec![0; members * n], vec![0.0; members]);
        let ladder_held = |ladder: usize| start.held.get(ladder * n..(ladder + 1) * n);
        let held = (0..ladders.len()).filter_map(|ladder| ladder_held(first + ladder));
        let held = held.flat_map(|held| held.repeat(rungs)).collect::<Vec<bool>>();
        for ladder in 0..ladders.len() {
            for rung in 0..rungs {
                let place = (first + ladder) * rungs + rung;
                let walker = ladder * rungs + first_order[place] as usize;
                spins[walker * n..][..n].copy_from_slice(&start.spins[place * n..][..n]);
                betas[walker] = start.betas[rung];
            }
        }
        let walkers = Start {
            seed: start.seed,
            first: (unit * (ladders_per_unit * rungs).next_multiple_of(block)) as u64,
            sweeps: start.sweeps,
            betas: &betas,
            spins: &spins,
            streams: &start.streams[first * rungs * words..][..members * words],
            held: &held,
            reversed: false,
        };
        let parts = if shared { threads } else { 1 };
        let groups = groups(model, plan.dynamics, &walkers, parts)?;
        let snapshots =
            groups.iter().map(|group| snapshots_of(observables, group.n_replicas)).collect();
        units.push(Unit { groups, ladders, snapshots, orders: Vec::new() });
    }
    let longest = observables.map_or(u64::MAX, |all| all.longest_round(plan));
    let all = plan.warmup + plan.n_sweeps;
    let (sweeps, ending) = in_rounds(all, longest, control, |from, to, control| {
        if shared {
            units.iter_mut().try_for_each(|unit| unit.advance(&setup, from, to, control))?;
        } else {
            units
                .par_iter_mut()
                .with_max_len(1)
                .try_for_each(|unit| unit.advance(&setup, from, to, control))?;
        }
        if let Some(observables) = observables {
            let units = &units;
            let row = |index, rung, ladder: usize| {
                let unit: &Unit<'_, '_> = &units[ladder / ladders_per_unit];
                unit.row(observables, index, ladder % ladders_per_unit, rung)
            };
            observables.measure(plan, (from, to), row, &mut series);
        }
        Ok(None)
    })?;
    let (mut walker_states, mut streams) = (Vec::with_capacity(total * n), Vec::new());
    for unit in &units {
        let (spins, _, words) = collect(&unit.groups, n);
        walker_states.extend(spins);
        streams.extend(words);
    }
    drop((units, rest));
    result.final_states = vec![0; total * n];
    for (place, state) in result.final_states.chunks_mut(n).enumerate() {
        let walker = place / rungs * rungs + result.order[place] as usize;
        state.copy_from_slice(&walker_states[walker * n..][..n]);
    }
    result.streams = streams;
    result.series = series;
    result.measured = plan.measured(sweeps);
    result.sweeps = sweeps;
    result.ending = ending;
    Ok(result)
}
