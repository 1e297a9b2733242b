//! ln Z, exactly: a sum over all states of the smaller layer, the units of the other one summed out.
//!
//! Z = sum_s e^{c.s} prod_j (1 + e^{x_j(s)}), where s runs over the 2^n states of the smaller layer,
//! c are its biases, and x_j is the field of unit j of the other layer (Freund and Haussler, UCSC
//! report CRL-94-25 (1994)).
//!
//! States are visited in binary order, and each is made of one before: with its lowest unit k off
//! it is its *parent*, so that E_j = e^{x_j} is the parent's E_j times e^{W_kj}. One array for each k
//! holds all parents that are still needed. That is one multiplication a unit and state, as in a
//! Gray code, but no state has more than n roundings behind it, nothing drifts. The product over
//! j is a product, with its exponent apart: a state costs no exponential and no logarithm.
//! Weights so large that e^x could leave the range of floats take sums of softplus instead.

use rayon::prelude::*;

use super::exact_kernels::{GENTLE, Kernels, Row, Scaled, UNITS};
use crate::{
    control::Control,
    elementary::{exp_alone, log_sum_exp},
    error::{Error, Result},
    rbm::units::machine::Rbm,
    simd::Level,
};

/// The most units whose states are enumerated: 2^30 of them take minutes.
const MOST_UNITS: usize = 30;

/// Units whose states one task runs through.
const BLOCK: usize = 12;

/// The states of `units` units but the first one, which has none on: of each the lowest unit, and
/// the lowest one of its parent (`units` if that has none on).
fn states(units: usize) -> impl Iterator<Item = (usize, usize)> {
    (1..1u64 << units).map(move |state| {
        let parent = state & (state - 1);
        (state.trailing_zeros() as usize, (parent.trailing_zeros() as usize).min(units))
    })
}

/// A machine as the sum sees it. Rows have one entry for each unit of the other layer, and more of
/// them up to a multiple of 32, which stand for units that never come on.
struct Enumeration {
    /// Biases c of the smaller layer.
    bias: Vec<f64>,
    /// The fields of the other layer when all units of the smaller one are off.
    fields: Vec<Row>,
    /// The weights of each unit of the smaller layer.
    weights: Vec<Vec<Row>>,
}

/// The numbers times `factor`, in rows, and `filler` after the last one.
fn rows(values: &[f32], factor: f64, filler: f64) -> Vec<Row> {
    let row = |values: &[f32]| {
        let mut row = Row::all(filler);
        for (to, &value) in row.0.as_flattened_mut().iter_mut().zip(values) {
            *to = factor * f64::from(value);
        }
        row
    };
    values.chunks(UNITS).map(row).collect()
}

/// Calls `each` with every number of `to` and its partner in `from`.
fn zip(to: &mut [Row], from: &[Row], each: impl Fn(&mut f64, f64)) {
    for (to, from) in to.iter_mut().zip(from) {
        for (to, &from) in to.0.as_flattened_mut().iter_mut().zip(from.0.as_flattened()) {
            each(to, from);
        }
    }
}

/// e to the power of each number.
fn exponentials(rows: &mut [Row]) {
    for x in rows.iter_mut().flat_map(|row| row.0.as_flattened_mut()) {
        *x = exp_alone(*x);
    }
}

impl Enumeration {
    fn new(machine: &Rbm, beta: f64) -> Self {
        let (smaller, other) = if machine.n_hidden() <= machine.n_visible() {
            (&machine.hidden, &machine.visible)
        } else {
            (&machine.visible, &machine.hidden)
        };
        let weights = other.weights();
        Self {
            bias: smaller.bias().into_iter().map(|bias| beta * f64::from(bias)).collect(),
            // Z is at least 1, to which 1 + e^{-170} as a factor adds nothing.
            fields: rows(&other.bias(), beta, -GENTLE),
            weights: weights
                .chunks(other.n_units)
                .map(|weights| rows(weights, beta, 0.0))
                .collect(),
        }
    }

