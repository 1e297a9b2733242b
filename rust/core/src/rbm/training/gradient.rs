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
    columns::{Columns, means},
};
use crate::rbm::units::{
    data::Data,
    half_step::{Workspace, lock},
    kernels::{GROUP, LANES, Row, UNITS, Weights, each},
    layer::Reach,
    machine::Rbm,
    sigmoid::{ONE, factor},
};

/// Rows whose sums fit in 31 bits.
const ROWS: usize = 256;

/// The rows of an update, and its learning rate.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    data: &'a Data,
    first: usize,
    pub(super) rows: usize,
    /// The rows, where they are real.
    real: Option<&'a [f32]>,
    pub(super) rate: f32,
}

impl<'a> Batch<'a> {
    pub(super) fn new(data: &'a Data, first: usize, rows: usize, rate: f32) -> Self {
        Self { data, first, rows, real: data.real(first, rows), rate }
    }
}

/// What the members of a team tell one another during an update.
#[derive(Debug)]
pub(super) struct Ascent {
    data: Columns,
    pub(super) chains: Columns,
    /// Tile after tile of hidden units, what their mean activity takes from each visible bias.
    pulls: Vec<AtomicU32>,
    /// How large weights and fields are after this update, and after the next.
    reach: [[AtomicU32; 2]; 2],
    n_visible: usize,
}

/// What one member has.
pub(super) struct Hand {
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
    slope: Vec<Weights>,
    /// Hidden biases before the update.
    biases: Vec<Weights>,
    activity: Vec<Weights>,
    data_words: Vec<u32>,
    chain_words: Vec<u32>,
    data_means: Vec<f32>,
    chain_means: Vec<f32>,
}

impl Hand {
    /// Tells the mean activity of the own hidden units.
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

impl Ascent {
    /// For batches of `batch` rows and as many chains as `chains`.
    pub(super) fn new(machine: &Rbm, batch: usize, chains: usize) -> Self {
        let n_visible = machine.n_visible();
        let pulls = machine.hidden.n_tiles() * n_visible;
        Self {
            data: Columns::new(n_visible, batch),
            chains: Columns::new(n_visible, chains),
            pulls: (0..pulls).map(|_| AtomicU32::new(0)).collect(),
            reach: Default::default(),
            n_visible,
        }
    }

    pub(super) fn hand(&self, hidden: Range<usize>, visible: Range<usize>, first: bool) -> Hand {
        let own = hidden.len();
        Hand {
            hidden,
            visible,
            first,
            cold: 0,
            positive: vec![Vec::new(); own],
            negative: vec![Vec::new(); own],
            factors: Vec::new(),
            counts: vec![Row::ZERO; self.n_visible + 1],
            slope: vec![Weights::ZERO; self.n_visible + 1],
            biases: vec![Weights::ZERO; own],
            activity: vec![Weights::ZERO; own],
            data_words: Vec::new(),
            chain_words: Vec::new(),
            data_means: Vec::new(),
            chain_means: Vec::new(),
        }
    }

    /// Counts `reach` in for update `update`, and clears the place of the next one.
    pub(super) fn meet(&self, update: usize, reach: Reach) {
        let [weight, field] = &self.reach[update % 2];
        weight.fetch_max(reach.weight, Relaxed);
        field.fetch_max(reach.field, Relaxed);
    }

    /// The reach after update `update`.
    pub(super) fn reach(&self, update: usize) -> Reach {
        let [weight, field] = &self.reach[update % 2];
        Reach { weight: weight.load(Relaxed), field: field.load(Relaxed) }
    }

