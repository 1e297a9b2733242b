//! The exact likelihood of a machine of few hidden units, and its gradient.
//!
//! The parameters are W, b, the log-odds a of hidden units whose others are off, and z with variances
//! s = s_0 + e^z, all of them without bounds. The data say how likely each hidden unit is given a row;
//! the model's side needs no more than P(h_j) and P(h_j and h_k), which are sums over 2^n states:
//! E(d_i) = sum_j W_ji P(h_j), and so on. `gaussian_gradient.rs` has the formulas, which stand there for
//! the means over chains.

use crate::{
    elementary::{exp, exp_alone, ln, log_sum_exp},
    rbm::units::gaussian_rows::add,
};

/// A variance never falls below this share of that of the data: data of few values have none.
pub(in crate::rbm) const SMALLEST_VARIANCE: f64 = 1e-4;

/// A machine of `hidden` units on rows of `width` numbers, in units of their standard deviations: W, hidden
/// unit after hidden unit, b, a, z.
#[derive(Clone, Debug)]
pub(in crate::rbm) struct Parameters {
    pub(in crate::rbm) hidden: usize,
    pub(in crate::rbm) width: usize,
    pub(in crate::rbm) values: Vec<f64>,
}

impl Parameters {
    /// One normal distribution of standardized rows.
    pub(in crate::rbm) fn alone(width: usize) -> Self {
        let mut values = vec![0.0; width];
        values.resize(2 * width, ln(1.0 - SMALLEST_VARIANCE));
        Self { hidden: 0, width, values }
    }

    /// With one more hidden unit, and other variances.
    pub(in crate::rbm) fn with(&self, weights: &[f64], odds: f64, variances: &[f64]) -> Self {
        let [w, b, a, _] = self.parts();
        let z = variances.iter().map(|s| ln((s - SMALLEST_VARIANCE).max(1e-12)));
        let values = [w, weights, b, a, &[odds]].concat().into_iter().chain(z).collect();
        Self { hidden: self.hidden + 1, width: self.width, values }
    }

    /// W, b, a, z.
    pub(in crate::rbm) fn parts(&self) -> [&[f64]; 4] {
        let (w, rest) = self.values.split_at(self.hidden * self.width);
        let (b, rest) = rest.split_at(self.width);
        let (a, z) = rest.split_at(self.hidden);
        [w, b, a, z]
    }

    pub(in crate::rbm) fn variances(&self) -> Vec<f64> {
        self.parts()[3].iter().map(|z| SMALLEST_VARIANCE + exp_alone(*z)).collect()
    }

    /// sum_i W_ji W_ki / s_i, one row a hidden unit.
    pub(in crate::rbm) fn couplings(&self) -> Vec<f64> {
        let (w, s) = (self.parts()[0], self.variances());
        let rows = || w.chunks_exact(self.width);
        let product =
            |a: &[f64], b: &[f64]| a.iter().zip(b).zip(&s).map(|((a, b), s)| a * b / s).sum();
        rows().flat_map(|a| rows().map(move |b| product(a, b))).collect()
    }

    /// P(h = 1 | v) for each row, row after row, and the sum over rows of ln(sum_h e^...): the free
    /// energies but for their squares.
    pub(in crate::rbm) fn hidden(&self, rows: &[f64]) -> (Vec<f64>, f64) {
        let (n, [w, b, a, _]) = (self.hidden, self.parts());
        let (couplings, s) = (self.couplings(), self.variances());
        let bias: Vec<f64> = (0..n).map(|j| a[j] - 0.5 * couplings[j * n + j]).collect();
        let mut transposed = vec![0.0; w.len()];
        for i in 0..self.width {
            for j in 0..n {
                transposed[i * n + j] = w[j * self.width + i] / s[i];
            }
        }
        let mut probabilities = vec![0.0; rows.len() / self.width * n];
        let mut sum = 0.0;
        if n == 0 {
            return (probabilities, sum);
        }
        let pairs = probabilities.chunks_exact_mut(n).zip(rows.chunks_exact(self.width));
        for (fields, v) in pairs {
            fields.copy_from_slice(&bias);
            for (i, units) in transposed.chunks_exact(n).enumerate() {
                add(fields, v[i] - b[i], units);
            }
            // One logarithm a row: a product of numbers between 1 and 2.
            let mut product = 1.0;
            for x in fields {
                let e = exp(-x.abs());
                sum += x.max(0.0);
                product *= 1.0 + e;
                *x = if *x > 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
            }
            sum += ln(product);
        }
        (probabilities, sum)
    }

