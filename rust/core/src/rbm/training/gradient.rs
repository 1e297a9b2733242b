//! A step along the gradient: correlations of data and chains, and what the rules make of them.
//!
//! Averages over rows are sums of integers (real-valued data: of 32-bit floats, row after row), so
//! they do not depend on who sums them.

use std::{
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use super::{
    bernoulli_trainer::BernoulliTrainer,
    columns::{Columns, means, weighted_means},
    trainer::OneBatch,
};
use crate::{
    elementary::sigmoid::{ONE, factor},
    rbm::units::{
        data::Data,
        half_step::{Workspace, lock},
        kernels::{GROUP, LANES, Row, UNITS, Weights, each},
        layer::Bound,
        machine::Rbm,
    },
};

/// Rows whose sums fit in 31 bits.
const ROWS: usize = 256;

/// The rows of an update, and its learning rate.
pub(super) struct Batch<'a> {
    data: &'a Data,
    first: usize,
    pub(super) rows: usize,
    /// The rows, where they are real.
    real: Option<&'a [f32]>,
    /// What each row counts, as a part of the most that one does; all alike if there are none.
    parts: Option<Vec<f32>>,
    /// The sum of these parts.
    total: f32,
    pub(super) rate: f32,
}

impl<'a> Batch<'a> {
    pub(super) fn new(data: &'a Data, one: &OneBatch<'_>) -> Self {
        let &OneBatch { first, rows, rate, weights, .. } = one;
        let parts = weights.map(|weights| {
            let most = weights.iter().copied().fold(0.0, f64::max);
            weights.iter().map(|weight| (weight / most) as f32).collect::<Vec<f32>>()
        });
        let total = parts.as_ref().map_or(rows as f32, |parts| parts.iter().sum());
        Self { data, first, rows, real: data.real(first, rows), parts, total, rate }
    }
}

/// What the members of a team share during an update.
#[derive(Debug)]
pub(super) struct SharedGradient {
    data: Columns,
    pub(super) chains: Columns,
    /// Tile after tile of hidden units, what centering subtracts from the gradient of each visible bias.
    corrections: Vec<AtomicU32>,
    /// Bounds of weights and fields after this update, and after the next.
    bound: [[AtomicU32; 2]; 2],
    n_visible: usize,
}

/// What one member works on.
pub(super) struct WorkerBuffers {
    pub(super) hidden: Range<usize>,
    pub(super) visible: Range<usize>,
    /// Whether this is the first member.
    pub(super) first: bool,
    /// Rows of `negative`, without padding.
    pub(super) cold: usize,
    /// Probabilities of the own hidden units given the data and given the chains.
    positive: Vec<Vec<Row>>,
    pub(super) negative: Vec<Vec<Row>>,
    pub(super) factors: Vec<f32>,
    counts: Vec<Row>,
    gradient: Vec<Weights>,
    /// Hidden biases before the update.
    biases: Vec<Weights>,
    activity: Vec<Weights>,
    data_words: Vec<u32>,
    chain_words: Vec<u32>,
    data_means: Vec<f32>,
    chain_means: Vec<f32>,
}

impl WorkerBuffers {
    /// Writes the mean activity of the own hidden units.
    pub(super) fn report(&self, activity: &Mutex<Vec<f32>>, n_hidden: usize) {
        let mut activity = lock(activity);
        activity.resize(n_hidden, 0.0);
        for (number, means) in self.hidden.clone().zip(&self.activity) {
            for (to, &mean) in activity[number * UNITS..].iter_mut().zip(means.0.as_flattened()) {
                *to = mean;
            }
        }
    }
}

impl SharedGradient {
    /// For batches of `batch` rows and as many chains as `chains`.
    pub(super) fn new(machine: &Rbm, batch: usize, chains: usize) -> Self {
        let n_visible = machine.n_visible();
        let corrections = machine.hidden.n_tiles() * n_visible;
        Self {
            data: Columns::new(n_visible, batch),
            chains: Columns::new(n_visible, chains),
            corrections: (0..corrections).map(|_| AtomicU32::new(0)).collect(),
            bound: Default::default(),
            n_visible,
        }
    }

