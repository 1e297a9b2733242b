//! Sums over what was not seen: free energies, the partition function, the pseudo-likelihood.
//!
//! F(v) = sum_i (v_i - b_i)^2 / (2 s_i) - sum_j ln(1 + e^{x_j}), and p(v) = exp(-F(v)) / Z. Integrated
//! over v, the machine is one of hidden units alone:
//! ln Z = 1/2 sum_i ln(2 pi s_i) + ln sum_h exp(c'.h + h K h / 2), K_jk = sum_i W_ji W_ki / s_i.

use rayon::prelude::*;

use crate::{
    control::Control,
    elementary::{ln, log_sum_exp, softplus},
    error::{Error, Result},
    rbm::units::{
        gaussian_machine::{GaussianRbm, each_row},
        gaussian_rows::{Rows, within},
    },
};

/// The most hidden units whose states are summed over.
const ENUMERABLE: usize = 30;

/// States of the first so many hidden units are one task.
const BLOCK: usize = 12;

/// Half the width of a normal distribution, in standard deviations: 1e-18 is outside.
const TAIL: f64 = 9.0;

/// The distance of the points of an integral, in standard deviations. The trapezoidal rule is wrong
/// by 2 exp(-2 pi^2 / 0.7^2) = 6e-18 of a normal distribution, wherever its points lie.
const SPACING: f64 = 0.7;

/// The most points of an integral.
const POINTS: f64 = 1e6;

impl GaussianRbm {
    /// The free energy of each row.
    ///
    /// # Errors
    /// [`Error::Value`] for rows of another length, [`Error::Cancelled`].
    pub fn free_energy(&self, rows: &Rows, control: &Control) -> Result<Vec<f64>> {
        self.check_rows(rows)?;
        each_row(rows, 1, control, |v, out| {
            let mut fields = vec![0.0; self.n_hidden()];
            self.hidden_fields(v, &mut fields);
            let square = |i: usize| {
                let d = v[i] - self.visible_bias[i];
                d * d / (2.0 * self.variances[i])
            };
            out[0] = (0..v.len()).map(square).sum::<f64>()
                - fields.iter().map(|&x| softplus(x)).sum::<f64>();
            Ok(())
        })
    }

    /// ln p(v_i | all other units of v) for each row v, where i is the unit that `units` names for
    /// it. The integral over v_i of a mixture of normal distributions is a sum over equidistant
    /// points, exact to rounding.
    ///
    /// # Errors
    /// [`Error::Value`] for rows of another length, units that are none, and weights of more than
    /// 7e5 standard deviations in sum, [`Error::Cancelled`].
    pub fn conditional(&self, rows: &Rows, units: &[usize], control: &Control) -> Result<Vec<f64>> {
        self.check_rows(rows)?;
        if units.len() != rows.len() || units.iter().any(|&unit| unit >= self.n_visible()) {
            let expected = format_args!("{} units below {}", rows.len(), self.n_visible());
            return Err(Error::expected("units", expected.to_string(), units.len()));
        }
        let mut out = vec![0.0; rows.len()];
        let all = out.par_iter_mut().zip(rows.values.par_chunks(rows.width)).zip(units);
        all.try_for_each(|((out, v), &unit)| {
            control.check()?;
            *out = self.conditional_of(v, unit)?;
            control.advance(1);
            Ok(())
        })?;
        Ok(out)
    }

    fn conditional_of(&self, v: &[f64], i: usize) -> Result<f64> {
        let sigma = self.variances[i].sqrt();
        // All in standard deviations from b_i.
        let weights: Vec<f64> =
            self.weights.iter().skip(i).step_by(v.len()).map(|w| w / sigma).collect();
        let here = (v[i] - self.visible_bias[i]) / sigma;
        let mut fields = vec![0.0; self.n_hidden()];
        self.hidden_fields(v, &mut fields);
        for (field, weight) in fields.iter_mut().zip(&weights) {
            *field -= weight * here;
        }
        let log_weight = |y: f64| {
            let sum = fields.iter().zip(&weights).map(|(x, w)| softplus(x + w * y)).sum::<f64>();
            sum - y * y / 2.0
        };
        // The means of the mixture lie between these two.
        let lowest = weights.iter().map(|w| w.min(0.0)).sum::<f64>() - TAIL;
        let highest = weights.iter().map(|w| w.max(0.0)).sum::<f64>() + TAIL;
        let points = ((highest - lowest) / SPACING).ceil();
        if !within(points, POINTS) {
            let expected = "below 7e5 standard deviations in sum";
            return Err(Error::expected("the weights of a visible unit", expected, points * 0.7));
        }
        let values: Vec<f64> =
            (0..=points as usize).map(|k| log_weight(lowest + SPACING * k as f64)).collect();
        Ok(log_weight(here) - log_sum_exp(&values) - ln(SPACING * sigma))
    }

    /// ln Z, summed over all states of at most 30 hidden units, a Gray-code step each.
    ///
    /// # Errors
    /// [`Error::Value`] for more units, [`Error::Cancelled`].
    pub fn log_partition(&self, control: &Control) -> Result<f64> {
        let h = self.n_hidden();
        if h > ENUMERABLE {
            let expected = format_args!("at most {ENUMERABLE} to be summed over").to_string();
            return Err(Error::expected("n_components", expected, h));
        }
        let couplings = self.hidden_couplings();
        let (low, blocks) = (h.min(BLOCK), 1_usize << h.saturating_sub(BLOCK));
        let sums: Vec<f64> = (0..blocks)
            .into_par_iter()
            .map(|block| {
                control.check()?;
                Ok(log_sum_exp(&self.exponents(&couplings, block << low, low)))
            })
            .collect::<Result<_>>()?;
        let ln_two_pi = ln(2.0 * std::f64::consts::PI);
        let gaussian: f64 = self.variances.iter().map(|&s| 0.5 * (ln_two_pi + ln(s))).sum();
        Ok(gaussian + log_sum_exp(&sums))
    }

