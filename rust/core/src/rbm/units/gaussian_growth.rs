//! The hidden units that tell clusters apart, one after the other.
//!
//! From one normal distribution, each step adds the hidden unit after which the exact likelihood of the
//! whole machine rises highest. What is tried first are pairs of normal distributions: of what the
//! units so far leave over in all rows, which suits clusters at the corners of a box, and in the rows
//! of one state of them, which suits one cluster among many. All parameters then follow the gradient, a few
//! steps for many tries and many steps for the best few. It ends where a unit is no likelier than
//! chance, or where the sum over hidden states would be long.

use super::{
    gaussian_mixture::{Mixture, is_parted},
    gaussian_rows::add,
};
use crate::{
    control::Control,
    elementary::ln,
    error::Result,
    rbm::partition::{ascent::ascend, gaussian_likelihood::Parameters},
    rng::Words,
    spins::gaussian::gaussian,
};

/// The most units: sums over 2^12 states cost no more than a few hundred rows.
pub(in crate::rbm) const MOST_UNITS: usize = 12;

/// Units that are tried further though the one before told no more than chance.
const PATIENCE: usize = 1;

/// Pairs of distributions that are tried for a unit: from pairs of rows, and from the two sides of a feature
/// each. In whitened data of many features a pair of rows seldom points from cluster to cluster.
const PAIRS: usize = 32;
const MOST_SIDES: usize = 64;

/// Steps that each pair is refined by itself.
const OWN_STEPS: usize = 10;

/// Times that units grow anew, if there are any: the first steps decide where others lead.
const ATTEMPTS: usize = 3;

/// As many random machines, and the steps of the best.
const RANDOM_ROUNDS: [(usize, usize); 2] = [(8, 40), (3, 200)];

/// How many tries go on, best first, and for how many steps of all parameters.
const ROUNDS: [(usize, usize); 3] = [(12, 8), (4, 30), (1, 200)];

/// Fewer rows are not split: any few points lie in two groups.
pub(super) const SPLIT_ROWS: usize = 8;

/// Of two machines, a later one must be this much likelier a row: below is rounding.
pub(super) const LIKELIER: f64 = 1e-6;

/// A step that rises by less, a row, is the last: it is far below chance.
const LEAST: f64 = 1e-9;

/// What one more unit can rise by chance, a row: twice what Schwarz, Ann. Stat. 6, 461 (1978), asks of its
/// weights and bias, since the best of many tries is chosen.
pub(super) fn chance(width: usize, n_rows: usize) -> f64 {
    (width + 1) as f64 * ln(n_rows as f64) / n_rows as f64
}

/// Follows the gradient of the likelihood for so many steps, or until one rises by no more than `least`.
pub(super) fn climb(
    start: Parameters,
    rows: &[f64],
    (steps, least): (usize, f64),
    control: &Control,
) -> Result<(f64, Parameters)> {
    let Parameters { hidden, width, values } = start;
    let function = |values: &[f64]| {
        control.check()?;
        Ok(Parameters { hidden, width, values: values.to_vec() }.likelihood(rows))
    };
    let (value, values) = ascend(values, steps, least, function)?;
    Ok((value, Parameters { hidden, width, values }))
}

/// The machine of at most `most` units that grows on standardized rows; if not `refined`, the likeliest of
/// the first tries for one unit.
pub(super) fn grown(
    rows: &[f64],
    width: usize,
    (most, refined): (usize, bool),
    words: &mut Words<'_>,
    control: &Control,
) -> Result<Parameters> {
    let chance = chance(width, rows.len() / width);
    let alone = Parameters::alone(width);
    let mut best = (alone.likelihood(rows).0, alone);
    if !refined {
        let first = candidates(&best.1, rows, words).into_iter();
        let mut tries: Vec<_> =
            first.map(|machine| (machine.likelihood(rows).0, machine)).collect();
        likeliest_first(&mut tries);
        return Ok(tries.into_iter().next().map_or(best.1, |(_, machine)| machine));
    }
    for number in 0..=ATTEMPTS {
        let found = if number < ATTEMPTS {
            attempt(rows, width, most, number, words, control)?
        } else {
            let hidden = (best.1.hidden + 1).min(most);
            random(hidden, rows, width, words, control)?
        };
        let more = found.1.hidden as f64 - best.1.hidden as f64;
        if found.0 > best.0 + more * chance + LIKELIER && tells(&found.1, rows) {
            best = found;
        }
        if best.1.hidden == 0 {
            break;
        }
    }
    Ok(best.1)
}

/// Puts the likeliest in front, and of those that differ by rounding the earliest: units of the data must not
/// decide which.
fn likeliest_first(tries: &mut [(f64, Parameters)]) {
    let key = |value: f64| (value / LIKELIER).round();
    tries.sort_by(|a, b| key(b.0).total_cmp(&key(a.0)));
}

/// The first `count` of some machines, so many steps further.
fn further(
    tries: Vec<(f64, Parameters)>,
    (count, steps): (usize, usize),
    rows: &[f64],
    control: &Control,
) -> Result<Vec<(f64, Parameters)>> {
    let first = tries.into_iter().take(count);
    first.map(|(_, machine)| climb(machine, rows, (steps, LEAST), control)).collect()
}