    /// Units of the smaller layer that one task runs through, the first ones.
    fn units(&self) -> usize {
        self.bias.len().min(BLOCK)
    }

    /// Whether e^x is of moderate size in every state.
    fn is_gentle(&self) -> bool {
        let mut bound = vec![Row::all(0.0); self.fields.len()];
        for weights in self.weights.iter().chain([&self.fields]) {
            zip(&mut bound, weights, |bound, weight| *bound += weight.abs());
        }
        let mut numbers = bound.iter().flat_map(|row| row.0.as_flattened()).chain(&self.bias);
        numbers.all(|x| x.abs() <= GENTLE)
    }

    /// The units that are on in all states of block number `block`: some beyond the first ones.
    fn common(&self, block: usize) -> impl Iterator<Item = usize> {
        (BLOCK..self.bias.len()).filter(move |unit| block >> (unit - BLOCK) & 1 == 1)
    }

    /// The fields in the first state of a block.
    fn first(&self, block: usize, fields: &mut Vec<Row>) {
        fields.clone_from(&self.fields);
        for unit in self.common(block) {
            zip(fields, &self.weights[unit], |x, weight| *x += weight);
        }
    }

    /// ln of the sum over the states of a block, by products.
    fn gentle_block(
        &self,
        factors: &Factors,
        block: usize,
        arrays: &mut [Vec<Row>],
        kernels: &Kernels,
        control: &Control,
    ) -> Result<f64> {
        let units = self.units();
        let mut aligned = [Scaled::ONE; BLOCK + 1];
        aligned[units] =
            self.common(block).fold(Scaled::ONE, |product, unit| product.times(factors.bias[unit]));
        self.first(block, &mut arrays[units]);
        exponentials(&mut arrays[units]);
        let (children, parents) = arrays.split_at_mut(units);
        let product = (kernels.multiply)(&parents[0], &factors.none, &mut children[0]);
        let mut sum = aligned[units].times(product);
        for (unit, parent) in states(units) {
            control.check()?;
            let (children, parents) = arrays.split_at_mut(parent);
            let product =
                (kernels.multiply)(&parents[0], &factors.weights[unit], &mut children[unit]);
            aligned[unit] = aligned[parent].times(factors.bias[unit]);
            sum = sum.plus(aligned[unit].times(product));
        }
        Ok(sum.ln())
    }

    /// The same, by sums.
    fn steep_block(
        &self,
        block: usize,
        arrays: &mut [Vec<Row>],
        kernels: &Kernels,
        control: &Control,
    ) -> Result<f64> {
        let units = self.units();
        let mut aligned = [0.0; BLOCK + 1];
        aligned[units] = self.common(block).map(|unit| self.bias[unit]).sum();
        self.first(block, &mut arrays[units]);
        let none = vec![Row::all(0.0); self.fields.len()];
        let (children, parents) = arrays.split_at_mut(units);
        let sum = (kernels.add)(&parents[0], &none, &mut children[0]);
        let mut logarithms = vec![aligned[units] + sum];
        for (unit, parent) in states(units) {
            control.check()?;
            let (children, parents) = arrays.split_at_mut(parent);
            let sum = (kernels.add)(&parents[0], &self.weights[unit], &mut children[unit]);
            aligned[unit] = aligned[parent] + self.bias[unit];
            logarithms.push(aligned[unit] + sum);
        }
        Ok(log_sum_exp(&logarithms))
    }
}

/// What the units of the smaller layer multiply a state by when they come on.
struct Factors {
    /// e^c.
    bias: Vec<Scaled>,
    /// e^W for each unit of the other layer.
    weights: Vec<Vec<Row>>,
    /// 1: no unit comes on.
    none: Vec<Row>,
}

impl Factors {
    fn new(enumeration: &Enumeration) -> Self {
        let mut weights = enumeration.weights.clone();
        for weights in &mut weights {
            exponentials(weights);
        }
        let none = vec![Row::all(1.0); enumeration.fields.len()];
        let bias = enumeration.bias.iter().map(|&bias| Scaled::new(exp_alone(bias), 0)).collect();
        Self { bias, weights, none }
    }
}

