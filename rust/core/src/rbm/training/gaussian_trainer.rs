//! Contrastive divergence: chains for the model's side of the gradient, one update a batch.
//!
//! The chains begin at the data of each batch (Hinton, Neural Computation 14, 1771 (2002)) or go on
//! from update to update (Tieleman, ICML 2008). Their visible units are drawn with their noise: without
//! it the variances would learn nothing.

use rayon::prelude::*;

use super::gaussian_gradient::{Direction, Phase};
use crate::{
    control::Control,
    error::{Error, Result},
    rbm::Batches,
    rbm::units::{
        gaussian_gibbs::Chain,
        gaussian_machine::{GaussianRbm, logistic},
        gaussian_rows::{LARGEST, Rows, add, within},
    },
};

/// A variance may fall by this factor from where it began, and rise; weights may reach 1e6 standard
/// deviations. Beyond it, training has left what data can mean.
const COLLAPSE: f64 = 1e-12;

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
    /// What the learning rate is multiplied by for the logarithm of each variance.
    pub variance_rates: Vec<f64>,
}

impl GaussianRules {
    fn check(&self, machine: &GaussianRbm) -> Result<()> {
        if self.steps == 0 {
            return Err(Error::expected("k", "at least 1", 0));
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

/// A machine in training.
#[derive(Debug)]
pub struct GaussianTrainer {
    state: GaussianState,
    seed: u64,
    rules: GaussianRules,
}

/// What a training needs, beside its seed and rules, to go on with the same bits.
#[derive(Clone, Debug)]
pub struct GaussianState {
    /// The machine as it is now.
    pub machine: GaussianRbm,
    /// The last step: weights, hidden and visible biases, logarithms of the variances.
    pub velocity: [Vec<f64>; 4],
    /// Hidden states of the chains that persist, chain after chain.
    pub chains: Vec<f64>,
    /// Variances where the training began: what others are held against.
    pub scales: Vec<f64>,
    /// Steps that the random streams have gone.
    pub clock: u64,
    /// Updates that were made.
    pub updates: u64,
    /// Mean probabilities of the hidden units over the rows of the last batch.
    pub activity: Vec<f64>,
}

impl GaussianTrainer {
    /// Begins to train `machine`, with one chain from each row of hidden states in `chains` and the
    /// streams of `seed`.
    ///
    /// # Errors
    /// [`Error::Value`] for rules that do not hold, or chains of another width.
    pub fn new(
        machine: GaussianRbm,
        chains: &[u8],
        seed: u64,
        rules: GaussianRules,
    ) -> Result<Self> {
        let velocity = Direction::zero(&machine);
        let Direction { weights, hidden, visible, log_variances } = velocity;
        let state = GaussianState {
            velocity: [weights, hidden, visible, log_variances],
            chains: chains.iter().map(|&h| f64::from(h)).collect(),
            scales: machine.variances.clone(),
            clock: 0,
            updates: 0,
            activity: vec![0.0; machine.n_hidden()],
            machine,
        };
        Self::resume(state, seed, rules)
    }

    /// Goes on with a state.
    ///
    /// # Errors
    /// [`Error::Value`] for rules that do not hold, or a state that does not hold together.
    pub fn resume(state: GaussianState, seed: u64, rules: GaussianRules) -> Result<Self> {
        let machine = &state.machine;
        rules.check(machine)?;
        let (h, v) = (machine.n_hidden(), machine.n_visible());
        let [weights, hidden, visible, log_variances] = &state.velocity;
        for (name, found, expected) in [
            ("velocity_components", weights.len(), h * v),
            ("velocity_hidden", hidden.len(), h),
            ("velocity_visible", visible.len(), v),
            ("velocity_variances", log_variances.len(), v),
            ("scales", state.scales.len(), v),
            ("activity", state.activity.len(), h),
        ] {
            if found != expected {
                let expected = format_args!("{expected} numbers").to_string();
                return Err(Error::expected(name, expected, found));
            }
        }
        let on_or_off = state.chains.iter().all(|&h| h.to_bits() == 0 || h.to_bits() == ONE);
        if state.chains.is_empty() || !state.chains.len().is_multiple_of(h) || !on_or_off {
            let expected = format_args!("rows of {h} units 0 and 1").to_string();
            return Err(Error::expected("chains", expected, state.chains.len()));
        }
        Ok(Self { state, seed, rules })
    }

    /// Everything that is needed to go on, beside the seed and the rules.
    pub fn state(&self) -> &GaussianState {
        &self.state
    }

    /// The machine as it is now.
    pub fn machine(&self) -> &GaussianRbm {
        &self.state.machine
    }

    /// Goes on with other parameters.
    ///
    /// # Errors
    /// [`Error::Value`] if the machine has another shape.
    pub fn set_machine(&mut self, machine: GaussianRbm) -> Result<()> {
        let (h, v) = (self.machine().n_hidden(), self.machine().n_visible());
        if (machine.n_hidden(), machine.n_visible()) != (h, v) {
            let got = format!("{:?}", (machine.n_hidden(), machine.n_visible()));
            return Err(Error::expected("components", format_args!("of shape ({h}, {v})"), got));
        }
        self.state.scales.clone_from(&machine.variances);
        self.state.machine = machine;
        Ok(())
    }

    /// Makes one update a batch.
    ///
    /// # Errors
    /// [`Error::Value`] for rows or rates that do not fit, or for an update after which parameters
    /// would not be finite, or variances collapse: everything before it is kept.
    /// [`Error::Cancelled`]: the updates so far are kept.
    pub fn train(&mut self, data: &Rows, batches: &Batches<'_>, control: &Control) -> Result<()> {
        self.machine().check_rows(data)?;
        batches.check(data.len())?;
        for (batch, &rate) in batches.rates.iter().enumerate() {
            control.check()?;
            let first = batches.first + batch * batches.size;
            let rows = batches.size.min(batches.first + batches.rows - first);
            let rows = &data.values[first * data.width..(first + rows) * data.width];
            self.state = self.updated(rows, f64::from(rate), control)?;
            control.advance(1);
        }
        Ok(())
    }

    /// The state after an update on these rows.
    fn updated(&self, rows: &[f64], rate: f64, control: &Control) -> Result<GaussianState> {
        let now = &self.state;
        let machine = &now.machine;
        let data = self.seen(rows);
        let (model, chains, clock) = self.drawn(rows, control)?;
        let [weights, hidden, visible, log_variances] = now.velocity.clone();
        let last = Direction { weights, hidden, visible, log_variances };
        let rules = &self.rules;
        let step = Direction::of(machine, &data, &model).step(
            machine,
            rate,
            &rules.variance_rates,
            rules.weight_decay,
            (rules.momentum, &last),
        );
        let next = step.from(machine);
        check(&next, &now.scales).map_err(|reason| {
            Error::Value(format!(
                "training diverged at update {}: {reason} (the parameters before it are kept)",
                now.updates + 1
            ))
        })?;
        // Momentum that is set later begins at rest.
        let last = if rules.momentum > 0.0 { step } else { Direction::zero(machine) };
        let mut activity = vec![0.0; machine.n_hidden()];
        let share = machine.n_visible() as f64 / rows.len() as f64;
        for p in data.probabilities.chunks_exact(machine.n_hidden()) {
            add(&mut activity, share, p);
        }
        Ok(GaussianState {
            machine: next,
            velocity: [last.weights, last.hidden, last.visible, last.log_variances],
            chains,
            scales: now.scales.clone(),
            clock,
            updates: now.updates + 1,
            activity,
        })
    }

    /// The phase of the data.
    fn seen(&self, rows: &[f64]) -> Phase {
        let machine = self.machine();
        let (h, v) = (machine.n_hidden(), machine.n_visible());
        let n = rows.len() / v;
        let mut phase = Phase { deviations: rows.to_vec(), probabilities: vec![0.0; n * h] };
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

    /// The phase of the model, the chains after it, and the clock.
    fn drawn(&self, rows: &[f64], control: &Control) -> Result<(Phase, Vec<f64>, u64)> {
        let machine = self.machine();
        let (h, v) = (machine.n_hidden(), machine.n_visible());
        let persistent = self.rules.persistent;
        let steps = self.rules.steps;
        let n = if persistent { self.state.chains.len() / h } else { rows.len() / v };
        let mut chains = if persistent { self.state.chains.clone() } else { vec![0.0; n * h] };
        let mut phase = Phase { deviations: vec![0.0; n * v], probabilities: vec![0.0; n * h] };
        let all = chains
            .par_chunks_mut(h)
            .zip(phase.probabilities.par_chunks_mut(h))
            .zip(phase.deviations.par_chunks_mut(v));
        all.enumerate().try_for_each(|(number, ((hidden, p), visible))| {
            let mut chain = Chain::new(machine, self.seed, number, self.state.clock);
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
        let clock = self.state.clock + steps as u64 + u64::from(!persistent);
        Ok((phase, if persistent { chains } else { self.state.chains.clone() }, clock))
    }
}

/// The bits of 1.0.
const ONE: u64 = 0x3FF0_0000_0000_0000;

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
        let reach = (scale.max(*s) / COLLAPSE).sqrt();
        if weights.into_iter().any(|&w| !within(w, reach)) {
            return Err(format!("weights of feature {i} are not finite or too large; {lower}"));
        }
    }
    let biases = machine.hidden_bias.iter().chain(&machine.visible_bias);
    match biases.into_iter().find(|&&bias| !within(bias, LARGEST)) {
        Some(bias) => Err(format!("a bias is {bias}; {lower}")),
        None => Ok(()),
    }
}
