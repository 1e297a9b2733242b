//! The restricted Boltzmann machine: its parameters, and the fixed point its fields are summed in.
//!
//! E(v, h) = -sum_i a_i v_i - sum_j b_j h_j - sum_ij h_j W_ji v_i, units 0 or 1 (Smolensky, in
//! Parallel Distributed Processing 1, 194 (1986)). Given one layer, the units of the other are
//! independent: P(h_j = 1 | v) = 1 / (1 + exp(-b_j - sum_i W_ji v_i)), and likewise for v given h.
//!
//! A weight enters a field as an integer in units of 1 / scale, a power of two: the finest one for
//! which no weight has more than 24 bits (or 16), sign included, and no field more than 31. So
//! fields are exact sums, the same in any order, and as precise as sums of 32-bit floats.

use super::{
    kernels::Kernels,
    layer::{Bound, Layer},
};
use crate::{
    control::checkpoint,
    error::{Error, Result},
    rng::{Philox, Purpose},
    simd::Level,
    spins::gaussian::gaussian,
};

/// How many bits a weight has in the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 24 bits: as precise as sums of 32-bit floats.
    #[default]
    Full,
    /// 16 bits.
    Fast,
}

impl Precision {
    fn bits(self) -> i32 {
        match self {
            Self::Full => 24,
            Self::Fast => 16,
        }
    }

    /// The fixed point of a machine whose parameters have this bound: units in one, a power of two.
    /// `None` if some parameter is not a number, or too large for any.
    pub(in crate::rbm) fn scale(self, bound: Bound) -> Option<f32> {
        // 2^exponent > value.
        let exponent = |bits: u32| {
            f32::from_bits(bits).is_finite().then(|| (bits >> 23) as i32 - f32::MAX_EXP + 2)
        };
        let weight = self.bits() - 1 - exponent(bound.weight)?;
        // One bit for the sign, one for the roundings of the weights and of their sum.
        let field = 30 - exponent(bound.field)?;
        let scale = weight.min(field).min(40);
        (scale > -60).then(|| f32::from_bits(((scale + 127) as u32) << 23))
    }
}

/// Independent Gaussian weights of standard deviation `scale`, hidden unit after hidden unit.
///
/// # Errors
/// [`Error::Memory`] for more than can be had.
pub fn initial_weights(
    n_hidden: usize,
    n_visible: usize,
    scale: f64,
    seed: u64,
) -> Result<Vec<f32>> {
    let count = n_hidden.checked_mul(n_visible);
    let mut weights = Vec::new();
    count.and_then(|count| weights.try_reserve_exact(count).ok()).ok_or_else(|| {
        Error::Memory(format!("{n_hidden} x {n_visible} weights do not fit in memory"))
    })?;
    let philox = Philox::new(seed, Purpose::Weights, 0);
    let mut words = philox.words_from(0);
    for _ in 0..n_hidden {
        checkpoint();
        weights.extend((0..n_visible).map(|_| (scale * gaussian(words.next_word())) as f32));
    }
    Ok(weights)
}

/// A restricted Boltzmann machine.
#[derive(Clone, Debug)]
pub struct Rbm {
    /// Hidden units, with visible inputs.
    pub(in crate::rbm) hidden: Layer,
    /// Visible units, with hidden inputs.
    pub(in crate::rbm) visible: Layer,
    pub(in crate::rbm) precision: Precision,
    pub(in crate::rbm) scale: f32,
}

impl Rbm {
    /// The machine with the weights W_ji, hidden unit after hidden unit, and the biases of either
    /// layer.
    ///
    /// # Errors
    /// [`Error::Value`] for empty layers, a wrong number of weights, parameters that are not finite
    /// or too large, [`Error::Memory`] for sizes that cannot be had.
    pub fn new(
        weights: &[f32],
        hidden_bias: &[f32],
        visible_bias: &[f32],
        precision: Precision,
        level: Level,
    ) -> Result<Self> {
        let (n_hidden, n_visible) = (hidden_bias.len(), visible_bias.len());
        if n_hidden == 0 || n_visible == 0 {
            let got = format_args!("{n_hidden} hidden and {n_visible} visible").to_string();
            return Err(Error::expected("the layers", "of at least one unit each", got));
        }
        if n_hidden.checked_mul(n_visible) != Some(weights.len()) {
            return Err(Error::expected(
                "components",
                format_args!("{n_hidden} x {n_visible} weights"),
                weights.len(),
            ));
        }
        for (name, values) in [
            ("components", weights),
            ("intercept_hidden", hidden_bias),
            ("intercept_visible", visible_bias),
        ] {
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(Error::expected(name, "finite", value));
            }
        }
        let kernels = Kernels::of(level);
        let hidden = Layer::new(n_visible, hidden_bias, |i, j| weights[j * n_visible + i]);
        let visible = Layer::new(n_hidden, visible_bias, |j, i| weights[j * n_visible + i]);
        let scale = precision
            .scale(hidden.bound(kernels).max(visible.bound(kernels)))
            .ok_or_else(|| Error::expected("the weights", "below 1e17 in sum", "larger ones"))?;
        Ok(Self { hidden, visible, precision, scale })
    }

    /// Hidden units.
    pub fn n_hidden(&self) -> usize {
        self.hidden.n_units
    }

    /// Visible units.
    pub fn n_visible(&self) -> usize {
        self.visible.n_units
    }

    /// How precise its fields are.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Units in one of the fixed point that its fields are summed in.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The weights W_ji, hidden unit after hidden unit.
    pub fn weights(&self) -> Vec<f32> {
        self.visible.weights()
    }

    /// The biases b of the hidden units.
    pub fn hidden_bias(&self) -> Vec<f32> {
        self.hidden.bias()
    }

    /// The biases a of the visible units.
    pub fn visible_bias(&self) -> Vec<f32> {
        self.visible.bias()
    }
}
