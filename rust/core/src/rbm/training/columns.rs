//! The visible states of a batch, unit after unit: what correlations are counted from.
//!
//! Word b of a unit holds rows 32 b to 32 b + 31. After the last unit comes one that is always on:
//! what correlates with it is a sum over rows.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::{bits::transpose, rbm::units::kernels::UNITS};

/// Bits `[block of 32 rows][unit]`.
#[derive(Debug)]
pub(super) struct Columns {
    n_units: usize,
    words: Vec<AtomicU32>,
}

impl Columns {
    /// With space for `capacity` rows of `n_units` units.
    pub(super) fn new(n_units: usize, capacity: usize) -> Self {
        let words = capacity.div_ceil(UNITS) * (n_units + 1);
        Self { n_units, words: (0..words).map(|_| AtomicU32::new(0)).collect() }
    }

    /// Takes over the units of tile `tile` in `rows` rows, of which row r has the word `word(r)`.
    pub(super) fn write(&self, tile: usize, rows: usize, word: impl Fn(usize) -> u32) {
        let stride = self.n_units + 1;
        for block in 0..rows.div_ceil(UNITS) {
            let mut square = [0; UNITS];
            let first = block * UNITS;
            for (row, to) in (first..rows.min(first + UNITS)).zip(&mut square) {
                *to = word(row);
            }
            transpose(&mut square);
            let units = self.n_units.min((tile + 1) * UNITS) - tile * UNITS;
            let to = &self.words[block * stride + tile * UNITS..][..units];
            for (to, column) in to.iter().zip(square) {
                to.store(column, Relaxed);
            }
            if tile == 0 {
                let on = u32::MAX >> (UNITS - UNITS.min(rows - first));
                self.words[block * stride + self.n_units].store(on, Relaxed);
            }
        }
    }

    /// Copies the words of the first `rows` rows.
    pub(super) fn read(&self, rows: usize, out: &mut Vec<u32>) {
        out.clear();
        let words = rows.div_ceil(UNITS) * (self.n_units + 1);
        out.extend(self.words[..words].iter().map(|word| word.load(Relaxed)));
    }
}

/// The mean of each unit over `rows` rows, of whose columns these are the words.
pub(super) fn means(columns: &[u32], n_units: usize, rows: usize) -> Vec<f32> {
    let mut counts = vec![0; n_units];
    for block in columns.chunks_exact(n_units + 1) {
        for (count, word) in counts.iter_mut().zip(block) {
            *count += word.count_ones();
        }
    }
    counts.iter().map(|&count| count as f32 / rows as f32).collect()
}

/// The same where row r counts as the part `parts[r]`, of which `total` is the sum.
pub(super) fn weighted_means(
    columns: &[u32],
    n_units: usize,
    parts: &[f32],
    total: f32,
) -> Vec<f32> {
    let mut sums = vec![0.0; n_units];
    for (block, parts) in columns.chunks_exact(n_units + 1).zip(parts.chunks(UNITS)) {
        for (sum, &word) in sums.iter_mut().zip(block) {
            for (row, part) in parts.iter().enumerate() {
                *sum += part * (word >> row & 1) as f32;
            }
        }
    }
    sums.iter().map(|sum| sum / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hold_the_rows_of_each_unit() {
        let word = |row: usize, tile: usize| 0x9E37_79B9u32.wrapping_mul((row + 77 * tile) as u32);
        let columns = Columns::new(40, 50);
        for tile in 0..2 {
            columns.write(tile, 50, |row| word(row, tile));
        }
        let mut words = Vec::new();
        columns.read(50, &mut words);
        let means = means(&words, 40, 50);
        let parts: Vec<f32> = (0..50).map(|row| 1.0 / (1 + row % 4) as f32).collect();
        let total = parts.iter().sum();
        let weighted = weighted_means(&words, 40, &parts, total);
        for unit in 0..40 {
            let bit = |row: usize| word(row, unit / 32) >> (unit % 32) & 1;
            for row in 0..50 {
                assert_eq!(words[41 * (row / 32) + unit] >> (row % 32) & 1, bit(row));
            }
            let mean = (0..50).map(bit).sum::<u32>() as f32 / 50.0;
            assert!((means[unit] - mean).abs() < 1e-6);
            let sum: f32 = (0..50).map(|row| parts[row] * bit(row) as f32).sum();
            assert!((weighted[unit] - sum / total).abs() < 1e-6);
        }
        assert_eq!((words[40], words[41 + 40]), (u32::MAX, (1 << 18) - 1));
    }
}
