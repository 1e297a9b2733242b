//! The machine that training starts from.
//!
//! Small weights alone are a saddle: visible units that have all the variance of the data leave nothing
//! for hidden units to explain, and where the data are whitened the gradient of the weights vanishes to
//! first order. So as many hidden units as tell clusters apart begin as the likeliest small machine that
//! is found (`gaussian_growth.rs`). The visible variances are then those within the clusters, and
//! the gradient of the other units does not vanish.

use super::{
    gaussian_growth::{LIKELIER, MOST_UNITS, SPLIT_ROWS, chance, climb, grown},
    gaussian_machine::GaussianRbm,
    gaussian_rows::{Rows, add},
};
use crate::{
    control::Control,
    elementary::sigmoid::logistic,
    error::{Error, Result},
    rbm::partition::gaussian_likelihood::Parameters,
    rng::{Philox, Purpose},
    spins::gaussian::gaussian,
};

/// Streams of random words.
const WEIGHTS: u64 = 0;
const CHAINS: u64 = 2;
const GROWTH: u64 = 3;

/// Standard deviations of the weights of the other units over the variances, in those of the data.
const SMALL: f64 = 0.01;

/// Rows that units grow on, evenly spaced; they are refined on all rows. Fewer of many features, so that a
/// start takes no longer.
const MOST_ROWS: usize = 1000;
const FEWEST_ROWS: usize = 200;
const TRIED_NUMBERS: usize = 1 << 15;

/// Steps on all rows: until they rise by less than rounding, or have cost so many multiplications.
const LAST_LEAST: f64 = 1e-14;
const LAST_MULTIPLICATIONS: usize = 1 << 29;
const LAST_STEPS: std::ops::RangeInclusive<usize> = 5..=200;

/// The likeliest small machine of standardized rows.
fn likeliest(
    rows: &[f64],
    width: usize,
    n_hidden: usize,
    seed: u64,
    control: &Control,
) -> Result<Parameters> {
    let alone = Parameters::alone(width);
    let n_rows = rows.len() / width.max(1);
    if n_rows < SPLIT_ROWS {
        return Ok(alone);
    }
    let tried = n_rows.min((TRIED_NUMBERS / width).clamp(FEWEST_ROWS, MOST_ROWS));
    let few: Vec<f64> =
        (0..tried).flat_map(|k| &rows[k * n_rows / tried * width..][..width]).copied().collect();
    let philox = Philox::new(seed, Purpose::Weights, GROWTH);
    // Chains lose what many units tell apart, and run away where variances are as small as they can be:
    // where the hidden layer is not summed, one unit tells two distributions apart, as it is first found.
    let summed = n_hidden <= MOST_UNITS;
    let most = if summed { n_hidden } else { 1 };
    let found = grown(&few, width, (most, summed), &mut philox.words_from(0), control)?;
    if found.hidden == 0 {
        return Ok(alone);
    }
    let steps = LAST_MULTIPLICATIONS / (rows.len() * found.hidden);
    let steps = if summed { steps.clamp(*LAST_STEPS.start(), *LAST_STEPS.end()) } else { 0 };
    let found = if tried < n_rows { found.with_variances_of(rows) } else { found };
    let (value, found) = climb(found, rows, (steps, LAST_LEAST), control)?;
    let by_chance = found.hidden as f64 * chance(width, n_rows);
    Ok(if value > alone.likelihood(rows).0 + by_chance { in_order(&found, rows) } else { alone })
}

