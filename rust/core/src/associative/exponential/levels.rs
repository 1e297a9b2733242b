//! The sum of the exponential memory: what counts, and how it is added up.
//!
//! All overlaps of one state with patterns are even, or all are odd. So the largest of them and the
//! numbers of patterns 0, 2, 4, ... below it are all there is to know of sum_mu exp(M_mu). These
//! numbers are integers, the same in whatever order the patterns are looked at; they are weighted by
//! powers of e^-2 in one order. **By definition a pattern more than 60 below the largest does not
//! count**: its weight is below e^-60 = 9e-27 of that one.
//!
//! The local field of a spin depends on the others alone. With c_mu the overlap without spin i, and U
//! and V the sums of e^{c_mu} over the patterns that have spin i up and down,
//!
//! h_i = (E(s_i = -1) - E(s_i = +1)) / 2 = artanh(tanh(1) (U - V) / (U + V)).
//!
//! As e is transcendental, U = V only if as many patterns are up as are down on every level: the
//! differences of the counts tell an exact tie.

use crate::elementary::ln;

/// Levels that count: overlaps from the largest to 60 below it.
const LEVELS: usize = 31;

/// How far below the largest overlap a pattern may be that counts for the field of a spin.
pub(super) const SPAN: i64 = 2 * LEVELS as i64;

/// e^-2.
const STEP: f64 = 0.135_335_283_236_612_7;

/// tanh(1).
const TANH_1: f64 = 0.761_594_155_955_764_9;

/// The weighted sum of counts, the first of weight 1.
fn sum(counts: &[i64]) -> f64 {
    counts.iter().rev().fold(0.0, |sum, &count| sum * STEP + count as f64)
}

/// artanh(x) for 0 <= x < 1. Of a small x, 1 + x would lose the digits, or x itself: the sign of a
/// field is that which the dynamics follows, however weak the field is.
fn artanh(x: f64) -> f64 {
    if x < 1e-4 {
        return x + x * x * x / 3.0; // the next term is below 1e-16 of x
    }
    0.5 * ln((1.0 + x) / (1.0 - x))
}

/// E = -ln sum_mu exp(M_mu) from the overlaps, which reach up to `largest`.
pub(super) fn energy(overlaps: impl Iterator<Item = i64>, largest: i64) -> f64 {
    let mut counts = [0; LEVELS];
    for overlap in overlaps {
        if let Some(count) = counts.get_mut(((largest - overlap) / 2) as usize) {
            *count += 1;
        }
    }
    -(largest as f64 + ln(sum(&counts)))
}

/// The patterns that have one spin up and down, by the level of their overlap without it.
///
/// One level more than those that count: which is the first is known when all are there.
pub(super) struct Sides {
    /// Up less down.
    difference: [i64; LEVELS + 1],
    /// Both.
    total: [i64; LEVELS + 1],
    /// The deepest level with a pattern, or the first.
    deepest: usize,
}

impl Sides {
    pub fn new() -> Self {
        Self { difference: [0; LEVELS + 1], total: [0; LEVELS + 1], deepest: 0 }
    }

    /// Counts a pattern, `depth` levels below the largest overlap that any could have.
    #[inline(always)]
    pub fn add(&mut self, depth: usize, is_up: bool) {
        if depth <= LEVELS {
            self.difference[depth] += 2 * i64::from(is_up) - 1;
            self.total[depth] += 1;
            self.deepest = self.deepest.max(depth);
        }
    }

    /// The levels that count, without the empty ones at the end: their sums are zero.
    fn levels(&self) -> (&[i64], &[i64]) {
        let first = usize::from(self.total[0] == 0);
        let end = (first + LEVELS).min(self.deepest + 1);
        (&self.difference[first..end], &self.total[first..end])
    }

    /// U - V: its sign is that of the field, and it is zero in a tie.
    pub fn balance(&self) -> f64 {
        sum(self.levels().0)
    }

    /// The field h_i.
    pub fn field(&self) -> f64 {
        let (difference, total) = self.levels();
        let balance = sum(difference);
        artanh(TANH_1 * balance.abs() / sum(total)).copysign(balance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(patterns: &[(usize, bool)]) -> Sides {
        let mut sides = Sides::new();
        for &(depth, is_up) in patterns {
            sides.add(depth, is_up);
        }
        sides
    }

    #[test]
    fn the_constants_are_what_they_are_called() {
        assert!((STEP / (-2f64).exp() - 1.0).abs() <= f64::EPSILON);
        assert!((TANH_1 / 1f64.tanh() - 1.0).abs() <= f64::EPSILON);
    }

    #[test]
    fn one_pattern_has_the_field_of_its_spin() {
        for (is_up, field) in [(true, 1.0), (false, -1.0)] {
            let one = sides(&[(1, is_up)]);
            assert!((one.field() - field).abs() < 1e-15);
            assert_eq!(one.balance().to_bits(), f64::to_bits(field));
        }
    }

    #[test]
    fn as_many_up_as_down_on_every_level_are_a_tie() {
        let tie = sides(&[(0, true), (3, false), (0, false), (3, true)]);
        assert_eq!((tie.balance(), tie.field()), (0.0, 0.0));
        // Nearly a tie: e^2 = 7.39 patterns of the next level weigh as much as one.
        let mut near = vec![(0, true)];
        near.extend([(1, false); 7]);
        assert!(sides(&near).balance() > 0.0);
        near.push((1, false));
        assert!(sides(&near).balance() < 0.0);
    }

    #[test]
    fn a_weak_field_keeps_its_digits_and_its_sign() {
        // Two near patterns of opposite spins, and one far below.
        for depth in 1..LEVELS {
            let weak = sides(&[(0, true), (0, false), (depth, false)]);
            let ratio = TANH_1 * (-2.0 * depth as f64).exp() / 2.0;
            if depth >= 6 {
                let field = -(ratio - ratio * (-2.0 * depth as f64).exp() / 2.0);
                assert!((weak.field() / field - 1.0).abs() < 1e-9, "{depth}");
            }
            assert!(weak.field() < 0.0 && weak.balance() < 0.0, "{depth}");
        }
        // Both sides of the series agree.
        assert!((artanh(1e-4) / artanh(1e-4f64.next_down()) - 1.0).abs() < 1e-11);
    }

    #[test]
    fn the_field_does_not_depend_on_where_the_levels_begin() {
        let patterns = [(0, true), (2, false), (30, false), (5, true), (4, false)];
        let below = patterns.map(|(depth, is_up)| (depth + 1, is_up));
        assert_eq!(sides(&patterns).field().to_bits(), sides(&below).field().to_bits());
        // A level that is too deep counts in neither.
        let deep = [(0, true), (31, false)];
        assert_eq!(sides(&deep).field().to_bits(), sides(&[(0, true)]).field().to_bits());
    }

    #[test]
    fn turning_every_pattern_turns_the_field() {
        let patterns = [(0, true), (1, false), (3, false), (0, false), (1, true), (1, true)];
        let turned = patterns.map(|(depth, is_up)| (depth, !is_up));
        assert_eq!(sides(&patterns).field().to_bits(), (-sides(&turned).field()).to_bits());
    }
}
