//! Samples of spins as bits, twice: sample after sample for fields, spin after spin for correlations.

use super::kernels::{BITS, SITES};
use crate::{
    bits::transpose,
    control::checkpoint,
    error::{Error, Result},
};

/// Samples (rows) of spins, each with a weight.
#[derive(Debug)]
pub struct Samples {
    n_rows: usize,
    n_spins: usize,
    /// Spins 64 w to 64 w + 63 of row m are word `n_rows` w + m. A bit is 1 for +1.
    rows: Vec<u64>,
    /// Rows 64 b to 64 b + 63 of spin i are word (`n_spins` + 1) b + i. After the last spin comes
    /// one that is always up: what correlates with it is a sum over rows.
    columns: Vec<u64>,
    weights: Option<Vec<f64>>,
    total: f64,
}

impl Samples {
    /// The rows in `spins`, each of `n_spins` numbers -1 and +1, and their weights, 1 each by default.
    ///
    /// # Errors
    /// [`Error::Value`] if there are no rows, a number is neither -1 nor +1, or a weight is not
    /// positive and finite.
    pub fn new(spins: &[i8], n_spins: usize, weights: Option<&[f64]>) -> Result<Self> {
        let n_rows = spins.len().checked_div(n_spins).unwrap_or(0);
        if n_rows == 0 || n_rows * n_spins != spins.len() {
            return Err(Error::expected("X", "at least one row of spins", spins.len()));
        }
        if let Some(weights) = weights {
            if weights.len() != n_rows {
                let expected = format_args!("{n_rows} numbers, one a row").to_string();
                return Err(Error::expected("sample_weight", expected, weights.len()));
            }
            if let Some(weight) =
                weights.iter().find(|weight| !(**weight > 0.0 && weight.is_finite()))
            {
                return Err(Error::expected("sample_weight", "positive and finite", weight));
            }
        }
        let mut rows = vec![0; n_rows * n_spins.div_ceil(BITS)];
        for (m, row) in spins.chunks_exact(n_spins).enumerate() {
            checkpoint();
            if let Some(spin) = row.iter().find(|&&spin| spin != 1 && spin != -1) {
                return Err(Error::expected("X", "-1 and +1", spin));
            }
            for (w, spins) in row.chunks(BITS).enumerate() {
                rows[n_rows * w + m] = pack(spins);
            }
        }
        let total = weights.map_or(n_rows as f64, |weights| weights.iter().sum());
        if !f64::is_finite(total) {
            return Err(Error::expected("sample_weight", "finite in sum", total));
        }
        let columns = columns(&rows, n_rows, n_spins);
        let weights = weights.map(<[f64]>::to_vec);
        Ok(Self { n_rows, n_spins, rows, columns, weights, total })
    }

    /// Samples.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Spins of a sample.
    pub fn n_spins(&self) -> usize {
        self.n_spins
    }

    /// The sum of the weights.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Spin `i` of row `m`.
    pub(super) fn spin(&self, m: usize, i: usize) -> f64 {
        if self.rows[self.n_rows * (i / BITS) + m] >> (i % BITS) & 1 == 1 { 1.0 } else { -1.0 }
    }

    /// The weight of row `m`.
    pub(super) fn weight(&self, m: usize) -> Option<f64> {
        self.weights.as_ref().map(|weights| weights[m])
    }

    /// Word `w` of `count` rows from `first` on.
    pub(super) fn rows(&self, w: usize, first: usize, count: usize) -> &[u64] {
        &self.rows[self.n_rows * w + first..][..count]
    }

    /// The word that has the spins of tile `tile`, of `count` rows from `first` on, and by how much
    /// to shift it.
    pub(super) fn tile(&self, tile: usize, first: usize, count: usize) -> (&[u64], usize) {
        let first_site = SITES * tile;
        (self.rows(first_site / BITS, first, count), first_site % BITS)
    }

    /// The words of all spins, and of the one that is always up, for block `block` of 64 rows.
    pub(super) fn columns(&self, block: usize) -> &[u64] {
        &self.columns[(self.n_spins + 1) * block..][..=self.n_spins]
    }

    /// The weights of `count` rows from `first` on, unless all are 1.
    pub(super) fn weights(&self, first: usize, count: usize) -> Option<&[f64]> {
        self.weights.as_ref().map(|weights| &weights[first..][..count])
    }
}

/// The bits of up to 64 spins.
fn pack(spins: &[i8]) -> u64 {
    spins.iter().enumerate().fold(0, |word, (i, &spin)| word | u64::from(spin > 0) << i)
}

/// The same bits, spin after spin.
fn columns(rows: &[u64], n_rows: usize, n_spins: usize) -> Vec<u64> {
    let stride = n_spins + 1;
    let mut columns = vec![0; n_rows.div_ceil(BITS) * stride];
    for (block, out) in columns.chunks_exact_mut(stride).enumerate() {
        checkpoint();
        let first = BITS * block;
        let count = BITS.min(n_rows - first);
        for (w, out) in out[..n_spins].chunks_mut(BITS).enumerate() {
            let mut square = [0; BITS];
            square[..count].copy_from_slice(&rows[n_rows * w + first..][..count]);
            transpose(&mut square);
            out.copy_from_slice(&square[..out.len()]);
        }
        out[n_spins] = u64::MAX >> (BITS - count);
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "whole numbers are exact")]
    fn both_copies_hold_the_spins() {
        let (n_rows, n_spins) = (150, 70);
        let spins: Vec<i8> =
            (0..n_rows * n_spins).map(|k| if k * k % 7 < 3 { 1 } else { -1 }).collect();
        let samples = Samples::new(&spins, n_spins, None).unwrap();
        for (m, row) in spins.chunks(n_spins).enumerate() {
            let columns = samples.columns(m / 64);
            for (i, &spin) in row.iter().enumerate() {
                assert_eq!(samples.spin(m, i), f64::from(spin));
                assert_eq!(columns[i] >> (m % 64) & 1 == 1, spin == 1);
            }
            assert_eq!(columns[n_spins] >> (m % 64) & 1, 1);
        }
        assert_eq!(samples.columns(2)[n_spins], (1 << 22) - 1);
        assert_eq!(samples.total(), 150.0);
    }

    #[test]
    fn bad_samples_are_refused_by_name() {
        let message = |spins: &[i8], weights: Option<&[f64]>| {
            Samples::new(spins, 2, weights).unwrap_err().to_string()
        };
        assert_eq!(message(&[1, 0], None), "X must be -1 and +1, got 0");
        assert_eq!(message(&[], None), "X must be at least one row of spins, got 0");
        let expected = "sample_weight must be positive and finite, got NaN";
        assert_eq!(message(&[1, 1], Some(&[f64::NAN])), expected);
        let expected = "sample_weight must be 1 numbers, one a row, got 2";
        assert_eq!(message(&[1, 1], Some(&[1.0, 1.0])), expected);
        let expected = "sample_weight must be finite in sum, got inf";
        assert_eq!(message(&[1, 1, 1, 1], Some(&[1e308, 1e308])), expected);
    }
}
