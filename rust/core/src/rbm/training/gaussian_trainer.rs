//! Contrastive divergence: chains for the model's side of the gradient, one update a batch.
//!
//! The chains begin at the data of each batch (Hinton, Neural Computation 14, 1771 (2002)) or go on
//! from update to update (Tieleman, ICML 2008). Their visible units are drawn with their noise: without
//! it the variances would learn nothing.

use rayon::prelude::*;

use super::{
    gaussian_gradient::{Direction, Phase},
    trainer::{Array, Batches, OneBatch, State, Trainer, check_len, check_shape},
};
use crate::{
    control::Control,
    elementary::sigmoid::logistic,
    error::{Error, Result},
    rbm::units::{
        gaussian_gibbs::Chain,
        gaussian_growth::MOST_UNITS,
        gaussian_machine::GaussianRbm,
        gaussian_rows::{LARGEST, Rows, add, within},
    },
    simd::Level,
    team::Team,
};

/// A variance may fall by this factor from where it began, and rise; weights may grow to 1e6 standard
/// deviations. Beyond it, training has left what data can mean.
const COLLAPSE: f64 = 1e-12;

/// Updates that the activity of hidden units is a mean over: of one batch of ten rows, none may lie in a
/// cluster that a unit is on in.
const REMEMBERED: u64 = 100;

/// How a machine is trained.
#[derive(Clone, Debug)]
pub struct GaussianRules {
    /// Gibbs steps of the chains in an update.
    pub steps: usize,
    /// Whether chains go on from update to update or start from the data each time.
    pub persistent: bool,
    /// The part of the last step that is made again.
    pub momentum: f64,
    /// The rate at which weights decay.
    pub weight_decay: f64,
    /// Whether the model's side is summed over all hidden states, and there are no chains.
    pub summed: bool,
    /// What the learning rate is multiplied by for the logarithm of each variance.
    pub variance_rates: Vec<f64>,
}

impl GaussianRules {
    fn check(&self, machine: &GaussianRbm) -> Result<()> {
        if self.steps == 0 {
            return Err(Error::expected("k", "at least 1", 0));
        }
        if self.summed && machine.n_hidden() > MOST_UNITS {
            let expected = format_args!("at most {MOST_UNITS} to be summed over").to_string();
            return Err(Error::expected("n_components", expected, machine.n_hidden()));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return Err(Error::expected("momentum", "at least 0 and below 1", self.momentum));
        }
        if !(0.0..f64::INFINITY).contains(&self.weight_decay) {
            return Err(Error::expected("weight_decay", "at least 0", self.weight_decay));
        }
        if self.variance_rates.len() != machine.n_visible() {
            let expected = format_args!("{} numbers", machine.n_visible()).to_string();
            return Err(Error::expected("variance_rates", expected, self.variance_rates.len()));
        }
        match self.variance_rates.iter().find(|rate| !(0.0..f64::INFINITY).contains(*rate)) {
            Some(rate) => Err(Error::expected("variance_rate", "at least 0", rate)),
            None => Ok(()),
        }
    }
}

/// A machine of real numbers in training.
#[derive(Debug)]
pub struct GaussianTrainer {
    now: Now,
    seed: u64,
    rules: GaussianRules,
}

/// What an update changes.
#[derive(Debug)]
struct Now {
    machine: GaussianRbm,
    /// The last step.
    velocity: Direction,
    /// Hidden states of the chains that persist, chain after chain.
    chains: Vec<f64>,
    /// Variances where the training began: what others are held against.
    scales: Vec<f64>,
    /// Steps that the random streams have gone.
    clock: u64,
    updates: u64,
    activity: Vec<f64>,
}

