//! One layer as the other one sees it: the weights and the bias of each of its units, in tiles.
//!
//! A machine has both layers, so its weights stand twice: `[input][unit]` for either. Weights are
//! 32-bit floats; the kernels round them to fixed point as they read them.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::kernels::{Kernels, LANES, Row, UNITS, VECTORS, Weights};
use crate::control::checkpoint;

/// A layer of `n_units`, each of which has `n_inputs`.
#[derive(Debug)]
pub(in crate::rbm) struct Layer {
    pub(in crate::rbm) n_inputs: usize,
    pub(in crate::rbm) n_units: usize,
    tiles: Vec<RwLock<Tile>>,
}

/// 32 units of a layer. Those beyond its last one have no weights and never fire.
#[derive(Clone, Debug)]
pub(in crate::rbm) struct Tile {
    /// One row an input, and rows of zeros up to a multiple of 32.
    pub(in crate::rbm) weights: Vec<Weights>,
    /// The field without input.
    pub(in crate::rbm) bias: Weights,
}

/// The largest |weight|, and the largest |field| that 0/1 inputs can make, as the bits of non-negative
/// floats: their order is that of the numbers, and NaN comes last.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::rbm) struct Bound {
    pub(in crate::rbm) weight: u32,
    pub(in crate::rbm) field: u32,
}

impl Bound {
    pub(in crate::rbm) fn max(self, other: Self) -> Self {
        Self { weight: self.weight.max(other.weight), field: self.field.max(other.field) }
    }
}

impl Layer {
    /// The layer whose unit u has the weight `weight(input, u)`.
    pub(in crate::rbm) fn new(
        n_inputs: usize,
        bias: &[f32],
        weight: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let n_units = bias.len();
        let tiles = (0..n_units.div_ceil(UNITS)).map(|tile| {
            let units = tile * UNITS..n_units.min((tile + 1) * UNITS);
            checkpoint();
            let mut weights = vec![Weights::ZERO; n_inputs.next_multiple_of(UNITS)];
            for (input, row) in weights[..n_inputs].iter_mut().enumerate() {
                let row = row.0.as_flattened_mut();
                for (unit, to) in units.clone().zip(row) {
                    *to = weight(input, unit);
                }
            }
            let mut tile = Tile { weights, bias: Weights::ZERO };
            tile.bias.0.as_flattened_mut()[..units.len()].copy_from_slice(&bias[units]);
            RwLock::new(tile)
        });
        Self { n_inputs, n_units, tiles: tiles.collect() }
    }

    /// Tiles of 32 units.
    pub(in crate::rbm) fn n_tiles(&self) -> usize {
        self.tiles.len()
    }

    /// The bits of the units that `tile` really has.
    pub(in crate::rbm) fn units(&self, tile: usize) -> u32 {
        match self.n_units - tile * UNITS {
            count if count < UNITS => (1 << count) - 1,
            _ => u32::MAX,
        }
    }

    /// A tile, to read. Team members hold locks only between barriers, and never wait for one.
    pub(in crate::rbm) fn tile(&self, tile: usize) -> RwLockReadGuard<'_, Tile> {
        self.tiles[tile].read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A tile, to write.
    pub(in crate::rbm) fn tile_mut(&self, tile: usize) -> RwLockWriteGuard<'_, Tile> {
        self.tiles[tile].write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The largest weight and field of all tiles.
    pub(in crate::rbm) fn bound(&self, kernels: &Kernels) -> Bound {
        (0..self.n_tiles()).fold(Bound::default(), |bound, number| {
            let tile = self.tile(number);
            bound.max((kernels.bound)(&tile.weights, &tile.bias))
        })
    }

    /// The bias of each unit.
    pub(in crate::rbm) fn bias(&self) -> Vec<f32> {
        let mut bias = Vec::with_capacity(self.n_tiles() * UNITS);
        for tile in 0..self.n_tiles() {
            bias.extend_from_slice(self.tile(tile).bias.0.as_flattened());
        }
        bias.truncate(self.n_units);
        bias
    }

    /// The weights, input after input.
    pub(in crate::rbm) fn weights(&self) -> Vec<f32> {
        let mut weights = vec![0.0; self.n_inputs * self.n_units];
        for tile in 0..self.n_tiles() {
            let units = tile * UNITS..self.n_units.min((tile + 1) * UNITS);
            let tile = self.tile(tile);
            for (row, to) in tile.weights.iter().zip(weights.chunks_exact_mut(self.n_units)) {
                to[units.clone()].copy_from_slice(&row.0.as_flattened()[..units.len()]);
            }
        }
        weights
    }
}

impl Clone for Layer {
    fn clone(&self) -> Self {
        let tiles = (0..self.n_tiles()).map(|tile| RwLock::new(self.tile(tile).clone()));
        Self { n_inputs: self.n_inputs, n_units: self.n_units, tiles: tiles.collect() }
    }
}

/// A bias in units of 1 / `scale`.
pub(in crate::rbm) fn fixed_point(bias: &Weights, scale: f32) -> Row {
    let mut row = Row::ZERO;
    for vector in 0..VECTORS {
        for lane in 0..LANES {
            row.0[vector][lane] = (bias.0[vector][lane] * scale).round_ties_even() as i32;
        }
    }
    row
}
