//! The parameters, and what each layer says of the other one.
//!
//! Given v, P(h_j = 1 | v) = 1 / (1 + exp(-x_j)) with x_j = c_j + sum_i W_ji v_i / s_i. Given h, v_i is
//! normal with mean b_i + sum_j W_ji h_j and variance s_i. The field is summed as
//! x_j = c'_j + sum_i W_ji (v_i - b_i) / s_i, c'_j = c_j + sum_i W_ji b_i / s_i, so that it is
//! precise wherever the zero of the data lies.

use rayon::prelude::*;

use super::gaussian_rows::{LARGEST, Rows, add, within};
use crate::{
    control::Control,
    elementary::sigmoid::logistic,
    error::{Error, Result},
};

/// A machine of Gaussian visible units and hidden units 0 and 1.
#[derive(Clone, Debug)]
pub struct GaussianRbm {
    /// W_ji, hidden unit after hidden unit.
    pub(in crate::rbm) weights: Vec<f64>,
    /// W_ji, visible unit after visible unit.
    transposed: Vec<f64>,
    pub(in crate::rbm) hidden_bias: Vec<f64>,
    pub(in crate::rbm) visible_bias: Vec<f64>,
    pub(in crate::rbm) variances: Vec<f64>,
    /// c', the fields where v = b.
    pub(in crate::rbm) centred_bias: Vec<f64>,
}

impl GaussianRbm {
    /// The machine with the weights W_ji (hidden unit after hidden unit), the biases c of the hidden
    /// and b of the visible units, and the variances s of the latter.
    ///
    /// # Errors
    /// [`Error::Value`] for empty layers, a wrong number of weights or variances, parameters that
    /// are not finite, and variances that are not above 1e-200.
    pub fn new(
        weights: Vec<f64>,
        hidden_bias: Vec<f64>,
        visible_bias: Vec<f64>,
        variances: Vec<f64>,
    ) -> Result<Self> {
        let (n_hidden, n_visible) = (hidden_bias.len(), visible_bias.len());
        if n_hidden == 0 || n_visible == 0 {
            let got = format_args!("{n_hidden} hidden and {n_visible} visible").to_string();
            return Err(Error::expected("the layers", "of at least one unit each", got));
        }
        if n_hidden.checked_mul(n_visible) != Some(weights.len()) {
            let expected = format_args!("{n_hidden} x {n_visible} weights").to_string();
            return Err(Error::expected("components", expected, weights.len()));
        }
        if variances.len() != n_visible {
            let expected = format_args!("{n_visible} numbers").to_string();
            return Err(Error::expected("variances", expected, variances.len()));
        }
        for (name, values) in [
            ("components", &weights),
            ("intercept_hidden", &hidden_bias),
            ("intercept_visible", &visible_bias),
            ("variances", &variances),
        ] {
            if let Some(value) = values.iter().find(|&&value| !within(value, LARGEST)) {
                return Err(Error::expected(name, "finite (and at most 1e100)", value));
            }
        }
        if let Some(value) = variances.iter().find(|&&value| value < 1e-200) {
            return Err(Error::expected("variances", "above 1e-200", value));
        }
        Ok(Self::of(weights, hidden_bias, visible_bias, variances))
    }

    /// The machine with parameters that are known to fit.
    pub(in crate::rbm) fn of(
        weights: Vec<f64>,
        hidden_bias: Vec<f64>,
        visible_bias: Vec<f64>,
        variances: Vec<f64>,
    ) -> Self {
        let (n_hidden, n_visible) = (hidden_bias.len(), visible_bias.len());
        let mut transposed = vec![0.0; weights.len()];
        for (i, units) in transposed.chunks_exact_mut(n_hidden).enumerate() {
            for (j, to) in units.iter_mut().enumerate() {
                *to = weights[j * n_visible + i];
            }
        }
        let mut centred_bias = hidden_bias.clone();
        for (i, units) in transposed.chunks_exact(n_hidden).enumerate() {
            add(&mut centred_bias, visible_bias[i] / variances[i], units);
        }
        Self { weights, transposed, hidden_bias, visible_bias, variances, centred_bias }
    }

    /// Hidden units.
    pub fn n_hidden(&self) -> usize {
        self.hidden_bias.len()
    }

    /// Visible units.
    pub fn n_visible(&self) -> usize {
        self.visible_bias.len()
    }

    /// The weights W_ji, hidden unit after hidden unit.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The biases c of the hidden units.
    pub fn hidden_bias(&self) -> &[f64] {
        &self.hidden_bias
    }

    /// The biases b of the visible units.
    pub fn visible_bias(&self) -> &[f64] {
        &self.visible_bias
    }

    /// The variances s of the visible units.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// The fields x of the hidden units given `v`.
    pub(in crate::rbm) fn hidden_fields(&self, v: &[f64], fields: &mut [f64]) {
        fields.copy_from_slice(&self.centred_bias);
        for (i, units) in self.transposed.chunks_exact(self.n_hidden()).enumerate() {
            add(fields, (v[i] - self.visible_bias[i]) / self.variances[i], units);
        }
    }

    /// The means of the visible units given `h`, or given independent hidden units that are 1 with
    /// the probabilities `h`.
    pub(in crate::rbm) fn visible_means(&self, h: &[f64], means: &mut [f64]) {
        means.copy_from_slice(&self.visible_bias);
        for (&h, weights) in h.iter().zip(self.weights.chunks_exact(self.n_visible())) {
            if h != 0.0 {
                add(means, h, weights);
            }
        }
    }

    /// P(h_j = 1 | v) for each row v, row after row.
    ///
    /// # Errors
    /// [`Error::Value`] for rows of another length, [`Error::Cancelled`].
    pub fn hidden_probabilities(&self, rows: &Rows, control: &Control) -> Result<Vec<f64>> {
        self.check_rows(rows)?;
        each_row(rows, self.n_hidden(), control, |v, out| {
            self.hidden_fields(v, out);
            for x in out {
                *x = logistic(*x);
            }
            Ok(())
        })
    }

    /// E(v | h) for each row of hidden states or probabilities, row after row: no noise in it.
    ///
    /// # Errors
    /// As [`Self::hidden_probabilities`].
    pub fn means(&self, hidden: &Rows, control: &Control) -> Result<Vec<f64>> {
        if hidden.width != self.n_hidden() {
            let expected = format_args!("rows of {} units", self.n_hidden()).to_string();
            return Err(Error::expected("hidden", expected, hidden.width));
        }
        each_row(hidden, self.n_visible(), control, |h, out| {
            self.visible_means(h, out);
            Ok(())
        })
    }

    /// Fails, by name, if rows do not fit the visible layer.
    pub(in crate::rbm) fn check_rows(&self, rows: &Rows) -> Result<()> {
        if rows.width == self.n_visible() {
            return Ok(());
        }
        let expected = format_args!("rows of {} features", self.n_visible()).to_string();
        Err(Error::expected("X", expected, rows.width))
    }
}

/// Calls `each(row, out)` for each row, with `width` numbers of the result.
pub(in crate::rbm) fn each_row(
    rows: &Rows,
    width: usize,
    control: &Control,
    each: impl Fn(&[f64], &mut [f64]) -> Result<()> + Sync,
) -> Result<Vec<f64>> {
    let mut out = vec![0.0; rows.len() * width];
    out.par_chunks_mut(width).zip(rows.values.par_chunks(rows.width)).try_for_each(
        |(out, row)| {
            control.check()?;
            each(row, out)?;
            control.advance(1);
            Ok(())
        },
    )?;
    Ok(out)
}