/// Everything that a training needs to go on with the same bits.
#[derive(Clone, Debug, Default)]
pub struct GaussianState {
    /// Weights, hidden unit after hidden unit.
    pub weights: Vec<f64>,
    /// Biases of the hidden units.
    pub hidden_bias: Vec<f64>,
    /// Biases of the visible units.
    pub visible_bias: Vec<f64>,
    /// Variances of the visible units.
    pub variances: Vec<f64>,
    /// The last step: weights, hidden and visible biases, logarithms of the variances.
    pub velocity: [Vec<f64>; 4],
    /// Hidden states of the chains that persist, a byte a unit, chain after chain.
    pub chains: Vec<u8>,
    /// Variances where the training began: what others are held against.
    pub scales: Vec<f64>,
    /// The seed, the steps that the random streams have gone, and the updates that were made.
    pub counts: [u64; 3],
    /// Mean probabilities of the hidden units over the rows of the last batches.
    pub activity: Vec<f64>,
}

impl State for GaussianState {
    fn arrays(&mut self) -> Vec<(&'static str, Array<'_>)> {
        let [weights, hidden, visible, log_variances] = &mut self.velocity;
        vec![
            ("components", Array::F64(&mut self.weights)),
            ("intercept_hidden", Array::F64(&mut self.hidden_bias)),
            ("intercept_visible", Array::F64(&mut self.visible_bias)),
            ("variances", Array::F64(&mut self.variances)),
            ("velocity_components", Array::F64(weights)),
            ("velocity_hidden", Array::F64(hidden)),
            ("velocity_visible", Array::F64(visible)),
            ("velocity_variances", Array::F64(log_variances)),
            ("chains_hidden", Array::U8(&mut self.chains)),
            ("scales", Array::F64(&mut self.scales)),
            ("counts", Array::Counts(&mut self.counts)),
            ("activity", Array::F64(&mut self.activity)),
        ]
    }
}

impl Trainer for GaussianTrainer {
    type Machine = GaussianRbm;
    type Data = Rows;
    type Rules = GaussianRules;
    type State = GaussianState;

    fn begin(machine: GaussianRbm, hidden: &[u8], seed: u64, rules: GaussianRules) -> Result<Self> {
        rules.check(&machine)?;
        let now = Now {
            velocity: Direction::zero(&machine),
            chains: states(hidden, machine.n_hidden())?,
            scales: machine.variances.clone(),
            clock: 0,
            updates: 0,
            activity: vec![0.0; machine.n_hidden()],
            machine,
        };
        Ok(Self { now, seed, rules })
    }

    fn from_state(state: GaussianState, rules: GaussianRules, _: Level) -> Result<Self> {
        let machine = GaussianRbm::new(
            state.weights,
            state.hidden_bias,
            state.visible_bias,
            state.variances,
        )?;
        rules.check(&machine)?;
        let [weights, hidden, visible, log_variances] = state.velocity;
        let velocity = Direction { weights, hidden, visible, log_variances };
        velocity.check(&machine)?;
        check_len("scales", state.scales.len(), machine.n_visible())?;
        check_len("activity", state.activity.len(), machine.n_hidden())?;
        let [seed, clock, updates] = state.counts;
        let chains = states(&state.chains, machine.n_hidden())?;
        let (scales, activity) = (state.scales, state.activity);
        let now = Now { machine, velocity, chains, scales, clock, updates, activity };
        Ok(Self { now, seed, rules })
    }

    fn update(
        &mut self,
        data: &Rows,
        batches: &Batches<'_>,
        _: &Team,
        _: Level,
        control: &Control,
    ) -> Result<()> {
        self.machine().check_rows(data)?;
        batches.check(data.len())?;
        for one in batches.each() {
            control.check()?;
            let rows = &data.values[one.first * data.width..][..one.rows * data.width];
            self.now = self.updated(rows, &one, control)?;
            control.advance(1);
        }
        Ok(())
    }

    /// None: rows are shared out by the pool.
    fn work(&self, _: usize) -> Option<usize> {
        None
    }

