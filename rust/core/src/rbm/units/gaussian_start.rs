//! The machine that training starts from.
//!
//! Small weights alone are a saddle: visible units that have all the variance of the data leave nothing
//! for hidden units to explain, and where the data are whitened the gradient of the weights vanishes to
//! first order. So one hidden unit begins with what one unit can tell of the data: the mixture of two
//! normal distributions of equal variances that is likeliest, found by expectation and maximization
//! (A. P. Dempster, N. M. Laird and D. B. Rubin, J. R. Stat. Soc. B 39, 1 (1977)) from several
//! starts, if it is better than one distribution by more than its parameters can do by chance. The visible
//! variances are then those within the two, and the gradient of the other units does not vanish.

use super::{
    gaussian_machine::GaussianRbm,
    gaussian_rows::{Rows, add},
};
use crate::{
    control::checkpoint,
    elementary::{ln, sigmoid::logistic, softplus},
    error::{Error, Result},
    rng::{Philox, Purpose},
    spins::gaussian::gaussian,
};

/// Streams of random words.
const WEIGHTS: u64 = 0;
const PAIRS: u64 = 1;
const CHAINS: u64 = 2;

/// Standard deviations of the weights of the other units, in those of the visible units.
const SMALL: f64 = 0.01;

/// Rows that starts are tried on, evenly spaced; a mixture is refined on all of them. Fewer of many
/// features, so that a start takes no longer.
const MOST_ROWS: usize = 1000;
const FEWEST_ROWS: usize = 200;
const TRIED_NUMBERS: usize = 1 << 18;

/// Starts of mixtures, half of them pairs of rows, half of them the two sides of one feature: in whitened
/// data of many features a pair of rows seldom points from cluster to cluster.
const STARTS: usize = 64;

/// Fewer rows are not split: any few points lie in two groups.
const SPLIT_ROWS: usize = 8;

/// Steps from each start, and steps of the best one on all rows.
const STEPS: usize = 15;
const LAST_STEPS: usize = 5;

/// Of two mixtures, a later one must be this much likelier a row: below is rounding.
const LIKELIER: f64 = 1e-6;

/// Neither normal distribution may have fewer of the rows: a few strays are no cluster.
const SMALLEST_SHARE: f64 = 0.02;

/// Nor a variance below this share of that of the data: data of few values have none.
const SMALLEST_VARIANCE: f64 = 1e-4;

/// Two normal distributions of the same variances, of rows in units of their standard deviations.
#[derive(Clone, Debug)]
struct Mixture {
    low: Vec<f64>,
    high: Vec<f64>,
    /// Of the rows in `high`.
    share: f64,
    variances: Vec<f64>,
}

