//! The states of a layer, a bit a unit, for many rows (batch rows, or chains) at once.
//!
//! A word holds the units of one tile, and the words of a tile stand row after row: what a draw
//! writes, and what the fields of the other layer read. The members of a team write a tile each and
//! read all tiles after a barrier; relaxed atomic words let them share without locks, at the cost of
//! plain moves.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::kernels::UNITS;

/// Bits `[tile][row]`, 32 units of a row in a word.
#[derive(Debug)]
pub(in crate::rbm) struct States {
    n_units: usize,
    capacity: usize,
    words: Vec<AtomicU32>,
}

impl States {
    /// All zero, with space for `capacity` rows.
    pub(in crate::rbm) fn new(n_units: usize, capacity: usize) -> Self {
        let words = n_units.div_ceil(UNITS) * capacity;
        Self { n_units, capacity, words: (0..words).map(|_| AtomicU32::new(0)).collect() }
    }

    /// The states in `bytes`, row after row: zero or not.
    pub(in crate::rbm) fn from_bytes(n_units: usize, bytes: &[u8]) -> Self {
        let states = Self::new(n_units, bytes.len().checked_div(n_units).unwrap_or(0));
        states.read_bytes(bytes);
        states
    }

    /// Takes the first rows over from `bytes`, row after row: zero or not.
    pub(in crate::rbm) fn read_bytes(&self, bytes: &[u8]) {
        for (row, bytes) in bytes.chunks_exact(self.n_units).enumerate() {
            for (tile, bytes) in bytes.chunks(UNITS).enumerate() {
                let word =
                    bytes.iter().rev().fold(0, |word, &byte| word << 1 | u32::from(byte != 0));
                self.words[tile * self.capacity + row].store(word, Relaxed);
            }
        }
    }

    /// The same rows, with space for `capacity` of them or as many as there are.
    pub(in crate::rbm) fn with_capacity(&self, capacity: usize) -> Self {
        let wider = Self::new(self.n_units, capacity.max(self.capacity));
        for tile in 0..self.tiles() {
            for (to, from) in wider.tile(tile).iter().zip(self.tile(tile)) {
                to.store(from.load(Relaxed), Relaxed);
            }
        }
        wider
    }

    /// Rows that fit.
    pub(in crate::rbm) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Tiles of 32 units.
    pub(in crate::rbm) fn tiles(&self) -> usize {
        self.n_units.div_ceil(UNITS)
    }

    /// The words of the rows of one tile.
    pub(in crate::rbm) fn tile(&self, tile: usize) -> &[AtomicU32] {
        &self.words[tile * self.capacity..][..self.capacity]
    }

    /// The word of one tile and row.
    pub(in crate::rbm) fn word(&self, tile: usize, row: usize) -> u32 {
        self.words[tile * self.capacity + row].load(Relaxed)
    }

    /// Writes the words of one tile, from row `first` on.
    pub(in crate::rbm) fn write(&self, tile: usize, first: usize, words: &[u32]) {
        for (to, &word) in self.tile(tile)[first..].iter().zip(words) {
            to.store(word, Relaxed);
        }
    }

    /// Copies the words of the first `rows` rows, tile after tile.
    pub(in crate::rbm) fn read(&self, rows: usize, out: &mut Vec<u32>) {
        out.clear();
        for tile in 0..self.tiles() {
            out.extend(self.tile(tile)[..rows].iter().map(|word| word.load(Relaxed)));
        }
    }

    /// The first `rows` rows, a byte a unit.
    pub(in crate::rbm) fn to_bytes(&self, rows: usize) -> Vec<u8> {
        let mut bytes = vec![0; rows * self.n_units];
        for (row, bytes) in bytes.chunks_exact_mut(self.n_units).enumerate() {
            for (tile, bytes) in bytes.chunks_mut(UNITS).enumerate() {
                let word = self.tile(tile)[row].load(Relaxed);
                for (unit, byte) in bytes.iter_mut().enumerate() {
                    *byte = (word >> unit & 1) as u8;
                }
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_went() {
        let bytes: Vec<u8> = (0..5 * 67).map(|k| u8::from(k * k % 7 < 3)).collect();
        let states = States::from_bytes(67, &bytes);
        assert_eq!(states.to_bytes(5), bytes);
        let mut words = Vec::new();
        states.read(4, &mut words);
        assert_eq!(words.len(), 3 * 4);
        assert_eq!(words[4 + 2] >> 3 & 1, u32::from(bytes[2 * 67 + 35]));
    }
}
