//! What the Boltzmann distribution says of a model: ln Z, energies, magnetizations, correlations.
//!
//! States weigh e^{-beta (E - E0)} with E0 the energy of the ground state, which a first run through
//! all states finds. So no weight is above 1, the largest is 1, and any temperature will do. At zero
//! temperature the ground states weigh 1 and all others nothing.
//!
//! The sums over a block give the moments of its last spins; the first ones, which all its states
//! share, come in with one product of vectors a block.

use rayon::prelude::*;

use super::{energies::Energies, kernels::Weighing};
use crate::{control::Control, elementary::ln, error::Result};

/// Parts of a sum, whoever does them: fixed, so that the order of summation is.
const PARTS: usize = 256;

/// Averages over the Boltzmann distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// E0.
    pub ground_energy: f64,
    /// ln sum_s e^{-beta (E(s) - E0)}, which is ln Z + beta E0.
    pub log_weight: f64,
    /// <E> - E0.
    pub excess: f64,
    /// <s_i>.
    pub magnetizations: Vec<f64>,
    /// <s_i s_j>, row after row.
    pub correlations: Vec<f64>,
}

/// Sums over some blocks.
struct Sums {
    weight: f64,
    excess: f64,
    /// The weight of each state of the last spins.
    last: Vec<f64>,
    /// A row for each of the first spins: the sum of its spin times 1, the last and the first spins.
    first: Vec<f64>,
}

impl Sums {
    fn none(n_spins: usize, inner: usize) -> Self {
        Self {
            weight: 0.0,
            excess: 0.0,
            last: vec![0.0; 1 << inner],
            first: vec![0.0; (n_spins - inner) * (1 + n_spins)],
        }
    }

    fn plus(mut self, other: &Self) -> Self {
        self.weight += other.weight;
        self.excess += other.excess;
        for (to, from) in [(&mut self.last, &other.last), (&mut self.first, &other.first)] {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
        self
    }
}

impl Energies {
    /// The energy of the ground state, in units. The progress of `control` is in states.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn lowest(&self, control: &Control) -> Result<i64> {
        let parts = self.parts().map(|blocks| {
            let mut energies = vec![0; self.block()];
            let mut lowest = i64::MAX;
            for block in blocks {
                control.check()?;
                self.fill_block(block, &mut energies);
                lowest = lowest.min((self.kernels.lowest)(&energies));
                control.advance(self.block() as u64);
            }
            Ok(lowest)
        });
        parts.try_reduce(|| i64::MAX, |a, b| Ok(a.min(b)))
    }