    /// The mean over rows of P(h = 1 | v).
    pub(in crate::rbm) fn activity(&self, rows: &[f64]) -> Vec<f64> {
        let mut means = vec![0.0; self.hidden];
        for p in self.hidden(rows).0.chunks_exact(self.hidden.max(1)) {
            add(&mut means, self.width as f64 / rows.len() as f64, p);
        }
        means
    }

    /// With the variances that these rows have about their means given the hidden units: a feature may be
    /// constant in the few rows that another machine grew on.
    pub(in crate::rbm) fn with_variances_of(&self, rows: &[f64]) -> Self {
        let (n, [w, b, a, _]) = (self.hidden, self.parts());
        let (probabilities, _) = self.hidden(rows);
        let mut variances = vec![0.0; self.width];
        for (row, v) in rows.chunks_exact(self.width).enumerate() {
            let p = &probabilities[row * n..][..n];
            for (i, s) in variances.iter_mut().enumerate() {
                let unit = |j: usize| w[j * self.width + i];
                let mean: f64 = (0..n).map(|j| p[j] * unit(j)).sum();
                let spread: f64 = (0..n).map(|j| p[j] * (1.0 - p[j]) * unit(j) * unit(j)).sum();
                *s += (v[i] - b[i] - mean).powi(2) + spread;
            }
        }
        let share = self.width as f64 / rows.len() as f64;
        let z = variances.iter().map(|s| ln((share * s - SMALLEST_VARIANCE).max(1e-12)));
        let values = [w, b, a].concat().into_iter().chain(z).collect();
        Self { values, ..*self }
    }

    /// The mean log-density of standardized rows but for 2 pi, and its gradient.
    pub(in crate::rbm) fn likelihood(&self, rows: &[f64]) -> (f64, Vec<f64>) {
        let (n, width, [w, b, a, z]) = (self.hidden, self.width, self.parts());
        let (n_rows, s) = ((rows.len() / width) as f64, self.variances());
        let (probabilities, free) = self.hidden(rows);
        let (law, total) = law(a, &self.couplings());
        let (first, second) = moments(law, n);
        let mut gradient = vec![0.0; self.values.len()];
        let (gw, rest) = gradient.split_at_mut(w.len());
        let (gb, rest) = rest.split_at_mut(width);
        let (ga, gz) = rest.split_at_mut(a.len());
        // Means over the data.
        let mut d = vec![0.0; width];
        for (row, v) in rows.chunks_exact(width).enumerate() {
            for i in 0..width {
                d[i] = v[i] - b[i];
                gz[i] += 0.5 * d[i] * d[i];
            }
            add(gb, 1.0, &d);
            for j in 0..n {
                let p = probabilities[row * n + j];
                ga[j] += p;
                add(&mut gw[j * width..][..width], p, &d);
            }
        }
        for sum in gw.iter_mut().chain(gb.iter_mut()).chain(ga.iter_mut()).chain(gz.iter_mut()) {
            *sum /= n_rows;
        }
        let squares: f64 = gz.iter().zip(&s).map(|(square, s)| square / s).sum();
        let likelihood =
            free / n_rows - squares - total - 0.5 * s.iter().map(|s| ln(*s)).sum::<f64>();
        // Less those of the model, and what weights do by way of a.
        for j in 0..n {
            ga[j] -= first[j];
        }
        for i in 0..width {
            gz[i] -= 0.5 * s[i];
        }
        for j in 0..n {
            let weights = &w[j * width..][..width];
            let mut means = vec![0.0; width];
            for k in 0..n {
                add(&mut means, second[j * n + k], &w[k * width..][..width]);
            }
            for i in 0..width {
                let moment = gw[j * width + i] - means[i];
                gb[i] -= weights[i] * (first[j] + ga[j]);
                gz[i] -= weights[i] * (0.5 * means[i] + moment - 0.5 * weights[i] * ga[j]);
                gw[j * width + i] = (moment - weights[i] * ga[j]) / s[i];
            }
        }
        for i in 0..width {
            gb[i] /= s[i];
            gz[i] *= exp_alone(z[i]) / (s[i] * s[i]);
        }
        (likelihood, gradient)
    }
}

