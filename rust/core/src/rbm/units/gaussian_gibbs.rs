//! Gibbs sampling: all hidden units given the visible ones, then the other way round.
//!
//! Each chain has a Philox stream for either layer, by its number; in it each step and unit has its
//! word. So a chain depends on its seed and number alone, and no word is used twice.

use rayon::prelude::*;

use super::{gaussian_machine::GaussianRbm, gaussian_rows::Rows};
use crate::{
    control::Control,
    elementary::sigmoid::logistic,
    error::{Error, Result},
    rbm::From,
    rng::{Philox, Purpose},
    spins::{acceptance::heat_bath, gaussian::gaussian},
};

/// What chains came to, chain after chain.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Samples of the visible units: the means below, and noise.
    pub visible: Vec<f64>,
    /// The means of the visible units, given the hidden states that they were drawn from.
    pub means: Vec<f64>,
    /// Hidden states given the visible ones.
    pub hidden: Vec<f64>,
}

/// A chain: its streams, and how many steps it has done.
pub(in crate::rbm) struct Chain<'a> {
    machine: &'a GaussianRbm,
    hidden_stream: Philox,
    visible_stream: Philox,
    step: u64,
}

impl<'a> Chain<'a> {
    pub(in crate::rbm) fn new(
        machine: &'a GaussianRbm,
        seed: u64,
        number: usize,
        step: u64,
    ) -> Self {
        let stream = |purpose| Philox::new(seed, purpose, number as u64);
        let (hidden_stream, visible_stream) = (stream(Purpose::Hidden), stream(Purpose::Visible));
        Self { machine, hidden_stream, visible_stream, step }
    }

    /// Draws `h` given `v`, leaves the probabilities in `p`, and ends the step.
    pub(in crate::rbm) fn draw_hidden(&mut self, v: &[f64], p: &mut [f64], h: &mut [f64]) {
        self.machine.hidden_fields(v, p);
        let mut words = self.hidden_stream.words_from(self.step * h.len() as u64);
        for (x, h) in p.iter_mut().zip(h) {
            // The heat bath of a spin has twice the field.
            *h = f64::from(u8::from(heat_bath(0.5, *x, words.uniform())));
            *x = logistic(*x);
        }
        self.step += 1;
    }

    /// Draws `v` given `h`, and leaves its means in `means`.
    pub(in crate::rbm) fn draw_visible(&mut self, h: &[f64], means: &mut [f64], v: &mut [f64]) {
        self.machine.visible_means(h, means);
        let mut words = self.visible_stream.words_from(self.step * v.len() as u64);
        for ((v, mean), s) in v.iter_mut().zip(means).zip(&self.machine.variances) {
            *v = *mean + s.sqrt() * gaussian(words.next_word());
        }
    }
}

