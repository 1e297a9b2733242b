//! A neuron that knows its fields: an update is a row of the overlaps of the patterns.
//!
//! With G_mu,nu = sum_j xi_j^mu xi_j^nu, all j, and A updates in all,
//!
//! f_mu = xi_i^mu u_mu - A,  u_mu = sum_nu a_nu xi_i^nu G_nu,mu:
//!
//! each pattern learned has 1 too much in G, from j = i. To learn pattern nu adds its row of G to u,
//! with the sign of xi_i^nu, 1 to A and 2 f_nu + N - 1 to |w|^2. A look at a field is free. Bound by
//! the loads of the rows, from the second-level cache or beyond.
//!
//! No integer overflows. |f_mu| <= |w| sqrt(N - 1), and both A and |w|^2 are known before an update:
//! u is of 32 bits as long as they leave |u| <= |f| + A below 2^31, and of 64 bits after that. A
//! neuron stops before |w| exceeds 2^30, which is the most that |w_j| can be.

use std::ops::Range;

use super::kernels::{Kernels, TOGETHER, signed};

/// The largest |w|^2.
const MOST: i64 = 1 << 60;

/// What |f| and A stay below while their sum is of 32 bits.
const NARROW: i64 = 1 << 30;

enum Fields {
    Narrow(Vec<i32>),
    Wide(Vec<i64>),
}

/// A neuron, and what it has learned so far.
pub(super) struct Dual<'a> {
    gram: &'a [i32],
    /// The patterns, one after the other.
    spins: &'a [i8],
    n: usize,
    site: usize,
    kernels: &'static Kernels,
    /// 0 where xi_i is +1, -1 where it is -1.
    signs: Vec<i32>,
    /// u.
    fields: Fields,
    /// a_mu xi_i^mu modulo 2^32, which is all that couplings of 32 bits need.
    weights: Vec<i32>,
    squared: i64,
    updates: i64,
    is_full: bool,
}

impl<'a> Dual<'a> {
    /// Neuron `site`, which knows nothing yet.
    pub(super) fn new(
        gram: &'a [i32],
        spins: &'a [i8],
        n: usize,
        site: usize,
        kernels: &'static Kernels,
    ) -> Self {
        let signs = spins.chunks(n).map(|pattern| i32::from(pattern[site]) >> 1);
        let signs: Vec<i32> = signs.collect();
        let (weights, fields) = (vec![0; signs.len()], Fields::Narrow(vec![0; signs.len()]));
        let (squared, updates, is_full) = (0, 0, false);
        Self { gram, spins, n, site, kernels, signs, fields, weights, squared, updates, is_full }
    }

    /// P.
    pub(super) fn n_patterns(&self) -> usize {
        self.signs.len()
    }

    /// |w|^2.
    pub(super) fn squared(&self) -> i64 {
        self.squared
    }

    /// A.
    pub(super) fn updates(&self) -> i64 {
        self.updates
    }

    /// Whether it could not learn a pattern, because its couplings would be too large.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// The first of some patterns whose f is at most so large.
    pub(super) fn first_at_most(&self, some: Range<usize>, most: i64) -> Option<usize> {
        let first = some.start;
        let (signs, most) = (&self.signs[some.clone()], most.saturating_add(self.updates));
        let found = match &self.fields {
            Fields::Narrow(fields) => {
                let most = most.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
                (self.kernels.first)(&fields[some], signs, most)
            }
            Fields::Wide(fields) => (self.kernels.first_wide)(&fields[some], signs, most),
        };
        found.map(|k| first + k)
    }

    /// The first pattern of the smallest f, and this.
    pub(super) fn smallest(&self) -> (usize, i64) {
        let smallest = match &self.fields {
            Fields::Narrow(fields) => (self.kernels.smallest)(fields, &self.signs).into(),
            Fields::Wide(fields) => (self.kernels.smallest_wide)(fields, &self.signs),
        } - self.updates;
        (self.first_at_most(0..self.signs.len(), smallest).unwrap_or_default(), smallest)
    }

    fn field(&self, pattern: usize) -> i64 {
        let field = match &self.fields {
            Fields::Narrow(fields) => fields[pattern].into(),
            Fields::Wide(fields) => fields[pattern],
        };
        signed(field, self.signs[pattern]) - self.updates
    }