    pub(super) fn buffers(
        &self,
        hidden: Range<usize>,
        visible: Range<usize>,
        first: bool,
    ) -> WorkerBuffers {
        let own = hidden.len();
        WorkerBuffers {
            hidden,
            visible,
            first,
            cold: 0,
            positive: vec![Vec::new(); own],
            negative: vec![Vec::new(); own],
            factors: Vec::new(),
            counts: vec![Row::ZERO; self.n_visible + 1],
            gradient: vec![Weights::ZERO; self.n_visible + 1],
            biases: vec![Weights::ZERO; own],
            activity: vec![Weights::ZERO; own],
            data_words: Vec::new(),
            chain_words: Vec::new(),
            data_means: Vec::new(),
            chain_means: Vec::new(),
        }
    }

    /// Merges a bound into that of update `update`.
    pub(super) fn merge_bound(&self, update: usize, bound: Bound) {
        let [weight, field] = &self.bound[update % 2];
        weight.fetch_max(bound.weight, Relaxed);
        field.fetch_max(bound.field, Relaxed);
    }

    /// The bound after update `update`.
    pub(super) fn bound(&self, update: usize) -> Bound {
        let [weight, field] = &self.bound[update % 2];
        Bound { weight: weight.load(Relaxed), field: field.load(Relaxed) }
    }

    /// Makes place for the update after `update`.
    pub(super) fn clear_next(&self, update: usize) {
        for value in &self.bound[(update + 1) % 2] {
            value.store(0, Relaxed);
        }
    }
}

impl BernoulliTrainer {
    /// The probabilities of the own hidden units given a batch; in CD, also the start of its chains.
    pub(super) fn positive_phase(
        &self,
        work: &mut Workspace,
        buffers: &mut WorkerBuffers,
        shared: &SharedGradient,
        scale: f32,
        batch: &Batch<'_>,
    ) {
        let factor = factor(scale, 1.0);
        let rows = batch.rows;
        let factors = vec![factor; rows];
        if batch.real.is_none() {
            for tile in buffers.visible.clone() {
                shared.data.write(tile, rows, |row| batch.data.word(batch.first + row, tile));
            }
            work.load_data(batch.data, batch.first, rows);
        }
        let layer = &self.machine.hidden;
        let kernels = work.kernels;
        for (slot, number) in buffers.hidden.clone().enumerate() {
            let (tile, units) = (layer.tile(number), layer.units(number));
            let mut streams =
                (!self.rules.persistent).then(|| self.chains.hidden_streams().tile(number));
            let kept = &mut buffers.positive[slot];
            kept.truncate(rows);
            kept.resize(rows.next_multiple_of(GROUP), Row::ZERO);
            let each = |first: usize, fields: &mut [Row], states: &mut Vec<u32>| {
                if let Some(streams) = &mut streams {
                    states.resize(fields.len(), 0);
                    (kernels.draw)(fields, &factors, streams, units, states);
                    self.chains.hidden.write(number, first, states);
                }
                kept[first..][..fields.len()].copy_from_slice(fields);
            };
            match batch.real {
                Some(values) => work.real_fields(&tile, scale, values, layer.n_inputs, each),
                None => work.fields(&tile, scale, each),
            }
            (kernels.probabilities)(&mut kept[..rows], factor, units);
        }
    }

