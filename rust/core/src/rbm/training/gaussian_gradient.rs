//! The gradient of the log-likelihood, and a step along it.
//!
//! It is taken in W, b, ln s, and the log-odds a_j = c'_j + sum_i W_ji^2 / (2 s_i) of hidden unit j to be
//! on if all others are off, whatever v. With d = v - b and <.> the mean under the data minus that under
//! the model,
//!
//!   s_i dL/dW_ji   = <h_j d_i> - W_ji <h_j>
//!   s_i dL/db_i    = <d_i> - sum_j W_ji <h_j>
//!   dL/da_j        = <h_j>
//!   dL/d(ln s_i)   = (<d_i^2> / 2 - sum_j W_ji <h_j d_i> + sum_j W_ji^2 <h_j> / 2) / s_i
//!
//! (Cho, Ilin and Raiko, ICANN 2011, take it in c; their z_i is ln s_i). In c, a weight that grows by
//! itself makes its unit ever more likely, and the gradient of ln s is the difference of large numbers;
//! a_j takes what the unit does alone out of both. The steps of W and b go along the left-hand sides as
//! they stand, times s: so they have the units of the data, training does not depend on the zero and
//! the unit of a feature, and small variances do not make large steps. Hidden units enter with their
//! probabilities given v.

use rayon::prelude::*;

use super::trainer::check_len;
use crate::error::Result;

use crate::elementary::exp_alone;
use crate::rbm::{
    partition::gaussian_likelihood::{law, moments},
    units::{gaussian_machine::GaussianRbm, gaussian_rows::add},
};

/// One phase: deviations d of visible units from their biases and probabilities of hidden units, row
/// after row; and what each row counts, 1 on average.
#[derive(Debug)]
pub(super) struct Phase {
    pub(super) deviations: Vec<f64>,
    pub(super) probabilities: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

/// The steepest that ln s is let rise or fall: beyond it is the noise of chains that have not mixed, and
/// one such update would end the training.
const STEEPEST: f64 = 10.0;

/// A direction in the space of parameters, or a step.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    pub(super) weights: Vec<f64>,
    pub(super) hidden: Vec<f64>,
    pub(super) visible: Vec<f64>,
    pub(super) log_variances: Vec<f64>,
}

impl Direction {
    pub(super) fn zero(machine: &GaussianRbm) -> Self {
        let (h, v) = (machine.n_hidden(), machine.n_visible());
        Self {
            weights: vec![0.0; h * v],
            hidden: vec![0.0; h],
            visible: vec![0.0; v],
            log_variances: vec![0.0; v],
        }
    }

    /// Fails, by name, if it is not one of this machine.
    pub(super) fn check(&self, machine: &GaussianRbm) -> Result<()> {
        let (h, v) = (machine.n_hidden(), machine.n_visible());
        check_len("velocity_components", self.weights.len(), h * v)?;
        check_len("velocity_hidden", self.hidden.len(), h)?;
        check_len("velocity_visible", self.visible.len(), v)?;
        check_len("velocity_variances", self.log_variances.len(), v)
    }

    /// The direction of steepest ascent, as above.
    pub(super) fn of(machine: &GaussianRbm, data: &Phase, model: &Phase) -> Self {
        let mut out = Self::zero(machine);
        out.add_phase(machine, data, 1.0);
        out.add_phase(machine, model, -1.0);
        out.finished(machine)
    }