    fn state(&self) -> GaussianState {
        let Now { machine, velocity, chains: _, scales, clock, updates, activity } = &self.now;
        let Direction { weights, hidden, visible, log_variances } = velocity.clone();
        GaussianState {
            weights: machine.weights.clone(),
            hidden_bias: machine.hidden_bias.clone(),
            visible_bias: machine.visible_bias.clone(),
            variances: machine.variances.clone(),
            velocity: [weights, hidden, visible, log_variances],
            chains: self.chains(),
            scales: scales.clone(),
            counts: [self.seed, *clock, *updates],
            activity: activity.clone(),
        }
    }

    fn machine(&self) -> &GaussianRbm {
        &self.now.machine
    }

    fn set_machine(&mut self, machine: GaussianRbm) -> Result<()> {
        let shape = |machine: &GaussianRbm| (machine.n_hidden(), machine.n_visible());
        check_shape(shape(&machine), shape(self.machine()))?;
        self.now.scales.clone_from(&machine.variances);
        self.now.machine = machine;
        Ok(())
    }

    fn chains(&self) -> Vec<u8> {
        self.now.chains.iter().map(|&h| h as u8).collect()
    }

    fn set_chains(&mut self, hidden: &[u8]) -> Result<()> {
        check_len("chains", hidden.len(), self.now.chains.len())?;
        self.now.chains = states(hidden, self.machine().n_hidden())?;
        Ok(())
    }

    fn activity(&self) -> Vec<f64> {
        self.now.activity.clone()
    }

    fn updates(&self) -> u64 {
        self.now.updates
    }
}

impl GaussianTrainer {
    /// The state after an update on these rows.
    fn updated(&self, rows: &[f64], one: &OneBatch<'_>, control: &Control) -> Result<Now> {
        let (now, rules) = (&self.now, &self.rules);
        let machine = &now.machine;
        let data = self.positive_phase(rows, relative(one));
        let (direction, chains, clock) = if rules.summed {
            (Direction::summed(machine, &data), now.chains.clone(), now.clock)
        } else {
            let (model, chains, clock) = self.negative_phase(rows, &data.weights, control)?;
            (Direction::of(machine, &data, &model), chains, clock)
        };
        let step = direction.step(
            machine,
            f64::from(one.rate),
            &rules.variance_rates,
            rules.weight_decay,
            (rules.momentum, &now.velocity),
        );
        let next = step.from(machine);
        check(&next, &now.scales).map_err(|reason| {
            Error::Value(format!(
                "training diverged at update {}: {reason} (the parameters before it are kept)",
                now.updates + 1
            ))
        })?;
        // Momentum that is set later begins at rest.
        let velocity = if rules.momentum > 0.0 { step } else { Direction::zero(machine) };
        let weight = 1.0 / (now.updates + 1).min(REMEMBERED) as f64;
        let mut activity: Vec<f64> = now.activity.iter().map(|p| (1.0 - weight) * p).collect();
        let share = weight * machine.n_visible() as f64 / rows.len() as f64;
        for (p, w) in data.probabilities.chunks_exact(machine.n_hidden()).zip(&data.weights) {
            add(&mut activity, share * w, p);
        }
        Ok(Now {
            machine: next,
            velocity,
            chains,
            scales: now.scales.clone(),
            clock,
            updates: now.updates + 1,
            activity,
        })
    }

    /// The phase of the data.
    fn positive_phase(&self, rows: &[f64], weights: Vec<f64>) -> Phase {
        let machine = self.machine();
        let (h, v) = (machine.n_hidden(), machine.n_visible());
        let probabilities = vec![0.0; weights.len() * h];
        let mut phase = Phase { deviations: rows.to_vec(), probabilities, weights };
        let pairs = phase.probabilities.par_chunks_mut(h).zip(phase.deviations.par_chunks_mut(v));
        pairs.for_each(|(p, d)| {
            machine.hidden_fields(d, p);
            for x in p {
                *x = logistic(*x);
            }
            subtract(d, &machine.visible_bias);
        });
        phase
    }

