//! Half a Gibbs step: the units of one layer, given the states of the other.
//!
//! Each tile of 32 units has its own streams of random numbers and takes rows in order, so which
//! member of a team has which tile changes no bit.

use std::{
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    data::Data,
    kernels::{Generators, Kernels, LANES, Row, Tables, UNITS, VECTORS},
    layer::{Layer, Tile, fixed_point},
    states::States,
};
use crate::{
    control::Control,
    error::Result,
    rng::{Philox, Purpose, Xoshiro8},
};

/// Rows that have their fields in a cache together: 32 KiB a tile.
const ROWS: usize = 256;

/// Which of `count` tiles member `member` of `members` has.
pub(in crate::rbm) fn share(count: usize, member: usize, members: usize) -> Range<usize> {
    count * member / members..count * (member + 1) / members
}

/// The random streams of a layer: two generators a tile.
#[derive(Debug)]
pub(in crate::rbm) struct Streams(Vec<Mutex<Generators>>);

impl Streams {
    /// The streams of `purpose` for `n_tiles` tiles.
    pub(in crate::rbm) fn new(seed: u64, purpose: Purpose, n_tiles: usize) -> Self {
        let philox = Philox::new(seed, purpose, 0);
        let generators = |tile: usize| {
            let number = |vector: usize| (VECTORS * tile + vector) as u64;
            std::array::from_fn(|vector| Xoshiro8::numbered(&philox, number(vector)))
        };
        Self((0..n_tiles).map(|tile| Mutex::new(generators(tile))).collect())
    }

    /// The generators of a tile, for the member that has it.
    pub(in crate::rbm) fn tile(&self, tile: usize) -> MutexGuard<'_, Generators> {
        self.0[tile].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the streams are.
    pub(in crate::rbm) fn state(&self) -> Vec<u64> {
        let mut state = Vec::with_capacity(self.0.len() * VECTORS * Xoshiro8::STATE_WORDS);
        for tile in 0..self.0.len() {
            for generator in self.tile(tile).iter() {
                state.extend_from_slice(generator.state().as_flattened());
            }
        }
        state
    }

    /// Goes to where [`Streams::state`] was.
    pub(in crate::rbm) fn restore(&self, state: &[u64]) {
        let mut generators = state.as_chunks::<{ Xoshiro8::STATE_WORDS }>().0.iter();
        for tile in 0..self.0.len() {
            for generator in self.tile(tile).iter_mut() {
                if let Some(words) = generators.next() {
                    let rows =
                        std::array::from_fn(|row| std::array::from_fn(|k| words[8 * row + k]));
                    *generator = Xoshiro8::from_state(rows);
                }
            }
        }
    }
}

/// What a member of a team works with.
pub(in crate::rbm) struct Workspace {
    pub(in crate::rbm) kernels: &'static Kernels,
    pub(in crate::rbm) tables: Box<Tables>,
    fields: Vec<Row>,
    /// The states of the other layer, tile after tile.
    inputs: Vec<u32>,
    /// Rows of `inputs`.
    rows: usize,
    /// New states of a tile.
    states: Vec<u32>,
}

impl Workspace {
    pub(in crate::rbm) fn new(kernels: &'static Kernels) -> Self {
        Self {
            kernels,
            tables: Box::new([[Row::ZERO; 16]; UNITS / 4]),
            fields: Vec::new(),
            inputs: Vec::new(),
            rows: 0,
            states: Vec::new(),
        }
    }

    /// Takes the first `rows` rows of `states` as inputs.
    pub(in crate::rbm) fn load(&mut self, states: &States, rows: usize) {
        states.read(rows, &mut self.inputs);
        self.rows = rows;
    }

    /// Takes rows `first` to `first + rows` of binary data as inputs.
    pub(in crate::rbm) fn load_data(&mut self, data: &Data, first: usize, rows: usize) {
        data.read(first, rows, &mut self.inputs);
        self.rows = rows;
    }

    /// Calls `each(first, fields)` with the fields of a tile in units of 1 / `scale`, for the rows
    /// from `first` on, for all rows that were loaded.
    pub(in crate::rbm) fn fields(
        &mut self,
        tile: &Tile,
        scale: f32,
        mut each: impl FnMut(usize, &mut [Row], &mut Vec<u32>),
    ) {
        for first in (0..self.rows).step_by(ROWS) {
            let rows = ROWS.min(self.rows - first);
            self.fields.resize(rows, Row::ZERO);
            (self.kernels.fields)(
                &tile.weights,
                scale,
                &tile.bias,
                &self.inputs[first..],
                self.rows,
                &mut self.tables,
                &mut self.fields,
            );
            each(first, &mut self.fields, &mut self.states);
        }
    }

    /// The same for real-valued rows of data: sums of 32-bit floats, input after input.
    pub(in crate::rbm) fn real_fields(
        &mut self,
        tile: &Tile,
        scale: f32,
        data: &[f32],
        n_inputs: usize,
        mut each: impl FnMut(usize, &mut [Row], &mut Vec<u32>),
    ) {
        // A field beyond this is one beyond doubt.
        const LIMIT: f32 = (1 << 30) as f32;
        for (block, data) in data.chunks(ROWS * n_inputs).enumerate() {
            self.fields.clear();
            for values in data.chunks_exact(n_inputs) {
                let mut sums = tile.bias;
                for (&value, weights) in values.iter().zip(&tile.weights) {
                    for vector in 0..VECTORS {
                        for lane in 0..LANES {
                            sums.0[vector][lane] += value * weights.0[vector][lane];
                        }
                    }
                }
                for sum in sums.0.as_flattened_mut() {
                    *sum = (*sum * scale).clamp(-LIMIT, LIMIT) / scale;
                }
                self.fields.push(fixed_point(&sums, scale));
            }
            each(block * ROWS, &mut self.fields, &mut self.states);
        }
    }

    /// New states of tile `number` of `layer` for all rows that were loaded, each at the inverse
    /// temperature of its factor, to `out`.
    pub(in crate::rbm) fn draw(
        &mut self,
        layer: &Layer,
        number: usize,
        scale: f32,
        factors: &[f32],
        streams: &Streams,
        mut out: impl FnMut(usize, &[Row], &mut [u32]),
    ) {
        let (tile, units) = (layer.tile(number), layer.units(number));
        let mut generators = streams.tile(number);
        let kernels = self.kernels;
        self.fields(&tile, scale, |first, fields, states| {
            states.resize(fields.len(), 0);
            (kernels.draw)(fields, &factors[first..], &mut generators, units, states);
            out(first, fields, states);
        });
    }
}

/// The wish to stop, agreed on by all members of a team at a barrier.
#[derive(Debug, Default)]
pub(in crate::rbm) struct Stop(std::sync::atomic::AtomicBool);

impl Stop {
    /// Called by one member between two barriers.
    pub(in crate::rbm) fn check(&self, control: &Control) {
        if control.check().is_err() {
            self.raise();
        }
    }

    /// Called by any member between two barriers.
    pub(in crate::rbm) fn raise(&self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// The same for all members, after the barrier.
    pub(in crate::rbm) fn agreed(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// [`Control::check`], for those who only look once a call.
pub(in crate::rbm) fn finish(stop: &Stop, control: &Control) -> Result<()> {
    if stop.agreed() { control.check() } else { Ok(()) }
}

/// A lock that is never held across a panic that matters.
pub(in crate::rbm) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
