//! Contrastive divergence: climbing the likelihood of data (Hinton, Neural Computation 14, 1771
//! (2002)).
//!
//! dW_ji = rate (<v_i h_j>_data - <v_i h_j>_chains), and likewise for the biases, where hidden units
//! enter with their probabilities and each average is over its own number of rows. The chains are
//! `chains.rs`, the step along the gradient `ascent.rs`; here they meet. All members of a team do the
//! same on their own tiles and meet at barriers; nothing depends on how many they are.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    chains::TrainingChains,
    gradient::{Ascent, Batch},
    rules::Rules,
    velocity::Velocity,
};
use crate::{
    control::Control,
    error::{Error, Result},
    rbm::units::{
        data::Data,
        half_step::{Stop, Workspace, finish, lock, share},
        kernels::Kernels,
        machine::Rbm,
    },
    simd::Level,
    team::Team,
};

/// A machine in training.
#[derive(Debug)]
pub struct Trainer {
    pub(super) machine: Rbm,
    pub(super) rules: Rules,
    pub(super) chains: TrainingChains,
    pub(super) velocity: Velocity,
    /// Mean probabilities of the hidden units over the rows of the last batch.
    pub(super) activity: Vec<f32>,
    updates: AtomicU64,
}

/// Everything that a training needs to go on with the same bits.
#[derive(Clone, Debug)]
pub struct TrainingState {
    /// Weights, hidden unit after hidden unit.
    pub weights: Vec<f32>,
    /// Biases of the hidden units.
    pub hidden_bias: Vec<f32>,
    /// Biases of the visible units.
    pub visible_bias: Vec<f32>,
    /// The last step: weights, hidden and visible biases; empty without momentum.
    pub velocity: [Vec<f32>; 3],
    /// Hidden and visible states of all chains, a byte a unit.
    pub chains: [Vec<u8>; 2],
    /// The temperature, by number, of each chain.
    pub temperatures: Vec<u64>,
    /// The streams of the hidden and of the visible units.
    pub streams: [Vec<u64>; 2],
    /// The seed, and exchanges that were tried.
    pub exchanges: [u64; 2],
    /// Updates that were made.
    pub updates: u64,
    /// Mean probabilities of the hidden units over the rows of the last batch.
    pub activity: Vec<f32>,
}

/// Consecutive batches of rows, with the learning rate of each.
#[derive(Clone, Copy, Debug)]
pub struct Batches<'a> {
    /// The first row of the first batch.
    pub first: usize,
    /// Rows of all batches; the last one takes what is left.
    pub rows: usize,
    /// Rows of a batch.
    pub size: usize,
    /// The learning rate of each batch.
    pub rates: &'a [f32],
}

impl Batches<'_> {
    pub(super) fn check(&self, n_rows: usize) -> Result<()> {
        if self.size == 0 {
            return Err(Error::expected("batch_size", "at least 1", 0));
        }
        let within = self.first.checked_add(self.rows).is_some_and(|last| last <= n_rows);
        if !within || self.rows == 0 {
            let got = format!("{} from {} on", self.rows, self.first);
            return Err(Error::expected("rows", format_args!("1 to {n_rows}"), got));
        }
        if self.rates.len() != self.rows.div_ceil(self.size) {
            let expected =
                format_args!("one for each of {} batches", self.rows.div_ceil(self.size));
            return Err(Error::expected("rates", expected.to_string(), self.rates.len()));
        }
        match self.rates.iter().find(|rate| !rate.is_finite()) {
            Some(rate) => Err(Error::expected("learning_rate", "finite", rate)),
            None => Ok(()),
        }
    }
}

impl Trainer {
    /// Begins to train `machine`, with one chain (at each temperature) from each row of `hidden`,
    /// which holds a byte a unit, and the streams of `seed`.
    ///
    /// # Errors
    /// [`Error::Value`] for rules that do not hold, or chains of another width.
    pub fn new(machine: Rbm, hidden: &[u8], seed: u64, rules: Rules) -> Result<Self> {
        rules.check()?;
        if hidden.is_empty() || !hidden.len().is_multiple_of(machine.n_hidden()) {
            let expected = format_args!("rows of {} units", machine.n_hidden()).to_string();
            return Err(Error::expected("chains", expected, hidden.len()));
        }
        let chains = TrainingChains::new(&machine, hidden, seed, rules.betas.len());
        let velocity = Velocity::new(&machine, rules.momentum);
        let activity = vec![0.0; machine.n_hidden()];
        Ok(Self { machine, rules, chains, velocity, activity, updates: AtomicU64::new(0) })
    }

    /// The machine as it is now.
    pub fn machine(&self) -> &Rbm {
        &self.machine
    }

    /// Goes on with other parameters.
    ///
    /// # Errors
    /// [`Error::Value`] if the machine has another shape.
    pub fn set_machine(&mut self, machine: Rbm) -> Result<()> {
        let shape = |machine: &Rbm| (machine.n_hidden(), machine.n_visible());
        if shape(&machine) != shape(&self.machine) {
            let (h, v) = shape(&self.machine);
            let got = format!("{:?}", shape(&machine));
            return Err(Error::expected("components", format_args!("of shape ({h}, {v})"), got));
        }
        self.machine = machine;
        Ok(())
    }