impl GaussianRbm {
    /// Runs a chain of `steps` Gibbs steps from each row, of visible values or of hidden states.
    ///
    /// # Errors
    /// [`Error::Value`] for no steps or rows of another length, [`Error::Cancelled`].
    pub fn gibbs(
        &self,
        start: &Rows,
        from: From,
        steps: usize,
        seed: u64,
        control: &Control,
    ) -> Result<Drawn> {
        let (h, v) = (self.n_hidden(), self.n_visible());
        let width = if from == From::Hidden { h } else { v };
        if steps == 0 {
            return Err(Error::expected("n_steps", "at least 1", 0));
        }
        if start.width != width {
            let expected = format_args!("rows of {width} units").to_string();
            return Err(Error::expected("start", expected, start.width));
        }
        let n = start.len();
        let new = |width| vec![0.0; n * width];
        let mut drawn = Drawn { visible: new(v), means: new(v), hidden: new(h) };
        let chains = drawn
            .visible
            .par_chunks_mut(v)
            .zip(drawn.means.par_chunks_mut(v))
            .zip(drawn.hidden.par_chunks_mut(h))
            .zip(start.values.par_chunks(width));
        chains.enumerate().try_for_each(|(number, (((visible, means), hidden), start))| {
            let mut p = vec![0.0; h];
            let mut chain = Chain::new(self, seed, number, 0);
            match from {
                From::Hidden => hidden.copy_from_slice(start),
                From::Visible => chain.draw_hidden(start, &mut p, hidden),
            }
            for _ in 0..steps {
                control.check()?;
                chain.draw_visible(hidden, means, visible);
                chain.draw_hidden(visible, &mut p, hidden);
            }
            control.advance(1);
            Ok(())
        })?;
        Ok(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads;

    /// Two hidden and two visible units with different scales.
    fn tiny() -> GaussianRbm {
        let weights = vec![1.0, -2.0, 0.5, 3.0];
        GaussianRbm::new(weights, vec![0.3, -0.4], vec![0.5, -1.0], vec![0.5, 4.0]).unwrap()
    }

    /// P(h) of the four hidden states: what is left of exp(-E) after the integral over v.
    fn hidden_law(machine: &GaussianRbm) -> Vec<(Vec<f64>, f64)> {
        let states = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let weight = |h: &[f64; 2]| {
            let mut exponent = 0.0;
            for j in 0..2 {
                exponent += machine.hidden_bias[j] * h[j];
            }
            for i in 0..2 {
                let m = machine.weights[i] * h[0] + machine.weights[2 + i] * h[1];
                exponent += (machine.visible_bias[i] * m + m * m / 2.0) / machine.variances[i];
            }
            exponent.exp()
        };
        let sum: f64 = states.iter().map(weight).sum();
        states.iter().map(|h| (h.to_vec(), weight(h) / sum)).collect()
    }

    #[test]
    fn long_chains_have_the_law_of_the_mixture() {
        let machine = tiny();
        let n = 40_000;
        let start = Rows::new(vec![0.0; 2 * n], 2).unwrap();
        let drawn = machine.gibbs(&start, From::Hidden, 100, 5, &Control::default()).unwrap();
        let law = hidden_law(&machine);
        let errors = |seen: f64, mean: f64, variance: f64| {
            (seen - mean).abs() / (variance / n as f64).sqrt()
        };
        for (h, p) in &law {
            let seen = drawn.hidden.chunks_exact(2).filter(|seen| seen == h).count();
            assert!(errors(seen as f64 / n as f64, *p, p * (1.0 - p)) < 5.0, "P(h = {h:?})");
        }
        for i in 0..2 {
            // Raw moments of a mixture of normal distributions, to the eighth.
            let mut moments = [0.0; 9];
            for (h, p) in &law {
                let mean = machine.visible_bias[i]
                    + machine.weights[i] * h[0]
                    + machine.weights[2 + i] * h[1];
                let (mut last, mut current) = (0.0, 1.0);
                for (k, moment) in moments.iter_mut().enumerate() {
                    *moment += p * current;
                    // E x^(k+1) = mean E x^k + k s E x^(k-1).
                    let next = mean * current + k as f64 * machine.variances[i] * last;
                    (last, current) = (current, next);
                }
            }
            for k in 1..=4 {
                let column = drawn.visible.iter().skip(i).step_by(2);
                let seen = column.map(|v| v.powi(k as i32)).sum::<f64>() / n as f64;
                let variance = moments[2 * k] - moments[k] * moments[k];
                assert!(errors(seen, moments[k], variance) < 5.0, "v_{i}^{k}");
            }
        }
    }

    #[test]
    fn a_chain_is_the_same_on_any_number_of_threads_and_in_any_company() {
        let machine = tiny();
        let start = Rows::new((0..14).map(|k| f64::from(k) / 3.0).collect(), 2).unwrap();
        let run = |threads, rows: &Rows| {
            let pool = threads::pool(Some(threads)).unwrap();
            pool.install(|| machine.gibbs(rows, From::Visible, 7, 3, &Control::default()).unwrap())
        };
        let alone = run(1, &start);
        for threads in [2, 3] {
            assert_eq!(run(threads, &start).visible, alone.visible);
        }
        let few = Rows::new(start.values[..6].to_vec(), 2).unwrap();
        assert_eq!(run(2, &few).visible, alone.visible[..6]);
        // Equal starts are no reason for equal chains.
        let equal = run(1, &Rows::new(vec![1.0; 6], 2).unwrap());
        assert_ne!(equal.visible[..2], equal.visible[2..4]);
    }

    #[test]
    fn a_sample_is_its_mean_and_noise_of_its_variance() {
        let machine = tiny();
        let n = 20_000;
        let start = Rows::new([1.0, 0.0].repeat(n), 2).unwrap();
        let drawn = machine.gibbs(&start, From::Hidden, 1, 1, &Control::default()).unwrap();
        assert!(drawn.means.chunks_exact(2).all(|means| means == [1.5, -3.0]));
        for i in 0..2 {
            let noise = drawn.visible.iter().zip(&drawn.means).skip(i).step_by(2);
            let squares = noise.map(|(v, mean)| (v - mean).powi(2)).sum::<f64>() / n as f64;
            // The square of a normal deviate has variance 2.
            let error = machine.variances[i] * (2.0 / n as f64).sqrt();
            assert!((squares - machine.variances[i]).abs() < 5.0 * error);
        }
    }
}