    /// Makes place for the update after `update`.
    pub(super) fn clear_next(&self, update: usize) {
        for value in &self.reach[(update + 1) % 2] {
            value.store(0, Relaxed);
        }
    }
}

impl BernoulliTrainer {
    /// The probabilities of the own hidden units given a batch; in CD, also the start of its chains.
    pub(super) fn see_data(
        &self,
        work: &mut Workspace,
        hand: &mut Hand,
        ascent: &Ascent,
        scale: f32,
        batch: &Batch<'_>,
    ) {
        let factor = factor(scale, 1.0);
        let rows = batch.rows;
        let factors = vec![factor; rows];
        if batch.real.is_none() {
            for tile in hand.visible.clone() {
                ascent.data.write(tile, rows, |row| batch.data.word(batch.first + row, tile));
            }
            work.hear_data(batch.data, batch.first, rows);
        }
        let layer = &self.machine.hidden;
        let kernels = work.kernels;
        for (slot, number) in hand.hidden.clone().enumerate() {
            let (tile, units) = (layer.tile(number), layer.units(number));
            let mut streams =
                (!self.rules.persistent).then(|| self.chains.hidden_streams().tile(number));
            let kept = &mut hand.positive[slot];
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
    pub(super) fn climb(
        &self,
        work: &mut Workspace,
        hand: &mut Hand,
        ascent: &Ascent,
        batch: &Batch<'_>,
    ) -> Reach {
        let n_visible = ascent.n_visible;
        hand.data_means = if let Some(values) = batch.real {
            real_means(values, n_visible)
        } else {
            ascent.data.read(batch.rows, &mut hand.data_words);
            means(&hand.data_words, n_visible, batch.rows)
        };
        ascent.chains.read(hand.cold, &mut hand.chain_words);
        hand.chain_means = means(&hand.chain_words, n_visible, hand.cold);
        let mut reach = Reach::default();
        for (slot, number) in hand.hidden.clone().enumerate() {
            hand.slope.fill(Weights::ZERO);
            let (counts, slope) = (&mut hand.counts, &mut hand.slope);
            let share = 1.0 / (ONE as f32 * batch.rows as f32);
            let positive = &hand.positive[slot];
            match batch.real {
                Some(values) => add_real(positive, values, share, slope),
                None => add(work, positive, &hand.data_words, share, counts, slope),
            }
            let of_data = slope[n_visible];
            let share = -1.0 / (ONE as f32 * hand.cold as f32);
            add(work, &hand.negative[slot], &hand.chain_words, share, counts, slope);
            let difference = hand.slope[n_visible];
            hand.activity[slot] = of_data;
            let mut tile = self.machine.hidden.tile_mut(number);
            hand.biases[slot] = tile.bias;
            let mut bias =
                self.apply_rules(hand, ascent, number, &tile.weights, &of_data, &difference);
            self.velocity.hidden_step(number, &mut hand.slope[..n_visible], &mut bias);
            let units = self.machine.hidden.units(number);
            tile.bias = each(|v, l| {
                let own = (units >> (LANES * v + l) & 1) as f32;
                tile.bias.0[v][l] + batch.rate * bias.0[v][l] * own
            });
            let bias = tile.bias;
            let slope = &hand.slope[..n_visible];
            let weights = &mut tile.weights[..n_visible];
            reach = reach.max((work.kernels.climb)(weights, slope, batch.rate, &bias));
        }
        reach
    }

    /// Centers the slope of a tile and adds what sparsity and decay ask for. The slope of its biases.
    fn apply_rules(
        &self,
        hand: &mut Hand,
        ascent: &Ascent,
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
            for (input, slope) in hand.slope[..ascent.n_visible].iter_mut().enumerate() {
                let (data, chains) = (hand.data_means[input], hand.chain_means[input]);
                let (mean, differ) = (0.5 * (data + chains), data - chains);
                *slope = each(|v, l| {
                    slope.0[v][l] - mean * difference.0[v][l] - differ * middle.0[v][l]
                });
                bias = each(|v, l| bias.0[v][l] - mean * slope.0[v][l]);
                let pull = each(|v, l| slope.0[v][l] * middle.0[v][l]);
                let pull: f32 = pull.0.as_flattened().iter().sum();
                ascent.pulls[number * ascent.n_visible + input].store(pull.to_bits(), Relaxed);
            }
        }
        if let Some((target, cost)) = rules.sparsity {
            let lack = each(|v, l| cost * (target - of_data.0[v][l]));
            for (slope, &mean) in hand.slope.iter_mut().zip(&hand.data_means) {
                *slope = each(|v, l| slope.0[v][l] + mean * lack.0[v][l]);
            }
            bias = each(|v, l| bias.0[v][l] + lack.0[v][l]);
        }
        if rules.weight_decay > 0.0 {
            for (slope, weights) in hand.slope.iter_mut().zip(weights) {
                *slope = each(|v, l| slope.0[v][l] - rules.weight_decay * weights.0[v][l]);
            }
        }
        if rules.sparsity.is_some() {
            // Units that do not exist have no activity to lack.
            let units = self.machine.hidden.units(number);
            let own = each(|v, l| (units >> (LANES * v + l) & 1) as f32);
            for slope in &mut hand.slope {
                *slope = each(|v, l| slope.0[v][l] * own.0[v][l]);
            }
        }
        bias
    }

    /// Copies the new weights to the own visible units and moves their biases.
    pub(super) fn turn(&self, work: &Workspace, hand: &Hand, ascent: &Ascent, rate: f32) -> Reach {
        let (hidden, visible) = (&self.machine.hidden, &self.machine.visible);
        let mut reach = Reach::default();
        for number in hand.visible.clone() {
            let mut tile = visible.tile_mut(number);
            for (block, to) in tile.weights.as_chunks_mut().0.iter_mut().enumerate() {
                (work.kernels.turn)(&hidden.tile(block).weights.as_chunks().0[number], to);
            }
            let units = number * UNITS..visible.n_units.min((number + 1) * UNITS);
            let mut slope = Weights::ZERO;
            for (unit, slope) in units.zip(slope.0.as_flattened_mut()) {
                *slope = hand.data_means[unit] - hand.chain_means[unit];
                if self.rules.centered {
                    for pulls in ascent.pulls.chunks_exact(ascent.n_visible) {
                        *slope -= f32::from_bits(pulls[unit].load(Relaxed));
                    }
                }
            }
            self.velocity.visible_step(number, &mut slope);
            tile.bias = each(|v, l| tile.bias.0[v][l] + rate * slope.0[v][l]);
            reach = reach.max((work.kernels.reach)(&tile.weights, &tile.bias));
        }
        reach
    }

    /// Takes the own hidden units back to before an update whose weights have not been copied yet.
    pub(super) fn undo(&self, work: &Workspace, hand: &Hand) {
        let (hidden, visible) = (&self.machine.hidden, &self.machine.visible);
        for (number, bias) in hand.hidden.clone().zip(&hand.biases) {
            let mut tile = hidden.tile_mut(number);
            tile.bias = *bias;
            for (block, to) in tile.weights.as_chunks_mut().0.iter_mut().enumerate() {
                (work.kernels.turn)(&visible.tile(block).weights.as_chunks().0[number], to);
            }
        }
        self.velocity.clear(hand.hidden.clone(), hand.visible.clone());
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
fn real_means(data: &[f32], n_units: usize) -> Vec<f32> {
    let mut sums = vec![0.0; n_units];
    for row in data.chunks_exact(n_units) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
    let rows = (data.len() / n_units) as f32;
    sums.iter().map(|sum| sum / rows).collect()
}