impl Mixture {
    /// The mean log-likelihood of rows, but for 2 pi, and the mixture a step further; none if one of
    /// the two has lost its rows.
    fn step(&self, rows: &[f64]) -> Option<(f64, Self)> {
        let width = self.low.len();
        let n_rows = (rows.len() / width) as f64;
        let (mut likelihood, mut count) = (0.0, 0.0);
        let (mut sums, mut high, mut squares) =
            (vec![0.0; width], vec![0.0; width], vec![0.0; width]);
        for row in rows.chunks_exact(width) {
            checkpoint();
            let (mut field, mut square) = (ln(self.share / (1.0 - self.share)), 0.0);
            for i in 0..width {
                let (from, gap) = (row[i] - self.low[i], self.high[i] - self.low[i]);
                field += gap * (from - 0.5 * gap) / self.variances[i];
                square += from * from / self.variances[i];
                squares[i] += row[i] * row[i];
            }
            likelihood += softplus(field) - 0.5 * square;
            let p = logistic(field);
            count += p;
            add(&mut sums, 1.0, row);
            add(&mut high, p, row);
        }
        likelihood = likelihood / n_rows + ln(1.0 - self.share) - 0.5 * sum_ln(&self.variances);
        let share = count / n_rows;
        if !(SMALLEST_SHARE..=1.0 - SMALLEST_SHARE).contains(&share) {
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
        Some((likelihood, Self { low, high, share, variances }))
    }

    /// The likeliest mixture of standardized rows, if it says more than one normal distribution.
    fn of(rows: &[f64], width: usize, seed: u64) -> Option<Self> {
        let n_rows = rows.len() / width;
        if n_rows < SPLIT_ROWS {
            return None;
        }
        let tried = n_rows.min((TRIED_NUMBERS / width).clamp(FEWEST_ROWS, MOST_ROWS));
        let few: Vec<f64> = (0..tried)
            .flat_map(|k| &rows[k * n_rows / tried * width..][..width])
            .copied()
            .collect();
        let philox = Philox::new(seed, Purpose::Weights, PAIRS);
        let mut words = philox.words_from(0);
        let mut best: Option<(f64, Self)> = None;
        for start in 0..STARTS {
            let [low, high] = [-1.0, 1.0].map(|side| {
                if start % 2 == 0 {
                    let row = words.below(tried);
                    return few[row * width..][..width].to_vec();
                }
                let mut centre = vec![0.0; width];
                centre[start / 2 % width] = side;
                centre
            });
            let pair = Self { low, high, share: 0.5, variances: vec![1.0; width] };
            let Some((likelihood, found)) = pair.climbed(&few, STEPS) else { continue };
            if best.as_ref().is_none_or(|(most, _)| likelihood > most + LIKELIER) {
                best = Some((likelihood, found));
            }
        }
        let (likelihood, found) = best?.1.climbed(rows, LAST_STEPS)?;
        // Twice what Schwarz, Ann. Stat. 6, 461 (1978), asks of another centre and a share: the best
        // of many starts is chosen.
        let chance = (width + 1) as f64 * ln(n_rows as f64) / n_rows as f64;
        (likelihood > alone(rows, width) + chance).then_some(found)
    }

    /// The mixture so many steps further, with the likelihood of the one before the last.
    fn climbed(self, rows: &[f64], steps: usize) -> Option<(f64, Self)> {
        (0..steps).try_fold((0.0, self), |(_, mixture), _| mixture.step(rows))
    }
}

/// The mean log-likelihood of standardized rows under one normal distribution, but for 2 pi.
fn alone(rows: &[f64], width: usize) -> f64 {
    let squares: f64 = rows.iter().map(|z| z * z).sum();
    let constant = (0..width).filter(|i| rows.iter().skip(*i).step_by(width).all(|z| *z == 0.0));
    // A mixture gives a column without variance the smallest one.
    -0.5 * (squares * width as f64 / rows.len() as f64
        + constant.count() as f64 * ln(SMALLEST_VARIANCE))
}

fn sum_ln(values: &[f64]) -> f64 {
    values.iter().map(|value| ln(*value)).sum()
}

impl GaussianRbm {
    /// The machine that training starts from: the first hidden unit tells the likeliest two clusters of
    /// `rows` apart, if there are two. The others have normal weights of a hundredth of the standard
    /// deviations and are on as often as off at the mean of the data. Variances are those of the data
    /// within the clusters, 1 where a column is constant.
    ///
    /// # Errors
    /// [`Error::Memory`] for more weights than can be had.
    pub fn initial(n_hidden: usize, rows: &Rows, seed: u64) -> Result<Self> {
        let (means, data_variances) = rows.moments();
        let width = means.len();
        let constant: Vec<bool> = data_variances.iter().map(|s| *s < 1e-200).collect();
        let deviations: Vec<f64> = (data_variances.iter().zip(&constant))
            .map(|(s, &constant)| if constant { 1.0 } else { s.sqrt() })
            .collect();
        let count = n_hidden.checked_mul(width);
        let mut weights = Vec::new();
        count.and_then(|count| weights.try_reserve_exact(count).ok()).ok_or_else(|| {
            Error::Memory(format!("{n_hidden} x {width} weights do not fit in memory"))
        })?;
        let standardized: Vec<f64> = (rows.values.chunks_exact(width))
            .flat_map(|row| {
                let constant = constant.iter();
                row.iter().zip(&means).zip(&deviations).zip(constant).map(
                    |(((v, mean), deviation), &constant)| {
                        if constant { 0.0 } else { (v - mean) / deviation }
                    },
                )
            })
            .collect();
        let mixture = Mixture::of(&standardized, width, seed);
        let mut visible = means.clone();
        let mut variances: Vec<f64> = deviations.iter().map(|s| s * s).collect();
        if let Some(mixture) = &mixture {
            for i in 0..width {
                if constant[i] {
                    weights.push(0.0);
                    continue;
                }
                visible[i] += deviations[i] * mixture.low[i];
                variances[i] *= mixture.variances[i];
                weights.push(deviations[i] * (mixture.high[i] - mixture.low[i]));
            }
        }
        let philox = Philox::new(seed, Purpose::Weights, WEIGHTS);
        let mut words = philox.words_from(0);
        for _ in weights.len() / width..n_hidden {
            checkpoint();
            let draws = variances.iter().map(|s| SMALL * s.sqrt() * gaussian(words.next_word()));
            weights.extend(draws);
        }
        let mut hidden: Vec<f64> = (weights.chunks_exact(width))
            .map(|weights| -(0..width).map(|i| weights[i] * means[i] / variances[i]).sum::<f64>())
            .collect();
        if let Some(mixture) = mixture {
            let halfway = |i: usize| weights[i] * (visible[i] + 0.5 * weights[i]) / variances[i];
            hidden[0] =
                ln(mixture.share / (1.0 - mixture.share)) - (0..width).map(halfway).sum::<f64>();
        }
        Self::new(weights, hidden, visible, variances)
    }

    /// Hidden states of this many chains, each unit on as often as if all others were off: those of
    /// the initial machine, whose other weights are small.
    pub fn initial_chains(&self, count: usize, seed: u64) -> Vec<u8> {
        let width = self.n_visible();
        let alone: Vec<f64> = (self.weights.chunks_exact(width).zip(&self.centred_bias))
            .map(|(weights, field)| {
                let own = (0..width).map(|i| 0.5 * weights[i] * weights[i] / self.variances[i]);
                logistic(field + own.sum::<f64>())
            })
            .collect();
        let philox = Philox::new(seed, Purpose::Weights, CHAINS);
        let mut words = philox.words_from(0);
        (0..count).flat_map(|_| alone.iter()).map(|p| u8::from(words.uniform() < *p)).collect()
    }
}
