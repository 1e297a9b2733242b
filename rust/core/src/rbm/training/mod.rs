//! Training by stochastic gradient ascent of the likelihood, with Markov chains for its negative phase.
//!
//! `bernoulli_trainer.rs` makes updates by `rules.rs`: `chains.rs` is its negative phase, `gradient.rs`
//! the step along the gradient, `velocity.rs` its momentum, `columns.rs` the states that correlations are
//! counted from.

pub(super) mod bernoulli_trainer;
pub(super) mod chains;
pub(super) mod columns;
pub(super) mod gaussian_gradient;
#[cfg(test)]
mod gaussian_tests;
pub(super) mod gaussian_trainer;
pub(super) mod gradient;
pub(super) mod rules;
pub(super) mod trainer;
pub(super) mod velocity;
