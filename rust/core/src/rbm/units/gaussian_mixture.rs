//! Two normal distributions of equal variances, by expectation and maximization.
//!
//! A. P. Dempster, N. M. Laird and D. B. Rubin, J. R. Stat. Soc. B 39, 1 (1977).

use super::gaussian_rows::add;
use crate::{
    elementary::{ln, sigmoid::logistic},
    rbm::partition::gaussian_likelihood::SMALLEST_VARIANCE,
};

/// Neither of two parts of the rows may have fewer of them, and a smaller share: a few strays are no cluster.
const FEWEST_ROWS: f64 = 5.0;
const SMALLEST_SHARE: f64 = 0.005;

/// Whether this share of so many rows, and what it leaves, are more than strays.
pub(super) fn is_parted(share: f64, n_rows: f64) -> bool {
    share.min(1.0 - share) >= SMALLEST_SHARE.max(FEWEST_ROWS / n_rows)
}

/// Two normal distributions of the same variances.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    pub(super) low: Vec<f64>,
    pub(super) high: Vec<f64>,
    /// Of the rows in `high`.
    pub(super) share: f64,
    pub(super) variances: Vec<f64>,
}

impl Mixture {
    /// The mixture a step likelier; none if one of the two has lost its rows.
    pub(super) fn step(&self, rows: &[f64]) -> Option<Self> {
        let width = self.low.len();
        let n_rows = (rows.len() / width) as f64;
        let weights: Vec<f64> =
            (0..width).map(|i| (self.high[i] - self.low[i]) / self.variances[i]).collect();
        let halfway: f64 =
            (0..width).map(|i| weights[i] * 0.5 * (self.low[i] + self.high[i])).sum();
        let bias = ln(self.share / (1.0 - self.share)) - halfway;
        let mut count = 0.0;
        let (mut sums, mut high, mut squares) =
            (vec![0.0; width], vec![0.0; width], vec![0.0; width]);
        for row in rows.chunks_exact(width) {
            let p = logistic(bias + row.iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>());
            count += p;
            for i in 0..width {
                sums[i] += row[i];
                squares[i] += row[i] * row[i];
            }
            add(&mut high, p, row);
        }
        let share = count / n_rows;
        if !is_parted(share, n_rows) {
            return None;
        }
        let low: Vec<f64> =
            sums.iter().zip(&high).map(|(sum, h)| (sum - h) / (n_rows - count)).collect();
        for sum in &mut high {
            *sum /= count;
        }
        let variances = (0..width)
            .map(|i| {
                let between = share * high[i] * high[i] + (1.0 - share) * low[i] * low[i];
                (squares[i] / n_rows - between).max(SMALLEST_VARIANCE)
            })
            .collect();
        Some(Self { low, high, share, variances })
    }
}
