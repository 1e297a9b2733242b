//! Dreams: a state that the memory finds from a random start loses a part of its couplings.
//!
//! N J_ij = A_ij - rate D_ij, where A = sum_mu xi_i^mu xi_j^mu is Hebb's and D = sum_k s_i^k s_j^k
//! is that of the dreams (J. J. Hopfield, D. I. Feinstein, R. G. Palmer, Nature 304, 158 (1983));
//! with a pattern that is reinforced in each dream, its xi_i xi_j is taken from D. Both matrices are
//! integers, and so are the sums of a state with each, so that a field is rounded twice, at the same
//! place on every machine: N h_i = a_i - rate d_i.
//!
//! A product of two doubles is rounded to one on the same side of an integer, or to the integer. So
//! a field has its sign or is a tie, a flip lowers the energy, and every relaxation ends.
//!
//! Dreams as patterns of negative weight would take N bits each, and a field the popcounts of all of
//! them: thousands of dreams are more than N^2 integers, and a flip adds a row of these.

use rayon::prelude::*;

use crate::{
    control::Control,
    error::{Error, Result},
    hopfield::Patterns,
    sampling::random_spins,
};

/// Rows that one task takes.
const BLOCK: usize = 64;

/// The couplings of a memory that dreams.
pub struct Dreaming {
    n_spins: usize,
    rate: f64,
    seed: u64,
    /// A, row after row, without a diagonal.
    stored: Vec<i32>,
    /// D.
    dreamt: Vec<i32>,
    spins: Vec<i8>,
    /// a_i and d_i of these spins.
    stored_sums: Vec<i64>,
    dreamt_sums: Vec<i64>,
}

impl Dreaming {
    /// Dreams of N spins with these A, N x N, symmetric, with a zero diagonal.
    ///
    /// # Errors
    /// [`Error::Value`] if there are not N x N of them; [`Error::Memory`].
    pub fn new(n_spins: usize, stored: Vec<i32>, rate: f64, seed: u64) -> Result<Self> {
        if n_spins.checked_mul(n_spins) != Some(stored.len()) {
            let got = format_args!("{} numbers", stored.len());
            return Err(Error::expected("stored", format_args!("{n_spins} x {n_spins}"), got));
        }
        let mut dreamt = Vec::new();
        if dreamt.try_reserve_exact(stored.len()).is_err() {
            let need = format!("the couplings of dreams need {:.1} GB", 4e-9 * stored.len() as f64);
            return Err(Error::Memory(need));
        }
        dreamt.resize(stored.len(), 0);
        let sums = vec![0; n_spins];
        let spins = vec![0; n_spins];
        let (stored_sums, dreamt_sums) = (sums.clone(), sums);
        Ok(Self { n_spins, rate, seed, stored, dreamt, spins, stored_sums, dreamt_sums })
    }

    /// D, row after row.
    pub fn into_dreamt(self) -> Vec<i32> {
        self.dreamt
    }