    /// K_jk, one row a hidden unit.
    pub(in crate::rbm) fn hidden_couplings(&self) -> Vec<f64> {
        let rows = || self.weights.chunks_exact(self.n_visible());
        let product = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).zip(&self.variances).map(|((a, b), s)| a * b / s).sum::<f64>()
        };
        rows().flat_map(|a| rows().map(move |b| product(a, b))).collect()
    }

    /// c'.h + h K h / 2 of the states that differ from `start` in the first `low` units.
    fn exponents(&self, couplings: &[f64], start: usize, low: usize) -> Vec<f64> {
        let n = self.n_hidden();
        let mut h: Vec<f64> = (0..n).map(|j| (start >> j & 1) as f64).collect();
        let row = |j: usize| &couplings[j * n..(j + 1) * n];
        let field = |h: &[f64], j: usize| {
            self.centred_bias[j] + row(j).iter().zip(h).map(|(k, h)| k * h).sum::<f64>()
        };
        let mut exponent = 0.0;
        for j in 0..n {
            exponent += h[j] * (self.centred_bias[j] + field(&h, j)) / 2.0;
        }
        let mut all = vec![exponent];
        for step in 1..1_usize << low {
            let j = step.trailing_zeros() as usize;
            let change = 1.0 - 2.0 * h[j];
            exponent += change * field(&h, j) + row(j)[j] / 2.0;
            h[j] += change;
            all.push(exponent);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(n_hidden: usize, n_visible: usize) -> GaussianRbm {
        let wave = |k: usize| (1.7 * k as f64).sin();
        GaussianRbm::new(
            (0..n_hidden * n_visible).map(|k| 1.5 * wave(k)).collect(),
            (0..n_hidden).map(|j| 0.4 * wave(j + 50)).collect(),
            (0..n_visible).map(|i| 2.0 * wave(i + 90)).collect(),
            (0..n_visible).map(|i| 0.5 + i as f64).collect(),
        )
        .unwrap()
    }

    /// c.h + sum_i (b_i m_i + m_i^2 / 2) / s_i, as it stands in the energy.
    fn naive_exponent(machine: &GaussianRbm, state: usize) -> f64 {
        let (h, v) = (machine.n_hidden(), machine.n_visible());
        let on: Vec<usize> = (0..h).filter(|j| state >> j & 1 == 1).collect();
        let bias: f64 = on.iter().map(|&j| machine.hidden_bias[j]).sum();
        let unit = |i: usize| {
            let m: f64 = on.iter().map(|&j| machine.weights[j * v + i]).sum();
            (machine.visible_bias[i] * m + m * m / 2.0) / machine.variances[i]
        };
        bias + (0..v).map(unit).sum::<f64>()
    }

    #[test]
    fn the_partition_function_is_the_sum_over_all_states() {
        // One hidden unit alone, a few, and more than fit in one task.
        for (h, v) in [(1, 1), (3, 2), (14, 3)] {
            let machine = machine(h, v);
            let largest = (0..1 << h)
                .map(|state| naive_exponent(&machine, state))
                .fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = (0..1 << h).map(|s| (naive_exponent(&machine, s) - largest).exp()).sum();
            let gaussian: f64 =
                machine.variances.iter().map(|s| 0.5 * (2.0 * std::f64::consts::PI * s).ln()).sum();
            let expected = gaussian + largest + sum.ln();
            let found = machine.log_partition(&Control::default()).unwrap();
            assert!((found - expected).abs() < 1e-10 * expected.abs().max(1.0), "{h} x {v}");
        }
        let message = machine(31, 1).log_partition(&Control::default()).unwrap_err().to_string();
        assert_eq!(message, "n_components must be at most 30 to be summed over, got 31");
    }

    #[test]
    fn the_density_of_one_unit_integrates_to_one() {
        let machine = machine(3, 1);
        let ln_z = machine.log_partition(&Control::default()).unwrap();
        let points = 40_001;
        let step = 80.0 / f64::from(points - 1);
        let v = (0..points).map(|k| f64::from(k) * step - 40.0).collect();
        let rows = Rows::new(v, 1).unwrap();
        let free = machine.free_energy(&rows, &Control::default()).unwrap();
        let sum: f64 = free.iter().map(|f| step * (-f - ln_z).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        // Of one unit, the conditional is the density itself.
        let units = vec![0; rows.len()];
        let conditional = machine.conditional(&rows, &units, &Control::default()).unwrap();
        for (found, free) in conditional.iter().zip(&free) {
            assert!((found - (-free - ln_z)).abs() < 1e-10, "{found} and not {}", -free - ln_z);
        }
    }

    #[test]
    fn a_conditional_is_the_density_over_its_integral() {
        let machine = machine(4, 3);
        let v = [0.3, -2.0, 5.0];
        for i in 0..3 {
            let (points, step) = (20_001, 0.005);
            let mut values: Vec<f64> = v.to_vec();
            for k in 0..points {
                let mut moved = v;
                moved[i] = f64::from(k - points / 2) * step;
                values.extend(moved);
            }
            let rows = Rows::new(values, 3).unwrap();
            let free = machine.free_energy(&rows, &Control::default()).unwrap();
            let sum: f64 = free[1..].iter().map(|f| step * (free[0] - f).exp()).sum();
            let one = Rows::new(v.to_vec(), 3).unwrap();
            let found = machine.conditional(&one, &[i], &Control::default()).unwrap()[0];
            assert!((found + sum.ln()).abs() < 1e-10, "unit {i}: {found} and not {}", -sum.ln());
        }
    }
}
