//! The restricted Boltzmann machine: block Gibbs sampling, training, likelihoods.
//!
//! `units/` has both layers: the parameters, the states, the units of one layer given the other.
//! `training/` follows the gradient of the likelihood. `partition/` knows ln Z, from all states and
//! from a few chains. In each, what begins with `gaussian` is of the machine whose visible units are
//! real numbers (A. Krizhevsky, technical report, University of Toronto (2009); K. Cho, A. Ilin and
//! T. Raiko, ICANN 2011, LNCS 6791, 10),
//!
//!   E(v, h) = sum_i (v_i - b_i)^2 / (2 s_i) - sum_j c_j h_j - sum_ij h_j W_ji v_i / s_i,
//!
//! where the variance s_i = sigma_i^2 is learned; the rest is of the machine of units 0 and 1.
//! `reference.rs` defines its sampling and its updates, unit by unit.
//!
//! Neither threads nor instruction sets affect a result. Of units 0 and 1, states are bits and fields
//! exact integers. With real numbers all is double precision: rows, or hidden units, are shared among
//! threads, and each sum is taken in one order, unit after unit or row after row, with an exponential
//! and normal deviates of our own.

mod partition;
mod reference;
mod training;
mod units;

pub use partition::annealed::Annealed;
pub use reference::Reference;
pub use training::{
    bernoulli_trainer::{BernoulliState, BernoulliTrainer},
    gaussian_trainer::{GaussianRules, GaussianState, GaussianTrainer},
    rules::Rules,
    trainer::{Array, Batches, State, Trainer},
};
pub use units::{
    data::{Data, Value},
    gaussian_gibbs::Drawn,
    gaussian_machine::GaussianRbm,
    gaussian_rows::Rows as GaussianRows,
    gibbs::{Chains, From, Gibbs},
    machine::{Precision, Rbm, initial_weights},
};