    /// Moves the weights and biases of the own hidden units.
    pub(super) fn update_hidden(
        &self,
        work: &mut Workspace,
        buffers: &mut WorkerBuffers,
        shared: &SharedGradient,
        batch: &Batch<'_>,
    ) -> Bound {
        let n_visible = shared.n_visible;
        // A chain that started from a row counts as much as the row.
        let of_chains = batch.parts.as_ref().filter(|_| !self.rules.persistent);
        let means_of = |words: &[u32], rows, parts: Option<&Vec<f32>>| match parts {
            Some(parts) => weighted_means(words, n_visible, parts, batch.total),
            None => means(words, n_visible, rows),
        };
        buffers.data_means = if let Some(values) = batch.real {
            real_means(values, n_visible, batch)
        } else {
            shared.data.read(batch.rows, &mut buffers.data_words);
            means_of(&buffers.data_words, batch.rows, batch.parts.as_ref())
        };
        shared.chains.read(buffers.cold, &mut buffers.chain_words);
        buffers.chain_means = means_of(&buffers.chain_words, buffers.cold, of_chains);
        for (parts, phase) in
            [(batch.parts.as_ref(), &mut buffers.positive), (of_chains, &mut buffers.negative)]
        {
            if let Some(parts) = parts {
                for values in phase {
                    weigh(values, parts);
                }
            }
        }
        let chains = if of_chains.is_some() { batch.total } else { buffers.cold as f32 };
        let mut bound = Bound::default();
        for (slot, number) in buffers.hidden.clone().enumerate() {
            buffers.gradient.fill(Weights::ZERO);
            let (counts, gradient) = (&mut buffers.counts, &mut buffers.gradient);
            let share = 1.0 / (ONE as f32 * batch.total);
            let positive = &buffers.positive[slot];
            match batch.real {
                Some(values) => add_real(positive, values, share, gradient),
                None => add(work, positive, &buffers.data_words, share, counts, gradient),
            }
            let of_data = gradient[n_visible];
            let share = -1.0 / (ONE as f32 * chains);
            add(work, &buffers.negative[slot], &buffers.chain_words, share, counts, gradient);
            let difference = buffers.gradient[n_visible];
            buffers.activity[slot] = of_data;
            let mut tile = self.machine.hidden.tile_mut(number);
            buffers.biases[slot] = tile.bias;
            let mut bias =
                self.apply_rules(buffers, shared, number, &tile.weights, &of_data, &difference);
            self.velocity.hidden_step(number, &mut buffers.gradient[..n_visible], &mut bias);
            let units = self.machine.hidden.units(number);
            tile.bias = each(|v, l| {
                let own = (units >> (LANES * v + l) & 1) as f32;
                tile.bias.0[v][l] + batch.rate * bias.0[v][l] * own
            });
            let bias = tile.bias;
            let gradient = &buffers.gradient[..n_visible];
            let weights = &mut tile.weights[..n_visible];
            bound = bound.max((work.kernels.update)(weights, gradient, batch.rate, &bias));
        }
        bound
    }

    /// Centers the gradient of a tile and adds what sparsity and decay ask for. The gradient of its biases.
    fn apply_rules(
        &self,
        buffers: &mut WorkerBuffers,
        shared: &SharedGradient,
        number: usize,
        weights: &[Weights],
        of_data: &Weights,
        difference: &Weights,
    ) -> Weights {
        let rules = &self.rules;
        let mut bias = *difference;
        if rules.centered {
            // Deviations from the means of data and chains taken together.
            let middle = each(|v, l| of_data.0[v][l] - 0.5 * difference.0[v][l]);
            for (input, gradient) in buffers.gradient[..shared.n_visible].iter_mut().enumerate() {
                let (data, chains) = (buffers.data_means[input], buffers.chain_means[input]);
                let (mean, differ) = (0.5 * (data + chains), data - chains);
                *gradient = each(|v, l| {
                    gradient.0[v][l] - mean * difference.0[v][l] - differ * middle.0[v][l]
                });
                bias = each(|v, l| bias.0[v][l] - mean * gradient.0[v][l]);
                let correction = each(|v, l| gradient.0[v][l] * middle.0[v][l]);
                let correction: f32 = correction.0.as_flattened().iter().sum();
                shared.corrections[number * shared.n_visible + input]
                    .store(correction.to_bits(), Relaxed);
            }
        }
        if let Some((target, cost)) = rules.sparsity {
            let lack = each(|v, l| cost * (target - of_data.0[v][l]));
            for (gradient, &mean) in buffers.gradient.iter_mut().zip(&buffers.data_means) {
                *gradient = each(|v, l| gradient.0[v][l] + mean * lack.0[v][l]);
            }
            bias = each(|v, l| bias.0[v][l] + lack.0[v][l]);
        }
        if rules.weight_decay > 0.0 {
            for (gradient, weights) in buffers.gradient.iter_mut().zip(weights) {
                *gradient = each(|v, l| gradient.0[v][l] - rules.weight_decay * weights.0[v][l]);
            }
        }
        if rules.sparsity.is_some() {
            // Units that do not exist have no activity to lack.
            let units = self.machine.hidden.units(number);
            let own = each(|v, l| (units >> (LANES * v + l) & 1) as f32);
            for gradient in &mut buffers.gradient {
                *gradient = each(|v, l| gradient.0[v][l] * own.0[v][l]);
            }
        }
        bias
    }

