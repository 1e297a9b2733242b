//! Contrastive divergence: ascent of the likelihood of data (Hinton, Neural Computation 14, 1771
//! (2002)).
//!
//! dW_ji = rate (<v_i h_j>_data - <v_i h_j>_chains), and likewise for the biases, where hidden units
//! enter with their probabilities and each average is over its own number of rows. The negative phase
//! is in `chains.rs`, the positive one and the step along the gradient in `gradient.rs`; this is their
//! order. All members of a team do the same on their own tiles and wait for one another at barriers;
//! nothing depends on how many they are.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    chains::TrainingChains,
    gradient::{Batch, SharedGradient},
    rules::Rules,
    trainer::{Array, Batches, State, Trainer, check_len, check_shape},
    velocity::Velocity,
};
use crate::{
    control::Control,
    error::{Error, Result},
    rbm::units::{
        data::Data,
        half_step::{Stop, Workspace, finish, lock, share},
        kernels::Kernels,
        machine::{Precision, Rbm},
    },
    simd::Level,
    team::Team,
};

/// A machine of units 0 and 1 in training.
#[derive(Debug)]
pub struct BernoulliTrainer {
    pub(super) machine: Rbm,
    pub(super) rules: Rules,
    pub(super) chains: TrainingChains,
    pub(super) velocity: Velocity,
    /// Mean probabilities of the hidden units over the rows of the last batch.
    activity: Vec<f32>,
    updates: AtomicU64,
}

/// Everything that a training needs to go on with the same bits.
#[derive(Clone, Debug, Default)]
pub struct BernoulliState {
    /// How precise the fields of the machine are.
    pub precision: Precision,
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

impl State for BernoulliState {
    fn arrays(&mut self) -> Vec<(&'static str, Array<'_>)> {
        let [weights, hidden, visible] = &mut self.velocity;
        let [hidden_states, visible_states] = &mut self.chains;
        let [hidden_streams, visible_streams] = &mut self.streams;
        vec![
            ("components", Array::F32(&mut self.weights)),
            ("intercept_hidden", Array::F32(&mut self.hidden_bias)),
            ("intercept_visible", Array::F32(&mut self.visible_bias)),
            ("velocity_components", Array::F32(weights)),
            ("velocity_hidden", Array::F32(hidden)),
            ("velocity_visible", Array::F32(visible)),
            ("activity", Array::F32(&mut self.activity)),
            ("chains_hidden", Array::U8(hidden_states)),
            ("chains_visible", Array::U8(visible_states)),
            ("temperatures", Array::U64(&mut self.temperatures)),
            ("streams_hidden", Array::U64(hidden_streams)),
            ("streams_visible", Array::U64(visible_streams)),
            ("exchanges", Array::Counts(&mut self.exchanges)),
            ("updates", Array::Counts(std::slice::from_mut(&mut self.updates))),
        ]
    }
}

impl Trainer for BernoulliTrainer {
    type Machine = Rbm;
    type Data = Data;
    type Rules = Rules;
    type State = BernoulliState;