    /// Multiplications of an update on `rows` rows.
    pub fn work(&self, rows: usize) -> usize {
        let rows = rows.max(self.chains.rows()).saturating_mul(self.rules.steps);
        rows.saturating_mul(self.machine.n_hidden()).saturating_mul(self.machine.n_visible())
    }

    /// Updates that were made.
    pub fn updates(&self) -> u64 {
        self.updates.load(Relaxed)
    }

    /// Mean probabilities of the hidden units over the rows of the last batch.
    pub fn activity(&self) -> &[f32] {
        &self.activity
    }

    /// Hidden and visible states of the chains at temperature one, a byte a unit, chain after chain.
    pub fn cold_chains(&self) -> (Vec<u8>, Vec<u8>) {
        self.chains.cold_bytes()
    }

    /// Makes one update a batch.
    ///
    /// # Errors
    /// [`Error::Value`] for rows or rates that do not fit, or for an update after which parameters
    /// would not be finite or outgrow the fixed point: the parameters before it are kept.
    /// [`Error::Cancelled`]: the updates so far are kept.
    pub fn train(
        &mut self,
        data: &Data,
        batches: &Batches<'_>,
        team: &Team,
        level: Level,
        control: &Control,
    ) -> Result<()> {
        self.machine.check_rows(data)?;
        batches.check(data.n_rows())?;
        let largest = batches.size.min(batches.rows);
        self.chains.make_room(if self.rules.persistent { 0 } else { largest });
        let rows = largest.max(self.chains.rows());
        let members = self.machine.members(rows.saturating_mul(self.rules.steps));
        let ascent = Ascent::new(&self.machine, largest, self.chains.cold_rows(largest));
        let (stop, diverged) = (Stop::default(), Stop::default());
        let scale = Mutex::new(self.machine.scale);
        let activity = Mutex::new(std::mem::take(&mut self.activity));
        let (trainer, precision) = (&*self, self.machine.precision);
        team.run(members, |member, barrier| {
            let mut work = Workspace::new(Kernels::of(level));
            let own_hidden = share(trainer.machine.hidden.n_tiles(), member, barrier.members());
            let own_visible = share(trainer.machine.visible.n_tiles(), member, barrier.members());
            let mut hand = ascent.hand(own_hidden, own_visible, member == 0);
            let mut current = *lock(&scale);
            for (batch, &rate) in batches.rates.iter().enumerate() {
                let first = batches.first + batch * batches.size;
                let rows = batches.size.min(batches.first + batches.rows - first);
                let now = Batch::new(data, first, rows, rate);
                trainer.see_data(&mut work, &mut hand, &ascent, current, &now);
                if !trainer.rules.persistent {
                    barrier.wait();
                }
                trainer.run_chains(&mut work, &mut hand, &ascent, current, rows, barrier);
                let reach = trainer.climb(&mut work, &mut hand, &ascent, &now);
                ascent.meet(batch, reach);
                barrier.wait();
                if precision.scale(ascent.reach(batch)).is_none() {
                    diverged.raise();
                    trainer.undo(&work, &hand);
                    break;
                }
                ascent.meet(batch, trainer.turn(&work, &hand, &ascent, rate));
                if member == 0 {
                    stop.check(control);
                }
                barrier.wait();
                let Some(next) = precision.scale(ascent.reach(batch)) else {
                    diverged.raise();
                    break;
                };
                current = next;
                hand.report(&activity, trainer.machine.n_hidden());
                if member == 0 {
                    ascent.clear_next(batch);
                    *lock(&scale) = current;
                    trainer.updates.fetch_add(1, Relaxed);
                    control.advance(1);
                }
                if stop.agreed() {
                    break;
                }
            }
        });
        self.machine.scale = scale.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.activity = activity.into_inner().unwrap_or_else(PoisonError::into_inner);
        if diverged.agreed() {
            return Err(Error::Value(format!(
                "training diverged at update {}: weights are no longer finite, or too large for \
                 their fixed point; lower learning_rate (the parameters before it are kept)",
                self.updates() + 1
            )));
        }
        finish(&stop, control)
    }

    /// Everything that is needed to go on.
    pub fn state(&self) -> TrainingState {
        let [hidden, visible] = self.chains.bytes();
        TrainingState {
            weights: self.machine.weights(),
            hidden_bias: self.machine.hidden_bias(),
            visible_bias: self.machine.visible_bias(),
            velocity: self.velocity.state(&self.machine),
            chains: [hidden, visible],
            temperatures: self.chains.temperatures(),
            streams: self.chains.stream_state(),
            exchanges: self.chains.exchange_state(),
            updates: self.updates(),
            activity: self.activity.clone(),
        }
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// [`Error::Value`] if it is not one of such a training.
    pub fn restore(&mut self, state: &TrainingState, level: Level) -> Result<()> {
        let machine = Rbm::new(
            &state.weights,
            &state.hidden_bias,
            &state.visible_bias,
            self.machine.precision,
            level,
        )?;
        self.set_machine(machine)?;
        if state.activity.len() != self.machine.n_hidden() {
            let expected = format_args!("{} numbers", self.machine.n_hidden()).to_string();
            return Err(Error::expected("activity", expected, state.activity.len()));
        }
        self.velocity.restore(&state.velocity, &self.machine)?;
        self.chains.restore(state)?;
        self.activity.clone_from(&state.activity);
        self.updates.store(state.updates, Relaxed);
        Ok(())
    }
}
