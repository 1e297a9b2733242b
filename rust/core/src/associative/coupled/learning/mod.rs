//! Learning rules that repeat themselves: every neuron is a perceptron for itself.
//!
//! Neuron i has the N - 1 other spins as inputs and must answer with its own in every pattern mu:
//! f_mu = xi_i^mu sum_{j != i} w_j xi_j^mu > 0. Its margin is the smallest f_mu / |w|. It learns a
//! pattern by w_j += xi_i^mu xi_j^mu, so w_j = sum_mu a_mu xi_i^mu xi_j^mu, where a_mu says how often
//! it has learned which pattern. All is said in integers:
//!
//! - the perceptron rule with a margin (E. Gardner, J. Phys. A 21, 257 (1988)): pattern after pattern
//!   is learned if f_mu <= kappa |w|, until none is;
//! - minover (W. Krauth and M. Mezard, J. Phys. A 20, L745 (1987)): it is always the pattern of the
//!   smallest f that is learned. The margin tends to the largest one there is.
//!
//! How far minover is from that is known: with A = sum a and any couplings v of length 1 and margin
//! kappa, |w| >= v . w = sum_mu a_mu (v's f_mu) >= A kappa. So no margin is larger than |w| / A.
//!
//! `reference.rs` has both rules as one would write them down. `dual.rs` keeps the fields of all
//! patterns instead of the couplings.

mod dual;
mod kernels;
mod reference;

use rayon::prelude::*;

use crate::{
    control::Control,
    error::Result,
    hopfield::{Patterns, gram},
    simd::Level,
};
use dual::Dual;
use kernels::Kernels;

pub use reference::learn as reference_learn;

/// Which pattern is learned next, and until when.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Each in turn whose field is not above the margin, until all are or so many passes were made.
    Perceptron {
        /// kappa.
        margin: f64,
        /// Passes over all patterns.
        max_epochs: u64,
    },
    /// That of the smallest field, until the margin is above (1 - tolerance) times the largest one.
    MinOver {
        /// Between 0 and 1.
        tolerance: f64,
        /// Patterns learned by a neuron.
        max_updates: u64,
    },
}

/// What is known of a neuron that is ready.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Learned {
    /// Whether it has reached what the rule asks for.
    pub converged: bool,
    /// The smallest f / |w|; 0 without couplings.
    pub margin: f64,
    /// What no margin exceeds.
    pub bound: f64,
}

impl Learned {
    /// Of couplings of this squared length, after so many updates.
    fn of(converged: bool, smallest: i64, squared: i64, updates: i64) -> Self {
        let length = (squared as f64).sqrt();
        let margin = if squared == 0 { 0.0 } else { smallest as f64 / length };
        Self { converged, margin, bound: length / updates as f64 }
    }
}

/// The largest field at which the perceptron rule learns a pattern.
fn threshold(margin: f64, squared: i64) -> i64 {
    (margin * (squared as f64).sqrt()).floor() as i64
}

/// Whether the margin is as close to the largest one as is asked for: f / |w| to |w| / A.
fn is_close(tolerance: f64, smallest: i64, squared: i64, updates: i64) -> bool {
    smallest > 0 && smallest as f64 * updates as f64 >= (1.0 - tolerance) * squared as f64
}

/// Neurons of one task, at most: they see the same rows of overlaps.
const GROUP: usize = 16;

/// Bytes of rows that one neuron after the other sees, from the second-level cache.
const SEEN_BYTES: usize = 1 << 18;

/// Has all neurons learn, each for itself, on the current pool. `couplings` are N x N zeros; the row
/// of a neuron is written when it is ready, as `learned` then tells. Couplings are integers.
///
/// # Errors
/// [`Error::Overflow`](crate::error::Error::Overflow) if N does not fit in 32 bits;
/// [`Error::Memory`](crate::error::Error::Memory);
/// [`Error::Cancelled`](crate::error::Error::Cancelled), with the neurons that are ready.
///
/// # Panics
/// If there are not N rows and N neurons.
pub fn learn(
    patterns: &Patterns,
    rule: Rule,
    level: Level,
    couplings: &mut [f64],
    learned: &mut [Option<Learned>],
    control: &Control,
) -> Result<()> {
    let (n, p) = (patterns.n_spins(), patterns.n_patterns());
    assert!(couplings.len() == n * n && learned.len() == n, "there are N neurons of N couplings");
    let gram = gram(patterns, level, control)?;
    let spins = patterns.to_spins(&(0..p).collect::<Vec<_>>(), control)?;
    // No thread shall wait for the last group of another.
    let size = (n / (4 * rayon::current_num_threads())).clamp(1, GROUP);
    let groups = couplings.par_chunks_mut(n * size).zip(learned.par_chunks_mut(size));
    groups.enumerate().with_max_len(1).try_for_each(|(group, (rows, learned))| {
        let of_site = |k| Dual::new(&gram, &spins, n, group * size + k, Kernels::of(level));
        let mut neurons: Vec<Dual<'_>> = (0..learned.len()).map(of_site).collect();
        let ready = |k: usize, neuron: &Dual<'_>, converged| {
            neuron.write(&mut rows[k * n..][..n]);
            let (_, smallest) = neuron.smallest();
            learned[k] = Some(Learned::of(converged, smallest, neuron.squared(), neuron.updates()));
            control.advance(1);
        };
        match rule {
            Rule::Perceptron { margin, max_epochs } => {
                perceptron(&mut neurons, margin, max_epochs, control, ready)
            }
            Rule::MinOver { tolerance, max_updates } => {
                minover(&mut neurons, tolerance, max_updates, control, ready)
            }
        }
    })
}

