//! A sequence of patterns, each of which calls the next one.
//!
//! J_ij = (1/N) sum_mu xi_i^{mu + 1} xi_j^mu, J_ii = 0: not symmetric, so there is no energy. With all
//! spins at once a state near a pattern becomes the next one in a sweep; this is the case that has a
//! theory (Düring, Coolen, Sherrington, J. Phys. A 31, 8607 (1998)). In turn spins smear the patterns.

use super::{
    Hopfield, Patterns,
    associations::Associations,
    couplings,
    recall::{Dynamics, Outcome},
    reference,
};
use crate::{control::Control, error::Result, simd::Level};

/// P patterns of N spins in order.
pub struct Sequence {
    /// All patterns, and the overlaps with them.
    network: Hopfield,
    associations: Associations,
}

impl Sequence {
    /// Each pattern is followed by the next one; the last by the first, if `cyclic`, or by none.
    ///
    /// # Errors
    /// [`Error::Value`](crate::error::Error::Value) for a single pattern that nothing follows,
    /// [`Error::Memory`](crate::error::Error::Memory),
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn new(patterns: &Patterns, cyclic: bool, level: Level, control: &Control) -> Result<Self> {
        let p = patterns.n_patterns();
        let (cues, first) = if cyclic {
            (patterns.clone(), 0..1)
        } else {
            (Patterns::joined(&[(patterns, 0..p - 1)], control)?, 0..0)
        };
        let answers = Patterns::joined(&[(patterns, 1..p), (patterns, first)], control)?;
        let network = Hopfield::new(patterns, None, level)?;
        Ok(Self { network, associations: Associations::within(&cues, &answers, level)? })
    }

    /// N.
    pub fn n_spins(&self) -> usize {
        self.network.n_spins()
    }

    /// P.
    pub fn n_patterns(&self) -> usize {
        self.network.n_patterns()
    }

    /// M_mu = sum_i xi_i^mu s_i for every pattern.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn overlaps(&self, spins: &[i8], control: &Control) -> Result<Vec<i64>> {
        self.network.overlaps(spins, control)
    }

    /// The local field of every spin.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn local_fields(&self, spins: &[i8], control: &Control) -> Result<Vec<f64>> {
        self.associations.local_fields(spins, spins, control)
    }

    /// Writes J_ij, row after row, into zeros.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    ///
    /// # Panics
    /// If `out` is not N x N.
    pub fn couplings(&self, out: &mut [f64], control: &Control) -> Result<()> {
        couplings::write(&self.associations, out, control)
    }

    /// Runs the dynamics on `spins` until it comes back to a state or has had its sweeps. `clamp`
    /// marks the spins that are held.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn recall(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        clamp: Option<&[bool]>,
        control: &Control,
    ) -> Result<Outcome> {
        self.associations.recall(dynamics, replica, spins, clamp, control)
    }

    /// [`Sequence::recall`] with plain loops over patterns: the scalar truth that it equals.
    pub fn reference_recall(
        &self,
        dynamics: &Dynamics,
        replica: u64,
        spins: &mut [i8],
        clamp: Option<&[bool]>,
    ) -> Outcome {
        reference::run(&self.associations, dynamics, replica, spins, clamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        hopfield::{Update, corrupt},
        threads,
    };

    fn patterns(p: usize, n: usize) -> (Patterns, Vec<i8>) {
        let control = Control::default();
        let set = Patterns::random(p, n, (p + n) as u64, Level::Portable, &control).unwrap();
        let spins = set.to_spins(&(0..p).collect::<Vec<_>>(), &control).unwrap();
        (set, spins)
    }

    /// sum_mu to^mu_i from^mu_j without diagonal, which is N J_ij.
    fn matrix(spins: &[i8], p: usize, n: usize, cyclic: bool) -> Vec<i64> {
        let mut matrix = vec![0; n * n];
        for mu in 0..p - usize::from(!cyclic) {
            let (from, to) = (&spins[mu * n..][..n], &spins[(mu + 1) % p * n..][..n]);
            for i in 0..n {
                for j in (0..n).filter(|&j| j != i) {
                    matrix[i * n + j] += i64::from(to[i] * from[j]);
                }
            }
        }
        matrix
    }

    #[test]
    fn fields_and_couplings_are_those_of_the_matrix() {
        for (p, n) in [(1, 7), (2, 8), (5, 130), (70, 65), (600, 41)] {
            let (set, spins) = patterns(p, n);
            for cyclic in [true, false] {
                if p == 1 && !cyclic {
                    continue;
                }
                let expected = matrix(&spins, p, n, cyclic);
                for level in Level::available() {
                    let control = Control::default();
                    let memory = Sequence::new(&set, cyclic, level, &control).unwrap();
                    let mut found = vec![0.0; n * n];
                    memory.couplings(&mut found, &control).unwrap();
                    let scaled: Vec<f64> = expected.iter().map(|&k| k as f64 / n as f64).collect();
                    assert_eq!(found, scaled, "P = {p}, N = {n}");
                    let state = &spins[..n];
                    let fields = memory.local_fields(state, &control).unwrap();
                    let field = |i: usize| {
                        let row = expected[i * n..][..n].iter().zip(state);
                        row.map(|(k, &s)| k * i64::from(s)).sum::<i64>() as f64 / n as f64
                    };
                    assert_eq!(fields, (0..n).map(field).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn recall_is_that_of_the_reference_on_every_level_and_thread_count() {
        // The last set is so large that threads share its rows.
        let sizes = [
            (1, 1, 0),
            (1, 9, 3),
            (2, 40, 9),
            (9, 41, 8),
            (60, 130, 20),
            (600, 33, 9),
            (4300, 600, 150),
        ];
        let control = Control::default();
        for (p, n, flips) in sizes {
            let (set, spins) = patterns(p, n);
            let clamp: Vec<bool> = (0..n).map(|i| i % 5 == 2).collect();
            let mut start = spins[..n].to_vec();
            corrupt(&mut start, flips, 1, 0);
            for update in [Update::Sequential, Update::Random, Update::Synchronous] {
                for (beta, held, cyclic) in [
                    (f64::INFINITY, false, true),
                    (f64::INFINITY, true, false),
                    (0.0, false, true),
                    (2.0, true, true),
                ] {
                    let max_sweeps = if p > 1000 { 3 } else { 30 };
                    let dynamics = Dynamics { update, beta, max_sweeps, seed: 5 };
                    let clamp = held.then_some(&clamp[..]);
                    let mut expected = None;
                    for level in Level::available() {
                        let memory =
                            Sequence::new(&set, cyclic || p == 1, level, &control).unwrap();
                        let expected = expected.get_or_insert_with(|| {
                            let mut state = start.clone();
                            let truth = memory.reference_recall(&dynamics, 3, &mut state, clamp);
                            (truth, state)
                        });
                        for n_threads in [1, 3] {
                            let mut found = start.clone();
                            let pool = threads::pool(Some(n_threads)).unwrap();
                            let outcome = pool.install(|| {
                                memory.recall(&dynamics, 3, &mut found, clamp, &control).unwrap()
                            });
                            let case = format!("{p} {n} {update:?} {beta} {level} {n_threads}");
                            assert_eq!((outcome, found), *expected, "{case}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_single_pattern_that_nothing_follows_is_refused() {
        let (set, _) = patterns(1, 5);
        let control = Control::default();
        assert!(Sequence::new(&set, false, Level::Portable, &control).is_err());
    }
}