/// The best that some random machines of `hidden` units come to: weights of the standard deviations of the
/// data, each unit on as often as off.
fn random(
    hidden: usize,
    rows: &[f64],
    width: usize,
    words: &mut Words<'_>,
    control: &Control,
) -> Result<(f64, Parameters)> {
    let mut tries = Vec::new();
    for _ in 0..RANDOM_ROUNDS[0].0 {
        let weights: Vec<f64> = (0..hidden * width).map(|_| gaussian(words.next_word())).collect();
        let mut machine = Parameters::alone(width);
        for weights in weights.chunks_exact(width) {
            let halves: Vec<f64> = weights.iter().map(|w| -0.5 * w).collect();
            let n = machine.hidden;
            add(&mut machine.values[n * width..][..width], 1.0, &halves);
            machine = machine.with(weights, 0.0, &vec![1.0; width]);
        }
        let couplings = machine.couplings();
        for j in 0..hidden {
            let others: f64 = couplings[j * hidden..][..hidden].iter().sum();
            machine.values[hidden * width + width + j] = 0.5 * (couplings[j * hidden + j] - others);
        }
        tries.push((0.0, machine));
    }
    for round in RANDOM_ROUNDS {
        tries = further(tries, round, rows, control)?;
        likeliest_first(&mut tries);
    }
    Ok(tries.swap_remove(0))
}

/// One machine that grows, and its mean log-likelihood; attempts differ in their first unit.
fn attempt(
    rows: &[f64],
    width: usize,
    most: usize,
    number: usize,
    words: &mut Words<'_>,
    control: &Control,
) -> Result<(f64, Parameters)> {
    let chance = chance(width, rows.len() / width);
    let mut here = Parameters::alone(width);
    let mut best = (here.likelihood(rows).0, here.clone());
    while here.hidden < most && here.hidden <= best.1.hidden + PATIENCE {
        let mut tries: Vec<_> = candidates(&here, rows, words)
            .into_iter()
            .map(|candidate| (candidate.likelihood(rows).0, candidate))
            .collect();
        for (count, steps) in ROUNDS {
            likeliest_first(&mut tries);
            if here.hidden == 0 && count == 1 && !tries.is_empty() {
                let chosen = number % tries.len();
                tries.swap(0, chosen);
            }
            tries = further(tries, (count, steps), rows, control)?;
        }
        let Some(found) = tries.into_iter().next() else { break };
        here = found.1.clone();
        let more = (here.hidden - best.1.hidden) as f64;
        if found.0 > best.0 + more * chance && tells(&here, rows) {
            best = found;
        }
    }
    Ok(best)
}

/// Whether each unit is on, and off, in more rows than a few strays.
fn tells(machine: &Parameters, rows: &[f64]) -> bool {
    let n_rows = (rows.len() / machine.width) as f64;
    machine.activity(rows).iter().all(|&share| is_parted(share, n_rows))
}

/// Machines with one more unit.
fn candidates(here: &Parameters, rows: &[f64], words: &mut Words<'_>) -> Vec<Parameters> {
    let (n, width) = (here.hidden, here.width);
    let [w, b, _, _] = here.parts();
    let variances = here.variances();
    // Which units are rather on than off, and what they leave over.
    let on: Vec<bool> = here.hidden(rows).0.iter().map(|&p| p > 0.5).collect();
    let n_rows = rows.len() / width;
    let state = |row: usize| &on[row * n..(row + 1) * n];
    let mut left = rows.to_vec();
    for (row, left) in left.chunks_exact_mut(width).enumerate() {
        add(left, -1.0, b);
        for (j, _) in state(row).iter().enumerate().filter(|(_, on)| **on) {
            add(left, -1.0, &w[j * width..][..width]);
        }
    }
    let mut found = Vec::new();
    let first_side = words.below(width);
    for number in 0..PAIRS + width.min(MOST_SIDES) {
        let everywhere = n == 0 || number % 2 == 0;
        let chosen = words.below(n_rows);
        let within: Vec<f64> = (left.chunks_exact(width).enumerate())
            .filter(|(row, _)| everywhere || state(*row) == state(chosen))
            .flat_map(|(_, left)| left.iter().copied())
            .collect();
        if within.len() / width < SPLIT_ROWS {
            continue;
        }
        let [low, high] = [-1.0, 1.0].map(|side| {
            if number < PAIRS {
                return within[words.below(within.len() / width) * width..][..width].to_vec();
            }
            let mut centre = vec![0.0; width];
            let i = (first_side + number) % width;
            centre[i] = side * variances[i].sqrt();
            centre
        });
        let pair = Mixture { low, high, share: 0.5, variances: variances.clone() };
        let Some(pair) = (0..OWN_STEPS).try_fold(pair, |pair, _| pair.step(&within)) else {
            continue;
        };
        let gap: Vec<f64> = pair.high.iter().zip(&pair.low).map(|(high, low)| high - low).collect();
        let odds = ln(pair.share / (1.0 - pair.share));
        // What the other units, in the mean over rows or in the one state, add to the odds.
        let mut others = vec![0.0; n];
        for row in if everywhere { 0..n_rows } else { chosen..chosen + 1 } {
            for j in 0..n {
                others[j] += f64::from(u8::from(on[row * n + j]));
            }
        }
        let count = if everywhere { n_rows as f64 } else { 1.0 };
        let field = |gap: &[f64], s: &[f64]| -> f64 {
            let unit = |j: usize| {
                let product: f64 = (0..width).map(|i| w[j * width + i] * gap[i] / s[i]).sum();
                product * others[j] / count
            };
            (0..n).map(unit).sum()
        };
        if everywhere {
            let mut moved = here.clone();
            let s = &pair.variances;
            add(&mut moved.values[n * width..][..width], 1.0, &pair.low);
            found.push(moved.with(&gap, odds - field(&gap, s), s));
        } else {
            // The larger part stays where it is.
            let sign = if pair.share > 0.5 { -1.0 } else { 1.0 };
            let gap: Vec<f64> = gap.iter().map(|gap| sign * gap).collect();
            found.push(here.with(&gap, sign * odds - field(&gap, &variances), &variances));
        }
    }
    found
}