    /// The phase of the model, the chains after it, and the clock. A chain that starts from a row counts as
    /// much as the row.
    fn negative_phase(
        &self,
        rows: &[f64],
        weights: &[f64],
        control: &Control,
    ) -> Result<(Phase, Vec<f64>, u64)> {
        let machine = self.machine();
        let (h, v) = (machine.n_hidden(), machine.n_visible());
        let persistent = self.rules.persistent;
        let steps = self.rules.steps;
        let n = if persistent { self.now.chains.len() / h } else { rows.len() / v };
        let mut chains = if persistent { self.now.chains.clone() } else { vec![0.0; n * h] };
        let weights = if persistent { vec![1.0; n] } else { weights.to_vec() };
        let (deviations, probabilities) = (vec![0.0; n * v], vec![0.0; n * h]);
        let mut phase = Phase { deviations, probabilities, weights };
        let all = chains
            .par_chunks_mut(h)
            .zip(phase.probabilities.par_chunks_mut(h))
            .zip(phase.deviations.par_chunks_mut(v));
        all.enumerate().try_for_each(|(number, ((hidden, p), visible))| {
            let mut chain = Chain::new(machine, self.seed, number, self.now.clock);
            let mut means = vec![0.0; v];
            if !persistent {
                chain.draw_hidden(&rows[number * v..(number + 1) * v], p, hidden);
            }
            for _ in 0..steps {
                control.check()?;
                chain.draw_visible(hidden, &mut means, visible);
                chain.draw_hidden(visible, p, hidden);
            }
            subtract(visible, &machine.visible_bias);
            Ok(())
        })?;
        // Chains that begin at the data have drawn their hidden units once more. Those that persist
        // stay as they are meanwhile.
        let clock = self.now.clock + steps as u64 + u64::from(!persistent);
        Ok((phase, if persistent { chains } else { self.now.chains.clone() }, clock))
    }
}

/// What each row of a batch counts, 1 on average.
fn relative(one: &OneBatch<'_>) -> Vec<f64> {
    let Some(weights) = one.weights else { return vec![1.0; one.rows] };
    let mean = weights.iter().sum::<f64>() / one.rows as f64;
    weights.iter().map(|weight| weight / mean).collect()
}

/// Hidden states, a byte a unit, as numbers.
fn states(bytes: &[u8], n_hidden: usize) -> Result<Vec<f64>> {
    let binary = bytes.iter().all(|&h| h <= 1);
    if bytes.is_empty() || !bytes.len().is_multiple_of(n_hidden) || !binary {
        let expected = format_args!("rows of {n_hidden} units 0 and 1").to_string();
        return Err(Error::expected("chains", expected, bytes.len()));
    }
    Ok(bytes.iter().map(|&h| f64::from(h)).collect())
}

fn subtract(values: &mut [f64], bias: &[f64]) {
    for (value, bias) in values.iter_mut().zip(bias) {
        *value -= bias;
    }
}

/// Says why a machine is none that data can mean, if so.
fn check(machine: &GaussianRbm, scales: &[f64]) -> std::result::Result<(), String> {
    let lower = "lower learning_rate";
    let n_visible = machine.n_visible();
    for (i, (s, scale)) in machine.variances.iter().zip(scales).enumerate() {
        if *s < COLLAPSE * scale || *s < 1e-200 {
            return Err(format!(
                "the variance of feature {i} has collapsed to {s:e}, from {scale:e}: hidden units \
                 determine it, or chains do not mix; lower learning_rate or variance_rate"
            ));
        }
        if !within(*s, (scale / COLLAPSE).min(LARGEST)) {
            return Err(format!("the variance of feature {i} rose beyond all measure; {lower}"));
        }
        let weights = machine.weights.iter().skip(i).step_by(n_visible);
        let bound = (scale.max(*s) / COLLAPSE).sqrt();
        if weights.into_iter().any(|&w| !within(w, bound)) {
            return Err(format!("weights of feature {i} are not finite or too large; {lower}"));
        }
    }
    let biases = machine.hidden_bias.iter().chain(&machine.visible_bias);
    match biases.into_iter().find(|&&bias| !within(bias, LARGEST)) {
        Some(bias) => Err(format!("a bias is {bias}; {lower}")),
        None => Ok(()),
    }
}
