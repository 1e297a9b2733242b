//! The inverse Ising problem: which couplings and fields made these samples?
//!
//! Objectives of samples s_m with weights w_m, and their exact gradients. With the local field
//! f_i = h_i + sum_j J_ij s_j, each of them is a mean over samples of a sum over sites of a function
//! of s_i f_i (see [`Objective`]). So each takes the same three steps: fields, a function of a field,
//! and correlations of what that gives with the spins. `samples.rs` holds the spins as bits, sample
//! after sample and spin after spin; `kernels.rs` has the loops, `objective.rs` says who runs them
//! over what; `reference.rs` is the definition, spin by spin.

mod kernels;
mod objective;
mod reference;
mod samples;

pub use objective::{Evaluation, Objective};
pub use reference::reference;
pub use samples::Samples;