    /// Averages at this inverse temperature, 0 to infinity; those of spins only if `with_spins`.
    /// All states are run through twice, which is what the progress of `control` counts.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn moments(&self, beta: f64, with_spins: bool, control: &Control) -> Result<Moments> {
        let weighing = self.weighing(beta, control)?;
        let parts: Result<Vec<Sums>> =
            self.parts().map(|blocks| self.sums(blocks, &weighing, with_spins, control)).collect();
        let none = Sums::none(self.n_spins(), self.inner());
        let sums = parts?.iter().fold(none, Sums::plus);
        let mut moments = Moments {
            ground_energy: weighing.lowest as f64 * self.unit(),
            log_weight: ln(sums.weight),
            excess: sums.excess / sums.weight,
            magnetizations: Vec::new(),
            correlations: Vec::new(),
        };
        if with_spins {
            self.average(sums, &mut moments);
        }
        Ok(moments)
    }

    /// The probability of each state.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn distribution(&self, beta: f64, control: &Control) -> Result<Vec<f64>> {
        let weighing = self.weighing(beta, control)?;
        let mut weights = vec![0.0; 1 << self.n_spins()];
        let blocks = weights.par_chunks_mut(self.block()).enumerate();
        let sums: Result<Vec<f64>> = blocks
            .map(|(block, weights)| {
                control.check()?;
                let (mut energies, mut excess) = (vec![0; self.block()], vec![0.0; self.block()]);
                self.fill_block(block, &mut energies);
                control.advance(self.block() as u64);
                Ok((self.kernels.weigh)(&energies, &weighing, &mut excess, weights)[0])
            })
            .collect();
        let sum: f64 = sums?.iter().sum();
        weights.par_iter_mut().for_each(|weight| *weight /= sum);
        Ok(weights)
    }

    /// The numbers of the states of lowest energy, ascending.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn ground_states(&self, control: &Control) -> Result<Vec<u32>> {
        let bound = self.lowest(control)? + self.tolerance();
        let found: Result<Vec<Vec<u32>>> = self
            .parts()
            .map(|blocks| {
                let mut energies = vec![0; self.block()];
                let mut found = Vec::new();
                for block in blocks {
                    control.check()?;
                    self.fill_block(block, &mut energies);
                    let first = (block << self.inner()) as u32;
                    let states = (first..).zip(&energies).filter(|&(_, &energy)| energy <= bound);
                    found.extend(states.map(|(state, _)| state));
                    control.advance(self.block() as u64);
                }
                Ok(found)
            })
            .collect();
        Ok(found?.concat())
    }

    /// The blocks, in parts.
    fn parts(&self) -> impl IndexedParallelIterator<Item = std::ops::Range<usize>> {
        let blocks = 1usize << self.outer();
        let size = blocks.div_ceil(PARTS);
        (0..blocks.div_ceil(size)).into_par_iter().map(move |part| part * size..(part + 1) * size)
    }

    fn weighing(&self, beta: f64, control: &Control) -> Result<Weighing> {
        let lowest = self.lowest(control)?;
        Ok(Weighing { lowest, tolerance: self.tolerance(), unit: self.unit(), beta })
    }

    fn sums(
        &self,
        blocks: std::ops::Range<usize>,
        weighing: &Weighing,
        with_spins: bool,
        control: &Control,
    ) -> Result<Sums> {
        let (n, inner, outer) = (self.n_spins(), self.inner(), self.outer());
        let mut energies = vec![0; self.block()];
        let (mut excess, mut weights) = (vec![0.0; self.block()], vec![0.0; self.block()]);
        // 1, the last spins, and the first ones, weighted and summed over a block.
        let mut row = vec![0.0; 1 + n];
        let mut spins = vec![0.0; outer];
        let mut sums = Sums::none(n, inner);
        for block in blocks {
            control.check()?;
            self.fill_block(block, &mut energies);
            let [weight, product] =
                (self.kernels.weigh)(&energies, weighing, &mut excess, &mut weights);
            sums.weight += weight;
            sums.excess += product;
            if with_spins {
                (self.kernels.add)(&weights, &mut sums.last);
                (self.kernels.magnetize)(&mut weights, &mut row[1..=inner]);
                row[0] = weight;
                for (i, spin) in self.common(block).enumerate() {
                    spins[i] = spin as f64;
                    row[1 + inner + i] = spins[i] * weight;
                }
                (self.kernels.accumulate)(&spins, &row, &mut sums.first);
            }
            control.advance(self.block() as u64);
        }
        Ok(sums)
    }

    /// Magnetizations and correlations from sums.
    fn average(&self, sums: Sums, moments: &mut Moments) {
        let (n, inner, outer) = (self.n_spins(), self.inner(), self.outer());
        let mut correlations = vec![0.0; n * n];
        let mut magnetizations = vec![0.0; n];
        let mut set = |i: usize, j: usize, sum: f64| {
            let value = if i == j { 1.0 } else { sum / sums.weight };
            correlations[i * n + j] = value;
            correlations[j * n + i] = value;
        };
        for (i, row) in sums.first.chunks_exact(1 + n).enumerate() {
            magnetizations[i] = row[0] / sums.weight;
            for (j, &sum) in row[1..].iter().enumerate() {
                // The last spins come first in a row.
                set(i, if j < inner { outer + j } else { j - inner }, sum);
            }
        }
        let spin = |state: usize, i: usize| 2.0 * (state >> (inner - 1 - i) & 1) as f64 - 1.0;
        for i in 0..inner {
            for j in 0..=i {
                let pairs = sums.last.iter().enumerate();
                let sum = pairs.map(|(state, w)| w * (spin(state, i) * spin(state, j))).sum();
                set(outer + i, outer + j, sum);
            }
        }
        let mut last = sums.last;
        (self.kernels.magnetize)(&mut last, &mut magnetizations[outer..]);
        for sum in &mut magnetizations[outer..] {
            *sum /= sums.weight;
        }
        moments.magnetizations = magnetizations;
        moments.correlations = correlations;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rng::{Philox, Purpose},
        simd::Level,
        spins::gaussian::gaussian,
        threads::pool,
    };

    fn glass(n: usize, level: Level) -> Energies {
        let stream = Philox::new(7, Purpose::Couplings, n as u64);
        let mut words = stream.words_from(0);
        let mut couplings = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..i {
                let coupling = gaussian(words.next_word());
                couplings[i * n + j] = coupling;
                couplings[j * n + i] = coupling;
            }
        }
        let fields: Vec<f64> = (0..n).map(|_| gaussian(words.next_word())).collect();
        Energies::new(n, &couplings, Some(&fields), level).unwrap()
    }

    /// All of it from the reference energies, state after state.
    fn slow(energies: &Energies, beta: f64) -> Moments {
        let n = energies.n_spins();
        let lowest = (0..1 << n).map(|k| energies.reference(k)).min().unwrap();
        let above = |k: usize| (energies.reference(k) - lowest) as f64 * energies.unit();
        let weight = |k: usize| if above(k) == 0.0 { 1.0 } else { (-beta * above(k)).exp() };
        let spin = |k: usize, i: usize| 2.0 * (k >> (n - 1 - i) & 1) as f64 - 1.0;
        let sum = |f: &dyn Fn(usize) -> f64| -> f64 { (0..1 << n).map(|k| weight(k) * f(k)).sum() };
        let total = sum(&|_| 1.0);
        let pair = |i: usize, j: usize| sum(&|k| spin(k, i) * spin(k, j)) / total;
        Moments {
            ground_energy: lowest as f64 * energies.unit(),
            log_weight: total.ln(),
            excess: sum(&above) / total,
            magnetizations: (0..n).map(|i| sum(&|k| spin(k, i)) / total).collect(),
            correlations: (0..n * n).map(|k| pair(k / n, k % n)).collect(),
        }
    }

    fn numbers(moments: &Moments) -> Vec<f64> {
        let Moments { ground_energy, log_weight, excess, magnetizations, correlations } = moments;
        [&[*ground_energy, *log_weight, *excess][..], magnetizations, correlations].concat()
    }

    #[test]
    fn moments_are_those_of_a_slow_sum() {
        for n in [1, 2, 5, 10, 11, 12] {
            let energies = glass(n, Level::Portable);
            for beta in [0.0, 0.3, 2.0, 200.0, f64::INFINITY] {
                let fast = energies.moments(beta, true, &Control::default()).unwrap();
                for (a, b) in numbers(&fast).iter().zip(numbers(&slow(&energies, beta))) {
                    // 2^12 terms of either sign, each with a few roundings.
                    assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{n} {beta}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn bits_are_the_same_on_every_level_and_thread_count() {
        let run = |level, threads| {
            let energies = glass(13, level);
            let pool = pool(Some(threads)).unwrap();
            pool.install(|| {
                let control = Control::default();
                let moments = energies.moments(0.8, true, &control).unwrap();
                (numbers(&moments), energies.distribution(0.8, &control).unwrap())
            })
        };
        let bits = |(a, b): (Vec<f64>, Vec<f64>)| [a, b].concat().into_iter().map(f64::to_bits);
        let expected: Vec<u64> = bits(run(Level::Portable, 1)).collect();
        for level in Level::available() {
            for threads in [1, 2, 7] {
                assert!(bits(run(level, threads)).eq(expected.iter().copied()));
            }
        }
    }

    #[test]
    fn ground_states_are_all_of_the_lowest_energy() {
        // A triangle with three antiferromagnetic bonds, and a free spin: all but four states.
        let mut couplings = vec![0.0; 16];
        for (i, j) in [(0, 1), (0, 2), (1, 2)] {
            couplings[i * 4 + j] = -0.1;
            couplings[j * 4 + i] = -0.1;
        }
        let energies = Energies::new(4, &couplings, None, Level::Portable).unwrap();
        let ground = energies.ground_states(&Control::default()).unwrap();
        assert_eq!(ground, (2..14).collect::<Vec<u32>>());
        let cold = energies.moments(f64::INFINITY, true, &Control::default()).unwrap();
        assert!((cold.log_weight - 12f64.ln()).abs() < 1e-15);
        assert!((cold.correlations[1] + 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_cancelled_sum_ends() {
        let control = Control::default();
        control.cancel();
        assert!(glass(12, Level::Portable).moments(1.0, true, &control).is_err());
    }
}
