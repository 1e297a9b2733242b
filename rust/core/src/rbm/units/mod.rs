//! The two layers: parameters, states, and the units of one layer given the other.
//!
//! `machine.rs` holds the parameters, `layer.rs` a layer as the other one sees it, `states.rs` the
//! bits and `data.rs` the rows; `kernels.rs` has the loops, `half_step.rs` the units of one layer
//! given the other. `gibbs.rs` runs chains, `observables.rs` says what a machine makes of data.

pub(super) mod data;
pub(super) mod gaussian_gibbs;
pub(super) mod gaussian_growth;
pub(super) mod gaussian_machine;
pub(super) mod gaussian_mixture;
pub(super) mod gaussian_rows;
pub(super) mod gaussian_start;
pub(super) mod gibbs;
pub(super) mod half_step;
pub(super) mod kernels;
pub(super) mod layer;
pub(super) mod machine;
pub(super) mod observables;
pub(super) mod softplus;
pub(super) mod states;
