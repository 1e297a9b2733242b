//! When a spin among couplings +-J flips: probabilities as 64-bit integers, and as bit planes.
//!
//! With u of d bonds unsatisfied, a flip costs dE = 2 J (d - 2u). A random number r of 64 bits is
//! below t = floor(2^64 p) with probability p, up to 2^-64. Metropolis flips for certain where
//! 2u >= d and otherwise if r < floor(2^64 x), x = exp(-2 beta J |d - 2u|). The heat bath flips if
//! r < t where 2u < d, and unless r < t where 2u > d, t = floor(2^64 x / (1 + x)): both sides of a
//! class share one threshold, since their probabilities add up to one.

use super::layout::MAX_DEGREE;
use crate::{bits::transpose, elementary::exp_alone, spins::Dynamics};

/// Thresholds of one degree: a class and its mirror image share one.
pub(super) const MAX_THRESHOLDS: usize = MAX_DEGREE / 2;

/// What decides about one spin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Flip,
    Keep,
    /// Flip if the random number is below.
    FlipBelow(u64),
    /// Flip unless the random number is below.
    KeepBelow(u64),
}

impl Verdict {
    #[allow(clippy::float_cmp, reason = "rounded to one, which no random number reaches")]
    /// The verdict where `unsatisfied` of `degree` bonds are not satisfied.
    pub(super) fn of(
        dynamics: Dynamics,
        beta: f64,
        coupling: f64,
        degree: usize,
        unsatisfied: usize,
    ) -> Self {
        let heat_bath = dynamics.is_heat_bath_at(beta);
        let excess = degree.abs_diff(2 * unsatisfied);
        if excess == 0 {
            return match (heat_bath, beta == f64::INFINITY) {
                (false, _) => Self::Flip,
                (true, true) => Self::Keep,
                (true, false) => Self::FlipBelow(1 << 63),
            };
        }
        let x = exp_alone(-2.0 * (beta * (coupling * excess as f64)));
        let p = if heat_bath { x / (1.0 + x) } else { x };
        let threshold = p * (65536.0 * 65536.0 * 65536.0 * 65536.0);
        match (heat_bath, 2 * unsatisfied < degree) {
            (false, true) if p == 1.0 => Self::Flip,
            (_, true) if threshold < 1.0 => Self::Keep,
            (_, true) => Self::FlipBelow(threshold as u64),
            (false, false) => Self::Flip,
            (true, false) if threshold < 1.0 => Self::Flip,
            (true, false) => Self::KeepBelow(threshold as u64),
        }
    }

    /// Whether the spin flips, given the random number.
    pub(super) fn flips(self, random: u64) -> bool {
        match self {
            Self::Flip => true,
            Self::Keep => false,
            Self::FlipBelow(threshold) => random < threshold,
            Self::KeepBelow(threshold) => random >= threshold,
        }
    }
}

/// The lanes of one class of sites: those with the same number of unsatisfied bonds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) unsatisfied: usize,
    /// Lanes that keep their spin unless the random number is below the threshold.
    pub(super) keep: u64,
    /// Lanes in which the random number is asked.
    pub(super) open: u64,
    /// Which threshold.
    pub(super) threshold: usize,
}

/// The verdicts of all lanes about sites of one degree.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The classes in which not all lanes flip for certain, a tie aside.
    pub(super) classes: Vec<Class>,
    /// At a tie, lanes that toss a coin.
    pub(super) coin: u64,
    /// At a tie, lanes that do not flip for certain.
    pub(super) tie_keep: u64,
    /// Bit 63 - j of each threshold of each lane.
    pub(super) planes: Box<[[u64; MAX_THRESHOLDS]; 64]>,
}

impl Rule {
    #[allow(clippy::float_cmp, reason = "lanes with the same temperature share a verdict")]
    pub(super) fn new(dynamics: Dynamics, betas: &[f64; 64], coupling: f64, degree: usize) -> Self {
        let mut rule = Self {
            classes: Vec::new(),
            coin: 0,
            tie_keep: 0,
            planes: Box::new([[0; MAX_THRESHOLDS]; 64]),
        };
        for unsatisfied in 0..=degree {
            let mut class = Class { unsatisfied, keep: 0, open: 0, threshold: 0 };
            class.threshold = unsatisfied.min(degree - unsatisfied);
            let mut rows = [0; 64];
            let mut verdict = Verdict::Keep;
            for lane in 0..64 {
                if lane == 0 || betas[lane] != betas[lane - 1] {
                    verdict = Verdict::of(dynamics, betas[lane], coupling, degree, unsatisfied);
                }
                let (keep, open, threshold) = match verdict {
                    Verdict::Flip => (0, 0, 0),
                    Verdict::Keep => (1, 0, 0),
                    Verdict::FlipBelow(threshold) => (1, 1, threshold),
                    Verdict::KeepBelow(threshold) => (0, 1, threshold),
                };
                class.keep |= keep << lane;
                class.open |= open << lane;
                rows[lane] = threshold;
            }
            if 2 * unsatisfied == degree {
                (rule.coin, rule.tie_keep) = (class.open, class.keep);
                continue;
            }
            if 2 * unsatisfied < degree {
                transpose(&mut rows);
                for (j, plane) in rule.planes.iter_mut().enumerate() {
                    plane[class.threshold] = rows[63 - j];
                }
            }
            if class.keep | class.open != 0 {
                rule.classes.push(class);
            }
        }
        rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_at_the_ends_of_temperature() {
        use Dynamics::{HeatBath, Metropolis};
        let of = |dynamics, beta, unsatisfied| Verdict::of(dynamics, beta, 1.0, 4, unsatisfied);
        for dynamics in [Metropolis, HeatBath] {
            assert_eq!(of(dynamics, f64::INFINITY, 1), Verdict::Keep);
            assert_eq!(of(dynamics, f64::INFINITY, 3), Verdict::Flip);
            for unsatisfied in 0..=2 {
                assert_eq!(of(dynamics, 0.0, unsatisfied), Verdict::FlipBelow(1 << 63));
            }
            assert_eq!(of(dynamics, 0.0, 3), Verdict::KeepBelow(1 << 63));
        }
        assert_eq!(of(Metropolis, f64::INFINITY, 2), Verdict::Flip);
        assert_eq!(of(HeatBath, f64::INFINITY, 2), Verdict::Keep);
        assert_eq!(of(Metropolis, 1e-300, 0), Verdict::Flip);
    }

    #[test]
    fn a_threshold_holds_the_probability() {
        let Verdict::FlipBelow(threshold) = Verdict::of(Dynamics::HeatBath, 0.3, 2.0, 3, 1) else {
            panic!("an uphill flip has a threshold");
        };
        let expected = 1.0 / (1.0 + (2.0f64 * 0.3 * 2.0).exp());
        assert!((threshold as f64 / 2f64.powi(64) / expected - 1.0).abs() < 1e-15);
    }
}
