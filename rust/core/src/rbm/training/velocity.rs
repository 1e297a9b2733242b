//! Momentum: a step is made again in part (Hinton, A Practical Guide to Training Restricted Boltzmann
//! Machines (2010), section 9).

use std::{ops::Range, sync::Mutex};

use crate::{
    error::{Error, Result},
    rbm::units::{
        half_step::lock,
        kernels::{UNITS, Weights, each},
        layer::Layer,
        machine::Rbm,
    },
};

/// The last step, kept where there is momentum.
#[derive(Debug)]
pub(super) struct Velocity {
    weights: Vec<Mutex<Vec<Weights>>>,
    hidden_bias: Vec<Mutex<Weights>>,
    visible_bias: Vec<Mutex<Weights>>,
    momentum: f32,
}

impl Velocity {
    /// At rest.
    pub(super) fn new(machine: &Rbm, momentum: f32) -> Self {
        let kept = momentum > 0.0;
        let tiles = |layer: &Layer| if kept { layer.n_tiles() } else { 0 };
        let biases = |layer: &Layer| (0..tiles(layer)).map(|_| Mutex::new(Weights::ZERO)).collect();
        let weights = || Mutex::new(vec![Weights::ZERO; machine.n_visible()]);
        Self {
            weights: (0..tiles(&machine.hidden)).map(|_| weights()).collect(),
            hidden_bias: biases(&machine.hidden),
            visible_bias: biases(&machine.visible),
            momentum,
        }
    }

    /// Makes the gradient of a tile of hidden units, and of their biases, their next step.
    pub(super) fn hidden_step(&self, number: usize, gradient: &mut [Weights], bias: &mut Weights) {
        if let Some(velocity) = self.weights.get(number) {
            for (velocity, gradient) in lock(velocity).iter_mut().zip(gradient) {
                accelerate(velocity, self.momentum, gradient);
            }
            accelerate(&mut lock(&self.hidden_bias[number]), self.momentum, bias);
        }
    }

    /// The same for the biases of a tile of visible units.
    pub(super) fn visible_step(&self, number: usize, bias: &mut Weights) {
        if let Some(velocity) = self.visible_bias.get(number) {
            accelerate(&mut lock(velocity), self.momentum, bias);
        }
    }

    /// Weights, hidden and visible biases, as those of the machine; empty if nothing is kept.
    pub(super) fn state(&self, machine: &Rbm) -> [Vec<f32>; 3] {
        if self.weights.is_empty() {
            return Default::default();
        }
        let biases = |biases: &[Mutex<Weights>], count: usize| {
            let mut out: Vec<f32> =
                biases.iter().flat_map(|bias| lock(bias).0.as_flattened().to_vec()).collect();
            out.truncate(count);
            out
        };
        let (n_hidden, n_visible) = (machine.n_hidden(), machine.n_visible());
        let mut weights = Vec::with_capacity(n_hidden * n_visible);
        for unit in 0..n_hidden {
            let tile = lock(&self.weights[unit / UNITS]);
            weights.extend(tile.iter().map(|row| row.0.as_flattened()[unit % UNITS]));
        }
        [weights, biases(&self.hidden_bias, n_hidden), biases(&self.visible_bias, n_visible)]
    }

    /// Goes on from a state, which is at rest if it is empty.
    pub(super) fn restore(&self, state: &[Vec<f32>; 3], machine: &Rbm) -> Result<()> {
        if self.weights.is_empty() || state.iter().all(Vec::is_empty) {
            return Ok(());
        }
        let now = self.state(machine);
        if now.each_ref().map(Vec::len) != state.each_ref().map(Vec::len) {
            return Err(Error::expected(
                "the state",
                "one of a training with the same momentum and units",
                "one of another",
            ));
        }
        let n_visible = machine.n_visible();
        for (number, tile) in self.weights.iter().enumerate() {
            for (input, row) in lock(tile).iter_mut().enumerate() {
                for (unit, to) in (number * UNITS..machine.n_hidden()).zip(row.0.as_flattened_mut())
                {
                    *to = state[0][unit * n_visible + input];
                }
            }
        }
        for (biases, state) in [(&self.hidden_bias, &state[1]), (&self.visible_bias, &state[2])] {
            for (bias, state) in biases.iter().zip(state.chunks(UNITS)) {
                lock(bias).0.as_flattened_mut()[..state.len()].copy_from_slice(state);
            }
        }
        Ok(())
    }

    /// Forgets the last step.
    pub(super) fn clear(&self, hidden: Range<usize>, visible: Range<usize>) {
        if !self.weights.is_empty() {
            for number in hidden {
                lock(&self.weights[number]).fill(Weights::ZERO);
                *lock(&self.hidden_bias[number]) = Weights::ZERO;
            }
            for number in visible {
                *lock(&self.visible_bias[number]) = Weights::ZERO;
            }
        }
    }
}

/// `momentum` times the last step and this one; the sum is the next last step.
#[inline(always)]
fn accelerate(velocity: &mut Weights, momentum: f32, gradient: &mut Weights) {
    *gradient = each(|v, l| momentum * velocity.0[v][l] + gradient.0[v][l]);
    *velocity = *gradient;
}