    /// Copies the new weights to the own visible units and moves their biases.
    pub(super) fn update_visible(
        &self,
        work: &Workspace,
        buffers: &WorkerBuffers,
        shared: &SharedGradient,
        rate: f32,
    ) -> Bound {
        let (hidden, visible) = (&self.machine.hidden, &self.machine.visible);
        let mut bound = Bound::default();
        for number in buffers.visible.clone() {
            let mut tile = visible.tile_mut(number);
            for (block, to) in tile.weights.as_chunks_mut().0.iter_mut().enumerate() {
                (work.kernels.transpose)(&hidden.tile(block).weights.as_chunks().0[number], to);
            }
            let units = number * UNITS..visible.n_units.min((number + 1) * UNITS);
            let mut gradient = Weights::ZERO;
            for (unit, gradient) in units.zip(gradient.0.as_flattened_mut()) {
                *gradient = buffers.data_means[unit] - buffers.chain_means[unit];
                if self.rules.centered {
                    for corrections in shared.corrections.chunks_exact(shared.n_visible) {
                        *gradient -= f32::from_bits(corrections[unit].load(Relaxed));
                    }
                }
            }
            self.velocity.visible_step(number, &mut gradient);
            tile.bias = each(|v, l| tile.bias.0[v][l] + rate * gradient.0[v][l]);
            bound = bound.max((work.kernels.bound)(&tile.weights, &tile.bias));
        }
        bound
    }

    /// Takes the own hidden units back to before an update whose weights have not been copied yet.
    pub(super) fn undo(&self, work: &Workspace, buffers: &WorkerBuffers) {
        let (hidden, visible) = (&self.machine.hidden, &self.machine.visible);
        for (number, bias) in buffers.hidden.clone().zip(&buffers.biases) {
            let mut tile = hidden.tile_mut(number);
            tile.bias = *bias;
            for (block, to) in tile.weights.as_chunks_mut().0.iter_mut().enumerate() {
                (work.kernels.transpose)(&visible.tile(block).weights.as_chunks().0[number], to);
            }
        }
        self.velocity.clear(buffers.hidden.clone(), buffers.visible.clone());
    }
}

/// Multiplies the probabilities of each row by what it counts, rounded to 1 / [`ONE`].
fn weigh(values: &mut [Row], parts: &[f32]) {
    for (row, &part) in values.iter_mut().zip(parts) {
        for value in row.0.as_flattened_mut() {
            *value = (*value as f32 * part + 0.5) as i32;
        }
    }
}

/// Adds to `sums` the `share` of the correlations of `values` with the columns `words`.
fn add(
    work: &mut Workspace,
    values: &[Row],
    words: &[u32],
    share: f32,
    counts: &mut [Row],
    sums: &mut [Weights],
) {
    let stride = counts.len();
    for (values, words) in values.chunks(ROWS).zip(words.chunks(stride * (ROWS / UNITS))) {
        counts.fill(Row::ZERO);
        (work.kernels.correlate)(values, words, stride, &mut work.tables, counts);
        (work.kernels.gather)(counts, share, sums);
    }
}

/// The same of real-valued rows of data.
fn add_real(values: &[Row], data: &[f32], share: f32, sums: &mut [Weights]) {
    for (row, activity) in data.chunks_exact(sums.len() - 1).zip(values) {
        let activity = each(|v, l| activity.0[v][l] as f32 * share);
        for (sum, &value) in sums.iter_mut().zip(row.iter().chain([&1.0])) {
            *sum = each(|v, l| sum.0[v][l] + value * activity.0[v][l]);
        }
    }
}

/// The mean of each unit over real-valued rows of data.
fn real_means(data: &[f32], n_units: usize, batch: &Batch<'_>) -> Vec<f32> {
    let mut sums = vec![0.0; n_units];
    for (number, row) in data.chunks_exact(n_units).enumerate() {
        let part = batch.parts.as_ref().map_or(1.0, |parts| parts[number]);
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += part * value;
        }
    }
    sums.iter().map(|sum| sum / batch.total).collect()
}