impl Enumeration {
    /// ln of the sum over all states, block after block, whoever sums them.
    fn log_sum(&self, gentle: bool, level: Level, control: &Control) -> Result<f64> {
        let units = self.units();
        let factors = gentle.then(|| Factors::new(self));
        let kernels = Kernels::of(level);
        let arrays = || vec![vec![Row::all(0.0); self.fields.len()]; units + 1];
        let blocks: Result<Vec<f64>> = (0..1usize << (self.bias.len() - units))
            .into_par_iter()
            .map_init(arrays, |arrays, block| {
                let sum = match &factors {
                    Some(factors) => self.gentle_block(factors, block, arrays, kernels, control),
                    None => self.steep_block(block, arrays, kernels, control),
                };
                control.advance(1 << units);
                sum
            })
            .collect();
        Ok(log_sum_exp(&blocks?))
    }
}

impl Rbm {
    /// ln Z at a finite inverse temperature, by a sum over the 2^n states of the smaller layer. The
    /// progress of `control` is in states.
    ///
    /// # Errors
    /// [`Error::Value`] if both layers have more than 30 units, [`Error::Cancelled`].
    pub fn log_partition(&self, beta: f64, level: Level, control: &Control) -> Result<f64> {
        let units = self.n_hidden().min(self.n_visible());
        if units > MOST_UNITS {
            return Err(Error::expected(
                "the smaller layer",
                format_args!(
                    "of at most {MOST_UNITS} units for a sum over all its states (beyond, \
                     estimate ln Z by annealed importance sampling)"
                ),
                units,
            ));
        }
        let enumeration = Enumeration::new(self, beta);
        enumeration.log_sum(enumeration.is_gentle(), level, control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rbm::Precision,
        rng::{Philox, Purpose},
        spins::gaussian::gaussian,
        threads::pool,
    };

    /// A machine whose weights are Gaussian with this deviation.
    fn machine(n_hidden: usize, n_visible: usize, deviation: f64, seed: u64) -> Rbm {
        let stream = Philox::new(seed, Purpose::Weights, 0);
        let mut words = stream.words_from(0);
        let mut draw = |count: usize| -> Vec<f32> {
            (0..count).map(|_| (deviation * gaussian(words.next_word())) as f32).collect()
        };
        let (weights, hidden) = (draw(n_hidden * n_visible), draw(n_hidden));
        Rbm::new(&weights, &hidden, &draw(n_visible), Precision::Full, Level::Portable).unwrap()
    }

    #[test]
    fn each_state_follows_its_parent() {
        let mut parents = [0; 6];
        let mut seen = vec![0];
        for (unit, parent) in states(5) {
            parents[unit] = parents[parent] | 1 << unit;
            seen.push(parents[unit]);
        }
        assert_eq!(seen, (0..32).collect::<Vec<i32>>());
    }

    #[test]
    fn products_and_sums_agree_with_the_same_bits_on_every_level_and_thread_count() {
        // 14 units: four blocks. 37 others: two rows, the second one not full.
        let enumeration = Enumeration::new(&machine(37, 14, 1.5, 5), 1.0);
        assert!(enumeration.is_gentle());
        let control = Control::default();
        let sum = |gentle, level, threads| {
            let pool = pool(Some(threads)).unwrap();
            pool.install(|| enumeration.log_sum(gentle, level, &control)).unwrap()
        };
        let expected = [true, false].map(|gentle| sum(gentle, Level::Portable, 1));
        // Each of the 37 terms and each of the 14 fields has some roundings of its own.
        assert!((expected[0] - expected[1]).abs() < 1e-13 * expected[0].abs(), "{expected:?}");
        for level in Level::available() {
            for threads in [1, 2, 3, 7] {
                for (gentle, expected) in [true, false].into_iter().zip(expected) {
                    assert_eq!(sum(gentle, level, threads).to_bits(), expected.to_bits());
                }
            }
        }
    }
}
