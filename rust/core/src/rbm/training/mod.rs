//! Training by stochastic gradient ascent of the likelihood, with Markov chains for its negative phase.
//!
//! `trainer.rs` says what every trainer answers; `bernoulli_trainer.rs` and `gaussian_trainer.rs` answer.
//! The former follows `rules.rs`: `chains.rs` is its negative phase, `gradient.rs` the positive one and
//! the step, `velocity.rs` the momentum, `columns.rs` the states that correlations are counted from.

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
