//! Any graph: general couplings, and +-1 couplings with replicas in bit lanes.
//!
//! [`Sparse`] holds the couplings row by row (compressed sparse rows). Where all of them have one
//! magnitude and there is no field (+-J spin glasses, ferromagnets, antiferromagnets, on any
//! graph of moderate degree), 64 replicas move in the bits of a word: `lanes.rs`. All other models hold their
//! couplings in fixed point, and sixteen replicas move side by side: `general.rs`. The order of the
//! sites is that of `order.rs`.

mod bonds;
mod edwards_anderson;
mod fixed;
mod general;
mod general_walkers;
mod lane_walkers;
mod lanes;
mod layout;
mod model;
mod order;
mod random_planes;
mod reference;
mod resting;
mod tally;
mod thresholds;
mod words;

pub use edwards_anderson::edwards_anderson;
pub use model::Sparse;
pub use reference::{general_sweep as reference_general_sweep, sweep as reference_sweep};