    /// The same, with the model's side summed over all hidden states, and shorter. The likelihood is steep in the
    /// odds of states, in which weights and variances enter by K_jk = sum_i W_ji W_ki / s_i: along a weight
    /// its curvature is up to 1 + sum_k K_kk / 4, along ln s the square. Clusters that are 14
    /// standard deviations apart have K_kk = 196, and steps of the full length would overshoot.
    pub(super) fn summed(machine: &GaussianRbm, data: &Phase) -> Self {
        let (n, width) = (machine.n_hidden(), machine.n_visible());
        let couplings = machine.hidden_couplings();
        let own: Vec<f64> = (0..n).map(|j| couplings[j * n + j]).collect();
        let odds: Vec<f64> =
            machine.centred_bias.iter().zip(&own).map(|(c, own)| c + 0.5 * own).collect();
        let (first, second) = moments(law(&odds, &couplings).0, n);
        let mut out = Self::zero(machine);
        out.add_phase(machine, data, 1.0);
        for (sum, s) in out.log_variances.iter_mut().zip(&machine.variances) {
            *sum -= 0.5 * s;
        }
        for (j, weights) in machine.weights.chunks_exact(width).enumerate() {
            let mut means = vec![0.0; width];
            for (k, others) in machine.weights.chunks_exact(width).enumerate() {
                add(&mut means, second[j * n + k], others);
            }
            out.hidden[j] -= first[j];
            add(&mut out.visible, -first[j], weights);
            add(&mut out.weights[j * width..][..width], -1.0, &means);
            for i in 0..width {
                out.log_variances[i] -= 0.5 * weights[i] * means[i];
            }
        }
        let mut out = out.finished(machine);
        let curvature = 1.0 + 0.25 * own.iter().sum::<f64>();
        for w in &mut out.weights {
            *w /= curvature;
        }
        for z in &mut out.log_variances {
            *z /= curvature * curvature;
        }
        out
    }

    /// Adds the means of a phase: h, d, h d, d^2 / 2.
    fn add_phase(&mut self, machine: &GaussianRbm, phase: &Phase, sign: f64) {
        let (n_hidden, n_visible) = (machine.n_hidden(), machine.n_visible());
        let rows = phase.weights.len();
        let shares: Vec<f64> = phase.weights.iter().map(|w| w * (sign / rows as f64)).collect();
        for (p, &share) in phase.probabilities.chunks_exact(n_hidden).zip(&shares) {
            add(&mut self.hidden, share, p);
        }
        for (d, &share) in phase.deviations.chunks_exact(n_visible).zip(&shares) {
            add(&mut self.visible, share, d);
            for (sum, d) in self.log_variances.iter_mut().zip(d) {
                *sum += share * (0.5 * d * d);
            }
        }
        // Threads share hidden units; each sums over the rows in their order.
        self.weights.par_chunks_mut(n_visible).enumerate().for_each(|(j, sums)| {
            for (row, d) in phase.deviations.chunks_exact(n_visible).enumerate() {
                add(sums, shares[row] * phase.probabilities[row * n_hidden + j], d);
            }
        });
    }

    /// The direction, of the differences of such means.
    fn finished(mut self, machine: &GaussianRbm) -> Self {
        let n_visible = machine.n_visible();
        let rows = self.weights.chunks_exact_mut(n_visible);
        for ((moments, weights), &hidden) in
            rows.zip(machine.weights.chunks_exact(n_visible)).zip(&self.hidden)
        {
            add(&mut self.visible, -hidden, weights);
            for ((sum, moment), weight) in
                self.log_variances.iter_mut().zip(&mut *moments).zip(weights)
            {
                *sum -= weight * (*moment - 0.5 * (weight * hidden));
                *moment -= weight * hidden;
            }
        }
        for (sum, s) in self.log_variances.iter_mut().zip(&machine.variances) {
            *sum /= s;
        }
        self
    }

    /// The step that a rate makes of a direction: W decays, ln s has factors of its own, and a part of
    /// the last step is made again.
    pub(super) fn step(
        mut self,
        machine: &GaussianRbm,
        rate: f64,
        variance_rates: &[f64],
        decay: f64,
        (momentum, last): (f64, &Self),
    ) -> Self {
        add(&mut self.weights, -decay, &machine.weights);
        for (rise, factor) in self.log_variances.iter_mut().zip(variance_rates) {
            *rise = factor * rise.clamp(-STEEPEST, STEEPEST);
        }
        for (now, last) in [
            (&mut self.weights, &last.weights),
            (&mut self.hidden, &last.hidden),
            (&mut self.visible, &last.visible),
            (&mut self.log_variances, &last.log_variances),
        ] {
            for (now, last) in now.iter_mut().zip(last) {
                *now = rate * *now + momentum * last;
            }
        }
        self
    }

