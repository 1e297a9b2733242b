//! The definition of Gibbs sampling and of an update, unit by unit: slow and short.

use crate::{
    elementary::{
        sigmoid::{ONE, factor, fires, probability},
        single::exp2,
    },
    error::Result,
    rbm::units::machine::Rbm,
    rng::{Philox, Purpose, Xoshiro8},
    simd::Level,
};

/// A machine with chains, each unit of which is drawn alone.
#[derive(Clone, Debug)]
pub struct Reference {
    machine: Rbm,
    /// Hidden states of the chains, a byte a unit, chain after chain.
    pub hidden: Vec<u8>,
    /// Visible states of the chains.
    pub visible: Vec<u8>,
    hidden_streams: Vec<Xoshiro8>,
    visible_streams: Vec<Xoshiro8>,
}

impl Reference {
    /// Chains of `machine` with the streams of `seed`.
    pub fn new(machine: Rbm, seed: u64) -> Self {
        let streams = |purpose, n_units: usize| {
            let philox = Philox::new(seed, purpose, 0);
            (0..n_units.div_ceil(16)).map(|k| Xoshiro8::numbered(&philox, k as u64)).collect()
        };
        Self {
            hidden_streams: streams(Purpose::Hidden, machine.n_hidden()),
            visible_streams: streams(Purpose::Visible, machine.n_visible()),
            hidden: Vec::new(),
            visible: Vec::new(),
            machine,
        }
    }

    /// The machine.
    pub fn machine(&self) -> &Rbm {
        &self.machine
    }

    /// Draws the hidden states given the visible ones.
    pub fn draw_hidden(&mut self) {
        let fields = hidden_fields(&self.machine, &self.visible);
        let factor = factor(self.machine.scale, 1.0);
        self.hidden = draw(&fields, factor, &mut self.hidden_streams, self.machine.n_hidden());
    }

    /// Draws the visible states given the hidden ones.
    pub fn draw_visible(&mut self) {
        let (n_hidden, n_visible) = (self.machine.n_hidden(), self.machine.n_visible());
        let (weights, bias) = (self.machine.weights(), self.machine.visible_bias());
        let fixed = |value: f32| (value * self.machine.scale).round_ties_even() as i32;
        let mut fields = Vec::new();
        for row in self.hidden.chunks_exact(n_hidden) {
            for unit in 0..n_visible {
                let inputs = (0..n_hidden).filter(|&input| row[input] != 0);
                let weights = inputs.map(|input| fixed(weights[input * n_visible + unit]));
                fields.push(fixed(bias[unit]) + weights.sum::<i32>());
            }
        }
        let factor = factor(self.machine.scale, 1.0);
        self.visible = draw(&fields, factor, &mut self.visible_streams, n_visible);
    }

    /// One update by the rows of `data`, with `steps` Gibbs steps of chains that are `persistent` or
    /// start from the data. For at most 256 rows and chains.
    ///
    /// # Errors
    /// As [`Rbm::new`], for the machine after the update.
    pub fn update(
        &mut self,
        data: &[u8],
        steps: usize,
        persistent: bool,
        rate: f32,
        level: Level,
    ) -> Result<()> {
        let n_visible = self.machine.n_visible();
        if !persistent {
            self.visible = data.to_vec();
            self.draw_hidden();
        }
        for _ in 0..steps {
            self.draw_visible();
            self.draw_hidden();
        }
        let mut slopes = vec![0.0; (self.machine.n_hidden() + 1) * (n_visible + 1)];
        for (rows, sign) in [(data, 1.0), (&self.visible[..], -1.0)] {
            self.correlate(rows, sign, &mut slopes);
        }
        let (mut weights, mut hidden, mut visible) =
            (self.machine.weights(), self.machine.hidden_bias(), self.machine.visible_bias());
        for (unit, slopes) in slopes.chunks_exact(n_visible + 1).enumerate() {
            let (inputs, constant) = slopes.split_at(n_visible);
            if let Some(bias) = hidden.get_mut(unit) {
                *bias += rate * constant[0];
                for (weight, slope) in weights[unit * n_visible..].iter_mut().zip(inputs) {
                    *weight += rate * slope;
                }
            } else {
                for (bias, slope) in visible.iter_mut().zip(inputs) {
                    *bias += rate * slope;
                }
            }
        }
        self.machine = Rbm::new(&weights, &hidden, &visible, self.machine.precision, level)?;
        Ok(())
    }

    /// Adds the mean of each product of a hidden probability, or one, and a visible unit, or one.
    fn correlate(&self, rows: &[u8], sign: f32, slopes: &mut [f32]) {
        let (n_hidden, n_visible) = (self.machine.n_hidden(), self.machine.n_visible());
        let factor = factor(self.machine.scale, 1.0);
        let fields = hidden_fields(&self.machine, rows);
        let count = (rows.len() / n_visible) as f32;
        let share = sign / (ONE as f32 * count);
        for unit in 0..=n_hidden {
            for input in 0..=n_visible {
                let mut sum = 0;
                for (row, fields) in rows.chunks_exact(n_visible).zip(fields.chunks_exact(n_hidden))
                {
                    if row.get(input).is_none_or(|&on| on != 0) {
                        let p = |&x: &i32| probability(exp2(x as f32 * factor));
                        sum += fields.get(unit).map_or(1, p);
                    }
                }
                let slope = &mut slopes[unit * (n_visible + 1) + input];
                if unit < n_hidden {
                    *slope += sum as f32 * share;
                } else {
                    *slope += sign * (sum as f32 / count);
                }
            }
        }
    }
}

fn hidden_fields(machine: &Rbm, visible: &[u8]) -> Vec<i32> {
    let (weights, bias) = (machine.weights(), machine.hidden_bias());
    let fixed = |value: f32| (value * machine.scale).round_ties_even() as i32;
    let mut fields = Vec::new();
    for row in visible.chunks_exact(machine.n_visible()) {
        for (weights, &bias) in weights.chunks_exact(row.len()).zip(&bias) {
            let on = weights.iter().zip(row).filter(|&(_, &input)| input != 0);
            fields.push(fixed(bias) + on.map(|(&weight, _)| fixed(weight)).sum::<i32>());
        }
    }
    fields
}

/// Draws the units of each row, sixteen from a step of their stream.
fn draw(fields: &[i32], factor: f32, streams: &mut [Xoshiro8], n_units: usize) -> Vec<u8> {
    let mut states = Vec::new();
    for row in fields.chunks_exact(n_units) {
        for (fields, stream) in row.chunks(16).zip(&mut *streams) {
            let words = stream.step();
            for (lane, &field) in fields.iter().enumerate() {
                let word = (words[lane / 2] >> (32 * (lane % 2))) as u32;
                states.push(u8::from(fires(word, exp2(field as f32 * factor))));
            }
        }
    }
    states
}