/// Calls `ready` with each neuron that is: its number here, itself, and whether it converged.
fn perceptron(
    neurons: &mut [Dual<'_>],
    margin: f64,
    max_epochs: u64,
    control: &Control,
    mut ready: impl FnMut(usize, &Dual<'_>, bool),
) -> Result<()> {
    let next = |neuron: &Dual<'_>, places| {
        neuron.first_at_most(places, threshold(margin, neuron.squared()))
    };
    let p = neurons.first().map_or(0, Dual::n_patterns);
    let seen = (SEEN_BYTES / size_of::<i32>()).div_ceil(p.max(1));
    let mut busy: Vec<usize> = (0..neurons.len()).collect();
    for epoch in 0.. {
        busy.retain(|&k| {
            let converged = next(&neurons[k], 0..p).is_none();
            let is_ready = converged || epoch == max_epochs || neurons[k].is_full();
            if is_ready {
                ready(k, &neurons[k], converged);
            }
            !is_ready
        });
        if busy.is_empty() {
            break;
        }
        for first in (0..p).step_by(seen) {
            let last = p.min(first + seen);
            for &k in &busy {
                let neuron = &mut neurons[k];
                let mut place = first;
                while let Some(found) = next(neuron, place..last) {
                    control.check()?;
                    neuron.learn(found);
                    place = found + 1;
                }
            }
        }
    }
    Ok(())
}

/// The same for minover. Every neuron goes its own way.
fn minover(
    neurons: &mut [Dual<'_>],
    tolerance: f64,
    max_updates: u64,
    control: &Control,
    mut ready: impl FnMut(usize, &Dual<'_>, bool),
) -> Result<()> {
    for (k, neuron) in neurons.iter_mut().enumerate() {
        loop {
            control.check()?;
            let (pattern, smallest) = neuron.smallest();
            let updates = neuron.updates();
            let converged = is_close(tolerance, smallest, neuron.squared(), updates);
            if converged || updates as u64 >= max_updates || neuron.is_full() {
                ready(k, neuron, converged);
                break;
            }
            neuron.learn(pattern);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn set(p: usize, n: usize, seed: u64) -> (Patterns, Vec<i8>) {
        let control = Control::default();
        let set = Patterns::random(p, n, seed, Level::Portable, &control).unwrap();
        let spins = set.to_spins(&(0..p).collect::<Vec<_>>(), &control).unwrap();
        (set, spins)
    }

    fn all(patterns: &Patterns, rule: Rule, level: Level) -> (Vec<f64>, Vec<Learned>) {
        let n = patterns.n_spins();
        let (mut couplings, mut learned) = (vec![0.0; n * n], vec![None; n]);
        learn(patterns, rule, level, &mut couplings, &mut learned, &Control::default()).unwrap();
        (couplings, learned.into_iter().map(Option::unwrap).collect())
    }

    const RULES: [Rule; 6] = [
        Rule::Perceptron { margin: 0.0, max_epochs: 100 },
        Rule::Perceptron { margin: 0.7, max_epochs: 100 },
        Rule::Perceptron { margin: 1e300, max_epochs: 3 },
        Rule::MinOver { tolerance: 0.1, max_updates: 2000 },
        Rule::MinOver { tolerance: 0.0, max_updates: 77 },
        Rule::MinOver { tolerance: 0.5, max_updates: 1 },
    ];

    #[test]
    fn neurons_learn_what_those_of_the_reference_do_on_every_level_and_thread_count() {
        for (p, n) in [(1, 1), (2, 1), (1, 20), (3, 2), (17, 33), (40, 12), (70, 130)] {
            let (patterns, spins) = set(p, n, (p * n) as u64);
            for rule in RULES {
                let truth: Vec<_> = (0..n).map(|i| reference_learn(&spins, n, i, rule)).collect();
                let couplings: Vec<f64> = truth.iter().flat_map(|x| x.0.clone()).collect();
                let learned: Vec<Learned> = truth.iter().map(|x| x.1).collect();
                for level in Level::available() {
                    for threads in [1, 3] {
                        let pool = crate::threads::pool(Some(threads)).unwrap();
                        let found = pool.install(|| all(&patterns, rule, level));
                        let case = format!("P = {p}, N = {n}, {rule:?}, {level}, {threads}");
                        assert_eq!(found, (couplings.clone(), learned.clone()), "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn equal_and_opposite_patterns_are_one() {
        let (once, spins) = set(5, 31, 2);
        let opposite: Vec<i8> = spins.iter().map(|spin| -spin).collect();
        let control = Control::default();
        let thrice = [&spins[..], &spins, &opposite].concat();
        let thrice = Patterns::from_spins(&thrice, 15, 31, &control).unwrap();
        let rule = Rule::MinOver { tolerance: 0.01, max_updates: 100_000 };
        assert_eq!(all(&once, rule, Level::Portable), all(&thrice, rule, Level::Portable));
    }

    #[test]
    fn ready_neurons_are_kept_when_the_call_is_cancelled() {
        let (patterns, _) = set(60, 30, 1);
        let rule = Rule::Perceptron { margin: 0.0, max_epochs: u64::MAX };
        let control = Control::new(30);
        control.cancel();
        let (mut couplings, mut learned) = (vec![0.0; 900], vec![None; 30]);
        let ended = learn(&patterns, rule, Level::Portable, &mut couplings, &mut learned, &control);
        assert_eq!(ended, Err(Error::Cancelled));
        assert!(couplings.iter().all(|&w| w == 0.0) && learned.iter().all(Option::is_none));
    }
}