    /// The machine a step further.
    pub(super) fn from(&self, machine: &GaussianRbm) -> GaussianRbm {
        let n_visible = machine.n_visible();
        let sum = |values: &[f64], steps: &[f64]| {
            values.iter().zip(steps).map(|(value, step)| value + step).collect::<Vec<_>>()
        };
        let weights = sum(&machine.weights, &self.weights);
        let visible = sum(&machine.visible_bias, &self.visible);
        let variances: Vec<f64> = machine
            .variances
            .iter()
            .zip(&self.log_variances)
            .map(|(s, z)| s * exp_alone(*z))
            .collect();
        // From c' to a, a step, and back to c.
        let mut hidden = sum(&machine.centred_bias, &self.hidden);
        for (c, old) in hidden.iter_mut().zip(machine.weights.chunks_exact(n_visible)) {
            *c +=
                (0..n_visible).map(|i| old[i] * old[i] / (2.0 * machine.variances[i])).sum::<f64>();
        }
        for (c, new) in hidden.iter_mut().zip(weights.chunks_exact(n_visible)) {
            *c -= (0..n_visible)
                .map(|i| new[i] * (0.5 * new[i] + visible[i]) / variances[i])
                .sum::<f64>();
        }
        GaussianRbm::of(weights, hidden, visible, variances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        control::Control,
        rbm::{From, GaussianRows as Rows},
    };

    /// The bias of hidden unit j that is nothing to the law of h but a_j: c_j = a_j - shift.
    fn shift(w: &[f64], b: &[f64], s: &[f64], j: usize) -> f64 {
        (0..2).map(|i| w[2 * j + i] * (b[i] + w[2 * j + i] / 2.0) / s[i]).sum()
    }

    /// W, b, a and ln s in one vector, as the gradient is taken.
    fn parameters(machine: &GaussianRbm) -> Vec<f64> {
        let GaussianRbm { weights: w, visible_bias: b, variances: s, hidden_bias: c, .. } = machine;
        let odds: Vec<f64> = (0..2).map(|j| c[j] + shift(w, b, s, j)).collect();
        let log_variances: Vec<f64> = s.iter().map(|s| s.ln()).collect();
        [w.clone(), b.clone(), odds, log_variances].concat()
    }

    /// The machine of two hidden and two visible units with these parameters.
    fn machine(x: &[f64]) -> GaussianRbm {
        let (w, b, odds) = (&x[..4], &x[4..6], &x[6..8]);
        let s: Vec<f64> = x[8..10].iter().map(|z| z.exp()).collect();
        let c = (0..2).map(|j| odds[j] - shift(w, b, &s, j)).collect();
        GaussianRbm::new(w.to_vec(), c, b.to_vec(), s).unwrap()
    }

    fn phase(machine: &GaussianRbm, v: Vec<f64>) -> Phase {
        let rows = Rows::new(v, 2).unwrap();
        let probabilities = machine.hidden_probabilities(&rows, &Control::default()).unwrap();
        let bias = machine.visible_bias.iter().cycle();
        let deviations = rows.values.iter().zip(bias).map(|(v, b)| v - b).collect();
        let weights = vec![1.0; rows.len()];
        Phase { deviations, probabilities, weights }
    }

    #[test]
    fn the_direction_is_the_gradient_of_the_exact_likelihood() {
        let start = [0.9, -1.1, 0.4, 1.6, 0.5, -1.0, 0.2, -0.3, -0.5, 0.8];
        let here = machine(&start);
        let data = vec![1.3, 0.2, -0.4, -2.5, 0.1, 3.0];
        let rows = Rows::new(data.clone(), 2).unwrap();
        let mean_likelihood = |x: &[f64]| {
            let (machine, control) = (machine(x), Control::default());
            let free = machine.free_energy(&rows, &control).unwrap();
            -free.iter().sum::<f64>() / 3.0 - machine.log_partition(&control).unwrap()
        };
        // The model's side from many independent chains, in blocks that give its error.
        let (n, blocks) = (4000, 40);
        let directions: Vec<Vec<f64>> = (0..blocks)
            .map(|block| {
                let start = Rows::new(vec![0.0; 2 * n], 2).unwrap();
                let drawn = here.gibbs(&start, From::Hidden, 60, block, &Control::default());
                let model = phase(&here, drawn.unwrap().visible);
                let found = Direction::of(&here, &phase(&here, data.clone()), &model);
                [found.weights, found.visible, found.hidden, found.log_variances].concat()
            })
            .collect();
        let summed = Direction::summed(&here, &phase(&here, data.clone()));
        let couplings = here.hidden_couplings();
        let curvature = 1.0 + 0.25 * (couplings[0] + couplings[3]);
        let weights = summed.weights.iter().map(|w| w * curvature);
        let rest = summed.visible.into_iter().chain(summed.hidden);
        let log_variances = summed.log_variances.iter().map(|z| z * curvature * curvature);
        let summed: Vec<f64> = weights.chain(rest).chain(log_variances).collect();
        for k in 0..start.len() {
            let (mut above, mut below) = (start, start);
            above[k] += 1e-4;
            below[k] -= 1e-4;
            let mut slope = (mean_likelihood(&above) - mean_likelihood(&below)) / 2e-4;
            if k < 6 {
                slope *= here.variances[k % 2];
            }
            assert!(
                (summed[k] - slope).abs() < 1e-6,
                "parameter {k}: {} and not {slope}",
                summed[k]
            );
            let count = blocks as f64;
            let mean = directions.iter().map(|d| d[k]).sum::<f64>() / count;
            let squares = directions.iter().map(|d| (d[k] - mean).powi(2)).sum::<f64>();
            let error = (squares / (count - 1.0) / count).sqrt();
            // The difference quotient is wrong by 1e-8 of third derivatives of order one.
            let deviation = (mean - slope).abs() / (error + 1e-6);
            assert!(deviation < 5.0, "parameter {k}: {mean} and not {slope}, {deviation} errors");
        }
    }

    #[test]
    fn a_step_adds_to_each_parameter_what_it_says() {
        let start = [0.9, -1.1, 0.4, 1.6, 0.5, -1.0, 0.2, -0.3, -0.5, 0.8];
        let here = machine(&start);
        let step = Direction {
            weights: vec![0.01, 0.02, -0.03, 0.04],
            visible: vec![0.05, -0.06],
            hidden: vec![0.07, 0.08],
            log_variances: vec![-0.09, 0.1],
        };
        let steps = [&step.weights, &step.visible, &step.hidden, &step.log_variances];
        let there = parameters(&step.from(&here));
        for (k, step) in steps.into_iter().flatten().enumerate() {
            assert!((there[k] - parameters(&here)[k] - step).abs() < 1e-12, "parameter {k}");
        }
        let last = step.clone();
        let again = step.step(&here, 0.5, &[0.1, 0.0], 2.0, (0.25, &last));
        assert!((again.weights[3] - (0.5 * (0.04 - 2.0 * 1.6) + 0.25 * 0.04)).abs() < 1e-15);
        assert!((again.log_variances[0] - (0.5 * 0.1 * -0.09 + 0.25 * -0.09)).abs() < 1e-15);
        assert!((again.log_variances[1] - 0.25 * 0.1).abs() < 1e-15);
        assert!((again.hidden[1] - 0.75 * 0.08).abs() < 1e-15);
    }
}