    /// Learns a pattern, unless it is full.
    pub(super) fn learn(&mut self, pattern: usize) {
        let inputs = self.n as i64 - 1;
        let squared = self.squared + 2 * self.field(pattern) + inputs;
        self.is_full |= squared > MOST;
        if self.is_full {
            return;
        }
        (self.squared, self.updates) = (squared, self.updates + 1);
        if let Fields::Narrow(fields) = &self.fields {
            let square = i128::from(squared) * i128::from(inputs);
            if square >= i128::from(NARROW).pow(2) || self.updates >= NARROW {
                self.fields = Fields::Wide(fields.iter().map(|&field| field.into()).collect());
            }
        }
        let (sign, p) = (self.signs[pattern], self.signs.len());
        self.weights[pattern] = self.weights[pattern].wrapping_add(2 * sign + 1);
        let row = &self.gram[pattern * p..][..p];
        match &mut self.fields {
            Fields::Narrow(fields) => (self.kernels.add)(fields, row, sign < 0),
            Fields::Wide(fields) => (self.kernels.add_wide)(fields, row, sign < 0),
        }
    }

    /// Writes the couplings.
    pub(super) fn write(&self, row: &mut [f64]) {
        let mut sums = vec![0; self.n];
        let used: Vec<usize> = (0..self.signs.len()).filter(|&mu| self.weights[mu] != 0).collect();
        for some in used.chunks(TOGETHER) {
            // What is missing in the last ones is the first pattern, no times.
            let (mut spins, mut times) = ([&self.spins[..self.n]; TOGETHER], [0; TOGETHER]);
            for (k, &mu) in some.iter().enumerate() {
                (spins[k], times[k]) = (&self.spins[mu * self.n..][..self.n], self.weights[mu]);
            }
            (self.kernels.add_spins)(&mut sums, spins, times);
        }
        for (coupling, &sum) in row.iter_mut().zip(&sums) {
            *coupling = f64::from(sum);
        }
        row[self.site] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    /// Spins of no order, and their overlaps.
    fn patterns(p: usize, n: usize) -> (Vec<i8>, Vec<i32>) {
        let spins: Vec<i8> =
            (0..p * n).map(|k| if (k * k + k / 3) % 7 < 3 { 1 } else { -1 }).collect();
        let product =
            |a: &[i8], b: &[i8]| a.iter().zip(b).map(|(&a, &b)| i32::from(a * b)).sum::<i32>();
        let rows = spins.chunks(n).flat_map(|a| spins.chunks(n).map(move |b| product(a, b)));
        let gram = rows.collect();
        (spins, gram)
    }

    #[test]
    fn wide_fields_are_those_of_narrow_ones() {
        let (p, n) = (130, 41);
        let (spins, gram) = patterns(p, n);
        for level in Level::available() {
            let [mut narrow, mut wide] =
                [7; 2].map(|site| Dual::new(&gram, &spins, n, site, Kernels::of(level)));
            wide.fields = Fields::Wide(vec![0; p]);
            for _ in 0..300 {
                let (pattern, smallest) = narrow.smallest();
                assert_eq!((pattern, smallest), wide.smallest());
                assert_eq!(narrow.first_at_most(9..99, 4), wide.first_at_most(9..99, 4));
                narrow.learn(pattern);
                wide.learn(pattern);
            }
            assert!(matches!(narrow.fields, Fields::Narrow(_)));
            assert_eq!(narrow.squared(), wide.squared());
            let (mut row, mut other) = (vec![0.0; n], vec![0.0; n]);
            narrow.write(&mut row);
            wide.write(&mut other);
            assert_eq!(row, other);
        }
    }

    #[test]
    fn fields_become_wide_before_they_overflow_and_a_neuron_stops_before_its_couplings_do() {
        // |w| is 2^8 times the updates, and f 2^16 times.
        let n = (1 << 16) + 1;
        let (spins, gram) = patterns(1, n);
        let mut dual = Dual::new(&gram, &spins, n, 3, Kernels::of(Level::Portable));
        loop {
            dual.learn(0);
            if dual.is_full() {
                break;
            }
            assert_eq!(dual.smallest(), (0, dual.updates() << 16));
            let is_narrow = matches!(dual.fields, Fields::Narrow(_));
            assert_eq!(is_narrow, dual.updates() < 1 << 14);
        }
        assert_eq!((dual.updates(), dual.squared()), (1 << 22, MOST));
        let mut row = vec![0.0; n];
        dual.write(&mut row);
        let lengths = row.iter().enumerate().map(|(j, w)| (j, w.abs() as i64));
        assert!(lengths.into_iter().all(|(j, w)| w == if j == 3 { 0 } else { 1 << 22 }));
    }
}