    fn begin(machine: Rbm, hidden: &[u8], seed: u64, rules: Rules) -> Result<Self> {
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

    fn from_state(state: BernoulliState, rules: Rules, level: Level) -> Result<Self> {
        let machine = Rbm::new(
            &state.weights,
            &state.hidden_bias,
            &state.visible_bias,
            state.precision,
            level,
        )?;
        check_len("activity", state.activity.len(), machine.n_hidden())?;
        // Those of one temperature, which give the shape of all.
        let hidden = state.chains[0].len() / rules.betas.len().max(1);
        let mut trainer = Self::begin(machine, &state.chains[0][..hidden], 0, rules)?;
        trainer.velocity.restore(&state.velocity, &trainer.machine)?;
        trainer.chains.restore(&state)?;
        trainer.activity = state.activity;
        trainer.updates = AtomicU64::new(state.updates);
        Ok(trainer)
    }

    fn update(
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
        self.chains.reserve(if self.rules.persistent { 0 } else { largest });
        let rows = largest.max(self.chains.rows());
        let members = self.machine.members(rows.saturating_mul(self.rules.steps));
        let shared = SharedGradient::new(&self.machine, largest, self.chains.cold_rows(largest));
        let (stop, diverged) = (Stop::default(), Stop::default());
        let scale = Mutex::new(self.machine.scale);
        let activity = Mutex::new(std::mem::take(&mut self.activity));
        let (trainer, precision) = (&*self, self.machine.precision);
        team.run(members, |member, barrier| {
            let mut work = Workspace::new(Kernels::of(level));
            let own_hidden = share(trainer.machine.hidden.n_tiles(), member, barrier.members());
            let own_visible = share(trainer.machine.visible.n_tiles(), member, barrier.members());
            let mut buffers = shared.buffers(own_hidden, own_visible, member == 0);
            let mut current = *lock(&scale);
            for one in batches.each() {
                let (batch, now) = (one.number, Batch::new(data, &one));
                trainer.positive_phase(&mut work, &mut buffers, &shared, current, &now);
                if !trainer.rules.persistent {
                    barrier.wait();
                }
                trainer.negative_phase(
                    &mut work,
                    &mut buffers,
                    &shared,
                    current,
                    now.rows,
                    barrier,
                );
                let bound = trainer.update_hidden(&mut work, &mut buffers, &shared, &now);
                shared.merge_bound(batch, bound);
                barrier.wait();
                if precision.scale(shared.bound(batch)).is_none() {
                    diverged.raise();
                    trainer.undo(&work, &buffers);
                    break;
                }
                shared
                    .merge_bound(batch, trainer.update_visible(&work, &buffers, &shared, now.rate));
                if member == 0 {
                    stop.check(control);
                }
                barrier.wait();
                let Some(next) = precision.scale(shared.bound(batch)) else {
                    diverged.raise();
                    break;
                };
                current = next;
                buffers.report(&activity, trainer.machine.n_hidden());
                if member == 0 {
                    shared.clear_next(batch);
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

    fn work(&self, rows: usize) -> Option<usize> {
        let rows = rows.max(self.chains.rows()).saturating_mul(self.rules.steps);
        Some(rows.saturating_mul(self.machine.n_hidden()).saturating_mul(self.machine.n_visible()))
    }

    fn state(&self) -> BernoulliState {
        BernoulliState {
            precision: self.machine.precision,
            weights: self.machine.weights(),
            hidden_bias: self.machine.hidden_bias(),
            visible_bias: self.machine.visible_bias(),
            velocity: self.velocity.state(&self.machine),
            chains: self.chains.bytes(),
            temperatures: self.chains.temperatures(),
            streams: self.chains.stream_state(),
            exchanges: self.chains.exchange_state(),
            updates: self.updates(),
            activity: self.activity.clone(),
        }
    }

    fn machine(&self) -> &Rbm {
        &self.machine
    }

    fn set_machine(&mut self, machine: Rbm) -> Result<()> {
        let shape = |machine: &Rbm| (machine.n_hidden(), machine.n_visible());
        check_shape(shape(&machine), shape(&self.machine))?;
        self.machine = machine;
        Ok(())
    }

    fn chains(&self) -> Vec<u8> {
        self.chains.cold_bytes()[0].clone()
    }

    fn set_chains(&mut self, hidden: &[u8]) -> Result<()> {
        self.chains.set_cold_hidden(hidden)
    }

    fn activity(&self) -> Vec<f64> {
        self.activity.iter().copied().map(f64::from).collect()
    }

    fn updates(&self) -> u64 {
        self.updates.load(Relaxed)
    }
}

impl BernoulliTrainer {
    /// Visible states of the chains at temperature one, a byte a unit, chain after chain.
    pub fn visible_chains(&self) -> Vec<u8> {
        self.chains.cold_bytes()[1].clone()
    }
}
