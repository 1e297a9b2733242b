//! How a machine is trained.

use crate::error::{Error, Result};

/// How a machine is trained.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Gibbs steps of the chains in an update.
    pub steps: usize,
    /// Whether chains go on from update to update (Tieleman, ICML 2008) or start from the data each
    /// time (Hinton, Neural Computation 14, 1771 (2002)).
    pub persistent: bool,
    /// Inverse temperatures of the chains, ascending to 1, between which they are exchanged
    /// (Desjardins et al., AISTATS 2010). One alone: no exchange.
    pub betas: Vec<f64>,
    /// The part of the last step that is made again.
    pub momentum: f32,
    /// The rate at which weights decay.
    pub weight_decay: f32,
    /// The mean activity that hidden units should have, and how much that counts.
    pub sparsity: Option<(f32, f32)>,
    /// Whether the gradient is the enhanced one, of deviations from the mean activities (Cho, Raiko
    /// and Ilin, Neural Computation 25, 805 (2013)): the same for data and their complement.
    pub centered: bool,
}

impl Default for Rules {
    /// PCD-1 and nothing else.
    fn default() -> Self {
        Self {
            steps: 1,
            persistent: true,
            betas: vec![1.0],
            momentum: 0.0,
            weight_decay: 0.0,
            sparsity: None,
            centered: false,
        }
    }
}

impl Rules {
    /// # Errors
    /// [`Error::Value`] that names the rule.
    pub fn check(&self) -> Result<()> {
        if self.steps == 0 {
            return Err(Error::expected("k", "at least 1", 0));
        }
        let ascending = self.betas.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || self.betas.last() != Some(&1.0) || self.betas[0] < 0.0 {
            let got = format!("{:?}", self.betas);
            return Err(Error::expected("tempering", "betas ascending from 0 or more to 1", got));
        }
        if self.betas.len() > 1 && !self.persistent {
            return Err(Error::expected("persistent", "true with tempering", false));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return Err(Error::expected("momentum", "at least 0 and below 1", self.momentum));
        }
        if !(0.0..f32::INFINITY).contains(&self.weight_decay) {
            return Err(Error::expected("weight_decay", "at least 0", self.weight_decay));
        }
        match self.sparsity {
            Some((target, _)) if !(target > 0.0 && target < 1.0) => {
                Err(Error::expected("the target of sparsity", "between 0 and 1", target))
            }
            Some((_, cost)) if !(0.0..f32::INFINITY).contains(&cost) => {
                Err(Error::expected("the cost of sparsity", "at least 0", cost))
            }
            _ => Ok(()),
        }
    }
}