/// The same machine with each unit on in at most half of the rows, and units that reach further before others:
/// growth may end at h or at 1 - h, and in any order, by rounding.
fn in_order(machine: &Parameters, rows: &[f64]) -> Parameters {
    let (n, width) = (machine.hidden, machine.width);
    let [w, b, a, z] = machine.parts();
    let (mut b, mut a, mut couplings) = (b.to_vec(), a.to_vec(), machine.couplings());
    let variances = machine.variances();
    let activity = machine.activity(rows);
    let mut units: Vec<Vec<f64>> = w.chunks_exact(width).map(<[f64]>::to_vec).collect();
    for j in 0..n {
        let reach = |i: usize| units[j][i] / variances[i].sqrt();
        let longest = (0..width).fold(0.0, |most: f64, i| most.max(reach(i).abs()));
        // Of two halves the one that the first feature that tells them apart says.
        let low =
            (0..width).find(|&i| reach(i).abs() >= 0.5 * longest).is_some_and(|i| reach(i) < 0.0);
        if activity[j] > 0.5 + LIKELIER || (activity[j] > 0.5 - LIKELIER && low) {
            // With h = 1 - g, h_j (a_j + sum_k K_jk h_k) gives -a_j to g_j, K_jk to the others and -K_jk to both.
            add(&mut b, 1.0, &units[j]);
            for w in &mut units[j] {
                *w = -*w;
            }
            a[j] = -a[j];
            for k in (0..n).filter(|&k| k != j) {
                a[k] += couplings[j * n + k];
                couplings[j * n + k] *= -1.0;
                couplings[k * n + j] *= -1.0;
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&j, &k| couplings[k * n + k].total_cmp(&couplings[j * n + j]));
    let values = (order.iter().flat_map(|&j| units[j].iter().copied()))
        .chain(b)
        .chain(order.iter().map(|&j| a[j]))
        .chain(z.iter().copied())
        .collect();
    Parameters { values, hidden: n, width }
}

impl GaussianRbm {
    /// The machine that training starts from: the first hidden units tell clusters of `rows` apart, if
    /// there are any. The others have normal weights of a hundredth of the standard deviations and
    /// are on as often as off at the mean of the data. Variances are those of the data within the
    /// clusters, 1 where a column is constant. Also returns how many units tell clusters
    /// apart.
    ///
    /// # Errors
    /// [`Error::Memory`] for more weights than can be had, [`Error::Cancelled`].
    pub fn initial(
        n_hidden: usize,
        rows: &Rows,
        seed: u64,
        control: &Control,
    ) -> Result<(Self, usize)> {
        let (means, mut variances) = rows.moments();
        let count = n_hidden.checked_mul(means.len());
        let mut weights = Vec::new();
        count.and_then(|count| weights.try_reserve_exact(count).ok()).ok_or_else(|| {
            let width = means.len();
            Error::Memory(format!("{n_hidden} x {width} weights do not fit in memory"))
        })?;
        // Columns that vary; the others tell nothing.
        let varying: Vec<usize> = (0..means.len()).filter(|&i| variances[i] >= 1e-200).collect();
        for s in variances.iter_mut().filter(|s| **s < 1e-200) {
            *s = 1.0;
        }
        let deviations: Vec<f64> = variances.iter().map(|s| s.sqrt()).collect();
        let standardized: Vec<f64> = (rows.values.chunks_exact(rows.width))
            .flat_map(|row| {
                let (means, deviations) = (&means, &deviations);
                varying.iter().map(move |&i| (row[i] - means[i]) / deviations[i])
            })
            .collect();
        let found = likeliest(&standardized, varying.len(), n_hidden, seed, control)?;
        let [w, b, a, _] = found.parts();
        let mut visible = means.clone();
        weights.resize(found.hidden * rows.width, 0.0);
        for (k, &i) in varying.iter().enumerate() {
            visible[i] += deviations[i] * b[k];
            variances[i] *= found.variances()[k];
            for j in 0..found.hidden {
                weights[j * rows.width + i] = deviations[i] * w[j * varying.len() + k];
            }
        }
        let philox = Philox::new(seed, Purpose::Weights, WEIGHTS);
        let mut words = philox.words_from(0);
        for _ in found.hidden..n_hidden {
            // Small is what they do to the odds of a unit over the data: those are far between clusters.
            let draws = (variances.iter().zip(&deviations))
                .map(|(s, deviation)| SMALL * s / deviation * gaussian(words.next_word()));
            weights.extend(draws);
        }
        let hidden = (weights.chunks_exact(rows.width).enumerate())
            .map(|(j, w)| {
                let sum = |v: &dyn Fn(usize) -> f64| -> f64 {
                    (0..w.len()).map(|i| w[i] * v(i) / variances[i]).sum()
                };
                a.get(j).map_or_else(
                    || -sum(&|i| means[i]),
                    |odds| odds - sum(&|i| visible[i] + 0.5 * w[i]),
                )
            })
            .collect();
        Ok((Self::new(weights, hidden, visible, variances)?, found.hidden))
    }

    /// Hidden states of this many chains, given rows that are evenly spaced.
    pub fn initial_chains(&self, count: usize, rows: &Rows, seed: u64) -> Vec<u8> {
        let philox = Philox::new(seed, Purpose::Weights, CHAINS);
        let mut words = philox.words_from(0);
        let mut fields = vec![0.0; self.n_hidden()];
        let mut states = Vec::with_capacity(count * self.n_hidden());
        for chain in 0..count {
            // Of few rows each serves several chains.
            let row = (chain as u128 * rows.len() as u128 / count as u128) as usize;
            self.hidden_fields(&rows.values[row * rows.width..][..rows.width], &mut fields);
            states.extend(fields.iter().map(|&x| u8::from(words.uniform() < logistic(x))));
        }
        states
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_units_and_what_on_means_leave_the_machine_as_it_is() {
        let wave = |k: usize| 2.0 * (1.7 * (k * k) as f64).sin();
        let rows: Vec<f64> = (100..160).map(wave).collect();
        for hidden in 0..5 {
            let values = (0..hidden * 3 + 6 + hidden).map(wave).collect();
            let machine = Parameters { hidden, width: 3, values };
            let other = in_order(&machine, &rows);
            let [before, after] = [&machine, &other].map(|machine| machine.likelihood(&rows).0);
            assert!((before - after).abs() < 1e-12, "{hidden} units: {before}, {after}");
            assert!(other.activity(&rows).into_iter().all(|p| p <= 0.5 + LIKELIER));
            assert_eq!(in_order(&other, &rows).values, other.values);
        }
    }
}
