//! Rows of real numbers, and their moments.

use crate::{
    control::checkpoint,
    error::{Error, Result},
};

/// Numbers beyond this are refused: sums of their squares must stay finite.
pub(in crate::rbm) const LARGEST: f64 = 1e100;

/// Rows of real numbers.
#[derive(Clone, Debug)]
pub struct Rows {
    pub(in crate::rbm) values: Vec<f64>,
    pub(in crate::rbm) width: usize,
}

impl Rows {
    /// The rows in `values`, each of `width` numbers.
    ///
    /// # Errors
    /// [`Error::Value`] if there is none, if they are not whole, or if a number is not finite or
    /// beyond 1e100, which it names by its place.
    pub fn new(values: Vec<f64>, width: usize) -> Result<Self> {
        if values.is_empty() || !values.len().is_multiple_of(width) {
            let expected = format_args!("at least one row of {width} numbers").to_string();
            return Err(Error::expected("X", expected, format_args!("{} numbers", values.len())));
        }
        if let Some(place) = values.iter().position(|&value| !within(value, LARGEST)) {
            let (row, column, value) = (place / width, place % width, values[place]);
            let got = match value {
                _ if value.is_nan() => "NaN".to_owned(),
                _ if value.is_infinite() => format!("infinity ({value})"),
                _ => format!("{value:e}"),
            };
            let got = format_args!("{got} in row {row}, column {column}").to_string();
            return Err(Error::expected("X", "finite (and at most 1e100)", got));
        }
        Ok(Self { values, width })
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there is no row; there always is one.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Numbers in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Mean and variance of each column.
    pub fn moments(&self) -> (Vec<f64>, Vec<f64>) {
        let share = 1.0 / self.len() as f64;
        let (mut means, mut variances) = (vec![0.0; self.width], vec![0.0; self.width]);
        for row in self.values.chunks_exact(self.width) {
            checkpoint();
            add(&mut means, share, row);
        }
        for row in self.values.chunks_exact(self.width) {
            for ((sum, value), mean) in variances.iter_mut().zip(row).zip(&means) {
                *sum += share * ((value - mean) * (value - mean));
            }
        }
        // The mean of equal numbers may be rounded away from them.
        for (i, variance) in variances.iter_mut().enumerate() {
            let mut column = self.values.iter().skip(i).step_by(self.width);
            if column.all(|value| value.to_bits() == self.values[i].to_bits()) {
                (means[i], *variance) = (self.values[i], 0.0);
            }
        }
        (means, variances)
    }
}

/// Whether a value is a number between -`bound` and `bound`.
pub(in crate::rbm) fn within(value: f64, bound: f64) -> bool {
    value.abs() <= bound
}

/// to += factor values, lane after lane.
pub(in crate::rbm) fn add(to: &mut [f64], factor: f64, values: &[f64]) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += factor * value;
    }
}