/// P(h) of all states, the first unit being the lowest bit, and the logarithm of their sum: ln Z but for
/// that of the visible units alone.
pub(in crate::rbm) fn law(odds: &[f64], couplings: &[f64]) -> (Vec<f64>, f64) {
    let n = odds.len();
    let mut exponents = vec![0.0];
    for (j, odds) in odds.iter().enumerate() {
        // What unit j adds, for each state of those before it.
        let mut adds = vec![*odds];
        for coupling in &couplings[j * n..][..j] {
            adds.extend(adds.clone().iter().map(|x| x + coupling));
        }
        for (state, add) in adds.into_iter().enumerate() {
            exponents.push(exponents[state] + add);
        }
    }
    let total = log_sum_exp(&exponents);
    for x in &mut exponents {
        *x = exp(*x - total);
    }
    (exponents, total)
}

/// P(h_j = 1), and P(h_j = h_k = 1), one row a unit, of a law of all states.
pub(in crate::rbm) fn moments(mut law: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut first, mut second) = (vec![0.0; n], vec![0.0; n * n]);
    // Units are summed out from the last one on.
    let fold = |law: &mut Vec<f64>| {
        let on = law.split_off(law.len() / 2);
        add(law, 1.0, &on);
        on
    };
    for j in (0..n).rev() {
        let mut on = fold(&mut law);
        first[j] = on.iter().sum();
        second[j * n + j] = first[j];
        for k in (0..j).rev() {
            let both = fold(&mut on).iter().sum();
            (second[j * n + k], second[k * n + j]) = (both, both);
        }
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        control::Control,
        rbm::units::{gaussian_machine::GaussianRbm, gaussian_rows::Rows},
    };

    fn parameters(hidden: usize, width: usize) -> Parameters {
        let wave = |k: usize| (1.7 * (k * k) as f64).sin();
        let values = (0..hidden * width + 2 * width + hidden).map(wave).collect();
        Parameters { hidden, width, values }
    }

    const ROWS: [f64; 12] = [1.3, 0.2, -0.4, -2.5, 0.1, 3.0, 0.7, 0.3, -1.0, 2.0, -0.2, 0.9];

    #[test]
    fn it_is_the_likelihood_of_the_machine() {
        for (hidden, width) in [(0, 3), (1, 2), (3, 2), (5, 3)] {
            let small = parameters(hidden, width);
            let [w, b, a, _] = small.parts();
            let s = small.variances();
            let bias = |j: usize| {
                let own = |i: usize| w[j * width + i] * (b[i] + 0.5 * w[j * width + i]) / s[i];
                a[j] - (0..width).map(own).sum::<f64>()
            };
            let c = (0..hidden).map(bias).collect();
            let rows = Rows::new(ROWS.to_vec(), width).unwrap();
            let count = rows.len() as f64;
            let constant = 0.5 * width as f64 * ln(2.0 * std::f64::consts::PI);
            let expected = if hidden == 0 {
                let square = |(k, v): (usize, &f64)| (v - b[k % width]).powi(2) / s[k % width];
                -0.5 * ROWS.iter().enumerate().map(square).sum::<f64>() / count
                    - 0.5 * s.iter().map(|s| ln(*s)).sum::<f64>()
            } else {
                let machine = GaussianRbm::new(w.to_vec(), c, b.to_vec(), s).unwrap();
                let control = Control::default();
                let free = machine.free_energy(&rows, &control).unwrap();
                constant
                    - free.iter().sum::<f64>() / count
                    - machine.log_partition(&control).unwrap()
            };
            let found = small.likelihood(&ROWS).0;
            assert!((found - expected).abs() < 1e-12, "{hidden} x {width}: {found}, {expected}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_likelihood() {
        for (hidden, width) in [(0, 2), (1, 3), (4, 2), (5, 3)] {
            let here = parameters(hidden, width);
            let gradient = here.likelihood(&ROWS).1;
            for k in 0..here.values.len() {
                let [above, below] = [1e-5, -1e-5].map(|step| {
                    let mut moved = here.clone();
                    moved.values[k] += step;
                    moved.likelihood(&ROWS).0
                });
                // The quotient errs by 1e-10 of third derivatives, and by rounding over the step.
                let error = (gradient[k] - (above - below) / 2e-5).abs();
                assert!(error < 1e-7, "{hidden} x {width}, parameter {k}: off by {error}");
            }
        }
    }
}
