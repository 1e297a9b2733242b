//! The restricted Boltzmann machine: block Gibbs sampling, training, likelihoods.
//!
//! States are bits and fields exact integers, so neither threads nor instruction sets change a bit.
//! `machine.rs` holds the parameters, `layer.rs` a layer as the other one sees it, `states.rs` the
//! bits; `kernels.rs` has the loops, `half_step.rs` the units of one layer given the other.
//! `gibbs.rs` runs chains, `observables.rs` says what a machine makes of data, `exact.rs` and
//! `annealed.rs` know its partition sum, from all states and from a few chains. `training.rs` climbs
//! the likelihood by `rules.rs`: `chains.rs` is its negative phase, `ascent.rs` the step.
//! `reference.rs` defines sampling and updates, unit by unit. `gaussian/` is the
//! machine of real numbers, by itself.

mod annealed;
mod annealed_kernels;
mod ascent;
mod chains;
mod columns;
mod data;
mod exact;
mod exact_kernels;
mod gaussian;
mod gibbs;
mod half_step;
mod kernels;
mod layer;
mod machine;
mod observables;
mod reference;
mod rules;
mod sigmoid;
mod softplus;
mod states;
mod training;
mod velocity;

pub use annealed::Annealed;
pub use data::{Data, Value};
pub use gaussian::{
    Drawn, GaussianRbm, GaussianRules, GaussianState, GaussianTrainer, Rows as GaussianRows,
};
pub use gibbs::{Chains, From, Gibbs};
pub use machine::{Precision, Rbm, initial_weights};
pub use reference::Reference;
pub use rules::Rules;
pub use training::{Batches, Trainer, TrainingState};