    /// Dream number `number`, at whose end the pattern `reinforced` is stored once more. When it is
    /// cancelled, D is that of the dreams before.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn dream(
        &mut self,
        number: u64,
        reinforced: Option<(&Patterns, usize)>,
        control: &Control,
    ) -> Result<()> {
        random_spins(self.seed, number, self.n_spins, &mut self.spins);
        self.relax(control)?;
        let pattern = match reinforced {
            Some((patterns, which)) => Some(patterns.to_spins(&[which], control)?),
            None => None,
        };
        let (n, spins) = (self.n_spins, &self.spins);
        let rows = self.dreamt.par_chunks_mut(n).enumerate().with_min_len(BLOCK);
        rows.for_each(|(i, row)| {
            add_product(row, spins, spins[i]);
            if let Some(pattern) = &pattern {
                add_product(row, pattern, -pattern[i]);
            }
            row[i] = 0;
        });
        Ok(())
    }

    /// Visits the sites in turn until no spin is opposed to its field.
    fn relax(&mut self, control: &Control) -> Result<()> {
        let n = self.n_spins;
        sums(&self.stored, &self.spins, &mut self.stored_sums, control)?;
        sums(&self.dreamt, &self.spins, &mut self.dreamt_sums, control)?;
        let mut quiet = 0;
        for site in (0..n).cycle() {
            if site == 0 {
                control.check()?;
            }
            let spin = self.spins[site];
            let field = self.stored_sums[site] as f64 - self.rate * self.dreamt_sums[site] as f64;
            if field * f64::from(spin) < 0.0 {
                self.spins[site] = -spin;
                let times = -2 * i32::from(spin);
                add_row(&mut self.stored_sums, &self.stored[site * n..][..n], times);
                add_row(&mut self.dreamt_sums, &self.dreamt[site * n..][..n], times);
                quiet = 0;
            } else {
                quiet += 1;
                if quiet == n {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// sum_j C_ij s_j of every row i.
fn sums(matrix: &[i32], spins: &[i8], sums: &mut [i64], control: &Control) -> Result<()> {
    let n = spins.len();
    sums.par_chunks_mut(BLOCK).zip(matrix.par_chunks(n * BLOCK)).try_for_each(|(sums, rows)| {
        control.check()?;
        for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(n)) {
            let terms = row.iter().zip(spins);
            *sum = terms.map(|(&entry, &spin)| i64::from(entry * i32::from(spin))).sum();
        }
        Ok(())
    })
}

fn add_row(sums: &mut [i64], row: &[i32], times: i32) {
    for (sum, &entry) in sums.iter_mut().zip(row) {
        *sum += i64::from(times * entry);
    }
}

fn add_product(row: &mut [i32], spins: &[i8], spin: i8) {
    for (entry, &other) in row.iter_mut().zip(spins) {
        *entry += i32::from(spin * other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{simd::Level, threads};

    fn patterns(p: usize, n: usize) -> (Patterns, Vec<i32>) {
        let control = Control::default();
        let set = Patterns::random(p, n, (p + n) as u64, Level::Portable, &control).unwrap();
        let spins = set.to_spins(&(0..p).collect::<Vec<_>>(), &control).unwrap();
        let mut stored = vec![0; n * n];
        for pattern in spins.chunks(n) {
            for (i, row) in stored.chunks_mut(n).enumerate() {
                add_product(row, pattern, pattern[i]);
                row[i] = 0;
            }
        }
        (set, stored)
    }

    /// The dreams as one would write them down: a sum over all spins at every visit.
    fn reference(
        set: &Patterns,
        stored: &[i32],
        n: usize,
        rate: f64,
        reinforced: &[Option<usize>],
    ) -> Vec<i32> {
        let mut dreamt = vec![0i32; n * n];
        let mut spins = vec![0i8; n];
        let sum = |matrix: &[i32], i: usize, spins: &[i8]| -> i64 {
            (0..n).map(|j| i64::from(matrix[i * n + j]) * i64::from(spins[j])).sum()
        };
        for (number, which) in reinforced.iter().enumerate() {
            random_spins(7, number as u64, n, &mut spins);
            loop {
                let mut flips = 0;
                for i in 0..n {
                    let (a, d) = (sum(stored, i, &spins), sum(&dreamt, i, &spins));
                    if (a as f64 - rate * d as f64) * f64::from(spins[i]) < 0.0 {
                        spins[i] *= -1;
                        flips += 1;
                    }
                }
                if flips == 0 {
                    break;
                }
            }
            let pattern = which.map(|which| set.to_spins(&[which], &Control::default()).unwrap());
            for k in (0..n * n).filter(|k| k % (n + 1) != 0) {
                let (i, j) = (k / n, k % n);
                dreamt[k] += i32::from(spins[i] * spins[j]);
                if let Some(pattern) = &pattern {
                    dreamt[k] -= i32::from(pattern[i] * pattern[j]);
                }
            }
        }
        dreamt
    }

    #[test]
    fn dreams_are_those_of_the_reference_on_every_thread_count() {
        for (p, n, rate) in [(1, 1, 0.1), (3, 30, 0.01), (40, 65, 0.3), (20, 150, 1e6)] {
            let (set, stored) = patterns(p, n);
            for is_day in [false, true] {
                let reinforced: Vec<_> = (0..30).map(|k| is_day.then_some(k * k % p)).collect();
                let expected = reference(&set, &stored, n, rate, &reinforced);
                for n_threads in [1, 3] {
                    let mut dreaming = Dreaming::new(n, stored.clone(), rate, 7).unwrap();
                    let pool = threads::pool(Some(n_threads)).unwrap();
                    pool.install(|| {
                        for (number, which) in reinforced.iter().enumerate() {
                            let stored = which.map(|which| (&set, which));
                            let control = Control::default();
                            dreaming.dream(number as u64, stored, &control).unwrap();
                        }
                    });
                    let case = format!("P = {p}, N = {n}, rate {rate}, by day: {is_day}");
                    assert_eq!(dreaming.into_dreamt(), expected, "{case}");
                }
            }
        }
    }

    #[test]
    fn a_dream_that_is_cancelled_leaves_what_was_before() {
        let (_, stored) = patterns(5, 20);
        let mut dreaming = Dreaming::new(20, stored, 0.1, 7).unwrap();
        let control = Control::default();
        dreaming.dream(0, None, &control).unwrap();
        let before = dreaming.dreamt.clone();
        control.cancel();
        assert_eq!(dreaming.dream(1, None, &control), Err(Error::Cancelled));
        assert_eq!(dreaming.into_dreamt(), before);
        assert!(Dreaming::new(3, vec![0; 8], 0.1, 7).is_err());
    }
}
